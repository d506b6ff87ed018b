#include "farm/evidence/trust_root.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

class Root : public testing::Test {
 protected:
  // What reading says of `root_` signed anew.
  Result<TrustRoot> Signed(const std::function<void(TrustRoot&)>& bend) const {
    TrustRoot root = maker_.root();
    bend(root);
    return ParseTrustRoot(WriteTrustRoot(root, {maker_.Key("root")}), "root.json");
  }
  EvidenceMaker maker_;
};

TEST_F(Root, ComesBackAsWritten) {
  TrustRoot root = maker_.root();
  root.revocations = {{"key", maker_.Key("site-0").public_key().KeyId(), "lost", 1'800'000'000},
                      {"release", Sha256("x").Text(), "withdrawn", std::nullopt}};
  root.operators[0].valid_for.end = std::nullopt;
  const std::string bytes = WriteTrustRoot(root, {maker_.Key("root")});
  const auto read = ParseTrustRoot(bytes, "root.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteTrustRootSigned(*read), WriteTrustRootSigned(root));
  EXPECT_EQ(read->digest, Sha256(bytes));
  ASSERT_TRUE(read->FindParty(EvidenceMaker::SiteId(1)).has_value());
  EXPECT_EQ(read->FindParty(EvidenceMaker::SiteId(1))->owner->id, "operator-1");
  EXPECT_FALSE(read->FindParty("nobody").has_value());
  EXPECT_EQ(read->FindAuditor(maker_.Key("auditor-1").public_key())->id, "auditor-1");
  EXPECT_EQ(read->FindAuditor(maker_.Key("requester").public_key()), nullptr);
  EXPECT_EQ(read->FindRequester(maker_.Key("requester").public_key())->id, "requester");
}

TEST_F(Root, HasALimitThatEveryReaderTakes) {
  std::string bytes = maker_.RootBytes();
  bytes.resize(kTrustRootBytesMax, ' ');
  EXPECT_TRUE(ParseTrustRoot(bytes, "root.json"));
  const auto read = ParseTrustRoot(bytes + " ", "root.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kLimitExceeded) << read.error().message;
}

TEST_F(Root, NeedsTheThresholdOfItsOwnKeys) {
  TrustRoot root = maker_.root();
  const PrivateKey second = PrivateKey::Generate(KeyKind::kEd25519);
  root.root_keys.push_back(second.public_key());
  root.threshold = 2;
  const auto exit_of = [&](const std::vector<PrivateKey>& keys) {
    const auto read = ParseTrustRoot(WriteTrustRoot(root, keys), "root.json");
    return read ? ExitCode::kProved : read.error().Exit();
  };
  const PrivateKey& first = maker_.Key("root");
  EXPECT_EQ(exit_of({first, second}), ExitCode::kProved);
  EXPECT_EQ(exit_of({first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({first, first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({first, PrivateKey::Generate(KeyKind::kP256)}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({}), ExitCode::kBadSignature);
}

TEST_F(Root, ASuccessorIsSignedByTheKeysBeforeIt) {
  const PrivateKey second = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey next_key = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey& first = maker_.Key("root");
  const RootKeys before{{first.public_key(), second.public_key()}, 2};
  TrustRoot next = maker_.root();
  ++next.version;
  next.root_keys = {next_key.public_key()};
  const auto exit_of = [&](const std::vector<PrivateKey>& keys) {
    const auto read = ParseTrustRoot(WriteTrustRoot(next, keys), "root.json");
    const Status status = read ? CheckSuccessor(*read, before) : Status(read.error());
    return status ? ExitCode::kProved : status.error().Exit();
  };
  EXPECT_EQ(exit_of({next_key, first, second}), ExitCode::kProved);
  EXPECT_EQ(exit_of({next_key, first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({next_key, first, first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({next_key}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({first, second}), ExitCode::kBadSignature);  // its own is missing
}

TEST_F(Root, IsRefusedWhenChangedAfterSigning) {
  Json json = *ParseJson(maker_.RootBytes(), "root.json");
  EXPECT_TRUE(ParseTrustRoot(json.dump(), "root.json").has_value());  // white space is not signed
  json["signed"]["version"] = 2;
  EXPECT_EQ(ParseTrustRoot(json.dump(), "root.json").error().Exit(), ExitCode::kBadSignature);
}

TEST_F(Root, NobodyStandsThereTwice) {
  const std::pair<std::string, std::function<void(TrustRoot&)>> kRows[] = {
      {"issuer_under_two_operators",
       [](TrustRoot& r) { r.operators[1].authority = r.operators[0].authority; }},
      {"operator_id", [](TrustRoot& r) { r.operators[1].id = r.operators[0].id; }},
      {"builder_id",
       [](TrustRoot& r) { r.operators[1].parties[0].id = r.operators[0].parties[0].id; }},
      {"auditor_key", [](TrustRoot& r) { r.auditors[1].key = r.auditors[0].key; }},
      {"auditor_id", [](TrustRoot& r) { r.auditors[1].id = r.auditors[0].id; }},
      {"auditor_is_requester_with_another_key",
       [](TrustRoot& r) { r.auditors[1].id = r.requesters[0].id; }},
      {"auditor_is_requester", [](TrustRoot& r) { r.auditors[1].key = r.requesters[0].key; }},
      {"auditor_is_authority",
       [](TrustRoot& r) { r.auditors[1].key = r.operators[0].authority[0].public_key(); }},
      {"witness_key", [](TrustRoot& r) { r.witnesses[1].key = r.witnesses[0].key; }},
      {"witness_name", [](TrustRoot& r) { r.witnesses[1].name = r.witnesses[0].name; }},
      {"log_is_witness", [](TrustRoot& r) { r.logs[0].key = r.witnesses[0].key; }},
      {"log_key_is_root_key", [](TrustRoot& r) { r.logs[0].ecdsa_key = r.root_keys[0]; }},
      {"time_stamp_is_authority",
       [](TrustRoot& r) { r.timestamp_authorities[0].chain = r.operators[0].authority; }},
      {"log_origin", [](TrustRoot& r) { r.logs.push_back(r.logs[0]); }},
  };
  EXPECT_TRUE(Signed([](TrustRoot&) {}).has_value());
  for (const auto& [name, bend] : kRows) {
    const auto read = Signed(bend);
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << name;
    EXPECT_NE(read.error().message.find("twice"), std::string::npos) << read.error().message;
  }
}

TEST_F(Root, RefusesWhatMakesNoSense) {
  const PublicKey ed25519 = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  const PublicKey p256 = PrivateKey::Generate(KeyKind::kP256).public_key();
  const std::pair<std::string, std::function<void(TrustRoot&)>> kRows[] = {
      {"threshold", [](TrustRoot& r) { r.root_keys.clear(); }},
      {"threshold", [](TrustRoot& r) { r.threshold = 2; }},
      {"threshold", [](TrustRoot& r) { r.threshold = 0; }},
      {"expires", [](TrustRoot& r) { r.expires = r.created; }},
      {"version", [](TrustRoot& r) { r.version = 0; }},
      {"role", [](TrustRoot& r) { r.operators[0].parties[0].role = "king"; }},
      {"country", [](TrustRoot& r) { r.operators[0].parties[0].country = ""; }},
      {"country", [](TrustRoot& r) { r.operators[0].parties[1].country = "XA"; }},
      {"authority", [](TrustRoot& r) { r.operators[0].authority.clear(); }},
      {"end", [](TrustRoot& r) { r.operators[0].valid_for.end = 0; }},
      {"origin", [](TrustRoot& r) { r.logs[0].origin = "log.example/path"; }},
      {"logs[0].key", [&](TrustRoot& r) { r.logs[0].key = p256; }},
      {"ecdsaKey", [&](TrustRoot& r) { r.logs[0].ecdsa_key = ed25519; }},
      {"witnesses[0].key", [&](TrustRoot& r) { r.witnesses[0].key = p256; }},
      {"name", [&](TrustRoot& r) { r.witnesses[0].name = "w 1"; }},
      {"auditors[0].key", [&](TrustRoot& r) { r.auditors[0].key = ed25519; }},
      {"kind",
       [](TrustRoot& r) {
         r.revocations = {{"hat", "", "", {}}};
       }},
      {"subject",
       [](TrustRoot& r) {
         r.revocations = {{"key", "sha256:ab", "", {}}};
       }},
      {"compromisedSince",
       [](TrustRoot& r) {
         r.revocations = {{"release", Sha256("").Text(), "", 1}};
       }},
  };
  for (const auto& [field, bend] : kRows) {
    const auto read = Signed(bend);
    ASSERT_FALSE(read.has_value()) << field;
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
}

TEST_F(Root, SigstoreFormHasWhatItsVerifiersAskFor) {
  const Json json = *ParseForeignJson(WriteSigstoreTrustedRoot(maker_.root()), "root");
  EXPECT_EQ(json["mediaType"], "application/vnd.dev.sigstore.trustedroot.v0.2+json");
  ASSERT_EQ(json["tlogs"].size(), 2u);
  for (const Json& log : json["tlogs"]) {
    EXPECT_EQ(log["logId"], log["checkpointKeyId"]);
    EXPECT_EQ(Base64Decode(log["logId"]["keyId"].get<std::string>())->size(), 32u);
    EXPECT_EQ(log["baseUrl"], "https://log.farm.example");
    EXPECT_TRUE(log["publicKey"]["validFor"].contains("start"));
  }
  EXPECT_EQ(json["certificateAuthorities"].size(), 3u);
  EXPECT_EQ(json["timestampAuthorities"].size(), 1u);
  EXPECT_EQ(json["ctlogs"].size(), 1u);
  const Json keyring = *ParseForeignJson(WriteSigstoreKeyring(maker_.root()), "keyring");
  EXPECT_EQ(keyring.size(), 3u);
  EXPECT_TRUE(keyring.contains(maker_.Key("auditor-0").public_key().KeyId()));
}

}  // namespace
}  // namespace farm
