// A world in which a release is due, before a gate; tests break one thing of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/gate/decision.h"
#include "farm/gate/gate.h"
#include "farm/json/json.h"
#include "farm/sign/signer.h"
#include "tests/support/buildable.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/party_files.h"

namespace farm::at_the_gate {

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr const char* kTree = kBuildableTree;
constexpr const char* kSignerId = "https://farm.example/signer";

inline Digest D(char digit) { return Digest::ParseHex(std::string(64, digit)).value(); }

inline std::string ManifestBytes(const std::string& version, int revision,
                                 const std::string& word) {
  return BuildableManifest({version, revision, word});
}

// One attempt at a manifest: the lines that a farmd would bring.
struct Attempt {
  std::string manifest;
  std::string version = "1.0";
  Bundle request;
  std::vector<Bundle> approvals;
  Bundle intent;
  std::vector<Bundle> records;

  Question ToQuestion() const {
    Question question{manifest, WriteBundleLine(request), WriteBundleLine(intent), {}, {}};
    for (const Bundle& line : records) question.record_lines.push_back(WriteBundleLine(line));
    for (const Bundle& line : approvals) question.approval_lines.push_back(WriteBundleLine(line));
    return question;
  }
};

// A farm with its log, and a gate before it.  Whatever a row wants to break it breaks here.
class World {
 public:
  World() {
    root = maker.root();
    policy = maker.policy();
    // The maker's log begins with entries that are no leaves; here they are some person's.
    maker.Rewind(0);
    const LineDraft other =
        maker.Draft(Request{D('0'), "other", "1", "requester", kStart}, "requester", kStart);
    for (int i = 0; i < 5; ++i) Log(maker.MakeLine(other));
  }

  // Makes a line, `seconds` after the start, in the maker's own log.
  Bundle Line(const Statement& statement, const std::string& party, UnixSeconds seconds) {
    LineDraft draft = maker.Draft(statement, party, kStart + seconds);
    if (on_draft) on_draft(draft);
    return maker.MakeLine(draft);
  }
  Bundle Logged(const Statement& statement, const std::string& party, UnixSeconds seconds) {
    Bundle line = Line(statement, party, seconds);
    Log(line);
    return line;
  }

  // Request and approvals of a manifest.
  Attempt Ask(const std::string& manifest, const std::string& version) {
    Attempt attempt;
    attempt.manifest = manifest;
    attempt.version = version;
    attempt.request =
        Logged(Request{Sha256(manifest), "hello", version, "requester", kStart}, "requester", 0);
    for (const char* auditor : {"auditor-0", "auditor-1"}) {
      attempt.approvals.push_back(Logged(
          Approval{Sha256(manifest), "hello", version, {{"hello", kTree}}, auditor, "tree", kStart},
          auditor, 100));
    }
    return attempt;
  }
  // The same with a new intent and without records.
  Attempt Intend(Attempt attempt, int number, UnixSeconds seconds) {
    Intent intent;
    intent.request = attempt.request.PaeDigest();
    intent.manifest = Sha256(attempt.manifest);
    intent.product = "hello";
    intent.version = attempt.version;
    for (int i = 0; i < 3; ++i) intent.sites.push_back(EvidenceMaker::SiteId(i));
    intent.attempt = number;
    for (int i = 1; i < number; ++i) intent.earlier.push_back(D('e'));
    intent.nonce = "00112233445566778899aabbccddeef" + std::to_string(number);
    intent.created = kStart + seconds;
    attempt.intent = Logged(intent, "coordinator", seconds);
    attempt.records.clear();
    return attempt;
  }
  Record RecordOf(const Attempt& attempt, int site) const {
    Record record;
    record.builder = EvidenceMaker::SiteId(site);
    record.intent = attempt.intent.PaeDigest();
    record.manifest = Sha256(attempt.manifest);
    record.plan = D('1');
    record.lock = Sha256(BuildableLock());
    record.root_tar = D('2');
    record.image = D('3');
    record.result = BuildResult::kSucceeded;
    record.outputs = {{"greet", D('a'), 10, "0755"}};
    record.trace = {{"build", D('4'), 0, record.outputs, 1000}};
    record.started = kStart + 220;
    record.finished = kStart + 290;
    return record;
  }
  using Change = std::function<void(int site, Record& record)>;
  // One record of each site, logged.
  Attempt Build(Attempt attempt, UnixSeconds seconds, const Change& change) {
    for (int i = 0; i < 3; ++i) {
      Record record = RecordOf(attempt, i);
      change(i, record);
      attempt.records.push_back(Logged(record, "site-" + std::to_string(i), seconds));
    }
    return attempt;
  }
  Attempt Due(const std::string& manifest, const std::string& version) {
    return Build(Intend(Ask(manifest, version), 1, 200), 300, [](int, Record&) {});
  }

