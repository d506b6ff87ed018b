// gRPC between two parties: who is calling, errors across the wire, streams and their cancellation.
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <map>
#include <thread>

#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/client/farm_client.h"
#include "farm/client/server.h"
#include "farm/client/site_client.h"
#include "farm/crypto/hash.h"
#include "farm/store/blob_store.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

TEST(ErrorStatus, EveryErrorCrossesTheWireUnchanged) {
  const Error errors[] = {
      {ErrorCode::kInvalidInput, "bad bytes", std::nullopt},
      {ErrorCode::kMismatch, "contradicts", ExitCode::kDissent},
      {ErrorCode::kUntrusted, "quorum", ExitCode::kQuorum},
      {ErrorCode::kUntrusted, "refused", ExitCode::kRefused},
      {ErrorCode::kUnavailable, "later", std::nullopt},
      {ErrorCode::kUnavailable, "stopped", ExitCode::kCancelled},
      {ErrorCode::kLimitExceeded, "too much", std::nullopt},
      {ErrorCode::kNotFound, "none", ExitCode::kLogProof},
      {ErrorCode::kInternal, "a bug \xff", std::nullopt},
  };
  for (const Error& error : errors) {
    const grpc::Status status = ToGrpc(error);
    ASSERT_FALSE(status.ok());
    const Error back = FromGrpc(status, "site-xa at host:1");
    EXPECT_EQ(back.code, error.code) << error.message;
    EXPECT_EQ(back.Exit(), error.Exit()) << error.message;
    EXPECT_TRUE(back.message.starts_with("site-xa at host:1: ")) << back.message;
  }
  EXPECT_TRUE(ToGrpc(Status()).ok());
}

TEST(ErrorStatus, StatusesOfOthersGetTheExitCodesOfTheirKind) {
  struct Row {
    grpc::StatusCode code;
    ExitCode exit;
  };
  for (const Row& row : {Row{grpc::StatusCode::UNAVAILABLE, ExitCode::kUnavailable},
                         Row{grpc::StatusCode::DEADLINE_EXCEEDED, ExitCode::kUnavailable},
                         Row{grpc::StatusCode::UNAUTHENTICATED, ExitCode::kRefused},
                         Row{grpc::StatusCode::PERMISSION_DENIED, ExitCode::kRefused},
                         Row{grpc::StatusCode::CANCELLED, ExitCode::kCancelled},
                         Row{grpc::StatusCode::UNIMPLEMENTED, ExitCode::kInternal}}) {
    EXPECT_EQ(FromGrpc({row.code, "said"}, "peer").Exit(), row.exit) << row.code;
    EXPECT_EQ(FromGrpc({row.code, "said", "not a status"}, "peer").Exit(), row.exit) << row.code;
  }
}

TEST(ErrorStatus, WordsOfAPeerAreShownNotObeyed) {
  for (const std::string& details :
       {std::string(), ToGrpc(Error{ErrorCode::kInternal, "x", {}}).error_details()}) {
    const Error error =
        FromGrpc({grpc::StatusCode::INTERNAL, "one\ntwo \xff\x1b[2K", details}, "peer");
    EXPECT_EQ(error.message, "peer: one\ntwo \\xff\\x1b[2K");
  }
}

class FakeFarm final : public v1::Farm::Service {
 public:
  grpc::Status Get(grpc::ServerContext* context, const v1::GetReleaseRequest* request,
                   v1::ReleaseInfo* reply) override {
    auto peer = RequirePeer(*context, {"requester-1"}, "see releases");
    if (!peer) return ToGrpc(peer.error());
    reply->set_release_id(request->release_id());
    reply->set_product(*peer);
    return grpc::Status::OK;
  }
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchEvent>* writer) override {
    v1::WatchEvent event;
    for (std::uint64_t i = request->after() + 1; i <= 3; ++i) {
      event.set_number(i);
      writer->Write(event);
    }
    while (request->logs() && !context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  }
};

class FakeSite final : public v1::Site::Service {
 public:
  grpc::Status Build(grpc::ServerContext*, const v1::BuildRequest* request,
                     grpc::ServerWriter<v1::BuildEvent>* writer) override {
    v1::BuildEvent event;
    event.mutable_phase()->set_name("checking");
    writer->Write(event);
    if (request->manifest().empty()) {
      return ToGrpc(Error{ErrorCode::kUntrusted, "approval missing", ExitCode::kApproval});
    }
    return grpc::Status::OK;
  }
};

