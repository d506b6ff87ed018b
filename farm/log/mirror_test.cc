#include "farm/log/mirror.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "farm/client/http.h"
#include "farm/crypto/hash.h"
#include "farm/log/right_edge.h"
#include "tests/support/crash_files.h"
#include "tests/support/live_log.h"

namespace farm {
namespace {

class MirrorTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  std::string mirror() const { return Path("mirror"); }
  Result<MirrorReport> Mirror(const ReadResource& source) {
    return MirrorLog(RealFileSystem(), mirror(), source, live_.check(), {});
  }
  Result<MirrorReport> Mirror() { return Mirror(*OpenLogSource(live_.directory())); }
  // As a log serves it.
  ReadResource Served() {
    return [this](const std::string& path, std::size_t) -> Result<std::string> {
      auto resource = live_.log().Read(path);
      if (!resource) return resource.error();
      return resource->bytes;
    };
  }
  // The same with one file changed.
  static ReadResource With(const ReadResource& source, const std::string& name,
                           const std::function<void(std::string&)>& change) {
    return [=](const std::string& path, std::size_t bytes_max) -> Result<std::string> {
      auto bytes = source(path, bytes_max);
      if (bytes && path == name) change(*bytes);
      return bytes;
    };
  }
  void ExpectWhole(std::uint64_t size) {
    const auto found = RequireWholeLog(mirror(), live_.check(), {});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->heads.front().tree.size, size);
    EXPECT_EQ(found->payloads, size);
  }
  // A log with the same key that has other entries from number `same` on.
  ReadResource ForkOf(std::uint64_t same, std::uint64_t size) {
    RightEdge edge;
    auto tiles = std::make_shared<RightEdge::Tiles>();
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::uint64_t number = i < same ? i : 10'000 + i;
      edge.Append(LiveLog::Leaf(number), *tiles);
      (*tiles)["payload/" + Sha256(LiveLog::Pae(number)).Hex()] = LiveLog::Pae(number);
    }
    for (const TileId& tile : edge.Partials()) (*tiles)[TilePath(tile)] = *edge.Bytes(tile);
    const std::string text = CheckpointText({LiveLog::kOrigin, size, edge.Root()});
    (*tiles)["checkpoint"] = WriteNote({text, {SignNote(text, LiveLog::kOrigin, live_.key())}});
    return [tiles](const std::string& path, std::size_t) -> Result<std::string> {
      const auto found = tiles->find(path);
      if (found == tiles->end()) return Error{ErrorCode::kNotFound, path + ": not there"};
      return found->second;
    };
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  LiveLog live_{Path("log")};
};

TEST_F(MirrorTest, HoldsAllThatTheLogServesAndIsKeptUpToDate) {
  std::uint64_t had = 0;
  for (const std::uint64_t size : {2u, 256u, 300u, 300u, 700u}) {
    SCOPED_TRACE(size);
    ASSERT_TRUE(live_.Append(had, size));
    const auto report = Mirror(Served());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->tree.size, size);
    EXPECT_EQ(report->old_size, had);
    EXPECT_EQ(report->payloads_read, size - had);
    had = size;
    ExpectWhole(size);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(mirror())) {
      const std::string name = std::filesystem::relative(entry.path(), mirror()).string();
      if (!entry.is_regular_file() || name == "format" || name == "lock") continue;
      EXPECT_EQ(*ReadFile(entry.path(), 1 << 24), live_.log().Read(name)->bytes) << name;
    }
  }
}

