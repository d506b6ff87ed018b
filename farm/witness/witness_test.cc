#include "farm/witness/witness.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "farm/base/bytes.h"
#include "farm/client/log_reader.h"
#include "farm/client/tiles.h"
#include "farm/client/witness_client.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"
#include "farm/witness/monitor.h"
#include "farm/witness/server.h"
#include "tests/support/crash_files.h"
#include "tests/support/served_log.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";
constexpr UnixSeconds kNow = 1'700'000'000;
constexpr char kCosignatureStart[] = "\u2014 ";  // of a line of a note

// A log in memory, of given leaves.
struct FakeLog {
  PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  std::vector<std::string> leaves;

  SubtreeHash Hashes() const {
    return [this](int level, std::uint64_t index) -> Result<Digest> {
      Frontier frontier;
      for (std::uint64_t i = index << level; i < (index + 1) << level; ++i) {
        frontier.Append(LeafHash(leaves[i]));
      }
      return frontier.Root();
    };
  }
  Checkpoint Head(std::uint64_t size) const { return {kOrigin, size, *TreeRoot(size, Hashes())}; }
  std::string SignedNote(const Checkpoint& checkpoint) const {
    const std::string text = CheckpointText(checkpoint);
    return WriteNote({text, {SignNote(text, checkpoint.origin, key)}});
  }
  std::string Body(std::uint64_t old_size, std::uint64_t size) const {
    std::vector<Digest> proof;
    if (old_size <= size) proof = *ConsistencyHashes(old_size, size, Hashes());
    return WriteAddCheckpoint({old_size, proof, SignedNote(Head(size))});
  }
};

class WitnessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 20; ++i) log_.leaves.push_back("leaf " + std::to_string(i));
    Open();
  }
  void Open() {
    witness_.reset();
    auto witness =
        WitnessCore::Open(files_, temporary_.path() + "/state", "w1", NewMemorySigner(key_),
                          {{kOrigin, log_.key.public_key()}}, clock_);
    ASSERT_TRUE(witness) << witness.error().message;
    witness_ = std::move(*witness);
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  CrashFiles files_;
  FixedClock clock_{kNow};
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kEd25519);
  FakeLog log_;
  std::unique_ptr<WitnessCore> witness_;
};

TEST_F(WitnessTest, CosignsWhatGrows) {
  for (const auto& [old_size, size] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 0}, {0, 5}, {5, 5}, {5, 20}}) {
    clock_.Set(kNow + static_cast<UnixSeconds>(size));
    const HttpReply reply = witness_->AddCheckpoint(log_.Body(old_size, size));
    ASSERT_EQ(reply.status, 200) << old_size << " " << size << ": " << reply.body;
    const Note note = *ParseNote(log_.SignedNote(log_.Head(size)) + reply.body);
    EXPECT_EQ(*CheckCosignature(note, "w1", key_.public_key()),
              kNow + static_cast<UnixSeconds>(size));
  }
  const HttpReply latest = witness_->LatestCheckpoint(Sha256(kOrigin).Hex());
  ASSERT_EQ(latest.status, 200);
  EXPECT_TRUE(
      CheckHead(latest.body, {kOrigin, log_.key.public_key(), {{"w1", key_.public_key()}}, 1}));
  EXPECT_EQ(witness_->LatestCheckpoint(Sha256("other").Hex()).status, 404);
  EXPECT_EQ(witness_->CosignedSize(kOrigin), 20u);
  EXPECT_EQ(witness_->CosignedSize("other.example"), 0u);
}

