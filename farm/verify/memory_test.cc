#include "farm/verify/memory.h"

#include <gtest/gtest.h>

namespace farm {
namespace {

TEST(Memory, KeepsTheNewestAcrossOpenings) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string path = JoinPath(directory.path(), "state");
  {
    auto memory = MemoryDirectory::Open(RealFileSystem(), path);
    ASSERT_TRUE(memory.has_value()) << memory.error().message;
    EXPECT_EQ(memory->memory().root_version, 0);
    EXPECT_EQ(memory->SequenceOf("hello"), std::nullopt);
    ASSERT_TRUE(memory->Remember(3, "hello", 7).has_value());
    ASSERT_TRUE(memory->Remember(2, "hello", 5).has_value());
    ASSERT_TRUE(memory->Remember(2, "other", 1).has_value());
  }
  auto memory = MemoryDirectory::Open(RealFileSystem(), path);
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  EXPECT_EQ(memory->memory().root_version, 3);
  EXPECT_EQ(memory->SequenceOf("hello"), 7);
  EXPECT_EQ(memory->SequenceOf("other"), 1);
}

TEST(Memory, IsNeverForgottenWhenDamaged) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string file = JoinPath(directory.path(), "memory.json");
  for (const std::string damaged :
       {"", "{", R"({"format":"farm-verify-memory/2","rootVersion":1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","rootVersion":-1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","rootVersion":1,"sequences":[{"product":"a"}]})"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), file, damaged).has_value());
    const auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
    ASSERT_FALSE(memory.has_value()) << damaged;
    EXPECT_EQ(memory.error().Exit(), ExitCode::kUsage) << damaged;
  }
}

}  // namespace
}  // namespace farm
