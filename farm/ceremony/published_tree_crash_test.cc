// Power cuts of `farm root publish`: a client of TUF finds the old metadata or the new, and the
// next run ends what was begun.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "farm/ceremony/published_tree.h"
#include "farm/crypto/hash.h"
#include "tests/support/crash_files.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'004'000;

// Versions that a client gets.
struct Seen {
  std::int64_t root = 0;
  std::int64_t timestamp = 0;
  std::int64_t snapshot = 0;
  std::int64_t targets = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// A client of TUF that knows root 1.  Spec: TUF 1.0.31 section 5.
class Client {
 public:
  explicit Client(std::string tree) : tree_(std::move(tree)) {}

  // Absent: nothing is published yet.
  std::optional<Seen> Read() {
    if (!FileExists(tree_ + "/tuf")) return std::nullopt;
    Seen seen;
    while (FileExists(RootPath(seen.root + 1))) {
      auto next = ParseTrustRoot(Bytes(RootPath(seen.root + 1)), "root");
      EXPECT_TRUE(next) << next.error().message;
      if (!next) return seen;
      if (seen.root > 0) {
        EXPECT_TRUE(CheckNextRoot(*next, root_));
      }
      root_ = *std::move(next);
      ++seen.root;
    }
    const TufMetadata timestamp = Metadata(TufRole::kTimestamp, nullptr);
    const TufMetadata snapshot = Metadata(TufRole::kSnapshot, &timestamp);
    targets_ = Metadata(TufRole::kTargets, &snapshot);
    seen.timestamp = timestamp.version;
    seen.snapshot = snapshot.version;
    seen.targets = targets_.version;
    return seen;
  }
  void CheckTargets() const {
    for (const auto& [path, file] : targets_.files) {
      EXPECT_EQ(file.sha256, Sha256(Bytes(tree_ + "/" + path))) << path;
    }
  }

 private:
  std::string RootPath(std::int64_t version) const {
    return tree_ + "/tuf/" + std::to_string(version) + ".root.json";
  }
  static std::string Bytes(const std::string& path) {
    const auto bytes = ReadFile(path, 1 << 26);
    EXPECT_TRUE(bytes) << bytes.error().message;
    return bytes ? *bytes : "";
  }
  TufMetadata Metadata(TufRole role, const TufMetadata* above) const {
    const std::string name = std::string(TufRoleName(role)) + ".json";
    const std::string bytes = Bytes(tree_ + "/tuf/" + name);
    const auto metadata = ParseTufMetadata(bytes, role, name);
    EXPECT_TRUE(metadata) << metadata.error().message;
    if (!metadata) return {};
    EXPECT_TRUE(CheckTufSignatures(*metadata, root_)) << name;
    if (above != nullptr) {
      EXPECT_EQ(above->files.at(name), (TufFile{Sha256(bytes), bytes.size(), metadata->version}));
    }
    return *metadata;
  }

  const std::string tree_;
  TrustRoot root_;
  TufMetadata targets_;
};

// What is published by one run; each begins with the tree that the one before has left.
enum class Change { kFirst, kAll, kTimestamp };

class PublishCrash : public testing::Test {
 protected:
  PublishCrash() : root_(maker_.root()) {
    for (int i = 0; i < 3; ++i) {
      keys_.push_back(PrivateKey::Generate(KeyKind::kEd25519));
      signers_.push_back(NewMemorySigner(keys_.back()));
    }
    root_.timestamp = root_.snapshot = {{keys_[0].public_key()}, 1};
    root_.targets = {{keys_[1].public_key()}, 1};
    WriteRoot(1);
    AddRelease("1.0", 1);
  }

  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  void Write(const std::string& path, const std::string& bytes) const {
    EXPECT_TRUE(MakeDirectories(DirectoryName(path), 0755));
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
  }
  void WriteRoot(std::int64_t version) {
    root_.version = version;
    Write(Path("root-" + std::to_string(version)), WriteTrustRoot(root_, {maker_.Key("root")}));
  }
  void AddRelease(const std::string& version, std::int64_t sequence) {
    const MadeRelease made = maker_.Make([&](LineDraft& draft) {
      if (auto* release = std::get_if<Release>(&draft.statement)) release->sequence = sequence;
    });
    for (const auto& [name, bytes] : made.artifacts) {
      const std::string path = Path("base/hello/" + version + "/" + name);
      Write(path, bytes);
      Write(path + ".sigstore.jsonl", made.FileText());
    }
  }

