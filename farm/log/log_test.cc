// The whole way of a line: signed, time-stamped, appended over mutual TLS, witnessed, read back.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "farm/client/log_client.h"
#include "farm/client/log_reader.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/merkle.h"
#include "farm/log/server.h"
#include "farm/sign/certified_signer.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/fake_witness.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";
constexpr std::int64_t kYear = 366 * kDaySeconds;

Statement SomeRequest(const std::string& product) {
  Request request;
  request.manifest = Sha256("manifest");
  request.product = product;
  request.version = "1";
  request.requester = "requester-1";
  request.created = 1'700'000'000;
  return request;
}

// A time-stamping authority that counts.
struct FakeAuthority {
  PrivateKey root_key = PrivateKey::Generate(KeyKind::kP256);
  PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  UnixSeconds now = SystemClock().Now();
  Certificate root = IssueAuthority(root_key, "tsa", "tsa root", now, kYear);
  Certificate leaf = IssueTimestampLeaf(root_key, root, key.public_key(), "tsa", now, kYear);
  std::atomic<int> asked{0};
  HttpReply Handle(const HttpRequest& request) {
    ++asked;
    return {200, "application/timestamp-reply",
            *AnswerTimestampRequest(request.body, key, leaf, root, now), false};
  }
};

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    tsa_server_ = *StartHttpServer(
        "127.0.0.1:0", [this](const HttpRequest& request) { return tsa_.Handle(request); }, 4096);
    witness_server_ = *StartHttpServer(
        "127.0.0.1:0", [this](const HttpRequest& request) { return witness_.Handle(request.body); },
        1 << 20);
    WriteSecret("log.key", log_key_.Pem());
    WriteSecret("log-ecdsa.key", PrivateKey::Generate(KeyKind::kP256).Pem());
    Write("root.json", EvidenceMaker().RootBytes());
    Write("w1.pub", witness_.Configured().identity.key.Pem());
    tls_.Files("log");
    Write("log.json",
          R"({"format": "farm-config/1", "listen": "127.0.0.1:0", "httpListen": "127.0.0.1:0",
              "tls": {"certificate": "log.tls.pem", "key": "log.tls.key.pem",
                      "authority": "tls-authority.pem"},
              "directory": "log", "root": "root.json", "origin": "log.farm.example", "key": "log.key",
              "ecdsaKey": "log-ecdsa.key",
              "witnesses": [{"name": "w1", "url": "http://)" +
              witness_server_->listen() + R"(", "publicKey": "w1.pub"}],
              "cosignatures": 1, "peers": ["farmd"], "floorBytes": 0, "reserveBytes": 0})");
    StartLogServer();
  }

  void StartLogServer() {
    log_.reset();
    auto config = ParseLogConfig(*ReadConfig(Path("log.json")));
    ASSERT_TRUE(config) << config.error().message;
    auto log = StartLog(*config, RealFileSystem(), [](const Error&) {});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }

  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), Path(name), text));
  }
  void WriteSecret(const std::string& name, const std::string& text) {
    Write(name, text);
    ASSERT_EQ(chmod(Path(name).c_str(), 0600), 0);
  }
  Endpoint EndpointFor(const std::string& party) {
    return {log_->listen(), "log", tls_.Files(party)};
  }
  std::unique_ptr<LogClient> Client(const std::string& party) {
    return *LogClient::Open(EndpointFor(party));
  }
  std::unique_ptr<TimestampClient> Timestamps() {
    return *TimestampClient::Open("http://" + tsa_server_->listen(), {tsa_.leaf, tsa_.root});
  }
  LogTrust Trust() { return {kOrigin, log_key_.public_key(), {witness_.Configured().identity}, 1}; }
  std::unique_ptr<LogReader> Reader() {
    return *LogReader::Open("http://" + log_->http_listen(), Trust());
  }
  Bundle Logged(const std::string& product) {
    auto timestamps = Timestamps();
    auto log = Client("farmd");
    auto bundle =
        StampAndLog({*SignStatement(SomeRequest(product), *person_), 1, {}}, *timestamps, *log);
    EXPECT_TRUE(bundle) << bundle.error().message;
    return *bundle;
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  TlsMaker tls_{temporary_.path()};
  const PrivateKey log_key_ = PrivateKey::Generate(KeyKind::kEd25519);
  std::unique_ptr<Signer> person_ = NewMemorySigner(PrivateKey::Generate(KeyKind::kP256));
  FakeAuthority tsa_;
  FakeWitness witness_{"w1"};
  std::unique_ptr<HttpServer> tsa_server_;
  std::unique_ptr<HttpServer> witness_server_;
  std::unique_ptr<LogServer> log_;
};

