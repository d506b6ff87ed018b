// A key's file that belongs to another user is not read.  Needs root outside of a user namespace,
// for it gives files away and becomes other users.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "farm/base/files.h"
#include "farm/crypto/key.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

constexpr uid_t kSomebody = 54321;
constexpr uid_t kSomebodyElse = 54322;

// Opens the key as this user, by a configuration of the other.
Result<std::unique_ptr<Signer>> OpenAs(uid_t user, const std::string& path,
                                       std::optional<uid_t> configured_by = std::nullopt) {
  CHECK(seteuid(user) == 0);
  auto signer = OpenConfiguredSigner(path, configured_by);
  CHECK(seteuid(0) == 0);
  return signer;
}

TEST(SecretOwner, IsTheEffectiveUserOrRoot) {
  ASSERT_EQ(geteuid(), 0U) << "start this test as root";
  const TemporaryDirectory directory = TemporaryDirectory::Make("/tmp").value();  // all may enter
  ASSERT_EQ(chmod(directory.path().c_str(), 0755), 0);
  const std::string path = JoinPath(directory.path(), "key.pem");
  ASSERT_TRUE(
      WriteSecretDurably(RealFileSystem(), path, PrivateKey::Generate(KeyKind::kP256).Pem()));
  EXPECT_TRUE(OpenAs(0, path));
  ASSERT_EQ(chown(path.c_str(), kSomebody, kSomebody), 0);
  EXPECT_TRUE(OpenAs(kSomebody, path));
  const auto of_another = OpenAs(0, path);
  ASSERT_FALSE(of_another);
  EXPECT_EQ(of_another.error().Exit(), ExitCode::kRefused);
  for (const std::string& words :
       {path, std::string("belongs to user 54321, want root;"), "chown 0 " + path}) {
    EXPECT_NE(of_another.error().message.find(words), std::string::npos)
        << of_another.error().message;
  }
  EXPECT_TRUE(OpenAs(0, path, kSomebody));
  EXPECT_FALSE(OpenAs(0, path, kSomebodyElse));
  EXPECT_FALSE(OpenSigner(path));
  EXPECT_FALSE(ReadPrivateKeyFile(path));
}

}  // namespace
}  // namespace farm
