// farmd's door over a farm in memory: mutual TLS, roles, calls and streams as a client sees them.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "farm/client/blob_service.h"
#include "farm/client/farm_client.h"
#include "farm/client/server.h"
#include "farm/crypto/hash.h"
#include "farm/release/site_calls.h"
#include "farm/service/authority.h"
#include "farm/service/config.h"
#include "farm/service/farm_door.h"
#include "farm/service/messages.h"
#include "farm/service/parties.h"
#include "farm/sign/doctor.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/release_harness.h"
#include "tests/support/served_log.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

class Door : public testing::Test {
 protected:
  void SetUp() override {
    farm_door_ = std::make_unique<FarmDoor>(harness_.farm(), harness_.store(), authority_,
                                            [this] { return head_; });
    blob_service_ = std::make_unique<BlobService>(
        harness_.store(), AdmitByRole(authority_, [this] { return harness_.disk; }));
    server_.emplace(Must(StartServer(
        {"127.0.0.1:0", tls_.Files("farmd"), {farm_door_.get(), blob_service_.get()}})));
    harness_.farm().Start();
  }
  void TearDown() override {
    farm_door_->Stop();
    server_->Stop();
  }

  std::unique_ptr<FarmClient> Client(const std::string& name) {
    return Must(FarmClient::Open({server_->listen(), "farmd", tls_.Files(name)}));
  }
  static v1::SubmitRequest SubmitRequestOf(const Submission& submission) {
    v1::SubmitRequest request;
    request.set_manifest(submission.manifest);
    request.set_lock(submission.lock);
    request.set_request_line(submission.request_line);
    return request;
  }
  v1::ApproveRequest ApproveRequestOf(const Submission& submission, int auditor) {
    v1::ApproveRequest request;
    request.set_manifest(submission.manifest);
    request.set_approval_line(harness_.world().MakeApproval(submission.manifest, auditor));
    return request;
  }

  Harness harness_{SiteThreads::kOnePerCall};
  TemporaryDirectory directory_ = Must(TemporaryDirectory::Make(""));
  TlsMaker tls_{directory_.path()};
  Result<std::string> head_ = "a checkpoint";
  const Authority authority_{{{"requester-1", {Role::kSubmit, Role::kRead}},
                              {"requester-2", {Role::kSubmit, Role::kRead}},
                              {"auditor-1", {Role::kApprove, Role::kRead}},
                              {"reader-1", {Role::kRead}}}};
  std::unique_ptr<FarmDoor> farm_door_;
  std::unique_ptr<BlobService> blob_service_;
  std::optional<RunningServer> server_;
};

TEST_F(Door, AReleaseFromSubmissionToItsEndAsAClientSeesIt) {
  const auto requester = Client("requester-1");
  const auto auditor = Client("auditor-1");
  const auto reader = Client("reader-1");
  const Submission submission = harness_.Make("1.0");
  const std::string id = Must(requester->Submit(SubmitRequestOf(submission))).release_id();
  EXPECT_EQ(Must(auditor->Approve(ApproveRequestOf(submission, 0))).approvals(), 1);
  EXPECT_EQ(Must(auditor->Approve(ApproveRequestOf(submission, 1))).approvals(), 2);

  v1::WatchRequest watch;
  watch.set_release_id(id);
  watch.set_logs(true);
  std::string log;
  v1::ReleaseInfo last;
  std::uint64_t number = 0;
  Must(reader->Watch(watch,
                     [&](const v1::WatchEvent& event) {
                       EXPECT_GE(event.number(), number);
                       number = event.number();
                       if (event.has_log()) log += event.log().text();
                       if (event.has_info()) last = event.info();
                       return true;
                     },
                     {}));
  EXPECT_EQ(last.stage(), v1::RELEASED);
  EXPECT_EQ(last.exit_code(), 0);
  EXPECT_EQ(last.file_size(), 2);
  EXPECT_NE(log.find("cc greet.c"), std::string::npos);

  EXPECT_EQ(Must(reader->Get(id)).stage(), v1::RELEASED);
  EXPECT_EQ(Must(reader->List("greeting")).release_size(), 1);
  EXPECT_EQ(Must(reader->List("other")).release_size(), 0);
  EXPECT_GE(Must(reader->Why(id)).reason_size(), 1);
  EXPECT_TRUE(Must(requester->Submit(SubmitRequestOf(submission))).already_there());

  // Who comes back with the last number after the end is told the end, and let go.
  watch.set_after(number);
  int events = 0;
  Must(reader->Watch(watch,
                     [&](const v1::WatchEvent& event) {
                       ++events;
                       EXPECT_EQ(event.info().stage(), v1::RELEASED);
                       return true;
                     },
                     {}));
  EXPECT_EQ(events, 1);
}

