#include "tests/attacks/mutants/scene.h"

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"

namespace farm::mutants {
namespace {

constexpr UnixSeconds kCertified = 500;  // after the farm's start
constexpr UnixSeconds kReplayed = 600;
constexpr UnixSeconds kIssued = 1000;
constexpr std::int64_t kDay = 24 * 3600;
constexpr int kSites = 3;

Digest BaseManifest() { return Sha256("the manifest before"); }

}  // namespace

std::string ReadVector(const std::string& name) {
  const auto bytes = ReadFile(JoinPath("tests/vectors/v1/evidence", name), 1 << 20);
  CHECK(bytes.has_value());
  return *bytes;
}

VerdictInput VectorInput() {
  const std::string file = ReadVector("hello.tar");
  VerdictInput input;
  input.file_name = "hello.tar";
  input.file_digest = Sha256(file);
  input.file_size = file.size();
  input.lines = *ParseBundleFile(ReadVector("hello.tar.sigstore.jsonl"), "bundle");
  input.root = *ParseTrustRoot(ReadVector("root-file.json"), "root");
  input.policy = *ParsePolicy(ReadVector("policy.json"), "policy");
  input.at = 1'800'004'000;
  input.allow_development_root = true;
  return input;
}

std::vector<std::string> VectorLines() {
  std::vector<std::string> lines = Split(ReadVector("hello.tar.sigstore.jsonl"), '\n');
  lines.pop_back();  // the nothing behind the last newline
  return lines;
}

Farm MakeFarm(const EvidenceOptions& options) {
  return MakeFarm(options, [](LineDraft&) {});
}

Farm MakeFarm(const EvidenceOptions& options, const DraftHook& hook) {
  Farm farm{EvidenceMaker(options), {}, {}};
  farm.release = farm.maker.Make(hook);
  EvidenceMaker next = farm.maker;  // which goes on in the same log
  next.Turn("1.1", {{"hello.tar", "the next program\n"}, {"hello.txt", "the next manual\n"}});
  farm.other = next.Make([&](LineDraft& draft) {
    hook(draft);
    draft.token += 10'000;
    draft.witnessed += 10'000;
    draft.leaf_start += 10'000;
    if (auto* intent = std::get_if<Intent>(&draft.statement)) {
      intent->nonce = "ffeeddccbbaa99887766554433221100";
    }
    if (auto* release = std::get_if<Release>(&draft.statement)) release->sequence = 2;
    auto* approval = std::get_if<Approval>(&draft.statement);
    if (approval != nullptr && IsOfBase(*approval)) ++approval->created;  // said again
  });
  return farm;
}

bool IsOfBase(const Approval& approval) { return approval.manifest == BaseManifest(); }

DraftHook ByDiff() {
  return [](LineDraft& draft) {
    auto* approval = std::get_if<Approval>(&draft.statement);
    if (approval == nullptr || IsOfBase(*approval)) return;
    approval->scope = kScopeDiff;
    approval->base = BaseManifest();
  };
}

Farm MakeFarmByDiff(const DraftHook& hook) {
  EvidenceOptions options{.development = false};
  for (const char* auditor : {"auditor-0", "auditor-1"}) {
    options.earlier_approvals.push_back({BaseManifest(),
                                         "hello",
                                         "0.9",
                                         {{"hello", Sha256("the tree before").Hex()}},
                                         auditor,
                                         std::string(kScopeTree),
                                         options.start});
  }
  return MakeFarm(options, [&](LineDraft& draft) {
    ByDiff()(draft);
    hook(draft);
  });
}

WatchedFarm::WatchedFarm()
    : farm_(MakeFarm({.development = false, .monitors = 1, .certifiers = 1})),
      replayer_(PrivateKey::Generate(KeyKind::kP256)) {
  for (int site = 0; site < kSites; ++site) {
    certifications_.push_back(farm_.maker.MakeLine(LocationDraft(WriteStatement(Location(site)))));
  }
  const Digest release = farm_.release.lines[kReleaseLine].PaeDigest();
  const Digest other = farm_.other.lines[kReleaseLine].PaeDigest();
  const UnixSeconds issued = farm_.maker.options().start + kIssued;
  const Digest dissent = Sha256("dissent");
  status_ = farm_.maker.Status(issued);
  ++status_.root_version;  // so that what it revokes counts
  status_.withdrawn = {{other, "hello", "1.1", "it eats files", "requester", issued - 1}};
  status_.newest = {{"hello", "1.0", release, 1}};
  status_.dissents = {{dissent, Sha256("another manifest"), "hello", "0.8"}};
  status_.revoked_keys = {{Sha256("nobody's key").Hex(), "stolen", issued}};
  bad_status_ = farm_.maker.Status(issued + 100);
  bad_status_.withdrawn = {{release, "hello", "1.0", "it eats files", "requester", issued - 1}};
  bad_status_.newest = {{"hello", "1.1", other, 2}};
  bad_status_.dissents = {{dissent, Sha256(farm_.maker.manifest()), "hello", "1.0"}};
  ++bad_status_.root_version;
  bad_status_.revoked_keys = {
      {farm_.maker.Key("site-1").public_key().KeyId(), "stolen", std::nullopt}};
}

VerdictInput WatchedFarm::Asked() const {
  VerdictInput input = Unasked();
  input.policy.status_max_age_seconds = kDay;
  input.policy.certified_countries = true;
  input.policy.replays = 1;
  return input;
}

VerdictInput WatchedFarm::Unasked() const {
  VerdictInput input = farm_.maker.Input(farm_.release);
  input.policy.replayers = {{"regulator", replayer_.public_key()}};
  input.status = StatusLine(WriteStatement(status_));
  input.certifications = certifications_;
  input.replays = {{"verdict", ReplayLineInLog(WriteStatement(Says("MATCH")))}};
  return input;
}

FarmStatus WatchedFarm::Withdrawing() const {
  FarmStatus status = status_;
  status.withdrawn = bad_status_.withdrawn;
  return status;
}

FarmStatus WatchedFarm::BeforeTheRelease() const {
  FarmStatus status = status_;
  const std::uint64_t size = farm_.release.lines[kReleaseLine].log_entry->index;
  const LineDraft draft = farm_.maker.Draft(status, "monitor-0", status.issued);
  status.logs = {{farm_.maker.CheckpointNote(size, draft),
                  {farm_.maker.Log(), size, farm_.maker.TreeRoot(size)}}};
  return status;
}

ReplayVerdict WatchedFarm::Says(const std::string& verdict) const {
  const Bundle& line = farm_.release.lines[kReleaseLine];
  const auto release = ParseStatementAs<Release>(line.envelope.payload, "release");
  CHECK(release.has_value());
  return {line.PaeDigest(),
          Sha256("kit"),
          verdict,
          release->artifacts,
          "regulator",
          Sha256("report").Text(),
          farm_.maker.options().start + kReplayed};
}

ReplayVerdict WatchedFarm::SaysOfTheOther() const {
  const Bundle& line = farm_.other.lines[kReleaseLine];
  const auto release = ParseStatementAs<Release>(line.envelope.payload, "release");
  CHECK(release.has_value());
  ReplayVerdict verdict = Says("MISMATCH");
  verdict.release = line.PaeDigest();
  verdict.rebuilt = release->artifacts;
  ++verdict.created;
  return verdict;
}

Bundle WatchedFarm::StatusLine(const std::string& payload) const {
  const UnixSeconds issued = farm_.maker.options().start + kIssued;
  LineDraft draft = farm_.maker.Draft(status_, "monitor-0", issued);
  draft.payload = payload;
  Bundle line = farm_.maker.Sign(draft);
  farm_.maker.Stamp(line, issued);
  return line;
}

LineDraft WatchedFarm::LocationDraft(const std::string& payload) const {
  const EvidenceMaker& maker = farm_.maker;
  LineDraft draft = maker.Draft(Location(0), "certifier-0", maker.options().start + kCertified);
  draft.payload = payload;
  return draft;
}

Bundle WatchedFarm::LocationLine(const std::string& payload) const {
  EvidenceMaker maker = farm_.maker;
  return maker.MakeLine(LocationDraft(payload));
}

Bundle WatchedFarm::BareReplayLine(const std::string& payload) const {
  Bundle line;
  line.envelope.payload_type = kInTotoPayloadType;
  line.envelope.payload = payload;
  line.envelope.key_id = replayer_.public_key().KeyId();
  line.envelope.signature = replayer_.Sign(line.envelope.PaeBytes());
  line.public_key = replayer_.public_key();
  return line;
}

Bundle WatchedFarm::ReplayLineInLog(const std::string& payload) const {
  EvidenceMaker maker = farm_.maker;
  const UnixSeconds replayed = maker.options().start + kReplayed;
  Bundle line = BareReplayLine(payload);
  maker.Stamp(line, replayed);
  maker.Enter(line, maker.Draft(Request{}, "requester", replayed));
  return line;
}

void PutStatus(VerdictInput& input, Bundle line) { input.status = std::move(line); }

void PutCertification(VerdictInput& input, Bundle line) {
  input.certifications[0] = std::move(line);
}

void PutReplay(VerdictInput& input, Bundle line) { input.replays = {{"verdict", std::move(line)}}; }

std::string KindOf(const Bundle& line) {
  const auto statement = ParseStatement(line.envelope.payload, "line");
  CHECK(statement.has_value());
  return std::string(KindName(*statement));
}

}  // namespace farm::mutants
