#include "farm/cli/audit_base.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/store/tree.h"

namespace farm {
namespace {

using Lines = std::vector<std::string>;

class AuditBase : public testing::Test {
 protected:
  // A tree of files in a folder of its own; its SHA-256 git tree.
  std::string Tree(const std::string& name, const std::map<std::string, std::string>& files) {
    for (const auto& [path, bytes] : files) {
      const std::string whole = JoinPath(Path(name), path);
      EXPECT_TRUE(MakeDirectories(DirectoryName(whole), 0755));
      std::ofstream(whole, std::ios::binary) << bytes;
    }
    return IdentifyTreeAt(Path(name)).value().sha256;
  }
  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }

  // A manifest whose sources unpack to trees made before, named VERSION-SOURCE.
  ReadManifest Read(const std::string& version, const std::map<std::string, std::string>& trees) {
    ReadManifest read;
    read.manifest.product = "greeting";
    read.manifest.version = version;
    read.manifest.toolchain = "cc";
    for (const auto& [name, tree] : trees) {
      ManifestSource source;
      source.name = name;
      source.tree = tree;
      source.origin = DirectoryOrigin{version + "-" + name};
      read.manifest.sources.push_back(source);
    }
    read.canonical = CanonicalManifest(read.manifest);
    read.digest = Sha256(read.canonical);
    return read;
  }
  TreeUnpacker Unpack() const {
    return [this](const ManifestSource& source, const std::string&) -> Result<std::string> {
      return Path(std::get<DirectoryOrigin>(source.origin).path);
    };
  }

  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
};

TEST_F(AuditBase, NamesEachFileThatDiffers) {
  const std::string old_tree = Tree("1.0-library", {{"same.c", "int a;\n"},
                                                    {"changed.c", "int b;\n"},
                                                    {"gone.c", "int c;\n"},
                                                    {"mode.sh", "true\n"}});
  std::string new_tree = Tree("1.1-library", {{"same.c", "int a;\n"},
                                              {"changed.c", "int b2;\n"},
                                              {"below/new.c", "int d;\n"},
                                              {"mode.sh", "true\n"}});
  EXPECT_EQ(chmod(Path("1.1-library/mode.sh").c_str(), 0755), 0);
  new_tree = IdentifyTreeAt(Path("1.1-library")).value().sha256;
  const std::string kept = Tree("1.0-kept", {{"x", "y"}});
  const std::string added = Tree("1.1-added", {{"whole", "new"}});
  const ReadManifest base = Read("1.0", {{"library", old_tree}, {"kept", kept}});
  // What has not changed is not unpacked: there is no folder 1.1-kept.
  const ReadManifest now = Read("1.1", {{"library", new_tree}, {"kept", kept}, {"added", added}});
  const auto files = ChangedFiles(base, now, Unpack());
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(*files, (Lines{"source added: A whole", "source library: A below/new.c",
                           "source library: M changed.c", "source library: D gone.c",
                           "source library: M mode.sh"}));
}

TEST_F(AuditBase, RefusesATreeThatIsNotItsManifests) {
  const std::string good = Tree("1.1-library", {{"a", "b"}});
  Tree("1.0-library", {{"a", "c"}});
  const ReadManifest now = Read("1.1", {{"library", good}});
  const ReadManifest base = Read("1.0", {{"library", std::string(64, 'a')}});
  const auto files = ChangedFiles(base, now, Unpack());
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(files.error().message.find("greeting 1.0, source library"), std::string::npos)
      << files.error().message;
}

TEST_F(AuditBase, TellsWhatChangedInRecipeAndToolchain) {
  ReadManifest base = Read("1.0", {{"library", std::string(64, 'a')}});
  base.lock.packages = {{"gcc", "12.2", "amd64", Sha256("gcc"), 1, "pool/gcc"},
                        {"tar", "1.34", "amd64", Sha256("tar"), 1, "pool/tar"}};
  ReadManifest now = Read("1.1", {{"library", std::string(64, 'b')}});
  now.lock = base.lock;
  now.lock.packages[0].version = "12.3";
  const Lines changes = DescribeChanges(base, now);
  const auto has = [&](const std::string& part) {
    return std::any_of(changes.begin(), changes.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("- product greeting 1.0"));
  EXPECT_TRUE(has("+ product greeting 1.1"));
  EXPECT_TRUE(has("+ source library: tree " + std::string(64, 'b')) || has(std::string(64, 'b')));
  EXPECT_TRUE(has("toolchain: ~ gcc 12.2 -> 12.3"));
  EXPECT_FALSE(has("tar"));
  EXPECT_TRUE(DescribeChanges(base, base).empty());
}

TEST_F(AuditBase, NeedsAFarmForADigestOrTheLastOne) {
  const ReadManifest now = Read("1.1", {});
  for (const std::string& named : {Sha256("base").Text(), std::string()}) {
    const auto base = ReadBase(named, now, nullptr);
    ASSERT_FALSE(base);
    EXPECT_EQ(base.error().Exit(), ExitCode::kUsage);
    EXPECT_NE(base.error().message.find("--base FILE"), std::string::npos);
  }
}

}  // namespace
}  // namespace farm
