// The site's doors: configuration, mutual TLS, who may ask, blobs in and out.
#include "farm/site/service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/client/blob_client.h"
#include "farm/client/blob_service.h"
#include "farm/client/server.h"
#include "farm/client/site_client.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/hash.h"
#include "farm/sign/signer.h"
#include "farm/site/config.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

constexpr const char* kConfig = R"({
  "format": "farm-config/1", "listen": "127.0.0.1:0", "id": "https://farm.example/sites/site-xa",
  "country": "XA",
  "tls": {"certificate": "tls.pem", "key": "tls.key.pem", "authority": "tls-authority.pem"},
  "root": "root.json", "policy": "policy.json", "key": "key.pem",
  "authority": {"certificate": "authority.pem", "key": "authority.key.pem",
                "transparencyKey": "transparency.key.pem"},
  "store": "store", "work": "work", "launcher": "/usr/lib/farm/farm-sandbox",
  "log": {"address": "127.0.0.1:1", "serverName": "log", "url": "http://127.0.0.1:2"},
  "timestamp": {"url": "http://127.0.0.1:3"}, "peers": ["farmd"], "limits": "kernel"})";

Result<SiteConfig> Parse(const std::string& text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text, "site.json"));
  return ParseSiteConfig(ConfigFile{std::move(json), "/etc/farm", "/etc/farm/site.json"});
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  CHECK(text.find(from) != std::string::npos);
  return text.replace(text.find(from), from.size(), to);
}

TEST(SiteConfig, ResolvesPathsBesideTheFile) {
  const auto config = Parse(kConfig);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->store, "/etc/farm/store");
  EXPECT_EQ(config->launcher, "/usr/lib/farm/farm-sandbox");
  EXPECT_EQ(config->log.address, "127.0.0.1:1");
  EXPECT_EQ(config->log.server_name, "log");
  EXPECT_EQ(config->timestamp_url, "http://127.0.0.1:3");
  EXPECT_TRUE(config->kernel_limits);
  EXPECT_FALSE(Parse(Replaced(kConfig, "\"kernel\"", "\"observed\""))->kernel_limits);
}

TEST(SiteConfig, KeysMayLieInTokens) {
  const auto config = Parse(Replaced(kConfig, "\"key.pem\"", "\"pkcs11:token=a;object=b\""));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->key, "pkcs11:token=a;object=b");
}

TEST(SiteConfig, NamesTheFieldThatIsWrong) {
  const struct {
    const char* from;
    const char* to;
    const char* named;
  } rows[] = {
      {"farm-config/1", "farm-config/2", "format"},
      {"\"peers\": [\"farmd\"]", "\"peers\": []", "peers"},
      {"\"kernel\"", "\"none\"", "limits"},
      {"\"work\": \"work\", ", "", "work"},
      {"\"listen\"", "\"extra\": 1, \"listen\"", "extra"},
      {"\"serverName\": \"log\", ", "", "log.serverName"},
      {"{\"url\": \"http://127.0.0.1:3\"}", "{}", "timestamp.url"},
  };
  for (const auto& row : rows) {
    const auto config = Parse(Replaced(kConfig, row.from, row.to));
    ASSERT_FALSE(config) << row.named;
    EXPECT_EQ(config.error().Exit(), ExitCode::kUsage);
    EXPECT_NE(config.error().message.find(row.named), std::string::npos) << config.error().message;
  }
}

// One piece of a blob fits, three do not: what is larger has to travel in pieces.
constexpr int kMessageBytesHere = 2 * kBlobPieceBytes;

