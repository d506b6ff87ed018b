#include "farm/toolchain/apt.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/toolchain/apt_sources.h"
#include "farm/toolchain/control.h"

namespace farm {
namespace {

TEST(Control, CutsAStreamIntoStanzasAtAnyPlace) {
  const std::string text = "\nPackage: a\nSize: 1\n\n\nPackage: b\nDescription: two\n lines\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::vector<std::string> stanzas;
    StanzaReader reader([&stanzas](std::string_view stanza) { stanzas.emplace_back(stanza); });
    reader.Add(text.substr(0, cut));
    reader.Add(text.substr(cut));
    ASSERT_TRUE(reader.Finish());
    ASSERT_EQ(stanzas.size(), 2u) << cut;
    EXPECT_EQ(stanzas[0], "Package: a\nSize: 1") << cut;
    EXPECT_EQ(stanzas[1], "Package: b\nDescription: two\n lines") << cut;
    EXPECT_EQ(ControlField(stanzas[0], "Size"), "1");
    EXPECT_EQ(ControlField(stanzas[1], "description"), "two\nlines");
    EXPECT_EQ(ControlField(stanzas[1], "Size"), "");
  }
}

TEST(Control, DropsAndReportsAStanzaWithoutEnd) {
  int count = 0;
  StanzaReader reader([&count](std::string_view) { ++count; });
  for (std::size_t i = 0; i <= kStanzaBytesMax; i += 1 << 20) {
    reader.Add("Package: a" + std::string((1 << 20) - 10, 'a'));
  }
  EXPECT_FALSE(reader.Finish());
  EXPECT_EQ(count, 0);
}

TEST(AptSources, ReadsBothFormsOfEntries) {
  const std::vector<AptEntry> want = {{"http://archive.example/debian", "bookworm",
                                       "/usr/share/keyrings/debian-archive-keyring.gpg"},
                                      {"http://archive.example/debian", "bookworm-updates",
                                       "/usr/share/keyrings/debian-archive-keyring.gpg"}};
  EXPECT_EQ(ParseSourcesFile("# a comment\n"
                             "Types: deb deb-src\n"
                             "# http://snapshot.example/\n"
                             "URIs: http://archive.example/debian\n"
                             "Suites: bookworm bookworm-updates\n"
                             "Components: main contrib\n"
                             "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
                             "\n"
                             "Types: deb\nURIs: http://a.example/x\nSuites: y\nComponents: main\n"
                             "Enabled: no\n"
                             "\n"
                             "Types: deb-src\nURIs: http://a.example/x\nSuites: y\n"
                             "Components: main\n"),
            want);
  EXPECT_EQ(
      ParseListFile("# old\n"
                    "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
                    "http://archive.example/debian bookworm main # here\n"
                    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg "
                    "trusted=yes] http://archive.example/debian bookworm-updates contrib main\n"
                    "deb-src http://archive.example/debian bookworm main\n"
                    "deb http://archive.example/debian bookworm contrib\n"
                    "deb [ http://archive.example/debian bookworm main\n"
                    "deb http://archive.example/debian\n"),
      want);
}

TEST(AptSources, TakesDebiansEntriesOnly) {
  const TemporaryDirectory directory = TemporaryDirectory::Make("").value();
  ASSERT_TRUE(MakeDirectories(JoinPath(directory.path(), "sources.list.d"), 0755));
  ASSERT_TRUE(WriteDurably(
      RealFileSystem(), JoinPath(directory.path(), "sources.list.d/a.list"),
      "deb http://archive.example/debian bookworm main\n"
      "deb http://archive.example/debian-security/ bookworm-security main\n"
      "deb http://third.example/apt bookworm main\n"
      "deb [signed-by=/usr/share/keyrings/third.gpg] http://third.example/debian bookworm main\n"));
  const auto entries =
      HostDebianEntries(directory.path(), {"bookworm-security", "bookworm"}).value();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].uri, "http://archive.example/debian-security/");
  EXPECT_EQ(entries[1].uri, "http://archive.example/debian");
  EXPECT_EQ(SourcesText({entries[1]}),
            "Types: deb deb-src\nURIs: http://archive.example/debian\nSuites: bookworm\n"
            "Components: main\n\n");

  const auto missing = HostDebianEntries(directory.path(), {"bookworm", "trixie"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(missing.error().message.find("trixie"), std::string::npos);
}

TEST(Apt, ReadsWhatAptPrints) {
  EXPECT_EQ(ParsePrintUris("Reading package lists...\n"
                           "The following NEW packages will be installed:\n  base-files\n"
                           "'http://archive.example/debian/pool/main/b/base-files/"
                           "base-files_12.4%2bdeb12u15_amd64.deb' "
                           "base-files_12.4+deb12u15_amd64.deb 70936 MD5Sum:0123\n"
                           "'http://archive.example/debian/pool/main/a/adduser/"
                           "adduser_3.134_all.deb' adduser_3.134_all.deb 183272 \n"),
            (std::vector<std::string>{
                "http://archive.example/debian/pool/main/b/base-files/"
                "base-files_12.4+deb12u15_amd64.deb",
                "http://archive.example/debian/pool/main/a/adduser/adduser_3.134_all.deb"}));
  const auto reasons = ParseFetchErrors(
      "W: Download is performed unsandboxed\n"
      "E: Failed to fetch http://a.example/d/x_1%2b2.deb  404  Not Found [IP: 192.0.2.1 80]\n"
      "E: Failed to fetch http://a.example/d/y.deb  Hash Sum mismatch\n"
      "   Hashes of expected file:\n"
      "E: Failed to fetch http://b.example/d/z.deb  Could not resolve 'b.example'\n"
      "E: Failed to fetch http://b.example/d/silent.deb  \n"
      "E: Failed to fetch \n"
      "E: Download Failed\n");
  EXPECT_EQ(reasons, (std::map<std::string, std::string>{
                         {"http://a.example/d/x_1+2.deb", "404  Not Found"},
                         {"http://a.example/d/y.deb", "Hash Sum mismatch"},
                         {"http://b.example/d/z.deb", "Could not resolve 'b.example'"},
                         {"http://b.example/d/silent.deb", ""}}));
}

TEST(Apt, EscapesWhatAUrlMayNotHold) {
  EXPECT_EQ(ArchiveUrl("http://a.example/d", "pool/x_1+2~3 4%_a.deb"),
            "http://a.example/d/pool/x_1+2~3%204%25_a.deb");
  EXPECT_EQ(UnescapeUrl("a%2Bb%2bc%zz%2"), "a+b+c%zz%2");
}

}  // namespace
}  // namespace farm
