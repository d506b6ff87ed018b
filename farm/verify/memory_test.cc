#include "farm/verify/memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/crypto/hash.h"

namespace farm {
namespace {

Digest Root(std::int64_t version) { return Sha256("root " + std::to_string(version)); }

TEST(Memory, KeepsTheNewestAcrossOpenings) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string path = JoinPath(directory.path(), "state");
  {
    auto memory = MemoryDirectory::Open(RealFileSystem(), path);
    ASSERT_TRUE(memory.has_value()) << memory.error().message;
    EXPECT_EQ(memory->memory().root_version, 0);
    EXPECT_FALSE(memory->ReleaseOf("hello").has_value());
    ASSERT_TRUE(memory->Remember({3, Root(3), "hello", 7, Sha256("seven")}).has_value());
    ASSERT_TRUE(memory->Remember({2, Root(2), "hello", 5, Sha256("five")}).has_value());
    ASSERT_TRUE(memory->Remember({2, Root(2), "other", 1, Sha256("one")}).has_value());
  }
  auto memory = MemoryDirectory::Open(RealFileSystem(), path);
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  EXPECT_EQ(memory->memory().root_version, 3);
  EXPECT_EQ(memory->memory().root, Root(3));
  ASSERT_TRUE(memory->ReleaseOf("hello").has_value());
  EXPECT_EQ(memory->ReleaseOf("hello")->sequence, 7);
  EXPECT_EQ(memory->ReleaseOf("hello")->release, Sha256("seven"));
  ASSERT_TRUE(memory->ReleaseOf("other").has_value());
  EXPECT_EQ(memory->ReleaseOf("other")->sequence, 1);
  EXPECT_EQ(memory->ReleaseOf("other")->release, Sha256("one"));
}

// Else it would be begun anew, or keep everybody waiting.
TEST(Memory, APipeOrALinkToNothingIsNoEmptyOne) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string file = JoinPath(directory.path(), "memory.json");
  const auto expect_refused = [&](const std::string& why) {
    const auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
    ASSERT_FALSE(memory.has_value()) << why;
    EXPECT_EQ(memory.error().Exit(), ExitCode::kUsage);
    EXPECT_EQ(memory.error().message.substr(0, file.size() + why.size()), file + why);
    EXPECT_EQ(unlink(file.c_str()), 0);
  };
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  expect_refused(": is a pipe");
  ASSERT_EQ(symlink("nothing", file.c_str()), 0);
  expect_refused(": is a link that leads nowhere");
  EXPECT_TRUE(MemoryDirectory::Open(RealFileSystem(), directory.path()).has_value());
}

// Anybody who can read the folder can lock it, for as long as he likes.
TEST(Memory, ALockOfItsFolderIsInNobodysWay) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const int held = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(held, LOCK_EX | LOCK_NB), 0);
  const auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  const std::string lock = JoinPath(directory.path(), "lock");
  struct stat status {};
  ASSERT_EQ(stat(lock.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  EXPECT_FALSE(FileLock::Take(lock, "held").has_value());  // one verifier at a time
  close(held);
}

TEST(Memory, FillsInTheReleaseThatAnOlderVersionDidNotKeep) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string file = JoinPath(directory.path(), "memory.json");
  const std::string old = R"({"format":"farm-verify-memory/1","rootVersion":3,"sequences":[)"
                          R"({"product":"hello","sequence":7}]})";
  ASSERT_TRUE(WriteDurably(RealFileSystem(), file, old).has_value());
  auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  EXPECT_EQ(memory->ReleaseOf("hello")->sequence, 7);
  EXPECT_FALSE(memory->ReleaseOf("hello")->release.has_value());
  ASSERT_TRUE(memory->Remember({3, Root(3), "hello", 5, Sha256("five")}).has_value());
  EXPECT_FALSE(memory->ReleaseOf("hello")->release.has_value());
  ASSERT_TRUE(memory->Remember({3, Root(3), "hello", 7, Sha256("seven")}).has_value());
  ASSERT_TRUE(memory->Remember({3, Root(3), "hello", 7, Sha256("another")}).has_value());
  EXPECT_EQ(memory->ReleaseOf("hello")->release, Sha256("seven"));
}