TEST_F(WitnessTest, AnswersWithTheStatusesOfTheSpecification) {
  ASSERT_EQ(witness_->AddCheckpoint(log_.Body(0, 5)).status, 200);
  FakeLog fork = log_;
  fork.leaves[2] = "another leaf";
  FakeLog stranger = log_;
  stranger.key = PrivateKey::Generate(KeyKind::kEd25519);
  const auto with_proof = [&](std::vector<Digest> proof) {
    return WriteAddCheckpoint({5, std::move(proof), log_.SignedNote(log_.Head(8))});
  };
  const std::vector<Digest> good_proof = *ConsistencyHashes(5, 8, log_.Hashes());
  std::vector<Digest> long_proof = good_proof;
  long_proof.push_back(LeafHash("more"));
  struct Row {
    const char* name;
    std::string body;
    int status;
  };
  const Row rows[] = {
      {"not_a_request", "nonsense", 400},
      {"empty", "", 400},
      {"no_checkpoint", "old 5\n\n", 400},
      {"old_with_leading_zero", "old 05" + log_.Body(5, 8).substr(5), 400},
      {"bad_hash", "old 5\nAAAA\n\n" + log_.SignedNote(log_.Head(8)), 400},
      {"64_hashes", with_proof(std::vector<Digest>(64)), 400},
      {"old_beyond_size", log_.Body(9, 5), 400},
      {"unknown_origin",
       WriteAddCheckpoint({0, {}, log_.SignedNote({"other.example", 0, EmptyTreeRoot()})}), 404},
      {"signed_by_a_stranger", stranger.Body(5, 8), 403},
      {"signature_of_another_text",
       [&] {
         std::string body = log_.Body(5, 8);
         return body.replace(body.find("\n8\n"), 3, "\n9\n");
       }(),
       403},
      {"rollback", log_.Body(3, 4), 409},
      {"old_is_behind", log_.Body(0, 8), 409},
      {"old_is_ahead", log_.Body(6, 8), 409},
      {"fork", fork.Body(5, 8), 422},
      {"fork_at_the_same_size", fork.Body(5, 5), 422},
      {"no_proof", with_proof({}), 422},
      {"proof_too_long", with_proof(long_proof), 422},
      {"proof_at_the_same_size",
       WriteAddCheckpoint({5, {LeafHash("x")}, log_.SignedNote(log_.Head(5))}), 422},
  };
  for (const Row& row : rows) {
    const HttpReply reply = witness_->AddCheckpoint(row.body);
    EXPECT_EQ(reply.status, row.status) << row.name << ": " << reply.body;
    if (reply.status == 409) {
      EXPECT_EQ(reply.content_type, "text/x.tlog.size") << row.name;
      EXPECT_EQ(reply.body, "5\n") << row.name;
    }
  }
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(5, 8)).status, 200);  // nothing of it counted
}

TEST_F(WitnessTest, CosignsNothingBeyondTheEndOfAClosedLog) {
  const auto open = [&](std::uint64_t size, const Digest& root) {
    witness_.reset();
    WitnessedLog log{kOrigin, log_.key.public_key(), LogEnd{size, root, "log2.farm.example"}};
    witness_ = *WitnessCore::Open(files_, temporary_.path() + "/state", "w1", NewMemorySigner(key_),
                                  {log}, clock_);
  };
  open(5, log_.Head(5).root);
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(0, 6)).status, 403);
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(0, 4)).status, 200);
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(4, 5)).status, 200);
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(5, 6)).status, 403);
  open(6, LeafHash("another"));
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(5, 6)).status, 403);  // of its size, another tree
}

TEST_F(WitnessTest, AnEmptyTreeHasOneRoot) {
  const HttpReply reply = witness_->AddCheckpoint(
      WriteAddCheckpoint({0, {}, log_.SignedNote({kOrigin, 0, LeafHash("x")})}));
  EXPECT_EQ(reply.status, 422);
}

TEST_F(WitnessTest, RemembersAfterARestart) {
  ASSERT_EQ(witness_->AddCheckpoint(log_.Body(0, 5)).status, 200);
  Open();
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(0, 4)).status, 409);
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(5, 6)).status, 200);
}

TEST_F(WitnessTest, StopsWhenItsStateCannotBeStored) {
  ASSERT_EQ(witness_->AddCheckpoint(log_.Body(0, 5)).status, 200);
  files_.DieAfter(0, false);
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(5, 8)).status, 500);
  EXPECT_FALSE(witness_->Health());
  files_.Revive();
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(5, 8)).status, 500);  // never retried
  Open();
  EXPECT_EQ(witness_->AddCheckpoint(log_.Body(5, 8)).status, 200);
}