// Blobs in memory; keeps what it gets only if the digest is right.
class FakeBlobs final : public v1::Blobs::Service {
 public:
  grpc::Status Missing(grpc::ServerContext*, const v1::MissingRequest* request,
                       v1::MissingReply* reply) override {
    MutexLock lock(mutex_);
    for (const std::string& digest : request->digest()) {
      if (!blobs_.contains(digest)) reply->add_digest(digest);
    }
    return grpc::Status::OK;
  }
  grpc::Status Put(grpc::ServerContext*, grpc::ServerReader<v1::PutRequest>* reader,
                   v1::PutReply* reply) override {
    v1::PutRequest request;
    reader->Read(&request);
    const std::string digest = request.digest();
    std::string bytes;
    while (reader->Read(&request)) bytes += request.piece();
    if (Sha256(bytes).Text() != digest) {
      return ToGrpc(Error{ErrorCode::kMismatch, "other bytes", std::nullopt});
    }
    MutexLock lock(mutex_);
    reply->set_size(bytes.size());
    blobs_[digest] = std::move(bytes);
    return grpc::Status::OK;
  }
  grpc::Status Get(grpc::ServerContext*, const v1::GetBlobRequest* request,
                   grpc::ServerWriter<v1::GetBlobReply>* writer) override {
    MutexLock lock(mutex_);
    const auto found = blobs_.find(request->digest());
    if (found == blobs_.end()) return ToGrpc(Error{ErrorCode::kNotFound, "none", std::nullopt});
    v1::GetBlobReply reply;
    for (std::size_t at = 0; at < found->second.size(); at += kBlobPieceBytes) {
      reply.set_piece(found->second.substr(at, kBlobPieceBytes));
      writer->Write(reply);
    }
    return grpc::Status::OK;
  }
  void Spoil(const Digest& digest) {
    MutexLock lock(mutex_);
    blobs_[digest.Text()] = "spoilt";
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::string> blobs_ GUARDED_BY(mutex_);
};

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = StartServer({.listen = "127.0.0.1:0",
                               .tls = tls_.Files("farmd"),
                               .services = {&farm_service_, &site_service_, &blobs_service_}});
    ASSERT_TRUE(server) << server.error().message;
    server_.emplace(std::move(*server));
  }
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  Endpoint As(const std::string& party) { return {server_->listen(), "farmd", tls_.Files(party)}; }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  TlsMaker tls_{temporary_.path()};
  FakeFarm farm_service_;
  FakeSite site_service_;
  FakeBlobs blobs_service_;
  std::optional<RunningServer> server_;
};

TEST_F(ClientTest, TheServerKnowsWhoCalls) {
  auto farm = *FarmClient::Open(As("requester-1"));
  auto info = farm->Get("zlib/1/r1/abc");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->product(), "requester-1");
  auto refused = (*FarmClient::Open(As("reader-1")))->Get("zlib/1/r1/abc");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused);
  EXPECT_NE(refused.error().message.find("\"reader-1\" may not see releases"), std::string::npos)
      << refused.error().message;
}

TEST_F(ClientTest, AServerUnderAnotherNameIsNotTalkedTo) {
  Endpoint wrong = As("requester-1");
  wrong.server_name = "site-xa";
  auto info = (*FarmClient::Open(wrong))->Get("id");
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().Exit(), ExitCode::kUnavailable);
}

TEST_F(ClientTest, UnreadableTlsFilesAreNamed) {
  Endpoint endpoint = As("requester-1");
  endpoint.tls.key = Path("none.key");
  auto farm = FarmClient::Open(endpoint);
  ASSERT_FALSE(farm);
  EXPECT_NE(farm.error().message.find("none.key"), std::string::npos);
}

TEST_F(ClientTest, ATlsKeyThatOthersMayReadIsRefused) {
  const Endpoint endpoint = As("requester-1");
  ASSERT_EQ(chmod(endpoint.tls.key.c_str(), 0640), 0);
  const auto farm = FarmClient::Open(endpoint);
  ASSERT_FALSE(farm);
  EXPECT_EQ(farm.error().Exit(), ExitCode::kRefused);
  EXPECT_NE(farm.error().message.find("chmod 600 " + endpoint.tls.key), std::string::npos);
  const auto server = StartServer({.listen = "127.0.0.1:0", .tls = endpoint.tls, .services = {}});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().Exit(), ExitCode::kRefused);
}

// Calls `method` as a tool without our messages does; the reply's bytes.
std::string CallByName(const Endpoint& endpoint, const std::string& method,
                       const std::string& request) {
  grpc::GenericStub stub(*Connect(endpoint));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool good = false;
    return queue.Next(&tag, &good) && good;
  };
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  EXPECT_TRUE(done()) << method;
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  EXPECT_TRUE(done()) << method;
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  EXPECT_TRUE(done()) << method;
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  done();
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(reply.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& one : slices) {
    bytes.append(reinterpret_cast<const char*>(one.begin()), one.size());
  }
  return bytes;
}

