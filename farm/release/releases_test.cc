#include "farm/release/releases.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/tlog_proof.h"
#include "farm/release/admission.h"
#include "farm/release/site_calls.h"
#include "farm/verify/verify.h"
#include "tests/support/release_harness.h"

namespace farm {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Verdict JudgePublished(Harness& harness, const std::string& directory, const std::string& name,
                       bool diff_approvals = false) {
  VerdictInput input;
  input.policy.diff_approvals = diff_approvals;
  input.file_name = name;
  const std::string path = harness.path("published/" + directory + "/" + name);
  const auto digest = Must(DigestOfFile(path));
  input.file_digest = digest.digest;
  input.file_size = digest.size;
  input.lines = Must(
      ParseBundleFile(Must(ReadFile(path + ".sigstore.jsonl", kBundleFileBytesMax)), "bundle"));
  input.root = harness.world().rules().root;
  input.policy.countries = 3;
  input.at = harness.world().clock.Now();
  input.allow_development_root = true;
  return Judge(input);
}

Bundle Line(const std::string& text) { return Must(ParseBundleLine(text, "line")); }

using Bend = std::function<void(Bundle&, const PrivateKey&)>;

std::string Bent(const std::string& text, const PrivateKey& key, const Bend& bend) {
  Bundle line = Line(text);
  bend(line, key);
  return WriteBundleLine(line);
}

void KeepTypeOfText(Bundle& line, const PrivateKey& key) {
  line.envelope.payload_type = "text/plain";
  line.envelope.signature = key.Sign(line.envelope.PaeBytes());
}
void PutCertificate(Bundle& line, const PrivateKey& key) {
  const UnixSeconds now = 1'800'000'000;
  const PrivateKey own = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority = IssueAuthority(own, "own", "own CA", now, kDaySeconds);
  line.public_key.reset();
  line.certificate = IssueSigningLeaf(
      own, authority, PrivateKey::Generate(KeyKind::kP256),
      SigningLeafRequest{key.public_key(), "own", "person", "https://farm.example/parties/person",
                         "https://farm.example", now - 60, 3600});
}
void LeaveOutKeyId(Bundle& line, const PrivateKey&) { line.envelope.key_id.clear(); }
void WriteKeyIdInBase64(Bundle& line, const PrivateKey&) {
  line.envelope.key_id = Base64Encode(Sha256(line.key().spki()).bytes());
}

// As an earlier farmd, which looked less closely, would have stored it.
void StoreLine(Harness& harness, const std::string& id, const std::string& thing,
               const std::string& person, const std::string& line) {
  const std::string key = thing == "approval" ? Line(line).PaeDigest().Hex() : "";
  Must(harness.ledger().Insert(id, {{thing + ".signed", key, person, line}}));
  harness.Restart();
}

std::vector<Bundle> PublishedLines(Harness& harness) {
  const std::string path = harness.path("published/greeting/1.0/greet.sigstore.jsonl");
  return Must(ParseBundleFile(Must(ReadFile(path, kBundleFileBytesMax)), "bundle"));
}

struct LoggedIntent {
  Digest pae;
  Intent intent;
};

// In the order of the log.
std::vector<LoggedIntent> LoggedIntents(FakeWorld& world) {
  std::vector<LoggedIntent> intents;
  world.Restart();
  const NewLeaves read = Must(world.ReadNew());
  for (const LoggedLeaf& leaf : read.leaves) {
    const PaeParts parts = Must(ParsePae(Must(leaf.pae())));
    const auto intent = ParseStatementAs<Intent>(parts.payload, "leaf");
    if (intent) intents.push_back({leaf.facts.pae_digest, *intent});
  }
  return intents;
}

// The log proof beside a published file is that of the first line of its bundle, and holds by
// itself.
void ExpectProofOf(Harness& harness, const std::string& name) {
  const std::string path = harness.path("published/" + name);
  const auto lines = Must(
      ParseBundleFile(Must(ReadFile(path + ".sigstore.jsonl", kBundleFileBytesMax)), "bundle"));
  const TlogProof proof =
      Must(ParseTlogProof(Must(ReadFile(path + ".tlog-proof", kTlogProofBytesMax)), name));
  const TlogPolicy policy =
      Must(TlogPolicyOf(harness.world().rules().root, 1, harness.world().clock.Now(), {}));
  const auto verdict = CheckTlogProof(proof, proof.extra.value_or(""), policy);
  ASSERT_TRUE(verdict) << name << ": " << verdict.error().message;
  EXPECT_EQ(Must(ParseCanonicalizedBody(*proof.extra)).pae_digest, lines.front().PaeDigest());
}

TEST(Releases, WhatIsPublishedVerifiesForACustomer) {
  Harness harness;
  const std::string id = harness.Release(harness.Make("1.0"));
  const ReleaseView view = harness.Get(id);
  EXPECT_EQ(view.stage, Stage::kReleased) << harness.Why(id);
  EXPECT_EQ(view.exit, ExitCode::kProved);
  EXPECT_EQ(view.sequence, 1);
  EXPECT_EQ(view.attempt, 1);
  EXPECT_EQ(view.published_directory, "greeting/1.0");
  ASSERT_EQ(view.files.size(), 2u);
  for (const Artifact& file : view.files) {
    const Verdict verdict = JudgePublished(harness, "greeting/1.0", file.name);
    EXPECT_TRUE(verdict.proved()) << file.name << ": " << verdict.headline;
    EXPECT_TRUE(
        FileExists(harness.path("published/by-digest/" + file.digest.Hex() + ".sigstore.jsonl")));
    ExpectProofOf(harness, "greeting/1.0/" + file.name);
    EXPECT_TRUE(
        FileExists(harness.path("published/by-digest/" + file.digest.Hex() + ".tlog-proof")));
  }
  ExpectProofOf(harness, "greeting/1.0/greeting-1.0.farmkit");
  for (const char* name :
       {"root/1.json", "trusted_root.json", "keyring.json", "greeting/1.0/greeting-1.0.farmkit",
        "greeting/1.0/greeting-1.0.farmkit.sigstore.jsonl"}) {
    EXPECT_TRUE(FileExists(harness.path(std::string("published/") + name))) << name;
  }
  EXPECT_EQ(harness.world().Logged("kit entry") + harness.world().Logged("kit"), 1);
  EXPECT_TRUE(Contains(harness.Why(id), "released"));
}

// 1.1 by diff since 1.0, 1.2 by diff since 1.1: what they lead back to comes with them.
TEST(Releases, ApprovalsByDiffBringWhatTheyLeadBackTo) {
  Harness harness;
  harness.world().policy().diff_approvals = true;
  harness.Restart();
  Submission before = harness.Make("1.0");
  harness.Release(before);
  std::size_t approvals = 2;
  for (const char* version : {"1.1", "1.2"}) {
    const Submission submission = harness.Make(version);
    const std::string id = Must(harness.farm().Submit(submission)).id;
    for (int auditor : {0, 1}) {
      Must(harness.farm().Approve(submission.manifest,
                                  harness.world().MakeApprovalSince(submission.manifest, auditor,
                                                                    Sha256(before.manifest))));
    }
    harness.Drive();
    EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
    const std::string folder = std::string("greeting/") + version;
    EXPECT_TRUE(JudgePublished(harness, folder, "greet", true).proved());
    EXPECT_EQ(JudgePublished(harness, folder, "greet", false).exit, ExitCode::kApproval);
    const auto lines = Must(
        ParseBundleFile(Must(ReadFile(harness.path("published/" + folder + "/greet.sigstore.jsonl"),
                                      kBundleFileBytesMax)),
                        "bundle"));
    approvals += 2;
    EXPECT_EQ(Must(ParseStatementAs<farm::Release>(lines[0].envelope.payload, "release"))
                  .approvals.size(),
              approvals);
    before = submission;
  }
}

TEST(Releases, ApprovalsByDiffAreRefusedWhereTheyCannotCount) {
  Harness harness;
  const Submission submission = harness.Make("1.1");
  const auto approve = [&](const Digest& base) {
    return harness.farm().Approve(submission.manifest,
                                  harness.world().MakeApprovalSince(submission.manifest, 0, base));
  };
  const Submission before = harness.Make("1.0");
  EXPECT_TRUE(Contains(approve(Sha256(before.manifest)).error().message, "whole trees only"));
  harness.world().policy().diff_approvals = true;
  harness.Restart();
  const auto unknown = approve(Sha256(before.manifest));
  EXPECT_EQ(unknown.error().Exit(), ExitCode::kApproval);
  EXPECT_TRUE(Contains(unknown.error().message, "no release of greeting"))
      << unknown.error().message;
  // The base is there and nobody has approved it: the new one waits, and says why.
  Must(harness.farm().Submit(before));
  const std::string id = Must(harness.farm().Submit(submission)).id;
  Must(approve(Sha256(before.manifest)));
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kWaitingApprovals);
  EXPECT_TRUE(Contains(harness.Why(id), "no approval of its base")) << harness.Why(id);
  // With the base's own approvals, and a second auditor, it goes on.
  harness.Approve(before);
  harness.Drive();
  Must(harness.farm().Approve(submission.manifest,
                              harness.world().MakeApproval(submission.manifest, 1)));
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
}

