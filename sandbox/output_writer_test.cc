#include "sandbox/output_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sandbox/collect.h"

namespace sandbox {
namespace {

namespace fs = std::filesystem;

class Writer : public testing::Test {
 protected:
  Writer() : directory_(testing::TempDir() + "/output_writer") {
    fs::remove_all(directory_);
    fs::create_directory(directory_);
  }

  static Message Entry(EntryType type, const std::string& text, const std::string& content) {
    Message entry;
    entry.kind = Kind::kEntry;
    entry.text = text;
    entry.numbers[0] = static_cast<std::int64_t>(type);
    entry.numbers[1] = 0644;
    entry.numbers[2] = static_cast<std::int64_t>(content.size());
    if (type == EntryType::kFile) {
      int fd = memfd_create("content", 0);
      EXPECT_EQ(write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
      lseek(fd, 0, SEEK_SET);
      entry.fds.emplace_back(fd);
    }
    return entry;
  }

  Status Take(OutputWriter* writer, const Message& entry) {
    return writer->Take(entry, &over_limit_);
  }

  fs::path directory_;
  bool over_limit_ = false;
};

TEST_F(Writer, WritesBelowItsFolder) {
  Result<OutputWriter> writer = OutputWriter::Open(directory_, 0);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(Take(&*writer, Entry(EntryType::kDirectory, "a/d", "")).ok());
  ASSERT_TRUE(Take(&*writer, Entry(EntryType::kFile, "a/d/f", "text")).ok());
  ASSERT_TRUE(Take(&*writer, Entry(EntryType::kSymlink, std::string("a/d/l\0f", 7), "")).ok());
  ASSERT_TRUE(writer->Finish().ok());
  std::ostringstream text;
  text << std::ifstream(directory_ / "a/d/l").rdbuf();
  EXPECT_EQ(text.str(), "text");
  EXPECT_EQ(writer->outputs().size(), 3u);
  writer->Discard();
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(Writer, RefusesPathsThatLeave) {
  Result<OutputWriter> writer = OutputWriter::Open(directory_, 0);
  ASSERT_TRUE(writer.ok());
  for (const char* path : {"", "../x", "a/../../x", "/x", "a//b", "."}) {
    EXPECT_FALSE(Take(&*writer, Entry(EntryType::kFile, path, "x")).ok()) << path;
  }
}

TEST_F(Writer, FollowsNoLinkAndOverwritesNothing) {
  fs::create_directory_symlink("/tmp", directory_ / "link");
  std::ofstream(directory_ / "there") << "kept";
  Result<OutputWriter> writer = OutputWriter::Open(directory_, 0);
  ASSERT_TRUE(writer.ok());
  EXPECT_FALSE(Take(&*writer, Entry(EntryType::kFile, "link/x", "x")).ok());
  EXPECT_FALSE(Take(&*writer, Entry(EntryType::kFile, "there", "x")).ok());
}

TEST_F(Writer, StopsAtItsLimit) {
  Result<OutputWriter> writer = OutputWriter::Open(directory_, 10);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(Take(&*writer, Entry(EntryType::kFile, "a", "12345")).ok());
  ASSERT_TRUE(Take(&*writer, Entry(EntryType::kFile, "b", "12345")).ok());
  EXPECT_FALSE(over_limit_);
  ASSERT_TRUE(Take(&*writer, Entry(EntryType::kFile, "c", "1")).ok());
  EXPECT_TRUE(over_limit_);
  EXPECT_FALSE(fs::exists(directory_ / "c"));
}

// Files with nothing in them take a disk's inodes.
TEST_F(Writer, CountsWhatHasNoBytes) {
  constexpr std::uint64_t kSmall = 1;
  const std::uint64_t most = OutputEntriesMax(kSmall);
  Result<OutputWriter> writer = OutputWriter::Open(directory_, kSmall);
  ASSERT_TRUE(writer.ok());
  for (std::uint64_t i = 0; i < most; ++i) {
    const EntryType type = i % 2 == 0 ? EntryType::kDirectory : EntryType::kSymlink;
    ASSERT_TRUE(Take(&*writer, Entry(type, std::to_string(i) + std::string("\0x", 2), "")).ok());
    ASSERT_FALSE(over_limit_) << i;
  }
  ASSERT_TRUE(Take(&*writer, Entry(EntryType::kFile, "one_more", "")).ok());
  EXPECT_TRUE(over_limit_);
  EXPECT_FALSE(fs::exists(directory_ / "one_more"));
}

TEST(OutputEntries, GoWithTheBytes) {
  EXPECT_EQ(OutputEntriesMax(0), kOutputEntriesMax);
  EXPECT_EQ(OutputEntriesMax(1), 1000u);
  EXPECT_EQ(OutputEntriesMax(std::uint64_t{4} << 30), 262144u);
  EXPECT_EQ(OutputEntriesMax(std::uint64_t{1} << 50), kOutputEntriesMax);
}

}  // namespace
}  // namespace sandbox
