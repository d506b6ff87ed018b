#include "sandbox/remove.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sandbox/system.h"

namespace sandbox {
namespace {

namespace fs = std::filesystem;

class Removed : public testing::Test {
 protected:
  Removed() : directory_(testing::TempDir() + "/removed") {
    mkdir(directory_.c_str(), 0755);
    top_ = UniqueFd(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  // A chain of `depth` folders below `name`, with a file in each: by descriptors, for no path
  // reaches them.
  void MakeChain(const std::string& name, int depth) const {
    UniqueFd at(openat(top_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::string next = name;
    for (int i = 0; i < depth; ++i) {
      ASSERT_EQ(mkdirat(at.get(), next.c_str(), 0755), 0);
      at = UniqueFd(openat(at.get(), next.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      ASSERT_TRUE(at.valid());
      UniqueFd file(openat(at.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      ASSERT_TRUE(file.valid());
      next = "a_folder_with_a_name";
    }
  }

  fs::path directory_;
  UniqueFd top_;
};

TEST_F(Removed, FoldersDeeperThanAnyPath) {
  constexpr int kDeep = 6000;
  MakeChain("one", kDeep);
  MakeChain("other", static_cast<int>(kRemoveDepthMax));
  // Somebody has taken the names that come to mind.
  for (const char* taken : {".farm-sandbox-remove-0", ".farm-sandbox-remove-1"}) {
    MakeChain(taken, static_cast<int>(kRemoveDepthMax) + 1);
  }
  std::ofstream(directory_ / ".farm-sandbox-remove-2") << "a file";
  // Far fewer descriptors than levels.
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = {kRemoveDepthMax + 64, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  Status emptied = EmptyDirectory(top_.get(), OnFailure::kStop);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(emptied.ok()) << emptied.message();
  EXPECT_TRUE(fs::is_empty(directory_));
  EXPECT_EQ(rmdir(directory_.c_str()), 0);
}

TEST_F(Removed, NothingBehindALink) {
  const fs::path other = testing::TempDir() + "/not_removed";
  fs::create_directory(other);
  std::ofstream(other / "file") << "kept";
  fs::create_directory_symlink(other, directory_ / "link");
  MakeChain("chain", static_cast<int>(kRemoveDepthMax) - 2);
  Status emptied = EmptyDirectory(top_.get(), OnFailure::kStop);
  EXPECT_TRUE(emptied.ok()) << emptied.message();
  EXPECT_TRUE(fs::is_empty(directory_));
  EXPECT_TRUE(fs::exists(other / "file"));
  fs::remove_all(other);
  fs::remove_all(directory_);
}

}  // namespace
}  // namespace sandbox
