#include "tests/attacks/mutants/court.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "tests/attacks/mutants/meaning.h"

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

std::vector<std::string> BrokenRules(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held && outcome.exit == verdict.exit) names.push_back(outcome.rule);
  }
  return names;
}

// All that is not in the bundle left out.
bool IsProvedByTheBundle(VerdictInput input) {
  input.status.reset();
  input.certifications.clear();
  input.replays.clear();
  return Judge(input).proved();
}

std::string MessageOf(const Verdict& verdict) {
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held && outcome.exit == verdict.exit) return outcome.found;
  }
  return verdict.headline;
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

Court::Court(std::string title, std::vector<Row> table, VerdictInput good, bool whole)
    : title_(std::move(title)),
      table_(std::move(table)),
      good_(std::move(good)),
      verdict_(Judge(good_)),
      whole_(whole),
      figures_(table_.size()) {
  EXPECT_TRUE(verdict_.proved()) << MessageOf(verdict_);
  const std::string manual = ReadFile("tests/attacks/mutants/README.md", 1 << 20).value_or("");
  for (const std::string& line : TableLines(table_)) {
    EXPECT_NE(manual.find("\n" + line), std::string::npos) << "README.md has no line " << line;
  }
}

Court::~Court() {
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

std::size_t Court::RowOf(const std::string& kind) {
  const auto known = row_of_.find(kind);
  if (known != row_of_.end()) return known->second;
  std::size_t row = 0;
  while (row < table_.size() && fnmatch(table_[row].kinds.c_str(), kind.c_str(), 0) != 0) ++row;
  row_of_.emplace(kind, row);
  return row;
}

void Court::AddFault(const std::string& kind, const std::string& what, const std::string& example,
                     const VerdictInput* mutant) {
  Fault& fault = faults_[kind + ": " + what];
  if (fault.count++ != 0) return;
  fault.example = Printable(example, kExampleBytesMax);
  const char* const folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (folder == nullptr || mutant == nullptr) return;
  std::string text = kind + ": " + what + "\n" + example + "\n";
  for (const Bundle& line : mutant->lines) text += WriteBundleLine(line) + "\n";
  if (mutant->status) text += "status " + WriteBundleLine(*mutant->status) + "\n";
  for (const Bundle& line : mutant->certifications) {
    text += "certification " + WriteBundleLine(line) + "\n";
  }
  for (const ReplayLine& replay : mutant->replays) {
    text += "replay " + WriteBundleLine(replay.line) + "\n";
  }
  text += WriteTrustRootSigned(mutant->root) + "\n" + WritePolicy(mutant->policy);
  const std::string path =
      JoinPath(folder, "fault-" + Sha256(title_ + kind + what).Hex().substr(0, 16));
  EXPECT_TRUE(WriteDurably(RealFileSystem(), path, text).has_value()) << path;
}

void Court::Accept(const Row& row, const std::string& kind, const std::string& name,
                   const VerdictInput& mutant, const Verdict& verdict) {
  if (row.accepted == Accepted::kNever) return AddFault(kind, "ACCEPTED", name, &mutant);
  // Whatever else: the same file of the same product and version was proved.
  if (verdict.headline != verdict_.headline || mutant.file_digest != good_.file_digest) {
    return AddFault(kind, "ACCEPTED as something else", name + ": " + verdict.headline, &mutant);
  }
  if (row.accepted == Accepted::kOwnWords) return;
  if (WriteTrustRootSigned(mutant.root) != WriteTrustRootSigned(good_.root) ||
      WritePolicy(mutant.policy) != WritePolicy(good_.policy)) {
    return AddFault(kind, "ACCEPTED by another root or policy", name, &mutant);
  }
  if (row.accepted == Accepted::kNoBetter) {
    if (!IsProvedByTheBundle(mutant)) AddFault(kind, "ACCEPTED where it is needed", name, &mutant);
    return;
  }
  const Likeness likeness = CompareEvidence(mutant, good_);
  if (likeness == Likeness::kOther ||
      (likeness == Likeness::kLess && row.accepted != Accepted::kLess)) {
    AddFault(kind, "ACCEPTED, and says something else", name, &mutant);
  }
}

void Court::Try(const std::string& kind, const std::string& name,
                const Result<VerdictInput>& mutant) {
  const std::size_t at = RowOf(kind);
  if (at == table_.size()) return AddFault(kind, "no row of the table has it", name, nullptr);
  const Row& row = table_[at];
  Figures& figures = figures_[at];
  ++figures.mutants;
  if (!mutant) {
    const int code = static_cast<int>(mutant.error().Exit());
    const bool unnamed = code == static_cast<int>(ExitCode::kUsage);
    if (unnamed) ++figures.unnamed;
    if (unnamed && figures.example.empty()) {
      figures.example = Printable(kind + ": " + mutant.error().message, kExampleBytesMax);
    }
    if (unnamed ? !row.unnamed : !row.codes.contains(code)) {
      AddFault(kind, "refused with " + std::to_string(code), mutant.error().message, nullptr);
    }
    return;
  }
  const Verdict verdict = Judge(*mutant);
  if (verdict.proved()) {
    ++figures.accepted;
    return Accept(row, kind, name, *mutant, verdict);
  }
  EXPECT_EQ(verdict.headline, "NOT VERIFIED") << name;
  const int code = static_cast<int>(verdict.exit);
  if (verdict.exit == ExitCode::kUsage) ++figures.unnamed;
  const std::vector<std::string> broken = BrokenRules(verdict);
  bool named = false;
  for (const std::string& rule : broken) named = named || row.rules.contains(rule);
  if (!row.codes.contains(code) || !named) {
    AddFault(kind, "refused with " + std::to_string(code) + " by " + Join(broken, " "),
             name + ": " + MessageOf(verdict), &*mutant);
  }
}

void Court::TryLines(const std::string& kind, const std::string& name,
                     Result<std::vector<Bundle>> lines) {
  if (!lines) return Try(kind, name, lines.error());
  VerdictInput mutant = good_;
  mutant.lines = *std::move(lines);
  Try(kind, name, mutant);
}

void Court::TryLine(const std::string& kind, const std::string& name, std::size_t line,
                    const std::string& text) {
  TryText(kind, name, text,
          [line](VerdictInput& mutant, Bundle bent) { mutant.lines[line] = std::move(bent); });
}

void Court::TryText(const std::string& kind, const std::string& name, const std::string& text,
                    const Put& put) {
  Result<Bundle> bent = ParseBundleLine(text, "line");
  if (!bent) return Try(kind, name, bent.error());
  VerdictInput mutant = good_;
  put(mutant, *std::move(bent));
  Try(kind, name, mutant);
}

}  // namespace farm::mutants
