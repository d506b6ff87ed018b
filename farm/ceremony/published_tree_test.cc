#include "farm/ceremony/published_tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "farm/base/file_lock.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/bent_signer.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

using testing::HasSubstr;

constexpr UnixSeconds kStart = 1'800'000'000;

class Tree : public testing::Test {
 protected:
  Tree() : directory_(*TemporaryDirectory::Make(testing::TempDir())), root_(maker_.root()) {
    for (int i = 0; i < 3; ++i) {
      keys_.push_back(PrivateKey::Generate(i == 0 ? KeyKind::kP256 : KeyKind::kEd25519));
      signers_.push_back(NewMemorySigner(keys_.back()));
    }
    root_.timestamp = root_.snapshot = {{keys_[0].public_key()}, 1};
    root_.targets = {{keys_[1].public_key(), keys_[2].public_key()}, 2};
    order_.directory = Path("tree");
    order_.policy = maker_.policy();
    order_.signers = {signers_[0].get(), signers_[1].get(), signers_[2].get()};
    order_.now = kStart + 4000;
    order_.roots = {WriteRoot(root_, "root-1.json")};
    AddRelease(maker_, "1.0");
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    const std::string path = Path(name);
    EXPECT_TRUE(MakeDirectories(DirectoryName(path), 0755).has_value());
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes).has_value());
    return path;
  }
  std::string WriteRoot(const TrustRoot& root, const std::string& name) const {
    return Write(name, WriteTrustRoot(root, {maker_.Key("root")}));
  }
  void AddRelease(EvidenceMaker& maker, const std::string& version, std::int64_t sequence = 1) {
    const MadeRelease made = maker.Make([&](LineDraft& draft) {
      if (auto* release = std::get_if<Release>(&draft.statement)) release->sequence = sequence;
    });
    for (const auto& [name, bytes] : made.artifacts) {
      const std::string path = "tree/hello/" + version + "/" + name;
      Write(path, bytes);
      Write(path + ".sigstore.jsonl", made.FileText());
    }
  }
  PublishedTargets Publish() {
    const auto published = PublishTargets(RealFileSystem(), order_);
    EXPECT_TRUE(published.has_value()) << published.error().message;
    order_.roots = {Path("root-1.json")};
    return *published;
  }
  Error Refused() const {
    const auto published = PublishTargets(RealFileSystem(), order_);
    EXPECT_FALSE(published.has_value());
    return published ? Error{} : published.error();
  }
  static std::vector<std::int64_t> Versions(const PublishedTargets& published) {
    std::vector<std::int64_t> versions;
    for (const TufMetadata& metadata : published.metadata) versions.push_back(metadata.version);
    return versions;
  }
  // Timestamp metadata that somebody puts into the tree.
  void PlaceTimestamp(std::int64_t version, const std::vector<Signer*>& signers) const {
    TufMetadata metadata;
    metadata.role = TufRole::kTimestamp;
    metadata.version = version;
    metadata.expires = order_.now + kDaySeconds;
    metadata.files["snapshot.json"] = {Sha256("snapshot"), 8, 1};
    for (Signer* signer : signers) {
      metadata.signatures.push_back(
          {signer->key().KeyId(), *signer->Sign(WriteTufSigned(metadata))});
    }
    Write("tree/tuf/timestamp.json", WriteTufMetadata(metadata));
  }
  std::string ReadPath(const std::string& name) const { return *ReadFile(Path(name), 1 << 26); }

  // A monitor's status, which withdraws these versions.
  std::string StatusText(const std::vector<std::string>& versions = {}) const {
    FarmStatus status = maker_.Status(kStart + 3000);
    for (const std::string& version : versions) {
      const std::string path = Path("tree/hello/" + version + "/hello.tar.sigstore.jsonl");
      const auto lines = ParseBundleFile(*ReadFile(path, kBundleFileBytesMax), path);
      EXPECT_TRUE(lines.has_value()) << path;
      status.withdrawn.push_back(
          {lines->front().PaeDigest(), "hello", version, "bad", "auditor-0", status.issued});
    }
    std::sort(status.withdrawn.begin(), status.withdrawn.end(),
              [](const auto& one, const auto& other) { return one.release < other.release; });
    return WriteBundleLine(maker_.StatusLine(status)) + "\n";
  }

  EvidenceMaker maker_{{.monitors = 1}};
  TemporaryDirectory directory_;
  std::vector<PrivateKey> keys_;
  std::vector<std::unique_ptr<Signer>> signers_;
  TrustRoot root_;
  PublishOrder order_;
};

