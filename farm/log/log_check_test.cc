#include "farm/log/log_check.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/log/mirror.h"
#include "tests/support/crash_files.h"
#include "tests/support/live_log.h"

namespace farm {
namespace {

class LogCheckTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  // A mirror of the log as it is now.
  std::string Mirror() {
    const std::string directory = Path("mirror");
    EXPECT_TRUE(MirrorLog(RealFileSystem(), directory, *OpenLogSource(live_.directory()),
                          live_.check(), {}));
    return directory;
  }
  static std::vector<std::string> FilesBelow(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (entry.is_regular_file()) {
        names.push_back(std::filesystem::relative(entry.path(), directory).string());
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  // Changes every file in every way that a disk knows; each must be found, by its name.
  void ChangeEveryFile(const std::string& directory, const std::string& flat_payloads_in) {
    int changed = 0;
    int payloads = 0;
    for (const std::string& name : FilesBelow(directory)) {
      if (name == "lock" || name == "format" || name == "reserve") continue;
      if (name.starts_with("payload/") && ++payloads % 50 != 0) continue;  // some of them
      SCOPED_TRACE(name);
      const std::string path = JoinPath(directory, name);
      const std::string good = *ReadFile(path, 1 << 24);
      std::string flipped = good;
      // Not in a line of the checkpoint that nobody here believes: in its size.
      flipped[name == "checkpoint" ? 18 : good.size() / 2] ^= 1;
      std::string wanted = name;
      if (!flat_payloads_in.empty() && name.starts_with(flat_payloads_in)) {
        wanted = "payload/" + BaseName(name);
      }
      for (const std::string& bad : {flipped, good.substr(0, good.size() - 1), std::string()}) {
        ASSERT_TRUE(WriteDurably(RealFileSystem(), path, bad));
        const auto found = CheckWholeLog(directory, live_.check(), {});
        ASSERT_TRUE(found) << found.error().message;
        ASSERT_TRUE(found->wrong) << bad.size() << " of " << good.size() << " bytes";
        EXPECT_EQ(found->wrong->file, wanted) << found->wrong->problem;
        ++changed;
      }
      ASSERT_TRUE(RealFileSystem().Remove(path));
      const auto found = CheckWholeLog(directory, live_.check(), {});
      // A directory without a checkpoint is no log at all.
      if (name != "checkpoint" && name != "head") {
        ASSERT_TRUE(found && found->wrong);
        EXPECT_EQ(found->wrong->file, wanted);
      }
      ASSERT_TRUE(WriteDurably(RealFileSystem(), path, good));
    }
    EXPECT_GE(changed, 3 * (6 + 5));
    const auto whole = RequireWholeLog(directory, live_.check(), {});
    ASSERT_TRUE(whole) << whole.error().message;
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  LiveLog live_{Path("log")};
};

TEST_F(LogCheckTest, FindsAWholeLogWhole) {
  for (const std::uint64_t size : {0u, 1u, 255u, 256u, 257u, 600u}) {
    SCOPED_TRACE(size);
    static std::uint64_t had = 0;
    ASSERT_TRUE(live_.Append(had, size));
    had = size;
    if (size == 0) continue;
    for (const std::string& directory : {live_.directory(), Mirror()}) {
      const auto found = RequireWholeLog(directory, live_.check(), {});
      ASSERT_TRUE(found) << directory << ": " << found.error().message;
      EXPECT_EQ(found->entries, size);
      EXPECT_EQ(found->payloads, size);
      EXPECT_EQ(found->without_payload, 0u);
      EXPECT_EQ(found->heads.front().tree.size, size);
    }
  }
}

TEST_F(LogCheckTest, NamesTheFileThatIsWrongInAMirror) {
  ASSERT_TRUE(live_.Append(0, 3));
  ASSERT_TRUE(live_.Append(3, 258));
  ChangeEveryFile(Mirror(), "");
}

TEST_F(LogCheckTest, NamesTheFileThatIsWrongInTheLogsOwnDirectory) {
  ASSERT_TRUE(live_.Append(0, 4));
  ASSERT_TRUE(live_.Append(4, 259));
  live_.Stop();
  ChangeEveryFile(live_.directory(), "payload/");
}

TEST_F(LogCheckTest, SaysHowFarItIs) {
  ASSERT_TRUE(live_.Append(0, 600));
  std::vector<std::uint64_t> entries;
  ASSERT_TRUE(RequireWholeLog(live_.directory(), live_.check(), [&](const LogProgress& progress) {
    EXPECT_EQ(progress.size, 600u);
    entries.push_back(progress.entries);
  }));
  EXPECT_EQ(entries, (std::vector<std::uint64_t>{256, 512, 600}));
}

TEST_F(LogCheckTest, ATreeWithoutSignaturesIsCheckedWhereNobodyIsBelieved) {
  ASSERT_TRUE(live_.Append(0, 3));
  const std::string mirror = Mirror();
  EXPECT_TRUE(RequireWholeLog(mirror, {}, {}));
  LiveLog stranger(Path("other"));
  const auto refused = RequireWholeLog(mirror, stranger.check(), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(CheckWholeLog(Path("nowhere"), {}, {}).error().code, ErrorCode::kNotFound);
}

// What no file says is not whole, and what a server says is not in a directory.
TEST_F(LogCheckTest, ChecksDirectoriesOnly) {
  for (const char* url : {"http://127.0.0.1:1/", "https://127.0.0.1:1"}) {
    const auto refused = RequireWholeLog(url, {}, {});
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kUsage) << refused.error().message;
    EXPECT_NE(refused.error().message.find("want a directory"), std::string::npos)
        << refused.error().message;
  }
}

TEST_F(LogCheckTest, EntriesThatNameNoPayloadAreCounted) {
  ASSERT_TRUE(live_.Append(0, 2));
  ASSERT_TRUE(live_.sequencer().Append("not a leaf of ours"));
  const auto found = RequireWholeLog(live_.directory(), live_.check(), {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->payloads, 2u);
  EXPECT_EQ(found->without_payload, 1u);
}

}  // namespace
}  // namespace farm