TEST(Memory, FillsInTheRootThatAnOlderVersionDidNotKeep) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string old = R"({"format":"farm-verify-memory/1","rootVersion":3,"sequences":[]})";
  ASSERT_TRUE(
      WriteDurably(RealFileSystem(), JoinPath(directory.path(), "memory.json"), old).has_value());
  auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  const auto root_after = [&](std::int64_t version, const Digest& root) {
    EXPECT_TRUE(memory->Remember({version, root, "hello", 7, Sha256("seven")}));
    return memory->memory().root;
  };
  EXPECT_EQ(root_after(2, Root(2)), std::nullopt);
  EXPECT_EQ(root_after(3, Root(3)), Root(3));
  EXPECT_EQ(root_after(3, Sha256("another")), Root(3));
  EXPECT_EQ(root_after(2, Root(2)), Root(3));
  EXPECT_EQ(root_after(4, Root(4)), Root(4));
  EXPECT_EQ(memory->memory().root_version, 4);
}

TEST(Memory, IsWrittenAsTheManualShows) {
  const std::string written =
      WriteMemory({3, {{"hello", {7, Sha256("hello")}}}, {}, Sha256("hello")});
  const auto manual = ReadFile("farm/verify/FORMAT.md", 1 << 20);
  ASSERT_TRUE(manual.has_value()) << manual.error().message;
  EXPECT_NE(manual->find("```\n" + written + "```\n"), std::string::npos) << written;
  const auto read = ParseMemory(written, "memory.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteMemory(*read), written);
}

// A memory as large as it may be is read, and grows no more: else the next one could not read it.
class FullMemory : public testing::Test {
 protected:
  MemoryDirectory Open(const Memory& memory) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), file_, WriteMemory(memory)));
    return Again();
  }
  MemoryDirectory Again() {
    auto opened = MemoryDirectory::Open(RealFileSystem(), directory_.path());
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return *std::move(opened);
  }
  void ExpectFull(const Status& status) {
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kLimitExceeded);
    EXPECT_TRUE(status.error().message.starts_with(file_)) << status.error().message;
  }
  const TemporaryDirectory directory_ = *TemporaryDirectory::Make(testing::TempDir());
  const std::string file_ = JoinPath(directory_.path(), "memory.json");
};

TEST_F(FullMemory, OfProducts) {
  Memory nearly{1, {}};
  for (std::size_t i = 1; i < kProductsMax; ++i) nearly.releases["p" + std::to_string(i)] = {1};
  {
    MemoryDirectory memory = Open(nearly);
    EXPECT_TRUE(memory.Remember({1, Root(1), "last", 1, Sha256("one")}));
    ExpectFull(memory.Remember({2, Root(2), "one more", 1, Sha256("one")}));
    EXPECT_TRUE(memory.Remember({1, Root(1), "last", 2, Sha256("two")}));
  }
  const MemoryDirectory memory = Again();
  EXPECT_EQ(memory.memory().releases.size(), kProductsMax);
  EXPECT_EQ(memory.ReleaseOf("last")->sequence, 2);
  EXPECT_EQ(memory.memory().root_version, 1);
}

