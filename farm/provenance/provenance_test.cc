#include "farm/provenance/provenance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

Digest D(const std::string& what) { return Sha256(what); }

// ---- records ----------------------------------------------------------------------------------

Plan SomePlan() {
  Plan plan;
  plan.manifest = D("manifest");
  plan.lock = D("lock");
  Action action;
  action.step = "build";
  action.argv = {"make"};
  plan.actions = {action};
  plan.artifacts = {{"b.so", "build", "b.so"}, {"a", "build", "a"}};
  return plan;
}

BuildOutcome SomeOutcome() {
  BuildOutcome outcome;
  outcome.result = BuildResult::kSucceeded;
  outcome.artifacts = {{"b.so", D("b"), 7, "0755"}, {"a", D("a"), 5, "0644"}};
  outcome.trace = {{"build", D("action"), 0, {{"out/a", D("a"), 5, "0644"}}, 1234}};
  outcome.sandbox = {{"root_backend", "image"}, {"landlock_abi", 4}};
  return outcome;
}

RecordFacts SomeFacts() {
  return {"https://farm.example/site/0",
          D("intent"),
          D("root.tar"),
          D("image"),
          {{"farm-sandbox", D("launcher")}, {"farm-site", D("site")}},
          {},
          kNow,
          kNow + 60};
}

TEST(MakeRecord, SaysEverythingOfABuild) {
  const Plan plan = SomePlan();
  BuildOutcome outcome = SomeOutcome();
  outcome.limits_observed = true;
  const Record record = MakeRecord(plan, outcome, SomeFacts());
  EXPECT_EQ(record.builder, "https://farm.example/site/0");
  EXPECT_EQ(record.intent, D("intent"));
  EXPECT_EQ(record.manifest, D("manifest"));
  EXPECT_EQ(record.plan, PlanDigest(plan));
  EXPECT_EQ(record.lock, D("lock"));
  EXPECT_EQ(record.root_tar, D("root.tar"));
  EXPECT_EQ(record.image, D("image"));
  EXPECT_EQ(record.result, BuildResult::kSucceeded);
  EXPECT_EQ(record.outputs, (std::vector<Artifact>{{"a", D("a"), 5, "0644"},
                                                   {"b.so", D("b"), 7, "0755"}}));  // sorted
  ASSERT_EQ(record.trace.size(), 1u);
  EXPECT_EQ(record.trace[0].action, D("action"));
  EXPECT_EQ(record.sandbox, outcome.sandbox);
  EXPECT_EQ(record.programs, SomeFacts().programs);
  EXPECT_TRUE(record.limits_observed);
  EXPECT_EQ(record.started, kNow);
  EXPECT_EQ(record.finished, kNow + 60);
  EXPECT_FALSE(MakeRecord(plan, SomeOutcome(), SomeFacts()).limits_observed);
}

TEST(MakeRecord, AFailedBuildHasNoOutputs) {
  BuildOutcome outcome = SomeOutcome();
  outcome.result = BuildResult::kFailed;
  outcome.trace[0].exit_code = 2;
  const Record record = MakeRecord(SomePlan(), outcome, SomeFacts());
  EXPECT_EQ(record.result, BuildResult::kFailed);
  EXPECT_TRUE(record.outputs.empty());
  EXPECT_EQ(record.trace[0].exit_code, 2);
}

