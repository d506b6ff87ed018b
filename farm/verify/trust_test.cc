#include "farm/verify/trust.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

template <typename T>
ExitCode ExitOf(const Result<T>& result) {
  return result ? ExitCode::kProved : result.error().Exit();
}

// Roots 1, 2, 3, ...: each has a key of its own.
class Trust : public testing::Test {
 public:
  Trust() : directory_(*TemporaryDirectory::Make(testing::TempDir())) {
    for (int i = 0; i < 8; ++i) keys_.push_back(PrivateKey::Generate(KeyKind::kEd25519));
  }
  TrustRoot Root(std::int64_t version) const {
    TrustRoot root = maker_.root();
    root.version = version;
    root.root_keys = {keys_[version].public_key()};
    return root;
  }
  // Signed by itself and the one before it.
  std::string Bytes(const TrustRoot& root) const {
    std::vector<PrivateKey> signers = {keys_[root.version]};
    if (root.version > 1) signers.push_back(keys_[root.version - 1]);
    return WriteTrustRoot(root, signers);
  }
  std::string Bytes(std::int64_t version) const { return Bytes(Root(version)); }
  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  void Write(const std::string& name, const std::string& bytes) const {
    ASSERT_TRUE(MakeDirectories(DirectoryName(Path(name)), 0755));
    ASSERT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
  }
  void AddToTree(std::int64_t version) const {
    Write("tree/root/" + std::to_string(version) + ".json", Bytes(version));
  }
  Result<PinnedTrust> Pin(std::int64_t version) const {
    return PinTrust(RealFileSystem(), Path("config"), Bytes(version), Sha256(Bytes(version)));
  }
  Result<TrustUpdate> Update() const {
    return UpdateTrust(RealFileSystem(), Path("config"), Path("tree"));
  }
  std::int64_t Version() const { return ReadPinnedTrust(Path("config")).value().root.version; }

  EvidenceMaker maker_;
  TemporaryDirectory directory_;
  std::vector<PrivateKey> keys_;
};

TEST_F(Trust, IsPinnedByItsFingerprint) {
  const std::string bytes = Bytes(1);
  const auto refused = PinTrust(RealFileSystem(), Path("config"), bytes, Sha256("another"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().Exit(), ExitCode::kInputMissing);
  EXPECT_FALSE(FileExists(Path("config/root.json")));
  const auto pinned = Pin(1);
  ASSERT_TRUE(pinned.has_value()) << pinned.error().message;
  EXPECT_EQ(*ReadFile(Path("config/root.json"), 1 << 22), bytes);
  const auto read = ReadPinnedTrust(Path("config"));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->memory.pinned, Sha256(bytes));
  EXPECT_EQ(read->memory.newest_version, 1);
}

TEST_F(Trust, ARootThatNobodySignedIsNotPinned) {
  const std::string bytes = WriteTrustRoot(Root(1), {});
  EXPECT_EQ(ExitOf(PinTrust(RealFileSystem(), Path("config"), bytes, Sha256(bytes))),
            ExitCode::kBadSignature);
}

TEST_F(Trust, AnotherRootIsNotPinnedOverIt) {
  ASSERT_TRUE(Pin(1));
  EXPECT_TRUE(Pin(1));
  EXPECT_EQ(ExitOf(Pin(2)), ExitCode::kRollback);
  AddToTree(2);
  ASSERT_TRUE(Update());
  EXPECT_TRUE(Pin(1));  // the one that was pinned: what was followed since stays
  EXPECT_EQ(Version(), 2);
  // Nor over one that was put there by hand.
  Write("other/root.json", Bytes(3));
  EXPECT_EQ(ExitOf(PinTrust(RealFileSystem(), Path("other"), Bytes(1), Sha256(Bytes(1)))),
            ExitCode::kRollback);
}