TEST(Releases, SubmittingTheSameTwiceIsOneRelease) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  const std::string id = harness.Release(submission);
  const SubmitOutcome again = Must(harness.farm().Submit(submission));
  EXPECT_EQ(again.id, id);
  EXPECT_TRUE(again.already_there);
  harness.Drive();
  EXPECT_EQ(harness.world().Logged("release"), 1);
  EXPECT_EQ(harness.world().Logged("intent"), 1);
}

TEST(Releases, WaitsForApprovalsAndBuildsNothingBefore) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  const std::string id = Must(harness.farm().Submit(submission)).id;
  harness.Approve(submission, 1);
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kWaitingApprovals);
  EXPECT_TRUE(Contains(harness.Why(id), "1 of 2 approvals")) << harness.Why(id);
  EXPECT_EQ(harness.world().builds(), 0);
  EXPECT_EQ(harness.world().Logged("intent"), 0);
  harness.Approve(submission, 1);  // the same auditor again counts once
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kWaitingApprovals);
  harness.Approve(submission, 2);
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
}

TEST(Releases, ApprovalsMayComeBeforeTheRequest) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  harness.Approve(submission);
  harness.Drive();
  EXPECT_TRUE(harness.farm().List("").empty());
  const std::string id = Must(harness.farm().Submit(submission)).id;
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
}

