#include "farm/crypto/digests.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/base/files.h"

namespace farm {
namespace {

// FIPS 180-4's example: "abc".
const struct {
  HashAlgorithm algorithm;
  const char* name;
  const char* hex;
} kRows[] = {
    {HashAlgorithm::kSha256, "sha256",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HashAlgorithm::kSha384, "sha384",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c82"
     "5"
     "a7"},
    {HashAlgorithm::kSha512, "sha512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f"},
};

TEST(Digests, AreThoseOfTheStandard) {
  for (const auto& row : kRows) {
    EXPECT_EQ(HexEncode(HashOf(row.algorithm, "abc")), row.hex) << row.name;
    EXPECT_EQ(HashName(row.algorithm), row.name);
    EXPECT_EQ(HashNamed(row.name), row.algorithm);
    EXPECT_EQ(HashSize(row.algorithm) * 2, std::string(row.hex).size()) << row.name;
  }
  for (const char* unknown : {"", "SHA256", "sha1", "sha2567"}) {
    EXPECT_FALSE(HashNamed(unknown)) << unknown;
  }
}

TEST(Digests, OfAFileAreThoseOfItsBytes) {
  const auto directory = TemporaryDirectory::Make(testing::TempDir()).value();
  const std::string path = JoinPath(directory.path(), "file");
  const std::string bytes(3 << 20, 'x');  // several pieces
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
  const auto digests = DigestsOfFile(path, {HashAlgorithm::kSha256, HashAlgorithm::kSha512});
  ASSERT_TRUE(digests) << digests.error().message;
  EXPECT_EQ(digests->size(), 2U);
  for (const auto& [algorithm, digest] : *digests) EXPECT_EQ(digest, HashOf(algorithm, bytes));
  const auto missing = DigestsOfFile(path + ".missing", {HashAlgorithm::kSha256});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace farm
