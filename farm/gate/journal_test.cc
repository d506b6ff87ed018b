#include "farm/gate/journal.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/json/json.h"
#include "farm/manifest/manifest.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/signer.h"
#include "tests/support/crash_files.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

constexpr const char* kManifestText = R"(
product: "greeting"
version: "1.0"
revision: 1
architecture: "amd64"
source_date_epoch: 1735689600
source {
  name: "greeting"
  tree: "d00fedebb845861f956a5d66a35a52e873a515bdfb14787eb12ea78cc5f69bba"
  file { name: "greeting.tar" sha256: "d00fedebb845861f956a5d66a35a52e873a515bdfb14787eb12ea78cc5f69bba" size: 10 }
  directory { path: "source" }
}
toolchain {
  name: "cc"
  lock: "sha256:3a16af97e5f210ad76168fea80fd73755194952f29a6b675e644f0322280759b"
}
step {
  name: "build"
  input { source: "greeting" at: "greeting" }
  argv: "cc"
  output: "greet"
}
artifact { step: "build" path: "greet" }
)";

const PrivateKey& Key() {
  static const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  return key;
}

Bundle Sign(const Statement& statement) {
  const auto signer = NewMemorySigner(Key());
  return SignStatement(statement, *signer).value();
}

Digest D(char digit) { return Digest::ParseHex(std::string(64, digit)).value(); }

Bundle SignedRelease(std::int64_t sequence) {
  Release release;
  release.artifacts = {{"greet", D('a'), 10, "0755"}};
  const auto manifest = ParseManifestText(kManifestText, "test");
  CHECK(manifest);
  release.manifest = CanonicalManifest(*manifest);
  release.request = D('1');
  release.intent = D('2');
  release.records = {D('3')};
  release.approvals = {D('4')};
  release.sequence = sequence;
  release.signer = "https://farm.example/parties/signer";
  release.created = 1'800'000'000;
  return Sign(release);
}

Bundle SignedDissent() {
  Dissent dissent;
  dissent.manifest = D('5');
  dissent.product = "greeting";
  dissent.version = "1.1";
  dissent.intent = D('6');
  dissent.records = {D('7'), D('8')};
  dissent.summary = "artifact greet: xa says ...";
  dissent.created = 1'800'000'000;
  return Sign(dissent);
}

// As it is read from a file that `signers` have signed; its own key is the first of them.
TrustRoot Root(std::int64_t version, char digest,
               const std::vector<PrivateKey>& signers = {Key()}) {
  TrustRoot root;
  root.version = version;
  root.root_keys = {signers[0].public_key()};
  for (const PrivateKey& key : signers) {
    root.signatures.push_back({key.public_key().KeyId(), key.Sign(WriteTrustRootSigned(root))});
  }
  root.digest = D(digest);
  return root;
}

class JournalTest : public ::testing::Test {
 protected:
  std::string directory() const { return temporary_.path() + "/state"; }
  std::unique_ptr<Journal> Open() {
    auto journal = Journal::Open(RealFileSystem(), directory());
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
};

TEST_F(JournalTest, GivesBackWhatWasSignedAfterAReopen) {
  const Bundle release = SignedRelease(1);
  const Bundle dissent = SignedDissent();
  {
    const auto journal = Open();
    EXPECT_TRUE(journal->given().empty());
    ASSERT_TRUE(journal->Append(release));
    ASSERT_TRUE(journal->Append(dissent));
  }
  const auto journal = Open();
  ASSERT_EQ(journal->given().size(), 2U);
  EXPECT_EQ(WriteBundleLine(journal->Get(1).line), WriteBundleLine(release));
  EXPECT_EQ(journal->Get(1).product, "greeting");
  EXPECT_EQ(journal->Get(1).version, "1.0");
  EXPECT_EQ(WriteBundleLine(journal->Get(2).line), WriteBundleLine(dissent));
  EXPECT_EQ(journal->Get(2).manifest, D('5'));
}

TEST_F(JournalTest, RefusesAnOlderRootAndAnotherOfTheSameVersion) {
  {
    const auto journal = Open();
    EXPECT_TRUE(journal->AdmitRoot(Root(2, 'a')));
    EXPECT_TRUE(journal->AdmitRoot(Root(2, 'a')));
  }
  const auto journal = Open();
  const Status older = journal->AdmitRoot(Root(1, 'b'));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().Exit(), ExitCode::kRollback);
  EXPECT_EQ(journal->AdmitRoot(Root(2, 'b')).error().Exit(), ExitCode::kRollback);
  EXPECT_TRUE(journal->AdmitRoot(Root(3, 'c')));
  EXPECT_EQ(journal->AdmitRoot(Root(2, 'a')).error().Exit(), ExitCode::kRollback);
}

