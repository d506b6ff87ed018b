// The root in the published tree, where `farm root publish` works beside farmd.
#include <gtest/gtest.h>

#include "farm/release/publish.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

class PublishedRoots : public testing::Test {
 protected:
  Status Write(const TrustRoot& root) { return tree_.WriteRoots(root, BytesOf(root)); }
  // Signed once: every signature is another.
  const std::string& BytesOf(const TrustRoot& root) {
    std::string& bytes = bytes_[root.version];
    if (bytes.empty()) bytes = WriteTrustRoot(root, {maker_.Key("root")});
    return bytes;
  }
  std::string There(const std::string& name) const {
    return ReadFile(JoinPath(temporary_.path(), "published/" + name), 1 << 22).value_or("");
  }
  void ExpectNewest(const TrustRoot& root) {
    EXPECT_EQ(There("trusted_root.json"), WriteSigstoreTrustedRoot(root));
    EXPECT_EQ(There("keyring.json"), WriteSigstoreKeyring(root));
  }
  // The same farm with another auditor and another log.
  TrustRoot Next(std::int64_t version) const {
    EvidenceMaker other({.log = "log2.farm.example"});
    TrustRoot root = other.root();
    root.root_keys = maker_.root().root_keys;
    root.version = version;
    return root;
  }

  EvidenceMaker maker_;
  std::map<std::int64_t, std::string> bytes_;
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  std::unique_ptr<BlobStore> store_ =
      *BlobStore::Open(RealFileSystem(), JoinPath(temporary_.path(), "store"));
  PublishedTree tree_{RealFileSystem(), *store_, JoinPath(temporary_.path(), "published")};
};

TEST_F(PublishedRoots, NeverGoBack) {
  const TrustRoot first = maker_.root();
  const TrustRoot tenth = Next(10);
  ASSERT_TRUE(Write(first));
  ExpectNewest(first);
  ASSERT_TRUE(Write(first));
  ASSERT_TRUE(Write(tenth));
  ExpectNewest(tenth);
  // A farmd that was not started anew goes on publishing.
  ASSERT_TRUE(Write(first));
  ExpectNewest(tenth);
  // Nor does it put a root into a chain that it does not know.
  ASSERT_TRUE(Write(Next(9)));
  ExpectNewest(tenth);
  EXPECT_EQ(There("root/9.json"), "");
  EXPECT_EQ(There("root/1.json"), BytesOf(first));
  EXPECT_EQ(There("root/10.json"), BytesOf(tenth));
}

// `farm root publish` that crashes leaves such a one.
TEST_F(PublishedRoots, WhatIsNoRootFileIsInNobodysWay) {
  ASSERT_TRUE(Write(maker_.root()));
  for (const char* name : {"12.json.part.0123456789abcdef", "99", "98.json.old"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(),
                             JoinPath(temporary_.path(), std::string("published/root/") + name),
                             "half a root"));
  }
  const TrustRoot second = Next(2);
  ASSERT_TRUE(Write(second));
  EXPECT_EQ(There("root/2.json"), BytesOf(second));
  ExpectNewest(second);
}

TEST_F(PublishedRoots, AFileOfTheChainIsNeverReplaced) {
  ASSERT_TRUE(Write(maker_.root()));
  const Status other = tree_.WriteRoots(Next(1), "another root");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(There("root/1.json"), BytesOf(maker_.root()));
  ExpectNewest(maker_.root());
}

}  // namespace
}  // namespace farm
