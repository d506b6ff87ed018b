// The order of entries in the log, which nobody can put off: each row is good by every time in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/verdict_case.h"

namespace farm {
namespace {

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr std::size_t kFirstApprovalLine = kFirstRecordLine + 3;

// A release whose lines are entered again in another order, each witnessed when it would have been.
class Entries {
 public:
  // Of that name for another verifier, tests/interop, too.
  VerdictInput Input(const std::string& name) {
    maker_.AddConsistency(made_.lines);
    VerdictInput input = maker_.Input(made_);
    WriteVerdictCase("order_" + name, input, made_, maker_);
    return input;
  }
  Bundle& line(std::size_t index) { return made_.lines[index]; }
  const EvidenceMaker& maker() const { return maker_; }

  void EnterAgain(std::size_t line, UnixSeconds witnessed) {
    maker_.Enter(made_.lines[line], Witnessed(witnessed));
  }
  // The same entry, proved under the newest tree.
  void ProveAgain(std::size_t line, UnixSeconds witnessed) {
    LogEntry& entry = *made_.lines[line].log_entry;
    const Checkpoint head = maker_.Head();
    entry.tree_size = head.size;
    entry.root = head.root;
    entry.hashes = maker_.InclusionProof(entry.index, head.size);
    entry.checkpoint = maker_.CheckpointNote(head.size, Witnessed(witnessed));
  }

 private:
  LineDraft Witnessed(UnixSeconds time) const {
    LineDraft draft = maker_.Draft(Request{}, "requester", time);
    draft.witnessed = time;
    return draft;
  }
  EvidenceMaker maker_;
  MadeRelease made_ = maker_.Make();
};

std::vector<std::string> Found(const Verdict& verdict) {
  std::vector<std::string> found;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) found.push_back(outcome.rule + ": " + outcome.found);
  }
  return found;
}

void ExpectOrder(const VerdictInput& input, const std::string& words) {
  const Verdict verdict = Judge(input);
  EXPECT_EQ(verdict.exit, ExitCode::kNotValidThen);
  EXPECT_THAT(Found(verdict), testing::ElementsAre(testing::AllOf(testing::StartsWith("order: "),
                                                                  testing::HasSubstr(words))));
}

TEST(Order, EntriesMadeAgainInTheSameOrderAreGood) {
  Entries entries;
  for (const std::size_t line : {kRequestLine, kFirstApprovalLine, kFirstApprovalLine + 1}) {
    entries.EnterAgain(line, kStart + 110);
  }
  entries.EnterAgain(kIntentLine, kStart + 210);
  for (std::size_t i = 0; i < 3; ++i) entries.EnterAgain(kFirstRecordLine + i, kStart + 310);
  entries.EnterAgain(kReleaseLine, kStart + 410);
  EXPECT_THAT(Found(Judge(entries.Input("made_again"))), testing::IsEmpty());
}

TEST(Order, AnApprovalComesBeforeTheIntent) {
  Entries entries;
  entries.EnterAgain(kFirstApprovalLine, kStart + 110);
  entries.EnterAgain(kReleaseLine, kStart + 410);
  ExpectOrder(entries.Input("approval_after_the_intent"), "came into the log after the intent");
}

// A coordinator who announces, lets an auditor approve, and only then fetches the intent's proof:
// the witnesses' time of that proof is after the approval, its place in the log is not.
TEST(Order, FetchingTheIntentsProofLaterLetsNoLateApprovalIn) {
  Entries entries;
  Bundle& approval = entries.line(kFirstApprovalLine);
  entries.maker().Stamp(approval, kStart + 280);
  entries.EnterAgain(kFirstApprovalLine, kStart + 285);
  entries.ProveAgain(kIntentLine, kStart + 290);
  for (std::size_t i = 0; i < 3; ++i) entries.EnterAgain(kFirstRecordLine + i, kStart + 310);
  entries.EnterAgain(kReleaseLine, kStart + 410);
  ExpectOrder(entries.Input("approval_before_the_intents_proof"),
              "came into the log after the intent");
}

TEST(Order, ARecordComesAfterTheIntent) {
  Entries entries;
  entries.EnterAgain(kIntentLine, kStart + 210);
  for (std::size_t i = 1; i < 3; ++i) entries.EnterAgain(kFirstRecordLine + i, kStart + 310);
  entries.EnterAgain(kReleaseLine, kStart + 410);
  ExpectOrder(entries.Input("record_before_the_intent"), "came into the log before the intent");
}

TEST(Order, AReleaseComesAfterAllThatItNames) {
  const struct {
    std::string name;
    std::size_t line;
    std::string words;
  } kRows[] = {
      {"release_before_a_record", kFirstRecordLine, "before the record of"},
      {"release_before_the_request", kRequestLine, "before the request"},
  };
  for (const auto& row : kRows) {
    Entries entries;
    entries.EnterAgain(row.line, kStart + 310);
    entries.ProveAgain(kReleaseLine, kStart + 410);
    ExpectOrder(entries.Input(row.name), row.words);
  }
}

// For signer, site and farmd, who know no release yet.
TEST(Order, IsAskedOfLinesAloneToo) {
  Entries entries;
  const TrustRoot& root = entries.maker().root();
  const Policy policy = entries.maker().policy();
  const auto manifest = ViewManifest(entries.maker().manifest());
  const auto request = VerifyRequest(entries.line(kRequestLine), root, policy);
  const auto intent = VerifyIntent(entries.line(kIntentLine), *request, root, policy);
  const auto approve = [&] {
    return VerifyApproval(entries.line(kFirstApprovalLine), *manifest, *request, *intent, root,
                          policy);
  };
  EXPECT_TRUE(approve());
  entries.EnterAgain(kFirstApprovalLine, kStart + 110);
  const auto late = approve();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().Exit(), ExitCode::kNotValidThen);
  EXPECT_TRUE(
      VerifyApprovalAlone(entries.line(kFirstApprovalLine), *manifest, *request, root, policy));

  EXPECT_TRUE(VerifyRecord(entries.line(kFirstRecordLine), *intent, root, policy));
  entries.EnterAgain(kIntentLine, kStart + 210);
  const auto later = VerifyIntent(entries.line(kIntentLine), *request, root, policy);
  ASSERT_TRUE(later) << later.error().message;
  const auto early = VerifyRecord(entries.line(kFirstRecordLine), *later, root, policy);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().Exit(), ExitCode::kNotValidThen);
}

}  // namespace
}  // namespace farm