TEST(Releases, WatchersNeverSeeAStageThatIsNone) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  harness.Approve(submission);
  harness.Drive(1);
  const std::string id = Must(harness.farm().Submit(submission)).id;
  for (const auto& event : Must(harness.farm().Watch(id, 0, std::chrono::milliseconds(0)))) {
    if (const auto* view = std::get_if<ReleaseView>(&event.body)) {
      EXPECT_NE(view->stage, Stage::kUnknown) << event.number;
    }
  }
}

TEST(Releases, ALiarGivesDissentAndTheManifestIsRefusedForEver) {
  Harness harness;
  harness.world().moods[FakeWorld::SiteId(1)] = SiteMood::kLies;
  const Submission submission = harness.Make("1.0");
  const std::string id = harness.Release(submission);
  EXPECT_EQ(harness.Get(id).stage, Stage::kDissent) << harness.Why(id);
  EXPECT_EQ(harness.Get(id).exit, ExitCode::kDissent);
  EXPECT_EQ(harness.world().Logged("dissent"), 1);
  EXPECT_EQ(harness.world().Logged("release"), 0);
  EXPECT_TRUE(Contains(harness.Why(id), "libgreet.a")) << harness.Why(id);
  EXPECT_FALSE(FileExists(harness.path("published/greeting/1.0")));
  harness.world().moods.clear();
  const auto again = harness.farm().Submit(submission);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().Exit(), ExitCode::kDissent);
  // A new manifest ends it.
  const std::string next = harness.Release(harness.Make("1.0", 2));
  EXPECT_EQ(harness.Get(next).stage, Stage::kReleased) << harness.Why(next);
}

TEST(Releases, FailedEverywhereIsABuildFailureAndFailedSomewhereADissent) {
  Harness harness;
  for (int i = 0; i < 3; ++i) harness.world().moods[FakeWorld::SiteId(i)] = SiteMood::kFails;
  const std::string failed = harness.Release(harness.Make("1.0"));
  EXPECT_EQ(harness.Get(failed).stage, Stage::kBuildFailed);
  EXPECT_EQ(harness.Get(failed).exit, ExitCode::kBuildFailed);
  EXPECT_TRUE(Contains(harness.Why(failed), "build")) << harness.Why(failed);
  harness.world().moods.erase(FakeWorld::SiteId(0));
  const std::string split = harness.Release(harness.Make("2.0"));
  EXPECT_EQ(harness.Get(split).stage, Stage::kDissent);
}

TEST(Releases, ASiteThatIsDownLeavesItWaitingAndANewAttemptNamesTheOldIntent) {
  Harness harness;
  harness.world().moods[FakeWorld::SiteId(2)] = SiteMood::kDown;
  const Submission submission = harness.Make("1.0");
  const std::string id = harness.Release(submission);
  EXPECT_EQ(harness.Get(id).stage, Stage::kBuilding);
  EXPECT_EQ(harness.Get(id).sites[2].stage, SiteStage::kUnreachable);
  EXPECT_TRUE(Contains(harness.Why(id), "xc does not answer (" + FakeWorld::SiteId(2) + ")"))
      << harness.Why(id);
  EXPECT_EQ(harness.Get(id).exit, std::nullopt);
  EXPECT_EQ(Must(harness.farm().Cancel(id, "requester-1")).stage, Stage::kCancelled);
  EXPECT_EQ(harness.Get(id).exit, ExitCode::kCancelled);
  harness.world().moods.clear();
  EXPECT_TRUE(Must(harness.farm().Submit(submission)).already_there);
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
  EXPECT_EQ(harness.Get(id).attempt, 2);
  const std::vector<LoggedIntent> intents = LoggedIntents(harness.world());
  ASSERT_EQ(intents.size(), 2U);
  EXPECT_EQ(intents[0].intent.earlier, std::vector<Digest>{});
  EXPECT_EQ(intents[1].intent.earlier, std::vector<Digest>{intents[0].pae});
}

// Each stop is rows for ever: who could stop without an end could fill the farm's memory.
TEST(Releases, IsStoppedAndTakenUpOnlySoOften) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  const std::string id = Must(harness.farm().Submit(submission)).id;
  for (std::int64_t stop = 1; stop <= kStopsMax; ++stop) {
    ASSERT_EQ(Must(harness.farm().Cancel(id, "requester-1")).stage, Stage::kCancelled) << stop;
    const auto again = harness.farm().Submit(submission);
    ASSERT_EQ(again.has_value(), stop < kStopsMax) << stop;
    if (again) continue;
    EXPECT_EQ(again.error().Exit(), ExitCode::kRefused);
    EXPECT_TRUE(Contains(again.error().message, "higher revision")) << again.error().message;
  }
}

TEST(Releases, RequestAndIntentAreLoggedBeforeAnySiteIsAsked) {
  Harness harness;
  int asked = 0;
  harness.world().fault = [&](const std::string& step) -> Status {
    if (step == "build") {
      ++asked;
      EXPECT_EQ(harness.world().Logged("request"), 1);
      EXPECT_EQ(harness.world().Logged("intent"), 1);
    }
    return {};
  };
  const std::string id = harness.Release(harness.Make("1.0"));
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
  EXPECT_EQ(asked, 3);
}

