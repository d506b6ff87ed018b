#include "tests/support/evidence_maker.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/merkle.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::int64_t kYear = 366 * 24 * 3600;
constexpr std::uint64_t kRememberedLeaves = 256;  // in the smallest subtree whose root is kept

std::string OperatorId(int number) { return "operator-" + std::to_string(number); }
std::string AuditorId(int number) { return "auditor-" + std::to_string(number); }
std::string MonitorId(int number) { return "monitor-" + std::to_string(number); }
std::string CertifierId(int number) { return "certifier-" + std::to_string(number); }
std::string ReplayerId(int number) { return "replayer-" + std::to_string(number); }

std::string Country(int number) { return std::string("X") + static_cast<char>('A' + number); }

// Any digest that stays the same from run to run.
Digest Fixed(const std::string& what) { return Sha256("test " + what); }

// In the log before our own.
std::string EarlierLeaf(std::uint64_t index) { return "entry " + std::to_string(index); }

std::uint64_t LargestPowerBelow(std::uint64_t size) {
  std::uint64_t power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

// "https://farm.example/signer" and so on for parties with certificates; "" for persons.
std::string UriOf(const std::string& party) {
  if (party.starts_with("site-")) return EvidenceMaker::SiteId(std::stoi(party.substr(5)));
  if (party == "signer" || party == "coordinator") return "https://farm.example/" + party;
  return "";
}

std::string OperatorOf(const std::string& party) {
  if (party.starts_with("site-")) return OperatorId(std::stoi(party.substr(5)));
  return UriOf(party).empty() ? "" : OperatorId(0);
}

}  // namespace

std::string MadeRelease::FileText() const {
  std::string text;
  for (const Bundle& line : lines) text += WriteBundleLine(line) + "\n";
  return text;
}

std::string TestManifest(const EvidenceOptions& options) {
  Json artifacts = Json::array();
  for (const auto& [name, bytes] : options.artifacts) {
    artifacts.push_back({{"name", name}, {"path", "out/" + name}, {"step", "build"}});
  }
  Json source = {{"files", Json::array()},
                 {"kind", "directory"},
                 {"name", options.product},
                 {"tree", Fixed("tree").Hex()}};
  return WriteCanonicalJson({{"architecture", "amd64"},
                             {"artifacts", std::move(artifacts)},
                             {"format", "farm-manifest/1"},
                             {"product", options.product},
                             {"requires",
                              {{"auditors", options.requires_auditors},
                               {"countriesAny", options.requires_countries_any},
                               {"operators", 0},
                               {"sites", options.requires_sites},
                               {"witnesses", 0}}},
                             {"revision", 1},
                             {"sourceDateEpoch", options.start},
                             {"sources", Json::array({std::move(source)})},
                             {"steps", Json::array()},
                             {"toolchain", {{"lock", Fixed("lock").Text()}, {"name", "test"}}},
                             {"version", options.version}});
}

EvidenceMaker::EvidenceMaker() : EvidenceMaker(EvidenceOptions{}) {}

EvidenceMaker::EvidenceMaker(const EvidenceOptions& options) : options_(options) {
  MakeKeys();
  MakeRoot();
  manifest_ = options_.manifest.empty() ? TestManifest(options_) : options_.manifest;
  for (std::uint64_t i = 0; i < options_.earlier_entries; ++i) {
    leaves_.push_back(LeafHash(EarlierLeaf(i)));
  }
}

std::string EvidenceMaker::SiteId(int site) {
  return "https://farm.example/site/" + std::to_string(site);
}

const PrivateKey& EvidenceMaker::Key(const std::string& party) const {
  const auto key = keys_.find(party);
  CHECK(key != keys_.end());
  return key->second;
}

void EvidenceMaker::MakeKeys() {
  const auto make = [&](const std::string& name, KeyKind kind) {
    keys_.emplace(name, PrivateKey::Generate(kind));
  };
  for (const char* name : {"root", "log-ecdsa", "tsa", "tsa-root", "transparency", "signer",
                           "coordinator", "requester"}) {
    make(name, KeyKind::kP256);
  }
  make("log", KeyKind::kEd25519);
  for (int i = 0; i < options_.sites; ++i) {
    make("site-" + std::to_string(i), KeyKind::kP256);
    make("ca-" + OperatorId(i), KeyKind::kP256);
  }
  for (int i = 0; i < options_.auditors; ++i) make(AuditorId(i), KeyKind::kP256);
  for (int i = 0; i < options_.monitors; ++i) make(MonitorId(i), KeyKind::kP256);
  for (int i = 0; i < options_.certifiers; ++i) make(CertifierId(i), KeyKind::kP256);
  for (int i = 0; i < options_.replayers; ++i) make(ReplayerId(i), KeyKind::kP256);
  for (int i = 0; i < options_.witnesses; ++i) {
    make("witness-" + std::to_string(i), KeyKind::kEd25519);
  }
}