TEST_F(Door, ARivalCancelsNothing) {
  const auto requester = Client("requester-1");
  const Submission submission = harness_.Make("1.0");
  const std::string id = Must(requester->Submit(SubmitRequestOf(submission))).release_id();
  const auto rival = Client("requester-2")->Cancel(id);
  ASSERT_FALSE(rival);
  EXPECT_EQ(rival.error().Exit(), ExitCode::kRefused) << rival.error().message;
  EXPECT_EQ(Must(requester->Cancel(id)).stage(), v1::CANCELLED);
}

TEST_F(Door, EachCallWantsItsRole) {
  const Submission submission = harness_.Make("1.0");
  const auto expect_refused = [](const auto& result, const char* what) {
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error().Exit(), ExitCode::kRefused) << what << result.error().message;
    EXPECT_NE(result.error().message.find("may not"), std::string::npos) << result.error().message;
  };
  const auto reader = Client("reader-1");
  const auto stranger = Client("stranger");
  const auto auditor = Client("auditor-1");
  expect_refused(reader->Submit(SubmitRequestOf(submission)), "reader submits");
  expect_refused(auditor->Submit(SubmitRequestOf(submission)), "auditor submits");
  expect_refused(reader->Approve(ApproveRequestOf(submission, 0)), "reader approves");
  expect_refused(Client("requester-1")->Approve(ApproveRequestOf(submission, 0)),
                 "requester approves");
  expect_refused(reader->Cancel("x"), "reader cancels");
  expect_refused(reader->Enter("x", ""), "reader enters a statement");
  expect_refused(stranger->Enter("x", ""), "stranger enters a statement");
  expect_refused(stranger->Head(), "stranger asks for the log");
  expect_refused(stranger->Get("x"), "stranger gets");
  expect_refused(stranger->List(""), "stranger lists");
  expect_refused(stranger->Why("x"), "stranger asks why");
  expect_refused(stranger->Plan({}), "stranger plans");
  expect_refused(stranger->Watch({}, [](const v1::WatchEvent&) { return true; }, {}),
                 "stranger watches");
  expect_refused(stranger->blobs().Missing({Sha256("x")}), "stranger asks for blobs");
  expect_refused(stranger->blobs().Get(Sha256("x"), harness_.store(), {}), "stranger gets a blob");
  expect_refused(
      reader->blobs().Put(Must(harness_.store().PutBytes("x")).digest, harness_.store(), {}),
      "reader puts a blob");
  EXPECT_TRUE(harness_.farm().List("").empty());
}

TEST_F(Door, ShowsTheNewestHeadToWhoeverSigns) {
  for (const char* name : {"requester-1", "auditor-1", "reader-1"}) {
    EXPECT_EQ(Must(Client(name)->Head()), "a checkpoint") << name;
  }
  head_ = Error{ErrorCode::kUntrusted, "too few witnesses", ExitCode::kWitnesses};
  const auto refused = Client("auditor-1")->Head();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kWitnesses);
}

