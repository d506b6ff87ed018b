// One published tree, into which farmd and `farm root publish` write by turns.
#include <gtest/gtest.h>

#include "farm/base/files.h"
#include "farm/ceremony/published_tree.h"
#include "farm/crypto/hash.h"
#include "farm/release/publish.h"
#include "farm/sign/signer.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

TEST(SharedTree, WhatTheKeysOfTheTreeSignedStaysTrue) {
  const TemporaryDirectory temporary = *TemporaryDirectory::Make(testing::TempDir());
  const std::string tree = JoinPath(temporary.path(), "published");
  EvidenceMaker maker({.monitors = 1});
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  const auto signer = NewMemorySigner(key);
  TrustRoot first = maker.root();
  first.timestamp = first.snapshot = first.targets = {{key.public_key()}, 1};
  TrustRoot second = first;
  second.version = 2;
  second.logs[0].origin = "log2.farm.example";
  const std::string first_bytes = WriteTrustRoot(first, {maker.Key("root")});
  const std::string second_path = JoinPath(temporary.path(), "root-2.json");
  ASSERT_TRUE(
      WriteDurably(RealFileSystem(), second_path, WriteTrustRoot(second, {maker.Key("root")})));

  // A farmd that knows the first root, before and after the people of the root publish the second.
  const auto store = *BlobStore::Open(RealFileSystem(), JoinPath(temporary.path(), "store"));
  PublishedTree farmd(RealFileSystem(), *store, tree);
  ASSERT_TRUE(farmd.WriteRoots(first, first_bytes));
  PublishOrder order;
  order.directory = tree;
  order.roots = {second_path};
  order.policy = maker.policy();
  order.signers = {signer.get()};
  order.now = maker.options().start + 1000;
  const auto published = PublishTargets(RealFileSystem(), order);
  ASSERT_TRUE(published) << published.error().message;
  ASSERT_EQ(published->root.version, 2);
  ASSERT_TRUE(farmd.WriteRoots(first, first_bytes));
  const FarmStatus status = maker.Status(order.now);
  ASSERT_TRUE(*farmd.TakeStatus(WriteBundleLine(maker.StatusLine(status)) + "\n", first,
                                maker.policy(), order.now));

  ASSERT_TRUE(FileExists(JoinPath(tree, "status.json")));
  const auto& targets = published->metadata[0].files;
  EXPECT_EQ(targets.size(), 2u);
  for (const auto& [path, file] : targets) {
    EXPECT_EQ(Sha256(*ReadFile(JoinPath(tree, path), 1 << 22)), file.sha256) << path;
  }
  EXPECT_EQ(*ReadFile(JoinPath(tree, "trusted_root.json"), 1 << 22),
            WriteSigstoreTrustedRoot(second));
}

}  // namespace
}  // namespace farm