void EvidenceMaker::MakeRoot() {
  const UnixSeconds start = options_.start;
  const ValidFor always{start - kYear, start + options_.years * kYear};
  root_.created = start;
  root_.expires = start + kYear;
  if (options_.development) root_.development = Development{};
  root_.root_keys = {Key("root").public_key()};
  for (int i = 0; i < options_.sites; ++i) {
    const std::string id = OperatorId(i);
    const Certificate authority =
        IssueAuthority(Key("ca-" + id), id, id + " CA", start - kYear, options_.years * kYear);
    authorities_.emplace(id, authority);
    Operator owner{id, "Operator " + std::to_string(i), {{{authority}, always}}, always, {}};
    owner.parties.push_back({SiteId(i), "site", Country(i)});
    if (i == 0) {
      owner.parties.push_back({UriOf("signer"), "signer", ""});
      owner.parties.push_back({UriOf("coordinator"), "coordinator", ""});
    }
    root_.operators.push_back(std::move(owner));
  }
  for (int i = 0; i < options_.auditors; ++i) {
    root_.auditors.push_back({AuditorId(i), "Auditor", Key(AuditorId(i)).public_key(), always});
  }
  for (int i = 0; i < options_.monitors; ++i) {
    root_.monitors.push_back({MonitorId(i), "Monitor", Key(MonitorId(i)).public_key(), always});
  }
  for (int i = 0; i < options_.certifiers; ++i) {
    root_.certifiers.push_back(
        {CertifierId(i), "Certifier", Key(CertifierId(i)).public_key(), always});
  }
  root_.requesters.push_back({"requester", "Requester", Key("requester").public_key(), always});
  root_.logs.push_back({Log(), Key("log").public_key(), Key("log-ecdsa").public_key(), always});
  for (int i = 0; i < options_.witnesses; ++i) {
    root_.witnesses.push_back({options_.witness_prefix + std::to_string(i), OperatorId(i),
                               Key("witness-" + std::to_string(i)).public_key(), always});
  }
  const Certificate tsa_root =
      IssueAuthority(Key("tsa-root"), options_.stamps, options_.stamps + " CA", start - kYear,
                     options_.years * kYear);
  const Certificate tsa_leaf =
      IssueTimestampLeaf(Key("tsa-root"), tsa_root, Key("tsa").public_key(), options_.stamps,
                         start - kYear, options_.years * kYear);
  tsa_.emplace("root", tsa_root);
  tsa_.emplace("leaf", tsa_leaf);
  if (options_.foreign_timestamps) foreign_tsa_.emplace(start - kYear, options_.years * kYear);
  root_.timestamp_authorities.push_back(
      {options_.stamps, foreign_tsa_ ? foreign_tsa_->chain() : std::vector{tsa_leaf, tsa_root},
       always});
  root_.transparency_keys = {Key("transparency").public_key()};
}

std::string EvidenceMaker::RootBytes() const { return WriteTrustRoot(root_, {Key("root")}); }

Policy EvidenceMaker::policy() const {
  Policy policy;
  policy.sites = options_.sites;
  policy.operators = options_.sites;
  policy.countries = options_.sites;
  policy.auditors = options_.auditors;
  policy.witnesses = options_.witnesses;
  for (int i = 0; i < options_.replayers; ++i) {
    policy.replayers.push_back({ReplayerId(i), Key(ReplayerId(i)).public_key()});
  }
  return policy;
}

LineDraft EvidenceMaker::Draft(const Statement& statement, const std::string& party,
                               UnixSeconds token) const {
  LineDraft draft;
  draft.statement = statement;
  draft.party = party;
  draft.authority = OperatorOf(party);
  draft.uri = UriOf(party);
  draft.leaf_start = token - 3600;
  draft.token = token;
  draft.witnessed = token + 10;
  for (int i = 0; i < options_.witnesses; ++i) draft.witnesses.push_back(i);
  return draft;
}

