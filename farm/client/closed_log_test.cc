#include "farm/client/closed_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "farm/base/files.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

Log MakeLog(const std::string& origin, std::optional<LogEnd> end) {
  return {origin,
          PrivateKey::Generate(KeyKind::kEd25519).public_key(),
          PrivateKey::Generate(KeyKind::kP256).public_key(),
          {},
          std::move(end)};
}
LogEnd EndsIn(const std::string& successor, std::uint64_t size = 1) {
  return {size, LeafHash("x"), successor};
}

std::vector<std::string> OriginsBefore(const TrustRoot& root, const std::string& origin) {
  std::vector<std::string> origins;
  for (const Log* log : LogsBefore(root, origin)) origins.push_back(log->origin);
  return origins;
}

TEST(ClosedLog, AreAllThatLeadToTheOpenOne) {
  TrustRoot root;
  root.logs = {MakeLog("a", EndsIn("b")),  MakeLog("b", EndsIn("d", 0)), MakeLog("c", EndsIn("d")),
               MakeLog("d", std::nullopt), MakeLog("e", std::nullopt),   MakeLog("f", EndsIn("e")),
               MakeLog("g", EndsIn("h")),  MakeLog("h", EndsIn("g"))};
  EXPECT_THAT(OriginsBefore(root, "d"), testing::ElementsAre("a", "c"));  // b had no entry
  EXPECT_THAT(OriginsBefore(root, "e"), testing::ElementsAre("f"));
  EXPECT_THAT(OriginsBefore(root, "a"), testing::ElementsAre());
  EXPECT_THAT(OriginsBefore(root, "g"), testing::ElementsAre("h"));  // each the other's successor
}

// A mirror of 300 entries, as far as it is read.
class MirroredLog : public testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 300;
  MirroredLog() {
    std::vector<std::string> leaves;
    Frontier frontier;
    for (std::uint64_t i = 0; i < kSize; ++i) {
      leaves.push_back("leaf " + std::to_string(i));
      frontier.Append(LeafHash(leaves.back()));
    }
    Write("checkpoint", "not looked at");
    Write(TilePath({TileId::kEntries, 0, kTileWidth}),
          WriteEntryBundle({leaves.begin(), leaves.begin() + kTileWidth}));
    Write(TilePath({TileId::kEntries, 1, kSize - kTileWidth}),
          WriteEntryBundle({leaves.begin() + kTileWidth, leaves.end()}));
    root_.logs = {MakeLog("old", LogEnd{kSize, frontier.Root(), "new"}),
                  MakeLog("new", std::nullopt)};
  }
  std::string Path(const std::string& name) const { return JoinPath(temporary_.path(), name); }
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(MakeDirectories(DirectoryName(Path(name)), 0755));
    ASSERT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
  }
  // Leaves read, the last one; or why not.
  Result<std::vector<std::string>> Read() {
    ASSIGN_OR_RETURN(const std::vector<ClosedLog> opened,
                     OpenLogsBefore(root_, "new", {{"old", temporary_.path()}}));
    std::vector<std::string> leaves;
    RETURN_IF_ERROR(
        ReadClosedLog(opened.at(0), [&](std::uint64_t index, const std::string& leaf) -> Status {
          EXPECT_EQ(index, leaves.size());
          leaves.push_back(leaf);
          return take_;
        }));
    return leaves;
  }
  void Refuses(ExitCode exit, const std::string& message) {
    const auto read = Read();
    ASSERT_FALSE(read) << message;
    EXPECT_EQ(read.error().Exit(), exit) << read.error().message;
    EXPECT_NE(read.error().message.find(message), std::string::npos) << read.error().message;
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  TrustRoot root_;
  Status take_;
};

TEST_F(MirroredLog, IsReadToTheEndThatTheRootSays) {
  const auto leaves = Read();
  ASSERT_TRUE(leaves) << leaves.error().message;
  EXPECT_EQ(leaves->size(), kSize);
  EXPECT_EQ(leaves->back(), "leaf 299");
}

TEST_F(MirroredLog, IsRefusedWhereItIsNotTheRootsTree) {
  const std::string full = TilePath({TileId::kEntries, 0, kTileWidth});
  const std::string bytes = *ReadFile(Path(full), 1 << 20);
  std::string changed = bytes;
  changed[3] ^= 1;
  Write(full, changed);
  Refuses(ExitCode::kLogProof, "do not make the tree of 300");
  Write(full, bytes.substr(0, 100));
  Refuses(ExitCode::kLogProof, full);
  Write(full, bytes);
  root_.logs[0].end->root_hash = LeafHash("x");
  Refuses(ExitCode::kLogProof, "do not make the tree of 300");
  root_.logs[0].end->size = kSize + 1;
  Refuses(ExitCode::kLogProof, "tile/entries/001.p/45");
}

TEST_F(MirroredLog, StopsWhereItsReaderDoes) {
  take_ = Error{ErrorCode::kUnavailable, "no payload"};
  Refuses(ExitCode::kUnavailable, "closed log old: entry 0: no payload");
}

TEST_F(MirroredLog, MustBeNamed) {
  const auto unnamed = OpenLogsBefore(root_, "new", {{"other", temporary_.path()}});
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().Exit(), ExitCode::kLogProof);
  EXPECT_NE(unnamed.error().message.find("log.closed"), std::string::npos);
  const auto nowhere = OpenLogsBefore(root_, "new", {{"old", Path("nowhere")}});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().Exit(), ExitCode::kLogProof);
  EXPECT_TRUE(OpenLogsBefore(root_, "old", {})->empty());
  for (std::size_t i = 0; i <= kLogsBeforeMax; ++i) {
    root_.logs.push_back(MakeLog("log-" + std::to_string(i), EndsIn("crowded")));
  }
  std::vector<ClosedLogMirror> mirrors;
  for (const Log& log : root_.logs) mirrors.push_back({log.origin, temporary_.path()});
  EXPECT_EQ(OpenLogsBefore(root_, "crowded", mirrors).error().code, ErrorCode::kLimitExceeded);
  root_.logs.pop_back();
  EXPECT_EQ(OpenLogsBefore(root_, "crowded", mirrors)->size(), kLogsBeforeMax);
}

TEST(ClosedLogMirrors, AreReadStrictly) {
  const ConfigFile file{Json(), "/etc/farm", "/etc/farm/signer.json"};
  const auto parse = [&](const char* text) {
    return ParseClosedLogMirrors(*ParseJson(text, "list"), "log.closed", file);
  };
  const auto mirrors = parse(R"([{"origin": "a", "mirror": "mirrors/a"},
      {"origin": "b", "mirror": "/var/b"}, {"origin": "c", "mirror": "https://c.example/log"}])");
  ASSERT_TRUE(mirrors) << mirrors.error().message;
  EXPECT_EQ((*mirrors)[0].mirror, "/etc/farm/mirrors/a");
  EXPECT_EQ((*mirrors)[1].mirror, "/var/b");
  EXPECT_EQ((*mirrors)[2].mirror, "https://c.example/log");
  for (const char* bad :
       {R"([1])", R"([{"origin": "a"}])", R"([{"origin": "a", "mirror": "b", "url": "c"}])",
        R"([{"origin": "a", "mirror": "b"}, {"origin": "a", "mirror": "c"}])"}) {
    const auto refused = parse(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kUsage) << bad;
    EXPECT_NE(refused.error().message.find("log.closed["), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace farm