TEST_F(Door, ErrorsKeepTheirExitCodes) {
  const auto requester = Client("requester-1");
  const auto unknown = requester->Get("nothing/1/r1/000000000000");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().Exit(), ExitCode::kInputMissing);
  v1::SubmitRequest malformed;
  malformed.set_manifest("{}");
  EXPECT_EQ(requester->Submit(malformed).error().Exit(), ExitCode::kUsage);
  Submission submission = harness_.Make("1.0");
  Must(harness_.store().Remove(Sha256("source of 1.0")));
  const auto missing = requester->Submit(SubmitRequestOf(submission));
  EXPECT_EQ(missing.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(missing.error().message.find("greeting.tar"), std::string::npos);
}

TEST_F(Door, PlanSaysWhatIsMissingAndWhoDecidesAndChangesNothing) {
  const Submission submission = harness_.Make("1.0");
  v1::PlanRequest request;
  request.set_manifest(submission.manifest);
  const auto reader = Client("reader-1");
  const v1::PlanReply without_lock = Must(reader->Plan(request));
  EXPECT_EQ(without_lock.missing_blob_size(), 1);
  Must(harness_.store().PutBytes(submission.lock));
  EXPECT_EQ(Must(reader->Plan(request)).missing_blob_size(), 0);
  Must(harness_.store().Remove(Sha256("a package")));
  const v1::PlanReply plan = Must(reader->Plan(request));
  ASSERT_EQ(plan.missing_blob_size(), 1);
  EXPECT_EQ(plan.missing_blob(0), Sha256("a package").Text());
  EXPECT_EQ(plan.approvals(), 0);
  EXPECT_EQ(plan.approvals_needed(), 2);
  EXPECT_GE(plan.rule_size(), 4);
  EXPECT_NE(plan.plan().find("farm-plan/1"), std::string::npos);
  EXPECT_TRUE(harness_.farm().List("").empty());
}

TEST_F(Door, BlobsGoInAndOutAndNothingGoesInBelowTheDiskFloor) {
  const auto requester = Client("requester-1");
  const std::string large(3 << 20, 'x');
  const auto other = Must(BlobStore::Open(RealFileSystem(), JoinPath(directory_.path(), "other")));
  const Digest digest = Must(other->PutBytes(large)).digest;
  EXPECT_EQ(Must(requester->blobs().Missing({digest})).size(), 1u);
  Must(requester->blobs().Put(digest, *other, {}));
  EXPECT_TRUE(Must(requester->blobs().Missing({digest})).empty());
  Must(other->Remove(digest));
  Must(requester->blobs().Get(digest, *other, {}));
  EXPECT_EQ(Must(other->GetBytes(digest, large.size())), large);
  harness_.disk = Error{ErrorCode::kUnavailable, "the disk is full"};
  const Digest small = Must(other->PutBytes("small")).digest;
  const Status refused = requester->blobs().Put(small, *other, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kUnavailable);
}

TEST(Messages, AListComesInPages) {
  std::vector<ReleaseView> views(5);
  for (std::size_t i = 0; i < views.size(); ++i) views[i].id = "r" + std::to_string(i);
  const v1::ListReply first = PageOf(views, "", 3);
  ASSERT_EQ(first.release_size(), 3);
  EXPECT_TRUE(first.more());
  const v1::ListReply rest = PageOf(views, first.release(2).release_id(), 3);
  ASSERT_EQ(rest.release_size(), 2);
  EXPECT_EQ(rest.release(0).release_id(), "r3");
  EXPECT_FALSE(rest.more());
  EXPECT_FALSE(PageOf(views, "", 5).more());
  EXPECT_EQ(PageOf(views, "r4", 5).release_size(), 0);
  EXPECT_EQ(PageOf(views, "unknown", 5).release_size(), 0);
}