TEST_F(LogTest, StampsLogsAndReadsBack) {
  const Bundle bundle = Logged("zlib");
  EXPECT_TRUE(CheckTimestamp(*bundle.timestamp, bundle.envelope.signature, {tsa_.leaf, tsa_.root}));
  ASSERT_TRUE(CheckHead(bundle.log_entry->checkpoint, Trust()));
  EXPECT_EQ(bundle.log_entry->log_id, NoteKeyIdFull(kOrigin, log_key_.public_key()));

  auto reader = Reader();
  auto entries = reader->ReadNew(*reader->Head());
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].leaf, bundle.log_entry->canonicalized_body);
  EXPECT_EQ(*reader->Payload(bundle.PaeDigest()), bundle.envelope.PaeBytes());
  EXPECT_EQ(reader->Payload(Sha256("none")).error().Exit(), ExitCode::kLogProof);
  // Nothing new, then one more; each is read once.
  EXPECT_TRUE(reader->ReadNew(*reader->Head())->empty());
  Logged("other");
  EXPECT_EQ(reader->ReadNew(*reader->Head())->size(), 1u);
}

TEST_F(LogTest, KeepsTheFirstTokenAndTheFirstEntry) {
  auto timestamps = Timestamps();
  auto log = Client("farmd");
  Bundle kept;
  auto first = StampAndLog({*SignStatement(SomeRequest("zlib"), *person_), 1,
                            [&](const Bundle& bundle) -> Status {
                              kept = bundle;
                              return Error{ErrorCode::kUnavailable, "power went after it was kept"};
                            }},
                           *timestamps, *log);
  ASSERT_FALSE(first);
  ASSERT_TRUE(kept.timestamp);
  EXPECT_EQ(tsa_.asked, 1);
  auto second = StampAndLog({kept, 1, {}}, *timestamps, *log);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->timestamp, kept.timestamp);
  EXPECT_EQ(tsa_.asked, 1);
  // The reply was lost: the same again, after a restart of the log.
  StartLogServer();
  auto third = StampAndLog({kept, 1, {}}, *timestamps, *Client("farmd"));
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_EQ(third->log_entry->index, 0u);
  EXPECT_EQ(third->log_entry->tree_size, 1u);
  EXPECT_EQ(StampAndLog({*third, 1, {}}, *timestamps, *log)->log_entry->index, 0u);
}

TEST_F(LogTest, RefusesAPeerThatItDoesNotKnow) {
  Bundle bundle = *SignStatement(SomeRequest("zlib"), *person_);
  bundle.timestamp = *Timestamps()->Stamp(bundle.envelope.signature);
  auto refused = Client("stranger")->Append(bundle, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused) << refused.error().message;
  EXPECT_NE(refused.error().message.find("stranger"), std::string::npos);

  // A certificate of an authority that the log does not list gets nowhere.
  const auto directory = *TemporaryDirectory::Make("");
  Endpoint foreign = EndpointFor("farmd");
  const std::string authority = foreign.tls.authority;
  foreign.tls = TlsMaker(directory.path()).Files("farmd");
  foreign.tls.authority = authority;
  auto unreachable = (*LogClient::Open(foreign))->Append(bundle, 1);
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().Exit(), ExitCode::kUnavailable) << unreachable.error().message;
  EXPECT_TRUE(Reader()->ReadNew(*Reader()->Head())->empty());
}

TEST_F(LogTest, CarriesErrorsWithTheirExitCode) {
  Bundle bundle = *SignStatement(SomeRequest("zlib"), *person_);
  bundle.timestamp = *Timestamps()->Stamp(bundle.envelope.signature);
  ASSERT_TRUE(Client("farmd")->Append(bundle, 5));
  auto old_epoch = Client("farmd")->Append(bundle, 4);
  ASSERT_FALSE(old_epoch);
  EXPECT_EQ(old_epoch.error().Exit(), ExitCode::kRefused) << old_epoch.error().message;
  bundle.envelope.signature.back() ^= 1;
  auto forged = Client("farmd")->Append(bundle, 5);
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().Exit(), ExitCode::kBadSignature) << forged.error().message;
  EXPECT_EQ(forged.error().code, ErrorCode::kUntrusted);
}

TEST_F(LogTest, AReleaseLineGetsConsistencyProofsFromEveryLine) {
  const Bundle request = Logged("request");
  const Bundle intent = Logged("intent");
  const Bundle release = Logged("release");
  auto reader = Reader();
  auto proved = AddConsistencyProofs(release, {request, intent, request}, *reader);
  ASSERT_TRUE(proved) << proved.error().message;
  const Note note = *ParseNote(proved->log_entry->checkpoint);
  const Checkpoint head = *ParseCheckpoint(note.text);
  const auto proofs = ConsistencyProofsOf(note);
  ASSERT_EQ(proofs.size(), 2u);
  EXPECT_TRUE(CheckConsistency(proofs[0].old_size, request.log_entry->root, head.size, head.root,
                               proofs[0].hashes));
  EXPECT_TRUE(CheckConsistency(proofs[1].old_size, intent.log_entry->root, head.size, head.root,
                               proofs[1].hashes));
  EXPECT_TRUE(CheckHead(proved->log_entry->checkpoint, Trust()));  // still a good note
  EXPECT_EQ(AddConsistencyProofs(*proved, {request, intent}, *reader)->log_entry->checkpoint,
            proved->log_entry->checkpoint);
  // A line that is younger than the release.
  EXPECT_FALSE(AddConsistencyProofs(intent, {release}, *reader));
}

