#include "farm/client/log_reader.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";

// A log's published files, made from its leaves; tests spoil them.
class LogReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = *StartHttpServer(
        "127.0.0.1:0",
        [this](const HttpRequest& request) -> HttpReply {
          MutexLock lock(mutex_);
          ++asked_[request.path];
          const auto found = files_.find(request.path);
          if (found == files_.end()) return {404, "", "", false};
          return {200, "", found->second, false};
        },
        1000);
    reader_ = Reader(2);
  }

  std::unique_ptr<LogReader> Reader(std::size_t needed) {
    return *LogReader::Open("http://" + server_->listen(), Trust(needed));
  }
  LogTrust Trust(std::size_t needed) {
    return {kOrigin,
            key_.public_key(),
            {{.name = "w1", .key = w1_.public_key()}, {.name = "w2", .key = w2_.public_key()}},
            needed};
  }

  std::string NoteOf(const Checkpoint& tree) {
    const std::string text = CheckpointText(tree);
    return WriteNote({text,
                      {SignNote(text, kOrigin, key_), Cosign(text, "w1", w1_, 2000),
                       Cosign(text, "w2", w2_, 1000)}});
  }

  void Serve(std::uint64_t size, bool full_tiles_only = false) {
    MutexLock lock(mutex_);
    leaves_.clear();
    Frontier frontier;
    std::vector<Digest> hashes;
    for (std::uint64_t i = 0; i < size; ++i) {
      leaves_.push_back(fork_at_ && i >= *fork_at_ ? "fork " + std::to_string(i)
                                                   : "leaf " + std::to_string(i));
      hashes.push_back(LeafHash(leaves_.back()));
      frontier.Append(hashes.back());
    }
    tree_ = {kOrigin, size, frontier.Root()};
    files_["/checkpoint"] = NoteOf(tree_);
    for (std::uint64_t first = 0; first < size; first += kTileWidth) {
      const std::uint64_t width = std::min(kTileWidth, size - first);
      if (full_tiles_only && width != kTileWidth) continue;
      const std::uint64_t index = first / kTileWidth;
      files_["/" + TilePath({TileId::kEntries, index, width})] =
          WriteEntryBundle({leaves_.begin() + static_cast<long>(first),
                            leaves_.begin() + static_cast<long>(first + width)});
      std::string tile;
      for (std::uint64_t i = first; i < first + width; ++i) tile += hashes[i].bytes();
      files_["/" + TilePath({0, index, width})] = tile;
    }
    std::string above;
    for (std::uint64_t index = 0; index < size / kTileWidth; ++index) {
      Frontier subtree;
      for (std::uint64_t i = 0; i < kTileWidth; ++i) subtree.Append(hashes[index * kTileWidth + i]);
      above += subtree.Root().bytes();
    }
    if (!above.empty()) files_["/" + TilePath({1, 0, above.size() / Digest::kSize})] = above;
  }

  void Put(const std::string& path, const std::string& bytes) {
    MutexLock lock(mutex_);
    files_[path] = bytes;
  }
  int Asked(const std::string& path) {
    MutexLock lock(mutex_);
    return asked_[path];
  }

  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey w1_ = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey w2_ = PrivateKey::Generate(KeyKind::kEd25519);
  std::optional<std::uint64_t> fork_at_;
  Mutex mutex_;
  std::map<std::string, std::string> files_ GUARDED_BY(mutex_);
  std::map<std::string, int> asked_ GUARDED_BY(mutex_);
  std::vector<std::string> leaves_;
  Checkpoint tree_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<LogReader> reader_;
};

TEST_F(LogReaderTest, ReadsEveryEntryOnce) {
  Serve(600);
  auto entries = reader_->ReadNew(*reader_->Head());
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 600u);
  EXPECT_EQ((*entries)[599].index, 599u);
  EXPECT_EQ((*entries)[599].leaf, "leaf 599");
  Serve(700);
  entries = reader_->ReadNew(*reader_->Head());
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 100u);
  EXPECT_EQ((*entries)[0].leaf, "leaf 600");
  EXPECT_EQ(Asked("/tile/entries/000"), 1);
}

