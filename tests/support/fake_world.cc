#include "tests/support/fake_world.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/merkle.h"
#include "farm/manifest/manifest.h"
#include "farm/toolchain/lock.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr std::string_view kOrigin = "log.example";
constexpr std::int64_t kYear = 366LL * 24 * 3600;
constexpr std::int64_t kLeafSeconds = 24 * 3600;
constexpr std::string_view kArtifactText[] = {"the program\n", "the library\n"};
constexpr std::string_view kArtifactName[] = {"greet", "libgreet.a"};

// RFC 6962 section 2.1, word by word.
std::uint64_t Split2(std::uint64_t size) {
  std::uint64_t k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}
Digest Root(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
  if (begin == end) return EmptyTreeRoot();
  if (end - begin == 1) return leaves[begin];
  const std::size_t k = begin + Split2(end - begin);
  return NodeHash(Root(leaves, begin, k), Root(leaves, k, end));
}
void Path(const std::vector<Digest>& leaves, std::size_t index, std::size_t begin, std::size_t end,
          std::vector<Digest>& out) {
  if (end - begin == 1) return;
  const std::size_t k = begin + Split2(end - begin);
  if (index < k) {
    Path(leaves, index, begin, k, out);
    out.push_back(Root(leaves, k, end));
  } else {
    Path(leaves, index, k, end, out);
    out.push_back(Root(leaves, begin, k));
  }
}
void SubProof(const std::vector<Digest>& leaves, std::size_t m, std::size_t begin, std::size_t end,
              bool whole, std::vector<Digest>& out) {
  if (m == end - begin) {
    if (!whole) out.push_back(Root(leaves, begin, end));
    return;
  }
  const std::size_t k = Split2(end - begin);
  if (m <= k) {
    SubProof(leaves, m, begin, begin + k, whole, out);
    out.push_back(Root(leaves, begin + k, end));
  } else {
    SubProof(leaves, m - k, begin + k, end, false, out);
    out.push_back(Root(leaves, begin, begin + k));
  }
}
std::vector<Digest> Hashes(const std::vector<std::string>& leaves) {
  std::vector<Digest> hashes;
  for (const std::string& leaf : leaves) hashes.push_back(LeafHash(leaf));
  return hashes;
}

Envelope Sealed(const Statement& statement, const PrivateKey& key) {
  Envelope envelope;
  envelope.payload_type = kInTotoPayloadType;
  envelope.payload = WriteStatement(statement);
  envelope.key_id = key.public_key().KeyId();
  envelope.signature = key.Sign(envelope.PaeBytes());
  return envelope;
}

}  // namespace

std::string FakeWorld::SiteId(int number) {
  return "https://farm.example/sites/x" + std::string(1, static_cast<char>('a' + number));
}

FakeWorld::Party FakeWorld::MakeParty(const std::string& operator_id, const std::string& id,
                                      const std::string& role, const std::string& country) {
  const UnixSeconds now = clock.Now();
  const PrivateKey authority_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority =
      IssueAuthority(authority_key, operator_id, operator_id + " CA", now, kYear);
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  Operator owner;
  owner.id = operator_id;
  owner.name = operator_id;
  owner.valid_for.start = now - 60;
  owner.authorities = {{{authority}, owner.valid_for}};
  owner.parties = {CertifiedParty{id, role, country}};
  rules_.root.operators.push_back(std::move(owner));
  return Party{id, operator_id, role, authority_key, authority, key};
}