// Anybody who can read the folder can lock it, for as long as he likes.
TEST_F(Trust, ALockOfItsFolderIsInNobodysWay) {
  ASSERT_TRUE(MakeDirectories(Path("config"), 0755));
  const int held = open(Path("config").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(held, LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(Pin(1));
  AddToTree(2);
  EXPECT_TRUE(Update());
  struct stat status {};
  ASSERT_EQ(stat(Path("config/lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  close(held);
}

// Who loses root.json has not lost what was followed.
TEST_F(Trust, IsRememberedWithoutItsRoot) {
  ASSERT_TRUE(Pin(1));
  AddToTree(2);
  ASSERT_TRUE(Update());
  std::remove(Path("config/root.json").c_str());
  for (const int version : {1, 3}) {
    const auto refused = Pin(version);
    ASSERT_FALSE(refused.has_value()) << version;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kRollback);
    EXPECT_THAT(refused.error().message, HasSubstr("root 2, SHA-256 " + Sha256(Bytes(2)).Hex()));
    EXPECT_FALSE(FileExists(Path("config/root.json")));
  }
  const auto back = Pin(2);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->memory.pinned_version, 1);
  EXPECT_EQ(Version(), 2);
  // Nor does a damaged memory count for none.
  std::remove(Path("config/root.json").c_str());
  Write("config/trust.json", "{}");
  EXPECT_EQ(ExitOf(Pin(2)), ExitCode::kUsage);
}

// Nobody who verifies holds the folder's lock: what he has read may be a step behind its memory.
TEST_F(Trust, ARootThatIsReplacedWhileItIsReadIsReadAgain) {
  ASSERT_TRUE(Pin(1));
  TrustRoot root = ReadPinnedTrust(Path("config")).value().root;
  int reads = 0;
  const auto read = [&]() -> Result<TrustRoot> {
    ++reads;
    return ParseTrustRoot(*ReadFile(Path("config/root.json"), 1 << 22), "root.json");
  };
  ASSERT_TRUE(HoldToPinned(Path("config"), read, root));
  EXPECT_EQ(reads, 0);
  AddToTree(2);
  ASSERT_TRUE(Update());
  const auto memory = HoldToPinned(Path("config"), read, root);
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  EXPECT_EQ((*memory)->newest_version, 2);
  EXPECT_EQ(root.version, 2);
  EXPECT_EQ(reads, 1);
  Write("config/root.json", Bytes(3));  // by hand
  root = *read();
  EXPECT_EQ(ExitOf(HoldToPinned(Path("config"), read, root)), ExitCode::kRollback);
  const auto another_each_time = [&]() -> Result<TrustRoot> {
    return ParseTrustRoot(Bytes(4 + ++reads % 2), "root.json");
  };
  EXPECT_EQ(ExitOf(HoldToPinned(Path("config"), another_each_time, root)), ExitCode::kRollback);
  EXPECT_FALSE(HoldToPinned(Path("nowhere"), read, root).value().has_value());
}

TEST_F(Trust, FollowsTheChainToItsEnd) {
  ASSERT_TRUE(Pin(1));
  for (const int version : {1, 2, 3, 4}) AddToTree(version);
  auto update = Update();
  ASSERT_TRUE(update.has_value()) << update.error().message;
  EXPECT_EQ(update->before.root.version, 1);
  EXPECT_EQ(update->after.root.version, 4);
  EXPECT_THAT(update->changes, Contains(HasSubstr("added: root key")));
  EXPECT_EQ(*ReadFile(Path("config/root.json"), 1 << 22), Bytes(4));
  update = Update();
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->after.root.version, 4);
  EXPECT_THAT(update->changes, IsEmpty());
  EXPECT_EQ(update->after.memory.pinned_version, 1);
}

TEST_F(Trust, EachBrokenStepLeavesAllAsItWas) {
  const struct {
    const char* name;
    ExitCode exit;
    std::function<void(const Trust&)> bend;
  } kRows[] = {
      {"missing_step", ExitCode::kInputMissing,
       [](const Trust& t) { std::remove(t.Path("tree/root/3.json").c_str()); }},
      {"below_the_old_threshold", ExitCode::kBadSignature,
       [](const Trust& t) {
         t.Write("tree/root/3.json", WriteTrustRoot(t.Root(3), {t.keys_[3]}));
       }},
      {"below_its_own_threshold", ExitCode::kBadSignature,
       [](const Trust& t) {
         t.Write("tree/root/3.json", WriteTrustRoot(t.Root(3), {t.keys_[2]}));
       }},
      {"signed_by_the_one_before_the_last", ExitCode::kBadSignature,
       [](const Trust& t) {
         t.Write("tree/root/3.json", WriteTrustRoot(t.Root(3), {t.keys_[3], t.keys_[1]}));
       }},
      {"another_version_inside", ExitCode::kUsage,
       [](const Trust& t) { t.Write("tree/root/3.json", t.Bytes(2)); }},
      {"changed", ExitCode::kBadSignature,
       [](const Trust& t) {
         std::string bytes = t.Bytes(3);
         bytes.replace(bytes.find("operator-0"), 10, "operator-9");
         t.Write("tree/root/3.json", bytes);
       }},
      {"not_a_root", ExitCode::kUsage, [](const Trust& t) { t.Write("tree/root/4.json", "{}"); }},
      {"another_history", ExitCode::kRollback,
       [](const Trust& t) {
         TrustRoot other = t.Root(1);
         other.expires += 1;
         t.Write("tree/root/1.json", t.Bytes(other));
       }},
  };
  ASSERT_TRUE(Pin(1));
  for (const auto& row : kRows) {
    for (const int version : {1, 2, 3, 4}) AddToTree(version);
    row.bend(*this);
    const auto update = Update();
    EXPECT_EQ(ExitOf(update), row.exit) << row.name << (update ? "" : update.error().message);
    EXPECT_EQ(Version(), 1) << row.name;
  }
  for (const int version : {1, 2, 3, 4}) AddToTree(version);
  EXPECT_TRUE(Update());
}

// A tree that others have filled keeps nobody waiting.
TEST_F(Trust, APipeIsNoRoot) {
  ASSERT_TRUE(Pin(1));
  AddToTree(1);
  ASSERT_EQ(mkfifo(Path("tree/root/2.json").c_str(), 0600), 0);
  EXPECT_EQ(ExitOf(Update()), ExitCode::kUsage);
  EXPECT_EQ(Version(), 1);
  std::remove(Path("tree/root/2.json").c_str());
  std::remove(Path("tree/root/1.json").c_str());
  ASSERT_EQ(mkfifo(Path("tree/root/1.json").c_str(), 0600), 0);
  EXPECT_EQ(ExitOf(Update()), ExitCode::kUsage);
}

TEST_F(Trust, APipeOrALinkToNothingIsNotNothingPinned) {
  ASSERT_TRUE(Pin(1));
  for (const char* name : {"config/trust.json", "config/root.json"}) {
    const std::string path = Path(name);
    const std::string bytes = ReadFile(path, 1 << 22).value();
    ASSERT_EQ(unlink(path.c_str()), 0);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(ExitOf(ReadPinnedTrust(Path("config"))), ExitCode::kUsage) << name;
    EXPECT_EQ(ExitOf(Pin(1)), ExitCode::kUsage) << name;
    ASSERT_EQ(unlink(path.c_str()), 0);
    Write(name, bytes);
  }
  const std::string memory = Path("config/trust.json");
  ASSERT_EQ(unlink(memory.c_str()), 0);
  ASSERT_EQ(symlink("nothing", memory.c_str()), 0);
  EXPECT_EQ(ExitOf(ReadTrustMemory(Path("config"))), ExitCode::kUsage);
  EXPECT_EQ(ExitOf(Pin(2)), ExitCode::kUsage);
  EXPECT_EQ(ExitOf(Update()), ExitCode::kUsage);
  ASSERT_EQ(unlink(memory.c_str()), 0);
  ASSERT_EQ(unlink(Path("config/root.json").c_str()), 0);
  ASSERT_EQ(symlink("nothing", Path("config/root.json").c_str()), 0);
  EXPECT_EQ(ExitOf(Pin(1)), ExitCode::kUsage);
  // Nor is it no root of a tree.
  ASSERT_EQ(unlink(Path("config/root.json").c_str()), 0);
  ASSERT_TRUE(Pin(1));
  AddToTree(2);
  ASSERT_EQ(symlink("nothing", Path("tree/root/1.json").c_str()), 0);
  EXPECT_EQ(ExitOf(Update()), ExitCode::kUsage);
  EXPECT_EQ(Version(), 1);
}

TEST_F(Trust, NeverGoesBack) {
  ASSERT_TRUE(Pin(1));
  for (const int version : {2, 3}) AddToTree(version);
  ASSERT_TRUE(Update());
  std::remove(Path("tree/root/3.json").c_str());
  EXPECT_EQ(ExitOf(Update()), ExitCode::kRollback);
  EXPECT_EQ(Version(), 3);
  // Somebody has set root.json back; trust.json remembers.
  Write("config/root.json", Bytes(2));
  EXPECT_EQ(ExitOf(ReadPinnedTrust(Path("config"))), ExitCode::kRollback);
  AddToTree(3);
  EXPECT_EQ(ExitOf(Update()), ExitCode::kRollback);
  EXPECT_EQ(ExitOf(Pin(1)), ExitCode::kRollback);
  TrustRoot other = Root(3);
  other.expires += 1;
  Write("config/root.json", Bytes(other));
  EXPECT_EQ(ExitOf(ReadPinnedTrust(Path("config"))), ExitCode::kRollback);
  Write("config/root.json", Bytes(3));
  EXPECT_TRUE(ReadPinnedTrust(Path("config")));
}

// Anybody can sign a root of a higher version with keys of his own, and one of the farm's that was
// put there by hand is nobody's word either.
TEST_F(Trust, ARootThatNobodyFollowedIsNone) {
  ASSERT_TRUE(Pin(1));
  const PrivateKey stranger = PrivateKey::Generate(KeyKind::kEd25519);
  TrustRoot his = Root(2);
  his.root_keys = {stranger.public_key()};
  for (const std::string& bytes : {WriteTrustRoot(his, {stranger}), Bytes(2)}) {
    Write("config/root.json", bytes);
    Write("tree/root/1.json", Bytes(1));
    Write("tree/root/2.json", bytes);
    const auto read = ReadPinnedTrust(Path("config"));
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().Exit(), ExitCode::kRollback);
    EXPECT_THAT(read.error().message, HasSubstr("root 2, SHA-256 " + Sha256(bytes).Hex()));
    EXPECT_THAT(read.error().message, HasSubstr("root 1, SHA-256 " + Sha256(Bytes(1)).Hex()));
    EXPECT_EQ(ExitOf(Update()), ExitCode::kRollback);
    EXPECT_EQ(ExitOf(Pin(1)), ExitCode::kRollback);
    EXPECT_EQ(*ReadFile(Path("config/root.json"), 1 << 22), bytes);
  }
  // As the message says.
  std::remove(Path("config/root.json").c_str());
  ASSERT_TRUE(Pin(1));
  ASSERT_TRUE(Update());
  EXPECT_EQ(Version(), 2);
}

// A crash while the second root was being taken: either is one that was followed, and no other.
TEST_F(Trust, AfterACrashEitherRootIsGoodAndNoOther) {
  ASSERT_TRUE(Pin(1));
  for (const int version : {1, 2}) AddToTree(version);
  const TrustMemory half = {Sha256(Bytes(1)), 1, Sha256(Bytes(1)), 1, {{Sha256(Bytes(2)), 2}}};
  for (const int version : {1, 2, 3}) {
    Write("config/trust.json", WriteTrustMemory(half));
    Write("config/root.json", Bytes(version));
    const auto read = ReadPinnedTrust(Path("config"));
    ASSERT_EQ(ExitOf(read), version == 3 ? ExitCode::kRollback : ExitCode::kProved) << version;
    if (version == 3) break;
    EXPECT_EQ(read->memory.newest, Sha256(Bytes(version)));
    ASSERT_TRUE(Update());
    EXPECT_EQ(ReadTrustMemory(Path("config")).value()->newest, Sha256(Bytes(2)));
    EXPECT_FALSE(ReadTrustMemory(Path("config")).value()->next.has_value());
    EXPECT_EQ(ReadTrustMemory(Path("config")).value()->pinned_version, 1);
  }
  // Where root.json is gone on top, too.
  for (const int version : {1, 2, 3}) {
    Write("config/trust.json", WriteTrustMemory(half));
    std::remove(Path("config/root.json").c_str());
    ASSERT_EQ(ExitOf(Pin(version)), version == 3 ? ExitCode::kRollback : ExitCode::kProved);
    if (version < 3) {
      EXPECT_EQ(Version(), version);
    }
  }
}

TEST_F(Trust, HasALimitOfSteps) {
  ASSERT_TRUE(Pin(1));
  Write("tree/root/" + std::to_string(1 + kRootStepsMax) + ".json", "{}");
  EXPECT_EQ(ExitOf(Update()), ExitCode::kInputMissing);  // root 2 is not there
  Write("tree/root/" + std::to_string(2 + kRootStepsMax) + ".json", "{}");
  const auto update = Update();
  ASSERT_FALSE(update.has_value());
  EXPECT_EQ(update.error().code, ErrorCode::kLimitExceeded);
}

TEST_F(Trust, WantsATreeWithRoots) {
  EXPECT_EQ(ExitOf(Update()), ExitCode::kInputMissing);  // nothing is pinned, nor is a folder there
  ASSERT_TRUE(Pin(1));
  EXPECT_EQ(ExitOf(Update()), ExitCode::kInputMissing);
  Write("tree/root/README", "no root");
  EXPECT_EQ(ExitOf(Update()), ExitCode::kInputMissing);
  std::remove(Path("config/trust.json").c_str());
  EXPECT_EQ(ExitOf(Update()), ExitCode::kInputMissing);  // nothing is pinned
}

TEST_F(Trust, MemoryHasOneForm) {
  const std::string text = ReadFile("farm/verify/FORMAT.md", 1 << 20).value();
  const std::string begin = "```trust\n";
  const std::size_t start = text.find(begin) + begin.size();
  std::string example = text.substr(start, text.find("```", start) - start);
  const auto read = ParseTrustMemory(example, "FORMAT.md");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteTrustMemory(*read), example);
  EXPECT_EQ(read->newest_version, 6);
  const auto refuses = [&](const std::string& from, const std::string& to) {
    std::string bent = example;
    bent.replace(bent.find(from), from.size(), to);
    return !ParseTrustMemory(bent, "trust.json").has_value();
  };
  EXPECT_TRUE(refuses("farm-trust/1", "farm-trust/2"));
  EXPECT_TRUE(refuses("\"newestVersion\": 6", "\"newestVersion\": 0"));
  EXPECT_TRUE(refuses("\"pinnedVersion\": 1", "\"pinnedVersion\": 7"));
  EXPECT_TRUE(refuses("\"pinned\": \"sha256:", "\"pinned\": \"sha512:"));
  EXPECT_TRUE(refuses("{\n", "{\n  \"more\": 1,\n"));
  // One that is being followed.
  TrustMemory half = *read;
  half.next = {Sha256("next"), 7};
  const std::string opened = WriteTrustMemory(half);
  const auto again = ParseTrustMemory(opened, "trust.json");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(WriteTrustMemory(*again), opened);
  EXPECT_THAT(text, HasSubstr("```\n" + opened + "```\n"));
  example = opened;
  EXPECT_TRUE(refuses("\"nextVersion\": 7", "\"nextVersion\": 6"));
  EXPECT_TRUE(refuses(",\n  \"nextVersion\": 7", ""));
  EXPECT_TRUE(refuses("  \"next\": \"" + Sha256("next").Text() + "\",\n", ""));
}

TEST_F(Trust, FingerprintsAreReadAsPeopleCarryThem) {
  const Digest digest = Sha256("root");
  const std::string hex = digest.Hex();
  std::string grouped;
  std::string upper;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (i > 0 && i % 2 == 0) grouped += i % 16 == 0 ? ' ' : ':';
    grouped += hex[i];
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(hex[i])));
  }
  for (const std::string& text : {hex, upper, grouped, "sha256:" + hex, "SHA256:" + grouped}) {
    const auto read = ParseFingerprint(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(*read, digest);
  }
  for (const std::string& text :
       {std::string(), hex.substr(1), hex + "0", "sha512:" + hex, "g" + hex.substr(1)}) {
    EXPECT_FALSE(ParseFingerprint(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace farm