  // Into the log as this signer reads it.
  void Log(const Bundle& line) {
    entries_.push_back(
        {CanonicalizedBody(line.envelope, line.certificate, line.key()), line.envelope.PaeBytes()});
  }
  // Logged under a CA of the party's operator that the root does not list any more.
  void LogUnderOldAuthority(const Statement& statement, const std::string& party,
                            const std::string& payload = "") {
    const LineDraft draft = maker.Draft(statement, party, kStart + 320);
    Bundle line = maker.Sign(draft);
    const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
    line.certificate = IssueSigningLeaf(
        key, IssueAuthority(key, "old", "old CA", kStart - 10000, 100 * kDaySeconds),
        maker.Key("transparency"),
        {.key = maker.Key(party).public_key(),
         .organization = "old",
         .common_name = party,
         .uri = draft.uri,
         .issuer_extension = "https://old.example",
         .not_before = draft.leaf_start});
    if (!payload.empty()) {
      line.envelope.payload = payload;
      line.envelope.signature = maker.Key(party).Sign(line.envelope.PaeBytes());
    }
    maker.Enter(line, draft);
    Log(line);
  }
  // The last entry becomes another one, in the log as this signer reads it.
  void ReplaceLast(const Bundle& line) {
    ForgetLast();
    Log(line);
  }
  void ForgetLast() { entries_.pop_back(); }
  // The payload of the entry before the last `back` ones is lost, or changed.
  void LosePayload(std::size_t back) {
    entries_[entries_.size() - 1 - back].pae =
        Error{ErrorCode::kNotFound, "no such payload", ExitCode::kLogProof};
  }

  // The farm goes on in another log, and its next root says so.
  void CloseLog() {
    closed_.push_back({maker.Log(), std::move(entries_)});
    entries_.clear();
    const Checkpoint head = maker.Head();
    maker.GoOnAfter({head.size, head.root, "log2.farm.example"});
    root.logs = maker.root().logs;
    ++root.version;
    Restart();
  }

  Gate& gate() {
    if (!gate_) Open();
    return *gate_;
  }
  // A new process on the same state.
  void Restart() {
    gate_.reset();
    journal_.reset();
    signer_.reset();
  }

  Result<Bundle> Decide(const Attempt& attempt) {
    gate();
    answers_before = answers();
    return gate().Decide(attempt.ToQuestion(), epoch);
  }

  // In the journal.
  std::size_t answers() const { return journal_ ? journal_->given().size() : 0; }

  EvidenceMaker maker;
  TrustRoot root;
  std::optional<PrivateKey> root_key;  // signs it; else the maker's
  Policy policy;
  std::function<void(LineDraft&)> on_draft;
  std::uint64_t epoch = 1;
  std::size_t answers_before = 0;    // the last question
  std::uint64_t entries_hidden = 0;  // at the end of the log
  bool reads_closed_logs = true;
  FixedClock clock{kStart + 400};

 private:
  struct Entry {
    std::string leaf;
    Result<std::string> pae = std::string();
  };

