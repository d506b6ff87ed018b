// A site on real values: its records, and that it answers the same bytes for ever.
#include "farm/site/site.h"

#include <gtest/gtest.h>

#include "tests/support/site_world.h"

namespace farm::at_a_site {
namespace {

Record RecordIn(const std::string& line) {
  return ParseStatementAs<Record>(ParseBundleLine(line, "record")->envelope.payload, "record")
      .value();
}

TEST(Site, MakesARecordThatTheGateAccepts) {
  World world;
  const BuildQuestion question = world.Ask();
  const auto line = world.Build(question);
  ASSERT_TRUE(line) << line.error().message;
  const auto request =
      VerifyRequest(ParseBundleLine(question.request_line, "").value(), world.root, world.policy);
  const auto intent = VerifyIntent(ParseBundleLine(question.intent_line, "").value(), *request,
                                   world.root, world.policy);
  const auto verified =
      VerifyRecord(ParseBundleLine(*line, "").value(), *intent, world.root, world.policy);
  ASSERT_TRUE(verified) << verified.error().message;
  const Record& record = verified->statement();
  EXPECT_EQ(record.result, BuildResult::kSucceeded);
  EXPECT_EQ(record.outputs, (std::vector<Artifact>{{"greet", Sha256("greeting"), 8, "0755"}}));
  EXPECT_EQ(record.lock, Sha256(question.lock));
  EXPECT_EQ(record.root_tar, D('2'));
  EXPECT_EQ(record.image, D('3'));
  EXPECT_TRUE(record.limits_observed);
  EXPECT_EQ(record.programs.at("farm-site"), D('5'));
  EXPECT_EQ(record.sources, (std::vector<SourceTree>{{"hello", kTree}}));
  EXPECT_EQ(world.blobs().GetBytes(Sha256("greeting"), 100).value(), "greeting");
}

TEST(Site, NamesOnlySourcesThatItHasIdentifiedItself) {
  World world;
  world.script.checks_sources = false;
  EXPECT_TRUE(RecordIn(world.Build(world.Ask()).value()).sources.empty());
}

TEST(Site, AnswersTheSameBytesForEver) {
  World world;
  const BuildQuestion question = world.Ask();
  const std::string first = world.Build(question).value();
  world.script.bytes = "another greeting";
  EXPECT_EQ(world.Build(question).value(), first);
  world.Restart();
  world.clock.Set(kStart + 50 * kHourSeconds);
  world.root.expires = kStart;  // nothing is judged again: it only says what it said
  EXPECT_EQ(world.Build(question).value(), first);
  EXPECT_EQ(world.script.runs, 1);
}

TEST(Site, TwoIntentsGetTwoRecords) {
  World world;
  const BuildQuestion first = world.Ask();
  const BuildQuestion second = world.AskFor(first.manifest, [&](Intent& intent) {
    intent.attempt = 2;
    intent.earlier = {ParseBundleLine(first.intent_line, "")->PaeDigest()};
  });
  const Record one = RecordIn(world.Build(first).value());
  const Record two = RecordIn(world.Build(second).value());
  EXPECT_EQ(world.script.runs, 2);
  EXPECT_NE(one.intent, two.intent);
  EXPECT_TRUE(SameOutcome(one, two));
}

TEST(Site, ASecondAskJoinsTheBuildThatRuns) {
  World world;
  world.script.gated = true;
  const BuildQuestion question = world.Ask();
  const auto first = world.site().Build(question).value();
  const auto second = world.site().Build(question).value();
  world.script.Open();
  const std::string line = world.End(*first).value();
  EXPECT_EQ(world.End(*second).value(), line);
  EXPECT_EQ(world.script.runs, 1);
  // Both have heard the log.
  std::uint64_t position = 0;
  std::string log;
  for (;;) {
    const BuildEvents::Next next = second->Wait(&position);
    if (next.end) break;
    if (next.event && std::holds_alternative<LogPiece>(*next.event)) {
      log += std::get<LogPiece>(*next.event).bytes;
    }
  }
  EXPECT_EQ(log, "compiling\n");
}

TEST(Site, ABuildGoesOnWhenNobodyWatches) {
  World world;
  world.script.gated = true;
  const BuildQuestion question = world.Ask();
  { const auto left = world.site().Build(question).value(); }
  world.script.Open();
  EXPECT_TRUE(world.Build(question));
  EXPECT_EQ(world.script.runs, 1);
}

TEST(Site, StoppingLeavesNoRecord) {
  World world;
  world.script.wait_for_cancellation = true;
  const BuildQuestion question = world.Ask();
  const auto events = world.site().Build(question).value();
  while (world.script.runs == 0) std::this_thread::yield();
  world.site().Stop();
  const auto end = world.End(*events);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().Exit(), ExitCode::kCancelled);
  EXPECT_FALSE(world.site().Build(question));  // it stops
  world.Restart();
  EXPECT_FALSE(world.Kept(question));
  world.script.wait_for_cancellation = false;
  EXPECT_TRUE(world.Build(question));
}

TEST(Site, AFailedBuildIsARecord) {
  World world;
  world.script.end = ActionEnd::kFailed;
  const BuildQuestion question = world.Ask();
  const std::string line = world.Build(question).value();
  EXPECT_EQ(RecordIn(line).result, BuildResult::kFailed);
  EXPECT_TRUE(RecordIn(line).outputs.empty());
  EXPECT_EQ(RecordIn(line).trace.at(0).exit_code, 2);
  world.script.end = ActionEnd::kSucceeded;
  EXPECT_EQ(world.Build(question).value(), line);  // no second try under this intent
}

TEST(Site, ASiteThatLiesSaysSoInItsOwnName) {
  World world;
  world.script.bytes = "greetinh";
  EXPECT_EQ(RecordIn(world.Build(world.Ask()).value()).outputs[0].digest, Sha256("greetinh"));
}

TEST(Site, RefusesAnOlderEpoch) {
  World world;
  BuildQuestion question = world.Ask();
  question.epoch = 5;
  ASSERT_TRUE(world.Build(question));
  world.Restart();
  question.epoch = 4;
  const auto refused = world.site().Build(question);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused);
}