TEST_F(Tree, HasTheChainAndTheTargetsThatChange) {
  Write("tree/status.json", StatusText());
  Write("tree/by-digest/ab.sigstore.jsonl", "not looked at\n");
  const PublishedTargets published = Publish();
  EXPECT_EQ(ReadPath("tree/root/1.json"), ReadPath("root-1.json"));
  EXPECT_EQ(ReadPath("tree/tuf/1.root.json"), ReadPath("root-1.json"));
  EXPECT_EQ(ReadPath("tree/hello/newest.sigstore.jsonl"),
            ReadPath("tree/hello/1.0/hello.tar.sigstore.jsonl"));
  ASSERT_EQ(published.metadata.size(), 3u);
  std::vector<std::string> names;
  for (const auto& [path, file] : published.metadata[0].files) {
    names.push_back(path);
    EXPECT_EQ(file.sha256, Sha256(ReadPath("tree/" + path))) << path;
  }
  EXPECT_THAT(names, testing::ElementsAre("hello/newest.sigstore.jsonl", "keyring.json",
                                          "trusted_root.json"));
  for (const TufRole role : {TufRole::kTargets, TufRole::kSnapshot, TufRole::kTimestamp}) {
    const std::string name = "tree/tuf/" + std::string(TufRoleName(role)) + ".json";
    const auto read = ParseTufMetadata(ReadPath(name), role, name);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_TRUE(CheckTufSignatures(*read, root_));
  }
  EXPECT_EQ(published.metadata[1].files.at("targets.json").sha256,
            Sha256(ReadPath("tree/tuf/targets.json")));
  EXPECT_EQ(published.metadata[2].files.at("snapshot.json").sha256,
            Sha256(ReadPath("tree/tuf/snapshot.json")));
}

TEST_F(Tree, OnlyWhatMustBeIsSignedAnew) {
  EXPECT_EQ(Versions(Publish()), (std::vector<std::int64_t>{1, 1, 1}));
  // The timestamp alone, by the key that is online.
  order_.signers = {signers_[0].get()};
  EXPECT_EQ(Versions(Publish()), (std::vector<std::int64_t>{1, 1, 2}));
  // A monitor speaks, whenever it likes.
  Write("tree/status.json", StatusText());
  EXPECT_EQ(Versions(Publish()), (std::vector<std::int64_t>{1, 1, 3}));
  // A target changes: its keys are asked for.
  AddRelease(maker_, "1.1", 2);
  EXPECT_EQ(Refused().Exit(), ExitCode::kBadSignature);
  EXPECT_THAT(Refused().message, HasSubstr("targets"));
  order_.signers = {signers_[0].get(), signers_[1].get()};
  EXPECT_EQ(Refused().Exit(), ExitCode::kBadSignature);  // one of two
  order_.signers.push_back(signers_[2].get());
  EXPECT_EQ(Versions(Publish()), (std::vector<std::int64_t>{2, 2, 4}));
  // Half of the snapshot's time is over.
  order_.signers = {signers_[0].get()};
  order_.now += 45 * kDaySeconds - 1;
  EXPECT_EQ(Versions(Publish()), (std::vector<std::int64_t>{2, 2, 5}));
  order_.now += 1;
  EXPECT_EQ(Versions(Publish()), (std::vector<std::int64_t>{2, 3, 6}));
}