// Two portions, and then some.
constexpr std::uint64_t kLongSize = 2 * kReadEntriesMax + 300;
std::string BundlePath(std::uint64_t entry) {
  return "/" + TilePath({TileId::kEntries, entry / kTileWidth, kTileWidth});
}

TEST_F(LogReaderTest, ReadsALogOfAnyLengthPortionByPortion) {
  for (const std::uint64_t read_before : {0, 100}) {
    reader_ = Reader(2);
    Serve(read_before);
    ASSERT_TRUE(reader_->ReadNew(*reader_->Head()));
    Serve(kLongSize);
    const WitnessedHead head = *reader_->Head();
    std::uint64_t next = read_before;
    std::vector<std::uint64_t> portions;
    for (;;) {
      const auto entries = reader_->ReadNew(head);
      ASSERT_TRUE(entries) << entries.error().message;
      if (entries->empty()) break;
      portions.push_back(entries->size());
      for (const VerifiedEntry& entry : *entries) {
        ASSERT_EQ(entry.index, next);
        ASSERT_EQ(entry.leaf, leaves_[next]);
        ++next;
      }
    }
    EXPECT_EQ(next, kLongSize);
    const std::vector<std::uint64_t> want = {kReadEntriesMax - read_before, kReadEntriesMax, 300};
    EXPECT_EQ(portions, want);
  }
  EXPECT_EQ(Asked(BundlePath(kReadEntriesMax)), 2);  // once by each reader
}

TEST_F(LogReaderTest, GivesNoPortionThatIsNotInTheWitnessedTree) {
  const std::uint64_t in_the_second = kReadEntriesMax + 5 * kTileWidth;
  Serve(kLongSize);
  const WitnessedHead head = *reader_->Head();
  const auto bundle = [&](std::uint64_t begin) {
    return std::vector<std::string>(leaves_.begin() + static_cast<long>(begin),
                                    leaves_.begin() + static_cast<long>(begin + kTileWidth));
  };
  const auto forge = [&](std::uint64_t begin) {
    std::vector<std::string> entries = bundle(begin);
    entries[7] = "forged";
    Put(BundlePath(begin), WriteEntryBundle(entries));
  };
  const auto mend = [&](std::uint64_t begin) {
    Put(BundlePath(begin), WriteEntryBundle(bundle(begin)));
  };
  forge(0);
  const auto forged = reader_->ReadNew(head);
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().Exit(), ExitCode::kLogProof) << forged.error().message;
  mend(0);
  forge(in_the_second);
  const auto first = reader_->ReadNew(head);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->size(), kReadEntriesMax);
  EXPECT_EQ(reader_->ReadNew(head).error().Exit(), ExitCode::kLogProof);
  mend(in_the_second);
  const auto second = reader_->ReadNew(head);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->front().index, kReadEntriesMax);  // the failure counted for nothing
}

TEST_F(LogReaderTest, APortionIsOfTheHeadThatItWasAskedFor) {
  Serve(kLongSize);
  ASSERT_TRUE(reader_->ReadNew(*reader_->Head()));
  fork_at_ = 10;
  Serve(kLongSize);  // well signed and witnessed, but not what we have read
  EXPECT_EQ(reader_->ReadNew(*reader_->Head()).error().Exit(), ExitCode::kLogProof);
}