FakeWorld::FakeWorld()
    : transparency_key_(PrivateKey::Generate(KeyKind::kP256)),
      requester_key_(PrivateKey::Generate(KeyKind::kP256)),
      log_key_(PrivateKey::Generate(KeyKind::kEd25519)),
      log_ecdsa_key_(PrivateKey::Generate(KeyKind::kP256)),
      tsa_key_(PrivateKey::Generate(KeyKind::kP256)) {
  const UnixSeconds now = clock.Now();
  const ValidFor valid{now - 60, {}};
  TrustRoot& root = rules_.root;
  root.created = now;
  root.expires = now + kYear;
  root.development = Development{1, 1};
  for (int i = 0; i < 3; ++i) {
    sites_.emplace(SiteId(i),
                   MakeParty("dev-" + std::string(1, static_cast<char>('a' + i)), SiteId(i), "site",
                             "X" + std::string(1, static_cast<char>('A' + i))));
    rules_.sites.push_back(SiteId(i));
  }
  signer_ = MakeParty("dev-signer", "https://farm.example/parties/signer", "signer", "");
  coordinator_ =
      MakeParty("dev-coordinator", "https://farm.example/parties/farmd", "coordinator", "");
  root.requesters.push_back({"requester-1", "R", requester_key_.public_key(), valid});
  for (int i = 0; i < 3; ++i) {
    auditor_keys_.push_back(PrivateKey::Generate(KeyKind::kP256));
    root.auditors.push_back(
        {"auditor-" + std::to_string(i + 1), "A", auditor_keys_.back().public_key(), valid});
  }
  for (int i = 0; i < 2; ++i) {
    witness_keys_.push_back(PrivateKey::Generate(KeyKind::kEd25519));
    root.witnesses.push_back({"witness-" + std::to_string(i + 1), "dev-w" + std::to_string(i),
                              witness_keys_.back().public_key(), valid});
  }
  root.logs.push_back(
      {std::string(kOrigin), log_key_.public_key(), log_ecdsa_key_.public_key(), valid});
  const PrivateKey tsa_authority_key = PrivateKey::Generate(KeyKind::kP256);
  tsa_authority_ = IssueAuthority(tsa_authority_key, "TSA", "TSA root", now, kYear);
  tsa_ = IssueTimestampLeaf(tsa_authority_key, *tsa_authority_, tsa_key_.public_key(), "TSA", now,
                            kYear);
  root.timestamp_authorities.push_back({"timestamp", {*tsa_, *tsa_authority_}, valid});
  root.transparency_keys = {transparency_key_.public_key()};
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kP256);
  root.root_keys = {root_key.public_key()};
  rules_.root_bytes = WriteTrustRoot(root, {root_key});
  auto parsed = ParseTrustRoot(rules_.root_bytes, "test root");
  if (!parsed) std::fprintf(stderr, "test root: %s\n", parsed.error().message.c_str());
  CHECK(parsed);
  rules_.root = *std::move(parsed);
}