// Each row: which signatures of one key of the targets are wrong, where one is enough and two sign.
TEST_F(Tree, WhatAKeySignsIsVerified) {
  root_.targets.threshold = 1;
  order_.roots = {WriteRoot(root_, "root-1.json")};
  const struct {
    std::string name;
    std::function<bool(std::string_view)> spoils;
    bool is_tried;  // further than the canary
  } kRows[] = {
      {"all", [](std::string_view) { return true; }, false},
      {"that_of_a_canary", IsCanary, false},
      {"that_of_the_metadata", [](std::string_view message) { return !IsCanary(message); }, true},
  };
  for (const auto& row : kRows) {
    BentSigner broken(keys_[2], row.spoils);
    order_.signers = {signers_[0].get(), signers_[1].get(), &broken};
    const Error refused = Refused();
    EXPECT_EQ(refused.Exit(), ExitCode::kBadSignature) << row.name;
    EXPECT_THAT(refused.message, HasSubstr(keys_[2].public_key().KeyId())) << row.name;
    EXPECT_EQ(FileExists(Path("tree/root")), row.is_tried) << row.name;
    EXPECT_FALSE(FileExists(Path("tree/tuf"))) << row.name;
  }
  BentSigner whole(keys_[2], [](std::string_view) { return false; });
  order_.signers = {signers_[0].get(), signers_[1].get(), &whole};
  EXPECT_EQ(Publish().metadata[0].signatures.size(), 2u);
  EXPECT_EQ(whole.asked().size(), 2u);
  EXPECT_TRUE(IsCanary(whole.asked().front()));
}

TEST_F(Tree, ANewRootsKeysSignAnew) {
  Publish();
  TrustRoot second = root_;
  second.version = 2;
  const PrivateKey fresh = PrivateKey::Generate(KeyKind::kEd25519);
  second.targets.keys[0] = fresh.public_key();
  order_.roots.push_back(WriteRoot(second, "root-2.json"));
  EXPECT_EQ(Refused().Exit(), ExitCode::kBadSignature);
  const auto signer = NewMemorySigner(fresh);
  order_.signers.push_back(signer.get());
  order_.roots = {Path("root-2.json")};  // there since the attempt; the old targets are of root 1
  EXPECT_EQ(Refused().Exit(), ExitCode::kBadSignature);
  order_.roots = {Path("root-1.json")};
  const PublishedTargets published = Publish();
  EXPECT_EQ(published.root.version, 2);
  EXPECT_EQ(Versions(published)[0], 2);
  EXPECT_TRUE(CheckTufSignatures(published.metadata[0], second));
  EXPECT_EQ(ReadPath("tree/tuf/2.root.json"), ReadPath("root-2.json"));
}

TEST_F(Tree, TheNewestReleaseIsTheOneWithTheHighestSequence) {
  Publish();
  AddRelease(maker_, "0.9", 2);  // a later repair of an older line
  Publish();
  EXPECT_EQ(ReadPath("tree/hello/newest.sigstore.jsonl"),
            ReadPath("tree/hello/0.9/hello.tar.sigstore.jsonl"));
  // Whoever loses it does not go back to the one before.
  std::filesystem::remove_all(Path("tree/hello/0.9"));
  EXPECT_EQ(Refused().Exit(), ExitCode::kRollback);
}

TEST_F(Tree, AReleaseThatDoesNotVerifyIsNoTarget) {
  order_.policy.sites = 4;
  EXPECT_EQ(Refused().Exit(), ExitCode::kQuorum);
  EXPECT_FALSE(FileExists(Path("tree/hello/newest.sigstore.jsonl")));
  order_.policy.sites = 3;
  Write("tree/hello/1.0/hello.tar", "another program\n");
  EXPECT_EQ(Refused().Exit(), ExitCode::kArtifactUnknown);
  std::filesystem::rename(Path("tree/hello"), Path("tree/goodbye"));
  EXPECT_EQ(Refused().Exit(), ExitCode::kInputMissing);  // under another product's name
}

