// Power cuts of a log that witnesses watch: whatever of the unsynced operations survives, it never
// shows them two histories, and never loses what it has answered for.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "farm/client/tiles.h"
#include "farm/evidence/merkle.h"
#include "farm/log/sequencer.h"
#include "tests/support/crash_files.h"
#include "tests/support/fake_witness.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";

// A log, its two witnesses and its callers, of whom only the log loses power.
class World {
 public:
  World() {
    EXPECT_TRUE(TileLog::Open(files_, Directory(), Options()));  // an empty log, all of it durable
    EXPECT_EQ(files_.UnsyncedAt({}).count, 0u);
    made_ = files_.operations();
  }

  // Appends until something fails.
  void Live() {
    auto log = TileLog::Open(files_, Directory(), Options());
    if (!log) return;
    auto sequencer = Start(**log);
    if (!Append(*sequencer, {"a"})) return;
    first_.LoseNextAnswer();  // the witness has seen a head that the log has no cosignature for
    std::vector<std::string> many;
    for (int i = 0; i < 256; ++i) many.push_back(std::to_string(i));
    (void)Append(*sequencer, many);
  }

  // After a power cut.
  void CheckAndGoOn() {
    auto log = TileLog::Open(files_, Directory(), Options());
    ASSERT_TRUE(log) << log.error().message;
    auto sequencer = Start(**log);
    const auto answered = answered_;
    for (const auto& [leaf, index] : answered) {
      ASSERT_EQ(*(*log)->Find(LeafHash(leaf)), index) << leaf << " was answered and is lost";
    }
    ASSERT_TRUE(Append(*sequencer, {"a", "b", "7", "after"}));
    ASSERT_TRUE(sequencer->health());
    for (const auto& [leaf, index] : answered) ASSERT_EQ(answered_.at(leaf), index) << leaf;
    CheckHistory(**log);
  }

  // Keeps a copy of the directory as it is.
  void Backup() { std::filesystem::copy(Directory(), BackupPlace(), kRecursive); }
  // Puts the copy in the log's place and starts it.
  void RestoreAndCheckThatItStandsStill() {
    ASSERT_TRUE(RemoveTree(Directory()));
    std::filesystem::copy(BackupPlace(), Directory(), kRecursive);
    auto log = TileLog::Open(RealFileSystem(), Directory(), Options());
    ASSERT_TRUE(log) << log.error().message;
    const Checkpoint head = (*log)->head();
    const std::string published = (*log)->published();
    {
      MutexLock lock(mutex_);
      shown_.clear();
    }
    auto sequencer = Start(**log);
    auto refused = sequencer->Append("another history");
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().Exit(), ExitCode::kLogProof) << refused.error().message;
    sequencer.reset();
    ASSERT_EQ((*log)->head().size, head.size);
    ASSERT_EQ((*log)->published(), published);
    MutexLock lock(mutex_);
    for (const Checkpoint& shown : shown_) {
      ASSERT_EQ(shown.size, head.size);
      ASSERT_EQ(shown.root, head.root);
    }
  }

  // What of DESIGN's windows a crash has left.
  struct Windows {
    bool tiles_no_head = false;           // tiles written, no head
    bool cosigned_not_published = false;  // a witness has cosigned more than is published
    bool head_not_published = false;
  };
  Windows Left() {
    Windows left;
    const auto read = [&](const std::string& name) {
      const auto bytes = ReadFile(Directory() + "/" + name, kNoteBytesMax);
      return bytes ? *bytes : "";
    };
    const Checkpoint head = *ParseCheckpoint(read("head"));
    const auto note = ParseNote(read("checkpoint"));
    const std::uint64_t published = note ? ParseCheckpoint(note->text)->size : 0;
    left.head_not_published = head.size > published;
    left.cosigned_not_published = std::max(first_.seen_size(), second_.seen_size()) > published;
    for (const std::uint64_t size : {1u, 256u, 257u}) {
      const TileId last{TileId::kEntries, (size - 1) / kTileWidth,
                        TileWidthAt(TileId::kEntries, (size - 1) / kTileWidth, size)};
      if (size > head.size && FileExists(Directory() + "/" + TilePath(last))) {
        left.tiles_no_head = true;
      }
    }
    return left;
  }

  CrashFiles& files() { return files_; }
  std::uint64_t operations() const { return files_.operations() - made_; }
  std::size_t answered() const { return answered_.size(); }

 private:
  static constexpr auto kRecursive = std::filesystem::copy_options::recursive;
  std::string Directory() const { return temporary_.path() + "/log"; }
  std::string BackupPlace() const { return temporary_.path() + "/backup"; }

  static TileLogOptions Options() {
    return {kOrigin, {0, 0, [](const std::string&) -> Result<std::uint64_t> { return 1; }}, {}};
  }

  // Keeps what the log asks the witness to cosign.
  ConfiguredWitness Watched(FakeWitness& witness) {
    ConfiguredWitness configured = witness.Configured();
    configured.post = [this, ask = configured.post](const std::string& body) {
      const Checkpoint shown = *ParseCheckpoint(ParseNote(ParseAddCheckpoint(body)->note)->text);
      {
        MutexLock lock(mutex_);
        shown_.push_back(shown);
      }
      return ask(body);
    };
    return configured;
  }

  std::unique_ptr<Sequencer> Start(TileLog& log) {
    static const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
    static const PrivateKey ecdsa_key = PrivateKey::Generate(KeyKind::kP256);
    SequencerOptions options;
    options.key = NewMemorySigner(key);
    options.ecdsa_key = NewMemorySigner(ecdsa_key);
    options.witnesses.push_back(Watched(first_));
    options.witnesses.push_back(Watched(second_));
    options.cosignatures_needed = 2;
    options.retry_after = std::chrono::milliseconds(1);
    return *Sequencer::Start(log, std::move(options));
  }

  bool Append(Sequencer& sequencer, const std::vector<std::string>& leaves) {
    auto placements = sequencer.AppendAll(leaves);
    if (!placements) {
      EXPECT_EQ(placements.error().Exit(), ExitCode::kUnavailable) << placements.error().message;
      return false;
    }
    for (std::size_t i = 0; i < leaves.size(); ++i) answered_[leaves[i]] = (*placements)[i].index;
    return true;
  }

  // Every checkpoint that the log has ever signed is of the history that it has now, in which no
  // leaf stands twice.
  void CheckHistory(const TileLog& log) {
    const std::uint64_t size = log.head().size;
    std::map<std::uint64_t, Digest> roots;
    std::set<std::string> leaves;
    Frontier frontier;
    for (std::uint64_t index = 0; frontier.size() < size; ++index) {
      const TileId id{TileId::kEntries, index, TileWidthAt(TileId::kEntries, index, size)};
      auto bundle = log.Read(TilePath(id));
      ASSERT_TRUE(bundle) << bundle.error().message;
      const auto entries = ParseEntryBundle(bundle->bytes, id.width);
      ASSERT_TRUE(entries) << entries.error().message;
      for (const std::string& leaf : *entries) {
        ASSERT_TRUE(leaves.insert(leaf).second) << leaf << " stands twice";
        frontier.Append(LeafHash(leaf));
        roots[frontier.size()] = frontier.Root();
      }
    }
    roots[0] = EmptyTreeRoot();
    MutexLock lock(mutex_);
    for (const Checkpoint& shown : shown_) {
      ASSERT_TRUE(roots.contains(shown.size)) << shown.size;
      ASSERT_EQ(roots[shown.size], shown.root) << "two checkpoints of size " << shown.size;
    }
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  CrashFiles files_;
  std::uint64_t made_ = 0;
  FakeWitness first_{"w1"};
  FakeWitness second_{"w2"};
  std::map<std::string, std::uint64_t> answered_;  // by leaf
  Mutex mutex_;
  std::vector<Checkpoint> shown_ GUARDED_BY(mutex_);
};