Submission FakeWorld::MakeSubmission(const std::string& version, std::int64_t revision,
                                     BlobStore& store) {
  const std::string source_bytes = "source of " + version;
  const std::string package_bytes = "a package";
  CHECK(store.PutBytes(source_bytes));
  CHECK(store.PutBytes(package_bytes));
  Lock lock;
  lock.requested = {"amd64", 1'700'000'000, true, {"gcc"}, "", {"bookworm"}};
  lock.packages = {{"gcc", "12.2.0", "amd64", Sha256(package_bytes),
                    static_cast<std::int64_t>(package_bytes.size()), "pool/main/g/gcc.deb"}};
  lock.root_tar = Sha256("tar");
  lock.image = Sha256("image");
  lock.image_size = 4096;
  Submission submission;
  submission.lock = CanonicalLockJson(lock);

  Manifest manifest;
  manifest.product = "greeting";
  manifest.version = version;
  manifest.revision = revision;
  manifest.source_date_epoch = 1'700'000'000;
  manifest.toolchain = "cc";
  manifest.lock = Sha256(submission.lock);
  manifest.sources = {{"greeting",
                       std::string(64, 'a'),
                       {{"greeting.tar", Sha256(source_bytes), source_bytes.size()}},
                       DirectoryOrigin{"source"}}};
  Step step;
  step.name = "build";
  step.inputs = {{"src", "greeting", "", ""}};
  step.argv = {"/usr/bin/make"};
  step.directory = "src";
  step.outputs = {"src/greet", "src/libgreet.a"};
  manifest.steps = {step};
  manifest.artifacts = {{"greet", "build", "src/greet"}, {"libgreet.a", "build", "src/libgreet.a"}};
  submission.manifest = CanonicalManifest(manifest);

  Request request;
  request.manifest = Sha256(submission.manifest);
  request.product = manifest.product;
  request.version = version;
  request.requester = "requester-1";
  request.created = clock.Now();
  submission.request_line = WriteBundleLine(SignByPerson(requester_key_, request));
  return submission;
}

std::string FakeWorld::MakeApprovalBy(const std::string& manifest, const PrivateKey& key,
                                      const std::string& id) const {
  const auto view = ViewManifest(manifest);
  CHECK(view);
  Approval approval;
  approval.manifest = view->digest;
  approval.product = view->product;
  approval.version = view->version;
  approval.sources = view->sources;
  approval.auditor = id;
  approval.scope = "tree";
  approval.created = clock.Now();
  return WriteBundleLine(SignByPerson(key, approval));
}

std::string FakeWorld::MakeApproval(const std::string& manifest, int auditor) const {
  return MakeApprovalBy(manifest, auditor_keys_.at(static_cast<std::size_t>(auditor)),
                        "auditor-" + std::to_string(auditor + 1));
}

std::string FakeWorld::MakeApprovalSince(const std::string& manifest, int auditor,
                                         const Digest& base) const {
  const auto line = ParseBundleLine(MakeApproval(manifest, auditor), "approval");
  CHECK(line);
  auto approval = ParseStatementAs<Approval>(line->envelope.payload, "approval");
  CHECK(approval);
  approval->scope = kScopeDiff;
  approval->base = base;
  return WriteBundleLine(SignByPerson(auditor_key(auditor), *approval));
}

Bundle FakeWorld::SignBy(const Party& party, const Statement& statement) const {
  Bundle bundle;
  bundle.envelope = Sealed(statement, party.key);
  bundle.certificate = IssueSigningLeaf(
      party.authority_key, party.authority, transparency_key_,
      SigningLeafRequest{party.key.public_key(), party.operator_id, party.role, party.id,
                         "https://farm.example", clock.Now() - 60, kLeafSeconds});
  return bundle;
}

Bundle FakeWorld::SignByPerson(const PrivateKey& key, const Statement& statement) const {
  Bundle bundle;
  bundle.envelope = Sealed(statement, key);
  bundle.public_key = key.public_key();
  return bundle;
}

Bundle FakeWorld::StampIt(const Bundle& bundle) const {
  Bundle stamped = bundle;
  if (stamped.timestamp) return stamped;
  auto token = AnswerTimestampRequest(MakeTimestampRequest(bundle.envelope.signature), tsa_key_,
                                      *tsa_, *tsa_authority_, clock.Now() + token_ahead);
  CHECK(token);
  stamped.timestamp = *std::move(token);
  return stamped;
}

std::string FakeWorld::HeadLocked(std::uint64_t size, const Digest& root) {
  std::string& head = heads_[{size, cosigners, cosigned_ahead}];
  if (!head.empty()) return head;
  Note note;
  note.text = CheckpointText({std::string(kOrigin), size, root});
  note.signatures = {SignNote(note.text, kOrigin, log_key_),
                     SignNote(note.text, kOrigin, log_ecdsa_key_)};
  for (std::size_t i = 0; i < std::min(cosigners, witness_keys_.size()); ++i) {
    note.signatures.push_back(Cosign(note.text, "witness-" + std::to_string(i + 1),
                                     witness_keys_[i], clock.Now() + cosigned_ahead));
  }
  head = WriteNote(note);
  return head;
}

Bundle FakeWorld::AppendLocked(const Bundle& bundle) {
  const std::string leaf = CanonicalizedBody(bundle.envelope, bundle.certificate, bundle.key());
  CHECK(bundle.timestamp);
  const auto [place, fresh] = by_leaf_.emplace(leaf, leaves_.size());
  if (fresh) {
    leaves_.push_back(leaf);
    payloads_[bundle.PaeDigest()] = bundle.envelope.PaeBytes();
  }
  const std::vector<Digest> hashes = Hashes(leaves_);
  LogEntry entry;
  entry.index = place->second;
  entry.tree_size = leaves_.size();
  entry.root = Root(hashes, 0, hashes.size());
  Path(hashes, entry.index, 0, hashes.size(), entry.hashes);
  entry.checkpoint = HeadLocked(entry.tree_size, entry.root);
  entry.canonicalized_body = leaf;
  entry.log_id = NoteKeyIdFull(kOrigin, log_key_.public_key());
  Bundle logged = bundle;
  logged.log_entry = std::move(entry);
  return logged;
}

int FakeWorld::Logged(const std::string& kind) const {
  MutexLock lock(mutex_);
  int count = 0;
  for (const auto& [digest, pae] : payloads_) {
    const auto parts = ParsePae(pae);
    const auto statement = ParseStatement(parts->payload, "payload");
    count += statement && KindName(*statement) == kind ? 1 : 0;
  }
  return count;
}

Result<Bundle> FakeWorld::Sign(const Statement& statement) {
  RETURN_IF_ERROR(Pass("sign"));
  Bundle bundle = SignBy(*coordinator_, statement);
  RETURN_IF_ERROR(Pass("sign done"));
  return bundle;
}

Result<Bundle> FakeWorld::Stamp(const Bundle& bundle) {
  RETURN_IF_ERROR(Pass("stamp"));
  Bundle stamped = StampIt(bundle);
  RETURN_IF_ERROR(Pass("stamp done"));
  return stamped;
}

Result<Bundle> FakeWorld::Append(const Bundle& bundle, std::uint64_t) {
  RETURN_IF_ERROR(Pass("append"));
  RETURN_IF_ERROR(CheckLoggable(bundle, "bundle"));
  RETURN_IF_ERROR(ParseStatement(bundle.envelope.payload, "bundle"));
  Result<Bundle> logged = [&] {
    MutexLock lock(mutex_);
    return AppendLocked(bundle);
  }();
  RETURN_IF_ERROR(Pass("append done"));
  return logged;
}

Result<Bundle> FakeWorld::AddConsistency(const Bundle& release, const std::vector<Bundle>& lines) {
  RETURN_IF_ERROR(Pass("consistency"));
  Bundle proved = release;
  ASSIGN_OR_RETURN(Note note, ParseNote(proved.log_entry->checkpoint));
  std::vector<std::string> leaves(
      leaves_.begin(), leaves_.begin() + static_cast<std::ptrdiff_t>(proved.log_entry->tree_size));
  const std::vector<Digest> hashes = Hashes(leaves);
  std::set<std::uint64_t> sizes;
  for (const Bundle& line : lines) sizes.insert(line.log_entry->tree_size);
  for (const std::uint64_t size : sizes) {
    ConsistencyProof proof;
    proof.old_size = size;
    SubProof(hashes, size, 0, hashes.size(), true, proof.hashes);
    note.signatures.push_back(ConsistencyLine(proof));
  }
  proved.log_entry->checkpoint = WriteNote(note);
  return proved;
}

Result<NewLeaves> FakeWorld::ReadNew() {
  RETURN_IF_ERROR(Pass("read log"));
  MutexLock lock(mutex_);
  std::vector<LoggedLeaf> leaves;
  for (; read_ < leaves_.size() && leaves.size() < leaves_at_once; ++read_) {
    ASSIGN_OR_RETURN(LeafFacts facts, ParseCanonicalizedBody(leaves_[read_]));
    const std::string pae = payloads_.at(facts.pae_digest);
    leaves.push_back({read_, std::move(facts), [pae]() -> Result<std::string> { return pae; }});
  }
  return NewLeaves{std::move(leaves), read_ < leaves_.size()};
}

Record FakeWorld::MakeRecord(const Party& party, SiteMood mood, const std::string& manifest,
                             const Digest& intent) const {
  const auto view = ViewManifest(manifest);
  CHECK(view);
  Record record;
  record.builder = party.id;
  record.intent = intent;
  record.manifest = view->digest;
  record.plan = Sha256("plan");
  record.lock = view->lock;
  record.root_tar = Sha256("tar");
  record.image = Sha256("image");
  record.started = record.finished = clock.Now();
  record.limits_observed = true;
  record.programs = {{"farm-site", Sha256("farm-site")}};
  if (mood == SiteMood::kFails) {
    record.result = BuildResult::kFailed;
    record.trace = {{"build", Sha256("action"), 2, {}, 10}};
    return record;
  }
  record.result = BuildResult::kSucceeded;
  for (int i = 0; i < 2; ++i) {
    std::string text(kArtifactText[i]);
    if (i == 1 && mood == SiteMood::kLies) text[0] ^= 1;
    record.outputs.push_back({std::string(kArtifactName[i]), Sha256(text), text.size(), "0644"});
  }
  return record;
}

Result<Bundle> FakeWorld::Build(const std::string& site, const BuildOrder& order,
                                const BuildWatch& watch) {
  const auto mood_of = moods.find(site);
  const SiteMood mood = mood_of == moods.end() ? SiteMood::kHonest : mood_of->second;
  RETURN_IF_ERROR(Pass("build"));
  if (mood == SiteMood::kDown) {
    return Error{ErrorCode::kUnavailable, "connection refused"};
  }
  if (mood == SiteMood::kRefuses) {
    return Error{ErrorCode::kMismatch, "its image differs", ExitCode::kInputMissing};
  }
  if (watch.on_progress) watch.on_progress({"action", 0, 1, "build"});
  if (watch.on_log) watch.on_log("cc greet.c\n");
  while (mood == SiteMood::kHangs) {
    if (watch.cancelled()) return Error{ErrorCode::kUnavailable, "cancelled"};
    std::this_thread::yield();
  }
  ASSIGN_OR_RETURN(const Bundle intent, ParseBundleLine(order.intent_line, "intent line"));
  Bundle logged;
  {
    MutexLock lock(mutex_);
    const std::string key = site + " " + intent.PaeDigest().Hex();
    const auto found = records_.find(key);
    if (found != records_.end()) {
      logged = found->second;
    } else {
      ++builds_;
      const std::string signer = mood == SiteMood::kAnswersForAnother ? SiteId(0) : site;
      logged = AppendLocked(
          StampIt(SignBy(sites_.at(signer),
                         MakeRecord(sites_.at(signer), mood, order.manifest, intent.PaeDigest()))));
      records_.emplace(key, logged);
    }
  }
  RETURN_IF_ERROR(Pass("build done"));
  return logged;
}

Status FakeWorld::Fetch(const std::string& site, const Digest& digest, BlobStore& to) {
  RETURN_IF_ERROR(Pass("fetch"));
  if (const auto mood = moods.find(site); mood != moods.end() && mood->second == SiteMood::kDown) {
    return Error{ErrorCode::kUnavailable, "connection refused"};
  }
  for (const std::string_view text : kArtifactText) {
    if (Sha256(text) == digest) RETURN_IF_ERROR(to.PutBytes(text));
  }
  return Pass("fetch done");
}

Result<Bundle> FakeWorld::Decide(const DecisionInput& input) {
  RETURN_IF_ERROR(Pass("decide"));
  std::vector<Record> records;
  std::vector<Digest> record_digests;
  for (const std::string& line : input.record_lines) {
    ASSIGN_OR_RETURN(const Bundle bundle, ParseBundleLine(line, "record line"));
    ASSIGN_OR_RETURN(Record record,
                     ParseStatementAs<Record>(bundle.envelope.payload, "record line"));
    records.push_back(std::move(record));
    record_digests.push_back(bundle.PaeDigest());
  }
  ASSIGN_OR_RETURN(const Bundle request, ParseBundleLine(input.request_line, "request line"));
  ASSIGN_OR_RETURN(const Bundle intent, ParseBundleLine(input.intent_line, "intent line"));
  ASSIGN_OR_RETURN(const ManifestView view, ViewManifest(input.manifest));
  const bool agree = std::ranges::all_of(
      records, [&](const Record& one) { return SameOutcome(one, records.front()); });
  Bundle answer;
  {
    MutexLock lock(mutex_);
    const auto found = answers_.find(intent.PaeDigest());
    if (found != answers_.end()) {
      answer = found->second;
      if (clock.Now() > answer.certificate->not_after()) {
        ASSIGN_OR_RETURN(const Statement statement,
                         ParseStatement(answer.envelope.payload, "answer"));
        answer = SignBy(*signer_, statement);
      }
    } else if (agree) {
      Release release;
      release.artifacts = records.front().outputs;
      release.manifest = input.manifest;
      release.request = request.PaeDigest();
      release.intent = intent.PaeDigest();
      release.records = record_digests;
      for (const std::string& line : input.approval_lines) {
        ASSIGN_OR_RETURN(const Bundle bundle, ParseBundleLine(line, "approval line"));
        release.approvals.push_back(bundle.PaeDigest());
      }
      std::ranges::sort(release.approvals);
      release.sequence = ++signed_releases_;
      release.signer = signer_->id;
      release.created = clock.Now();
      answer = SignBy(*signer_, release);
    } else {
      Dissent dissent;
      dissent.manifest = view.digest;
      dissent.product = view.product;
      dissent.version = view.version;
      dissent.intent = intent.PaeDigest();
      dissent.records = record_digests;
      dissent.summary = "libgreet.a differs";
      dissent.created = clock.Now();
      answer = SignBy(*signer_, dissent);
    }
    answers_.insert_or_assign(intent.PaeDigest(), answer);
  }
  RETURN_IF_ERROR(Pass("decide done"));
  return answer;
}

Status FakeWorld::WriteKit(const KitOrder& order, BlobStore&, const ByteSink& sink) {
  RETURN_IF_ERROR(Pass("kit"));
  RETURN_IF_ERROR(sink("kit of " + Sha256(order.bundle_file).Hex() + "\n"));
  return Pass("kit done");
}

}  // namespace farm
