#include "farm/log/tile_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"
#include "tests/support/crash_files.h"
#include "tests/support/hooked_files.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";

DiskLimits NoLimits() {
  return {0, 0, [](const std::string&) -> Result<std::uint64_t> { return 1ull << 40; }};
}

std::string Leaf(std::uint64_t number) { return "leaf " + std::to_string(number); }

std::vector<std::string> LeavesFrom(std::uint64_t begin, std::uint64_t end) {
  std::vector<std::string> leaves;
  for (std::uint64_t i = begin; i < end; ++i) leaves.push_back(Leaf(i));
  return leaves;
}

// RFC 6962 section 2.1 over leaves `begin` to `end`, word for word.
Digest ReferenceRoot(std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return EmptyTreeRoot();
  if (end - begin == 1) return LeafHash(Leaf(begin));
  std::uint64_t k = 1;
  while (k * 2 < end - begin) k *= 2;
  return NodeHash(ReferenceRoot(begin, begin + k), ReferenceRoot(begin + k, end));
}

class TileLogTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<TileLog>> TryOpen(FileSystem& files, DiskLimits limits = NoLimits()) {
    return TileLog::Open(files, directory(), {kOrigin, std::move(limits), {}});
  }
  std::unique_ptr<TileLog> Open() {
    auto log = TryOpen(RealFileSystem());
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }
  explicit TileLogTest(const std::string& place = "")
      : temporary_(*TemporaryDirectory::Make(place)) {}
  std::string directory() const { return temporary_.path() + "/log"; }

  TemporaryDirectory temporary_;
};

TEST_F(TileLogTest, StartsEmptyAndGrows) {
  auto log = Open();
  EXPECT_EQ(log->head().size, 0u);
  EXPECT_EQ(log->head().root, EmptyTreeRoot());
  const Checkpoint head = *log->Commit(LeavesFrom(0, 3));
  EXPECT_EQ(head.size, 3u);
  EXPECT_EQ(head.root, ReferenceRoot(0, 3));
  EXPECT_EQ(**log->Find(LeafHash(Leaf(2))), 2u);
  EXPECT_FALSE(*log->Find(LeafHash(Leaf(3))));
}

TEST_F(TileLogTest, FindsEveryLeafWhetherItsTileIsFullOrNot) {
  auto log = Open();
  ASSERT_TRUE(log->Commit(LeavesFrom(0, 700)));
  for (std::uint64_t i = 0; i < 700; ++i) ASSERT_EQ(*log->Find(LeafHash(Leaf(i))), i);
  EXPECT_EQ(*log->Find(LeafHash(Leaf(700))), std::nullopt);
  // Whether a leaf is new cannot be said without the tile that would have it.
  ASSERT_EQ(truncate((directory() + "/tile/0/001").c_str(), 100), 0);
  EXPECT_EQ(*log->Find(LeafHash(Leaf(3))), 3u);
  auto unknown = log->Find(LeafHash(Leaf(300)));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().Exit(), ExitCode::kUnavailable) << unknown.error().message;
}