  void Open() {
    const std::string& directory = temporary_.path();
    signer_ = OpenSignerOf(maker, {kSignerId, "signer"}, directory, clock);
    ASSERT_NE(signer_, nullptr);
    auto journal = Journal::Open(RealFileSystem(), directory + "/state");
    ASSERT_TRUE(journal) << journal.error().message;
    journal_ = *std::move(journal);
    // Signed once: every signature is another, and so is the file.
    std::string& root_file = root_files_[WriteTrustRootSigned(root)];
    if (root_file.empty()) {
      root_file = WriteTrustRoot(root, {root_key ? *root_key : maker.Key("root")});
    }
    const GateFiles files{WritePrivate(directory + "/root.json", root_file),
                          WritePrivate(directory + "/policy.json", WritePolicy(policy))};
    gate_ = std::make_unique<Gate>(
        files, *journal_, *signer_, [this](const HistoryQuery& query) { return Read(query); },
        clock);
  }

  static LogHistory HistoryOf(const std::string& origin, const std::vector<Entry>& entries,
                              std::uint64_t hidden) {
    LogHistory history(origin);
    for (std::size_t i = 0; i + hidden < entries.size(); ++i) {
      history.Add(entries[i].leaf, entries[i].pae);
    }
    return history;
  }

  Result<Histories> Read(const HistoryQuery& query) {
    EXPECT_GE(query.witnesses, 2);
    histories_.clear();
    histories_.push_back(HistoryOf(maker.Log(), entries_, entries_hidden));
    for (const auto& [origin, entries] : closed_) {
      histories_.push_back(HistoryOf(origin, entries, 0));
    }
    Histories read{&histories_.front(), {}};
    for (std::size_t i = 1; i < histories_.size() && reads_closed_logs; ++i) {
      read.closed.push_back(&histories_[i]);
    }
    return read;
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  std::map<std::string, std::string> root_files_;  // signed part -> file
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, std::vector<Entry>>> closed_;  // by origin
  std::vector<LogHistory> histories_;                               // the open log's first
  std::unique_ptr<CertifiedSigner> signer_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Gate> gate_;
};

inline std::string Good() { return ManifestBytes("1.0", 1, "-O2"); }
inline void Unchanged(int, Record&) {}
inline void Site1Lies(int site, Record& record) {
  if (site == 1) record.outputs[0].digest = record.trace[0].outputs[0].digest = D('b');
}

inline Statement StatementOf(const Bundle& line) {
  return ParseStatement(line.envelope.payload, "answer").value();
}

// What is due, with so many approvals in all, each under a tree of its own.
inline Attempt DueWithApprovals(World& world, std::size_t count) {
  Attempt asked = world.Ask(Good(), "1.0");
  while (asked.approvals.size() < count) {
    const auto created = kStart + static_cast<UnixSeconds>(asked.approvals.size());
    asked.approvals.push_back(world.Logged(Approval{Sha256(asked.manifest),
                                                    "hello",
                                                    "1.0",
                                                    {{"hello", kTree}},
                                                    "auditor-0",
                                                    "tree",
                                                    created},
                                           "auditor-0", 100));
  }
  return world.Build(world.Intend(asked, 1, 200), 300, Unchanged);
}
// 64 lines of a note without those of log (2), witnesses (2), request, intent and records (5).
constexpr std::size_t kApprovalsProvable = 55;

// Version 1.0 by diff since 0.9, with the approvals of 0.9 in `bases`.
inline Attempt DueSinceAnEarlierManifest(World& world, std::vector<Bundle>& bases) {
  const std::string before = ManifestBytes("0.9", 1, "-O2");
  bases = world.Ask(before, "0.9").approvals;
  Attempt attempt;
  attempt.manifest = Good();
  attempt.request = world.Logged(
      Request{Sha256(attempt.manifest), "hello", "1.0", "requester", kStart}, "requester", 0);
  for (const char* auditor : {"auditor-0", "auditor-1"}) {
    attempt.approvals.push_back(world.Logged(Approval{Sha256(attempt.manifest),
                                                      "hello",
                                                      "1.0",
                                                      {{"hello", kTree}},
                                                      auditor,
                                                      std::string(kScopeDiff),
                                                      kStart,
                                                      Sha256(before)},
                                             auditor, 110));
  }
  attempt.approvals.insert(attempt.approvals.end(), bases.begin(), bases.end());
  return world.Build(world.Intend(attempt, 1, 200), 300, Unchanged);
}

}  // namespace farm::at_the_gate