TEST(Releases, ASiteThatComesBackFinishesTheSameAttempt) {
  Harness harness;
  harness.world().moods[FakeWorld::SiteId(2)] = SiteMood::kDown;
  const std::string id = harness.Release(harness.Make("1.0"));
  harness.world().moods.clear();
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
  EXPECT_EQ(harness.world().Logged("intent"), 1);
  EXPECT_EQ(harness.world().builds(), 3);
}

TEST(Releases, ASiteThatWasDownStaysUnreachableUntilItAnswers) {
  Harness harness(SiteThreads::kOnePerCall);
  const std::string site = FakeWorld::SiteId(2);
  std::atomic<bool> held = false;
  std::atomic<bool> asked_again = false;
  harness.world().moods[site] = SiteMood::kDown;
  SiteCalls calls(harness.world(), harness.world().steady, SiteThreads::kOnePerCall,
                  {[](const std::string&) {}, [](const std::string&) {},
                   [](const std::string&, const std::string&, std::string_view) {}});
  const SiteCallId id{"r", 1, site};
  calls.Ensure(id, BuildOrder());
  while (!calls.Take(id)) std::this_thread::yield();
  EXPECT_EQ(calls.View(id).stage, SiteStage::kUnreachable);
  held = true;
  harness.world().fault = [&](const std::string&) -> Status {
    asked_again = true;
    while (held) std::this_thread::yield();
    return {};
  };
  harness.world().moods[site] = SiteMood::kHangs;  // will answer, and build for ever
  harness.world().steady.Set(harness.world().steady.Now() + 61);
  calls.Ensure(id, BuildOrder());
  while (!asked_again) std::this_thread::yield();
  EXPECT_EQ(calls.View(id).stage, SiteStage::kUnreachable);
  EXPECT_TRUE(Contains(calls.View(id).detail, "connection refused")) << calls.View(id).detail;
  held = false;
  while (calls.View(id).stage != SiteStage::kBuilding) std::this_thread::yield();
  calls.Forget("r");
}

TEST(Releases, RefusedByEverySiteEndsAndByOneWaits) {
  Harness harness;
  harness.world().moods[FakeWorld::SiteId(0)] = SiteMood::kRefuses;
  harness.world().moods[FakeWorld::SiteId(1)] = SiteMood::kAnswersForAnother;
  const std::string waits = harness.Release(harness.Make("1.0"));
  EXPECT_EQ(harness.Get(waits).stage, Stage::kBuilding);
  EXPECT_EQ(harness.Get(waits).sites[0].stage, SiteStage::kRefused);
  EXPECT_EQ(harness.Get(waits).sites[1].stage, SiteStage::kRefused);
  EXPECT_EQ(harness.Get(waits).sites[2].stage, SiteStage::kSucceeded);
  for (int i = 0; i < 3; ++i) harness.world().moods[FakeWorld::SiteId(i)] = SiteMood::kRefuses;
  const std::string ends = harness.Release(harness.Make("2.0"));
  EXPECT_EQ(harness.Get(ends).stage, Stage::kRefused) << harness.Why(ends);
  EXPECT_EQ(harness.Get(ends).exit, ExitCode::kInputMissing);
  EXPECT_TRUE(Contains(harness.Why(ends), "its image differs"));
}

TEST(Releases, NobodyCancelsAnothersRelease) {
  Harness harness;
  const std::string id = Must(harness.farm().Submit(harness.Make("1.0"))).id;
  const auto rival = harness.farm().Cancel(id, "requester-2");
  ASSERT_FALSE(rival);
  EXPECT_EQ(rival.error().Exit(), ExitCode::kRefused);
  EXPECT_NE(harness.Get(id).stage, Stage::kCancelled);
  EXPECT_EQ(Must(harness.farm().Cancel(id, "requester-1")).stage, Stage::kCancelled);
}

// It would go on under the request that its requester has taken back.
TEST(Releases, NobodyTakesUpAnothersCancelledRelease) {
  Harness harness;
  const PrivateKey rival = PrivateKey::Generate(KeyKind::kP256);
  TrustRoot& root = harness.world().root();
  Person other = root.requesters.front();
  other.id = "requester-2";
  other.key = rival.public_key();
  root.requesters.push_back(other);
  harness.Restart();
  const Submission submission = harness.Make("1.0");
  Submission by_other = submission;
  Bundle line = Line(submission.request_line);
  Request request = Must(ParseStatementAs<Request>(line.envelope.payload, "request"));
  request.requester = other.id;
  line.envelope.payload = WriteStatement(request);
  line.envelope.key_id = rival.public_key().KeyId();
  line.envelope.signature = rival.Sign(line.envelope.PaeBytes());
  line.public_key = rival.public_key();
  by_other.request_line = WriteBundleLine(line);

  const std::string id = Must(harness.farm().Submit(submission)).id;
  EXPECT_TRUE(Must(harness.farm().Submit(by_other)).already_there) << "while it goes on";
  Must(harness.farm().Cancel(id, "requester-1"));
  const auto taken_up = harness.farm().Submit(by_other);
  ASSERT_FALSE(taken_up);
  EXPECT_EQ(taken_up.error().Exit(), ExitCode::kRefused);
  EXPECT_TRUE(Contains(taken_up.error().message, "higher revision")) << taken_up.error().message;
  EXPECT_EQ(harness.Get(id).stage, Stage::kCancelled);
  EXPECT_TRUE(Must(harness.farm().Submit(submission)).already_there);
  EXPECT_NE(harness.Get(id).stage, Stage::kCancelled);
}

