// `farm init` as root: every file of a party belongs to that party's uid and to nobody else.  Needs
// root outside of a user namespace, for it gives files away.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "farm/base/files.h"
#include "farm/cli/init.h"

namespace farm {
namespace {

TEST(InitOwners, EveryPartyHasAUidAndItsFilesAlone) {
  ASSERT_EQ(geteuid(), 0U) << "start this test as root";
  const TemporaryDirectory directory = TemporaryDirectory::Make("").value();
  InitOptions options;
  options.directory = JoinPath(directory.path(), "farm");
  options.programs = "/bin";
  options.first_uid = kFirstPartyUid;
  options.first_subordinate_id = 1 << 30;
  const auto parties = InitDevelopment(options, FixedClock(1795477230));
  ASSERT_TRUE(parties) << parties.error().message;
  std::set<std::uint32_t> uids;
  for (const Party& party : *parties) {
    EXPECT_TRUE(uids.insert(party.uid).second) << party.name;
    EXPECT_GE(party.uid, kFirstPartyUid);
    const std::string folder = JoinPath(options.directory, "parties/" + party.name);
    struct stat status = {};
    ASSERT_EQ(stat(folder.c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, party.uid) << folder;
    EXPECT_EQ(status.st_mode & 07777, 0700U) << folder;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      ASSERT_EQ(lstat(entry.path().c_str(), &status), 0);
      EXPECT_EQ(status.st_uid, party.uid) << entry.path();
      EXPECT_EQ(status.st_gid, party.uid) << entry.path();
      EXPECT_EQ(status.st_mode & 07777, 0600U) << entry.path();
    }
  }
  // The keys of the root and of TLS stay with whoever made the farm.
  for (const char* key : {"authority/root.key.pem", "authority/tls.key.pem"}) {
    struct stat status = {};
    ASSERT_EQ(stat(JoinPath(options.directory, key).c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 0U) << key;
    EXPECT_EQ(status.st_mode & 07777, 0600U) << key;
  }
}

}  // namespace
}  // namespace farm