TEST_F(JournalTest, TakesANewerRootOnlyFromTheKeysOfTheOneBefore) {
  const PrivateKey other = PrivateKey::Generate(KeyKind::kP256);
  EXPECT_TRUE(Open()->AdmitRoot(Root(2, 'a')));
  const Status stranger = Open()->AdmitRoot(Root(3, 'b', {other}));
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().Exit(), ExitCode::kBadSignature);
  EXPECT_TRUE(Open()->AdmitRoot(Root(2, 'a')));  // the refused one was not remembered
  EXPECT_TRUE(Open()->AdmitRoot(Root(3, 'c', {other, Key()})));
  EXPECT_FALSE(Open()->AdmitRoot(Root(4, 'd', {Key()})));  // the old key decides no more
  EXPECT_TRUE(Open()->AdmitRoot(Root(4, 'e', {other})));
}

TEST_F(JournalTest, LearnsTheKeysOfARootThatItKnewWithoutThem) {
  ASSERT_TRUE(Open()->AdmitRoot(Root(2, 'a')));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), directory() + "/seen.json",
                           WriteReadableJson({{"format", "farm-journal-seen/1"},
                                              {"rootVersion", 2},
                                              {"rootDigest", D('a').Text()},
                                              {"epoch", 0}})));
  EXPECT_TRUE(Open()->AdmitRoot(Root(2, 'a')));
  EXPECT_FALSE(Open()->AdmitRoot(Root(3, 'b', {PrivateKey::Generate(KeyKind::kP256)})));
}

TEST_F(JournalTest, RefusesAnOlderEpoch) {
  {
    const auto journal = Open();
    EXPECT_TRUE(journal->AdmitEpoch(0, kNow));
    EXPECT_TRUE(journal->AdmitEpoch(7, kNow));
  }
  const auto journal = Open();
  const Status older = journal->AdmitEpoch(6, kNow);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().Exit(), ExitCode::kRefused);
  EXPECT_TRUE(journal->AdmitEpoch(7, kNow));
  EXPECT_TRUE(journal->AdmitEpoch(8, kNow));
}

TEST_F(JournalTest, RefusesAnEpochOfADayToComeAndForgetsIt) {
  constexpr std::uint64_t kLast = kNow + kEpochAheadSecondsMax;
  for (const std::uint64_t epoch :
       {kLast + 1, (std::uint64_t{1} << 53) - 1, std::uint64_t{1} << 53, UINT64_MAX}) {
    const auto journal = Open();
    EXPECT_EQ(journal->AdmitEpoch(epoch, kNow).error().Exit(), ExitCode::kRefused) << epoch;
    EXPECT_TRUE(journal->AdmitEpoch(7, kNow));
  }
  const auto journal = Open();
  EXPECT_TRUE(journal->CheckEpoch(kLast, kNow));
  EXPECT_TRUE(journal->AdmitEpoch(7, kNow));  // what was only checked is not remembered
  EXPECT_TRUE(journal->AdmitEpoch(kLast, kNow));
}