TEST(Releases, CancelAfterTheSignerWasAskedIsTooLate) {
  Harness harness;
  harness.world().fault = [](const std::string& step) -> Status {
    if (step == "decide done") return Error{ErrorCode::kUnavailable, "reply lost"};
    return {};
  };
  const std::string id = harness.Release(harness.Make("1.0"));
  EXPECT_EQ(harness.Get(id).stage, Stage::kDeciding);
  EXPECT_TRUE(Contains(harness.Why(id), "reply lost"));
  const auto cancelled = harness.farm().Cancel(id, "requester-1");
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().Exit(), ExitCode::kRefused);
  harness.world().fault = nullptr;
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased);
  EXPECT_EQ(harness.world().signed_releases(), 1);
}

TEST(Releases, WhatLostItsLeafBeforeATimeStampCameIsSignedAgain) {
  // The time stamp authority is away for two days: once before the intent has its token, once
  // before the release has.
  for (const std::string last : {"sign done", "decide done"}) {
    Harness harness;
    bool away = false;
    harness.world().fault = [&](const std::string& step) -> Status {
      away = away || step == last;
      if (away && step == "stamp") return Error{ErrorCode::kUnavailable, "no time stamp"};
      return {};
    };
    const std::string id = harness.Release(harness.Make("1.0"));
    EXPECT_TRUE(Contains(harness.Why(id), "no time stamp")) << last;
    harness.world().clock.Set(harness.world().clock.Now() + 2 * kDaySeconds);
    harness.world().fault = nullptr;
    harness.Drive();
    EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << last << ": " << harness.Why(id);
    const Verdict verdict = JudgePublished(harness, "greeting/1.0", "greet");
    EXPECT_TRUE(verdict.proved()) << last << ": " << verdict.headline;
    EXPECT_EQ(harness.world().Logged("release"), 1);
    EXPECT_EQ(harness.world().Logged("intent"), 1);
  }
}

TEST(Releases, KeepsNoTokenOrEntryThatNobodyWouldCount) {
  struct Bent {
    const char* name;
    UnixSeconds token_ahead;
    std::size_t cosigners;
    UnixSeconds cosigned_ahead;
  };
  // From the moment that the signer has signed: a bad answer kept then would burn the version.
  for (const Bent& bent :
       {Bent{"a token of the next hour", 3600, 2, 0},
        Bent{"a token older than the intent", -3600, 2, 0}, Bent{"one witness of two", 0, 1, 0},
        Bent{"witnesses of the next hour", 0, 2, 3600}}) {
    Harness harness;
    FakeWorld& world = harness.world();
    world.fault = [&](const std::string& step) -> Status {
      if (step == "decide done") {
        world.token_ahead = bent.token_ahead;
        world.cosigners = bent.cosigners;
        world.cosigned_ahead = bent.cosigned_ahead;
      }
      return {};
    };
    const std::string id = harness.Release(harness.Make("1.0"));
    EXPECT_EQ(harness.Get(id).stage, Stage::kPublishing) << bent.name;
    EXPECT_TRUE(Contains(harness.Why(id), "asked for again")) << harness.Why(id);
    world.fault = nullptr;
    world.token_ahead = 0;
    world.cosigners = 2;
    world.cosigned_ahead = 0;
    harness.Drive();
    EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << bent.name << ": " << harness.Why(id);
    const Verdict verdict = JudgePublished(harness, "greeting/1.0", "greet");
    EXPECT_TRUE(verdict.proved()) << bent.name << ": " << verdict.headline;
    EXPECT_EQ(world.signed_releases(), 1) << bent.name;
  }
}

TEST(Releases, TheSameVersionIsNeverReleasedFromAnotherManifest) {
  Harness harness;
  const Submission first = harness.Make("1.0");
  const Submission second = harness.Make("1.0", 2);
  // Both open at once: the second one finds the first one's release in the log.
  Must(harness.farm().Submit(first));
  const std::string late = Must(harness.farm().Submit(second)).id;
  harness.Approve(first);
  harness.Drive();
  harness.Approve(second);
  harness.Drive();
  EXPECT_EQ(harness.Get(late).stage, Stage::kRefused) << harness.Why(late);
  EXPECT_EQ(harness.world().Logged("release"), 1);
  const auto third = harness.farm().Submit(harness.Make("1.0", 3));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().Exit(), ExitCode::kRefused);
}

TEST(Releases, ADeletedDatabaseForgetsNeitherReleaseNorDissent) {
  Harness harness;
  const Submission released = harness.Make("1.0");
  const std::string id = harness.Release(released);
  harness.world().moods[FakeWorld::SiteId(1)] = SiteMood::kLies;
  const Submission split = harness.Make("2.0");
  const std::string dissent = harness.Release(split);
  harness.world().moods.clear();
  harness.LoseDatabaseAndCopy();
  harness.Drive(1);
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased);
  EXPECT_EQ(harness.Get(id).files.size(), 2u);
  EXPECT_EQ(harness.Get(dissent).stage, Stage::kDissent);
  EXPECT_TRUE(Contains(harness.Why(dissent), "libgreet.a differs"));
  EXPECT_TRUE(Must(harness.farm().Submit(released)).already_there);
  const auto again = harness.farm().Submit(split);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().Exit(), ExitCode::kDissent);
  EXPECT_FALSE(harness.farm().Submit(harness.Make("1.0", 2)));
  harness.Drive();
  EXPECT_EQ(harness.world().Logged("release"), 1);
}