// Of so many strangers about fifteen have the fingerprint of some leaf.
TEST_F(TileLogTest, FindsNothingByAFingerprintAlone) {
  constexpr std::uint64_t kLeaves = kTileWidth * kTileWidth;
  constexpr int kStrangers = 1'000'000;
  CrashFiles files;  // syncs nothing, which is quicker
  auto log = *TryOpen(files);
  while (log->head().size < kLeaves) {
    const std::uint64_t size = log->head().size;
    ASSERT_TRUE(log->Commit(LeavesFrom(size, size + kCommitLeavesMax)));
  }
  std::mt19937_64 random;
  for (int i = 0; i < kStrangers; ++i) {
    std::string hash;
    while (hash.size() < Digest::kSize) {
      const std::uint64_t word = random();
      hash.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    ASSERT_EQ(*log->Find(Digest::FromBytes(hash)), std::nullopt);
  }
}

TEST_F(TileLogTest, TilesAreThoseOfTheSpecification) {
  auto log = Open();
  ASSERT_TRUE(log->Commit(LeavesFrom(0, 250)));
  ASSERT_TRUE(log->Commit(LeavesFrom(250, 1000)));
  for (const TileId tile : {TileId{0, 0, 256}, TileId{0, 3, 232}, TileId{0, 3, 1}, TileId{0, 1, 77},
                            TileId{1, 0, 3}, TileId{1, 0, 1}}) {
    auto resource = log->Read(TilePath(tile));
    ASSERT_TRUE(resource) << TilePath(tile);
    std::string expected;
    for (std::uint64_t i = 0; i < tile.width; ++i) {
      const std::uint64_t first = tile.index * 256 + i;
      expected += ReferenceRoot(first << (8 * tile.level), (first + 1) << (8 * tile.level)).bytes();
    }
    EXPECT_EQ(resource->bytes, expected) << TilePath(tile);
    EXPECT_TRUE(resource->immutable);
  }
  auto entries = log->Read("tile/entries/003.p/232");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->bytes, WriteEntryBundle(LeavesFrom(768, 1000)));
  EXPECT_EQ(log->Read("tile/entries/000.p/5")->bytes, WriteEntryBundle(LeavesFrom(0, 5)));
}

TEST_F(TileLogTest, TheExampleOfFormatMdIsTrue) {
  const auto read = ReadFile("farm/log/FORMAT.md", 1 << 20);
  ASSERT_TRUE(read) << read.error().message;
  const std::string& document = *read;
  auto log = Open();
  ASSERT_TRUE(log->Commit(LeavesFrom(0, 2)));
  const std::string head = *ReadFile(directory() + "/head", 1000);
  EXPECT_NE(document.find("```\n" + head + "```"), std::string::npos) << head;
  const std::string bundle = HexEncode(log->Read("tile/entries/000.p/2")->bytes);
  EXPECT_NE(document.find("```\n" + bundle + "\n```"), std::string::npos) << bundle;
}

TEST_F(TileLogTest, RefusesPathsThatItDoesNotHave) {
  auto log = Open();
  ASSERT_TRUE(log->Commit(LeavesFrom(0, 5)));
  for (const char* path : {"", "head", "lock", "format", "checkpoint", "tile/0/000",
                           "tile/0/000.p/6", "tile/1/000.p/1", "tile/0/001.p/1", "payload/../head",
                           "payload/ab", "payload/", "../log/head", "epochs.json"}) {
    auto resource = log->Read(path);
    ASSERT_FALSE(resource) << path;
    EXPECT_EQ(resource.error().code, ErrorCode::kNotFound) << path;
  }
}

TEST_F(TileLogTest, ComesBackWithItsIndex) {
  Checkpoint head;
  {
    auto log = Open();
    ASSERT_TRUE(log->Commit(LeavesFrom(0, 511)));
    head = *log->Commit(LeavesFrom(511, 515));
  }
  auto log = Open();
  EXPECT_EQ(log->head().size, head.size);
  EXPECT_EQ(log->head().root, head.root);
  EXPECT_EQ(**log->Find(LeafHash(Leaf(100))), 100u);
  EXPECT_EQ(**log->Find(LeafHash(Leaf(513))), 513u);
  EXPECT_EQ(log->Commit(LeavesFrom(515, 600))->root, ReferenceRoot(0, 600));
}

TEST_F(TileLogTest, ProofsVerifyUnderEveryEarlierHead) {
  auto log = Open();
  for (std::uint64_t size = 0; size < 600; size += 60) {
    ASSERT_TRUE(log->Commit(LeavesFrom(size, size + 60)));
  }
  for (const std::uint64_t size : {1u, 7u, 255u, 256u, 257u, 512u, 600u}) {
    const std::vector<std::uint64_t> indexes = {0, size / 2, size - 1};
    const auto proofs = *log->Inclusions(indexes, size);
    ASSERT_EQ(proofs.size(), indexes.size());
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      EXPECT_TRUE(CheckInclusion(LeafHash(Leaf(indexes[i])), indexes[i], size, proofs[i],
                                 ReferenceRoot(0, size)));
    }
    EXPECT_TRUE(CheckConsistency(size, ReferenceRoot(0, size), 600, ReferenceRoot(0, 600),
                                 *log->Consistency(size, 600)));
  }
}