// A site that says who it is so many times, and is silent ever after.
class SilentSite final : public v1::Site::Service {
 public:
  explicit SilentSite(int answers) : answers_(answers) {}
  grpc::Status Describe(grpc::ServerContext* context, const v1::DescribeSiteRequest*,
                        v1::DescribeSiteReply*) override {
    if (answers_-- > 0) return grpc::Status::OK;
    return Hang(*context);
  }
  grpc::Status Build(grpc::ServerContext* context, const v1::BuildRequest*,
                     grpc::ServerWriter<v1::BuildEvent>*) override {
    return Hang(*context);
  }
  int answers() const { return answers_; }

 private:
  static grpc::Status Hang(grpc::ServerContext& context) {
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }
  std::atomic<int> answers_;
};

TEST_F(Door, ASiteThatAcceptsCallsAndStaysSilentIsUnreachable) {
  const std::string id = FakeWorld::SiteId(0);
  constexpr SitePatience kShort{std::chrono::milliseconds(100), std::chrono::seconds(2)};
  BuildOrder order;
  order.blobs = {Must(harness_.store().PutBytes("an input")).digest};
  struct Case {
    const char* name;
    int answers;  // of Describe
    const char* detail;
  };
  for (const Case& one : {Case{"from_the_first_call", 0, "no answer in time"},
                          Case{"after_it_began_to_build", 2, "it hangs"}}) {
    SilentSite service(one.answers);
    BlobService blobs(harness_.store(), AdmitByRole(authority_, [] { return Status(); }));
    RunningServer site =
        Must(StartServer({"127.0.0.1:0", tls_.Files("site-xa"), {&service, &blobs}}));
    FarmConfig config;
    config.sites = {{id, {site.listen(), "site-xa", tls_.Files("requester-1")}}};
    const auto sites = Must(RemoteSites::Open(config, harness_.store(), kShort));
    SteadySeconds steady;
    SiteCalls calls(*sites, steady, SiteThreads::kNone,
                    {[](const std::string&) {}, [](const std::string&) {},
                     [](const std::string&, const std::string&, std::string_view) {}});
    const SiteCallId call{"r", 1, id};
    calls.Ensure(call, order);
    const SiteView view = calls.View(call);
    EXPECT_EQ(view.stage, SiteStage::kUnreachable) << one.name;
    EXPECT_EQ(view.exit, ExitCode::kUnavailable) << one.name;
    EXPECT_EQ(view.id, id) << one.name;
    EXPECT_NE(view.detail.find(one.detail), std::string::npos) << one.name << ": " << view.detail;
    EXPECT_LT(service.answers(), 0) << one.name;
  }
}

TEST_F(Door, StopEndsWatchersThatCanComeBack) {
  const Submission submission = harness_.Make("1.0");
  const std::string id = Must(harness_.farm().Submit(submission)).id;
  const auto reader = Client("reader-1");
  v1::WatchRequest watch;
  watch.set_release_id(id);
  const Status ended = reader->Watch(watch,
                                     [&](const v1::WatchEvent&) {
                                       farm_door_->Stop();
                                       return true;
                                     },
                                     {});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kUnavailable);
}

Json GoodConfig() {
  const Json tls = {{"certificate", "tls.pem"}, {"key", "tls.key.pem"}, {"authority", "ca.pem"}};
  return {
      {"format", "farm-config/1"},
      {"listen", "127.0.0.1:0"},
      {"tls", tls},
      {"root", "root.json"},
      {"policy", "policy.json"},
      {"store", "store"},
      {"database", "state"},
      {"published", "/srv/published"},
      {"coordinator",
       {{"id", "https://farm.example/parties/farmd"},
        {"key", "key.pem"},
        {"authority",
         {{"certificate", "a.pem"}, {"key", "a.key.pem"}, {"transparencyKey", "t.pem"}}}}},
      {"log", {{"address", "127.0.0.1:1"}, {"serverName", "log"}, {"url", "http://127.0.0.1:2"}}},
      {"timestamp", {{"url", "http://127.0.0.1:3"}}},
      {"signer", {{"address", "127.0.0.1:4"}, {"serverName", "signer"}}},
      {"sites", Json::array({{{"id", "https://farm.example/sites/xa"},
                              {"address", "127.0.0.1:5"},
                              {"serverName", "site-xa"}}})},
      {"roles", {{"requester-1", {"submit", "read"}}}}};
}