TEST_F(WitnessTest, AFullDiskStopsItBeforeItCosignsAndItGoesOnWhenStartedAgain) {
  ASSERT_EQ(witness_->AddCheckpoint(log_.Body(0, 1)).status, 200);
  const std::string hash = Sha256(kOrigin).Hex();
  const std::string state = temporary_.path() + "/state/" + hash;
  std::uint64_t size = 1;
  for (const std::uint64_t fits : {0, 1, 100}) {
    const std::string before = witness_->LatestCheckpoint(hash).body;
    files_.FillAfter(fits);
    const HttpReply reply = witness_->AddCheckpoint(log_.Body(size, size + 1));
    EXPECT_EQ(reply.status, 500) << fits;
    EXPECT_EQ(reply.body.find(kCosignatureStart), std::string::npos) << reply.body;
    const Status health = witness_->Health();
    ASSERT_FALSE(health) << fits;
    EXPECT_EQ(health.error().Exit(), ExitCode::kUnavailable);
    for (const std::string& word : {state + "/checkpoint", std::string("No space left")}) {
      EXPECT_NE(health.error().message.find(word), std::string::npos) << health.error().message;
    }
    files_.Revive();
    EXPECT_EQ(witness_->AddCheckpoint(log_.Body(size, size + 1)).status, 500) << "never retried";
    EXPECT_EQ(witness_->LatestCheckpoint(hash).body, before);
    Open();
    EXPECT_EQ(ListDirectory(state).value(), std::vector<std::string>{"checkpoint"});
    EXPECT_EQ(witness_->LatestCheckpoint(hash).body, before);
    EXPECT_EQ(witness_->AddCheckpoint(log_.Body(size - 1, size + 1)).status, 409) << "rollback";
    EXPECT_EQ(witness_->AddCheckpoint(log_.Body(size, size + 1)).status, 200) << fits;
    ++size;
  }
}

TEST_F(WitnessTest, AStartRemovesWhatACrashLeftUnfinished) {
  ASSERT_EQ(witness_->AddCheckpoint(log_.Body(0, 1)).status, 200);
  const std::string state = temporary_.path() + "/state/" + Sha256(kOrigin).Hex();
  ASSERT_TRUE(WriteDurably(RealFileSystem(), state + "/checkpoint.part.0123456789abcdef", "half"));
  Open();
  EXPECT_EQ(ListDirectory(state).value(), std::vector<std::string>{"checkpoint"});
}

TEST_F(WitnessTest, OfTwoThreadsWithTwoFuturesOnlyOneIsCosigned) {
  FakeLog fork = log_;
  fork.leaves[7] = "another leaf";
  ASSERT_EQ(witness_->AddCheckpoint(log_.Body(0, 5)).status, 200);
  int statuses[2] = {0, 0};
  std::thread one([&] { statuses[0] = witness_->AddCheckpoint(log_.Body(5, 10)).status; });
  std::thread two([&] { statuses[1] = witness_->AddCheckpoint(fork.Body(5, 10)).status; });
  one.join();
  two.join();
  EXPECT_EQ((statuses[0] == 200) + (statuses[1] == 200), 1);
}

TEST_F(WitnessTest, OneWitnessHasTheDirectory) {
  EXPECT_FALSE(WitnessCore::Open(files_, temporary_.path() + "/state", "w1", NewMemorySigner(key_),
                                 {}, clock_));
}