TEST_F(Tree, NothingIsDemandedThatComesAfterARelease) {
  order_.policy.status_max_age_seconds = 60;
  order_.policy.certified_countries = true;
  order_.policy.replays = 1;
  order_.policy.replayers = {{"regulator", keys_[0].public_key()}};
  EXPECT_TRUE(Publish().metadata[0].files.contains("hello/newest.sigstore.jsonl"));
  order_.policy.auditors = 3;
  EXPECT_EQ(Refused().Exit(), ExitCode::kApproval);
}

TEST_F(Tree, AWithdrawnReleaseIsNotTheNewest) {
  AddRelease(maker_, "1.1", 2);
  Publish();
  Write("tree/status.json", StatusText({"1.1"}));
  EXPECT_TRUE(Publish().warnings.empty());
  EXPECT_EQ(ReadPath("tree/hello/newest.sigstore.jsonl"),
            ReadPath("tree/hello/1.0/hello.tar.sigstore.jsonl"));
  Write("tree/status.json", StatusText({"1.0", "1.1"}));
  const PublishedTargets none = Publish();
  EXPECT_FALSE(none.metadata[0].files.contains("hello/newest.sigstore.jsonl"));
  AddRelease(maker_, "1.2", 3);
  EXPECT_TRUE(Publish().metadata[0].files.contains("hello/newest.sigstore.jsonl"));
  EXPECT_EQ(ReadPath("tree/hello/newest.sigstore.jsonl"),
            ReadPath("tree/hello/1.2/hello.tar.sigstore.jsonl"));
}

// A key that the status revokes is revoked for the publisher, too.
TEST_F(Tree, TheStatusIsPartOfTheVerdict) {
  FarmStatus status = maker_.Status(kStart + 3000);
  ++status.root_version;  // newer than the root at hand
  status.revoked_keys = {{maker_.Key("auditor-0").public_key().KeyId(), "stolen", kStart - 1}};
  Write("tree/status.json", WriteBundleLine(maker_.StatusLine(status)) + "\n");
  EXPECT_EQ(Refused().Exit(), ExitCode::kRevoked);
}

// That a monitor leaves the root keeps nobody from publishing that root.
TEST_F(Tree, AStatusThatDoesNotCountIsInNobodysWay) {
  AddRelease(maker_, "1.1", 2);
  Write("tree/status.json", StatusText({"1.1"}));
  root_.monitors.clear();
  order_.roots = {WriteRoot(root_, "root-1.json")};
  const PublishedTargets published = Publish();
  EXPECT_THAT(published.warnings,
              testing::ElementsAre(HasSubstr("tree/status.json is not heeded: ")));
  EXPECT_EQ(ReadPath("tree/hello/newest.sigstore.jsonl"),
            ReadPath("tree/hello/1.1/hello.tar.sigstore.jsonl"));
  for (const std::string& damaged : {std::string("{}\n"), StatusText() + StatusText()}) {
    Write("tree/status.json", damaged);
    EXPECT_EQ(Refused().Exit(), ExitCode::kUsage);
  }
}

TEST_F(Tree, RootsFollowEachOther) {
  order_.roots.clear();
  EXPECT_EQ(Refused().Exit(), ExitCode::kInputMissing);  // none at all
  order_.roots = {Path("root-1.json")};
  Publish();
  order_.roots = {Path("root-1.json")};  // again, as after a crash
  Publish();
  TrustRoot next = root_;
  next.version = 3;
  order_.roots = {WriteRoot(next, "root-3.json")};
  EXPECT_EQ(Refused().Exit(), ExitCode::kInputMissing);
  next.version = 1;
  next.expires += 1;
  order_.roots = {WriteRoot(next, "root-1b.json")};
  EXPECT_EQ(Refused().Exit(), ExitCode::kRollback);
  next.version = 2;
  const PrivateKey stranger = PrivateKey::Generate(KeyKind::kEd25519);
  next.root_keys = {stranger.public_key()};
  order_.roots = {Write("root-2.json", WriteTrustRoot(next, {stranger}))};
  EXPECT_EQ(Refused().Exit(), ExitCode::kBadSignature);
  EXPECT_EQ(ReadPath("tree/root/1.json"), ReadPath("root-1.json"));
  EXPECT_FALSE(FileExists(Path("tree/root/2.json")));
  // One that somebody has put there.
  Write("tree/root/2.json", ReadPath("root-2.json"));
  order_.roots = {Path("root-1.json")};
  EXPECT_EQ(Refused().Exit(), ExitCode::kBadSignature);
  Write("tree/root/2.json", ReadPath("root-1.json"));
  EXPECT_EQ(Refused().Exit(), ExitCode::kUsage);
}

