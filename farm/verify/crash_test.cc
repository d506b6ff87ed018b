// What a verifier remembers, after every power cut: the old or the new, whole, and never less than
// a run has reported.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "farm/crypto/hash.h"
#include "farm/verify/memory.h"
#include "farm/verify/trust.h"
#include "tests/support/crash_files.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

// Of one customer: several runs, one after the other, until one fails.  They begin with folders
// that nobody has made.
class Customer {
 public:
  virtual ~Customer() = default;
  virtual void Live() = 0;
  // After the cut: looks, and does all of it again.
  virtual void CheckAndGoOn() = 0;
  CrashFiles& files() { return files_; }

 protected:
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }

 private:
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  CrashFiles files_;
};

using MakeCustomer = std::function<std::unique_ptr<Customer>()>;

void CheckEveryCut(const MakeCustomer& make) {
  std::uint64_t operations = 0;
  {
    const auto customer = make();
    customer->Live();
    ASSERT_FALSE(testing::Test::HasFailure());
    operations = customer->files().operations();
  }
  EXPECT_GT(operations, 20u);
  const std::size_t tried = TryEveryCut(operations, [&](const Cut& cut) -> Unsynced {
    SCOPED_TRACE(TextOf(cut));
    const auto customer = make();
    customer->files().DieAfter(cut.operations, false);
    customer->Live();
    const Unsynced unsynced = customer->files().UnsyncedAt(cut.kept);
    EXPECT_TRUE(customer->files().PowerCut(cut.kept));
    customer->CheckAndGoOn();
    return unsynced;
  });
  EXPECT_GT(tried, operations);
}

// A run is killed, which loses nothing; the runs after it end well, and then the power is cut.
void CheckEveryKillBeforeTheCut(const MakeCustomer& make) {
  for (std::uint64_t operations = 0;; ++operations) {
    SCOPED_TRACE(operations);
    const auto customer = make();
    customer->files().DieAfter(operations, false);
    customer->Live();
    const bool killed = customer->files().operations() > operations;
    customer->files().Revive();
    customer->Live();
    ASSERT_TRUE(customer->files().PowerCut());
    customer->CheckAndGoOn();
    if (!killed) return;
  }
}

constexpr char kLog[] = "log.farm.example";

// Three releases of a product, the last under a later root, and what statuses said of a log.
class Rememberer final : public Customer {
 public:
  void Live() override {
    for (std::int64_t run = 1; run <= 3; ++run) {
      auto memory = MemoryDirectory::Open(files(), Path("home/state"));
      if (!memory) return;
      if (!memory->RememberStatuses({{{kLog, Seen(run)}}, {}})) return;
      reported_.seen.logs = {{kLog, Seen(run)}};
      if (!memory->Remember({(run + 1) / 2, Root((run + 1) / 2), "hello", run, Release(run)}))
        return;
      reported_.root_version = (run + 1) / 2;
      reported_.releases["hello"].sequence = run;
    }
  }
  void CheckAndGoOn() override {
    {
      const auto memory = MemoryDirectory::Open(files(), Path("home/state"));
      ASSERT_TRUE(memory) << memory.error().message;
      ASSERT_GE(memory->memory().root_version, reported_.root_version);
      if (memory->memory().root_version > 0) {
        ASSERT_EQ(memory->memory().root, Root(memory->memory().root_version));
      }
      const auto release = memory->ReleaseOf("hello");
      ASSERT_GE(release ? release->sequence : 0, reported_.releases["hello"].sequence);
      if (release) {
        ASSERT_EQ(release->release, Release(release->sequence));
      }
      const auto& logs = memory->memory().seen.logs;
      if (!reported_.seen.logs.empty()) {
        ASSERT_TRUE(logs.contains(kLog));
        ASSERT_GE(logs.at(kLog).size, reported_.seen.logs.at(kLog).size);
      }
    }
    Live();
    const auto memory = MemoryDirectory::Open(files(), Path("home/state"));
    ASSERT_TRUE(memory) << memory.error().message;
    ASSERT_EQ(memory->memory().root_version, 2);
    ASSERT_EQ(memory->ReleaseOf("hello")->sequence, 3);
  }