LogHistory History(const std::string& origin, const std::string& leaves) {
  LogHistory history(origin);
  for (const char leaf : leaves) history.Add(std::string(1, leaf), std::string());
  return history;
}

// Reads `open`, and `closed` before it.
Status Admit(Journal& journal, const LogHistory& open, const std::vector<LogHistory>& closed = {}) {
  Histories histories{&open, {}};
  for (const LogHistory& history : closed) histories.closed.push_back(&history);
  return journal.AdmitHistory(histories);
}

TEST_F(JournalTest, RefusesALogThatDoesNotGoOn) {
  EXPECT_TRUE(Admit(*Open(), History("log.example", "abc")));
  EXPECT_TRUE(Admit(*Open(), History("log.example", "abc")));
  EXPECT_TRUE(Admit(*Open(), History("log.example", "abcde")));
  EXPECT_TRUE(Open()->AdmitEpoch(7, kNow));  // forgets no head
  for (const char* other : {"", "abc", "abcd", "abcdf", "abxdef"}) {
    const Status refused = Admit(*Open(), History("log.example", other));
    ASSERT_FALSE(refused) << other;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof) << other;
  }
  EXPECT_TRUE(Admit(*Open(), History("log.example", "abcdefgh")));
}

TEST_F(JournalTest, GoesOnInALogThatHasAllLogsSeenBeforeIt) {
  EXPECT_TRUE(Admit(*Open(), History("log.example", "")));
  EXPECT_TRUE(Admit(*Open(), History("new.example", "")));  // nothing to be forgotten
  EXPECT_TRUE(Admit(*Open(), History("log.example", "abc")));
  const LogHistory next = History("next.example", "x");
  const auto refuses = [&](const std::vector<LogHistory>& closed, const std::string& message) {
    const Status refused = Admit(*Open(), next, closed);
    ASSERT_FALSE(refused) << message;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
    EXPECT_NE(refused.error().message.find(message), std::string::npos) << refused.error().message;
  };
  refuses({}, "would be forgotten");
  refuses({History("other.example", "abc")}, "would be forgotten");
  refuses({History("log.example", "ab")}, "log diverged");
  refuses({History("log.example", "abx")}, "log diverged");
  EXPECT_TRUE(Admit(*Open(), next, {History("log.example", "abcd")}));
  refuses({}, "would be forgotten");
  refuses({History("log.example", "abc")}, "log diverged");  // another root ends it sooner
  const Status back = Admit(*Open(), History("log.example", "abcd"));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().Exit(), ExitCode::kLogProof);
  EXPECT_TRUE(Admit(*Open(), History("last.example", ""),
                    {History("log.example", "abcd"), History("next.example", "xy")}));
}

TEST_F(JournalTest, KnowsTheHeadOfTheOnlyLogFromBefore) {
  EXPECT_TRUE(Admit(*Open(), History("log.example", "abc")));
  const std::string path = directory() + "/seen.json";
  Json seen = *ParseJson(*ReadFile(path, 1 << 20), path);
  ASSERT_EQ(seen["logs"].size(), 1u);
  seen["log"] = seen["logs"][0];
  seen.erase("logs");
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, WriteReadableJson(seen)));
  EXPECT_FALSE(Admit(*Open(), History("log.example", "ab")));
  EXPECT_TRUE(Admit(*Open(), History("log.example", "abcd")));
}

TEST_F(JournalTest, IsHeldByOneProgram) {
  const auto journal = Open();
  const auto second = Journal::Open(RealFileSystem(), directory());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().Exit(), ExitCode::kUnavailable);
}