TEST_F(WitnessTest, ServesOverHttpAndAsksAsALogDoes) {
  auto server = StartHttpServer(
      "127.0.0.1:0", [this](const HttpRequest& request) { return witness_->Handle(request); },
      kAddCheckpointBytesMax);
  ASSERT_TRUE(server) << server.error().message;
  const WitnessDoor door = *OpenWitness("http://" + (*server)->listen() + "/", "w1");
  const PostToWitness& post = door.post;
  auto lines = AskWitness(post, *ParseAddCheckpoint(log_.Body(0, 5)), "w1");
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(lines->lines.size(), 1u);
  EXPECT_EQ(AskWitness(post, *ParseAddCheckpoint(log_.Body(0, 6)), "w1")->has_size, 5u);
  FakeLog fork = log_;
  fork.leaves[0] = "another leaf";
  EXPECT_EQ(AskWitness(post, *ParseAddCheckpoint(fork.Body(5, 6)), "w1").error().Exit(),
            ExitCode::kLogProof);
  FakeLog stranger = log_;
  stranger.key = PrivateKey::Generate(KeyKind::kEd25519);
  EXPECT_EQ(AskWitness(post, *ParseAddCheckpoint(stranger.Body(5, 6)), "w1").error().Exit(),
            ExitCode::kRefused);
  HttpClient http = *HttpClient::Open("http://" + (*server)->listen(), "witness");
  EXPECT_EQ(http.Get("/add-checkpoint", 1000)->status, 405);
  EXPECT_EQ(http.Get("/", 1000)->status, 404);
  EXPECT_EQ(http.Get("/checkpoint", 1000)->status, 404);
  EXPECT_EQ(http.Get("/" + Sha256(kOrigin).Hex() + "/checkpoint", 10000)->status, 200);
}

// ---- monitor ----------------------------------------------------------------------------------

std::string LeafOf(const Envelope& envelope, const PrivateKey& key) {
  return CanonicalizedBody(envelope, std::nullopt, key.public_key());
}

Envelope SignedBy(const PrivateKey& person, const std::string& payload) {
  Envelope envelope{std::string(kInTotoPayloadType), payload, person.public_key().KeyId(), ""};
  envelope.signature = person.Sign(envelope.PaeBytes());
  return envelope;
}

Request ARequest() {
  Request request;
  request.manifest = Sha256("manifest");
  request.product = "zlib";
  request.version = "1";
  request.requester = "requester-1";
  request.created = kNow;
  return request;
}

TEST_F(WitnessTest, TheMonitorSaysWhatItCannotRead) {
  const PrivateKey person = PrivateKey::Generate(KeyKind::kP256);
  const auto envelope = [&](const std::string& payload) { return SignedBy(person, payload); };
  Request request = ARequest();
  const Envelope good = envelope(WriteStatement(request));
  const Envelope nonsense = envelope("{}");
  request.product = "other";
  const Envelope missing = envelope(WriteStatement(request));
  FakeLog log;
  log.leaves = {LeafOf(good, person), LeafOf(nonsense, person), LeafOf(missing, person)};
  std::map<std::string, std::string> files = {
      {"/checkpoint", log.SignedNote(log.Head(3))},
      {"/tile/entries/000.p/3", WriteEntryBundle(log.leaves)},
      {"/payload/" + good.PaeDigest().Hex(), good.PaeBytes()},
      {"/payload/" + nonsense.PaeDigest().Hex(), nonsense.PaeBytes()},
      {"/payload/" + missing.PaeDigest().Hex(), "other bytes"}};
  Mutex mutex;
  auto server = StartHttpServer(
      "127.0.0.1:0",
      [&](const HttpRequest& asked) -> HttpReply {
        MutexLock lock(mutex);
        const auto found = files.find(asked.path);
        if (found == files.end()) return {404, "text/plain", "", false};
        return {200, "text/plain", found->second, false};
      },
      1000);
  ASSERT_TRUE(server);
  Monitor monitor(
      *LogReader::Open("http://" + (*server)->listen(), {kOrigin, log.key.public_key(), {}, 0}));
  auto report = monitor.Round();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->entries_read, 3u);
  EXPECT_EQ(report->kinds.at("request"), 1u);
  ASSERT_EQ(report->findings.size(), 2u);
  EXPECT_EQ(report->findings[0].index, 1u);
  EXPECT_EQ(report->findings[1].index, 2u);
  {
    MutexLock lock(mutex);
    files["/payload/" + missing.PaeDigest().Hex()] = missing.PaeBytes();
  }
  report = monitor.Round();
  ASSERT_EQ(report->findings.size(), 1u);  // asked again, and there now
  EXPECT_EQ(report->kinds.at("request"), 2u);
  {
    MutexLock lock(mutex);
    files["/checkpoint"] = log.SignedNote(log.Head(2));
  }
  EXPECT_EQ(monitor.Round().error().Exit(), ExitCode::kLogProof);  // it went back
}

