#include "farm/verify/memory.h"

#include <gtest/gtest.h>

#include "farm/crypto/hash.h"

namespace farm {
namespace {

TEST(Memory, KeepsTheNewestAcrossOpenings) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string path = JoinPath(directory.path(), "state");
  {
    auto memory = MemoryDirectory::Open(RealFileSystem(), path);
    ASSERT_TRUE(memory.has_value()) << memory.error().message;
    EXPECT_EQ(memory->memory().root_version, 0);
    EXPECT_FALSE(memory->ReleaseOf("hello").has_value());
    ASSERT_TRUE(memory->Remember({3, "hello", 7, Sha256("seven")}).has_value());
    ASSERT_TRUE(memory->Remember({2, "hello", 5, Sha256("five")}).has_value());
    ASSERT_TRUE(memory->Remember({2, "other", 1, Sha256("one")}).has_value());
  }
  auto memory = MemoryDirectory::Open(RealFileSystem(), path);
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  EXPECT_EQ(memory->memory().root_version, 3);
  ASSERT_TRUE(memory->ReleaseOf("hello").has_value());
  EXPECT_EQ(memory->ReleaseOf("hello")->sequence, 7);
  EXPECT_EQ(memory->ReleaseOf("hello")->release, Sha256("seven"));
  ASSERT_TRUE(memory->ReleaseOf("other").has_value());
  EXPECT_EQ(memory->ReleaseOf("other")->sequence, 1);
  EXPECT_EQ(memory->ReleaseOf("other")->release, Sha256("one"));
}

TEST(Memory, FillsInTheReleaseThatAnOlderVersionDidNotKeep) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string file = JoinPath(directory.path(), "memory.json");
  const std::string old = R"({"format":"farm-verify-memory/1","rootVersion":3,"sequences":[)"
                          R"({"product":"hello","sequence":7}]})";
  ASSERT_TRUE(WriteDurably(RealFileSystem(), file, old).has_value());
  auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  EXPECT_EQ(memory->ReleaseOf("hello")->sequence, 7);
  EXPECT_FALSE(memory->ReleaseOf("hello")->release.has_value());
  ASSERT_TRUE(memory->Remember({3, "hello", 5, Sha256("five")}).has_value());
  EXPECT_FALSE(memory->ReleaseOf("hello")->release.has_value());
  ASSERT_TRUE(memory->Remember({3, "hello", 7, Sha256("seven")}).has_value());
  ASSERT_TRUE(memory->Remember({3, "hello", 7, Sha256("another")}).has_value());
  EXPECT_EQ(memory->ReleaseOf("hello")->release, Sha256("seven"));
}

TEST(Memory, IsWrittenAsTheManualShows) {
  const std::string written = WriteMemory({3, {{"hello", {7, Sha256("hello")}}}});
  const auto manual = ReadFile("farm/verify/FORMAT.md", 1 << 20);
  ASSERT_TRUE(manual.has_value()) << manual.error().message;
  EXPECT_NE(manual->find("```\n" + written + "```\n"), std::string::npos) << written;
  const auto read = ParseMemory(written, "memory.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteMemory(*read), written);
}

TEST(Memory, IsNeverForgottenWhenDamaged) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string file = JoinPath(directory.path(), "memory.json");
  for (const std::string damaged :
       {"", "{", R"({"format":"farm-verify-memory/2","rootVersion":1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","rootVersion":-1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","rootVersion":1,"sequences":[{"product":"a"}]})",
        R"({"format":"farm-verify-memory/1","rootVersion":1,"sequences":[)"
        R"({"product":"a","release":"","sequence":1}]})",
        R"({"format":"farm-verify-memory/1","rootVersion":1,"sequences":[)"
        R"({"product":"a","release":null,"sequence":1}]})"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), file, damaged).has_value());
    const auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
    ASSERT_FALSE(memory.has_value()) << damaged;
    EXPECT_EQ(memory.error().Exit(), ExitCode::kUsage) << damaged;
  }
}

}  // namespace
}  // namespace farm
