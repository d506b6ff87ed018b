// `farm init` as root: every file of a party belongs to that party's uid and to nobody else.  Needs
// root outside of a user namespace, for it gives files away.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "farm/base/files.h"
#include "farm/cli/init.h"
#include "farm/cli/person.h"
#include "farm/client/farm_client.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

// A new farm in which every party has a uid.
InitOptions OptionsBelow(const TemporaryDirectory& directory) {
  InitOptions options;
  options.directory = JoinPath(directory.path(), "farm");
  options.programs = "/bin";
  options.first_uid = kFirstPartyUid;
  options.first_subordinate_id = 1 << 30;
  return options;
}

// Root tries out such a farm with the configurations of its persons.
TEST(InitOwners, RootTakesAPersonsKeysByThatPersonsConfigurationOnly) {
  ASSERT_EQ(geteuid(), 0U) << "start this test as root";
  const TemporaryDirectory directory = TemporaryDirectory::Make("").value();
  const InitOptions options = OptionsBelow(directory);
  // Of now: whoever opens a connection looks at the times of its certificate.
  ASSERT_TRUE(InitDevelopment(options, SystemClock()));
  const std::string path = JoinPath(options.directory, "parties/requester-1/config.json");
  const auto config = ReadPersonConfig(path);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(OpenConfiguredSigner(config->key, config->owner));
  EXPECT_TRUE(FarmClient::Open(config->farm));
  const auto without = OpenSigner(config->key);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().Exit(), ExitCode::kRefused) << without.error().message;
  ASSERT_EQ(chown(path.c_str(), 0, 0), 0);
  const auto of_root = ReadPersonConfig(path);
  ASSERT_TRUE(of_root) << of_root.error().message;
  const auto signer = OpenConfiguredSigner(of_root->key, of_root->owner);
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().Exit(), ExitCode::kRefused) << signer.error().message;
  const auto client = FarmClient::Open(of_root->farm);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().Exit(), ExitCode::kRefused) << client.error().message;
}

TEST(InitOwners, EveryPartyHasAUidAndItsFilesAlone) {
  ASSERT_EQ(geteuid(), 0U) << "start this test as root";
  const TemporaryDirectory directory = TemporaryDirectory::Make("").value();
  const InitOptions options = OptionsBelow(directory);
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