// grpc.health.v1: HealthCheckResponse.status, field 1.
constexpr std::string_view kServing("\x08\x01");
constexpr std::string_view kNotServing("\x08\x02");

TEST_F(ClientTest, HealthIsWhatTheProgramSaysOfItself) {
  const auto ask = [&] { return CallByName(As("reader-1"), "/grpc.health.v1.Health/Check", ""); };
  EXPECT_EQ(ask(), kServing);
  std::atomic<bool> diverged = false;
  auto server = StartServer({.listen = "127.0.0.1:0",
                             .tls = tls_.Files("farmd"),
                             .services = {&farm_service_},
                             .health = [&]() -> Status {
                               if (diverged) return Error{ErrorCode::kMismatch, "log diverged"};
                               return {};
                             }});
  ASSERT_TRUE(server) << server.error().message;
  *server_ = *std::move(server);
  EXPECT_EQ(ask(), kServing);
  diverged = true;
  while (ask() != kNotServing) std::this_thread::yield();
  diverged = false;
  while (ask() != kServing) std::this_thread::yield();
}

TEST_F(ClientTest, ReflectionNamesTheServices) {
  // ServerReflectionRequest.list_services, field 7.
  const std::string names =
      CallByName(As("reader-1"), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                 std::string("\x3a\x01*"));
  for (const char* name :
       {"farm.v1.Farm", "farm.v1.Site", "farm.v1.Blobs", "grpc.health.v1.Health"}) {
    EXPECT_NE(names.find(name), std::string::npos) << name;
  }
}

TEST_F(ClientTest, TwoServersNeverShareAPort) {
  auto second =
      StartServer({.listen = server_->listen(), .tls = tls_.Files("farmd"), .services = {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().Exit(), ExitCode::kUnavailable);
}

TEST_F(ClientTest, WatchHandsOverEventsUntilEitherSideEnds) {
  auto farm = *FarmClient::Open(As("requester-1"));
  v1::WatchRequest request;
  std::vector<std::uint64_t> numbers;
  const auto collect = [&](const v1::WatchEvent& event) {
    numbers.push_back(event.number());
    return true;
  };
  ASSERT_TRUE(farm->Watch(request, collect, {}));
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 3}));
  request.set_after(2);
  request.set_logs(true);  // goes on for ever
  EXPECT_TRUE(farm->Watch(request, [](const v1::WatchEvent&) { return false; }, {}));
  std::atomic<bool> stop{false};
  const Status cancelled = farm->Watch(
      request,
      [&](const v1::WatchEvent&) {
        stop = true;
        return true;
      },
      [&] { return stop.load(); });
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().Exit(), ExitCode::kCancelled);
}

TEST_F(ClientTest, ABuildWithoutARecordIsAnError) {
  auto site = *SiteClient::Open(As("requester-1"));
  v1::BuildRequest request;
  int phases = 0;
  auto refused = site->Build(request, [&](const v1::BuildEvent&) { ++phases; }, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kApproval);
  EXPECT_EQ(phases, 1);
  request.set_manifest("x");
  auto nothing = site->Build(request, {}, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(nothing.error().message.find("without a record"), std::string::npos);
}

TEST_F(ClientTest, BlobsTravelBothWaysWithTheirDigestChecked) {
  auto here = *BlobStore::Open(RealFileSystem(), Path("here"));
  auto there = *BlobStore::Open(RealFileSystem(), Path("there"));
  const Digest small = here->PutBytes("small")->digest;
  const Digest large = here->PutBytes(std::string(3 * kBlobPieceBytes + 17, 'x'))->digest;
  const Digest empty = here->PutBytes("")->digest;
  auto farm = *FarmClient::Open(As("requester-1"));
  BlobClient& blobs = farm->blobs();
  EXPECT_EQ(blobs.Missing({small, large, empty})->size(), 3u);
  const Status put = blobs.PutMissing({small, large, empty}, *here, {});
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_TRUE(blobs.Missing({small, large, empty})->empty());
  for (const Digest& digest : {small, large, empty}) {
    const Status got = blobs.Get(digest, *there, {});
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(there->Has(digest));
  }
  const Digest unknown = Sha256("unknown");
  EXPECT_EQ(blobs.Get(unknown, *there, {}).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(blobs.Put(unknown, *here, {}));
  ASSERT_TRUE(there->Remove(small));
  blobs_service_.Spoil(small);
  EXPECT_EQ(blobs.Get(small, *there, {}).error().Exit(), ExitCode::kInputMissing);
  EXPECT_FALSE(there->Has(small));
}

}  // namespace
}  // namespace farm