TEST_F(TileLogTest, PublishKeepsOnlyThePartialTilesThatAreNeeded) {
  auto log = Open();
  for (std::uint64_t i = 0; i < 5; ++i) {
    const Checkpoint head = *log->Commit(LeavesFrom(i, i + 1));
    ASSERT_TRUE(log->Publish(head, "note " + std::to_string(i)));
  }
  EXPECT_EQ(log->published(), "note 4");
  EXPECT_EQ(log->Read("checkpoint")->bytes, "note 4");
  EXPECT_EQ(*ListDirectory(directory() + "/tile/0/000.p"), std::vector<std::string>{"5"});
  EXPECT_EQ(*ListDirectory(directory() + "/tile/entries/000.p"), std::vector<std::string>{"5"});
}

TEST_F(TileLogTest, AFileOfACommittedTreeIsNeverWrittenAgain) {
  HookedFiles files;
  Mutex mutex;
  std::map<std::string, int> created;  // how often
  files.hook = [&](const std::string& step, const std::string& path) -> Status {
    MutexLock lock(mutex);
    if (step == "create") ++created[path];
    return {};
  };
  std::uint64_t size = 0;
  for (const std::uint64_t count : {1u, 254u, 1u, 2u, 3u, 251u, 256u, 300u, 1u}) {
    auto log = TryOpen(files);  // a start writes none either
    ASSERT_TRUE(log) << log.error().message;
    ASSERT_TRUE((*log)->Commit(LeavesFrom(size, size + count)));
    size += count;
  }
  std::size_t tiles = 0;
  for (const auto& [path, times] : created) {
    if (path.find("/tile/") == std::string::npos) continue;
    EXPECT_EQ(times, 1) << path;
    ++tiles;
  }
  EXPECT_GT(tiles, 20u);
  EXPECT_TRUE(FileExists(directory() + "/tile/1/000.p/1"));
}

TEST_F(TileLogTest, AStartRemovesWhatACrashLeftUnfinished) {
  ASSERT_TRUE(Open()->Commit(LeavesFrom(0, 1)));
  const std::string left = directory() + "/head.part.0123456789abcdef";
  ASSERT_TRUE(WriteDurably(RealFileSystem(), left, "half a he"));
  ASSERT_TRUE(TryOpen(RealFileSystem()));
  EXPECT_FALSE(FileExists(left));
}

TEST_F(TileLogTest, MendsAPartialTileThatAnOlderLogHasTorn) {
  ASSERT_TRUE(Open()->Commit(LeavesFrom(0, 600)));
  const std::string path = directory() + "/tile/1/000.p/2";
  const std::string good = *ReadFile(path, 1 << 20);
  for (const std::string& bad : {good.substr(0, 40), std::string(good.size(), 'x')}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), path, bad));
    auto log = TryOpen(RealFileSystem());
    ASSERT_TRUE(log) << log.error().message;
    EXPECT_EQ(*ReadFile(path, 1 << 20), good);
  }
  ASSERT_TRUE(RemoveTree(directory() + "/tile/1"));
  ASSERT_TRUE(TryOpen(RealFileSystem()));
  EXPECT_EQ(*ReadFile(path, 1 << 20), good);
}

TEST_F(TileLogTest, PayloadsAreServedByTheirDigest) {
  auto log = Open();
  const std::string pae = "DSSEv1 1 x 1 y";
  ASSERT_TRUE(log->PutPayload(Sha256(pae), pae));
  ASSERT_TRUE(log->PutPayload(Sha256(pae), pae));
  EXPECT_EQ(log->Read("payload/" + Sha256(pae).Hex())->bytes, pae);
  EXPECT_FALSE(log->Read("payload/" + Sha256("other").Hex()));
}