TEST_F(JournalTest, RefusesADamagedDirectory) {
  {
    const auto journal = Open();
    ASSERT_TRUE(journal->Append(SignedDissent()));
    ASSERT_TRUE(journal->Append(SignedRelease(1)));
  }
  const std::string first = directory() + "/answers/000000000001.json";
  const std::string bytes = ReadFile(first, 1 << 20).value();
  const struct {
    const char* name;
    std::function<void()> damage;
  } rows[] = {
      {"first answer gone", [&] { ASSERT_TRUE(RealFileSystem().Remove(first)); }},
      {"one byte changed",
       [&] {
         std::string changed = bytes;
         changed[changed.find("number") + 10] = '7';
         ASSERT_TRUE(WriteDurably(RealFileSystem(), first, changed));
       }},
      {"half an answer",
       [&] { ASSERT_TRUE(WriteDurably(RealFileSystem(), first, bytes.substr(0, 100))); }},
      {"a stranger's file",
       [&] { ASSERT_TRUE(WriteDurably(RealFileSystem(), directory() + "/answers/x", "")); }},
  };
  for (const auto& row : rows) {
    row.damage();
    EXPECT_FALSE(Journal::Open(RealFileSystem(), directory())) << row.name;
    (void)RealFileSystem().Remove(directory() + "/answers/x");
    ASSERT_TRUE(WriteDurably(RealFileSystem(), first, bytes));
    EXPECT_TRUE(Journal::Open(RealFileSystem(), directory())) << row.name;
  }
}

TEST_F(JournalTest, RemovesWhatACrashLeftHalfWritten) {
  ASSERT_TRUE(Open()->Append(SignedDissent()));
  ASSERT_TRUE(Open()->AdmitEpoch(4, kNow));
  const auto there = [&] {
    return std::pair(ListDirectory(directory()).value(),
                     ListDirectory(directory() + "/answers").value());
  };
  const auto before = there();
  for (const std::string name : {"/seen.json", "/answers/000000000002.json"}) {
    for (const std::string end : {".part.0123456789abcdef", ".part.4711.1"}) {
      ASSERT_TRUE(WriteDurably(RealFileSystem(), directory() + name + end, "half"));
    }
  }
  EXPECT_EQ(Open()->given().size(), 1U);
  EXPECT_EQ(there(), before);
}

TEST_F(JournalTest, KeepsNothingButReleasesAndDissents) {
  EXPECT_FALSE(Open()->Append(Sign(Request{D('1'), "greeting", "1.0", "requester-1", 1})));
}

// One life of a signer: everything it was told is kept stays kept, wherever the power was cut.
TEST(JournalCrash, LosesNothingThatItHasConfirmed) {
  const Bundle first = SignedRelease(1);
  const Bundle second = SignedDissent();
  bool finished = false;
  for (unsigned dies_at = 0; !finished; ++dies_at) {
    ASSERT_LT(dies_at, 200U);
    const auto temporary = TemporaryDirectory::Make("").value();
    const std::string directory = temporary.path() + "/state";
    std::size_t confirmed = 0;
    std::int64_t root = 0;
    std::uint64_t epoch = 0;
    CrashFiles files;
    files.DieAfter(dies_at, false);
    if (const auto journal = Journal::Open(files, directory)) {
      if ((*journal)->AdmitRoot(Root(3, 'a'))) root = 3;
      if ((*journal)->AdmitEpoch(4, kNow)) epoch = 4;
      for (const Bundle& line : {first, second}) {
        if ((*journal)->Append(line)) ++confirmed;
      }
      if ((*journal)->AdmitEpoch(5, kNow)) epoch = 5;
      finished = (*journal)->health().has_value();
      // Once a write has failed nothing is confirmed any more: what is on the disk is unknown.
      if (!finished) {
        EXPECT_FALSE((*journal)->Append(first)) << dies_at;
        EXPECT_FALSE((*journal)->AdmitEpoch(99, kNow)) << dies_at;
      }
    }
    ASSERT_TRUE(files.PowerCut());

    ASSERT_TRUE(MakeDirectories(directory, 0755));
    const auto journal = Journal::Open(RealFileSystem(), directory);
    ASSERT_TRUE(journal) << dies_at << ": " << journal.error().message;
    ASSERT_GE((*journal)->given().size(), confirmed) << dies_at;
    for (std::size_t i = 0; i < (*journal)->given().size(); ++i) {
      EXPECT_EQ(WriteBundleLine((*journal)->given()[i].line),
                WriteBundleLine(i == 0 ? first : second));
    }
    EXPECT_EQ((*journal)->AdmitRoot(Root(2, 'b')).has_value(), root == 0) << dies_at;
    EXPECT_TRUE(epoch == 0 || !(*journal)->AdmitEpoch(epoch - 1, kNow)) << dies_at;
  }
}

