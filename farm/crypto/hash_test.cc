#include "farm/crypto/hash.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "farm/base/bytes.h"
#include "farm/base/files.h"

namespace farm {
namespace {

// Vectors of FIPS 180-4's examples.
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, GivesTheStandardsVectors) {
  EXPECT_EQ(Sha256("").Hex(), kEmpty);
  EXPECT_EQ(Sha256("abc").Hex(), kAbc);
}

TEST(Sha256Stream, GivesTheSameInPieces) {
  Sha256Stream stream;
  stream.Update("a");
  Sha256Stream moved = std::move(stream);
  moved.Update("");
  moved.Update("bc");
  EXPECT_EQ(moved.Finish().Hex(), kAbc);
  EXPECT_DEATH(moved.Finish(), "CHECK");
}

TEST(Sha1Stream, GivesTheStandardsVector) {
  Sha1Stream stream;
  stream.Update("ab");
  stream.Update("c");
  EXPECT_EQ(HexEncode(stream.Finish()), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(DigestOfFile, CountsAndHashes) {
  const auto directory = TemporaryDirectory::Make("").value();
  const std::string path = JoinPath(directory.path(), "file");
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "abc"));
  const auto file = DigestOfFile(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->digest.Hex(), kAbc);
  EXPECT_EQ(file->size, 3U);
  const auto missing = DigestOfFile(path + "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST(DigestOfFoundFile, IsTheSameAndWaitsForNobody) {
  const auto directory = TemporaryDirectory::Make("").value();
  const std::string path = JoinPath(directory.path(), "file");
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "abc"));
  const auto file = DigestOfFoundFile(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->digest.Hex(), kAbc);
  EXPECT_EQ(file->size, 3U);
  const auto missing = DigestOfFoundFile(path + "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  const std::string pipe_path = JoinPath(directory.path(), "pipe");
  ASSERT_EQ(mkfifo(pipe_path.c_str(), 0600), 0);
  const auto pipe = DigestOfFoundFile(pipe_path);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().Exit(), ExitCode::kUsage);
}

TEST(RandomBytes, NeverRepeats) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.insert(RandomBytes(16)).second);
  EXPECT_EQ(RandomBytes(0), "");
}

}  // namespace
}  // namespace farm