TEST_F(WitnessTest, TheMonitorReadsALogOfAnyLength) {
  ServedLog log(kOrigin, log_.key);
  const PrivateKey person = PrivateKey::Generate(KeyKind::kP256);
  const Envelope request = SignedBy(person, WriteStatement(ARequest()));
  log.Put("/payload/" + request.PaeDigest().Hex(), request.PaeBytes());
  const std::vector<std::string> leaves(2 * kReadEntriesMax + 10, LeafOf(request, person));
  log.Serve(leaves);
  Monitor monitor(*LogReader::Open(log.url(), {kOrigin, log_.key.public_key(), {}, 0}));
  // A bundle of the second portion is not there yet.
  const std::string path =
      "/" + TilePath({TileId::kEntries, kReadEntriesMax / kTileWidth + 3, kTileWidth});
  const std::string bundle = log.Remove(path);
  EXPECT_EQ(monitor.Round().error().Exit(), ExitCode::kUnavailable);
  EXPECT_EQ(monitor.checkpoint(), "");
  log.Put(path, bundle);
  for (const char* round : {"to the end", "again"}) {
    const auto report = monitor.Round();
    ASSERT_TRUE(report) << round << report.error().message;
    EXPECT_EQ(report->head.size, leaves.size()) << round;
    EXPECT_EQ(report->entries_read, leaves.size()) << round;
    EXPECT_EQ(report->kinds.at("request"), leaves.size()) << round;
    EXPECT_EQ(report->findings.size(), 0u) << round;
    EXPECT_NE(monitor.checkpoint(), "") << round;
  }
}

// A log that does not answer is not asked for one payload after another: each could take a minute.
TEST_F(WitnessTest, TheMonitorAsksALogThatDoesNotAnswerOnce) {
  ServedLog log(kOrigin, log_.key);
  const PrivateKey person = PrivateKey::Generate(KeyKind::kP256);
  const Envelope request = SignedBy(person, WriteStatement(ARequest()));
  log.Put("/payload/" + request.PaeDigest().Hex(), request.PaeBytes());
  log.Serve(std::vector<std::string>(1500, LeafOf(request, person)));
  log.AnswerPayloadsWith(503);
  Monitor monitor(*LogReader::Open(log.url(), {kOrigin, log_.key.public_key(), {}, 0}));
  for (int round = 1; round <= 2; ++round) {
    EXPECT_EQ(monitor.Round().error().Exit(), ExitCode::kUnavailable);
    EXPECT_EQ(log.payloads_asked(), round);
  }
  EXPECT_EQ(monitor.checkpoint(), "");
  log.AnswerPayloadsWith(200);
  const auto report = monitor.Round();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->entries_read, 1500u);
  EXPECT_EQ(report->kinds.at("request"), 1500u);
  EXPECT_EQ(report->findings.size(), 0u);
}