TEST_F(MirrorTest, ReadsOverHttpAndFromAnotherMirror) {
  ASSERT_TRUE(live_.Append(0, 300));
  const auto server = StartHttpServer(
      "127.0.0.1:0",
      [&](const HttpRequest& request) -> HttpReply {
        auto resource = live_.log().Read(std::string_view(request.path).substr(1));
        if (!resource) return {404, "text/plain", "not found\n", false};
        return {200, resource->content_type, resource->bytes, true};
      },
      4096);
  ASSERT_TRUE(server) << server.error().message;
  const auto report = Mirror(*OpenLogSource("http://" + (*server)->listen()));
  ASSERT_TRUE(report) << report.error().message;
  ExpectWhole(300);
  const auto second =
      MirrorLog(RealFileSystem(), Path("second"), *OpenLogSource(mirror()), live_.check(), {});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(RequireWholeLog(Path("second"), live_.check(), {}));
}

TEST_F(MirrorTest, RemovesWhatACrashLeftUnfinished) {
  ASSERT_TRUE(live_.Append(0, 2));
  ASSERT_TRUE(Mirror());
  const std::string left = mirror() + "/checkpoint.part.0123456789abcdef";
  ASSERT_TRUE(WriteDurably(RealFileSystem(), left, "half"));
  ASSERT_TRUE(Mirror());
  EXPECT_FALSE(FileExists(left));
}

TEST_F(MirrorTest, GoesOnWhereItWasInterrupted) {
  ASSERT_TRUE(live_.Append(0, 1000));
  int left = 600;
  const ReadResource served = Served();
  const auto broken = Mirror([&](const std::string& path, std::size_t max) -> Result<std::string> {
    if (left-- <= 0) return Error{ErrorCode::kUnavailable, "the line is down"};
    return served(path, max);
  });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().Exit(), ExitCode::kUnavailable);
  EXPECT_FALSE(FileExists(mirror() + "/checkpoint"));
  const auto report = Mirror();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->bundles_found, 2u);
  EXPECT_EQ(report->bundles_read, 2u);
  EXPECT_LE(report->payloads_read, 1000u - 512u);
  ExpectWhole(1000);
}

// What an interrupted run has left is not believed more than what is served.
TEST_F(MirrorTest, BringsAgainWhatWasDamagedMeanwhile) {
  ASSERT_TRUE(live_.Append(0, 300));
  ASSERT_TRUE(Mirror());
  ASSERT_TRUE(RealFileSystem().Remove(mirror() + "/checkpoint"));
  const std::string bundle = mirror() + "/tile/entries/000";
  std::string bytes = *ReadFile(bundle, 1 << 24);
  bytes[100] ^= 1;
  ASSERT_TRUE(WriteDurably(RealFileSystem(), bundle, bytes));
  ASSERT_TRUE(Mirror());
  ExpectWhole(300);
}

TEST_F(MirrorTest, NamesTheFileThatTheLogServesWrongly) {
  ASSERT_TRUE(live_.Append(0, 300));
  const std::string payload = "payload/" + Sha256(LiveLog::Pae(7)).Hex();
  const auto flip = [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; };
  for (const std::string& name :
       {std::string("tile/entries/000"), std::string("tile/0/000"), std::string("tile/1/000.p/1"),
        std::string("tile/entries/001.p/44"), std::string("tile/0/001.p/44"), payload}) {
    ASSERT_TRUE(RemoveTree(mirror()));
    const auto refused = Mirror(With(Served(), name, flip));
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof) << name;
    EXPECT_NE(refused.error().message.find(name), std::string::npos) << refused.error().message;
    EXPECT_FALSE(FileExists(mirror() + "/checkpoint")) << name;
  }
  ASSERT_TRUE(RemoveTree(mirror()));
  const auto unsigned_note =
      Mirror(With(Served(), "checkpoint", [](std::string& bytes) { bytes[18] ^= 1; }));
  ASSERT_FALSE(unsigned_note);
  const auto gone = Mirror([&](const std::string& path, std::size_t max) -> Result<std::string> {
    if (path == payload) return Error{ErrorCode::kNotFound, path + ": not there"};
    return Served()(path, max);
  });
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().Exit(), ExitCode::kLogProof) << gone.error().message;
  EXPECT_NE(gone.error().message.find("entry 7"), std::string::npos) << gone.error().message;
  ASSERT_TRUE(Mirror());
  ExpectWhole(300);
}