TEST(Releases, TheLogIsReadToItsEndWhateverItGivesAtOnce) {
  Harness harness;
  const std::string id = harness.Release(harness.Make("1.0"));
  harness.world().moods[FakeWorld::SiteId(1)] = SiteMood::kLies;
  const std::string dissent = harness.Release(harness.Make("2.0"));
  harness.world().leaves_at_once = 1;
  harness.LoseDatabaseAndCopy();
  harness.Drive(1);
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased);
  EXPECT_EQ(harness.Get(dissent).stage, Stage::kDissent);
}

TEST(Releases, WithoutADatabaseALoggedReleaseIsReleasedOnlyIfThePublishedTreeHoldsAllOfIt) {
  const char* files[] = {"greeting/1.0/greet", "greeting/1.0/libgreet.a.sigstore.jsonl",
                         "greeting/1.0/greeting-1.0.farmkit",
                         "greeting/1.0/greeting-1.0.farmkit.sigstore.jsonl", "by-digest/"};
  for (const std::string name : files) {
    Harness harness;
    const std::string id = harness.Release(harness.Make("1.0"));
    ASSERT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
    std::string path = harness.path("published/" + name);
    if (name.ends_with('/')) path = JoinPath(path, Must(ListDirectory(path)).front());
    const std::string bytes = Must(ReadFile(path, kBundleFileBytesMax));
    Must(WriteDurably(RealFileSystem(), path, bytes + "x"));
    harness.LoseDatabaseAndCopy();
    harness.Drive(1);
    EXPECT_EQ(harness.Get(id).stage, Stage::kPublishing) << name;
    EXPECT_EQ(harness.Get(id).published_directory, "") << name;
    EXPECT_TRUE(harness.Get(id).files.empty()) << name;
    EXPECT_TRUE(Contains(harness.Why(id), "does not hold all of it")) << harness.Why(id);
    Must(WriteDurably(RealFileSystem(), path, bytes));  // from a mirror
    harness.Restart();
    harness.Drive(1);
    EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << name;
    EXPECT_EQ(harness.Get(id).published_directory, "greeting/1.0") << name;
  }
}

TEST(Releases, AfterADeletedDatabaseARequestThatCameBeforeTheLogWasReadIsStoppedByIt) {
  Harness harness;
  harness.world().moods[FakeWorld::SiteId(1)] = SiteMood::kLies;
  const Submission split = harness.Make("2.0");
  const std::string id = harness.Release(split);
  harness.world().moods.clear();
  Must(harness.store().Remove(Sha256(split.manifest)));
  harness.LoseDatabaseAndCopy();
  Must(harness.farm().Submit(split));
  harness.Approve(split);
  harness.Drive();
  EXPECT_EQ(harness.Get(id).exit, ExitCode::kDissent) << harness.Why(id);
  EXPECT_EQ(harness.world().Logged("intent"), 1);
}

TEST(Releases, NoIntentBelowTheDiskFloor) {
  Harness harness;
  harness.disk = Error{ErrorCode::kUnavailable, "the disk has 5 bytes left"};
  const std::string id = harness.Release(harness.Make("1.0"));
  EXPECT_EQ(harness.Get(id).stage, Stage::kWaitingApprovals);
  EXPECT_TRUE(Contains(harness.Why(id), "5 bytes left"));
  harness.disk = Status();
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
}

TEST(Releases, SaysBeforeItBuildsThatTheSitesCannotSuffice) {
  Harness harness;
  struct Case {
    const char* name;
    std::function<void(Policy&)> demand;
    ExitCode exit;
  };
  const Case cases[] = {
      {"sites", [](Policy& policy) { policy.sites = 4; }, ExitCode::kQuorum},
      {"operators", [](Policy& policy) { policy.operators = 4; }, ExitCode::kJurisdiction},
      {"countries", [](Policy& policy) { policy.countries = 4; }, ExitCode::kJurisdiction},
      {"country", [](Policy& policy) { policy.countries_any = {"XZ"}; }, ExitCode::kJurisdiction}};
  EXPECT_TRUE(CheckSitesSuffice(harness.world().rules(), harness.world().rules().policy));
  for (const Case& one : cases) {
    Policy policy = harness.world().rules().policy;
    one.demand(policy);
    const Status status = CheckSitesSuffice(harness.world().rules(), policy);
    ASSERT_FALSE(status) << one.name;
    EXPECT_EQ(status.error().Exit(), one.exit) << one.name << ": " << status.error().message;
  }
}