TEST_F(TileLogTest, ManyPayloadsAtOnceAreAllThere) {
  auto log = Open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const std::string pae = "DSSEv1 " + std::to_string(t / 2 * 100 + i);  // each by two threads
        ASSERT_TRUE(log->PutPayload(Sha256(pae), pae));
        ASSERT_EQ(log->Read("payload/" + Sha256(pae).Hex())->bytes, pae);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// As logs kept them at first: all in one folder.
TEST_F(TileLogTest, ReadsPayloadsThatLieInOneFolder) {
  const std::string pae = "DSSEv1 1 x 1 y";
  const std::string hex = Sha256(pae).Hex();
  {
    auto log = Open();
    ASSERT_TRUE(log->Commit(LeavesFrom(0, 2)));
  }
  ASSERT_TRUE(WriteDurably(RealFileSystem(), directory() + "/payload/" + hex, pae));
  auto log = Open();
  EXPECT_EQ(log->Read("payload/" + hex)->bytes, pae);
  ASSERT_TRUE(log->PutPayload(Sha256(pae), pae));
  EXPECT_FALSE(FileExists(directory() + "/payload/" + hex.substr(0, 1) + "/" + hex));
  EXPECT_EQ(log->head().size, 2u);
}

TEST_F(TileLogTest, OneServerHasTheDirectory) {
  auto log = Open();
  auto second = TryOpen(RealFileSystem());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

TEST_F(TileLogTest, BeginsNoEmptyLogWhereOneIsBeingRecovered) {
  for (const std::string& place :
       {PlaceOfRecovery(directory()), PlaceBeforeRecovery(directory())}) {
    SCOPED_TRACE(place);
    ASSERT_TRUE(RealFileSystem().MakeDirectory(place));
    const auto log = TryOpen(RealFileSystem());
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().Exit(), ExitCode::kLogProof) << log.error().message;
    EXPECT_FALSE(FileExists(directory()));
    ASSERT_TRUE(RemoveTree(place));
  }
  Open();
  ASSERT_TRUE(RealFileSystem().MakeDirectory(PlaceBeforeRecovery(directory())));
  Open();  // the log is there: what it was before is evidence and no more
}

TEST_F(TileLogTest, RefusesAnotherOriginAndAForeignDirectory) {
  { ASSERT_TRUE(Open()->Commit(LeavesFrom(0, 300))); }
  EXPECT_EQ(
      TileLog::Open(RealFileSystem(), directory(), {"other.example", NoLimits(), {}}).error().code,
      ErrorCode::kInvalidInput);
  EXPECT_EQ(
      TileLog::Open(RealFileSystem(), temporary_.path(), {kOrigin, NoLimits(), {}}).error().code,
      ErrorCode::kInvalidInput);
}

TEST_F(TileLogTest, SeesAtItsStartWhatItWouldGoOnFrom) {
  struct Row {
    const char* name;
    bool refused;
  };
  const std::map<std::uint64_t, std::vector<Row>> rows = {
      {300,
       {{"tile/0/000", true},
        {"tile/entries/001.p/44", true},
        {"tile/entries/000", false},   // its readers hash what they are given
        {"tile/0/001.p/44", false}}},  // made of the last bundle
      {kTileWidth * kTileWidth,
       {{"tile/0/255", true}, {"tile/1/000", true}, {"tile/entries/255", true}}}};
  for (const auto& [size, rows_of_size] : rows) {
    {
      CrashFiles files;  // syncs nothing, which is quicker
      auto log = *TryOpen(files);
      for (std::uint64_t done = 0; done < size;) {
        done = log->Commit(LeavesFrom(done, std::min(done + kCommitLeavesMax, size)))->size;
      }
    }
    for (const Row& row : rows_of_size) {
      SCOPED_TRACE(row.name);
      const std::string path = directory() + "/" + row.name;
      const std::string good = *ReadFile(path, 1 << 20);
      std::string changed = good;
      changed[10] ^= 1;
      for (const std::string& bad : {changed, good.substr(0, good.size() - 1)}) {
        ASSERT_TRUE(WriteDurably(RealFileSystem(), path, bad));
        auto log = TryOpen(RealFileSystem());
        EXPECT_EQ(!log, row.refused);
        if (!log) {
          EXPECT_EQ(log.error().Exit(), ExitCode::kLogProof) << log.error().message;
        }
      }
      ASSERT_TRUE(WriteDurably(RealFileSystem(), path, good));
    }
    ASSERT_EQ(Open()->Commit(LeavesFrom(size, size + 1))->size, size + 1);
    ASSERT_TRUE(RemoveTree(directory()));
  }
}

TEST_F(TileLogTest, StopsWhenTheHeadOnDiskIsNotItsOwn) {
  auto log = Open();
  ASSERT_TRUE(log->Commit(LeavesFrom(0, 2)));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), directory() + "/head",
                           CheckpointText({kOrigin, 9, LeafHash("other server")})));
  EXPECT_FALSE(log->Commit(LeavesFrom(2, 3)));
  EXPECT_FALSE(log->CheckWritable());
  EXPECT_EQ(log->head().size, 2u);
  EXPECT_TRUE(log->Inclusions({1}, 2));  // what was committed stays readable
}