Bundle EvidenceMaker::Sign(const LineDraft& draft) const {
  const PrivateKey& key = Key(draft.party);
  Bundle line;
  line.envelope.payload_type = kInTotoPayloadType;
  line.envelope.payload = draft.payload.empty() ? WriteStatement(draft.statement) : draft.payload;
  line.envelope.key_id = key.public_key().KeyId();
  line.envelope.signature = key.Sign(line.envelope.PaeBytes());
  if (draft.authority.empty()) {
    line.public_key = key.public_key();
    return line;
  }
  line.certificate = IssueSigningLeaf(
      Key("ca-" + draft.authority), authorities_.at(draft.authority), Key("transparency"),
      SigningLeafRequest{.key = key.public_key(),
                         .organization = draft.authority,
                         .common_name = draft.party,
                         .uri = draft.uri,
                         .issuer_extension = "https://" + draft.authority + ".example",
                         .not_before = draft.leaf_start});
  return line;
}

void EvidenceMaker::Stamp(Bundle& line, UnixSeconds time) const {
  if (foreign_tsa_) {
    line.timestamp = foreign_tsa_->Stamp(line.envelope.signature, time);
    return;
  }
  auto token = AnswerTimestampRequest(MakeTimestampRequest(line.envelope.signature), Key("tsa"),
                                      tsa_.at("leaf"), tsa_.at("root"), time);
  CHECK(token.has_value());
  line.timestamp = *std::move(token);
}

std::string EvidenceMaker::CheckpointNote(std::uint64_t size, const LineDraft& draft) const {
  Note note;
  note.text = CheckpointText({Log(), size, TreeRoot(size)});
  note.signatures.push_back(SignNote(note.text, Log(), Key("log")));
  note.signatures.push_back(SignNote(note.text, Log(), Key("log-ecdsa")));
  for (const int witness : draft.witnesses) {
    const auto exception = draft.witnessed_by.find(witness);
    const UnixSeconds time =
        exception == draft.witnessed_by.end() ? draft.witnessed : exception->second;
    note.signatures.push_back(Cosign(note.text, options_.witness_prefix + std::to_string(witness),
                                     Key("witness-" + std::to_string(witness)), time));
  }
  return WriteNote(note);
}

void EvidenceMaker::Enter(Bundle& line, const LineDraft& draft) {
  EnterAs(CanonicalizedBody(line.envelope, line.certificate, line.key()), line, draft);
}

void EvidenceMaker::EnterAs(const std::string& leaf, Bundle& line, const LineDraft& draft) {
  LogEntry entry;
  entry.canonicalized_body = leaf;
  leaves_.push_back(LeafHash(entry.canonicalized_body));
  entry.index = leaves_.size() - 1;
  entered_[entry.index] = {leaf, line.envelope.PaeBytes()};
  entry.tree_size = leaves_.size();
  entry.root = TreeRoot(entry.tree_size);
  entry.hashes = InclusionProof(entry.index, entry.tree_size);
  entry.checkpoint = CheckpointNote(entry.tree_size, draft);
  entry.log_id = NoteKeyIdFull(Log(), Key("log").public_key());
  line.log_entry = std::move(entry);
}

Bundle EvidenceMaker::MakeLine(const LineDraft& draft) {
  Bundle line = Sign(draft);
  if (draft.stamped) Stamp(line, draft.token);
  if (draft.logged) Enter(line, draft);
  return line;
}

void EvidenceMaker::AddConsistency(std::vector<Bundle>& lines) const {
  if (lines.empty() || !lines.front().log_entry) return;
  LogEntry& release = *lines.front().log_entry;
  auto note = ParseNote(release.checkpoint);
  CHECK(note.has_value());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!lines[i].log_entry || lines[i].log_entry->tree_size >= release.tree_size) continue;
    const std::uint64_t old_size = lines[i].log_entry->tree_size;
    note->signatures.push_back(
        ConsistencyLine({old_size, ConsistencyProof(old_size, release.tree_size)}));
  }
  release.checkpoint = WriteNote(*note);
}

void EvidenceMaker::Turn(const std::string& version,
                         const std::vector<std::pair<std::string, std::string>>& artifacts) {
  options_.version = version;
  options_.artifacts = artifacts;
  manifest_ = TestManifest(options_);
}

MadeRelease EvidenceMaker::Make() {
  return Make([](LineDraft&) {});
}