// A site behind its real doors, with TLS certificates of one authority.
class SiteServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const PrivateKey ca_key = PrivateKey::Generate(KeyKind::kP256);
    const AuthorityFiles authority{
        Write("ca.pem", IssueAuthority(ca_key, "test", "test CA", SystemClock().Now(), 3600).Pem()),
        Write("ca.key.pem", ca_key.Pem()),
        Write("transparency.pem", PrivateKey::Generate(KeyKind::kP256).Pem())};
    auto signer =
        CertifiedSigner::Open(NewMemorySigner(PrivateKey::Generate(KeyKind::kP256)), authority,
                              {"https://farm.example/site", "site"}, SystemClock());
    ASSERT_TRUE(signer) << signer.error().message;
    signer_ = *std::move(signer);
    blobs_ = BlobStore::Open(RealFileSystem(), temporary_.path() + "/site").value();
    own_ = BlobStore::Open(RealFileSystem(), temporary_.path() + "/farmd").value();
    journal_ = SiteJournal::Open(RealFileSystem(), temporary_.path() + "/records").value();
    site_ = std::make_unique<Site>(SiteParts{.builder = "https://farm.example/site",
                                             .files = {},
                                             .kernel_limits = true,
                                             .blobs = *blobs_,
                                             .journal = *journal_,
                                             .signer = *signer_,
                                             .clock = SystemClock(),
                                             .root = {},
                                             .executor = {},
                                             .publish = {},
                                             .programs = {}});
    const std::vector<std::string> peers = {"farmd"};
    site_service_.emplace(*site_,
                          SiteDescription{"https://farm.example/site", "XA", "kernel", "image"},
                          peers, [](const Status&) {});
    blob_service_.emplace(*blobs_, AdmitPeers(peers));
    auto server = StartServer({.listen = "127.0.0.1:0",
                               .tls = tls_.Files("site"),
                               .services = {&*site_service_, &*blob_service_},
                               .message_bytes_max = kMessageBytesHere});
    ASSERT_TRUE(server) << server.error().message;
    server_.emplace(*std::move(server));
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::string path = temporary_.path() + "/" + name;
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
    EXPECT_EQ(chmod(path.c_str(), 0600), 0);
    return path;
  }
  std::unique_ptr<SiteClient> ClientOf(const std::string& party) {
    return SiteClient::Open({server_->listen(), "site", tls_.Files(party)}).value();
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  TlsMaker tls_{temporary_.path()};
  std::unique_ptr<CertifiedSigner> signer_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<BlobStore> own_;
  std::unique_ptr<SiteJournal> journal_;
  std::unique_ptr<Site> site_;
  std::optional<SiteService> site_service_;
  std::optional<BlobService> blob_service_;
  std::optional<RunningServer> server_;
};

TEST_F(SiteServiceTest, TakesAndGivesBlobs) {
  const auto client = ClientOf("farmd");
  const std::string large(3 * kBlobPieceBytes + 7, 'x');
  static_assert(3 * kBlobPieceBytes > kMessageBytesHere);
  const Digest one = own_->PutBytes(large)->digest;
  const Digest two = own_->PutBytes("")->digest;
  ASSERT_TRUE(client->blobs().PutMissing({one, two}, *own_, {}));
  EXPECT_EQ(blobs_->GetBytes(one, large.size()).value(), large);
  EXPECT_TRUE(client->blobs().Missing({one, two}).value().empty());
  EXPECT_EQ(client->blobs().Missing({Sha256("not there"), one}).value(),
            std::vector<Digest>{Sha256("not there")});
  ASSERT_TRUE(own_->Remove(one));
  ASSERT_TRUE(client->blobs().Get(one, *own_, {}));
  EXPECT_EQ(own_->GetBytes(one, large.size()).value(), large);
  EXPECT_EQ(client->blobs().Get(Sha256("not there"), *own_, {}).error().Exit(),
            ExitCode::kInputMissing);
}

TEST_F(SiteServiceTest, RefusesABlobUnderAnotherName) {
  const auto channel = Connect({server_->listen(), "site", tls_.Files("farmd")}).value();
  const auto stub = v1::Blobs::NewStub(channel);
  grpc::ClientContext context;
  v1::PutReply reply;
  const auto writer = stub->Put(&context, &reply);
  v1::PutRequest piece;
  piece.set_digest(Sha256("one").Text());
  piece.set_piece("two");
  writer->Write(piece);
  writer->WritesDone();
  EXPECT_EQ(FromGrpc(writer->Finish(), "site").Exit(), ExitCode::kInputMissing);
  EXPECT_TRUE(blobs_->List()->empty());
}

TEST_F(SiteServiceTest, SaysWhatItIsAndRefusesNonsenseWithTheExitCode) {
  const auto client = ClientOf("farmd");
  EXPECT_EQ(client->Describe()->country(), "XA");
  v1::BuildRequest request;
  request.set_intent_line("not a line");
  const auto record = client->Build(request, [](const v1::BuildEvent&) {}, {});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().Exit(), ExitCode::kUsage) << record.error().message;
}

TEST_F(SiteServiceTest, RefusesEveryOtherPeer) {
  const auto client = ClientOf("site-xb");
  EXPECT_EQ(client->Describe().error().Exit(), ExitCode::kRefused);
  EXPECT_EQ(client->Build({}, [](const v1::BuildEvent&) {}, {}).error().Exit(), ExitCode::kRefused);
  EXPECT_EQ(client->blobs().Missing({Sha256("x")}).error().Exit(), ExitCode::kRefused);
  const Digest mine = own_->PutBytes("x")->digest;
  EXPECT_EQ(client->blobs().Put(mine, *own_, {}).error().Exit(), ExitCode::kRefused);
  EXPECT_EQ(client->blobs().Get(mine, *own_, {}).error().Exit(), ExitCode::kRefused);
  EXPECT_TRUE(blobs_->List()->empty());
}

}  // namespace
}  // namespace farm
