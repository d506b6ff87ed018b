// Runs every hostile behaviour in every sandbox and writes the table; see README.md.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "tests/attacks/table.h"

namespace attacks {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHelp =
    "report: runs every hostile behaviour in every sandbox of this machine.\n"
    "\n"
    "usage: report --launcher PROGRAM --programs DIR [OPTION]...\n"
    "  --launcher PROGRAM       farm-sandbox\n"
    "  --programs DIR           the behaviours: DIR/GROUP/NAME\n"
    "  --bubblewrap PROGRAM     (bwrap on PATH)\n"
    "  --linux-sandbox PROGRAM  (where Bazel unpacks it, else Debian's)\n"
    "  --columns NAME,...       only these; one that cannot be had is a failure then. Ours: here\n"
    "                           (whoever starts this), rootless, rootless-range, root, image,\n"
    "                           assembly, assembly-range, assembly-root;\n"
    "                           theirs: bubblewrap, bubblewrap-user, linux-sandbox,\n"
    "                           linux-sandbox-user, bare. Without it: all but here, as root\n"
    "  --only NAME,...          only these behaviours, or groups\n"
    "  --open NAME,...          behaviours that are known to be ALLOWED in these columns: holes\n"
    "                           that wait to be mended; one that is refused everywhere fails\n"
    "  --text FILE --json FILE  where the table goes (text: standard output)\n"
    "  --list                   the behaviours, and how each is judged\n"
    "Exit codes: 0 nothing is allowed in our columns and nothing went wrong there; 1 else; 2 "
    "usage\n"
    "or the scene cannot be made.\n";

struct Options {
  Programs programs;
  fs::path behaviours;
  std::vector<std::string> columns;
  std::vector<std::string> only;
  std::vector<std::string> open;
  std::string text;
  std::string json;
};

[[noreturn]] void Usage(const std::string& message) {
  std::cerr << "report: " << message << " (see --help)\n";
  std::exit(2);
}

std::vector<std::string> SplitAtCommas(std::string text) {
  std::replace(text.begin(), text.end(), ',', ' ');
  return Words(text);
}

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void List() {
  for (const Row& row : Catalogue()) {
    std::cout << row.name << "\t" << row.judged << "\n";
  }
}

Options Parse(int argc, char** argv) {
  Options options;
  options.programs.bubblewrap = FindOnPath("bwrap");
  options.programs.linux_sandbox = FindLinuxSandbox();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "--list") {
      word == "--help" ? static_cast<void>(std::cout << kHelp) : List();
      std::exit(0);
    }
    if (i + 1 >= argc) Usage("no value for " + word);
    const std::string value = argv[++i];
    if (word == "--launcher") {
      options.programs.launcher = fs::absolute(value);
    } else if (word == "--programs") {
      options.behaviours = fs::absolute(value);
    } else if (word == "--bubblewrap") {
      options.programs.bubblewrap = fs::absolute(value);
    } else if (word == "--linux-sandbox") {
      options.programs.linux_sandbox = fs::absolute(value);
    } else if (word == "--columns") {
      options.columns = SplitAtCommas(value);
    } else if (word == "--only") {
      options.only = SplitAtCommas(value);
    } else if (word == "--open") {
      options.open = SplitAtCommas(value);
    } else if (word == "--text") {
      options.text = value;
    } else if (word == "--json") {
      options.json = value;
    } else {
      Usage("unknown option " + word);
    }
  }
  if (!fs::exists(options.programs.launcher)) Usage("--launcher: no such program");
  if (!fs::is_directory(options.behaviours)) Usage("--programs: no such folder");
  return options;
}

std::vector<Column> ChooseColumns(const Options& options, std::vector<Column> all) {
  std::vector<Column> chosen;
  for (const std::string& name : options.columns) {
    bool known =
        std::any_of(all.begin(), all.end(), [&](const Column& c) { return c.name == name; });
    if (!known) Usage("no column " + name);
  }
  for (const Column& column : all) {
    bool wanted = options.columns.empty() ? (column.name == "here") == (geteuid() != 0)
                                          : Contains(options.columns, column.name);
    if (wanted) chosen.push_back(column);
  }
  return chosen;
}

std::vector<Row> ChooseRows(const Options& options) {
  std::vector<Row> chosen;
  for (const Row& row : Catalogue()) {
    bool wanted = options.only.empty() || Contains(options.only, row.name) ||
                  Contains(options.only, row.Group());
    if (wanted) chosen.push_back(row);
  }
  if (chosen.empty()) Usage("no such behaviour");
  return chosen;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

bool HasMissingColumn(const Options& options, const Table& table) {
  bool missing = false;
  for (const Column& column : table.columns) {
    if (column.missing.empty()) continue;
    std::cerr << "report: column " << column.name << ": " << column.missing << "\n";
    missing |= !options.columns.empty();
  }
  return missing;
}

// Whether a row is marked as possible under the assembly profile and refused in all its columns.
bool HasStaleMark(const Table& table) {
  bool stale = false;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Row& row = table.rows[i];
    if (row.assembly_may.empty()) continue;
    bool ran = false;
    bool possible = false;
    for (std::size_t j = 0; j < table.columns.size(); ++j) {
      const Verdict verdict = table.cells[i][j].verdict;
      ran |= table.columns[j].IsAssembly() && verdict != Verdict::kNotRun;
      possible |= verdict == Verdict::kByDesign;
    }
    if (!ran || possible) continue;
    std::cerr << "report: " << row.name << ": not possible any more: take assembly_may off\n";
    stale = true;
  }
  return stale;
}

bool IsGood(const Options& options, const Table& table) {
  bool errors = false;
  std::vector<std::string> allowed;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    for (std::size_t j = 0; j < table.columns.size(); ++j) {
      if (!table.columns[j].IsOurs()) continue;
      const Verdict verdict = table.cells[i][j].verdict;
      errors |= verdict == Verdict::kError;
      const std::string& name = table.rows[i].name;
      if (verdict == Verdict::kAllowed && !Contains(allowed, name)) allowed.push_back(name);
    }
  }
  if (HasMissingColumn(options, table) || errors) return false;
  if (HasStaleMark(table)) return false;
  std::vector<std::string> open = options.open;
  std::sort(open.begin(), open.end());
  std::sort(allowed.begin(), allowed.end());
  return open == allowed;
}

int Main(int argc, char** argv) {
  Options options = Parse(argc, argv);
  Scene scene(options.behaviours);
  bool has_range = GiveRange(scene.directory());
  options.programs.launcher = scene.Reachable(options.programs.launcher);
  if (!options.programs.linux_sandbox.empty()) {
    options.programs.linux_sandbox = scene.Reachable(options.programs.linux_sandbox);
  }
  Table table;
  table.columns = ChooseColumns(options, AllColumns(options.programs, has_range, scene));
  table.rows = ChooseRows(options);
  for (const Row& row : table.rows) {
    std::vector<Cell>& cells = table.cells.emplace_back();
    for (const Column& column : table.columns) {
      cells.push_back(RunAndJudge(row, column, options.programs, scene));
    }
  }
  const std::string text = ToText(table);
  if (options.text.empty()) std::cout << text;
  if (!options.text.empty()) Write(options.text, text);
  if (!options.json.empty()) Write(options.json, ToJson(table));
  return IsGood(options, table) ? 0 : 1;
}

}  // namespace
}  // namespace attacks

int main(int argc, char** argv) { return attacks::Main(argc, argv); }