// Each size has kBehindSecondsMax to be shown, and none where it was cosigned before.
TEST_F(WitnessTest, TheMonitorWantsAHeadThatHasAllThatWasCosigned) {
  ServedLog log(kOrigin, log_.key);
  const PrivateKey person = PrivateKey::Generate(KeyKind::kP256);
  const Envelope request = SignedBy(person, WriteStatement(ARequest()));
  log.Put("/payload/" + request.PaeDigest().Hex(), request.PaeBytes());
  const auto show = [&](std::size_t size) {
    log.Serve(std::vector<std::string>(size, LeafOf(request, person)));
  };
  std::uint64_t cosigned = 10;
  const auto open = [&](std::optional<LogEnd> end) {
    return Monitor(*LogReader::Open(log.url(), {kOrigin, log_.key.public_key(), {}, 0, end}),
                   {[&] { return cosigned; }, clock_});
  };
  const auto exit_of = [](Monitor& monitor) {
    const auto report = monitor.Round();
    return report ? ExitCode::kProved : report.error().Exit();
  };
  show(10);
  Monitor monitor = open(std::nullopt);
  EXPECT_EQ(exit_of(monitor), ExitCode::kProved);
  cosigned = 11;
  EXPECT_EQ(exit_of(monitor), ExitCode::kProved);
  clock_.Set(kNow + kBehindSecondsMax);
  cosigned = 12;
  EXPECT_EQ(exit_of(monitor), ExitCode::kProved);
  clock_.Set(kNow + kBehindSecondsMax + 1);
  const auto refused = monitor.Round();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
  EXPECT_NE(
      refused.error().message.find("head of 10 entries, and witnesses have cosigned one of 11"),
      std::string::npos)
      << refused.error().message;
  EXPECT_EQ(exit_of(monitor), ExitCode::kLogProof);
  Monitor anew = open(std::nullopt);
  EXPECT_EQ(exit_of(anew), ExitCode::kLogProof);
  EXPECT_EQ(exit_of(anew), ExitCode::kLogProof);
  EXPECT_EQ(anew.checkpoint(), "");
  show(11);
  EXPECT_EQ(exit_of(monitor), ExitCode::kProved);  // 12 has its time now
  EXPECT_EQ(exit_of(anew), ExitCode::kLogProof);
  clock_.Set(kNow + 2 * kBehindSecondsMax + 2);
  EXPECT_EQ(exit_of(monitor), ExitCode::kLogProof);
  // What a log had beyond the end that the root gives it nobody wants.
  Monitor closed = open(LogEnd{11, log.head().root, "log2.farm.example"});
  EXPECT_EQ(exit_of(closed), ExitCode::kProved);
  show(12);
  EXPECT_EQ(exit_of(monitor), ExitCode::kProved);
  EXPECT_EQ(exit_of(anew), ExitCode::kProved);
}

// What cannot be read is kept, to be asked for again: not without an end.
TEST_F(WitnessTest, TheMonitorGoesNotOnInALogThatCannotBeRead) {
  ServedLog log(kOrigin, log_.key);
  std::vector<std::string> leaves;
  for (std::uint64_t i = 0; i < 2 * kReadEntriesMax; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
  }
  log.Serve(leaves);
  Monitor monitor(*LogReader::Open(log.url(), {kOrigin, log_.key.public_key(), {}, 0}));
  for (const char* round : {"first", "second"}) {
    const auto report = monitor.Round();
    ASSERT_FALSE(report) << round;
    EXPECT_EQ(report.error().code, ErrorCode::kLimitExceeded) << round;
    EXPECT_EQ(report.error().message.find(std::to_string(kReadEntriesMax) + " entries"), 0u)
        << report.error().message;
    EXPECT_EQ(monitor.checkpoint(), "") << round;
  }
}

