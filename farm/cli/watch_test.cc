// `farm watch` and `farm release --wait` at a farmd over its real door; and that nothing is signed
// there by a clock that is wrong.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/client/server.h"
#include "farm/crypto/certificate.h"
#include "farm/proto/farm.grpc.pb.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

// A farmd whose releases are as their id says; one with the id "interrupted" has its watchers
// press ^C.  What is submitted becomes "interrupted".
class FakeFarm final : public v1::Farm::Service {
 public:
  grpc::Status Submit(grpc::ServerContext*, const v1::SubmitRequest*,
                      v1::SubmitReply* reply) override {
    ++submitted;
    reply->set_release_id("interrupted");
    return grpc::Status::OK;
  }
  grpc::Status Head(grpc::ServerContext*, const v1::HeadRequest*, v1::HeadReply* reply) override {
    reply->set_checkpoint(head);
    return grpc::Status::OK;
  }
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchEvent>* writer) override {
    v1::WatchEvent event;
    event.set_number(1);
    event.mutable_info()->set_release_id(request->release_id());
    event.mutable_info()->set_stage(request->release_id() == "refused" ? v1::REFUSED
                                                                       : v1::BUILDING);
    if (request->release_id() == "unknown") return {grpc::StatusCode::NOT_FOUND, "no such release"};
    v1::WatchEvent printed;
    printed.mutable_log()->set_text("compiling\n\x1b]0;title\x07");
    writer->Write(printed);
    writer->Write(event);
    if (request->release_id() == "interrupted") std::raise(SIGINT);
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  }

  std::string head;  // of its log
  std::atomic<int> submitted = 0;
};

// Has every input already.
class FakeBlobs final : public v1::Blobs::Service {
 public:
  grpc::Status Missing(grpc::ServerContext*, const v1::MissingRequest*,
                       v1::MissingReply*) override {
    return grpc::Status::OK;
  }
};

class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    const UnixSeconds now = SystemClock().Now();
    const PrivateKey authority_key = PrivateKey::Generate(KeyKind::kP256);
    const Certificate authority = IssueAuthority(authority_key, "dev", "dev tls", now, 3600);
    const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
    Write("authority.pem", authority.Pem());
    Write("key.pem", key.Pem());
    Write("tls.pem", IssueTlsLeaf(authority_key, authority,
                                  {.key = key.public_key(),
                                   .common_name = "farmd",
                                   .dns_names = {"farmd"},
                                   .ip_addresses = {},
                                   .not_before = now - 60})
                         .Pem());
    auto server = StartServer({.listen = "127.0.0.1:0",
                               .tls = {Path("tls.pem"), Path("key.pem"), Path("authority.pem")},
                               .services = {&farm_, &blobs_}});
    EXPECT_TRUE(server) << server.error().message;
    server_.emplace(*std::move(server));
    Write("config.json",
          R"({"format": "farm-config/1", "id": "requester-1", "key": "key.pem", "root": "root.json",
              "policy": "policy.json", "store": "store",
              "tls": {"certificate": "tls.pem", "key": "key.pem", "authority": "authority.pem"},
              "farm": {"serverName": "farmd", "address": ")" +
              server_->listen() + R"("}})");
  }
  std::string Path(const std::string& name) { return JoinPath(directory_.path(), name); }
  void Write(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
    EXPECT_EQ(chmod(Path(name).c_str(), 0600), 0);
  }
  // Exit code of `farm watch`; what it said on standard error is in `said_`.
  int Watch(const std::string& release_id, bool logs = false) {
    QueryArguments arguments;
    arguments.logs = logs;
    arguments.config = Path("config.json");
    arguments.release_id = release_id;
    testing::internal::CaptureStderr();
    const int exit = RunWatchCommand(arguments, Output());
    said_ = testing::internal::GetCapturedStderr();
    return exit;
  }
  // The same of `farm release --wait` with the greeting's manifest, and of `farm audit approve`.
  int Release() {
    ReleaseArguments arguments;
    arguments.manifest = kManifest;
    arguments.config = Path("config.json");
    arguments.wait = true;
    testing::internal::CaptureStderr();
    const int exit = RunReleaseCommand(arguments, Output());
    said_ = testing::internal::GetCapturedStderr();
    return exit;
  }
  int Approve() {
    AuditArguments arguments;
    arguments.manifest = kManifest;
    arguments.config = Path("config.json");
    arguments.auditor = "auditor-0";
    testing::internal::CaptureStderr();
    const int exit = RunAuditApproveCommand(arguments, Output());
    said_ = testing::internal::GetCapturedStderr();
    return exit;
  }
  bool Said(const std::string& words) const { return said_.find(words) != std::string::npos; }

  const ManifestArguments kManifest{"manifests/products/greeting/manifest.textproto",
                                    "manifests/toolchains/cc.lock.textproto"};
  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  FakeFarm farm_;
  FakeBlobs blobs_;
  std::optional<RunningServer> server_;
  std::string said_;
};