TEST_F(LogTest, ReadingIsForReadingOnly) {
  HttpClient http = *HttpClient::Open("http://" + log_->http_listen(), "log");
  EXPECT_EQ(http.Get("/head", 1000)->status, 404);
  EXPECT_EQ(http.Get("/../log.key", 1000)->status, 404);
  EXPECT_EQ(http.Get("/", 1000)->status, 404);
  EXPECT_EQ(http.Post("/checkpoint", "x", "text/plain", 1000)->status, 405);
}

TEST_F(LogTest, AnUnreachableLogNamesItselfAndTheRemedy) {
  const Endpoint endpoint = EndpointFor("farmd");
  log_.reset();
  Bundle bundle = *SignStatement(SomeRequest("zlib"), *person_);
  bundle.timestamp = *Timestamps()->Stamp(bundle.envelope.signature);
  auto unreachable = (*LogClient::Open(endpoint))->Append(bundle, 1);
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(unreachable.error().message.find("log at " + endpoint.address), std::string::npos)
      << unreachable.error().message;
}

TEST_F(LogTest, ALogPolicyStandsForItsWitnesses) {
  const WitnessKey identity = witness_.Configured().identity;
  const auto policy = [&](const std::string& log, const std::string& url) {
    return log + "witness w " +
           WriteVerifierKey({identity.name, identity.key}, VerifierKeyUse::kWitness) + url +
           "\nquorum w\n";
  };
  const auto vkey = [](const PrivateKey& key) {
    return "log " + WriteVerifierKey({kOrigin, key.public_key()}, VerifierKeyUse::kLog) + "\n";
  };
  const std::string url = " http://" + witness_server_->listen();
  ConfigFile file = *ReadConfig(Path("log.json"));
  file.json["witnessPolicy"] = "w.tlog-policy";
  Write("w.tlog-policy", policy(vkey(log_key_), url));
  const auto both = ParseLogConfig(file);
  ASSERT_FALSE(both);  // two answers to one question
  EXPECT_NE(both.error().message.find("cosignatures"), std::string::npos) << both.error().message;
  file.json.erase("witnesses");
  file.json.erase("cosignatures");
  const auto start = [&]() -> Status {
    log_.reset();
    ASSIGN_OR_RETURN(const LogConfig config, ParseLogConfig(file));
    ASSIGN_OR_RETURN(log_, StartLog(config, RealFileSystem(), [](const Error&) {}));
    return {};
  };
  ASSERT_TRUE(start());
  EXPECT_TRUE(CheckHead(Logged("zlib").log_entry->checkpoint, Trust()));
  Write("w.tlog-policy", policy(vkey(log_key_), ""));
  EXPECT_NE(start().error().message.find("witness w has no URL"), std::string::npos);
  Write("w.tlog-policy", policy(vkey(PrivateKey::Generate(KeyKind::kEd25519)), url));
  EXPECT_NE(start().error().message.find("lists other logs"), std::string::npos);
  Write("w.tlog-policy", "quorum w\n");
  EXPECT_NE(start().error().message.find("w.tlog-policy"), std::string::npos);
  ASSERT_TRUE(RealFileSystem().Remove(Path("w.tlog-policy")));
  EXPECT_FALSE(start());
  Write("w.tlog-policy", policy("", url));
  EXPECT_TRUE(start());
}

TEST_F(LogTest, KeysMayLieInTokens) {
  ConfigFile file = *ReadConfig(Path("log.json"));
  file.json["key"] = "pkcs11:token=a;object=b";
  file.json["ecdsaKey"] = "pkcs11:token=a;object=c";
  const auto config = ParseLogConfig(file);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->key, "pkcs11:token=a;object=b");
  EXPECT_EQ(config->ecdsa_key, "pkcs11:token=a;object=c");
  // Where they are looked for: such a name is not whole.
  const auto log = StartLog(*config, RealFileSystem(), [](const Error&) {});
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("no module-path"), std::string::npos) << log.error().message;
}

TEST(LogConfig, NamesFileAndField) {
  TemporaryDirectory temporary = *TemporaryDirectory::Make("");
  const std::string path = temporary.path() + "/log.json";
  for (const auto& [text, word] : std::map<std::string, std::string>{
           {"{}", "format"},
           {R"({"format": "farm-config/2"})", "format"},
           {R"({"format": "farm-config/1", "listen": 1})", "listen"}}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), path, text));
    auto config = ParseLogConfig(*ReadConfig(path));
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().Exit(), ExitCode::kUsage);
    EXPECT_NE(config.error().message.find(word), std::string::npos) << config.error().message;
    EXPECT_NE(config.error().message.find("log.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace farm
