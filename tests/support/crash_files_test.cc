#include "tests/support/crash_files.h"

#include <gtest/gtest.h>

#include <set>

namespace farm {
namespace {

class CrashFilesTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  std::string Text(const std::string& name) const {
    auto text = ReadFile(Path(name), 1000);
    return text ? *text : "none";
  }
  void Write(const std::string& name, const std::string& text) {
    auto file = files_.Create(Path(name), true);
    ASSERT_TRUE(file && (*file)->Append(text));
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  CrashFiles files_;
};

TEST_F(CrashFilesTest, APowerCutLosesWhatWasNotSynced) {
  Write("a", "bytes");
  EXPECT_EQ(files_.UnsyncedAt({}).count, 2u);  // its name, its bytes
  ASSERT_TRUE(files_.PowerCut());
  EXPECT_EQ(Text("a"), "none");
  EXPECT_EQ(files_.UnsyncedAt({}).count, 0u);

  ASSERT_TRUE(WriteDurably(files_, Path("a"), "old"));
  EXPECT_EQ(files_.UnsyncedAt({}).count, 0u);
  Write("a", "new");
  EXPECT_EQ(Text("a"), "new");
  ASSERT_TRUE(files_.PowerCut());
  EXPECT_EQ(Text("a"), "old");
}

// What "a", "d/b" and "d/c" hold after seven unsynced operations and a power cut.
std::string LeftBy(const UnsyncedKept& kept) {
  const TemporaryDirectory temporary = *TemporaryDirectory::Make("");
  const auto path = [&](const std::string& name) { return temporary.path() + "/" + name; };
  const auto text = [&](const std::string& name) {
    auto bytes = ReadFile(path(name), 1000);
    return bytes ? *bytes : "none";
  };
  CrashFiles files;
  EXPECT_TRUE(WriteDurably(files, path("a"), "old"));
  EXPECT_TRUE((*files.Create(path("a"), true))->Append("12"));  // clears, writes
  EXPECT_TRUE(files.MakeDirectory(path("d")));
  EXPECT_TRUE((*files.Create(path("d/b"), true))->Append("3456"));  // a name, bytes
  EXPECT_TRUE(files.Rename(path("d/b"), path("d/c")));              // one operation
  EXPECT_TRUE(files.Remove(path("a")));
  EXPECT_EQ(files.UnsyncedAt({}).count, 7u);
  EXPECT_FALSE(files.UnsyncedAt({0, false}).torn_possible);
  EXPECT_TRUE(files.UnsyncedAt({1, false}).torn_possible);
  EXPECT_TRUE(files.UnsyncedAt({4, false}).torn_possible);
  EXPECT_FALSE(files.UnsyncedAt({7, false}).torn_possible);
  EXPECT_TRUE(files.PowerCut(kept));
  return text("a") + " " + text("d/b") + " " + text("d/c");
}

TEST_F(CrashFilesTest, KeepsTheFirstOfTheUnsyncedOperationsInTheirOrder) {
  EXPECT_EQ(LeftBy({0, false}), "old none none");
  EXPECT_EQ(LeftBy({1, false}), " none none");
  EXPECT_EQ(LeftBy({1, true}), "1 none none");
  EXPECT_EQ(LeftBy({2, false}), "12 none none");
  EXPECT_EQ(LeftBy({2, true}), "12 none none");  // a directory cannot be torn
  EXPECT_EQ(LeftBy({4, false}), "12  none");
  EXPECT_EQ(LeftBy({4, true}), "12 34 none");
  EXPECT_EQ(LeftBy({5, false}), "12 3456 none");
  EXPECT_EQ(LeftBy({6, false}), "12 none 3456");
  EXPECT_EQ(LeftBy({7, false}), "none none 3456");
  EXPECT_EQ(LeftBy({99, false}), "none none 3456");
}

TEST_F(CrashFilesTest, ASyncMakesDurableWhatItIsFor) {
  ASSERT_TRUE(files_.MakeDirectory(Path("d")));
  {
    const auto file = *files_.Create(Path("d/a"), false);
    ASSERT_TRUE(file->Append("bytes") && file->Sync());
  }
  Write("d/b", "bytes");
  EXPECT_EQ(files_.UnsyncedAt({}).count, 4u);  // all but the bytes of a
  ASSERT_TRUE(files_.SyncDirectory(Path("d")));
  EXPECT_EQ(files_.UnsyncedAt({}).count, 2u);  // the directory's own name, the bytes of b
  ASSERT_TRUE(files_.SyncDirectory(temporary_.path()));
  ASSERT_TRUE(files_.PowerCut());
  EXPECT_EQ(Text("d/a"), "bytes");
  EXPECT_EQ(Text("d/b"), "");
}

TEST_F(CrashFilesTest, ADirectoryMovesWithAllThatIsInIt) {
  ASSERT_TRUE(MakeDirectories(Path("d/deep"), 0755));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("d/deep/a"), "bytes"));  // by others
  ASSERT_TRUE(files_.Rename(Path("d"), Path("e")));
  EXPECT_EQ(files_.UnsyncedAt({}).count, 1u);
  EXPECT_EQ(Text("e/deep/a"), "bytes");
  ASSERT_TRUE(files_.PowerCut());
  EXPECT_EQ(Text("d/deep/a"), "bytes");
  EXPECT_EQ(Text("e/deep/a"), "none");
  // What is not durable in it moves too.
  Write("d/deep/b", "bytes");
  ASSERT_TRUE(files_.Rename(Path("d"), Path("e")));
  ASSERT_TRUE(files_.SyncDirectory(temporary_.path()));
  EXPECT_EQ(files_.UnsyncedAt({}).count, 2u);
  ASSERT_TRUE(files_.PowerCut({1, true}));
  EXPECT_EQ(Text("e/deep/a"), "bytes");
  EXPECT_EQ(Text("e/deep/b"), "by");
  EXPECT_FALSE(FileExists(Path("d")));
}