TEST_F(LogReaderTest, WithoutHashTilesAPortionHasToWait) {
  Serve(kLongSize);
  const std::string tile = "/" + TilePath({1, 0, kLongSize / kTileWidth});
  {
    MutexLock lock(mutex_);
    ASSERT_EQ(files_.erase(tile), 1u);
  }
  const auto entries = reader_->ReadNew(*reader_->Head());
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(entries.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(entries.error().message.find("tile/1/000"), std::string::npos)
      << entries.error().message;
}

TEST_F(LogReaderTest, ItsWitnessesSayWhatTimeItWas) {
  const std::string url = "http://" + server_->listen();
  EXPECT_EQ(WitnessedTime(url, Trust(2)).error().code, ErrorCode::kNotFound);  // no head yet
  Serve(3);
  EXPECT_EQ(*WitnessedTime(url, Trust(2)), 2000);
  EXPECT_EQ(*WitnessedTime(url, Trust(1)), 1000);
  EXPECT_EQ(*WitnessedTime(url, Trust(0)), 1000);  // somebody must have said it
  const std::string text = CheckpointText(tree_);
  Put("/checkpoint", WriteNote({text, {SignNote(text, kOrigin, key_)}}));
  EXPECT_EQ(WitnessedTime(url, Trust(0)).error().Exit(), ExitCode::kWitnesses);
}

TEST_F(LogReaderTest, TheHeadNeedsItsWitnesses) {
  Serve(3);
  auto head = reader_->Head();
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->witnessed_at, 2000);  // the second smallest of two
  EXPECT_EQ(Reader(1)->Head()->witnessed_at, 1000);
  EXPECT_EQ(Reader(0)->Head()->witnessed_at, 0);

  const std::string text = CheckpointText(tree_);
  struct Row {
    const char* name;
    std::string note;
    ExitCode exit;
  };
  const Row rows[] = {
      {"one_witness",
       WriteNote({text, {SignNote(text, kOrigin, key_), Cosign(text, "w1", w1_, 1)}}),
       ExitCode::kWitnesses},
      {"one_witness_twice",
       WriteNote({text,
                  {SignNote(text, kOrigin, key_), Cosign(text, "w1", w1_, 1),
                   Cosign(text, "w1", w1_, 2)}}),
       ExitCode::kWitnesses},
      {"witnesses_only",
       WriteNote({text, {Cosign(text, "w1", w1_, 1), Cosign(text, "w2", w2_, 1)}}),
       ExitCode::kLogProof},
      {"another_log", NoteOf({"other.example", 3, tree_.root}), ExitCode::kLogProof},
      {"no_note", "nonsense", ExitCode::kUsage},
  };
  for (const Row& row : rows) {
    Put("/checkpoint", row.note);
    auto refused = reader_->Head();
    ASSERT_FALSE(refused) << row.name;
    EXPECT_EQ(refused.error().Exit(), row.exit) << row.name << ": " << refused.error().message;
  }
}