// As far as a notary reads it; its files lie in `directory`.
FarmConfig NotaryConfig(const EvidenceMaker& maker, const std::string& directory,
                        const std::string& log_url) {
  const auto write = [&](const std::string& name, const std::string& bytes) {
    const std::string path = JoinPath(directory, name);
    Must(WriteDurably(RealFileSystem(), path, bytes));
    EXPECT_EQ(chmod(path.c_str(), 0600), 0);
    return path;
  };
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  FarmConfig config;
  config.root = write("root.json", maker.RootBytes());
  config.tls.certificate =
      write("own.pem",
            IssueAuthority(key, "", "tls", maker.options().start - 60, 90 * kDaySeconds).Pem());
  config.coordinator_id = "https://farm.example/coordinator";
  config.coordinator_key = write("key.pem", key.Pem());
  config.coordinator_authority = {
      write("ca.pem", maker.root().operators[0].authorities[0].chain[0].Pem()),
      write("ca.key.pem", maker.Key("ca-operator-0").Pem()),
      write("transparency.pem", maker.Key("transparency").Pem())};
  config.log = {"127.0.0.1:1", "log", TlsMaker(directory).Files("farmd")};
  config.log_url = log_url;
  config.timestamp_url = "http://127.0.0.1:1";
  return config;
}

TEST(RemoteNotary, ReadsALogOfAnyLength) {
  EvidenceMaker maker;
  const FixedClock clock(maker.options().start);
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  ServedLog log(maker.Log(), maker.Key("log"));
  std::vector<std::string> leaves;  // of no form that a farm knows, but the last
  for (std::uint64_t i = 0; i < 2 * kReadEntriesMax + 10; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
  }
  const Request request{Sha256("manifest"), "hello", "1.0", "requester", clock.Now()};
  const Bundle line = maker.MakeLine(maker.Draft(request, "requester", clock.Now()));
  leaves.push_back(CanonicalizedBody(line.envelope, line.certificate, line.key()));
  log.Serve(leaves);
  log.Put("/payload/" + line.PaeDigest().Hex(), line.envelope.PaeBytes());
  Policy policy = maker.policy();
  policy.witnesses = 0;
  const auto notary = Must(RemoteNotary::Open(NotaryConfig(maker, directory.path(), log.url()),
                                              maker.root(), policy, clock));
  int calls = 0;
  std::vector<LoggedLeaf> read;
  for (bool more = true; more; ++calls) {
    NewLeaves portion = Must(notary->ReadNew());
    more = portion.more;
    for (LoggedLeaf& leaf : portion.leaves) read.push_back(std::move(leaf));
  }
  EXPECT_EQ(calls, 3);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read.front().index, leaves.size() - 1);
  EXPECT_EQ(Must(read.front().pae()), line.envelope.PaeBytes());
  const NewLeaves rest = Must(notary->ReadNew());
  EXPECT_TRUE(rest.leaves.empty());
  EXPECT_FALSE(rest.more);
}