  // The tree before the change, and the order that makes it.
  PublishOrder Prepare(Change change) {
    PublishOrder order;
    order.policy = maker_.policy();
    order.now = kNow;
    order.signers = {signers_[0].get(), signers_[1].get(), signers_[2].get()};
    order.roots = {Path("root-1")};
    if (change == Change::kAll) {
      // Another key for timestamp and snapshot, another newest release, a status.
      root_.timestamp = root_.snapshot = {{keys_[2].public_key()}, 1};
      WriteRoot(2);
      order.roots.push_back(Path("root-2"));
      AddRelease("1.1", 2);
      Write(Path("base/status.json"),
            WriteBundleLine(maker_.StatusLine(maker_.Status(kNow))) + "\n");
    }
    if (change == Change::kTimestamp) order.signers = {signers_[2].get()};
    order.directory = Path("base");
    return order;
  }

  // One attempt's copy.
  std::string Copy() {
    const std::string tree = Path("tree");
    EXPECT_TRUE(RemoveTree(tree));
    std::filesystem::copy(Path("base"), tree, std::filesystem::copy_options::recursive);
    return tree;
  }

  void CheckEveryCut(PublishOrder order, const Seen& want) {
    const std::optional<Seen> old = Client(order.directory).Read();
    order.directory = Copy();
    CrashFiles whole;
    const auto published = PublishTargets(whole, order);
    ASSERT_TRUE(published) << published.error().message;
    ASSERT_EQ(Client(order.directory).Read(), want);
    int olds = 0;
    int news = 0;
    TryEveryCut(whole.operations(), [&](const Cut& cut) -> Unsynced {
      SCOPED_TRACE(TextOf(cut));
      if (HasFailure()) return {};
      order.directory = Copy();
      CrashFiles files;
      files.DieAfter(cut.operations, false);
      (void)PublishTargets(files, order);
      const Unsynced unsynced = files.UnsyncedAt(cut.kept);
      EXPECT_TRUE(files.PowerCut(cut.kept));
      Client client(order.directory);
      const std::optional<Seen> left = client.Read();
      EXPECT_TRUE(left == old || left == want);
      ++(left == old ? olds : news);
      CheckRerun(order, left == old
                            ? want
                            : Seen{want.root, want.timestamp + 1, want.snapshot, want.targets});
      return unsynced;
    });
    EXPECT_GT(olds, 0);
    EXPECT_GT(news, 0);
  }
  static void CheckRerun(const PublishOrder& order, const Seen& want) {
    const auto again = PublishTargets(RealFileSystem(), order);
    ASSERT_TRUE(again) << again.error().message;
    Client client(order.directory);
    EXPECT_EQ(client.Read(), want);
    client.CheckTargets();
    EXPECT_FALSE(FileExists(order.directory + "/.tuf.next"));
    EXPECT_TRUE(FileExists(order.directory + "/root/" + std::to_string(want.root) + ".json"));
  }

  EvidenceMaker maker_{{.monitors = 1}};
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  std::vector<PrivateKey> keys_;
  std::vector<std::unique_ptr<Signer>> signers_;
  TrustRoot root_;
};

TEST_F(PublishCrash, AClientFindsTheOldMetadataOrTheNewAndTheNextRunEnds) {
  const std::pair<Change, Seen> rows[] = {
      {Change::kFirst, {1, 1, 1, 1}},
      {Change::kAll, {2, 2, 2, 2}},
      {Change::kTimestamp, {2, 3, 2, 2}},
  };
  for (const auto& [change, want] : rows) {
    SCOPED_TRACE(static_cast<int>(change));
    const PublishOrder order = Prepare(change);
    ASSERT_NO_FATAL_FAILURE(CheckEveryCut(order, want));
    ASSERT_FALSE(HasFailure());
    ASSERT_TRUE(PublishTargets(RealFileSystem(), order));
  }
}

// What cannot be signed changes nothing that a client of TUF sees.
TEST_F(PublishCrash, WithoutAKeyNothingChanges) {
  ASSERT_TRUE(PublishTargets(RealFileSystem(), Prepare(Change::kFirst)));
  PublishOrder order = Prepare(Change::kAll);
  Client before(order.directory);
  const std::optional<Seen> old = before.Read();
  std::filesystem::remove(Path("base/status.json"));
  order.signers = {signers_[0].get(), signers_[1].get()};
  const auto refused = PublishTargets(RealFileSystem(), order);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kBadSignature);
  Client after(order.directory);
  EXPECT_EQ(after.Read(), old);
  after.CheckTargets();
}

}  // namespace
}  // namespace farm