TEST(JournalCrash, AFullDiskIsExit30AndASignerThatIsStartedAgainGoesOn) {
  const Bundle first = SignedRelease(1);
  const Bundle second = SignedDissent();
  for (const bool of_answer : {false, true}) {
    for (const std::uint64_t fits : {0U, 1U, 100U}) {
      const auto temporary = TemporaryDirectory::Make("").value();
      const std::string directory = temporary.path() + "/state";
      const std::string file = of_answer ? "answers/000000000002.json" : "seen.json";
      CrashFiles files;
      {
        const auto journal = Journal::Open(files, directory).value();
        ASSERT_TRUE(journal->AdmitEpoch(4, kNow));
        ASSERT_TRUE(journal->Append(first));
        files.FillAfter(fits);
        const auto refusal = [&]() -> Status {
          if (!of_answer) return journal->AdmitEpoch(5, kNow);
          const auto kept = journal->Append(second);
          return kept ? Status() : Status(kept.error());
        };
        const Status full = refusal();
        ASSERT_FALSE(full) << file;
        EXPECT_EQ(full.error().Exit(), ExitCode::kUnavailable) << file;
        for (const std::string& word : {file, std::string("No space left")}) {
          EXPECT_NE(full.error().message.find(word), std::string::npos) << full.error().message;
        }
        EXPECT_EQ(journal->given().size(), 1U);
        EXPECT_FALSE(journal->health());
        files.Revive();
        EXPECT_FALSE(refusal()) << "never retried";
      }
      EXPECT_EQ(ListDirectory(directory + "/answers").value(),
                std::vector<std::string>{"000000000001.json"});
      const auto journal = Journal::Open(files, directory).value();
      ASSERT_EQ(journal->given().size(), 1U);
      EXPECT_EQ(WriteBundleLine(journal->Get(1).line), WriteBundleLine(first));
      EXPECT_FALSE(journal->AdmitEpoch(3, kNow)) << "epoch 4 has been seen";
      EXPECT_TRUE(journal->AdmitEpoch(5, kNow));
      const auto kept = journal->Append(second);
      ASSERT_TRUE(kept) << kept.error().message;
      EXPECT_EQ((*kept)->number, 2);
    }
  }
}

// A name that a killed process renamed but never synced is visible; it must not count before it is
// durable, or a power cut would unsay an answer that has been given again.
TEST(JournalCrash, SyncsWhatItFindsBeforeItCounts) {
  const auto temporary = TemporaryDirectory::Make("").value();
  const std::string directory = temporary.path() + "/state";
  { ASSERT_TRUE(Journal::Open(RealFileSystem(), directory)); }
  CrashFiles files;
  {
    const auto journal = Journal::Open(files, directory).value();
    files.DieAfter(4, false);  // create, append, sync, rename; not the directory's sync
    EXPECT_FALSE(journal->Append(SignedRelease(1)));
  }
  ASSERT_TRUE(FileExists(directory + "/answers/000000000001.json"));
  files.Revive();
  {
    const auto journal = Journal::Open(files, directory).value();
    ASSERT_EQ(journal->given().size(), 1U);
  }
  ASSERT_TRUE(files.PowerCut());
  EXPECT_EQ(Journal::Open(RealFileSystem(), directory).value()->given().size(), 1U);
}

}  // namespace
}  // namespace farm