// By SLSA's own words, for whoever reads it without our programs.  Spec: slsa.dev/provenance/v1.
TEST(MakeRecord, IsSlsaProvenanceWithEverySubject) {
  const Plan plan = SomePlan();
  const std::string payload = WriteStatement(MakeRecord(plan, SomeOutcome(), SomeFacts()));
  const Json statement = *ParseJson(payload, "record");
  EXPECT_EQ(statement.at("_type"), "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement.at("predicateType"), "https://slsa.dev/provenance/v1");
  const auto subject = [](const char* name, const char* what, int size, const char* mode) {
    return Json{{"name", name},
                {"digest", {{"sha256", D(what).Hex()}}},
                {"annotations", {{"size", size}, {"mode", mode}}}};
  };
  EXPECT_EQ(statement.at("subject"),
            Json::array({subject("a", "a", 5, "0644"), subject("b.so", "b", 7, "0755")}));
  const Json& definition = statement.at("predicate").at("buildDefinition");
  EXPECT_TRUE(definition.at("buildType").is_string());
  EXPECT_EQ(definition.at("externalParameters"),
            (Json{{"manifest", D("manifest").Text()}, {"plan", PlanDigest(plan).Text()}}));
  const Json& internal = definition.at("internalParameters");
  EXPECT_EQ(internal.at("result"), "succeeded");
  EXPECT_EQ(internal.at("limits"), "kernel");
  EXPECT_EQ(internal.at("sandbox").at("root_backend"), "image");
  EXPECT_EQ(internal.at("trace").at(0).at("step"), "build");
  const auto dependency = [](const char* name, const char* what) {
    return Json{{"name", name}, {"digest", {{"sha256", D(what).Hex()}}}};
  };
  EXPECT_EQ(definition.at("resolvedDependencies"),
            Json::array({dependency("lock", "lock"), dependency("root.tar", "root.tar"),
                         dependency("image", "image")}));
  const Json& details = statement.at("predicate").at("runDetails");
  EXPECT_EQ(details.at("builder").at("id"), "https://farm.example/site/0");
  EXPECT_EQ(details.at("builder").at("builderDependencies"),
            Json::array({dependency("farm-sandbox", "launcher"), dependency("farm-site", "site")}));
  EXPECT_EQ(details.at("metadata"), (Json{{"invocationId", D("intent").Text()},
                                          {"startedOn", "2027-01-15T08:00:00Z"},
                                          {"finishedOn", "2027-01-15T08:01:00Z"}}));
  // And it is one of ours: read again, written as the same bytes.
  EXPECT_EQ(WriteStatement(*ParseStatement(payload, "record")), payload);
}

// ---- releases and dissents --------------------------------------------------------------------

// The verified lines of one release, three sites, two auditors.
class ReleaseTest : public ::testing::Test {
 protected:
  ReleaseTest() { Prove(maker_.Make()); }

  void Prove(const MadeRelease& made) {
    const auto request = VerifyRequest(made.lines[kRequestLine], maker_.root(), policy_);
    ASSERT_TRUE(request);
    auto intent = VerifyIntent(made.lines[kIntentLine], *request, maker_.root(), policy_);
    ASSERT_TRUE(intent);
    intent_.emplace(*std::move(intent));
    const auto manifest = ViewManifest(maker_.manifest());
    records_.clear();
    approvals_.clear();
    for (std::size_t i = kFirstRecordLine; i < made.lines.size(); ++i) {
      if (i < kFirstRecordLine + 3) {
        auto record = VerifyRecord(made.lines[i], *intent_, maker_.root(), policy_);
        ASSERT_TRUE(record) << record.error().message;
        records_.push_back(*std::move(record));
      } else {
        auto approval =
            VerifyApproval(made.lines[i], *manifest, *request, *intent_, maker_.root(), policy_);
        ASSERT_TRUE(approval) << approval.error().message;
        approvals_.push_back(*std::move(approval));
      }
    }
    ASSERT_EQ(records_.size(), 3u);
    ASSERT_EQ(approvals_.size(), 2u);
  }

  ReleaseFacts Facts() const { return {maker_.manifest(), 4, "https://farm.example/signer", kNow}; }

  EvidenceMaker maker_;
  Policy policy_ = maker_.policy();
  std::optional<VerifiedIntent> intent_;
  std::vector<VerifiedRecord> records_;
  std::vector<VerifiedApproval> approvals_;
};

TEST_F(ReleaseTest, NamesEveryLineItRestsOn) {
  const Release release = MakeRelease(*intent_, records_, approvals_, Facts());
  EXPECT_EQ(release.artifacts, records_[0].statement().outputs);
  EXPECT_EQ(release.artifacts.size(), 2u);
  EXPECT_EQ(release.manifest, maker_.manifest());
  EXPECT_EQ(release.request, intent_->statement().request);
  EXPECT_EQ(release.intent, intent_->digest());
  EXPECT_EQ(release.records, (std::vector<Digest>{records_[0].digest(), records_[1].digest(),
                                                  records_[2].digest()}));
  std::vector<Digest> approvals = {approvals_[0].digest(), approvals_[1].digest()};
  std::ranges::sort(approvals);
  EXPECT_EQ(release.approvals, approvals);
  EXPECT_EQ(release.sequence, 4);
  EXPECT_EQ(release.signer, "https://farm.example/signer");
  EXPECT_EQ(release.created, kNow);
  const std::string payload = WriteStatement(release);
  EXPECT_EQ(WriteStatement(*ParseStatement(payload, "release")), payload);
}

TEST_F(ReleaseTest, IsTheSameInWhateverOrderTheLinesCame) {
  const Release want = MakeRelease(*intent_, records_, approvals_, Facts());
  std::rotate(records_.begin(), records_.begin() + 1, records_.end());
  std::ranges::reverse(approvals_);
  const Release found = MakeRelease(*intent_, records_, approvals_, Facts());
  EXPECT_EQ(found.records, want.records);
  EXPECT_EQ(found.approvals, want.approvals);
  EXPECT_EQ(WriteStatement(found), WriteStatement(want));
}

TEST_F(ReleaseTest, IsNotMadeOfRecordsThatAreNotOneForEachSite) {
  const auto make = [&](const std::vector<VerifiedRecord>& records) {
    (void)MakeRelease(*intent_, records, approvals_, Facts());
  };
  const auto twice = std::vector<VerifiedRecord>{records_[0], records_[0], records_[2]};
  EXPECT_DEATH(make({}), "IsOneOfEach");
  EXPECT_DEATH(make({records_[0], records_[1]}), "IsOneOfEach");
  EXPECT_DEATH(make(twice), "IsOneOfEach");
  EXPECT_DEATH(make({records_[0], records_[1], records_[2], records_[2]}), "IsOneOfEach");
}

TEST_F(ReleaseTest, IsNotMadeOfRecordsUnderAnotherIntent) {
  const std::vector<VerifiedRecord> earlier = records_;
  Prove(maker_.Make([](LineDraft& draft) {
    if (auto* intent = std::get_if<Intent>(&draft.statement)) intent->attempt = 2;
  }));
  EXPECT_DEATH((void)MakeRelease(*intent_, earlier, approvals_, Facts()), "IsOneOfEach");
}

TEST_F(ReleaseTest, IsNotMadeOfRecordsThatDisagree) {
  Prove(maker_.Make([](LineDraft& draft) {
    auto* record = std::get_if<Record>(&draft.statement);
    if (record != nullptr && draft.party == "site-2") record->outputs[1].digest = D("other");
  }));
  EXPECT_DEATH((void)MakeRelease(*intent_, records_, approvals_, Facts()), "CheckAgreement");
}

TEST_F(ReleaseTest, IsNotMadeOfBuildsThatFailed) {
  Prove(maker_.Make([](LineDraft& draft) {
    if (auto* record = std::get_if<Record>(&draft.statement)) {
      record->result = BuildResult::kFailed;
      record->outputs.clear();
    }
  }));
  EXPECT_DEATH((void)MakeRelease(*intent_, records_, approvals_, Facts()), "CheckAgreement");
}

TEST_F(ReleaseTest, IsNotMadeForAnotherManifest) {
  ReleaseFacts facts = Facts();
  facts.manifest += " ";
  EXPECT_DEATH((void)MakeRelease(*intent_, records_, approvals_, facts), "manifest");
}

TEST_F(ReleaseTest, ADissentNamesTheRecordsInTheIntentsOrder) {
  std::rotate(records_.begin(), records_.begin() + 2, records_.end());
  const Dissent dissent = MakeDissent(*intent_, records_, "hello.txt differs", kNow);
  EXPECT_EQ(dissent.manifest, D(maker_.manifest()));
  EXPECT_EQ(dissent.product, "hello");
  EXPECT_EQ(dissent.version, "1.0");
  EXPECT_EQ(dissent.intent, intent_->digest());
  EXPECT_EQ(dissent.records, (std::vector<Digest>{records_[1].digest(), records_[2].digest(),
                                                  records_[0].digest()}));
  EXPECT_EQ(dissent.summary, "hello.txt differs");
  EXPECT_EQ(dissent.created, kNow);
  const std::string payload = WriteStatement(dissent);
  EXPECT_EQ(WriteStatement(*ParseStatement(payload, "dissent")), payload);
}

}  // namespace
}  // namespace farm