TEST_F(FullMemory, OfLogs) {
  const SeenLog seen{1, Sha256("tree"), 1'800'000'000};
  Memory nearly{1, {}};
  for (std::size_t i = 1; i < kLogsRememberedMax; ++i) {
    nearly.seen.logs["l" + std::to_string(i)] = seen;
  }
  SeenStatuses full = nearly.seen;
  full.logs["last"] = seen;
  SeenStatuses more = full;
  more.logs["one more"] = seen;
  {
    MemoryDirectory memory = Open(nearly);
    EXPECT_TRUE(memory.RememberStatuses(full));
    ExpectFull(memory.RememberStatuses(more));
    full.logs["last"].size = 2;
    EXPECT_TRUE(memory.RememberStatuses(full));
  }
  EXPECT_EQ(Again().memory().seen, full);
}

// Four monitors that fill their place with the longest words: the most bytes that they can make.
TEST_F(FullMemory, OfStatuses) {
  SeenStatuses seen;
  for (std::size_t i = 0; i < kStatusesMax; ++i) {
    SaidByStatus said{std::string(64, static_cast<char>('a' + i % 4)), 1'800'000'000};
    for (std::size_t word = 0; word < kSaidMax / kStatusesMax; ++word) {
      said.revoked_keys[Sha256(std::to_string(i) + " " + std::to_string(word)).Hex()] =
          1'800'000'000;
    }
    seen.said.push_back(std::move(said));
  }
  SeenStatuses more = seen;
  more.said.push_back({"a fourth", 1'800'000'000, {Sha256("one more")}});
  {
    MemoryDirectory memory = Open({});
    EXPECT_TRUE(memory.RememberStatuses(seen));
    ExpectFull(memory.RememberStatuses(more));
  }
  EXPECT_EQ(Again().memory().seen, seen);
}

TEST_F(FullMemory, OfBytes) {
  const std::string long_name(4 << 20, 'x');
  {
    MemoryDirectory memory = Open({});
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      EXPECT_TRUE(memory.Remember({1, Root(1), name + long_name, 1, Sha256("one")}));
    }
    ExpectFull(memory.Remember({1, Root(1), "f" + long_name, 1, Sha256("one")}));
  }
  EXPECT_EQ(Again().memory().releases.size(), 5u);
}

TEST(Memory, KeepsWhatStatusesSaidAsTheManualShows) {
  SaidByStatus said{Sha256("hello").Hex(), 1'800'000'000, {Sha256("hello")}, {Sha256("hello")}};
  said.revoked_keys = {{Sha256("hello").Hex(), 1'800'000'000}, {std::string(64, 'f'), {}}};
  said.root_version = 3;
  Memory memory;
  memory.root_version = 3;
  memory.seen.logs = {{"log.farm.example", {12, Sha256("hello"), 1'800'000'000}}};
  memory.seen.said = {said};
  memory.seen.lost = {{Sha256("hello").Hex(), {1'800'000'000, 1'800'000'000}}};
  const std::string written = WriteMemory(memory);
  const auto manual = ReadFile("farm/verify/FORMAT.md", 1 << 20);
  ASSERT_TRUE(manual.has_value()) << manual.error().message;
  EXPECT_NE(manual->find("```\n" + written + "```\n"), std::string::npos) << written;
  const auto read = ParseMemory(written, "memory.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->seen, memory.seen);
  for (const auto& [from, to] :
       {std::pair{"\"key\"", "\"kay\""}, std::pair{"\"monitorKey\"", "\"monitor\""},
        std::pair{"\"withdrawn\": [", "\"withdrawn\": [7,"},
        std::pair{"\"dissents\": [", "\"dissents\": [\"sha256:x\","},
        std::pair{"\"withdrawn\": [", "\"withdrawn\": [\"sha256:x\","},
        std::pair{"\"lost\": [", "\"lost\": [7,"}}) {
    std::string bent = written;
    bent.replace(bent.find(from), std::string(from).size(), to);
    EXPECT_FALSE(ParseMemory(bent, "memory.json")) << bent;
  }
}

TEST(Memory, IsNeverForgottenWhenDamaged) {
  const TemporaryDirectory directory = *TemporaryDirectory::Make(testing::TempDir());
  const std::string file = JoinPath(directory.path(), "memory.json");
  for (const std::string damaged :
       {"", "{", R"({"format":"farm-verify-memory/2","rootVersion":1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","rootVersion":-1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","root":"","rootVersion":1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","root":null,"rootVersion":1,"sequences":[]})",
        R"({"format":"farm-verify-memory/1","root":"sha256:)"
        R"(2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","rootVersion":0,)"
        R"("sequences":[]})",
        R"({"format":"farm-verify-memory/1","rootVersion":1,"sequences":[{"product":"a"}]})",
        R"({"format":"farm-verify-memory/1","rootVersion":1,"sequences":[)"
        R"({"product":"a","release":"","sequence":1}]})",
        R"({"format":"farm-verify-memory/1","rootVersion":1,"sequences":[)"
        R"({"product":"a","release":null,"sequence":1}]})"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), file, damaged).has_value());
    const auto memory = MemoryDirectory::Open(RealFileSystem(), directory.path());
    ASSERT_FALSE(memory.has_value()) << damaged;
    EXPECT_EQ(memory.error().Exit(), ExitCode::kUsage) << damaged;
  }
}

}  // namespace
}  // namespace farm