// Whoever writes the tree writes roots into it, with our keys for the tree or with his own.
TEST_F(Tree, IsOursByARootThatWeHold) {
  Publish();
  order_.roots.clear();
  EXPECT_EQ(Refused().Exit(), ExitCode::kInputMissing);
  EvidenceMaker other;
  TrustRoot theirs = other.root();
  theirs.timestamp = root_.timestamp;
  theirs.snapshot = root_.snapshot;
  theirs.targets = root_.targets;
  Write("tree/root/1.json", WriteTrustRoot(theirs, {other.Key("root")}));
  order_.roots = {Path("root-1.json")};
  EXPECT_EQ(Refused().Exit(), ExitCode::kRollback);
  // One that names our people, so that our next root follows it, and a thief's key for the tree.
  const PrivateKey thief = PrivateKey::Generate(KeyKind::kEd25519);
  theirs = root_;
  theirs.timestamp = {{thief.public_key()}, 1};
  Write("tree/root/1.json", WriteTrustRoot(theirs, {maker_.Key("root")}));
  const auto signer = NewMemorySigner(thief);
  PlaceTimestamp(1000, {signer.get()});
  TrustRoot next = root_;
  next.version = 2;
  order_.roots = {WriteRoot(next, "root-2.json")};
  const Error refused = Refused();
  EXPECT_EQ(refused.Exit(), ExitCode::kBadSignature);
  EXPECT_THAT(refused.message, HasSubstr("has version 1000"));
}

TEST_F(Tree, ARootMustServeIt) {
  order_.now = root_.expires + 1;
  EXPECT_EQ(Refused().Exit(), ExitCode::kNotValidThen);
  order_.now = root_.expires;
  Publish();
  TrustRoot without = maker_.root();
  without.version = 2;
  order_.roots = {WriteRoot(without, "root-2.json")};
  EXPECT_EQ(Refused().Exit(), ExitCode::kUsage);
}

// Versions never begin again: a client would take that for a rollback.
TEST_F(Tree, DamagedMetadataIsNotForgotten) {
  Publish();
  Write("tree/tuf/timestamp.json", "{");
  EXPECT_EQ(Refused().Exit(), ExitCode::kUsage);
}

// Whoever can write the tree and has no key does not decide from which version it goes on.
TEST_F(Tree, GoesOnOnlyFromWhatTheChainHasSigned) {
  Publish();
  const std::string timestamp = ReadPath("tree/tuf/timestamp.json");
  const PrivateKey stranger = PrivateKey::Generate(KeyKind::kEd25519);
  const auto stranger_signer = NewMemorySigner(stranger);
  const struct {
    const char* name;
    std::vector<Signer*> signers;
  } kRows[] = {
      {"nobody", {}},
      {"a_stranger", {stranger_signer.get()}},
      {"keys_of_another_role", {signers_[1].get(), signers_[2].get()}},
  };
  for (const auto& row : kRows) {
    for (const std::int64_t version : {std::int64_t{2}, kJsonIntegerMax - 1, kJsonIntegerMax}) {
      PlaceTimestamp(version, row.signers);
      const std::string placed = ReadPath("tree/tuf/timestamp.json");
      const Error refused = Refused();
      EXPECT_EQ(refused.Exit(), ExitCode::kBadSignature) << row.name << version;
      EXPECT_THAT(refused.message, HasSubstr("tuf/timestamp.json: has version")) << row.name;
      EXPECT_EQ(ReadPath("tree/tuf/timestamp.json"), placed) << row.name;
    }
  }
  Write("tree/tuf/timestamp.json", timestamp);
  EXPECT_EQ(Versions(Publish()), (std::vector<std::int64_t>{1, 1, 2}));
}

