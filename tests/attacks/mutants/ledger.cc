#include "tests/attacks/mutants/ledger.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"

namespace farm::mutants {
namespace {

constexpr std::size_t kExampleBytesMax = 300;

std::string Codes(const Row& row) {
  std::vector<std::string> codes;
  for (const int code : row.codes) codes.push_back(std::to_string(code));
  return Join(codes, " ");
}

std::string Rules(const Row& row) {
  return Join(std::vector<std::string>(row.rules.begin(), row.rules.end()), " ");
}

std::string Words(Accepted accepted) {
  switch (accepted) {
    case Accepted::kNever:
      return "never";
    case Accepted::kSame:
      return "if it says the same";
    case Accepted::kLess:
      return "if it says the same, or has lost a signature that no rule demands";
    case Accepted::kOwnWords:
      return "the party's own words";
    case Accepted::kNoBetter:
      return "where none is asked for";
  }
  CHECK(false);
}

bool IsLikeEnough(Accepted accepted, Likeness likeness) {
  switch (accepted) {
    case Accepted::kNever:
      return false;
    case Accepted::kSame:
      return likeness == Likeness::kSame;
    case Accepted::kLess:
      return likeness != Likeness::kOther;
    case Accepted::kOwnWords:
    case Accepted::kNoBetter:
      return true;
  }
  CHECK(false);
}

}  // namespace

std::vector<std::string> TableLines(const std::vector<Row>& table) {
  std::vector<std::string> lines;
  for (const Row& row : table) {
    lines.push_back("| `" + row.kinds + "` | " + Codes(row) + " | " + Rules(row) +
                    (row.unnamed ? (row.rules.empty() ? "unnamed" : ", unnamed") : "") + " | " +
                    Words(row.accepted) + " |");
  }
  return lines;
}

Ledger::Ledger(std::string title, std::vector<Row> table, bool whole)
    : title_(std::move(title)), table_(std::move(table)), whole_(whole), figures_(table_.size()) {
  const std::string manual = ReadFile("tests/attacks/mutants/README.md", 1 << 20).value_or("");
  for (const std::string& line : TableLines(table_)) {
    EXPECT_NE(manual.find("\n" + line), std::string::npos) << "README.md has no line " << line;
  }
}

Ledger::~Ledger() {
  Figures all;
  std::printf("%s\n", title_.c_str());
  const std::vector<std::string> lines = TableLines(table_);
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const Figures& figures = figures_[i];
    std::printf("%s %zu | %zu | %zu |\n", lines[i].c_str(), figures.mutants, figures.unnamed,
                figures.accepted);
    if (!figures.example.empty()) std::printf("  unnamed, e.g. %s\n", figures.example.c_str());
    all.mutants += figures.mutants;
    all.unnamed += figures.unnamed;
    all.accepted += figures.accepted;
    if (whole_) {
      EXPECT_GT(figures.mutants, 0U) << title_ << ": no mutant is of the kinds " << table_[i].kinds;
    }
  }
  std::printf(
      "%s: %zu mutants, %zu unnamed rejections, %zu accepted that say the same, less, or a "
      "party's own words, %zu faults\n",
      title_.c_str(), all.mutants, all.unnamed, all.accepted, faults_.size());
  for (const auto& [what, fault] : faults_) {
    ADD_FAILURE() << title_ << ": " << what << ", " << fault.count << " times, e.g. "
                  << fault.example;
  }
}

std::size_t Ledger::RowOf(const std::string& kind) {
  const auto known = row_of_.find(kind);
  if (known != row_of_.end()) return known->second;
  std::size_t row = 0;
  while (row < table_.size() && fnmatch(table_[row].kinds.c_str(), kind.c_str(), 0) != 0) ++row;
  row_of_.emplace(kind, row);
  return row;
}

const Row* Ledger::Count(const std::string& kind, const std::string& name) {
  const std::size_t at = RowOf(kind);
  if (at == table_.size()) {
    AddFault(kind, "no row of the table has it", name, nullptr);
    return nullptr;
  }
  ++figures_[at].mutants;
  return &table_[at];
}

void Ledger::Refuse(const Row& row, const std::string& kind, const Error& error) {
  Figures& figures = FiguresOf(row);
  const int code = static_cast<int>(error.Exit());
  const bool unnamed = error.Exit() == ExitCode::kUsage;
  if (unnamed) ++figures.unnamed;
  if (unnamed && figures.example.empty()) {
    figures.example = Printable(kind + ": " + error.message, kExampleBytesMax);
  }
  if (unnamed ? !row.unnamed : !row.codes.contains(code)) {
    AddFault(kind, "refused with " + std::to_string(code), error.message, nullptr);
  }
}

void Ledger::HoldToLikeness(const Row& row, const std::string& kind, const std::string& name,
                            Likeness likeness, const std::function<std::string()>& kept) {
  if (IsLikeEnough(row.accepted, likeness)) return;
  const bool never = row.accepted == Accepted::kNever;
  AddFault(kind, never ? "ACCEPTED" : "ACCEPTED, and says something else", name, kept);
}

void Ledger::Enter(const std::string& kind, const std::string& name,
                   const Result<Likeness>& outcome) {
  const Row* const row = Count(kind, name);
  if (row == nullptr) return;
  if (!outcome) return Refuse(*row, kind, outcome.error());
  CountAccepted(*row);
  HoldToLikeness(*row, kind, name, *outcome, nullptr);
}

void Ledger::AddFault(const std::string& kind, const std::string& what, const std::string& example,
                      const std::function<std::string()>& kept) {
  Fault& fault = faults_[kind + ": " + what];
  if (fault.count++ != 0) return;
  fault.example = Printable(example, kExampleBytesMax);
  const char* const folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (folder == nullptr || !kept) return;
  const std::string path =
      JoinPath(folder, "fault-" + Sha256(title_ + kind + what).Hex().substr(0, 16));
  const std::string text = kind + ": " + what + "\n" + example + "\n" + kept();
  EXPECT_TRUE(WriteDurably(RealFileSystem(), path, text).has_value()) << path;
}

}  // namespace farm::mutants
