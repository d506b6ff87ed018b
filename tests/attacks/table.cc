#include "tests/attacks/table.h"

#include <sys/utsname.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace attacks {
namespace {

std::string Padded(const std::string& text, std::size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

std::size_t NameWidth(const Table& table) {
  std::size_t width = 0;
  for (const Row& row : table.rows) width = std::max(width, row.name.size());
  return width + 2;
}

std::size_t Width(const Column& column) { return std::max<std::size_t>(column.name.size(), 7) + 2; }

void AddTotals(const Table& table, std::size_t name_width, std::ostringstream* text) {
  const std::pair<const char*, int Totals::*> lines[] = {{"refused", &Totals::refused},
                                                         {"ALLOWED", &Totals::allowed},
                                                         {"by design", &Totals::by_design},
                                                         {"error", &Totals::errors},
                                                         {"not run", &Totals::not_run}};
  for (const auto& [name, count] : lines) {
    *text << Padded(name, name_width);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      *text << Padded(std::to_string(table.TotalsOf(i).*count), Width(table.columns[i]));
    }
    *text << "\n";
  }
}

}  // namespace

Totals Table::TotalsOf(std::size_t column) const {
  Totals totals;
  for (const auto& row : cells) {
    switch (row[column].verdict) {
      case Verdict::kRefused:
        ++totals.refused;
        break;
      case Verdict::kAllowed:
        ++totals.allowed;
        break;
      case Verdict::kError:
        ++totals.errors;
        break;
      case Verdict::kNotRun:
        ++totals.not_run;
        break;
      case Verdict::kByDesign:
        ++totals.by_design;
        break;
    }
  }
  return totals;
}

std::string ToText(const Table& table) {
  std::ostringstream text;
  const std::size_t name_width = NameWidth(table);
  text << Padded("", name_width);
  for (const Column& column : table.columns) text << Padded(column.name, Width(column));
  text << "\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    text << Padded(table.rows[i].name, name_width);
    for (std::size_t j = 0; j < table.columns.size(); ++j) {
      const Verdict verdict = table.cells[i][j].verdict;
      text << Padded(verdict == Verdict::kNotRun ? "-" : NameOf(verdict), Width(table.columns[j]));
    }
    text << "\n";
  }
  text << "\n";
  AddTotals(table, name_width, &text);
  text << "\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    for (std::size_t j = 0; j < table.columns.size(); ++j) {
      const Cell& cell = table.cells[i][j];
      bool ours_is_bad = table.columns[j].IsOurs() && cell.verdict != Verdict::kRefused;
      if (ours_is_bad || cell.verdict == Verdict::kError) {
        text << table.rows[i].name << " in " << table.columns[j].name << ": "
             << NameOf(cell.verdict) << ": " << cell.said << "\n";
      }
    }
  }
  return text.str();
}

std::string ToJson(const Table& table) {
  utsname names = {};
  uname(&names);
  nlohmann::ordered_json json = {{"format", "farm-attack-report/1"}, {"kernel", names.release}};
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const Totals totals = table.TotalsOf(i);
    json["columns"].push_back({{"name", column.name},
                               {"ours", column.IsOurs()},
                               {"missing", column.missing},
                               {"refused", totals.refused},
                               {"allowed", totals.allowed},
                               {"by_design", totals.by_design},
                               {"errors", totals.errors},
                               {"not_run", totals.not_run}});
  }
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Row& row = table.rows[i];
    nlohmann::ordered_json entry = {{"name", row.name},
                                    {"judged", row.judged},
                                    {"bare_says", row.bare_says},
                                    {"assembly_may", row.assembly_may}};
    for (std::size_t j = 0; j < table.columns.size(); ++j) {
      const Cell& cell = table.cells[i][j];
      entry["cells"][table.columns[j].name] = {{"verdict", NameOf(cell.verdict)},
                                               {"said", cell.said}};
    }
    json["rows"].push_back(entry);
  }
  return json.dump(1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace attacks