// Whoever can write the tree can put a named pipe there, into which nobody writes.
TEST_F(Tree, APipeInItKeepsNobodyWaiting) {
  Publish();
  for (const std::string name :
       {"root/1.json", "status.json", "hello/1.0/hello.tar", "hello/1.0/hello.tar.sigstore.jsonl",
        "hello/newest.sigstore.jsonl", "tuf/targets.json", "tuf/snapshot.json",
        "tuf/timestamp.json", "tuf/1.root.json", "trusted_root.json", "keyring.json"}) {
    const std::string path = Path("tree/" + name);
    const bool there = FileExists(path);
    const std::string bytes = there ? ReadPath("tree/" + name) : "";
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0) << name;
    const Error refused = Refused();
    EXPECT_EQ(refused.Exit(), ExitCode::kUsage) << name;
    EXPECT_THAT(refused.message, HasSubstr(name + ": is a pipe")) << name;
    std::filesystem::remove(path);
    if (there) Write("tree/" + name, bytes);
  }
  Publish();
}

// Asks, whenever it signs what is published, whether another publisher could begin.
class Watchman final : public Signer {
 public:
  Watchman(Signer& signer, std::string lock) : signer_(signer), lock_(std::move(lock)) {}
  const PublicKey& key() const override { return signer_.key(); }
  Result<std::string> Sign(std::string_view message) override {
    if (IsCanary(message)) return signer_.Sign(message);
    EXPECT_FALSE(FileLock::Take(lock_, "held").has_value());
    ++signatures;
    return signer_.Sign(message);
  }
  int signatures = 0;

 private:
  Signer& signer_;
  const std::string lock_;
};

// Anybody who can read the tree can lock its folder, for as long as he likes.
TEST_F(Tree, ItsLockIsNobodyElsesToHold) {
  const int folder = open(Path("tree").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(folder, 0);
  ASSERT_EQ(flock(folder, LOCK_EX | LOCK_NB), 0);
  const std::string lock = Path("tree/.lock");
  Watchman watchman(*signers_[0], lock);
  order_.signers[0] = &watchman;
  const PublishedTargets published = Publish();
  EXPECT_EQ(watchman.signatures, 2);  // snapshot and timestamp
  close(folder);
  struct stat status {};
  ASSERT_EQ(stat(lock.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  EXPECT_EQ(status.st_size, 0);
  for (const auto& [path, file] : published.metadata[0].files) EXPECT_NE(path, ".lock");
  EXPECT_TRUE(FileLock::Take(lock, "held").has_value());
  // Nor does a link there lead to anything else.
  std::filesystem::remove(lock);
  std::filesystem::create_symlink(Path("elsewhere"), lock);
  const Error refused = Refused();
  EXPECT_EQ(refused.Exit(), ExitCode::kUnavailable);
  EXPECT_THAT(refused.message, HasSubstr("opening " + lock));
  EXPECT_THAT(refused.message, HasSubstr("; publish as the user who did before, or remove it"));
  EXPECT_FALSE(FileExists(Path("elsewhere")));
}

TEST_F(Tree, TheHighestVersionIsTheLast) {
  Publish();
  PlaceTimestamp(kJsonIntegerMax - 1, {signers_[0].get()});
  EXPECT_EQ(Versions(Publish())[2], kJsonIntegerMax);
  const Error refused = Refused();
  EXPECT_EQ(refused.code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(refused.message, HasSubstr("tuf/timestamp.json: has version 9007199254740991"));
}

}  // namespace
}  // namespace farm