MadeRelease EvidenceMaker::Make(const DraftHook& hook) {
  const UnixSeconds start = options_.start;
  const auto view = ViewManifest(manifest_);
  CHECK(view.has_value());
  const Digest manifest = view->digest;
  std::vector<Artifact> outputs;
  for (const auto& [name, bytes] : options_.artifacts) {
    outputs.push_back({name, Sha256(bytes), bytes.size(), "0644"});
  }
  const auto line_of = [&](const Statement& statement, const std::string& party,
                           UnixSeconds token) {
    LineDraft draft = Draft(statement, party, token);
    hook(draft);
    return MakeLine(draft);
  };

  const Bundle request =
      line_of(Request{manifest, options_.product, options_.version, "requester", start},
              "requester", start);
  std::vector<Bundle> approvals;
  for (int i = 0; i < options_.auditors; ++i) {
    Approval approval{manifest,     options_.product, options_.version, view->sources,
                      AuditorId(i), "tree",           start + 100};
    approvals.push_back(line_of(approval, AuditorId(i), start + 100));
  }
  for (const Approval& earlier : options_.earlier_approvals) {
    approvals.push_back(line_of(earlier, earlier.auditor, start + 100));
  }
  Intent intent;
  intent.request = request.PaeDigest();
  intent.manifest = manifest;
  intent.product = options_.product;
  intent.version = options_.version;
  for (int i = 0; i < options_.sites; ++i) intent.sites.push_back(SiteId(i));
  intent.nonce = "00112233445566778899aabbccddeeff";
  intent.created = start + 200;
  const Bundle intent_line = line_of(intent, "coordinator", start + 200);

  std::vector<Bundle> records;
  for (int i = 0; i < options_.sites; ++i) {
    Record record;
    record.builder = SiteId(i);
    record.intent = intent_line.PaeDigest();
    record.manifest = manifest;
    record.plan = Fixed("plan");
    record.lock = view->lock;
    record.root_tar = Fixed("root.tar");
    record.image = Fixed("image");
    record.result = BuildResult::kSucceeded;
    record.outputs = outputs;
    record.trace = {{"build", Fixed("action"), 0, outputs, 1234}};
    record.sources = view->sources;
    record.sandbox = {{"profile", "build"}, {"rootBackend", "erofs"}};
    record.programs = {{"farm-sandbox", Fixed("farm-sandbox")}};
    record.started = start + 220;
    record.finished = start + 290;
    records.push_back(line_of(record, "site-" + std::to_string(i), start + 300));
  }

  Release release;
  release.artifacts = outputs;
  release.manifest = manifest_;
  release.request = request.PaeDigest();
  release.intent = intent_line.PaeDigest();
  for (const Bundle& record : records) release.records.push_back(record.PaeDigest());
  for (const Bundle& approval : approvals) release.approvals.push_back(approval.PaeDigest());
  release.signer = UriOf("signer");
  release.created = start + 400;
  MadeRelease made;
  made.artifacts = options_.artifacts;
  made.lines = {line_of(release, "signer", start + 400), request, intent_line};
  made.lines.insert(made.lines.end(), records.begin(), records.end());
  made.lines.insert(made.lines.end(), approvals.begin(), approvals.end());
  AddConsistency(made.lines);
  return made;
}

FarmStatus EvidenceMaker::Status(UnixSeconds issued) const {
  FarmStatus status;
  status.monitor = MonitorId(0);
  status.issued = issued;
  status.next_update = issued + 3600;
  status.root_version = root_.version;
  const LineDraft draft = Draft(status, status.monitor, issued - 10);
  status.logs = {{CheckpointNote(leaves_.size(), draft), Head()}};
  return status;
}

Bundle EvidenceMaker::StatusLine(const FarmStatus& status) const {
  Bundle line = Sign(Draft(status, status.monitor, status.issued));
  Stamp(line, status.issued);
  return line;
}

SiteLocation EvidenceMaker::Location(int site) const {
  SiteLocation location;
  location.builder = SiteId(site);
  location.operator_id = OperatorId(site);
  location.country = Country(site);
  location.start = options_.start - 24 * 3600;
  location.end = options_.start + kYear;
  location.certifier = CertifierId(0);
  location.created = options_.start;
  return location;
}

VerdictInput EvidenceMaker::Input(const MadeRelease& made) const {
  VerdictInput input;
  const auto& [name, bytes] = made.artifacts.front();
  input.file_name = name;
  input.file_digest = Sha256(bytes);
  input.file_size = bytes.size();
  input.lines = made.lines;
  input.root = root_;
  input.policy = policy();
  input.at = options_.start + 4000;
  input.allow_development_root = options_.development;
  return input;
}

Checkpoint EvidenceMaker::Head() const { return {Log(), leaves_.size(), TreeRoot(leaves_.size())}; }