TEST_F(TileLogTest, TakesNothingBelowTheFloorAndGivesUpItsReserve) {
  auto free = std::make_shared<std::uint64_t>(100 << 20);
  auto log = TryOpen(
      RealFileSystem(),
      {10 << 20, 1 << 20, [free](const std::string&) -> Result<std::uint64_t> { return *free; }});
  ASSERT_TRUE(log);
  ASSERT_TRUE((*log)->CheckWritable());
  EXPECT_EQ(*FileSize(directory() + "/reserve"), 1u << 20);
  *free = (10 << 20) - 1;
  const Status refused = (*log)->CheckWritable();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kUnavailable);
  EXPECT_FALSE(FileExists(directory() + "/reserve"));
  EXPECT_TRUE((*log)->Commit(LeavesFrom(0, 1)));  // what was taken is finished
  *free = 100 << 20;
  EXPECT_TRUE((*log)->CheckWritable());
  EXPECT_TRUE(FileExists(directory() + "/reserve"));
}

// The same quickly; Frontier is held to the RFC by its own test.
Digest QuickRoot(std::uint64_t size) {
  Frontier frontier;
  for (std::uint64_t i = 0; i < size; ++i) frontier.Append(LeafHash(Leaf(i)));
  return frontier.Root();
}

// ---- power cuts -------------------------------------------------------------------------------

struct Acknowledged {
  std::uint64_t committed = 0;  // leaves that Commit has answered for
  std::string published;        // a note that Publish has answered for
  bool payload = false;
};

constexpr char kPayload[] = "DSSEv1 1 x 1 y";

// A small life of a log, up to the first failure.
void Live(FileSystem& files, const std::string& directory, Acknowledged& acknowledged) {
  auto log = TileLog::Open(files, directory, {kOrigin, NoLimits(), {}});
  if (!log) return;
  std::uint64_t size = (*log)->head().size;
  for (const std::uint64_t count : {2u, 252u, 5u}) {
    if ((*log)->PutPayload(Sha256(kPayload), kPayload)) acknowledged.payload = true;
    auto head = (*log)->Commit(LeavesFrom(size, size + count));
    if (!head) {
      // Stopped for good: the same answer, whatever the disk says now.
      EXPECT_FALSE((*log)->Commit(LeavesFrom(size, size + 1)));
      return;
    }
    size = head->size;
    acknowledged.committed = size;
    const Note note{CheckpointText(*head), {}};
    const std::string bytes = WriteNote({note.text, {{kOrigin, "abcd", std::string(64, 's')}}});
    if (!(*log)->Publish(*head, bytes)) return;
    acknowledged.published = bytes;
  }
}