TEST(Releases, SubmitRefusesWhatIsNotInOrder) {
  Harness harness;
  const Submission good = harness.Make("1.0");
  const Submission other = harness.Make("2.0");
  struct Case {
    const char* name;
    Submission submission;
    ExitCode exit;
  };
  Submission wrong_lock = good;
  wrong_lock.lock += " ";
  Submission wrong_request = good;
  wrong_request.request_line = other.request_line;
  Submission not_a_line = good;
  not_a_line.request_line = "{}";
  Submission not_canonical = good;
  not_canonical.manifest += "\n";
  Submission approval_as_request = good;
  approval_as_request.request_line = harness.world().MakeApproval(good.manifest, 0);
  const Case cases[] = {{"wrong_lock", wrong_lock, ExitCode::kInputMissing},
                        {"request_of_another_manifest", wrong_request, ExitCode::kApproval},
                        {"request_is_no_line", not_a_line, ExitCode::kUsage},
                        {"manifest_not_canonical", not_canonical, ExitCode::kUsage},
                        {"approval_as_request", approval_as_request, ExitCode::kUsage}};
  for (const Case& one : cases) {
    const auto outcome = harness.farm().Submit(one.submission);
    ASSERT_FALSE(outcome) << one.name;
    EXPECT_EQ(outcome.error().Exit(), one.exit) << one.name << ": " << outcome.error().message;
  }
  const Submission missing = harness.Make("3.0");
  Must(harness.store().Remove(Sha256("source of 3.0")));
  const auto outcome = harness.farm().Submit(missing);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().Exit(), ExitCode::kInputMissing);
  EXPECT_TRUE(Contains(outcome.error().message, "greeting.tar")) << outcome.error().message;
  EXPECT_TRUE(harness.farm().List("").empty());
}

TEST(Releases, ApproveRefusesWhatIsNotAnAuditorsWordOnThisManifest) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  const Submission other = harness.Make("2.0");
  const PrivateKey stranger = PrivateKey::Generate(KeyKind::kP256);
  FakeWorld& world = harness.world();
  const std::pair<std::string, ExitCode> cases[] = {
      {world.MakeApproval(other.manifest, 0), ExitCode::kApproval},
      {world.MakeApprovalBy(submission.manifest, world.requester_key(), "auditor-1"),
       ExitCode::kApproval},
      {world.MakeApprovalBy(submission.manifest, stranger, "auditor-1"), ExitCode::kBadSignature},
      {submission.request_line, ExitCode::kUsage},
  };
  for (const auto& [line, exit] : cases) {
    const auto outcome = harness.farm().Approve(submission.manifest, line);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().Exit(), exit) << outcome.error().message;
  }
}

TEST(Releases, TakesOfAPersonNoLineThatLogOrVerifierWouldRefuse) {
  Harness harness;
  FakeWorld& world = harness.world();
  struct Case {
    const char* name;
    Bend bend;
    ExitCode request;
    ExitCode approval;
    const char* says;
  };
  const Case cases[] = {
      {"another_payload_type", KeepTypeOfText, ExitCode::kUsage, ExitCode::kUsage,
       "dsseEnvelope.payloadType: found \"text/plain\", want \"application/vnd.in-toto+json\""},
      {"certificate", PutCertificate, ExitCode::kBadSignature, ExitCode::kApproval,
       "verificationMaterial: found certificate, want publicKey"},
      {"signature_of_something_else",
       [](Bundle& line, const PrivateKey& key) { line.envelope.signature = key.Sign("other"); },
       ExitCode::kBadSignature, ExitCode::kBadSignature, "signature"},
  };
  const Submission good = harness.Make("1.0");
  for (const Case& one : cases) {
    Submission bad = good;
    bad.request_line = Bent(good.request_line, world.requester_key(), one.bend);
    const auto submitted = harness.farm().Submit(bad);
    ASSERT_FALSE(submitted) << one.name;
    EXPECT_EQ(submitted.error().Exit(), one.request) << submitted.error().message;
    EXPECT_TRUE(Contains(submitted.error().message, one.says)) << submitted.error().message;
    const auto approved = harness.farm().Approve(
        good.manifest, Bent(world.MakeApproval(good.manifest, 0), world.auditor_key(0), one.bend));
    ASSERT_FALSE(approved) << one.name;
    EXPECT_EQ(approved.error().Exit(), one.approval) << approved.error().message;
    EXPECT_TRUE(Contains(approved.error().message, one.says)) << approved.error().message;
  }
  EXPECT_TRUE(harness.farm().List("").empty());
  const std::string id = harness.Release(good);  // nothing of it has stayed
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
}

TEST(Releases, HoweverAPersonsLineNamesItsKeyItIsReleased) {
  const std::pair<const char*, Bend> cases[] = {{"no_keyid", LeaveOutKeyId},
                                                {"keyid_in_base64", WriteKeyIdInBase64}};
  for (const bool stored_before : {false, true}) {
    for (const auto& [name, bend] : cases) {
      Harness harness;
      FakeWorld& world = harness.world();
      Submission submission = harness.Make("1.0");
      const std::string request = Bent(submission.request_line, world.requester_key(), bend);
      const std::string id = Must(AdmitManifest(submission.manifest, world.rules())).id;
      if (stored_before) {
        StoreLine(harness, id, "request", "requester-1", request);
      } else {
        submission.request_line = request;
      }
      EXPECT_EQ(Must(harness.farm().Submit(submission)).id, id) << name;
      for (int i = 0; i < 2; ++i) {
        const std::string approval =
            Bent(world.MakeApproval(submission.manifest, i), world.auditor_key(i), bend);
        if (stored_before) {
          StoreLine(harness, id, "approval", "auditor-" + std::to_string(i + 1), approval);
        } else {
          Must(harness.farm().Approve(submission.manifest, approval));
        }
      }
      harness.Drive();
      ASSERT_EQ(harness.Get(id).stage, Stage::kReleased) << name << ": " << harness.Why(id);
      EXPECT_TRUE(JudgePublished(harness, "greeting/1.0", "greet").proved()) << name;
      for (const Bundle& line : PublishedLines(harness)) {
        EXPECT_EQ(line.envelope.key_id, line.key().KeyId()) << name;
      }
    }
  }
}