TEST(SequencerCrash, NoTwoHistoriesAndNothingLostWhateverUnsyncedOperationsSurvive) {
  std::uint64_t operations = 0;
  {
    World world;
    world.Live();
    ASSERT_EQ(world.answered(), 257u);
    operations = world.operations();
    ASSERT_NO_FATAL_FAILURE(world.CheckAndGoOn());
  }
  World::Windows seen;
  const std::size_t tried = TryEveryCut(operations, [&seen](const Cut& cut) -> Unsynced {
    SCOPED_TRACE(TextOf(cut));
    World world;
    world.files().DieAfter(cut.operations, false);
    world.Live();
    const Unsynced unsynced = world.files().UnsyncedAt(cut.kept);
    EXPECT_TRUE(world.files().PowerCut(cut.kept));
    const World::Windows left = world.Left();
    seen.tiles_no_head |= left.tiles_no_head;
    seen.head_not_published |= left.head_not_published;
    seen.cosigned_not_published |= left.cosigned_not_published;
    world.CheckAndGoOn();
    return unsynced;
  });
  EXPECT_GT(tried, 2 * operations);
  // Every window that DESIGN names was met.
  EXPECT_TRUE(seen.tiles_no_head);
  EXPECT_TRUE(seen.head_not_published);
  EXPECT_TRUE(seen.cosigned_not_published);
}

// A backup is a crash that nothing on the disk shows: of whatever moment it is, a log that is older
// than its witnesses commits nothing and signs nothing new.
TEST(SequencerCrash, ABackupOfAnyMomentStandsStill) {
  std::uint64_t operations = 0;
  {
    World world;
    world.Live();
    operations = world.operations();
  }
  for (std::uint64_t moment = 0; moment <= operations; ++moment) {
    SCOPED_TRACE(moment);
    World world;
    world.files().DieAfter(moment, false);
    world.Live();
    world.files().Revive();
    world.Backup();
    ASSERT_NO_FATAL_FAILURE(world.CheckAndGoOn());
    ASSERT_NO_FATAL_FAILURE(world.RestoreAndCheckThatItStandsStill());
  }
}

}  // namespace
}  // namespace farm
