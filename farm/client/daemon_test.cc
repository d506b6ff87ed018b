// What the daemons' --help says besides their options.
#include "farm/client/daemon.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"

namespace farm {
namespace {

bool Says(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST(DaemonFooter, HasTheConfigurationAndTheExamples) {
  for (const char* program :
       {"farmd", "farm-site", "farm-signer", "farm-log", "farm-witness", "farm-tsa"}) {
    const std::string text = DaemonFooter({program, "", "Examples: none"});
    EXPECT_TRUE(Says(text, "\"format\": \"farm-config/1\"")) << program;
    EXPECT_TRUE(Says(text, "\"key\": ")) << program;
    EXPECT_FALSE(Says(text, "```")) << program;
    EXPECT_TRUE(text.ends_with("Examples: none")) << program;
  }
}

TEST(DaemonFooter, ShowsAKeyInATokenWhereOneMayStand) {
  const std::string with = DaemonFooter({"farm-site", "", ""});
  EXPECT_TRUE(Says(with, "PKCS#11 token")) << with;
  const std::size_t begin = with.find("\"key\": \"pkcs11:token=");
  ASSERT_NE(begin, std::string::npos) << with;
  const std::string example = with.substr(begin, with.find('\n', begin) - begin);
  for (const char* part : {";object=", "?module-path=/", "&pin-source=file:/"}) {
    EXPECT_TRUE(Says(example, part)) << example;
  }
  EXPECT_TRUE(example.ends_with('"')) << example;
  EXPECT_FALSE(Says(DaemonFooter({"farm-tsa", "", "", false}), "pkcs11:"));
}

}  // namespace
}  // namespace farm
