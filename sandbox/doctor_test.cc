#include "sandbox/doctor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "sandbox/monitor.h"

namespace sandbox {
namespace {

TEST(Doctor, SaysEachThingOnceAndARemedyForWhatIsMissing) {
  std::set<std::string> names;
  for (const Finding& finding : Examine()) {
    EXPECT_TRUE(names.insert(finding.name).second) << finding.name;
    EXPECT_NE(finding.detail, "") << finding.name;
    EXPECT_EQ(finding.remedy.empty(), finding.present) << finding.name;
  }
  for (const char* name : {"kernel",
                           "user namespace",
                           "mount namespace",
                           "pid namespace",
                           "net namespace",
                           "ipc namespace",
                           "uts namespace",
                           "cgroup namespace",
                           "time namespace",
                           "apparmor",
                           "mounts inside",
                           "overlay",
                           "landlock",
                           "seccomp",
                           "devices",
                           "id range",
                           "monitor",
                           "cgroup",
                           "erofs",
                           "seccomp notification",
                           "ptrace",
                           "tsc faulting",
                           "ns_last_pid",
                           "vdso",
                           "fuse"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(Doctor, FindsTheSameAgain) {
  const std::vector<Finding> first = Examine();
  const std::vector<Finding> second = Examine();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].present, second[i].present) << first[i].name;
  }
}

TEST(Doctor, SendsNobodyWhoHasAMonitorToAMonitor) {
  ASSERT_EQ(setenv(kMonitorVariable, "3", 1), 0);
  const std::vector<Finding> findings = Examine();
  ASSERT_EQ(unsetenv(kMonitorVariable), 0);
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.remedy.find("farm-sandbox monitor"), std::string::npos) << finding.name;
    if (finding.name == "id range" || finding.name == "monitor") {
      EXPECT_TRUE(finding.present) << finding.name;
    }
  }
}

// Root's run with --subids has all that a monitor gives; an ordinary user's without one has not.
TEST(Doctor, SaysThatRootNeedsNoMonitor) {
  ASSERT_EQ(unsetenv(kMonitorVariable), 0);
  const bool is_root = geteuid() == 0;
  for (const Finding& finding : Examine()) {
    if (finding.name != "monitor") continue;
    EXPECT_EQ(finding.present, is_root) << finding.detail;
    EXPECT_EQ(finding.detail, is_root ? "root's own, for each run with --subids" : "none");
    EXPECT_EQ(finding.remedy.find("no images") == std::string::npos, is_root) << finding.remedy;
  }
}

}  // namespace
}  // namespace sandbox