TEST(Site, RemembersNoEpochOfADayToCome) {
  World world;
  BuildQuestion question = world.Ask();
  question.epoch = static_cast<std::uint64_t>(kStart + 3650 * kDaySeconds);
  const auto refused = world.site().Build(question);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused);
  question.epoch = static_cast<std::uint64_t>(kStart);
  EXPECT_TRUE(world.Build(question));
}

TEST(Site, SignsTheSamePayloadAgainWhenTheLeafEndedBeforeItsTimeStamp) {
  World world;
  const BuildQuestion question = world.Ask();
  world.publish_fails = 1;
  EXPECT_EQ(world.Build(question).error().Exit(), ExitCode::kUnavailable);
  const KeptRecord kept = world.Kept(question).value();
  world.publish_fails = 0;
  world.clock.Set(kStart + 30 * kHourSeconds);
  world.Restart();
  const Bundle answered = ParseBundleLine(world.Build(question).value(), "").value();
  EXPECT_EQ(answered.envelope.payload, kept.bundle.envelope.payload);
  EXPECT_GE(answered.certificate->not_after(), world.clock.Now());
  EXPECT_EQ(world.script.runs, 1);
}

TEST(Site, KeepsNoAnswerOfItsPublishersThatNobodyWouldCount) {
  struct Bent {
    const char* name;
    UnixSeconds token_ahead;
    std::size_t cosigners;
    UnixSeconds cosigned_ahead;
    ExitCode exit;
  };
  for (const Bent& bent :
       {Bent{"a token of the next hour", 3600, 2, 0, ExitCode::kNotValidThen},
        Bent{"a token older than the intent", -3600, 2, 0, ExitCode::kNotValidThen},
        Bent{"one witness of two", 0, 1, 0, ExitCode::kWitnesses},
        Bent{"witnesses of the next hour", 0, 2, 3600, ExitCode::kNotValidThen}}) {
    World world;
    const BuildQuestion question = world.Ask();
    world.token_ahead = bent.token_ahead;
    world.cosigners = bent.cosigners;
    world.cosigned_ahead = bent.cosigned_ahead;
    const auto line = world.Build(question);
    ASSERT_FALSE(line) << bent.name;
    EXPECT_EQ(line.error().code, ErrorCode::kUnavailable) << bent.name;
    EXPECT_EQ(line.error().Exit(), bent.exit) << bent.name << ": " << line.error().message;
    EXPECT_FALSE(world.Kept(question)->logged) << bent.name;
    // The same leaf under a later checkpoint, as a log answers.
    world.log.clear();
    world.token_ahead = 0;
    world.cosigners = 2;
    world.cosigned_ahead = 0;
    EXPECT_TRUE(world.Build(question)) << bent.name;
    EXPECT_EQ(world.script.runs, 1) << bent.name;
  }
}

TEST(Site, AMissingInputIsNamedAndHelps) {
  World world;
  ASSERT_TRUE(world.blobs().Remove(Sha256(kSourceBytes)));
  const BuildQuestion question = world.Ask();
  const auto refused = world.Build(question);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("hello.tar"), std::string::npos);
  EXPECT_NE(refused.error().message.find(Sha256(kSourceBytes).Text()), std::string::npos);
  ASSERT_TRUE(world.blobs().PutBytes(kSourceBytes));
  EXPECT_TRUE(world.Build(question));
}

}  // namespace
}  // namespace farm::at_a_site
