#include "farm/ceremony/description.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kMade = 1'800'000'000;

class Description : public testing::Test {
 protected:
  Result<TrustRoot> Read(const std::string& text) const {
    return ReadRootDescription(text, "root.textproto", kMade, [this](const std::string& name) {
      const auto file = files_.find(name);
      if (file != files_.end()) return Result<std::string>(file->second);
      return Result<std::string>(Error{ErrorCode::kNotFound, name + " is missing"});
    });
  }
  // What says of one more line.
  std::string Refused(const std::string& more) const {
    const auto read = Read(WriteRootDescription(maker_.root()) + more);
    return read ? "" : read.error().message;
  }
  EvidenceMaker maker_;
  std::map<std::string, std::string> files_;
};

// The example in FORMAT.md between the lines "```textproto" and "```".
std::string ExampleOfFormat() {
  const std::string text = ReadFile("farm/ceremony/FORMAT.md", 1 << 20).value();
  const std::string begin = "```textproto\n";
  const std::size_t start = text.find(begin) + begin.size();
  return text.substr(start, text.find("```", start) - start);
}

TEST_F(Description, ComesBackAsTheSameRoot) {
  TrustRoot root = maker_.root();
  root.created = kMade;
  const auto ed25519 = [] { return PrivateKey::Generate(KeyKind::kEd25519).public_key(); };
  root.timestamp = root.snapshot = {{ed25519()}, 1};
  root.targets = {{ed25519(), ed25519()}, 2};
  root.key_holders = {{root.root_keys[0].KeyId(), "Ann"},
                      {root.timestamp.keys[0].KeyId(), "J\xc3\xbcrgen \"web\""}};
  if (root.key_holders[1].key_id < root.key_holders[0].key_id) {
    std::swap(root.key_holders[0], root.key_holders[1]);
  }
  root.operators[0].authorities.push_back(root.operators[0].authorities[0]);
  root.operators[0].valid_for.end.reset();
  root.monitors = {{"m", "M", PrivateKey::Generate(KeyKind::kP256).public_key(), {kMade, {}}}};
  root.certifiers = {{"c", "C", PrivateKey::Generate(KeyKind::kP256).public_key(), {kMade, {}}}};
  Log next = root.logs[0];
  next.origin = "log2.farm.example";
  next.key = ed25519();
  next.ecdsa_key = PrivateKey::Generate(KeyKind::kP256).public_key();
  root.logs[0].end = LogEnd{12, Sha256("tree"), next.origin};
  root.logs.push_back(next);
  root.revocations = {{"key", Sha256("k").Hex(), "lost", 1'800'000'001},
                      {"release", Sha256("r").Text(), "", {}}};
  const auto read = Read(WriteRootDescription(root));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteTrustRootSigned(*read), WriteTrustRootSigned(root));
  EXPECT_TRUE(read->signatures.empty());
}

TEST_F(Description, TheExampleOfTheFormatIsOne) {
  const std::string example = ExampleOfFormat();
  const auto read = Read(example);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->threshold, 2);
  EXPECT_EQ(read->root_keys.size(), 3u);
  EXPECT_EQ(read->operators[0].parties[0].country, "CH");
  EXPECT_EQ(read->created, 1'800'000'000);
  // Described again it says the same, all written out.
  const auto again = Read("created: \"2027-01-15T08:00:00Z\"\n" + WriteRootDescription(*read));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(WriteTrustRootSigned(*again), WriteTrustRootSigned(*read));
}

TEST_F(Description, TakesKeysAndCertificatesFromFiles) {
  const PublicKey key = PrivateKey::Generate(KeyKind::kP256).public_key();
  files_["ann.pem"] = key.Pem();
  const std::string more = "auditor { id: \"ann\" name: \"Ann\" key { file: \"ann.pem\" } }";
  const auto read = Read(WriteRootDescription(maker_.root()) + more);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->auditors.back().key, key);
  EXPECT_EQ(read->auditors.back().valid_for.start, kMade);
  EXPECT_FALSE(read->auditors.back().valid_for.end.has_value());
  files_["stamps.pem"] = maker_.root().timestamp_authorities[0].chain[0].Pem();
  EXPECT_EQ(Refused("timestamp_authority { name: \"more\" certificate { file: \"stamps.pem\" } }"),
            "");
}

TEST_F(Description, NamesTheFieldThatIsWrong) {
  files_["bad.pem"] = "no key";
  const std::pair<const char*, const char*> kRows[] = {
      {"root.textproto:", "colour: 1"},
      {"expires", "expires: \"tomorrow\""},
      {"auditor[2].key", "auditor { id: \"ann\" }"},
      {"auditor[2].key", "auditor { id: \"ann\" key { file: \"none.pem\" } }"},
      {"none.pem is missing", "auditor { id: \"ann\" key { file: \"none.pem\" } }"},
      {"bad.pem", "auditor { id: \"ann\" key { file: \"bad.pem\" } }"},
      {"auditor[2].key", "auditor { id: \"ann\" key { file: \"bad.pem\" spki: \"AA==\" } }"},
      {"auditor[2].key", "auditor { id: \"ann\" key { spki: \"!\" } }"},
      {"operator[3].valid.end", "operator { id: \"x\" valid { end: \"2\" } }"},
      {"revocation[0].compromised_since",
       "revocation { kind: \"key\" compromised_since: \"yesterday\" }"},
      {"revocations[0].kind", "revocation { kind: \"person\" }"},
      {"operator[3].name", "operator { id: \"x\" name: \"\\xff\" }"},
      {"log[1].key", "log { origin: \"x\" }"},
  };
  EXPECT_EQ(Refused(""), "");
  for (const auto& [field, more] : kRows) {
    const std::string message = Refused(more);
    EXPECT_NE(message.find(field), std::string::npos) << more << ": " << message;
  }
}

TEST_F(Description, NumbersHaveBounds) {
  const std::pair<const char*, const char*> kRows[] = {
      {"threshold: 1", "threshold: 2"},
      {"threshold: 1", "threshold: 0"},
      {"threshold: 1", "threshold: 9223372036854775807"},
      {"machines: 1", "machines: 0"},
      {"machines: 1", "machines: 9007199254740993"},
  };
  for (const auto& [from, to] : kRows) {
    std::string text = WriteRootDescription(maker_.root());
    ASSERT_NE(text.find(from), std::string::npos) << text;
    text.replace(text.find(from), std::string_view(from).size(), to);
    const auto read = Read(text);
    ASSERT_FALSE(read.has_value()) << to;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << to;
    const std::string field(from, std::string_view(from).find(':'));
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
}

TEST_F(Description, HasALimit) {
  std::string text = WriteRootDescription(maker_.root());
  text.resize(kRootDescriptionBytesMax, ' ');
  EXPECT_TRUE(Read(text).has_value());
  const auto past = Read(text + " ");
  ASSERT_FALSE(past.has_value());
  EXPECT_EQ(past.error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace farm