TEST(Releases, AnApprovalThatTheLogNeverTakesHoldsUpNobodyElse) {
  const std::pair<const char*, Bend> cases[] = {{"refused_by_the_log", KeepTypeOfText},
                                                {"logged_but_no_auditors", PutCertificate}};
  for (const auto& [name, bend] : cases) {
    Harness harness;
    FakeWorld& world = harness.world();
    const Submission submission = harness.Make("1.0");
    const std::string id = Must(harness.farm().Submit(submission)).id;
    const std::string poison =
        Bent(world.MakeApproval(submission.manifest, 2), world.auditor_key(2), bend);
    StoreLine(harness, id, "approval", "auditor-3", poison);
    harness.Approve(submission, 1);
    harness.Drive();
    // It is no second approval ...
    EXPECT_EQ(harness.Get(id).stage, Stage::kWaitingApprovals) << name;
    EXPECT_TRUE(Contains(harness.Why(id), "1 of 2 approvals")) << name << harness.Why(id);
    EXPECT_TRUE(Contains(harness.Why(id), "the approval of auditor-3 does not count"))
        << name << harness.Why(id);
    EXPECT_EQ(world.Logged("intent"), 0) << name;
    EXPECT_EQ(world.builds(), 0) << name;
    // ... and keeps no other from being it.
    harness.Approve(submission, 2);
    harness.Drive();
    ASSERT_EQ(harness.Get(id).stage, Stage::kReleased) << name << ": " << harness.Why(id);
    EXPECT_TRUE(JudgePublished(harness, "greeting/1.0", "greet").proved()) << name;
    for (const Bundle& line : PublishedLines(harness)) {
      EXPECT_NE(line.envelope.payload, Line(poison).envelope.payload) << name;
    }
  }
}

TEST(Releases, ARefusalThatEndsIsNotTheEndOfAnApproval) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  const std::string id = Must(harness.farm().Submit(submission)).id;
  harness.Drive();
  harness.world().fault = [](const std::string& step) -> Status {
    if (step == "append") {
      return Error{ErrorCode::kUntrusted, "not a peer of this log", ExitCode::kRefused};
    }
    return {};
  };
  harness.Approve(submission);
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kWaitingApprovals);
  EXPECT_TRUE(Contains(harness.Why(id), "0 of 2 approvals")) << harness.Why(id);
  EXPECT_TRUE(Contains(harness.Why(id), "not a peer of this log")) << harness.Why(id);
  harness.world().fault = nullptr;
  harness.Drive();  // nobody touches it
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
}

TEST(Releases, WatchersSeeEveryStageAndTheLog) {
  Harness harness;
  const std::string id = harness.Release(harness.Make("1.0"));
  const auto events = Must(harness.farm().Watch(id, 0, std::chrono::milliseconds(0)));
  ASSERT_GT(events.size(), 5u);
  std::string log;
  std::vector<Stage> stages;
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_GT(events[i].number, events[i - 1].number);
    if (const auto* text = std::get_if<SiteLog>(&events[i].body)) log += text->text;
    if (const auto* view = std::get_if<ReleaseView>(&events[i].body)) stages.push_back(view->stage);
  }
  EXPECT_TRUE(Contains(log, "cc greet.c"));
  EXPECT_EQ(stages.front(), Stage::kSubmitted);
  EXPECT_EQ(stages.back(), Stage::kReleased);
  const std::uint64_t middle = events[events.size() / 2].number;
  const auto rest = Must(harness.farm().Watch(id, middle, std::chrono::milliseconds(0)));
  EXPECT_EQ(rest.size(), events.size() - events.size() / 2 - 1);
  EXPECT_TRUE(
      Must(harness.farm().Watch(id, events.back().number, std::chrono::milliseconds(1))).empty());
}

TEST(Releases, ASiteThatHangsIsNamedAndCancelDoesNotWaitForIt) {
  Harness harness(SiteThreads::kOnePerCall);
  harness.world().moods[FakeWorld::SiteId(0)] = SiteMood::kHangs;
  harness.farm().Start();
  const Submission submission = harness.Make("1.0");
  const std::string id = Must(harness.farm().Submit(submission)).id;
  harness.Approve(submission);
  std::uint64_t after = 0;
  const auto others_are_done = [&] {
    int done = 0;
    for (const SiteView& site : harness.Get(id).sites) done += site.stage == SiteStage::kSucceeded;
    return done == 2;
  };
  while (!others_are_done()) {
    for (const auto& event : Must(harness.farm().Watch(id, after, std::chrono::seconds(1)))) {
      after = event.number;
    }
  }
  EXPECT_TRUE(Contains(harness.Why(id), "xa is building"));
  EXPECT_EQ(Must(harness.farm().Cancel(id, "requester-1")).stage, Stage::kCancelled);
}

}  // namespace
}  // namespace farm
