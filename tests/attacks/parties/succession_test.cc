// A log ends and another goes on: the way that farm/log/FORMAT.md describes, with everybody in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/client/log_source.h"
#include "farm/crypto/hash.h"
#include "farm/witness/monitor.h"
#include "farm/witness/status_maker.h"
#include "tests/attacks/parties/way.h"
#include "tests/support/buildable.h"

namespace farm {
namespace {

constexpr char kOld[] = "log.farm.example";
constexpr char kNew[] = "log2.farm.example";

std::string ManifestOf(const std::string& version) {
  return BuildableManifest({.version = version});
}

// A folder as any web server shows it.
std::unique_ptr<HttpServer> ServeFolder(const std::string& directory) {
  const ReadResource read = *OpenLogSource(directory);
  return *StartHttpServer(
      "127.0.0.1:0",
      [read](const HttpRequest& request) -> HttpReply {
        auto bytes = read(request.path.substr(1), 1 << 20);
        if (!bytes) return {404, "text/plain", "", false};
        return {200, "application/octet-stream", *std::move(bytes), false};
      },
      4096);
}

class Succession : public testing::Test {
 protected:
  // Version 1.0 is released, 1.1 is under way, of 1.2 the sites have said different things.
  void SetUp() override {
    released_.emplace(parties_, Bend{});
    ExpectGoes(released_->Run());
    waiting_.emplace(parties_, Bend{}, ManifestOf("1.1"));
    ExpectGoes(waiting_->Prepare());
    Way disputed(parties_, Site1Lies(), ManifestOf("1.2"));
    ExpectGoes(disputed.Prepare());
    const auto dissent = disputed.Decide();
    ASSERT_TRUE(dissent.has_value());
    EXPECT_EQ(dissent->exit, ExitCode::kDissent) << dissent->words;
  }
  static void ExpectGoes(const std::optional<Stop>& stop) {
    EXPECT_FALSE(stop.has_value()) << stop->by << ": " << stop->words;
  }
  static void ExpectStops(const std::optional<Stop>& stop, ExitCode exit, const char* words) {
    ASSERT_TRUE(stop.has_value()) << words;
    EXPECT_EQ(stop->by, "signer");
    EXPECT_EQ(stop->exit, exit) << stop->words;
    EXPECT_THAT(stop->words, testing::HasSubstr(words));
  }
  static Bend Site1Lies() {
    Bend bend;
    bend.evil = {"site-1"};
    bend.draft = [](LineDraft& draft) {
      auto* record = std::get_if<Record>(&draft.statement);
      if (record == nullptr || draft.party != "site-1") return;
      record->outputs[0].digest = record->trace[0].outputs[0].digest = Sha256("a lie");
    };
    return bend;
  }

  // The log's operator closes it; the root's makers say so; everybody gets the new root, the signer
  // a mirror of the closed log.
  void Succeed() {
    const auto report = parties_.CloseLog(kNew);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->tree.origin, kOld);
    parties_.closed_logs = {{kOld, parties_.MirrorOf(kOld)}};
    parties_.GoOnAfter({report->tree.size, report->tree.root, kNew});
  }

  // What the monitor says today, having read both logs.
  Bundle Status() {
    const auto mirror = ServeFolder(parties_.MirrorOf(kOld));
    std::vector<std::unique_ptr<Monitor>> monitors;
    std::vector<WatchedLog> logs;
    for (const std::string& url : {"http://" + mirror->listen(), parties_.log_url()}) {
      auto trust = LogTrustOf(parties_.root(), monitors.empty() ? kOld : kNew, 2);
      monitors.push_back(std::make_unique<Monitor>(*LogReader::Open(url, *std::move(trust))));
      const auto report = monitors.back()->Round();
      EXPECT_TRUE(report) << report.error().message;
      logs.push_back({&monitors.back()->facts(), monitors.back()->checkpoint()});
    }
    const auto status = MakeStatus(logs, parties_.root(), {"monitor-0", parties_.now(), 3600, 2});
    CHECK(status.has_value());
    return parties_.maker().StatusLine(*status);
  }
  // Today's verdict of a customer who has the newest root and a policy that wants a fresh status.
  Verdict JudgeWith(const Way& way, const std::optional<Bundle>& status) {
    VerdictInput input = way.Input();
    input.at = parties_.now();
    input.policy.status_max_age_seconds = status ? 60 : 0;
    input.status = status;
    return Judge(input);
  }
  static std::string Words(const Verdict& verdict) {
    std::string words = verdict.headline;
    for (const RuleOutcome& rule : verdict.rules) {
      if (!rule.held) words += "\n" + rule.rule + ": " + rule.found;
    }
    return words;
  }

