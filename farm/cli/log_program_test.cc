// `farm log` as people run it, against a log that lives.
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/client/http.h"
#include "farm/crypto/certificate.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/note.h"
#include "farm/evidence/tlog_policy.h"
#include "farm/evidence/tlog_proof.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "tests/support/live_log.h"

namespace farm {
namespace {

constexpr char kFarm[] = "farm/cli/farm";
const std::string kVectors = "tests/vectors/v1/evidence/";

class LogProgram : public testing::Test {
 protected:
  void SetUp() override {
    first_ = Serve(live_.first());
    second_ = Serve(live_.second());
    TlogPolicy policy;
    policy.logs = {{{LiveLog::kOrigin, live_.key().public_key()}, ""}};
    const auto add = [&](FakeWitness& witness, const HttpServer& server) {
      const WitnessKey identity = witness.Configured().identity;
      policy.witnesses.push_back(
          {identity.name, {identity.name, identity.key}, "http://" + server.listen()});
    };
    add(live_.first(), *first_);
    add(live_.second(), *second_);
    policy.groups = {{"both", 2, {"w1", "w2"}}};
    policy.quorum = "both";
    Write("log.tlog-policy", WriteTlogPolicy(policy));
  }
  static std::unique_ptr<HttpServer> Serve(FakeWitness& witness) {
    return *StartHttpServer(
        "127.0.0.1:0",
        [&witness](const HttpRequest& request) {
          return request.method == "POST" ? witness.Handle(request.body)
                                          : witness.Latest(request.path);
        },
        1 << 20);
  }
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
  }
  ProcessResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {kFarm, "log"});
    ProcessSpec spec;
    spec.argv = std::move(arguments);
    spec.environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent"};
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result.has_value());
    return *result;
  }
  // Exits so, and says so in its last words.
  void Expect(const std::vector<std::string>& arguments, int exit_code, const std::string& says) {
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.output << result.error_output;
    EXPECT_NE((result.output + result.error_output).find(says), std::string::npos)
        << "want: " << says << "\n"
        << result.output << result.error_output;
  }
  Json Answer(const std::vector<std::string>& arguments) {
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    const auto json = ParseJson(result.output, "standard output");
    EXPECT_TRUE(json) << result.output << result.error_output;
    return json ? *json : Json::object();
  }
  std::vector<std::string> WithPolicy(std::vector<std::string> arguments) const {
    arguments.push_back("--policy");
    arguments.push_back(Path("log.tlog-policy"));
    return arguments;
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  LiveLog live_{Path("data")};
  std::unique_ptr<HttpServer> first_;
  std::unique_ptr<HttpServer> second_;
};

TEST_F(LogProgram, MirrorsChecksAndRecovers) {
  ASSERT_TRUE(live_.Append(0, 300));
  const auto mirror = WithPolicy({"mirror", Path("mirror"), "--from", Path("data"), "--json"});
  Json answer = Answer(mirror);
  EXPECT_EQ(answer.at("tree").at("size"), 300);
  EXPECT_EQ(answer.at("payloadsRead"), 300);
  EXPECT_EQ(Answer(mirror).at("oldSize"), 300);

  Expect(WithPolicy({"check", Path("mirror")}), 0, "whole: 300 entries");
  Expect({"check", Path("mirror")}, 0, "signatures were not looked at");
  answer = Answer(WithPolicy({"check", Path("mirror"), "--json"}));
  EXPECT_EQ(answer.at("heads").at(0).at("file"), "checkpoint");
  EXPECT_EQ(answer.at("signaturesChecked"), true);
  Expect(WithPolicy({"check", Path("data")}), 0, "head: log.farm.example, size 300");

  const auto recover = WithPolicy({"recover", Path("data"), "--from-mirror", Path("mirror")});
  Expect(recover, 30, "stop it first");  // the log runs
  ASSERT_TRUE(live_.Append(300, 301));
  live_.Stop();
  ASSERT_TRUE(RemoveTree(Path("data")));
  Expect(recover, 15, "has cosigned size 301, this mirror has only 300");
  const Checkpoint mirrored =
      *ParseCheckpoint(ParseNote(*ReadFile(Path("mirror/checkpoint"), kNoteBytesMax))->text);
  live_.first().Pretend(mirrored);
  second_.reset();
  Expect(recover, 30, "w2");
  auto without = recover;
  without.insert(without.end(), {"--absent", "w2"});
  Expect(without, 0, "recovered log.farm.example at size 300, which w1 cosigned just now");
  Expect(WithPolicy({"check", Path("data")}), 0, "whole: 300 entries");

  const std::string tile = Path("mirror/tile/0/000");
  std::string bytes = *ReadFile(tile, 1 << 20);
  bytes[5] ^= 1;
  ASSERT_TRUE(WriteDurably(RealFileSystem(), tile, bytes));
  Expect(WithPolicy({"check", Path("mirror")}), 15, "mirror/tile/0/000");
}

