#include "sandbox/disk_usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sandbox/system.h"

namespace sandbox {
namespace {

class DiskUsageTest : public testing::Test {
 protected:
  DiskUsageTest() {
    std::string pattern = testing::TempDir() + "/disk_XXXXXX";
    top_ = mkdtemp(pattern.data());
  }
  // By the shell: the trees here are deeper than a path may be long.
  ~DiskUsageTest() override { static_cast<void>(!std::system(("rm -rf '" + top_ + "'").c_str())); }
  void Write(const std::string& name, std::size_t bytes) const {
    std::ofstream(top_ + "/" + name) << std::string(bytes, 'x');
  }

  std::string top_;
};

TEST_F(DiskUsageTest, CountsWhatIsThere) {
  std::filesystem::create_directory(top_ + "/folder");
  Write("file", 100000);
  Write("folder/file", 100000);
  std::filesystem::create_symlink("/usr", top_ + "/link");
  Result<DiskUsage> usage = MeasureDisk(top_.c_str());
  ASSERT_TRUE(usage.ok()) << usage.message();
  EXPECT_EQ(usage->inodes, 4u);
  EXPECT_GE(usage->bytes, 200000u);
  EXPECT_LE(usage->bytes, 300000u);
}

TEST_F(DiskUsageTest, AFileOfManyNamesCountsOnce) {
  Write("file", 100000);
  for (const char* name : {"a", "b", "c"}) {
    std::filesystem::create_hard_link(top_ + "/file", top_ + "/" + name);
  }
  Result<DiskUsage> usage = MeasureDisk(top_.c_str());
  ASSERT_TRUE(usage.ok()) << usage.message();
  EXPECT_EQ(usage->inodes, 1u);
  EXPECT_LE(usage->bytes, 150000u);
}

// Makes `depth` folders in each other, and a file in the last.
void MakeDeep(const std::string& top, int depth) {
  const std::string name(200, 'd');
  UniqueFd at(open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(mkdirat(at.get(), name.c_str(), 0755), 0);
    at = UniqueFd(openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  UniqueFd file(openat(at.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_TRUE(file.valid());
}

TEST_F(DiskUsageTest, PathsMayBeLongerThanTheKernelTakes) {
  MakeDeep(top_, 100);
  Result<DiskUsage> usage = MeasureDisk(top_.c_str());
  ASSERT_TRUE(usage.ok()) << usage.message();
  EXPECT_EQ(usage->inodes, 101u);
}

TEST_F(DiskUsageTest, WhatCannotBeMeasuredIsAnError) {
  MakeDeep(top_, 502);
  EXPECT_FALSE(MeasureDisk(top_.c_str()).ok());
  EXPECT_FALSE(MeasureDisk((top_ + "/none").c_str()).ok());
}

}  // namespace
}  // namespace sandbox
