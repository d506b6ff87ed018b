// The signer's door: configuration, mutual TLS, and who may ask.
#include "farm/gate/service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "farm/base/files.h"
#include "farm/client/server.h"
#include "farm/client/site_client.h"
#include "farm/gate/config.h"
#include "farm/gate/start.h"
#include "farm/sign/doctor.h"
#include "farm/sign/signer.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

constexpr const char* kConfig = R"({
  "format": "farm-config/1", "listen": "127.0.0.1:0", "id": "https://farm.example/signer",
  "tls": {"certificate": "tls.pem", "key": "tls.key.pem", "authority": "tls-authority.pem"},
  "root": "root.json", "policy": "policy.json", "key": "key.pem",
  "authority": {"certificate": "authority.pem", "key": "authority.key.pem",
                "transparencyKey": "transparency.key.pem"},
  "state": "/var/lib/state", "log": {"url": "http://127.0.0.1:1"}, "peers": ["farmd"]})";

Result<SignerConfig> Parse(const std::string& text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text, "signer.json"));
  return ParseSignerConfig(ConfigFile{std::move(json), "/etc/farm", "/etc/farm/signer.json"});
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  CHECK(text.find(from) != std::string::npos);
  return text.replace(text.find(from), from.size(), to);
}

TEST(SignerConfig, ResolvesPathsBesideTheFile) {
  const auto config = Parse(kConfig);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->files.root, "/etc/farm/root.json");
  EXPECT_EQ(config->authority.transparency_key, "/etc/farm/transparency.key.pem");
  EXPECT_EQ(config->state, "/var/lib/state");
  EXPECT_EQ(config->log.origin, "");
  EXPECT_TRUE(config->log.closed.empty());
  const auto next = Parse(
      Replaced(kConfig, "{\"url\"",
               R"({"origin": "b", "closed": [{"origin": "a", "mirror": "mirrors/a"}], "url")"));
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->log.origin, "b");
  EXPECT_EQ(next->log.closed.at(0).origin, "a");
  EXPECT_EQ(next->log.closed.at(0).mirror, "/etc/farm/mirrors/a");
  EXPECT_EQ(config->peers, std::vector<std::string>{"farmd"});
}

TEST(SignerConfig, KeysMayLieInTokens) {
  std::string text = Replaced(kConfig, "\"key.pem\"", "\"pkcs11:token=a;object=b\"");
  text = Replaced(text, "\"authority.key.pem\"", "\"pkcs11:token=a;object=ca\"");
  const auto config = Parse(text);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->key, "pkcs11:token=a;object=b");
  EXPECT_EQ(config->authority.key, "pkcs11:token=a;object=ca");
}

TEST(SignerConfig, NamesTheFieldThatIsWrong) {
  const struct {
    const char* from;
    const char* to;
    const char* named;
  } rows[] = {
      {"farm-config/1", "farm-config/2", "format"},
      {"\"peers\": [\"farmd\"]", "\"peers\": []", "peers"},
      {"\"state\": \"/var/lib/state\", ", "", "state"},
      {"\"listen\"", "\"extra\": 1, \"listen\"", "extra"},
      {"\"transparencyKey\"", "\"transparency\"", "transparency"},
      {"{\"url\"", "{\"address\": \"x\", \"url\"", "log.address"},
      {"{\"url\"", "{\"closed\": [{\"origin\": \"a\"}], \"url\"", "log.closed[0].mirror"},
  };
  for (const auto& row : rows) {
    const auto config = Parse(Replaced(kConfig, row.from, row.to));
    ASSERT_FALSE(config) << row.named;
    EXPECT_EQ(config.error().Exit(), ExitCode::kUsage);
    EXPECT_NE(config.error().message.find(row.named), std::string::npos) << config.error().message;
  }
}