TEST_F(LogProgram, ClosesALogAndSaysWhereItEnded) {
  ASSERT_TRUE(live_.Append(0, 300));
  const auto close =
      WithPolicy({"close", Path("data"), "--successor", "log2.farm.example", "--out", Path("end")});
  Expect(close, 30, "stop it first");  // the log runs
  const Checkpoint head = live_.log().head();
  live_.Stop();
  Expect(WithPolicy({"close", Path("data")}), 2, "--successor");
  Expect(
      close, 0,
      "end { size: 300 root_hash: \"" + head.root.Text() + "\" successor: \"log2.farm.example\" }");
  EXPECT_EQ(live_.check()(*ReadFile(Path("end"), kNoteBytesMax))->root, head.root);
  auto json = close;
  json.push_back("--json");
  const Json answer = Answer(json);
  EXPECT_EQ(answer.at("end").at("size"), 300);
  EXPECT_EQ(answer.at("end").at("rootHash"), head.root.Text());
  EXPECT_EQ(answer.at("checkpoint"), *ReadFile(Path("end"), kNoteBytesMax));
  EXPECT_EQ(answer.at("asked").size(), 2u);
  EXPECT_FALSE(live_.Append(300, 301));
  live_.Stop();
  Expect(WithPolicy({"mirror", Path("mirror"), "--from", Path("data")}), 0, "size 300");
}

TEST_F(LogProgram, KeepsAForkAndExits15) {
  ASSERT_TRUE(live_.Append(0, 3));
  Answer(WithPolicy({"mirror", Path("mirror"), "--from", Path("data"), "--json"}));
  live_.Stop();
  // The same log begins anew, with other entries, and its witnesses have forgotten.
  ASSERT_TRUE(RemoveTree(Path("data")));
  live_.first().Pretend({LiveLog::kOrigin, 0, EmptyTreeRoot()});
  live_.second().Pretend({LiveLog::kOrigin, 0, EmptyTreeRoot()});
  ASSERT_TRUE(live_.Append(10, 15));
  Expect(WithPolicy({"mirror", Path("mirror"), "--from", Path("data")}), 15, "log forked");
  EXPECT_EQ(ListDirectory(Path("mirror/fork"))->size(), 1u);
  Expect(WithPolicy({"check", Path("mirror")}), 0, "whole: 3 entries");
}

TEST_F(LogProgram, WritesThePolicyOfARoot) {
  const std::vector<std::string> policy = {"policy", "--root", kVectors + "root-file.json", "--at",
                                           "2027-01-15T08:00:00Z"};
  const ProcessResult printed = Run(policy);
  EXPECT_EQ(printed.exit_code, 0) << printed.error_output;
  EXPECT_EQ(printed.output, *ReadFile(kVectors + "root-file.tlog-policy", 1 << 20));
  auto to_file = policy;
  to_file.insert(to_file.end(),
                 {"--out", Path("out.tlog-policy"), "--url", "witness.example/w0=https://w0"});
  Expect(to_file, 0, "wrote");
  const auto read = ParseTlogPolicy(*ReadFile(Path("out.tlog-policy"), kTlogPolicyBytesMax), "out");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->witnesses[0].url, "https://w0");
  auto too_many = policy;
  too_many.insert(too_many.end(), {"--cosignatures", "2"});
  Expect(too_many, 2, "2 cosignatures wanted");
  auto unknown = policy;
  unknown.insert(unknown.end(), {"--origin", "other.example"});
  Expect(unknown, 2, "has no log other.example");
}