TEST_F(LogReaderTest, WitnessesCountOnlyWhereTheRootVouchesForThem) {
  Serve(3);
  const std::string note = NoteOf(tree_);  // w1 at 2000, w2 at 1000
  TrustRoot root;
  root.logs.push_back({kOrigin, key_.public_key(), key_.public_key(), {0, std::nullopt}});
  root.witnesses = {{"w1", "operator-1", w1_.public_key(), {0, 2000}},
                    {"w2", "operator-2", w2_.public_key(), {1000, std::nullopt}}};
  const auto exit_of = [&](const TrustRoot& bent) {
    const auto trust = LogTrustOf(bent, kOrigin, 2);
    if (!trust) return trust.error().Exit();
    const auto head = CheckHead(note, *trust);
    return head ? ExitCode::kProved : head.error().Exit();
  };
  struct Row {
    const char* name;
    ExitCode exit;
    std::function<void(TrustRoot&)> bend;
  };
  const Row rows[] = {
      {"at_the_limits", ExitCode::kProved, [](TrustRoot&) {}},
      {"ended_before", ExitCode::kWitnesses,
       [](TrustRoot& r) { r.witnesses[0].valid_for.end = 1999; }},
      {"not_yet_valid", ExitCode::kWitnesses,
       [](TrustRoot& r) { r.witnesses[1].valid_for.start = 1001; }},
      {"revoked", ExitCode::kWitnesses,
       [&](TrustRoot& r) {
         r.revocations = {{"key", w2_.public_key().KeyId(), "stolen", std::nullopt}};
       }},
      {"revoked_for_later", ExitCode::kWitnesses,
       [&](TrustRoot& r) {
         r.revocations = {{"key", w2_.public_key().KeyId(), "stolen", 9999}};
       }},
      {"log_revoked", ExitCode::kRevoked,
       [&](TrustRoot& r) {
         r.revocations = {{"key", key_.public_key().KeyId(), "stolen", std::nullopt}};
       }},
      {"log_revoked_since_after_it_was_witnessed", ExitCode::kProved,
       [&](TrustRoot& r) {
         r.revocations = {{"key", key_.public_key().KeyId(), "stolen", 2001},
                          {"key", key_.public_key().KeyId(), "stolen", 9999}};
       }},
      {"log_revoked_since_then", ExitCode::kRevoked,
       [&](TrustRoot& r) {
         r.revocations = {{"key", key_.public_key().KeyId(), "stolen", 9999},
                          {"key", key_.public_key().KeyId(), "stolen", 2000}};
       }},
      {"log_revoked_with_and_without_a_date", ExitCode::kRevoked,
       [&](TrustRoot& r) {
         r.revocations = {{"key", key_.public_key().KeyId(), "stolen", 9999},
                          {"key", key_.public_key().KeyId(), "stolen", std::nullopt}};
       }},
      {"one_operator", ExitCode::kWitnesses,
       [](TrustRoot& r) { r.witnesses[1].operator_id = "operator-1"; }},
      {"one_operator_of_a_development_root", ExitCode::kProved,
       [](TrustRoot& r) {
         r.witnesses[1].operator_id = "operator-1";
         r.development = Development{};
       }},
  };
  for (const Row& row : rows) {
    TrustRoot bent = root;
    row.bend(bent);
    EXPECT_EQ(exit_of(bent), row.exit) << row.name;
  }
  TrustRoot one = root;
  one.witnesses.pop_back();
  EXPECT_EQ(CheckHead(note, *LogTrustOf(one, kOrigin, 2)).error().message,
            "log " + std::string(kOrigin) +
                ": checkpoint of size 3 has 1 good cosignature, want 2; no other witness counts");
  // Without witnesses nobody says how old a head is.
  root.revocations = {{"key", key_.public_key().KeyId(), "stolen", 9999}};
  EXPECT_TRUE(CheckHead(note, *LogTrustOf(root, kOrigin, 1)));
  EXPECT_EQ(CheckHead(note, *LogTrustOf(root, kOrigin, 0)).error().Exit(), ExitCode::kRevoked);
}

TEST_F(LogReaderTest, NoHeadIsBeyondTheEndOfAClosedLog) {
  Serve(7);
  const auto read = [&](std::uint64_t size, const Digest& root) {
    LogTrust trust = Trust(2);
    trust.end = LogEnd{size, root, "log2.farm.example"};
    const auto reader = *LogReader::Open("http://" + server_->listen(), std::move(trust));
    const auto head = reader->Head();
    return head ? ExitCode::kProved : head.error().Exit();
  };
  EXPECT_EQ(read(7, tree_.root), ExitCode::kProved);
  EXPECT_EQ(read(8, LeafHash("x")), ExitCode::kProved);  // not yet there
  EXPECT_EQ(read(7, LeafHash("x")), ExitCode::kLogProof);
  EXPECT_EQ(read(6, LeafHash("x")), ExitCode::kLogProof);
  // The end itself needs no witness; what comes before it does.
  const auto unwitnessed = [&](std::uint64_t size, const Digest& hash) {
    LogTrust trust = Trust(2);
    trust.witnesses.clear();
    trust.end = LogEnd{size, hash, "log2.farm.example"};
    const auto head = (*LogReader::Open("http://" + server_->listen(), std::move(trust)))->Head();
    return head ? ExitCode::kProved : head.error().Exit();
  };
  EXPECT_EQ(unwitnessed(7, tree_.root), ExitCode::kProved);
  EXPECT_EQ(unwitnessed(8, tree_.root), ExitCode::kWitnesses);
  TrustRoot root;
  root.logs.push_back({kOrigin, key_.public_key(),
                       PrivateKey::Generate(KeyKind::kP256).public_key(), ValidFor{0, {}},
                       LogEnd{6, LeafHash("x"), "log2.farm.example"}});
  ASSERT_TRUE(LogTrustOf(root, kOrigin, 1)->end.has_value());
  EXPECT_EQ(LogTrustOf(root, kOrigin, 1)->end->size, 6u);
  // A stolen key makes no head but the end.
  root.revocations = {{"key", key_.public_key().KeyId(), "stolen", std::nullopt}};
  const auto head_of = [&](std::uint64_t size, const Digest& hash) {
    root.logs[0].end = LogEnd{size, hash, "log2.farm.example"};
    LogTrust trust = *LogTrustOf(root, kOrigin, 2);
    trust.witnesses = Trust(2).witnesses;
    const auto head = (*LogReader::Open("http://" + server_->listen(), std::move(trust)))->Head();
    return head ? ExitCode::kProved : head.error().Exit();
  };
  EXPECT_EQ(head_of(7, tree_.root), ExitCode::kProved);
  EXPECT_EQ(head_of(8, LeafHash("x")), ExitCode::kRevoked);
}