TEST_F(CrashFilesTest, TwoDirectoriesExchangeTheirNamesInOneOperation) {
  for (const std::string name : {"a", "b"}) {
    ASSERT_TRUE(files_.MakeDirectory(Path(name)));
    ASSERT_TRUE(WriteDurably(files_, Path(name + "/" + name), name));
  }
  ASSERT_TRUE(files_.SyncDirectory(temporary_.path()));
  ASSERT_TRUE(files_.Exchange(Path("a"), Path("b")));
  EXPECT_EQ(Text("a/b") + Text("b/a"), "ba");
  ASSERT_TRUE(files_.PowerCut());
  EXPECT_EQ(Text("a/a") + Text("b/b"), "ab");
  ASSERT_TRUE(files_.Exchange(Path("a"), Path("b")));
  ASSERT_TRUE(files_.PowerCut({1, false}));
  EXPECT_EQ(Text("a/b") + Text("b/a"), "ba");
}

TEST_F(CrashFilesTest, ARemovedTreeIsBackUntilItsNamesAreSynced) {
  ASSERT_TRUE(MakeDirectories(Path("d/deep"), 0755));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("d/deep/a"), "bytes"));
  ASSERT_TRUE(RemoveTree(files_, Path("d")));
  EXPECT_EQ(files_.UnsyncedAt({}).count, 3u);
  EXPECT_FALSE(FileExists(Path("d")));
  ASSERT_TRUE(files_.PowerCut({1, false}));
  EXPECT_TRUE(FileExists(Path("d/deep")));
  EXPECT_EQ(Text("d/deep/a"), "none");
  ASSERT_TRUE(RemoveTree(files_, Path("d")));
  ASSERT_TRUE(files_.SyncDirectory(temporary_.path()));
  ASSERT_TRUE(files_.PowerCut());
  EXPECT_FALSE(FileExists(Path("d")));
}

// Whoever has begun may have died anywhere, with nothing lost; then another makes the rest, and
// what he has made survives.
TEST(MakeDirectoriesDurably, TheirNamesSurvive) {
  for (std::uint64_t operations = 0;; ++operations) {
    SCOPED_TRACE(operations);
    const TemporaryDirectory temporary = *TemporaryDirectory::Make("");
    const std::string path = temporary.path() + "/a/b/c";
    CrashFiles files;
    files.DieAfter(operations, false);
    const bool ended = MakeDirectoriesDurably(files, path + "/").has_value();
    files.Revive();
    ASSERT_TRUE(MakeDirectoriesDurably(files, path));
    ASSERT_TRUE(files.PowerCut());
    EXPECT_TRUE(FileExists(path));
    if (!ended) continue;
    EXPECT_GT(operations, 5u);
    break;
  }
}

// A program that writes two bytes, each in one operation, and syncs them.
TEST(TryEveryCut, TriesEveryStateThatTheDiskCanBeLeftIn) {
  std::multiset<std::string> left;
  const std::size_t tried = TryEveryCut(6, [&](const Cut& cut) -> Unsynced {
    const TemporaryDirectory temporary = *TemporaryDirectory::Make(PlaceInMemory());
    const std::string path = temporary.path() + "/a";
    CrashFiles files;
    EXPECT_TRUE(files.SyncDirectory(temporary.path()));
    files.DieAfter(cut.operations, false);
    auto file = files.Create(path, true);
    const bool done = file && files.SyncDirectory(temporary.path()) && (*file)->Append("12") &&
                      (*file)->Append("34") && (*file)->Sync() && files.Remove(path);
    EXPECT_EQ(done, cut.operations == 6);
    const Unsynced unsynced = files.UnsyncedAt(cut.kept);
    EXPECT_TRUE(files.PowerCut(cut.kept));
    auto text = ReadFile(path, 10);
    left.insert(text ? *text : "none");
    return unsynced;
  });
  EXPECT_EQ(tried, left.size());
  // After each operation with all kept; then none of the name; of the four bytes none, 1, 2, 3; and
  // the removal lost.
  EXPECT_EQ(left, (std::multiset<std::string>{"none", "", "", "12", "1234", "1234", "none",  //
                                              "none", "", "1", "12", "123", "1234"}));
}

}  // namespace
}  // namespace farm
