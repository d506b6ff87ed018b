// What an auditor compares with, asked of a farmd over its real door.
#include "farm/cli/approved_manifest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/client/server.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

std::string ManifestOf(int revision) {
  Manifest manifest;
  manifest.product = "greeting";
  manifest.version = "1.0";
  manifest.revision = revision;
  manifest.source_date_epoch = 1735689600;
  ManifestSource source;
  source.name = "greeting";
  source.tree = std::string(64, 'a');
  source.files = {{"greeting.tar", Sha256("tar"), 3}};
  source.origin = DirectoryOrigin{"source"};
  manifest.sources = {source};
  manifest.toolchain = "cc";
  manifest.lock = Sha256("lock");
  Step step;
  step.name = "build";
  step.inputs = {{"greeting", "greeting", "", ""}};
  step.argv = {"cc"};
  step.outputs = {"greet"};
  manifest.steps = {step};
  manifest.artifacts = {{"greet", "build", "greet"}};
  return CanonicalManifest(manifest);
}

// A farmd that knows releases, their manifests, and how many auditors have approved each.
class FakeFarm final : public v1::Farm::Service {
 public:
  void Add(int revision, v1::Stage stage, int approvals, const std::string& created) {
    const std::string manifest = ManifestOf(revision);
    v1::ReleaseInfo info;
    info.set_release_id("greeting/1.0/r" + std::to_string(revision));
    info.set_product("greeting");
    info.set_manifest_digest(Sha256(manifest).Text());
    info.set_stage(stage);
    info.set_created(created);
    releases_.push_back(info);
    manifests_[Sha256(manifest).Text()] = manifest;
    approvals_[manifest] = approvals;
  }
  grpc::Status List(grpc::ServerContext*, const v1::ListRequest* request,
                    v1::ListReply* reply) override {
    EXPECT_EQ(request->product(), "greeting");
    for (const v1::ReleaseInfo& info : releases_) *reply->add_release() = info;
    return grpc::Status::OK;
  }
  grpc::Status Plan(grpc::ServerContext*, const v1::PlanRequest* request,
                    v1::PlanReply* reply) override {
    const int approvals = approvals_.at(request->manifest());
    if (approvals < 0) return {grpc::StatusCode::INVALID_ARGUMENT, "not admitted any more"};
    reply->set_approvals(approvals);
    reply->set_approvals_needed(2);
    return grpc::Status::OK;
  }
  const std::string& manifest(const std::string& digest) const { return manifests_.at(digest); }

 private:
  std::vector<v1::ReleaseInfo> releases_;
  std::map<std::string, std::string> manifests_;
  std::map<std::string, int> approvals_;
};

class FakeBlobs final : public v1::Blobs::Service {
 public:
  explicit FakeBlobs(const FakeFarm& farm) : farm_(farm) {}
  grpc::Status Get(grpc::ServerContext*, const v1::GetBlobRequest* request,
                   grpc::ServerWriter<v1::GetBlobReply>* writer) override {
    v1::GetBlobReply reply;
    reply.set_piece(farm_.manifest(request->digest()));
    writer->Write(reply);
    return grpc::Status::OK;
  }

 private:
  const FakeFarm& farm_;
};

class LastApproved : public testing::Test {
 protected:
  LastApproved() {
    now_.canonical = ManifestOf(9);
    now_.digest = Sha256(now_.canonical);
    now_.manifest = ParseManifestJson(now_.canonical).value();
    auto server = StartServer({"127.0.0.1:0", Tls("farmd"), {&farm_, &blobs_}});
    EXPECT_TRUE(server) << server.error().message;
    server_.emplace(*std::move(server));
    client_ = FarmClient::Open({server_->listen(), "farmd", Tls("auditor-1")}).value();
  }
  TlsFiles Tls(const std::string& party) {
    const UnixSeconds now = SystemClock().Now();
    const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
    const Certificate leaf = IssueTlsLeaf(tls_key_, tls_authority_,
                                          {.key = key.public_key(),
                                           .common_name = party,
                                           .dns_names = {party},
                                           .ip_addresses = {},
                                           .not_before = now - 60});
    return {Write(party + ".pem", leaf.Pem()), Write(party + ".key.pem", key.Pem()),
            Write("authority.pem", tls_authority_.Pem())};
  }
  std::string Write(const std::string& name, const std::string& bytes) {
    std::string path = JoinPath(directory_.path(), name);
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
    EXPECT_EQ(chmod(path.c_str(), 0600), 0);
    return path;
  }
  // The revision of what is compared with; 0: nothing.
  std::int64_t Revision() {
    const auto approved = LastApprovedManifest(*client_, now_);
    if (approved) return approved->manifest.revision;
    EXPECT_EQ(approved.error().code, ErrorCode::kNotFound) << approved.error().message;
    return 0;
  }

  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  const PrivateKey tls_key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate tls_authority_ =
      IssueAuthority(tls_key_, "test", "test TLS", SystemClock().Now(), 3600);
  FakeFarm farm_;
  FakeBlobs blobs_{farm_};
  ReadManifest now_;
  std::optional<RunningServer> server_;
  std::unique_ptr<FarmClient> client_;
};

TEST_F(LastApproved, IsTheNewestOtherManifestWithAllItsApprovals) {
  EXPECT_EQ(Revision(), 0);
  farm_.Add(3, v1::WAITING_APPROVALS, 1, "2026-01-03T00:00:00Z");
  EXPECT_EQ(Revision(), 0) << "one approval of two";
  farm_.Add(1, v1::RELEASED, 2, "2026-01-01T00:00:00Z");
  EXPECT_EQ(Revision(), 1);
  farm_.Add(2, v1::BUILD_FAILED, 2, "2026-01-02T00:00:00Z");
  EXPECT_EQ(Revision(), 2) << "approved, though it was never released";
  farm_.Add(9, v1::RELEASED, 2, "2026-01-09T00:00:00Z");
  EXPECT_EQ(Revision(), 2) << "not with itself";
  farm_.Add(4, v1::REFUSED, -1, "2026-01-04T00:00:00Z");
  EXPECT_EQ(Revision(), 2) << "what today's rules do not admit is not approved";
}

TEST_F(LastApproved, AFarmThatDoesNotAnswerIsNotNothing) {
  server_->Stop();
  const auto approved = LastApprovedManifest(*client_, now_);
  ASSERT_FALSE(approved);
  EXPECT_EQ(approved.error().Exit(), ExitCode::kUnavailable) << approved.error().message;
}

}  // namespace
}  // namespace farm
