// What the signer signs.
#include "farm/gate/gate.h"

#include <gtest/gtest.h>

#include "tests/support/gate_world.h"

namespace farm::at_the_gate {
namespace {

TEST(Gate, SignsAReleaseOfWhatAgrees) {
  World world;
  const Attempt attempt = world.Due(Good(), "1.0");
  const auto line = world.Decide(attempt);
  ASSERT_TRUE(line) << line.error().message;
  const auto release = std::get<Release>(StatementOf(*line));
  EXPECT_EQ(release.manifest, attempt.manifest);
  EXPECT_EQ(release.artifacts, world.RecordOf(attempt, 0).outputs);
  EXPECT_EQ(release.request, attempt.request.PaeDigest());
  EXPECT_EQ(release.intent, attempt.intent.PaeDigest());
  EXPECT_EQ(release.records,
            (std::vector<Digest>{attempt.records[0].PaeDigest(), attempt.records[1].PaeDigest(),
                                 attempt.records[2].PaeDigest()}));
  EXPECT_EQ(release.approvals.size(), 2U);
  EXPECT_EQ(release.sequence, 1);
  EXPECT_EQ(release.signer, kSignerId);
  EXPECT_FALSE(line->timestamp || line->log_entry);
  EXPECT_TRUE(line->key().Verify(line->envelope.PaeBytes(), line->envelope.signature));
}

TEST(Gate, CountsApprovalsByDiffWithAllThatTheyLeadBackTo) {
  World world;
  world.policy.diff_approvals = true;
  std::vector<Bundle> bases;
  const auto line = world.Decide(DueSinceAnEarlierManifest(world, bases));
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(std::get<Release>(StatementOf(*line)).approvals.size(), 4u);
}

TEST(Gate, OrderOfLinesDoesNotMatter) {
  World world;
  Attempt attempt = world.Due(Good(), "1.0");
  const Bundle first = world.Decide(attempt).value();
  std::swap(attempt.records[0], attempt.records[2]);
  EXPECT_EQ(WriteBundleLine(world.Decide(attempt).value()), WriteBundleLine(first));
}

TEST(Gate, GivesTheStoredAnswerAgainAfterALostReply) {
  World world;
  const Attempt attempt = world.Due(Good(), "1.0");
  const std::string first = WriteBundleLine(world.Decide(attempt).value());
  world.clock.Set(kStart + 1000);
  EXPECT_EQ(WriteBundleLine(world.Decide(attempt).value()), first);
  world.Restart();
  world.clock.Set(kStart + 2000);
  EXPECT_EQ(WriteBundleLine(world.Decide(attempt).value()), first);
  // Another attempt that agrees: the release is there already.
  const Attempt again = world.Build(world.Intend(attempt, 2, 400), 500, Unchanged);
  EXPECT_EQ(WriteBundleLine(world.Decide(again).value()), first);
}

TEST(Gate, SignsTheSamePayloadAgainWhenTheLeafHasEnded) {
  World world;
  const Attempt attempt = world.Due(Good(), "1.0");
  const Bundle first = world.Decide(attempt).value();
  world.clock.Set(kStart + 30 * kHourSeconds);
  const Bundle second = world.Decide(attempt).value();
  EXPECT_EQ(second.envelope.payload, first.envelope.payload);
  EXPECT_GE(second.certificate->not_after(), world.clock.Now());
}

TEST(Gate, SignsAgainWhenTheLeafEndsBeforeATimeStampCanCome) {
  World world;
  const Attempt attempt = world.Due(Good(), "1.0");
  const Bundle first = world.Decide(attempt).value();
  world.clock.Set(first.certificate->not_after() - 30 * kMinuteSeconds);
  EXPECT_EQ(WriteBundleLine(world.Decide(attempt).value()), WriteBundleLine(first));
  world.clock.Set(first.certificate->not_after() - 30 * kMinuteSeconds + 1);
  const Bundle second = world.Decide(attempt).value();
  EXPECT_EQ(second.envelope.payload, first.envelope.payload);
  EXPECT_GT(second.certificate->not_after(), first.certificate->not_after());
}

TEST(Gate, RemembersNoEpochOfAQuestionThatIsNotProved) {
  World world;
  const Attempt due = world.Due(Good(), "1.0");
  Attempt unproved = due;
  unproved.request.envelope.signature.back() ^= 1;
  world.epoch = 9;
  EXPECT_FALSE(world.Decide(unproved));
  world.epoch = 8;
  EXPECT_TRUE(world.Decide(due));
}

TEST(Gate, SignsWhatJustFitsIntoACheckpoint) {
  World world;
  const auto line = world.Decide(DueWithApprovals(world, kApprovalsProvable));
  ASSERT_TRUE(line) << line.error().message;
}

TEST(Gate, KnowsItsOwnReleasesAfterItsAuthorityWasRenewed) {
  World world;
  const auto first = world.Decide(world.Due(Good(), "1.0"));
  ASSERT_TRUE(first) << first.error().message;
  world.LogUnderOldAuthority(StatementOf(*first), "signer");
  const auto second = world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1"));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(std::get<Release>(StatementOf(*second)).sequence, 2);
}

TEST(Gate, SequenceGrowsByOneForEachReleaseOfAProduct) {
  World world;
  ASSERT_TRUE(world.Decide(world.Due(Good(), "1.0")));
  const auto second = world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1"));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(std::get<Release>(StatementOf(*second)).sequence, 2);
  // A release that only the log knows counts as well.
  Release elsewhere = std::get<Release>(StatementOf(*second));
  elsewhere.manifest = ManifestBytes("1.2", 1, "-O2");
  elsewhere.sequence = 7;
  world.Logged(elsewhere, "signer", 400);
  const auto next = world.Decide(world.Due(ManifestBytes("1.3", 1, "-O2"), "1.3"));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(std::get<Release>(StatementOf(*next)).sequence, 8);
}

TEST(Gate, GoesOnToTheLastSequenceThereIs) {
  World world;
  const auto first = world.Decide(world.Due(Good(), "1.0"));
  ASSERT_TRUE(first) << first.error().message;
  Release elsewhere = std::get<Release>(StatementOf(*first));
  elsewhere.manifest = ManifestBytes("1.2", 1, "-O2");
  elsewhere.sequence = kJsonIntegerMax - 1;
  world.Logged(elsewhere, "signer", 400);
  const auto next = world.Decide(world.Due(ManifestBytes("1.3", 1, "-O2"), "1.3"));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(std::get<Release>(StatementOf(*next)).sequence, kJsonIntegerMax);
}

TEST(Gate, ASignerWhoseOperatorHasLeftStandsBesideThisOne) {
  World world;
  world.root.operators.push_back(world.root.operators[1]);
  Operator& left = world.root.operators.back();
  left.id = "operator-left";
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  left.authorities = {
      {{IssueAuthority(key, "left", "left CA", kStart - 10000, 100 * kDaySeconds)}, {}}};
  left.parties = {{"https://farm.example/signer/left", "signer", ""}};
  left.valid_for = {kStart - 10000, kStart + 399};
  const auto line = world.Decide(world.Due(Good(), "1.0"));
  ASSERT_TRUE(line) << line.error().message;
}

TEST(Gate, SignsADissentWhenASiteLies) {
  World world;
  const Attempt asked = world.Ask(Good(), "1.0");
  const Attempt attempt = world.Build(world.Intend(asked, 1, 200), 300, Site1Lies);
  const auto line = world.Decide(attempt);
  ASSERT_TRUE(line) << line.error().message;
  const auto dissent = std::get<Dissent>(StatementOf(*line));
  EXPECT_EQ(dissent.manifest, Sha256(attempt.manifest));
  EXPECT_EQ(dissent.records.size(), 3U);
  EXPECT_NE(dissent.summary.find("artifact greet"), std::string::npos) << dissent.summary;
  EXPECT_NE(dissent.summary.find(EvidenceMaker::SiteId(1) + " says"), std::string::npos);
  EXPECT_NE(dissent.summary.find("action 1 (build)"), std::string::npos);

  // Asking again with the same manifest gives the same dissent, whatever the new attempt says.
  const Attempt again = world.Build(world.Intend(attempt, 2, 400), 500, Unchanged);
  EXPECT_EQ(WriteBundleLine(world.Decide(again).value()), WriteBundleLine(*line));
  world.Restart();
  EXPECT_EQ(WriteBundleLine(world.Decide(again).value()), WriteBundleLine(*line));

  // It ends by a new manifest.
  world.Log(world.Line(dissent, "signer", 400));
  EXPECT_EQ(WriteBundleLine(world.Decide(again).value()), WriteBundleLine(*line));
  const auto next = world.Decide(world.Due(ManifestBytes("1.0", 2, "-O2"), "1.0"));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_TRUE(std::holds_alternative<Release>(StatementOf(*next)));
}

TEST(Gate, AFailureAtSomeSitesIsADissent) {
  World world;
  const auto fail = [](int site, Record& record) {
    if (site == 2) {
      record.result = BuildResult::kFailed;
      record.outputs.clear();
    }
  };
  const auto line =
      world.Decide(world.Build(world.Intend(world.Ask(Good(), "1.0"), 1, 200), 300, fail));
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_TRUE(std::holds_alternative<Dissent>(StatementOf(*line)));
}

TEST(Gate, WhatDoesNotMatterDoesNotStop) {
  World world;
  const Attempt asked = world.Ask(Good(), "1.0");
  const Attempt due = world.Build(world.Intend(asked, 1, 200), 300, Unchanged);
  // An earlier record that agrees, one of another manifest, one whose signer nobody knows, one that
  // its key did not sign, a payload of nobody's that cannot be read, a dissent by no signer.
  world.Logged(world.RecordOf(due, 1), "site-1", 310);
  Record other = world.RecordOf(due, 1);
  other.intent = other.manifest = D('9');
  other.outputs[0].digest = D('9');
  world.Logged(other, "site-1", 310);
  Record lie = world.RecordOf(due, 1);
  lie.outputs[0].digest = D('9');
  world.on_draft = [](LineDraft& draft) { draft.authority = "operator-2"; };
  world.Logged(lie, "site-1", 310);
  world.on_draft = nullptr;
  Bundle unsigned_lie = world.Line(lie, "site-1", 310);
  unsigned_lie.envelope.signature = world.maker.Key("site-1").Sign("something else");
  world.Log(unsigned_lie);
  Dissent dissent{Sha256(due.manifest), "hello", "1.0", D('1'), {D('2')}, "no", kStart};
  world.Logged(dissent, "site-1", 310);
  const auto line = world.Decide(due);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_TRUE(std::holds_alternative<Release>(StatementOf(*line)));
}

// ---- after the log was closed and another goes on ----------------------------------------------

TEST(Gate, AVersionIsReleasedOnceInBothLogs) {
  World world;
  const auto first = world.Decide(world.Due(Good(), "1.0"));
  ASSERT_TRUE(first) << first.error().message;
  world.Logged(StatementOf(*first), "signer", 400);
  world.CloseLog();
  const auto again = world.Decide(world.Due(Good(), "1.0"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->PaeDigest(), first->PaeDigest());
  EXPECT_EQ(world.answers(), 1u);
  const auto next = world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1"));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(std::get<Release>(StatementOf(*next)).sequence, 2);
}

TEST(Gate, SequenceGoesOnFromTheClosedLogWithoutTheJournal) {
  World world;
  Release elsewhere = std::get<Release>(
      StatementOf(*world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1"))));
  elsewhere.manifest = ManifestBytes("1.2", 1, "-O2");
  elsewhere.sequence = 7;
  world.Logged(elsewhere, "signer", 400);
  world.CloseLog();
  const auto next = world.Decide(world.Due(ManifestBytes("1.3", 1, "-O2"), "1.3"));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(std::get<Release>(StatementOf(*next)).sequence, 8);
}

TEST(Gate, ADissentGivenBeforeIsGivenAgainInTheNextLog) {
  World world;
  const Attempt asked = world.Ask(Good(), "1.0");
  const auto dissent = world.Decide(world.Build(world.Intend(asked, 1, 200), 300, Site1Lies));
  ASSERT_TRUE(dissent) << dissent.error().message;
  world.CloseLog();
  const auto again = world.Decide(world.Due(Good(), "1.0"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->PaeDigest(), dissent->PaeDigest());
}

}  // namespace
}  // namespace farm::at_the_gate
