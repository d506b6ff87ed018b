#include "farm/ceremony/tuf_metadata.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"

namespace farm {
namespace {

TufMetadata Example(TufRole role) {
  TufMetadata metadata;
  metadata.role = role;
  metadata.version = 7;
  metadata.expires = 1'800'000'000;
  if (role == TufRole::kTargets) {
    metadata.files = {{"hello/newest.sigstore.jsonl", {Sha256("bundle"), 6, 0}},
                      {"keyring.json", {Sha256("keyring"), 7, 0}}};
  } else {
    metadata.files = {{role == TufRole::kTimestamp ? "snapshot.json" : "targets.json",
                       {Sha256("metadata"), 8, 3}}};
  }
  return metadata;
}

constexpr TufRole kRoles[] = {TufRole::kTargets, TufRole::kSnapshot, TufRole::kTimestamp};

TEST(TufMetadataFile, ComesBackAsWritten) {
  for (const TufRole role : kRoles) {
    TufMetadata metadata = Example(role);
    metadata.signatures = {{"ab", "sig"}};
    const std::string bytes = WriteTufMetadata(metadata);
    const auto read = ParseTufMetadata(bytes, role, "x.json");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(WriteTufMetadata(*read), bytes);
    EXPECT_EQ(read->files, metadata.files);
    EXPECT_EQ(read->expires, metadata.expires);
  }
}

// The example between "```json targets" and "```" in FORMAT.md.
TEST(TufMetadataFile, TheExampleOfTheFormatIsOne) {
  const std::string text = ReadFile("farm/ceremony/FORMAT.md", 1 << 20).value();
  const std::string begin = "```json\n";
  const std::size_t start = text.find(begin) + begin.size();
  const std::string example = text.substr(start, text.find("```", start) - start);
  const auto read = ParseTufMetadata(example, TufRole::kTargets, "FORMAT.md");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteTufMetadata(*read), example);
  EXPECT_EQ(read->version, 7);
}

TEST(TufMetadataFile, RefusesEveryOtherForm) {
  const std::pair<std::string, std::function<void(Json&)>> kRows[] = {
      {"_type", [](Json& s) { s["_type"] = "snapshot"; }},
      {"spec_version", [](Json& s) { s["spec_version"] = "1.0"; }},
      {"version", [](Json& s) { s["version"] = 0; }},
      {"expires", [](Json& s) { s["expires"] = "never"; }},
      {"targets", [](Json& s) { s.erase("targets"); }},
      {"delegations", [](Json& s) { s["delegations"] = Json::object(); }},
      {"length", [](Json& s) { s["targets"]["keyring.json"]["length"] = -1; }},
      {"hashes", [](Json& s) { s["targets"]["keyring.json"].erase("hashes"); }},
      {"sha256", [](Json& s) { s["targets"]["keyring.json"]["hashes"]["sha256"] = "12"; }},
      {"sha512", [](Json& s) { s["targets"]["keyring.json"]["hashes"]["sha512"] = "12"; }},
      {"custom", [](Json& s) { s["targets"]["keyring.json"]["custom"] = 1; }},
  };
  const Json good = *ParseJson(WriteTufMetadata(Example(TufRole::kTargets)), "x.json");
  for (const auto& [field, bend] : kRows) {
    Json json = good;
    bend(json["signed"]);
    const auto read = ParseTufMetadata(json.dump(), TufRole::kTargets, "x.json");
    ASSERT_FALSE(read.has_value()) << field;
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
  Json two = *ParseJson(WriteTufMetadata(Example(TufRole::kTimestamp)), "x.json");
  two["signed"]["meta"]["other.json"] = two["signed"]["meta"]["snapshot.json"];
  EXPECT_FALSE(ParseTufMetadata(two.dump(), TufRole::kTimestamp, "x.json"));
}

TEST(TufMetadataFile, HasLimits) {
  std::string bytes = WriteTufMetadata(Example(TufRole::kTargets));
  bytes.resize(kTufMetadataBytesMax, ' ');
  EXPECT_TRUE(ParseTufMetadata(bytes, TufRole::kTargets, "x.json"));
  const auto past = ParseTufMetadata(bytes + " ", TufRole::kTargets, "x.json");
  ASSERT_FALSE(past.has_value());
  EXPECT_EQ(past.error().code, ErrorCode::kLimitExceeded);

  TufMetadata many = Example(TufRole::kTargets);
  while (many.files.size() < kTufTargetsMax) {
    many.files["p" + std::to_string(many.files.size())] = {Sha256("x"), 1, 0};
  }
  EXPECT_TRUE(ParseTufMetadata(WriteTufMetadata(many), TufRole::kTargets, "x.json"));
  many.files["one-more"] = {Sha256("x"), 1, 0};
  const auto too_many = ParseTufMetadata(WriteTufMetadata(many), TufRole::kTargets, "x.json");
  ASSERT_FALSE(too_many.has_value());
  EXPECT_EQ(too_many.error().code, ErrorCode::kLimitExceeded);

  TufMetadata signatures = Example(TufRole::kTargets);
  signatures.signatures.assign(kRootKeysMax, {"ab", "sig"});
  EXPECT_TRUE(ParseTufMetadata(WriteTufMetadata(signatures), TufRole::kTargets, "x.json"));
  signatures.signatures.push_back({"ab", "sig"});
  EXPECT_FALSE(ParseTufMetadata(WriteTufMetadata(signatures), TufRole::kTargets, "x.json"));
}

TEST(TufMetadataFile, NeedsTheThresholdOfItsRole) {
  const PrivateKey ann = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey ben = PrivateKey::Generate(KeyKind::kP256);
  TrustRoot root;
  root.targets = {{ann.public_key(), ben.public_key()}, 2};
  root.snapshot = {{ann.public_key()}, 1};
  const auto sign = [](TufMetadata metadata, const std::vector<PrivateKey>& keys) {
    for (const PrivateKey& key : keys) {
      metadata.signatures.push_back({key.public_key().KeyId(), key.Sign(WriteTufSigned(metadata))});
    }
    return metadata;
  };
  const TufMetadata targets = Example(TufRole::kTargets);
  EXPECT_TRUE(CheckTufSignatures(sign(targets, {ann, ben}), root));
  EXPECT_FALSE(CheckTufSignatures(sign(targets, {ann}), root));
  EXPECT_FALSE(CheckTufSignatures(sign(targets, {ann, ann}), root));
  const PrivateKey other = PrivateKey::Generate(KeyKind::kP256);
  EXPECT_FALSE(CheckTufSignatures(sign(targets, {ann, other}), root));
  EXPECT_FALSE(CheckTufSignatures(sign(Example(TufRole::kSnapshot), {ben}), root));
  TufMetadata changed = sign(targets, {ann, ben});
  ++changed.version;
  const Status refused = CheckTufSignatures(changed, root);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().Exit(), ExitCode::kBadSignature);
}

}  // namespace
}  // namespace farm