  Parties parties_{EvidenceOptions{.monitors = 1}};
  // Each begins when it is made.
  std::optional<Way> released_;
  std::optional<Way> waiting_;
};

TEST_F(Succession, OldReleasesStayGoodAndNewOnesComeInTheNextLog) {
  Succeed();
  EXPECT_TRUE(JudgeWith(*released_, std::nullopt).proved());
  Way next(parties_, {}, ManifestOf("1.3"));
  ExpectGoes(next.Run());
  EXPECT_EQ(next.release().log_entry->index, 7u);  // request, approvals, intent, records before it
  const auto release = ParseStatementAs<Release>(next.release().envelope.payload, "release");
  EXPECT_EQ(release->sequence, 2);
  const Bundle status = Status();
  for (const Way* way : {&*released_, &next}) {
    const Verdict verdict = JudgeWith(*way, status);
    EXPECT_TRUE(verdict.proved()) << Words(verdict);
  }
  // A withdrawal of a release in the closed log comes into the open one.
  const Withdrawal withdrawal{released_->release().PaeDigest(),
                              "hello",
                              "1.0",
                              "it eats files",
                              "auditor-0",
                              parties_.now()};
  ExpectGoes(next.Line(withdrawal, "auditor-0", 500).stop);
  const Bundle later = Status();
  EXPECT_EQ(JudgeWith(*released_, later).exit, ExitCode::kRevoked);
  EXPECT_TRUE(JudgeWith(next, later).proved());
}

TEST_F(Succession, WhatIsAskedForTwiceIsAnsweredOnce) {
  Succeed();
  Way again(parties_, {});
  ExpectGoes(again.Prepare());
  ExpectGoes(again.Decide());
  EXPECT_EQ(again.release().PaeDigest(), released_->release().PaeDigest());
  Way revised(parties_, {}, BuildableManifest({.version = "1.0", .revision = 2}));
  ExpectGoes(revised.Prepare());
  ExpectStops(revised.Decide(), ExitCode::kRollback, "1.0 was released before");
  Way disputed(parties_, {}, ManifestOf("1.2"));
  ExpectGoes(disputed.Prepare());
  ExpectStops(disputed.Decide(), ExitCode::kDissent, "dissent signed");
}

TEST_F(Succession, WhatWasUnderWayBeginsAnew) {
  Succeed();
  ExpectStops(waiting_->Decide(), ExitCode::kLogProof,
              "submit the manifest with a higher revision");
  Way anew(parties_, {}, BuildableManifest({.version = "1.1", .revision = 2}));
  ExpectGoes(anew.Run());
  EXPECT_TRUE(JudgeWith(anew, std::nullopt).proved());
}

TEST_F(Succession, TheSignerDecidesNothingWithoutTheClosedLog) {
  Succeed();
  Way next(parties_, {}, ManifestOf("1.3"));
  ExpectGoes(next.Prepare());
  parties_.closed_logs.clear();
  parties_.RestartSigner();
  ExpectStops(next.Decide(), ExitCode::kLogProof, "names no mirror");
  parties_.closed_logs = {{kOld, parties_.MirrorOf(kOld)}};
  const std::string payload =
      parties_.MirrorOf(kOld) + "/payload/" + released_->release().PaeDigest().Hex();
  const std::string bytes = *ReadFile(payload, 1 << 20);
  ASSERT_TRUE(RealFileSystem().Remove(payload));
  parties_.RestartSigner();
  ExpectStops(next.Decide(), ExitCode::kLogProof, "closed log log.farm.example: entry");
  ASSERT_TRUE(WriteDurably(RealFileSystem(), payload, bytes));
  ExpectGoes(next.Decide());
}

}  // namespace
}  // namespace farm
