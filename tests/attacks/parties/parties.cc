#include "tests/attacks/parties/parties.h"

#include <utility>

#include "farm/log/mirror.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

constexpr const char* kSignerId = "https://farm.example/signer";
constexpr std::size_t kRequestBytesMax = 4096;

EvidenceOptions Buildable(EvidenceOptions options) {
  options.artifacts = {{"greet", "the program\n"}};
  // A log takes no cosignature of a time that is still to come by the machine's clock.
  options.start = 1'700'000'000;
  options.manifest = BuildableManifest({.version = options.version});
  return options;
}

// In memory where there is such a place: nobody cuts the power here.
std::string FastPlace() { return FileExists("/dev/shm") ? "/dev/shm" : ""; }

template <typename T>
T Must(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  CHECK(result.has_value());
  return *std::move(result);
}

}  // namespace

Parties::Parties(EvidenceOptions options)
    : maker_(Buildable(std::move(options))),
      policy_(maker_.policy()),
      clock_(maker_.options().start),
      temporary_(Must(TemporaryDirectory::Make(FastPlace()))) {
  authority_ = {Write("ca.pem", root().operators[0].authorities[0].chain[0].Pem()),
                Write("ca.key.pem", maker_.Key("ca-operator-0").Pem()),
                Write("transparency.key.pem", maker_.Key("transparency").Pem())};
  files_ = {Write("root.json", maker_.RootBytes()), Write("policy.json", WritePolicy(policy_))};
  StartLog();
  RestartSigner();
}

Parties::~Parties() = default;

std::string Parties::Write(const std::string& name, const std::string& bytes) {
  std::string path = JoinPath(temporary_.path(), name);
  CHECK(WriteSecretDurably(RealFileSystem(), path, bytes).has_value());
  return path;
}

void Parties::StartWitnesses() {
  witnesses_.clear();
  std::vector<WitnessedLog> logs;
  for (const farm::Log& log : root().logs) logs.push_back({log.origin, log.key, log.end});
  for (std::size_t i = 0; i < root().witnesses.size(); ++i) {
    auto witness = std::make_unique<RunningWitness>();
    const std::string name = "witness-" + std::to_string(i);
    witness->clock.Set(clock_.Now());
    witness->core = Must(WitnessCore::Open(
        RealFileSystem(), JoinPath(temporary_.path(), name), root().witnesses[i].name,
        NewMemorySigner(maker_.Key(name)), logs, witness->clock));
    witnesses_.push_back(std::move(witness));
  }
}

void Parties::StartLog() {
  StartWitnesses();
  SequencerOptions options;
  options.key = NewMemorySigner(maker_.Key("log"));
  options.ecdsa_key = NewMemorySigner(maker_.Key("log-ecdsa"));
  options.answer_within = std::chrono::milliseconds(2000);
  options.retry_after = std::chrono::milliseconds(50);
  for (std::size_t i = 0; i < witnesses_.size(); ++i) {
    const Witness& listed = root().witnesses[i];
    WitnessCore* core = witnesses_[i]->core.get();
    options.witnesses.push_back(
        {{listed.name, listed.key},
         [core](const std::string& body) { return Result<HttpReply>(core->AddCheckpoint(body)); },
         [core](const std::string& path) {
           return Result<HttpReply>(core->LatestCheckpoint(path.substr(1, path.rfind('/') - 1)));
         }});
  }
  options.cosignatures_needed = witnesses_.size();
  const std::string directory = JoinPath(temporary_.path(), maker_.Log());
  log_ = Must(TileLog::Open(RealFileSystem(), directory, {maker_.Log(), {0, 0, {}}, {}}));
  epochs_ = Must(Epochs::Open(RealFileSystem(), JoinPath(directory, "epochs.json"), clock_));
  sequencer_ = Must(Sequencer::Start(*log_, std::move(options)));
  appender_ = std::make_unique<Appender>(
      *log_, *sequencer_, *epochs_, [this]() -> Result<TrustRoot> { return root(); }, clock_);
  const auto serve = [this](const HttpRequest& request) -> HttpReply {
    const std::string path = request.path.substr(1);
    auto resource = log_->Read(path);
    HttpReply reply{404, "text/plain", "not found\n", false};
    if (resource) reply = {200, resource->content_type, std::move(resource->bytes), false};
    return bent_reading ? bent_reading(path, std::move(reply)) : reply;
  };
  http_ = Must(StartHttpServer("127.0.0.1:0", serve, kRequestBytesMax));
  log_url_ = "http://" + http_->listen();
}