TEST_F(LogProgram, ChecksAProofAlone) {
  const std::string policy = kVectors + "root-file.tlog-policy";
  const std::string proof = kVectors + "hello.tar.tlog-proof";
  Expect({"check-proof", proof, "--policy", policy}, 0,
         "logged: entry 9 of log.farm.example at size 10, cosigned by witness.example/w0");
  const Json answer = Answer({"check-proof", proof, "--policy", policy, "--bundle",
                              kVectors + "hello.tar.sigstore.jsonl", "--json"});
  EXPECT_EQ(answer.at("index"), 9);
  EXPECT_EQ(answer.at("line"), 1);
  EXPECT_EQ(answer.at("witnesses").at(0), "witness.example/w0");
  const std::string text = *ReadFile(proof, 1 << 20);
  // Another log's policy, another entry's proof, no leaf, and no proof at all.
  Expect({"check-proof", proof, "--policy", Path("log.tlog-policy")}, 15, "log.farm.example");
  std::string other = text;
  Write("other.tlog-proof", other.replace(other.find("index 9"), 7, "index 8"));
  Expect({"check-proof", Path("other.tlog-proof"), "--policy", policy}, 15, "other.tlog-proof");
  std::string bare = text;
  bare.erase(bare.find("extra"), bare.find("index") - bare.find("extra"));
  Write("bare.tlog-proof", bare);
  Expect({"check-proof", Path("bare.tlog-proof"), "--policy", policy}, 2, "--bundle");
  Expect({"check-proof", Path("bare.tlog-proof"), "--policy", policy, "--bundle",
          kVectors + "hello.tar.sigstore.jsonl"},
         0, "logged: entry 9");
  Write("nonsense.tlog-proof", "nonsense\n");
  Expect({"check-proof", Path("nonsense.tlog-proof"), "--policy", policy}, 2, "line 1");
  Expect({"check-proof", proof}, 2, "--policy FILE or --root FILE");
}

// A witness that cosigned while the root vouched for it has cosigned, whatever the time is now.
TEST_F(LogProgram, AProofOutlivesItsWitnesses) {
  const std::string file = kVectors + "root-file.json";
  TrustRoot root = *ParseTrustRoot(*ReadFile(file, kTrustRootBytesMax), file);
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kEd25519);
  root.root_keys = {root_key.public_key()};
  constexpr UnixSeconds kCosigned = 1'800'000'410;
  const std::vector<std::string> check = {"check-proof", kVectors + "hello.tar.tlog-proof",
                                          "--root", Path("root.json")};
  const auto vouched = [&](UnixSeconds start, UnixSeconds end) {
    root.witnesses.at(0).valid_for = {start, end};
    Write("root.json", WriteTrustRoot(root, {root_key}));
  };
  vouched(kCosigned, kCosigned + 1);
  Expect(check, 0,
         "logged: entry 9 of log.farm.example at size 10, cosigned by witness.example/w0");
  auto with_json = check;
  with_json.push_back("--json");
  EXPECT_EQ(Answer(with_json).at("witnessedAt"), kCosigned);
  vouched(kCosigned + 1, kCosigned + 100 * 365 * kDaySeconds);
  Expect(check, 16, "witness.example/w0 (not valid at");
  vouched(kCosigned - 100 * kDaySeconds, kCosigned - 1);
  Expect(check, 16, "witness.example/w0 (not valid at");
  auto none = check;
  none.insert(none.end(), {"--cosignatures", "0"});
  Expect(none, 0, "cosigned by nobody");
  root.logs.at(0).origin = "other.example";
  vouched(kCosigned, kCosigned + 1);
  Expect(check, 15, "no log with origin log.farm.example");
}

