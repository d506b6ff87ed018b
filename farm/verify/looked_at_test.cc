// Each rule of a verdict names the evidence that it is about.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "farm/crypto/hash.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kStatusAt = 1'800'001'000;

std::vector<LookedAt> EvidenceOfRule(const Verdict& verdict, const std::string& name) {
  for (const RuleOutcome& outcome : verdict.rules) {
    if (outcome.rule == name) return outcome.evidence;
  }
  throw std::runtime_error("no rule " + name);
}

// "1 4 5 root": lines of the bundle, then files.
std::string Shown(const Verdict& verdict, const std::string& rule) {
  std::string text;
  for (const LookedAt& one : EvidenceOfRule(verdict, rule)) {
    text += (text.empty() ? "" : " ") + (one.line > 0 ? std::to_string(one.line) : one.file);
  }
  return text;
}

// Lines: 1 release, 2 request, 3 intent, 4 to 6 records, 7 and 8 approvals.
class Evidence : public testing::Test {
 protected:
  Evidence() : made_(maker_.Make()), input_(maker_.Input(made_)) {
    input_.root_file = Sha256("root");
    input_.policy_file = Sha256("policy");
  }
  EvidenceMaker maker_{EvidenceOptions{.monitors = 1, .certifiers = 1}};
  MadeRelease made_;
  VerdictInput input_;
};

TEST_F(Evidence, OfARuleThatHoldsIsAllThatItLooksAt) {
  const std::pair<std::string, std::string> kRows[] = {
      {"root", "root"},
      {"root-version", "root"},
      {"development-root", "root policy"},
      {"release", "1"},
      {"statements", "1 2 3 4 5 6 7 8"},
      {"artifact", "1"},
      {"signatures", "1 2 3 4 5 6 7 8"},
      {"identities", "1 2 3 4 5 6 7 8 root"},
      {"time-stamps", "1 2 3 4 5 6 7 8 root"},
      {"sites", "3 4 5 6 policy"},
      {"outputs", "1 4 5 6"},
      {"operators", "4 5 6 root policy"},
      {"countries", "4 5 6 root policy"},
      {"certifiers", "4 5 6 root policy certifications"},
      {"limits", "4 5 6 root policy"},
      {"approvals", "2 7 8 policy"},
      {"log", "1 2 3 4 5 6 7 8 root"},
      {"consistency", "1 2 3 4 5 6 7 8"},
      {"witnesses", "1 2 3 4 5 6 7 8 root policy"},
      {"revocations", "1 2 3 4 5 6 7 8 root status"},
      {"status", "1 root policy status"},
      {"withdrawn", "1 status"},
      {"validity", "1 2 3 4 5 6 7 8 root"},
      {"order", "1 2 3 4 5 6 7 8 policy"},
      {"lines", "1 2 3 4 5 6 7 8"},
      {"manifest", "1 2 3 4 5 6"},
      {"agreement", "4 5 6 status"},
      {"replays", "1 root policy replays"},
      {"sequence", "1"},
  };
  const SiteLocation location = maker_.Location(0);
  input_.status = maker_.StatusLine(maker_.Status(kStatusAt));
  input_.certifications = {maker_.MakeLine(maker_.Draft(location, "certifier-0", kStatusAt))};
  const ReplayVerdict of_another{Sha256("another"), Sha256("kit"),
                                 "MATCH",           {{"hello.tar", Sha256("hello"), 5, "0644"}},
                                 "himself",         Sha256("report").Text(),
                                 kStatusAt};
  input_.replays = {
      {"verdict.jsonl", maker_.Sign(maker_.Draft(of_another, "requester", kStatusAt))}};
  const Verdict verdict = Judge(input_);
  EXPECT_TRUE(verdict.proved()) << verdict.headline;
  EXPECT_EQ(verdict.rules.size(), std::size(kRows));
  for (const auto& [rule, evidence] : kRows) EXPECT_EQ(Shown(verdict, rule), evidence) << rule;
  for (const RuleOutcome& rule : verdict.rules) {
    for (const LookedAt& one : rule.evidence) {
      ASSERT_TRUE(one.digest.has_value()) << rule.rule;
      if (one.line > 0) {
        EXPECT_EQ(*one.digest, made_.lines[one.line - 1].PaeDigest());
      }
      if (one.file == "root") {
        EXPECT_EQ(*one.digest, Sha256("root"));
      }
      if (one.file == "policy") {
        EXPECT_EQ(*one.digest, Sha256("policy"));
      }
      if (one.file == "status") {
        EXPECT_EQ(*one.digest, input_.status->PaeDigest());
      }
    }
  }
}

TEST_F(Evidence, OfARuleThatALineBreaksIsThatLine) {
  input_.lines[4].envelope.signature.back() ^= 1;
  input_.lines[7].envelope.signature.back() ^= 1;
  const Verdict verdict = Judge(input_);
  EXPECT_EQ(verdict.exit, ExitCode::kBadSignature);
  EXPECT_EQ(Shown(verdict, "signatures"), "5 8");
  EXPECT_EQ(Shown(verdict, "statements"), "1 2 3 4 5 6 7 8");
}

TEST_F(Evidence, OfARuleThatSeveralBreakTogetherIsAllOfThem) {
  input_.policy.operators = 4;
  EXPECT_EQ(Shown(Judge(input_), "operators"), "4 5 6 root policy");
  input_.lines.push_back(input_.lines[3]);
  EXPECT_EQ(Shown(Judge(input_), "lines"), "1 2 3 4 5 6 7 8 9");
}

// What the release does not name is not looked at; without a release nobody knows what that is.
TEST_F(Evidence, IsOfTheLinesThatTheReleaseNames) {
  input_.lines.insert(input_.lines.begin() + 1,
                      EvidenceMaker({.start = 1790000000}).Make().lines[kRequestLine]);
  EXPECT_EQ(Shown(Judge(input_), "signatures"), "1 3 4 5 6 7 8 9");
  input_.lines.erase(input_.lines.begin());
  EXPECT_EQ(Shown(Judge(input_), "release"), "1");
  EXPECT_EQ(Shown(Judge(input_), "sites"), "2 3 4 5 6 7 8 policy");
  input_.lines.clear();
  EXPECT_EQ(Shown(Judge(input_), "signatures"), "");
}

}  // namespace
}  // namespace farm