 private:
  static Digest Root(std::int64_t version) { return Sha256("root " + std::to_string(version)); }
  static Digest Release(std::int64_t run) { return Sha256(std::to_string(run)); }
  static SeenLog Seen(std::int64_t run) {
    return {static_cast<std::uint64_t>(run), Release(run), 1'800'000'000 + run};
  }
  Memory reported_;
};

TEST(MemoryCrash, RemembersWhatWasReportedWhateverUnsyncedOperationsSurvive) {
  const MakeCustomer make = [] { return std::make_unique<Rememberer>(); };
  ASSERT_NO_FATAL_FAILURE(CheckEveryCut(make));
  CheckEveryKillBeforeTheCut(make);
}

// The roots 1 to 3, as files and as trees that end with one of them.
class Roots {
 public:
  Roots() {
    std::vector<PrivateKey> keys = {PrivateKey::Generate(KeyKind::kEd25519)};
    for (std::int64_t version = 1; version <= 3; ++version) {
      TrustRoot root = maker_.root();
      root.version = version;
      keys.push_back(PrivateKey::Generate(KeyKind::kEd25519));
      root.root_keys = {keys.back().public_key()};
      bytes_.push_back(WriteTrustRoot(root, {keys[keys.size() - 1], keys[keys.size() - 2]}));
      for (std::int64_t last = version; last <= 3; ++last) {
        EXPECT_TRUE(MakeDirectories(Tree(last) + "/root", 0755));
        EXPECT_TRUE(WriteDurably(RealFileSystem(),
                                 Tree(last) + "/root/" + std::to_string(version) + ".json",
                                 bytes_.back()));
      }
    }
  }
  const std::string& first() const { return bytes_.front(); }
  TrustRoot OfAStranger(std::int64_t version) const {
    const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
    TrustRoot root = maker_.root();
    root.version = version;
    root.root_keys = {key.public_key()};
    return ParseTrustRoot(WriteTrustRoot(root, {key}), "a stranger's").value();
  }
  std::string Tree(std::int64_t last) const {
    return temporary_.path() + "/tree" + std::to_string(last);
  }

 private:
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  EvidenceMaker maker_;
  std::vector<std::string> bytes_;
};

// Pins the first root, follows it to the second, pins again, follows to the third.
class Follower final : public Customer {
 public:
  explicit Follower(const Roots& roots) : roots_(roots) {}

  void Live() override { (void)(Pin() && Update(2) && Pin() && Update(3)); }
  void CheckAndGoOn() override {
    CheckWhatAVerifierReads();
    const auto pinned = ReadPinnedTrust(Folder());
    if (pinned) {
      ASSERT_GE(pinned->root.version, reported_);
      ASSERT_EQ(pinned->memory.pinned, Sha256(roots_.first()));
    } else {
      ASSERT_EQ(pinned.error().code, ErrorCode::kNotFound) << pinned.error().message;
      ASSERT_EQ(reported_, 0);
    }
    ASSERT_TRUE(Pin() && Update(3));
    ASSERT_EQ(ReadPinnedTrust(Folder())->root.version, 3);
  }

 private:
  std::string Folder() const { return Path("home/farm"); }
  // farm-verify itself takes root.json, and holds it against trust.json where that is: it always
  // is, and lets no stranger in.
  void CheckWhatAVerifierReads() const {
    const auto bytes = ReadFile(Folder() + "/root.json", kTrustRootBytesMax);
    if (!bytes) {
      ASSERT_EQ(reported_, 0);
      return;
    }
    const auto root = ParseTrustRoot(*bytes, "root.json");
    ASSERT_TRUE(root) << root.error().message;
    const auto memory = ReadTrustMemory(Folder());
    ASSERT_TRUE(memory) << memory.error().message;
    ASSERT_TRUE(memory->has_value());
    ASSERT_GE(root->version, (*memory)->newest_version);
    ASSERT_TRUE(CheckRemembered(*root, **memory));
    for (const std::int64_t version : {1, 2, 3, 4}) {
      ASSERT_FALSE(CheckRemembered(roots_.OfAStranger(version), **memory)) << version;
    }
  }
  bool Pin() {
    const auto pinned = PinTrust(files(), Folder(), roots_.first(), Sha256(roots_.first()));
    if (pinned) reported_ = std::max(reported_, pinned->root.version);
    return pinned.has_value();
  }
  bool Update(std::int64_t last) {
    const auto pinned = ReadPinnedTrust(Folder());
    if (!pinned) return false;
    // A tree that is older than what a run before has taken is refused.
    const auto update =
        UpdateTrust(files(), Folder(), roots_.Tree(std::max(last, pinned->root.version)));
    if (update) reported_ = std::max(reported_, update->after.root.version);
    return update.has_value();
  }

  const Roots& roots_;
  std::int64_t reported_ = 0;  // newest version
};

TEST(TrustCrash, KeepsTheRootThatWasReportedWhateverUnsyncedOperationsSurvive) {
  const Roots roots;
  const MakeCustomer make = [&] { return std::make_unique<Follower>(roots); };
  ASSERT_NO_FATAL_FAILURE(CheckEveryCut(make));
  CheckEveryKillBeforeTheCut(make);
}

}  // namespace
}  // namespace farm