TEST_F(LogReaderTest, RefusesEntriesThatDoNotMakeTheRoot) {
  Serve(300);
  const WitnessedHead head = *reader_->Head();
  std::vector<std::string> last(leaves_.begin() + 256, leaves_.end());
  last[3] = "forged";
  Put("/tile/entries/001.p/44", WriteEntryBundle(last));
  EXPECT_EQ(reader_->ReadNew(head).error().Exit(), ExitCode::kLogProof);
  last.pop_back();
  Put("/tile/entries/001.p/44", WriteEntryBundle(last));
  EXPECT_EQ(reader_->ReadNew(head).error().Exit(), ExitCode::kLogProof);
  Serve(300);
  EXPECT_EQ(reader_->ReadNew(head)->size(), 300u);  // the failures counted for nothing
}

TEST_F(LogReaderTest, RefusesAForkAndARollback) {
  Serve(10);
  ASSERT_TRUE(reader_->ReadNew(*reader_->Head()));
  fork_at_ = 5;
  Serve(20);  // well signed and witnessed, but not what we have read
  auto forked = reader_->ReadNew(*reader_->Head());
  ASSERT_FALSE(forked);
  EXPECT_EQ(forked.error().Exit(), ExitCode::kLogProof);
  fork_at_.reset();
  Serve(9);
  EXPECT_EQ(reader_->Head().error().Exit(), ExitCode::kLogProof);
}

TEST_F(LogReaderTest, AMissingBundleIsAnError) {
  Serve(300, true);
  auto entries = reader_->ReadNew(*reader_->Head());
  ASSERT_FALSE(entries);
  EXPECT_NE(entries.error().message.find("tile/entries/001"), std::string::npos);
  // The signer's answer is one to be asked for again then, no refusal.
  EXPECT_EQ(entries.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(entries.error().Exit(), ExitCode::kUnavailable);
}

TEST_F(LogReaderTest, AFullTileStandsInForAPartialOne) {
  Serve(250);
  const WitnessedHead old_head = *reader_->Head();
  Serve(520);
  {
    MutexLock lock(mutex_);
    files_.erase("/tile/entries/000.p/250");
    files_.erase("/tile/0/000.p/250");
  }
  auto entries = reader_->ReadNew(old_head);
  ASSERT_TRUE(entries) << entries.error().message;
  EXPECT_EQ(entries->size(), 250u);
}

TEST_F(LogReaderTest, ConsistencyIsCheckedBeforeItIsGiven) {
  Serve(250);
  const Checkpoint old_tree = tree_;
  Serve(520);
  auto proof = reader_->Consistency({old_tree.size, old_tree.root}, tree_);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_TRUE(CheckConsistency(250, old_tree.root, 520, tree_.root, *proof));
  EXPECT_EQ(reader_->Consistency({250, LeafHash("fork")}, tree_).error().Exit(),
            ExitCode::kLogProof);
  EXPECT_FALSE(reader_->Consistency({521, old_tree.root}, tree_));
}

TEST_F(LogReaderTest, APayloadMustHaveItsDigest) {
  Put("/payload/" + Sha256("good").Hex(), "good");
  Put("/payload/" + Sha256("expected").Hex(), "other");
  EXPECT_EQ(*reader_->Payload(Sha256("good")), "good");
  EXPECT_EQ(reader_->Payload(Sha256("expected")).error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(reader_->Payload(Sha256("missing")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace farm