// A log's operator could keep its head back behind one payload that is away for a while.
TEST_F(WitnessTest, TheMonitorWantsWhatWasCosignedAlsoWhileAPayloadIsAway) {
  ServedLog log(kOrigin, log_.key);
  const PrivateKey person = PrivateKey::Generate(KeyKind::kP256);
  const Envelope request = SignedBy(person, WriteStatement(ARequest()));
  log.Put("/payload/" + request.PaeDigest().Hex(), request.PaeBytes());
  log.Serve(std::vector<std::string>(10, LeafOf(request, person)));
  log.AnswerPayloadsWith(503);
  std::uint64_t cosigned = 10;
  Monitor monitor(*LogReader::Open(log.url(), {kOrigin, log_.key.public_key(), {}, 0}),
                  {[&] { return cosigned; }, clock_});
  EXPECT_EQ(monitor.Round().error().Exit(), ExitCode::kUnavailable);
  cosigned = 11;
  EXPECT_EQ(monitor.Round().error().Exit(), ExitCode::kUnavailable);  // it has its time
  clock_.Set(kNow + kBehindSecondsMax + 1);
  const auto refused = monitor.Round();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
  EXPECT_NE(refused.error().message.find("witnesses have cosigned one of 11"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(monitor.checkpoint(), "");
}

// What this program does not know it does not ask for again, however much there is of it.
TEST_F(WitnessTest, TheMonitorGoesOnBehindAnyNumberOfUnknownKinds) {
  ServedLog log(kOrigin, log_.key);
  const PrivateKey person = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey other = PrivateKey::Generate(KeyKind::kP256);
  const Envelope request = SignedBy(person, WriteStatement(ARequest()));
  const Envelope unknown = SignedBy(person, "{}");
  const Envelope by_other = SignedBy(other, "{}");
  for (const Envelope& one : {request, unknown, by_other}) {
    log.Put("/payload/" + one.PaeDigest().Hex(), one.PaeBytes());
  }
  std::vector<std::string> leaves(2 * kUnreadEntriesMax, LeafOf(unknown, person));
  leaves.push_back(LeafOf(by_other, other));
  leaves.push_back(LeafOf(request, person));
  log.Serve(leaves);
  Monitor monitor(*LogReader::Open(log.url(), {kOrigin, log_.key.public_key(), {}, 0}));
  for (const char* round : {"first", "second"}) {
    const auto report = monitor.Round();
    ASSERT_TRUE(report) << round << report.error().message;
    EXPECT_EQ(report->kinds.at(std::string(kUnknownKind)), 2 * kUnreadEntriesMax + 1) << round;
    EXPECT_EQ(report->kinds.at("request"), 1u) << round;
    ASSERT_EQ(report->findings.size(), 2u) << round;  // the first of each
    EXPECT_EQ(report->findings[0].index, 0u) << round;
    EXPECT_EQ(report->findings[1].index, 2 * kUnreadEntriesMax) << round;
    EXPECT_NE(monitor.checkpoint(), "") << round;
  }
}

TEST_F(WitnessTest, ARunningWitnessIsConfiguredByItsFile) {
  const auto write = [&](const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), temporary_.path() + "/" + name, text));
    ASSERT_EQ(chmod((temporary_.path() + "/" + name).c_str(), 0600), 0);
  };
  write("w.key", key_.Pem());
  write("log.pub", log_.key.public_key().Pem());
  write("witness.json",
        R"({"format": "farm-config/1", "listen": "127.0.0.1:0", "name": "w2", "key": "w.key",
            "directory": "w2-state", "logs": [{"origin": "log.farm.example",
                                              "publicKey": "log.pub"}]})");
  auto config = ParseWitnessConfig(*ReadConfig(temporary_.path() + "/witness.json"));
  ASSERT_TRUE(config) << config.error().message;
  auto server = StartWitness(*config, RealFileSystem(), clock_, [](const Error&) {});
  ASSERT_TRUE(server) << server.error().message;
  const PostToWitness post = OpenWitness("http://" + (*server)->listen(), "w2")->post;
  EXPECT_TRUE(AskWitness(post, *ParseAddCheckpoint(log_.Body(0, 5)), "w2"));
  config->key = "pkcs11:token=a;object=b";
  const auto in_token = StartWitness(*config, RealFileSystem(), clock_, [](const Error&) {});
  ASSERT_FALSE(in_token);
  EXPECT_NE(in_token.error().message.find("no module-path"), std::string::npos);
  ConfigFile file = *ReadConfig(temporary_.path() + "/witness.json");
  file.json["key"] = config->key;
  EXPECT_EQ(ParseWitnessConfig(file)->key, config->key);
  file.json["witnesses"] = Json::array({{{"name", "w3"}, {"url", "http://127.0.0.1:1"}}});
  EXPECT_FALSE(ParseWitnessConfig(file)) << "their keys are in no root";
  file.json["root"] = "root.json";
  const auto with_others = ParseWitnessConfig(file);
  ASSERT_TRUE(with_others) << with_others.error().message;
  EXPECT_EQ(with_others->witnesses.at(0).name, "w3");
  write("witness.json", R"({"format": "farm-config/1", "listen": "127.0.0.1:0", "surprise": 1})");
  EXPECT_FALSE(ParseWitnessConfig(*ReadConfig(temporary_.path() + "/witness.json")));
}

}  // namespace
}  // namespace farm