// No leaves hash to an empty tile: a bundle that cannot be read must not pass for none.
TEST_F(MirrorTest, RefusesABundleThatCannotBeReadUnderAnEmptyTile) {
  ASSERT_TRUE(live_.Append(0, 300));
  const auto empty = [](std::string& bytes) { bytes.clear(); };
  for (const std::string& bytes : {std::string(), std::string("no bundle")}) {
    for (const std::string& at : {std::string("000"), std::string("001.p/44")}) {
      SCOPED_TRACE(at + " " + bytes);
      ASSERT_TRUE(RemoveTree(mirror()));
      const ReadResource without = With(Served(), "tile/0/" + at, empty);
      const auto refused =
          Mirror(With(without, "tile/entries/" + at, [&](std::string& all) { all = bytes; }));
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof) << refused.error().message;
      EXPECT_FALSE(FileExists(mirror() + "/checkpoint"));
      // Nor where the bundle in the mirror cannot be read.
      ASSERT_TRUE(MakeDirectories(mirror() + "/tile/entries", 0755));
      ASSERT_TRUE(WriteDurably(RealFileSystem(), mirror() + "/tile/entries/000", bytes));
      EXPECT_FALSE(Mirror(without));
    }
  }
}

TEST_F(MirrorTest, RefusesAForkAndKeepsIt) {
  ASSERT_TRUE(live_.Append(0, 300));
  ASSERT_TRUE(Mirror());
  const std::string before = *ReadFile(mirror() + "/checkpoint", kNoteBytesMax);
  LogTrust trust = live_.trust();
  trust.witnesses_needed = 0;  // they do not cosign forks
  struct Row {
    const char* name;
    std::uint64_t same;
    std::uint64_t size;
  };
  std::size_t kept = 0;
  for (const Row& row :
       {Row{"same_size", 299, 300}, Row{"shorter", 3, 100}, Row{"longer", 299, 600},
        Row{"longer_within_a_tile", 298, 301}, Row{"from_the_start", 0, 1000}}) {
    SCOPED_TRACE(row.name);
    const ReadResource fork = ForkOf(row.same, row.size);
    const auto refused = MirrorLog(RealFileSystem(), mirror(), fork, CheckNoteBy(trust), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
    EXPECT_NE(refused.error().message.find("log forked"), std::string::npos)
        << refused.error().message;
    const std::string note = *fork("checkpoint", 0);
    EXPECT_EQ(*ReadFile(mirror() + "/fork/" + Sha256(note).Hex() + ".note", kNoteBytesMax), note);
    EXPECT_EQ(ListDirectory(mirror() + "/fork")->size(), ++kept);
    EXPECT_EQ(*ReadFile(mirror() + "/checkpoint", kNoteBytesMax), before);
    ExpectWhole(300);
  }
  // The honest log goes on.
  ASSERT_TRUE(live_.Append(300, 310));
  ASSERT_TRUE(Mirror());
  ExpectWhole(310);
}

// Looking for a fork in tiles of another size would never end.
TEST_F(MirrorTest, EndsWhateverSizeTheTilesHave) {
  ASSERT_TRUE(live_.Append(0, 300));
  ASSERT_TRUE(Mirror());
  ASSERT_TRUE(live_.Append(300, 600));
  constexpr int kReadsMax = 1000;
  for (const std::size_t size : {0u, 31u, 255u * 32, 257u * 32}) {
    SCOPED_TRACE(size);
    int reads = 0;
    const ReadResource served = Served();
    const auto refused =
        Mirror([&](const std::string& path, std::size_t max) -> Result<std::string> {
          if (++reads > kReadsMax) return Error{ErrorCode::kUnavailable, "asked without end"};
          if (path.starts_with("tile/0/")) return std::string(size, 'x');
          return served(path, max);
        });
    ASSERT_FALSE(refused);
    EXPECT_LE(reads, kReadsMax);
    EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof) << refused.error().message;
    EXPECT_NE(refused.error().message.find("tile/0/001"), std::string::npos)
        << refused.error().message;
    ExpectWhole(300);
  }
}

