// The roles of TUF beside the root's, who holds their keys, and the chain of roots.
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

class Roles : public testing::Test {
 protected:
  Roles() : root_(maker_.root()) {
    root_.timestamp = {{online_}, 1};
    root_.snapshot = {{online_}, 1};
    root_.targets = {{first_, second_}, 2};
    root_.key_holders = {{online_.KeyId(), "Web server"}, {first_.KeyId(), "Ann"}};
  }
  Result<TrustRoot> Signed(const std::function<void(TrustRoot&)>& bend) const {
    TrustRoot root = root_;
    bend(root);
    return ParseTrustRoot(WriteTrustRoot(root, {maker_.Key("root")}), "root.json");
  }

  EvidenceMaker maker_;
  const PublicKey online_ = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  const PublicKey first_ = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  const PublicKey second_ = PrivateKey::Generate(KeyKind::kP256).public_key();
  TrustRoot root_;
};

TEST_F(Roles, ComeBackAsWritten) {
  const auto read = Signed([](TrustRoot&) {});
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteTrustRootSigned(*read), WriteTrustRootSigned(root_));
  EXPECT_EQ(read->targets.keys, root_.targets.keys);
  EXPECT_EQ(read->targets.threshold, 2);
  EXPECT_EQ(read->timestamp.keys, read->snapshot.keys);
  ASSERT_EQ(read->key_holders.size(), 2u);
  EXPECT_EQ(read->key_holders[1].name, "Ann");
  // A key of several roles stands once among TUF's keys.
  const Json json = *ParseJson(WriteTrustRoot(root_, {maker_.Key("root")}), "root.json");
  EXPECT_EQ(json["signed"]["keys"].size(), 4u);
}

// What the makers of a tree say counts for nothing in a root.
TEST_F(Roles, TheirKeysDoNotSignRoots) {
  const PrivateKey online = PrivateKey::Generate(KeyKind::kEd25519);
  TrustRoot root = root_;
  root.timestamp = root.snapshot = {{online.public_key()}, 1};
  root.key_holders.clear();
  const auto read = ParseTrustRoot(WriteTrustRoot(root, {online}), "root.json");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().Exit(), ExitCode::kBadSignature);
}

TEST_F(Roles, RefuseWhatMakesNoSense) {
  const std::pair<std::string, std::function<void(TrustRoot&)>> kRows[] = {
      {"roles.targets.threshold", [](TrustRoot& r) { r.targets.threshold = 3; }},
      {"threshold", [](TrustRoot& r) { r.targets.threshold = 0; }},
      {"roles.snapshot.keyids", [](TrustRoot& r) { r.snapshot.keys.clear(); }},
      {"roles.snapshot.keyids", [](TrustRoot& r) { r.timestamp.keys.clear(); }},
      {"twice", [](TrustRoot& r) { r.targets.keys[1] = r.targets.keys[0]; }},
      {"twice", [](TrustRoot& r) { r.snapshot.keys = r.root_keys; }},
      {"twice", [](TrustRoot& r) { r.snapshot.keys = {r.logs[0].key}; }},
      {"twice", [](TrustRoot& r) { r.snapshot.keys = {r.auditors[0].key}; }},
      {"keyHolders", [](TrustRoot& r) { r.key_holders[1].key_id = r.key_holders[0].key_id; }},
      {"keyHolders", [](TrustRoot& r) { r.key_holders[0].key_id = r.logs[0].key.KeyId(); }},
      {"name", [](TrustRoot& r) { r.key_holders[0].name = "a\nb"; }},
      {"name", [](TrustRoot& r) { r.key_holders[0].name = ""; }},
  };
  for (const auto& [field, bend] : kRows) {
    const auto read = Signed(bend);
    ASSERT_FALSE(read.has_value()) << field;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << field;
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
}

// One form for one meaning: what is signed is what was read.
TEST_F(Roles, HoldersHaveOneForm) {
  TrustRoot root = root_;
  root.key_holders.clear();
  Json json = *ParseJson(WriteTrustRoot(root, {maker_.Key("root")}), "root.json");
  json["signed"]["farm"]["keyHolders"] = Json::array();
  json["signatures"][0]["sig"] =
      HexEncode(maker_.Key("root").Sign(WriteCanonicalJson(json["signed"])));
  const auto read = ParseTrustRoot(json.dump(), "root.json");
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("keyHolders"), std::string::npos) << read.error().message;
}

TEST_F(Roles, AnUnsignedRootIsReadOnlyWhereThatIsAskedFor) {
  const std::string bytes = WriteTrustRoot(root_, {});
  EXPECT_EQ(ParseTrustRoot(bytes, "root.json").error().Exit(), ExitCode::kBadSignature);
  const auto read = ParseUnsignedTrustRootUnsafe(bytes, "root.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteTrustRoot(*read), bytes);
}

TEST_F(Roles, AFileKeepsEverySignatureWhoeverMadeIt) {
  const PrivateKey other = PrivateKey::Generate(KeyKind::kEd25519);
  const std::string bytes = WriteTrustRoot(root_, {maker_.Key("root"), other});
  const auto read = ParseTrustRoot(bytes, "root.json");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(WriteTrustRoot(*read), bytes);
}

TEST_F(Roles, TheChainTakesEveryStep) {
  const PrivateKey& key = maker_.Key("root");
  const auto root_of = [&](std::int64_t version, const PrivateKey& signer) {
    TrustRoot root = root_;
    root.version = version;
    root.root_keys = {signer.public_key()};
    return *ParseTrustRoot(WriteTrustRoot(root, {key, signer}), "root.json");
  };
  const PrivateKey other = PrivateKey::Generate(KeyKind::kEd25519);
  const TrustRoot fourth = root_of(4, key);
  const auto exit_of = [&](const TrustRoot& next) {
    const Status status = CheckNextRoot(next, fourth);
    return status ? ExitCode::kProved : status.error().Exit();
  };
  EXPECT_EQ(exit_of(root_of(5, other)), ExitCode::kProved);
  EXPECT_EQ(exit_of(root_of(4, other)), ExitCode::kRollback);
  EXPECT_EQ(exit_of(root_of(3, other)), ExitCode::kRollback);
  EXPECT_EQ(exit_of(root_of(6, other)), ExitCode::kInputMissing);
  TrustRoot alone = root_;
  alone.version = 5;
  alone.root_keys = {other.public_key()};
  EXPECT_EQ(exit_of(*ParseTrustRoot(WriteTrustRoot(alone, {other}), "root.json")),
            ExitCode::kBadSignature);
}

}  // namespace
}  // namespace farm