// A witness whose key was stolen later has cosigned before, if the line's time stamp says so, too:
// as farm-verify counts it.
TEST_F(LogProgram, AProofOutlivesAWitnesssKey) {
  const std::string file = kVectors + "root-file.json";
  TrustRoot root = *ParseTrustRoot(*ReadFile(file, kTrustRootBytesMax), file);
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kEd25519);
  root.root_keys = {root_key.public_key()};
  constexpr UnixSeconds kCosigned = 1'800'000'410;
  const std::string key_id = root.witnesses.at(0).key.KeyId();
  const std::vector<std::string> alone = {"check-proof", kVectors + "hello.tar.tlog-proof",
                                          "--root", Path("root.json")};
  auto with_bundle = alone;
  with_bundle.insert(with_bundle.end(), {"--bundle", kVectors + "hello.tar.sigstore.jsonl"});
  const auto revoke = [&](const std::vector<Revocation>& revocations) {
    root.revocations = revocations;
    Write("root.json", WriteTrustRoot(root, {root_key}));
  };
  const std::string revoked = "witness witness.example/w0 is revoked";
  const std::string since = " since " + FormatTime(kCosigned + 1);

  revoke({{"key", key_id, "stolen", kCosigned + 1}});
  Expect(with_bundle, 0, "cosigned by witness.example/w0\n");
  auto json = with_bundle;
  json.push_back("--json");
  EXPECT_EQ(Answer(json).at("witnessedAt"), kCosigned);
  EXPECT_TRUE(Answer(json).at("notCounted").empty());
  Expect(alone, 17, revoked + since + "; with --bundle FILE the line's time stamp can attest");
  auto none = alone;
  none.insert(none.end(), {"--cosignatures", "0"});
  Expect(none, 0, "does not count: " + revoked + since);
  auto two = alone;
  two.insert(two.end(), {"--cosignatures", "2"});
  Expect(two, 16, revoked);  // it would not be enough

  revoke({{"key", key_id, "stolen", kCosigned}});
  Expect(with_bundle, 17,
         revoked + " since " + FormatTime(kCosigned) + "; the line was stamped at ");
  revoke({{"key", key_id, "stolen", {}}});
  Expect(with_bundle, 17, revoked + ", whenever it has signed");
  revoke({{"key", key_id, "stolen", kCosigned + 1}, {"key", key_id, "stolen", kCosigned}});
  Expect(with_bundle, 17, revoked + " since " + FormatTime(kCosigned) + ";");
  // A time that nobody attests who is trusted.
  const std::string stamps = root.timestamp_authorities.at(0).chain.front().KeyId();
  revoke({{"key", key_id, "stolen", kCosigned + 1}, {"key", stamps, "stolen", {}}});
  Expect(with_bundle, 17, revoked + since + ", and nobody attests that it cosigned before: ");
  root.timestamp_authorities.clear();
  revoke({{"key", key_id, "stolen", kCosigned + 1}});
  Expect(with_bundle, 17, revoked + since + ", and nobody attests that it cosigned before: ");
}

// Two stolen keys would else speak for each other, before a witness that has seen it later.
TEST_F(LogProgram, CountsNoRevokedWitnessByAStampOfARevokedAuthority) {
  constexpr UnixSeconds kLater = 100;
  const std::string file = kVectors + "root-file.json";
  TrustRoot root = *ParseTrustRoot(*ReadFile(file, kTrustRootBytesMax), file);
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey honest_key = PrivateKey::Generate(KeyKind::kEd25519);
  root.root_keys = {root_key.public_key()};
  Witness honest = root.witnesses.at(0);
  honest.name = "witness.example/honest";
  honest.operator_id = "operator-honest";
  honest.key = honest_key.public_key();
  root.witnesses.push_back(honest);
  const std::string proof_file = kVectors + "hello.tar.tlog-proof";
  TlogProof proof = *ParseTlogProof(*ReadFile(proof_file, 1 << 20), proof_file);
  Note note = *ParseNote(proof.checkpoint);
  const UnixSeconds cosigned =
      *CheckCosignature(note, root.witnesses[0].name, root.witnesses[0].key);
  note.signatures.push_back(Cosign(note.text, honest.name, honest_key, cosigned + kLater));
  proof.checkpoint = WriteNote(note);
  Write("two.tlog-proof", WriteTlogProof(proof));
  const std::vector<std::string> check = {"check-proof",    Path("two.tlog-proof"),
                                          "--root",         Path("root.json"),
                                          "--cosignatures", "2",
                                          "--bundle",       kVectors + "hello.tar.sigstore.jsonl"};
  const std::string stamps = root.timestamp_authorities.at(0).chain.front().KeyId();
  const auto revoke_authority = [&](UnixSeconds since) {
    root.revocations = {{"key", root.witnesses[0].key.KeyId(), "stolen", cosigned + 1},
                        {"key", stamps, "stolen", since}};
    Write("root.json", WriteTrustRoot(root, {root_key}));
  };
  revoke_authority(cosigned + kLater + 1);
  Expect(check, 0, "witness.example/w0");
  revoke_authority(cosigned + kLater);
  Expect(check, 16, "has 1 good cosignature, want 2; no other witness counts\n");
}