TEST_F(MirrorTest, AnOlderCheckpointOfTheSameTreeChangesNothing) {
  ASSERT_TRUE(live_.Append(0, 10));
  const std::string old = live_.log().published();
  ASSERT_TRUE(live_.Append(10, 300));
  ASSERT_TRUE(Mirror());
  const auto stale = Mirror(With(Served(), "checkpoint", [&](std::string& bytes) { bytes = old; }));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().Exit(), ExitCode::kUnavailable);
  EXPECT_FALSE(FileExists(mirror() + "/fork"));
  ExpectWhole(300);
}

TEST_F(MirrorTest, RefusesOtherDirectoriesAndOtherLogs) {
  ASSERT_TRUE(live_.Append(0, 2));
  EXPECT_EQ(
      MirrorLog(RealFileSystem(), live_.directory(), Served(), live_.check(), {}).error().Exit(),
      ExitCode::kUsage);
  ASSERT_TRUE(MakeDirectories(Path("full"), 0755));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("full/x"), "x"));
  EXPECT_EQ(MirrorLog(RealFileSystem(), Path("full"), Served(), live_.check(), {}).error().Exit(),
            ExitCode::kUsage);
  ASSERT_TRUE(Mirror());
  // Nor is a mirror a log to append to.
  EXPECT_FALSE(TileLog::Open(RealFileSystem(), mirror(), {LiveLog::kOrigin, {}, {}}));
  EXPECT_FALSE(OpenLogSource(Path("nowhere")));
}

// Whatever a power cut leaves: a checkpoint has all its files, and the next run ends well.
TEST_F(MirrorTest, IsNeverHalfWrittenWhateverAPowerCutLeaves) {
  ASSERT_TRUE(live_.Append(0, 2));
  const TemporaryDirectory place = *TemporaryDirectory::Make(PlaceInMemory());
  const std::string directory = place.path() + "/mirror";
  const std::string old = live_.log().published();
  ASSERT_TRUE(live_.Append(2, 4));
  const auto older = With(Served(), "checkpoint", [&](std::string& bytes) { bytes = old; });
  // A life: the first two entries, then two more.
  const auto live = [&](FileSystem& files) {
    if (!MirrorLog(files, directory, older, live_.check(), {})) return;
    (void)MirrorLog(files, directory, Served(), live_.check(), {});
  };
  std::uint64_t operations = 0;
  {
    CrashFiles files;
    live(files);
    operations = files.operations();
    ASSERT_TRUE(RemoveTree(directory));
  }
  ASSERT_GT(operations, 30u);
  const std::size_t tried = TryEveryCut(operations, [&](const Cut& cut) -> Unsynced {
    SCOPED_TRACE(TextOf(cut));
    CrashFiles files;
    files.DieAfter(cut.operations, false);
    live(files);
    const Unsynced unsynced = files.UnsyncedAt(cut.kept);
    EXPECT_TRUE(files.PowerCut(cut.kept));
    if (FileExists(directory + "/checkpoint")) {
      const auto whole = RequireWholeLog(directory, live_.check(), {});
      EXPECT_TRUE(whole) << whole.error().message;
    }
    const auto again = MirrorLog(RealFileSystem(), directory, Served(), live_.check(), {});
    EXPECT_TRUE(again) << again.error().message;
    EXPECT_TRUE(RequireWholeLog(directory, live_.check(), {}));
    EXPECT_TRUE(RemoveTree(directory));
    return unsynced;
  });
  EXPECT_GT(tried, 2 * operations);
}

}  // namespace
}  // namespace farm
