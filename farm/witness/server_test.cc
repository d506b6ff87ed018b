// The whole program between a log, a time stamp authority and another witness.
#include "farm/witness/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <map>
#include <thread>

#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/client/http.h"
#include "farm/client/tiles.h"
#include "farm/client/witness_client.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/dsse.h"
#include "farm/witness/monitor.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kMadeAt = 1'800'000'000;
constexpr UnixSeconds kNoted = kMadeAt + 1000;
constexpr std::int64_t kPeriod = 3600;
static_assert(kPeriod > kBehindSecondsMax);

// Read by the program's threads while the test sets it.
class SharedClock final : public Clock {
 public:
  UnixSeconds Now() const override { return now_; }
  void Advance(std::int64_t seconds) { now_ += seconds; }

 private:
  std::atomic<UnixSeconds> now_{kNoted + 100};
};

// What the program asks others for; a POST is for a time stamp.
class Others {
 public:
  Others(const EvidenceMaker& maker, const Clock& clock)
      : maker_(maker),
        clock_(clock),
        server_(*StartHttpServer(
            "127.0.0.1:0", [this](const HttpRequest& request) { return Answer(request); },
            kAddCheckpointBytesMax)) {}
  std::string url() const { return "http://" + server_->listen(); }
  void Put(const std::string& path, const std::string& bytes) {
    MutexLock lock(mutex_);
    files_[path] = bytes;
  }
  // Until the log's head has been asked for so often from now on.
  void AwaitRounds(int count) {
    const int until = heads_asked_ + count;
    while (heads_asked_ < until) std::this_thread::yield();
  }

 private:
  HttpReply Answer(const HttpRequest& request) {
    if (request.method == "POST") {
      const std::vector<Certificate>& chain = maker_.root().timestamp_authorities[0].chain;
      auto token =
          AnswerTimestampRequest(request.body, maker_.Key("tsa"), chain[0], chain[1], clock_.Now());
      return {200, "application/timestamp-reply", *token, false};
    }
    if (request.path == "/checkpoint") ++heads_asked_;
    MutexLock lock(mutex_);
    const auto found = files_.find(request.path);
    if (found == files_.end()) return {404, "", "", false};
    return {200, "", found->second, false};
  }

  const EvidenceMaker& maker_;
  const Clock& clock_;
  std::atomic<int> heads_asked_{0};
  Mutex mutex_;
  std::map<std::string, std::string> files_ GUARDED_BY(mutex_);
  std::unique_ptr<HttpServer> server_;  // last: uses the others
};

// A log with a release and, as its last entry, the withdrawal of it.
class RunningMonitor : public testing::Test {
 protected:
  RunningMonitor() {
    const MadeRelease made = maker_.Make();
    for (const Bundle& line : made.lines) Take(line);
    const Digest release = made.lines[kReleaseLine].PaeDigest();
    Take(maker_.MakeLine(maker_.Draft(
        Withdrawal{release, "hello", "1.0", "it eats files", "auditor-0", kMadeAt + 500},
        "auditor-0", kMadeAt + 500)));
  }