// A signer behind its real door, with TLS certificates of one authority.
class SignerServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const AuthorityFiles authority{
        Write("ca.pem", maker_.root().operators[0].authorities[0].chain[0].Pem()),
        Write("ca.key.pem", maker_.Key("ca-operator-0").Pem()),
        Write("transparency.pem", maker_.Key("transparency").Pem())};
    auto signer = CertifiedSigner::Open(NewMemorySigner(maker_.Key("signer")), authority,
                                        {"https://farm.example/signer", "signer"}, clock_);
    ASSERT_TRUE(signer) << signer.error().message;
    signer_ = *std::move(signer);
    journal_ = Journal::Open(RealFileSystem(), temporary_.path() + "/state").value();
    gate_ = std::make_unique<Gate>(
        GateFiles{Write("root.json", maker_.RootBytes()),
                  Write("policy.json", WritePolicy(maker_.policy()))},
        *journal_, *signer_,
        [](const HistoryQuery&) -> Result<Histories> {
          return Error{ErrorCode::kUnavailable, "no log"};
        },
        clock_);
    service_.emplace(*gate_, std::vector<std::string>{"farmd"}, [](const Status&) {});
    auto server = StartServer({"127.0.0.1:0", tls_.Files("signer"), {&*service_}});
    ASSERT_TRUE(server) << server.error().message;
    server_.emplace(*std::move(server));
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::string path = temporary_.path() + "/" + name;
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
    EXPECT_EQ(chmod(path.c_str(), 0600), 0);
    return path;
  }
  Error AskAs(const std::string& party) {
    const auto client = SignerClient::Open({server_->listen(), "signer", tls_.Files(party)});
    EXPECT_TRUE(client) << client.error().message;
    v1::DecideRequest request;
    request.set_epoch(1);
    request.set_request_line("not a line");
    const auto reply = (*client)->Decide(request);
    EXPECT_FALSE(reply);
    return reply.error();
  }

  EvidenceMaker maker_;
  FixedClock clock_{1'800'000'000};
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  TlsMaker tls_{temporary_.path()};
  std::unique_ptr<CertifiedSigner> signer_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Gate> gate_;
  std::optional<SignerService> service_;
  std::optional<RunningServer> server_;
};

TEST_F(SignerServiceTest, AnswersTheConfiguredPeerWithTheExitCode) {
  const Error refused = AskAs("farmd");
  EXPECT_EQ(refused.Exit(), ExitCode::kUsage) << refused.message;
  EXPECT_NE(refused.message.find("request line"), std::string::npos) << refused.message;
}

TEST_F(SignerServiceTest, DoesNotStartBehindTheWitnessesOfItsLog) {
  std::atomic<UnixSeconds> witnessed = 0;
  auto log = StartHttpServer(
      "127.0.0.1:0",
      [&](const HttpRequest&) -> HttpReply {
        LineDraft draft;
        draft.witnesses = {0, 1};
        draft.witnessed = witnessed;
        return {200, "", maker_.CheckpointNote(maker_.Head().size, draft), false};
      },
      1000);
  ASSERT_TRUE(log) << log.error().message;
  const UnixSeconds now = clock_.Now();
  SignerConfig config;
  config.files = {temporary_.path() + "/root.json", temporary_.path() + "/policy.json"};
  config.tls.certificate = Write(
      "own.pem", IssueAuthority(maker_.Key("signer"), "", "tls", now - 60, 90 * kDaySeconds).Pem());
  config.log.url = "http://" + (*log)->listen();
  const auto at = [&](UnixSeconds time) {
    witnessed = time;
    HistoryReader history(config.log);
    return CheckSigner(config, *signer_, history, clock_);
  };
  EXPECT_TRUE(at(now - kDaySeconds));  // a log in which nothing has happened since
  EXPECT_TRUE(at(now + kClockSkewSecondsMax));
  const Status behind = at(now + kClockSkewSecondsMax + 1);
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().Exit(), ExitCode::kUnavailable) << behind.error().message;
  for (const std::string& words :
       {config.log.url, FormatTime(now), FormatTime(now + kClockSkewSecondsMax + 1)}) {
    EXPECT_NE(behind.error().message.find(words), std::string::npos) << behind.error().message;
  }
  log->reset();
  EXPECT_TRUE(at(now + kClockSkewSecondsMax + 1));  // nobody says so
}

TEST_F(SignerServiceTest, RefusesEveryOtherPeer) {
  const Error refused = AskAs("site-xa");
  EXPECT_EQ(refused.Exit(), ExitCode::kRefused) << refused.message;
}

}  // namespace
}  // namespace farm