EvidenceMaker::LogLine EvidenceMaker::EntryAt(std::uint64_t index) const {
  CHECK(index < leaves_.size());
  const auto entered = entered_.find(index);
  return entered != entered_.end() ? entered->second : LogLine{EarlierLeaf(index), ""};
}

void EvidenceMaker::Renew(const Renewal& renewal) {
  ++root_.version;
  const ValidFor from_then{renewal.at, renewal.at + options_.years * kYear};
  const std::string id = OperatorId(renewal.operator_number);
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority =
      IssueAuthority(key, id, id + " next CA", renewal.at, options_.years * kYear);
  keys_.insert_or_assign("ca-" + id, key);
  authorities_.insert_or_assign(id, authority);
  auto& authorities =
      root_.operators[static_cast<std::size_t>(renewal.operator_number)].authorities;
  authorities.back().valid_for.end = renewal.at;
  authorities.push_back({{authority}, from_then});
  const std::string auditor = AuditorId(renewal.auditor);
  keys_.insert_or_assign(auditor, PrivateKey::Generate(KeyKind::kP256));
  root_.auditors[static_cast<std::size_t>(renewal.auditor)].valid_for.end = renewal.at - 1;
  root_.auditors.push_back({auditor, "Auditor", Key(auditor).public_key(), from_then});
}

void EvidenceMaker::Rewind(std::uint64_t size) {
  leaves_.resize(size);
  entered_.erase(entered_.lower_bound(size), entered_.end());
  subtree_roots_.clear();
}

void EvidenceMaker::GoOnAfter(const LogEnd& end) {
  ++root_.version;
  root_.logs.back().end = end;
  keys_.insert_or_assign("log", PrivateKey::Generate(KeyKind::kEd25519));
  keys_.insert_or_assign("log-ecdsa", PrivateKey::Generate(KeyKind::kP256));
  options_.log = end.successor;
  root_.logs.push_back(
      {Log(), Key("log").public_key(), Key("log-ecdsa").public_key(), root_.logs.back().valid_for});
  Rewind(0);
}

// RFC 9162 section 2.1.1, recursive as it is written there: a second opinion to merkle.cc.
Digest EvidenceMaker::SubtreeRoot(std::uint64_t begin, std::uint64_t end) const {
  if (begin == end) return EmptyTreeRoot();
  if (end - begin == 1) return leaves_[begin];
  // A complete subtree stays as it is until the log is rewound.
  const std::uint64_t size = end - begin;
  const bool remembered = size >= kRememberedLeaves && (size & (size - 1)) == 0;
  if (remembered) {
    const auto known = subtree_roots_.find({begin, end});
    if (known != subtree_roots_.end()) return known->second;
  }
  const std::uint64_t split = begin + LargestPowerBelow(size);
  const Digest root = NodeHash(SubtreeRoot(begin, split), SubtreeRoot(split, end));
  if (remembered) subtree_roots_.emplace(std::pair{begin, end}, root);
  return root;
}

Digest EvidenceMaker::TreeRoot(std::uint64_t size) const { return SubtreeRoot(0, size); }

// RFC 9162 section 2.1.3.1.
std::vector<Digest> EvidenceMaker::InclusionProof(std::uint64_t index, std::uint64_t size) const {
  std::vector<Digest> from_root;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t split = begin + LargestPowerBelow(end - begin);
    if (index < split) {
      from_root.push_back(SubtreeRoot(split, end));
      end = split;
    } else {
      from_root.push_back(SubtreeRoot(begin, split));
      begin = split;
    }
  }
  std::reverse(from_root.begin(), from_root.end());
  return from_root;
}

// RFC 9162 section 2.1.4.1.
std::vector<Digest> EvidenceMaker::ConsistencyProof(std::uint64_t old_size,
                                                    std::uint64_t new_size) const {
  std::vector<Digest> from_root;
  if (old_size == 0 || old_size == new_size) return from_root;
  std::uint64_t begin = 0;
  std::uint64_t end = new_size;
  bool whole = true;  // the old tree is exactly [0, end) of what is left
  while (end - begin > 1 && !(old_size == end)) {
    const std::uint64_t split = begin + LargestPowerBelow(end - begin);
    if (old_size <= split) {
      from_root.push_back(SubtreeRoot(split, end));
      end = split;
    } else {
      from_root.push_back(SubtreeRoot(begin, split));
      begin = split;
      whole = false;
    }
  }
  if (!whole) from_root.push_back(SubtreeRoot(begin, end));
  std::reverse(from_root.begin(), from_root.end());
  return from_root;
}

}  // namespace farm