  // The log shows its first `size` entries.
  void Show(std::uint64_t size) {
    std::vector<std::string> leaves;
    for (std::uint64_t i = 0; i < size; ++i) leaves.push_back(leaves_.at(i));
    others_.Put("/" + TilePath({TileId::kEntries, 0, size}), WriteEntryBundle(leaves));
    others_.Put("/checkpoint", NoteOf(size));
  }
  std::string NoteOf(std::uint64_t size) const {
    return maker_.CheckpointNote(size, maker_.Draft(Request{}, "requester", kNoted));
  }
  std::uint64_t all() const { return leaves_.size(); }
  std::uint64_t before_withdrawal() const { return leaves_.size() - 1; }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::string path = JoinPath(temporary_.path(), name);
    CHECK(WriteDurably(RealFileSystem(), path, bytes));
    CHECK(chmod(path.c_str(), 0600) == 0);
    return path;
  }
  WitnessServerConfig Config() {
    WitnessServerConfig config;
    config.listen = "127.0.0.1:0";
    config.name = maker_.root().witnesses[0].name;
    config.key = Write("witness.pem", maker_.Key("witness-0").Pem());
    config.directory = JoinPath(temporary_.path(), "state");
    config.logs = {{maker_.Log(), maker_.root().logs[0].key, others_.url()}};
    config.monitor_seconds = 0;
    config.root = Write("root.json", maker_.RootBytes());
    config.status = StatusConfig{"monitor-0",
                                 Write("monitor.pem", maker_.Key("monitor-0").Pem()),
                                 JoinPath(temporary_.path(), "status.json"),
                                 2,
                                 kPeriod,
                                 others_.url(),
                                 ""};
    return config;
  }
  void Start(const WitnessServerConfig& config) {
    auto server = StartWitness(config, RealFileSystem(), clock_, [](const Error&) {});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }
  // "" before there is one.
  std::string ServedStatus() const {
    HttpClient http = *HttpClient::Open("http://" + server_->listen(), "witness");
    const auto reply = http.Get("/status.json", kBundleFileBytesMax);
    return reply && reply->status == 200 ? reply->body : "";
  }
  std::string AwaitOtherThan(const std::string& before) const {
    std::string bytes = ServedStatus();
    while (bytes == before) bytes = ServedStatus();
    return bytes;
  }
  static FarmStatus Read(const std::string& bytes) {
    return *ParseStatementAs<FarmStatus>(
        (*ParseBundleFile(bytes, "status")).front().envelope.payload, "status");
  }

  EvidenceMaker maker_{EvidenceOptions{.monitors = 1, .earlier_entries = 0}};
  SharedClock clock_;
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  Others others_{maker_, clock_};
  std::unique_ptr<WitnessServer> server_;

 private:
  void Take(const Bundle& line) {
    leaves_[line.log_entry->index] = line.log_entry->canonicalized_body;
    others_.Put("/payload/" + line.PaeDigest().Hex(), line.envelope.PaeBytes());
  }
  std::map<std::uint64_t, std::string> leaves_;
};

// The old head is as good as it was: signed, cosigned, not behind what was read before.
TEST_F(RunningMonitor, SaysNothingWhileTheLogKeepsBackWhatWitnessesHaveCosigned) {
  for (const bool by_other : {false, true}) {
    SCOPED_TRACE(by_other ? "by another witness" : "by this one");
    Show(before_withdrawal());
    WitnessServerConfig config = Config();
    config.directory += by_other ? "-2" : "-1";
    config.status->file += by_other ? "-2" : "-1";
    if (by_other) config.witnesses = {{maker_.root().witnesses[1].name, others_.url()}};
    ASSERT_NO_FATAL_FAILURE(Start(config));
    const std::string first = AwaitOtherThan("");
    EXPECT_TRUE(Read(first).withdrawn.empty());

    if (by_other) {
      others_.Put("/" + Sha256(maker_.Log()).Hex() + "/checkpoint", NoteOf(all()));
    } else {
      const auto door = OpenWitness("http://" + server_->listen(), config.name);
      for (const auto& [old_size, size] : {std::pair{std::uint64_t{0}, before_withdrawal()},
                                           std::pair{before_withdrawal(), all()}}) {
        const auto reply = door->post(WriteAddCheckpoint(
            {old_size,
             old_size == 0 ? std::vector<Digest>() : maker_.ConsistencyProof(old_size, size),
             NoteOf(size)}));
        ASSERT_TRUE(reply) << reply.error().message;
        ASSERT_EQ(reply->status, 200) << reply->body;
      }
    }
    others_.AwaitRounds(3);  // it knows by now
    clock_.Advance(kBehindSecondsMax + 1);
    others_.AwaitRounds(3);  // and that it has waited, before a status is due
    clock_.Advance(kPeriod);
    others_.AwaitRounds(3);
    EXPECT_EQ(ServedStatus(), first);

    Show(all());
    EXPECT_EQ(Read(AwaitOtherThan(first)).withdrawn.size(), 1u);
    server_.reset();
  }
}

TEST_F(RunningMonitor, AsksNoWitnessThatTheRootDoesNotList) {
  WitnessServerConfig config = Config();
  config.witnesses = {{"somebody.example", others_.url()}};
  const auto server = StartWitness(config, RealFileSystem(), clock_, [](const Error&) {});
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("somebody.example"), std::string::npos)
      << server.error().message;
}

}  // namespace
}  // namespace farm