// Nor does farm-verify pass over one: whoever gave it meant to deceive.
TEST_F(LogProgram, RefusesABadCosignatureByARevokedKey) {
  const std::string file = kVectors + "root-file.json";
  TrustRoot root = *ParseTrustRoot(*ReadFile(file, kTrustRootBytesMax), file);
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kEd25519);
  root.root_keys = {root_key.public_key()};
  root.revocations = {{"key", root.witnesses.at(0).key.KeyId(), "stolen", {}}};
  Write("root.json", WriteTrustRoot(root, {root_key}));
  const std::string text = *ReadFile(kVectors + "hello.tar.tlog-proof", 1 << 20);
  // With one character changed near the end of the first line that begins so.
  const auto bent = [](std::string proof, const std::string& line) {
    const std::size_t at = proof.find('\n', proof.find("\n— " + line + " ") + 1) - 12;
    proof[at] = proof[at] == 'A' ? 'B' : 'A';
    return proof;
  };
  const std::vector<std::string> check = {"check-proof",     Path("bent.tlog-proof"), "--root",
                                          Path("root.json"), "--cosignatures",        "0"};
  Write("bent.tlog-proof", text);
  Expect(check, 0, "does not count: witness witness.example/w0 is revoked");
  const std::string bad = bent(text, "witness.example/w0");
  Write("bent.tlog-proof", bad);
  Expect(check, 16, "cosignature of witness.example/w0 does not match");
  // A checkpoint that is not the log's is no matter of its witnesses.
  Write("bent.tlog-proof", bent(bad, "log.farm.example"));
  Expect(check, 15, "log.farm.example");
}

// Anybody may write such a line; no log has it.
TEST_F(LogProgram, RefusesALineWithAKeyThatNoEntryHas) {
  const std::string file = kVectors + "hello.tar.sigstore.jsonl";
  std::vector<Bundle> lines = *ParseBundleFile(*ReadFile(file, 1 << 20), file);
  ASSERT_TRUE(lines[0].certificate.has_value());
  lines[0].certificate = IssueAuthority(PrivateKey::Generate(KeyKind::kEd25519), "Anybody", "CA",
                                        1'800'000'000, kDaySeconds);
  lines[0].envelope.key_id = lines[0].key().KeyId();
  Write("ed25519.jsonl", WriteBundleLine(lines[0]) + "\n");
  Expect({"check-proof", kVectors + "hello.tar.tlog-proof", "--policy",
          kVectors + "root-file.tlog-policy", "--bundle", Path("ed25519.jsonl")},
         15, "ed25519.jsonl: line 1: its key is not ECDSA P-256");
}

TEST_F(LogProgram, EveryCommandHasHelpWithAnExample) {
  for (const char* command : {"mirror", "check", "recover", "close", "policy", "check-proof"}) {
    Expect({command, "--help"}, 0, std::string("farm log ") + command);
    Expect({command, "--nonsense"}, 2, "");
  }
}

}  // namespace
}  // namespace farm