std::string Parties::MirrorOf(const std::string& origin) const {
  return JoinPath(temporary_.path(), "mirror-" + origin);
}

Result<ClosingReport> Parties::CloseLog(const std::string& successor) {
  http_.reset();
  appender_.reset();
  sequencer_.reset();
  epochs_.reset();
  log_.reset();
  const CheckNote check =
      CheckNoteBy(Must(LogTrustOf(root(), maker_.Log(), root().witnesses.size())));
  Closing closing{JoinPath(temporary_.path(), maker_.Log()), successor, check, {}, {}, {}};
  for (std::size_t i = 0; i < witnesses_.size(); ++i) {
    WitnessCore* core = witnesses_[i]->core.get();
    closing.witnesses.push_back(
        {{root().witnesses[i].name, root().witnesses[i].key},
         [core](const std::string& body) { return Result<HttpReply>(core->AddCheckpoint(body)); }});
  }
  auto report = farm::CloseLog(RealFileSystem(), closing);
  if (report) {
    Must(MirrorLog(RealFileSystem(), MirrorOf(maker_.Log()), Must(OpenLogSource(closing.store)),
                   check, {}));
  }
  return report;
}

void Parties::GoOnAfter(const LogEnd& end) {
  maker_.GoOnAfter(end);
  files_.root = Write("root.json", maker_.RootBytes());
  StartLog();
  RestartSigner();
}

void Parties::RestartSigner() {
  gate_.reset();
  journal_.reset();
  signer_ = Must(CertifiedSigner::Open(NewMemorySigner(maker_.Key("signer")), authority_,
                                       {kSignerId, "signer"}, clock_));
  journal_ = Must(Journal::Open(RealFileSystem(), JoinPath(temporary_.path(), "journal")));
  history_ = std::make_unique<HistoryReader>(HistorySources{log_url_, maker_.Log(), closed_logs});
  gate_ = std::make_unique<Gate>(
      files_, *journal_, *signer_,
      [this](const HistoryQuery& query) { return history_->Read(query); }, clock_);
}

std::vector<std::pair<std::string, std::string>> Parties::JournalFiles() const {
  std::vector<std::pair<std::string, std::string>> files;
  const std::string directory = JoinPath(temporary_.path(), "journal");
  const std::string answers = JoinPath(directory, "answers");
  const std::string seen = JoinPath(directory, "seen.json");
  if (FileExists(seen)) files.emplace_back("seen.json", Must(ReadFile(seen, 1 << 20)));
  for (const std::string& name : Must(ListDirectory(answers))) {
    files.emplace_back(name, Must(ReadFile(JoinPath(answers, name), 32 << 20)));
  }
  return files;
}

Bundle Parties::Stamp(Bundle line, UnixSeconds time) const {
  maker_.Stamp(line, time);
  return line;
}

Result<Bundle> Parties::Append(const Bundle& line, const std::vector<UnixSeconds>& times) {
  for (std::size_t i = 0; i < witnesses_.size(); ++i) {
    witnesses_[i]->clock.Set(i < times.size() ? times[i] : clock_.Now());
  }
  ASSIGN_OR_RETURN(const std::string text, appender_->Append("farmd", 1, WriteBundleLine(line)));
  return ParseBundleLine(text, "line from the log");
}

Result<Bundle> Parties::AppendUnasked(const Bundle& line) {
  for (const auto& witness : witnesses_) witness->clock.Set(clock_.Now());
  RETURN_IF_ERROR(log_->PutPayload(line.PaeDigest(), line.envelope.PaeBytes()));
  return Place(line);
}

Result<Bundle> Parties::ProveAgain(const Bundle& line) { return Place(line); }

Result<Bundle> Parties::Place(Bundle line) {
  const std::string leaf = CanonicalizedBody(line.envelope, line.certificate, line.key());
  ASSIGN_OR_RETURN(Placement placement, sequencer_->Append(leaf));
  line.log_entry = LogEntry{.index = placement.index,
                            .tree_size = placement.checkpoint.size,
                            .root = placement.checkpoint.root,
                            .hashes = std::move(placement.inclusion),
                            .checkpoint = std::move(placement.note),
                            .canonicalized_body = leaf,
                            .log_id = sequencer_->log_id()};
  return line;
}

std::unique_ptr<LogReader> Parties::Reader() const {
  return Must(LogReader::Open(log_url_, Must(LogTrustOf(root(), maker_.Log(), 1))));
}

Result<Admitted> Parties::Admit(const BuildQuestion& question, int site) const {
  return farm::Admit(question, {EvidenceMaker::SiteId(site), root(), policy_, clock_.Now()});
}

}  // namespace farm
