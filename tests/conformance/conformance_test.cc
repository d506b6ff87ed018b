// Each case of ../shared/conformance beside the checkout, used in place (its README.md says what
// the files are), by file and by digest, as a customer runs farm-verify.  Fails where the cases are
// not there: tests/run has a part of its own for it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr char kProgram[] = "farm/verify/farm-verify";
constexpr char kWithoutSockets[] = "tests/support/without_sockets";
constexpr std::size_t kCasesMin = 45;
constexpr char kIdentity[] =
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/"
    "workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
constexpr char kIssuer[] = "https://token.actions.githubusercontent.com";

std::filesystem::path Folder() {
  const auto checkout = std::filesystem::canonical("WORKSPACE").parent_path();
  return checkout.parent_path() / "shared/conformance";
}

// The file of a case, or where it has none, that of all cases.
std::string FileOf(const std::filesystem::path& folder, const char* name,
                   const std::filesystem::path& common) {
  return std::filesystem::exists(folder / name) ? (folder / name).string() : common.string();
}

std::string TextOf(const std::filesystem::path& folder, const char* name, const char* common) {
  std::ifstream file(folder / name);
  if (!file) return common;
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// What the suite's command line says for a case, but for the artifact.
std::vector<std::string> WordsFor(const std::filesystem::path& folder) {
  std::vector<std::string> words = {
      kWithoutSockets,
      kProgram,
      "sigstore",
      "--bundle",
      (folder / "bundle.sigstore.json").string(),
      "--trusted-root",
      FileOf(folder, "trusted_root.json", Folder() / "trusted_root.public.json")};
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  if (std::filesystem::exists(folder / "key.pub")) {
    add({"--key", (folder / "key.pub").string()});
  } else {
    add({"--identity", TextOf(folder, "identity", kIdentity), "--issuer",
         TextOf(folder, "issuer", kIssuer)});
  }
  return words;
}

// What a verdict of this command may end with.
bool IsRefusal(int code) { return std::set<int>{2, 10, 11, 15, 18}.contains(code); }

TEST(Conformance, JudgesEveryCaseRight) {
  const auto cases = Folder() / "bundle-verify";
  ASSERT_TRUE(std::filesystem::is_directory(cases))
      << cases << " is missing: the cases lie in a folder beside the checkout";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(cases)) {
    if (!entry.is_directory()) continue;
    ++count;
    const std::string name = entry.path().filename().string();
    const std::string artifact = FileOf(entry.path(), "artifact", cases / "a.txt");
    for (const std::string& word : {artifact, DigestOfFile(artifact).value().digest.Text()}) {
      ProcessSpec spec;
      spec.argv = WordsFor(entry.path());
      spec.argv.push_back(word);
      const auto result = RunProcess(spec);
      ASSERT_TRUE(result) << name << ": " << result.error().message;
      const std::string all = result->output + result->error_output;
      if (name.ends_with("_fail")) {
        EXPECT_TRUE(IsRefusal(result->exit_code)) << name << " " << word << "\n" << all;
        EXPECT_EQ(result->output.find("\nVERIFIED"), std::string::npos) << name << "\n" << all;
      } else {
        EXPECT_EQ(result->exit_code, 0) << name << " " << word << "\n" << all;
        EXPECT_NE(result->output.find("\nVERIFIED (sigstore)  "), std::string::npos) << name;
      }
    }
  }
  EXPECT_GE(count, kCasesMin);
}

}  // namespace
}  // namespace farm