constexpr char kAttachAgain[] =
    "detached; the release goes on. Attach again with: farm watch interrupted\n";

TEST_F(WatchTest, AnEndWithoutAReasonIsExit70) {
  EXPECT_EQ(Watch("refused"), static_cast<int>(ExitCode::kInternal)) << said_;
}

TEST_F(WatchTest, WhatABuildPrintsIsShownIfAskedForAndSteersNoTerminal) {
  Watch("refused");
  EXPECT_FALSE(Said("compiling")) << said_;
  Watch("refused", true);
  EXPECT_TRUE(Said("compiling\n\\x1b]0;title\\x07\n")) << said_;
}

TEST_F(WatchTest, InterruptedEndsWith26AndSaysHowToAttachAgain) {
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(Watch("interrupted"), static_cast<int>(ExitCode::kCancelled));
    EXPECT_TRUE(Said(kAttachAgain)) << said_;
    EXPECT_TRUE(Said("farm watch interrupted: interrupted\n")) << said_;
  }
  EXPECT_EQ(Watch("refused"), static_cast<int>(ExitCode::kInternal)) << "^C was then, not now";
}

TEST_F(WatchTest, AFailureNamesTheCommandThatWasGiven) {
  EXPECT_EQ(Watch("unknown"), static_cast<int>(ExitCode::kInputMissing));
  EXPECT_TRUE(Said("farm watch unknown: ")) << said_;
  EXPECT_FALSE(Said("farm release")) << said_;
}

TEST_F(WatchTest, AnInterruptedReleaseSaysHowToAttachAgainToo) {
  EXPECT_EQ(Release(), static_cast<int>(ExitCode::kCancelled)) << said_;
  EXPECT_TRUE(Said("submitted: interrupted\n")) << said_;
  EXPECT_TRUE(Said(kAttachAgain)) << said_;
  EXPECT_TRUE(Said("farm release interrupted: interrupted\n")) << said_;
  EXPECT_EQ(farm_.submitted, 1);
}

TEST_F(WatchTest, NobodySignsByAClockBehindTheWitnessesOfTheLog) {
  const EvidenceMaker maker{EvidenceOptions{.start = SystemClock().Now() - 3600}};
  Write("root.json", maker.RootBytes());
  Write("policy.json", WritePolicy(maker.policy()));
  const auto head_in = [&](std::int64_t seconds) {
    LineDraft draft;
    draft.witnesses = {0, 1};
    draft.witnessed = SystemClock().Now() + seconds;
    return maker.CheckpointNote(maker.Head().size, draft);
  };
  farm_.head = head_in(3600);
  EXPECT_EQ(Release(), static_cast<int>(ExitCode::kUnavailable)) << said_;
  EXPECT_TRUE(Said("the witnesses of the farm's log already said ")) << said_;
  EXPECT_EQ(farm_.submitted, 0);
  EXPECT_EQ(Approve(), static_cast<int>(ExitCode::kUnavailable)) << said_;
  EXPECT_TRUE(Said("set the clock")) << said_;
  // By a clock that is right both go on, the auditor to inputs that are not there.
  farm_.head = head_in(0);
  EXPECT_EQ(Release(), static_cast<int>(ExitCode::kCancelled)) << said_;
  EXPECT_EQ(farm_.submitted, 1);
  EXPECT_EQ(Approve(), static_cast<int>(ExitCode::kInputMissing)) << said_;
  EXPECT_TRUE(Said("greeting.tar")) << said_;
  EXPECT_FALSE(Said("warning")) << said_;
}

}  // namespace
}  // namespace farm