TEST(RemoteNotary, DoesNotBeginBehindTheWitnessesOfItsLog) {
  EvidenceMaker maker;
  const FixedClock clock(maker.options().start);
  const UnixSeconds now = clock.Now();
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  std::atomic<UnixSeconds> witnessed = 0;
  const auto log = Must(StartHttpServer(
      "127.0.0.1:0",
      [&](const HttpRequest&) -> HttpReply {
        LineDraft draft;
        draft.witnesses = {0, 1};
        draft.witnessed = witnessed;
        return {200, "", maker.CheckpointNote(maker.Head().size, draft), false};
      },
      1000));
  const FarmConfig config = NotaryConfig(maker, directory.path(), "http://" + log->listen());
  const auto notary = Must(RemoteNotary::Open(config, maker.root(), maker.policy(), clock));
  const auto at = [&](UnixSeconds time) {
    witnessed = time;
    return notary->Examine(config, clock);
  };
  EXPECT_TRUE(at(now - kDaySeconds));
  const LogTrust trust = Must(LogTrustOf(maker.root(), maker.Log(), 2));
  EXPECT_EQ(Must(CheckHead(Must(notary->NewestHead()), trust)).witnessed_at, now - kDaySeconds);
  EXPECT_TRUE(at(now + kClockSkewSecondsMax));
  const Status behind = at(now + kClockSkewSecondsMax + 1);
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().Exit(), ExitCode::kUnavailable) << behind.error().message;
  for (const std::string& words :
       {config.log_url, FormatTime(now), FormatTime(now + kClockSkewSecondsMax + 1)}) {
    EXPECT_NE(behind.error().message.find(words), std::string::npos) << behind.error().message;
  }
}

TEST(FarmConfig, ReadsWhatItSaysAndRefusesTheRest) {
  ConfigFile file;
  file.json = GoodConfig();
  file.directory = "/etc/farm";
  file.path = "/etc/farm/farmd.json";
  const FarmConfig config = Must(ParseFarmConfig(file));
  EXPECT_EQ(config.store, "/etc/farm/store");
  EXPECT_EQ(config.published, "/srv/published");
  EXPECT_EQ(config.sites.at(0).endpoint.server_name, "site-xa");
  EXPECT_EQ(config.disk_floor_bytes, kDiskFloorBytes);
  EXPECT_EQ(config.roles.at("requester-1"), (std::set<Role>{Role::kSubmit, Role::kRead}));
  EXPECT_EQ(config.coordinator_key, "/etc/farm/key.pem");
  file.json["coordinator"]["key"] = "pkcs11:token=a;object=b";
  EXPECT_EQ(Must(ParseFarmConfig(file)).coordinator_key, "pkcs11:token=a;object=b");
  file.json["log"]["closed"][0] = {{"origin", "old.example"}, {"mirror", "mirrors/old"}};
  EXPECT_EQ(Must(ParseFarmConfig(file)).closed_logs.at(0).mirror, "/etc/farm/mirrors/old");

  const std::pair<const char*, std::function<void(Json&)>> cases[] = {
      {"colour", [](Json& json) { json["colour"] = 1; }},
      {"listen", [](Json& json) { json.erase("listen"); }},
      {"format", [](Json& json) { json["format"] = "farm-config/2"; }},
      {"roles.requester-1", [](Json& json) { json["roles"]["requester-1"] = {"write"}; }},
      {"coordinator.authority", [](Json& json) { json["coordinator"].erase("authority"); }},
      {"sites[1]", [](Json& json) { json["sites"].push_back(json["sites"][0]); }},
      {"log", [](Json& json) { json["log"]["port"] = 5; }},
      {"log.closed[0].mirror",
       [](Json& json) { json["log"]["closed"][0]["origin"] = "old.example"; }},
      {"diskFloorBytes", [](Json& json) { json["diskFloorBytes"] = -1; }},
  };
  for (const auto& [field, change] : cases) {
    file.json = GoodConfig();
    change(file.json);
    const auto parsed = ParseFarmConfig(file);
    ASSERT_FALSE(parsed) << field;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidInput) << field;
    EXPECT_NE(parsed.error().message.find(field), std::string::npos) << parsed.error().message;
  }
}

TEST(Messages, EveryStageHasItsName) {
  std::set<v1::Stage> stages;
  for (int stage = 0; stage <= static_cast<int>(Stage::kRefused); ++stage) {
    ReleaseView view;
    view.stage = static_cast<Stage>(stage);
    stages.insert(InfoOf(view).stage());
  }
  EXPECT_EQ(stages.size(), static_cast<std::size_t>(Stage::kRefused) + 1);
}

}  // namespace
}  // namespace farm
