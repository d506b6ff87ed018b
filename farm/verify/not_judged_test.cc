// Evidence of which parts are missing: a rule that builds on them says so and does not hold, the
// code comes from what is missing, and nobody is accused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/verify/verify.h"
#include "tests/support/draft_hooks.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

struct Row {
  std::string name;
  ExitCode exit;
  std::vector<std::string> broken;      // the rules that have a code
  std::vector<std::string> not_judged;  // those that have none and do not hold
  std::function<void(VerdictInput&)> take_out;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

void OnEveryLine(VerdictInput& input, const std::function<void(Bundle&)>& bend) {
  for (Bundle& line : input.lines) bend(line);
}

void DropLines(VerdictInput& input, std::size_t first, std::size_t count) {
  const auto begin = input.lines.begin() + static_cast<std::ptrdiff_t>(first);
  input.lines.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
}

void DropCosignatures(Bundle& line) {
  ReplaceNote(line, [](Note& note) {
    std::erase_if(note.signatures, [](const NoteSignature& signature) {
      return signature.name.starts_with("witness.example/");
    });
  });
}

const std::vector<std::string> kByTime = {"validity", "order"};
const std::vector<std::string> kByIntent = {"sites",  "outputs", "operators", "countries",
                                            "limits", "order",   "manifest",  "agreement"};
constexpr std::size_t kSites = 3;
constexpr std::size_t kAuditors = 2;

const Row kRows[] = {
    {"no_line",
     ExitCode::kUsage,
     {"release"},
     {},
     [](VerdictInput& input) { input.lines.clear(); }},
    {"no_time_stamp",
     ExitCode::kNotValidThen,
     {"time-stamps"},
     kByTime,
     [](VerdictInput& input) { OnEveryLine(input, [](Bundle& line) { line.timestamp.reset(); }); }},
    {"release_without_time_stamp",
     ExitCode::kNotValidThen,
     {"time-stamps"},
     kByTime,
     [](VerdictInput& input) { input.lines[kReleaseLine].timestamp.reset(); }},
    {"record_without_time_stamp",
     ExitCode::kNotValidThen,
     {"time-stamps"},
     kByTime,
     [](VerdictInput& input) { input.lines[kFirstRecordLine].timestamp.reset(); }},
    {"approval_with_another_lines_time_stamp",
     ExitCode::kBadSignature,
     {"time-stamps"},
     kByTime,
     [](VerdictInput& input) { input.lines.back().timestamp = input.lines.front().timestamp; }},
    {"no_request",
     ExitCode::kInputMissing,
     {"lines"},
     {"approvals"},
     [](VerdictInput& input) { DropLines(input, kRequestLine, 1); }},
    {"no_intent",
     ExitCode::kInputMissing,
     {"lines"},
     kByIntent,
     [](VerdictInput& input) { DropLines(input, kIntentLine, 1); }},
    {"no_record",
     ExitCode::kQuorum,
     {"lines", "sites", "operators", "countries"},
     {"outputs", "limits", "agreement"},
     [](VerdictInput& input) { DropLines(input, kFirstRecordLine, kSites); }},
    {"no_approval",
     ExitCode::kApproval,
     {"lines", "approvals"},
     {},
     [](VerdictInput& input) { DropLines(input, kFirstRecordLine + kSites, kAuditors); }},
    {"no_approval_asked_for_and_none_there",
     ExitCode::kInputMissing,
     {"lines"},
     {},
     [](VerdictInput& input) {
       input.policy.auditors = 0;
       DropLines(input, kFirstRecordLine + kSites, kAuditors);
     }},
    {"the_release_alone",
     ExitCode::kInputMissing,
     {"lines"},
     kByIntent,
     [](VerdictInput& input) { input.lines.resize(1); }},
    {"no_log_entry",
     ExitCode::kLogProof,
     {"log", "witnesses"},
     {"consistency", "validity", "order"},
     [](VerdictInput& input) { OnEveryLine(input, [](Bundle& line) { line.log_entry.reset(); }); }},
    {"no_cosignature",
     ExitCode::kWitnesses,
     {"witnesses"},
     {"order"},
     [](VerdictInput& input) { OnEveryLine(input, DropCosignatures); }},
    {"nobody_known",
     ExitCode::kBadSignature,
     {"identities"},
     {"validity"},
     [](VerdictInput& input) { input.root.requesters.clear(); }},
    {"certifiers_asked_for_and_no_intent",
     ExitCode::kInputMissing,
     {"lines"},
     {"certifiers", "sites"},
     [](VerdictInput& input) {
       input.policy.certified_countries = true;
       DropLines(input, kIntentLine, 1);
     }},
    {"certifiers_asked_for_and_no_record",
     ExitCode::kQuorum,
     {"lines", "sites"},
     {"certifiers"},
     [](VerdictInput& input) {
       input.policy.certified_countries = true;
       DropLines(input, kFirstRecordLine, kSites);
     }},
};

class WithPartsMissing : public testing::TestWithParam<Row> {};

TEST_P(WithPartsMissing, NoRuleHoldsWithoutSayingOfWhat) {
  const Row& row = GetParam();
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  row.take_out(input);
  const Verdict verdict = Judge(input);
  EXPECT_EQ(verdict.exit, row.exit);
  std::vector<std::string> broken;
  std::vector<std::string> not_judged;
  for (const RuleOutcome& outcome : verdict.rules) {
    EXPECT_FALSE(outcome.found.empty()) << outcome.rule;
    EXPECT_EQ(outcome.remedy.empty(), outcome.held) << outcome.rule;
    if (outcome.held) continue;
    (outcome.exit == ExitCode::kProved ? not_judged : broken).push_back(outcome.rule);
  }
  EXPECT_THAT(broken, testing::IsSupersetOf(row.broken));
  EXPECT_THAT(not_judged, testing::IsSupersetOf(row.not_judged));
  const std::string remedy = "not judged yet; mend first what is broken: " + Join(broken, " ");
  for (const RuleOutcome& outcome : verdict.rules) {
    if (outcome.held) continue;
    if (outcome.exit != ExitCode::kProved) {
      EXPECT_THAT(outcome.remedy, testing::Not(testing::HasSubstr("not judged"))) << outcome.rule;
      EXPECT_THAT(outcome.found, testing::Not(testing::StartsWith("not judged"))) << outcome.rule;
    } else {
      EXPECT_THAT(outcome.found, testing::StartsWith("not judged: ")) << outcome.rule;
      EXPECT_EQ(outcome.remedy, remedy) << outcome.rule;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Verdict, WithPartsMissing, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

// What is wrong is said before what could not be looked at.
TEST(NotJudged, ComesAfterWhatWasFound) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  for (Bundle& line : input.lines) line.timestamp.reset();
  maker.Stamp(input.lines.back(), 1'800'000'100);
  input.root.auditors.back().valid_for = {0, 1};
  for (const RuleOutcome& outcome : Judge(input).rules) {
    if (outcome.rule != "validity") continue;
    EXPECT_EQ(outcome.exit, ExitCode::kNotValidThen);
    EXPECT_THAT(outcome.found, testing::StartsWith("approval of \"auditor-1\": the root does not "
                                                   "vouch for \"auditor-1\""));
    EXPECT_THAT(outcome.found, testing::HasSubstr("not judged: release has no good time stamp"));
    EXPECT_THAT(outcome.remedy, testing::StartsWith("check that the root"));
  }
}

TEST(ATimeStamp, IsNamedOnce) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  std::swap(input.lines.front().timestamp, input.lines.back().timestamp);
  for (const RuleOutcome& outcome : Judge(input).rules) {
    if (outcome.rule != "time-stamps") continue;
    EXPECT_THAT(outcome.found, testing::StartsWith("release: time stamp: "));
    EXPECT_THAT(outcome.found, testing::Not(testing::HasSubstr("time stamp: time stamp")));
  }
}

TEST(ARenamedFile, IsToldOfTheOptionAndAnyOtherToDownloadAgain) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  const auto remedy = [&] {
    for (const RuleOutcome& outcome : Judge(input).rules) {
      if (outcome.rule == "artifact") return outcome.remedy;
    }
    return std::string();
  };
  input.file_name = "mine";
  EXPECT_EQ(remedy(), "if you renamed it, add --renamed; else download file and bundle again");
  ++input.file_size;
  EXPECT_EQ(remedy(), "do not use the file; download it again, with its bundle");
}

}  // namespace
}  // namespace farm