class PowerCutTest : public TileLogTest {
 protected:
  PowerCutTest() : TileLogTest(PlaceInMemory()) {}
  // What a small life does when nothing fails.
  std::uint64_t OperationsOfALife() {
    CrashFiles files;
    Acknowledged acknowledged;
    Live(files, directory(), acknowledged);
    EXPECT_EQ(acknowledged.committed, 259u);
    EXPECT_TRUE(RemoveTree(directory()));
    return files.operations();
  }

  // After a power cut: nothing that was answered is lost, and the log goes on.
  void CheckAndGoOn(FileSystem& files, const Acknowledged& acknowledged) {
    {
      auto log = TryOpen(files);
      ASSERT_TRUE(log) << log.error().message;
      const Checkpoint head = (*log)->head();
      ASSERT_GE(head.size, acknowledged.committed);
      ASSERT_EQ(head.root, QuickRoot(head.size));
      if (!acknowledged.published.empty()) {
        ASSERT_FALSE((*log)->published().empty());
        const Note note = *ParseNote((*log)->published());
        ASSERT_GE(ParseCheckpoint(note.text)->size,
                  ParseCheckpoint(ParseNote(acknowledged.published)->text)->size);
      }
      auto payload = (*log)->Read("payload/" + Sha256(kPayload).Hex());
      ASSERT_TRUE(payload || !acknowledged.payload);
      if (payload) {
        ASSERT_EQ(payload->bytes, kPayload);  // what has its name is whole
      }
      ASSERT_EQ((*log)->Commit(LeavesFrom(head.size, head.size + 300))->root,
                QuickRoot(head.size + 300));
      for (std::uint64_t i = 0; i < head.size; i += 50) {
        ASSERT_EQ(*(*log)->Find(LeafHash(Leaf(i))), i);
      }
    }
    ASSERT_TRUE(RemoveTree(directory()));
  }
};

class LastOperationTest : public PowerCutTest, public ::testing::WithParamInterface<bool> {};

TEST_P(LastOperationTest, NothingThatWasAnsweredIsLostWhateverOperationIsTheLast) {
  const std::uint64_t operations = OperationsOfALife();
  ASSERT_GT(operations, 50u);
  for (std::uint64_t last = 0; last < operations; ++last) {
    SCOPED_TRACE(last);
    CrashFiles files;
    files.DieAfter(last, GetParam());
    Acknowledged acknowledged;
    Live(files, directory(), acknowledged);
    ASSERT_TRUE(files.PowerCut());
    ASSERT_NO_FATAL_FAILURE(CheckAndGoOn(files, acknowledged));
  }
}

INSTANTIATE_TEST_SUITE_P(TheLastOperation, LastOperationTest, ::testing::Values(false, true),
                         [](const auto& info) {
                           return info.param ? "failed_but_persisted" : "failed";
                         });

// The kernel writes back what it likes before it is asked to: of what was not synced, every number
// of first operations survives, the last of them perhaps torn.
TEST_F(PowerCutTest, NothingThatWasAnsweredIsLostWhateverUnsyncedOperationsSurvive) {
  const std::uint64_t operations = OperationsOfALife();
  const std::size_t tried = TryEveryCut(operations, [this](const Cut& cut) -> Unsynced {
    SCOPED_TRACE(TextOf(cut));
    CrashFiles files;
    files.DieAfter(cut.operations, false);
    Acknowledged acknowledged;
    Live(files, directory(), acknowledged);
    const Unsynced unsynced = files.UnsyncedAt(cut.kept);
    EXPECT_TRUE(files.PowerCut(cut.kept));
    CheckAndGoOn(files, acknowledged);
    return unsynced;
  });
  EXPECT_GT(tried, 2 * operations);
}

}  // namespace
}  // namespace farm
