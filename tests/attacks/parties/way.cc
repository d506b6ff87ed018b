#include "tests/attacks/parties/way.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "farm/client/log_client.h"
#include "farm/crypto/hash.h"
#include "farm/plan/plan.h"

namespace farm {
namespace {

// Seconds of the way.
constexpr UnixSeconds kAsked = 0;
constexpr UnixSeconds kApproved = 100;
constexpr UnixSeconds kAnnounced = 200;
constexpr UnixSeconds kBuilt = 300;
constexpr UnixSeconds kReleased = 400;
constexpr UnixSeconds kLoggedAfter = 10;

std::vector<Artifact> OutputsOf(const EvidenceMaker& maker) {
  std::vector<Artifact> outputs;
  for (const auto& [name, bytes] : maker.options().artifacts) {
    outputs.push_back({name, Sha256(bytes), bytes.size(), "0644"});
  }
  return outputs;
}

std::string PartyOf(const std::string& carrier_of, const Statement& statement) {
  return std::holds_alternative<Record>(statement) ? carrier_of : "coordinator";
}

// As the log gives it, without the lines of witnesses that were not asked.
void KeepWitnesses(Bundle& line, const LineDraft& draft, const TrustRoot& root) {
  auto note = ParseNote(line.log_entry->checkpoint);
  CHECK(note.has_value());
  for (std::size_t i = 0; i < root.witnesses.size(); ++i) {
    if (std::ranges::count(draft.witnesses, static_cast<int>(i)) > 0) continue;
    std::erase_if(note->signatures,
                  [&](const NoteSignature& one) { return one.name == root.witnesses[i].name; });
  }
  line.log_entry->checkpoint = WriteNote(*note);
}

std::optional<Stop> Stopped(const std::string& by, const Error& error) {
  return Stop{by, error.Exit(), error.message};
}

}  // namespace

Question Attempt::ToQuestion() const {
  Question question{manifest, WriteBundleLine(request), WriteBundleLine(intent), {}, {}};
  for (const Bundle& line : records) question.record_lines.push_back(WriteBundleLine(line));
  for (const Bundle& line : approvals) question.approval_lines.push_back(WriteBundleLine(line));
  return question;
}

BuildQuestion Attempt::ToBuildQuestion() const {
  BuildQuestion question;
  question.manifest = manifest;
  question.lock = BuildableLock();
  question.request_line = WriteBundleLine(request);
  question.intent_line = WriteBundleLine(intent);
  for (const Bundle& line : approvals) question.approval_lines.push_back(WriteBundleLine(line));
  question.epoch = 1;
  return question;
}

Way::Way(Parties& parties, Bend bend, const std::string& manifest)
    : parties_(parties), bend_(std::move(bend)), start_(parties.clock().Now()) {
  attempt_.manifest = manifest.empty() ? parties.maker().manifest() : manifest;
}

LineDraft Way::Drafted(const Statement& statement, const std::string& party, UnixSeconds at) const {
  LineDraft draft = parties_.maker().Draft(statement, party, start_ + at);
  bend_.draft(draft);
  return draft;
}

Way::Made Way::Carry(Bundle line, const LineDraft& draft, UnixSeconds at) {
  const std::string carrier = PartyOf(draft.party, draft.statement);
  const bool careful = !IsEvil(carrier);
  const bool after_intent = attempt_.intent.log_entry.has_value();
  parties_.clock().Set(start_ + at);
  if (draft.stamped) line = parties_.Stamp(std::move(line), draft.token);
  if (careful) {
    const TokenBounds bounds{start_ + at, start_ + at, after_intent ? &attempt_.intent : nullptr};
    Status token = CheckNewToken(line, bounds, parties_.root(), parties_.policy());
    if (!token) return {Stopped(carrier, token.error()), line};
  }
  parties_.clock().Set(start_ + at + kLoggedAfter);
  if (draft.logged) {
    std::vector<UnixSeconds> times;
    for (std::size_t i = 0; i < parties_.root().witnesses.size(); ++i) {
      const auto exception = draft.witnessed_by.find(static_cast<int>(i));
      times.push_back(exception == draft.witnessed_by.end() ? draft.witnessed : exception->second);
    }
    Result<Bundle> logged =
        IsEvil("log") ? parties_.AppendUnasked(line) : parties_.Append(line, times);
    if (!logged) return {Stopped("log", logged.error()), line};
    line = *std::move(logged);
    KeepWitnesses(line, draft, parties_.root());
  }
  if (careful) {
    Status entry = CheckNewEntry(line, parties_.clock().Now(), parties_.root(), parties_.policy());
    if (!entry) return {Stopped(carrier, entry.error()), line};
  }
  return {std::nullopt, std::move(line)};
}

Way::Made Way::Line(const Statement& statement, const std::string& party, UnixSeconds at) {
  const LineDraft draft = Drafted(statement, party, at);
  return Carry(parties_.maker().Sign(draft), draft, at);
}

std::optional<Stop> Way::Ask() {
  const auto manifest = ViewManifest(attempt_.manifest);
  CHECK(manifest.has_value());
  Made request =
      Line(Request{manifest->digest, manifest->product, manifest->version, "requester", start_},
           "requester", kAsked);
  if (request.stop) return request.stop;
  attempt_.request = std::move(request.line);
  for (int i = 0; i < parties_.maker().options().auditors; ++i) {
    const std::string auditor = "auditor-" + std::to_string(i);
    Made approval = Line(Approval{manifest->digest, manifest->product, manifest->version,
                                  manifest->sources, auditor, "tree", start_ + kApproved},
                         auditor, kApproved);
    if (approval.stop) return approval.stop;
    attempt_.approvals.push_back(std::move(approval.line));
  }
  return std::nullopt;
}

std::optional<Stop> Way::Announce(int number, const std::vector<Digest>& earlier) {
  const auto manifest = ViewManifest(attempt_.manifest);
  CHECK(manifest.has_value());
  Intent intent;
  intent.request = attempt_.request.PaeDigest();
  intent.manifest = manifest->digest;
  intent.product = manifest->product;
  intent.version = manifest->version;
  for (int i = 0; i < parties_.maker().options().sites; ++i) {
    intent.sites.push_back(EvidenceMaker::SiteId(i));
  }
  intent.attempt = number;
  intent.earlier = earlier;
  intent.nonce = "00112233445566778899aabbccddeef" + std::to_string(number);
  intent.created = start_ + kAnnounced;
  attempt_.records.clear();
  attempt_.intent = Bundle();
  Made made = Line(intent, "coordinator", kAnnounced);
  attempt_.intent = std::move(made.line);
  return made.stop;
}

Record Way::RecordOf(int site) const {
  const auto manifest = ViewManifest(attempt_.manifest);
  const auto parsed = ParseManifestJson(attempt_.manifest);
  CHECK(manifest && parsed);
  const auto plan = MakePlan(*parsed, manifest->digest, parsed->lock);
  CHECK(plan.has_value());
  Record record;
  record.builder = EvidenceMaker::SiteId(site);
  record.intent = attempt_.intent.PaeDigest();
  record.manifest = manifest->digest;
  record.plan = PlanDigest(*plan);
  record.lock = parsed->lock;
  record.root_tar = Sha256("root.tar");
  record.image = Sha256("image");
  record.result = BuildResult::kSucceeded;
  record.outputs = OutputsOf(parties_.maker());
  record.trace = {{"build", Sha256("action"), 0, record.outputs, 1234}};
  record.sources = manifest->sources;
  record.started = start_ + kAnnounced + 20;
  record.finished = start_ + kBuilt - 10;
  return record;
}

std::optional<Stop> Way::Build() {
  Attempt shown = attempt_;
  bend_.to_sites(shown);
  for (int i = 0; i < parties_.maker().options().sites; ++i) {
    const std::string site = "site-" + std::to_string(i);
    const LineDraft draft = Drafted(RecordOf(i), site, kBuilt);
    // Somebody else speaks in its place: then nobody asks it.
    const bool asked = draft.party == site;
    parties_.clock().Set(start_ + kAnnounced + 20);
    if (asked && !IsEvil(site)) {
      const auto admitted = parties_.Admit(shown.ToBuildQuestion(), i);
      if (!admitted) return Stopped(site, admitted.error());
    }
    Made made = Carry(parties_.maker().Sign(draft), draft, kBuilt);
    if (made.stop) return made.stop;
    attempt_.records.push_back(std::move(made.line));
  }
  return std::nullopt;
}

// What a signer signs who looks at nothing.
Release Way::ReleaseUnasked() const {
  Release release;
  release.artifacts = OutputsOf(parties_.maker());
  release.manifest = attempt_.manifest;
  release.request = attempt_.request.PaeDigest();
  release.intent = attempt_.intent.PaeDigest();
  for (const Bundle& record : attempt_.records) release.records.push_back(record.PaeDigest());
  for (const Bundle& approval : attempt_.approvals) {
    release.approvals.push_back(approval.PaeDigest());
  }
  release.signer = "https://farm.example/signer";
  release.created = start_ + kReleased;
  return release;
}

std::optional<Stop> Way::Decide() {
  parties_.clock().Set(start_ + kReleased);
  const LineDraft unasked = Drafted(ReleaseUnasked(), "signer", kReleased);
  // Who looks at nothing, or is not even the signer.
  if (IsEvil("signer") || unasked.party != "signer") {
    release_ = parties_.maker().Sign(unasked);
    return std::nullopt;
  }
  Attempt shown = attempt_;
  bend_.to_signer(shown);
  auto answer = parties_.gate().Decide(shown.ToQuestion(), 1);
  if (!answer) return Stopped("signer", answer.error());
  const auto statement = ParseStatement(answer->envelope.payload, "answer");
  CHECK(statement.has_value());
  release_ = *std::move(answer);
  if (const auto* dissent = std::get_if<Dissent>(&*statement)) {
    return Stop{"signer", ExitCode::kDissent, "dissent signed: " + dissent->summary};
  }
  return std::nullopt;
}

std::optional<Stop> Way::Publish() {
  const auto statement = ParseStatement(release_.envelope.payload, "release");
  CHECK(statement.has_value());
  const LineDraft draft = Drafted(*statement, "signer", kReleased);
  Made made = Carry(std::move(release_), draft, kReleased);
  release_ = std::move(made.line);
  if (made.stop) return made.stop;
  if (!release_.log_entry) return std::nullopt;
  std::vector<Bundle> others = {attempt_.request, attempt_.intent};
  for (const auto* lines : {&attempt_.records, &attempt_.approvals}) {
    others.insert(others.end(), lines->begin(), lines->end());
  }
  std::erase_if(others, [](const Bundle& line) { return !line.log_entry; });
  const auto reader = parties_.Reader();
  auto proved = AddConsistencyProofs(release_, others, *reader);
  if (!proved) return Stopped("coordinator", proved.error());
  release_ = *std::move(proved);
  return std::nullopt;
}

std::optional<Stop> Way::Prepare() {
  if (auto stop = Ask()) return stop;
  if (auto stop = Announce()) return stop;
  return Build();
}

std::optional<Stop> Way::Run() {
  if (auto stop = Prepare()) return stop;
  if (auto stop = Decide()) return stop;
  return Publish();
}

VerdictInput Way::Input() const {
  MadeRelease made;
  made.artifacts = parties_.maker().options().artifacts;
  made.lines = {release_, attempt_.request, attempt_.intent};
  for (const auto* lines : {&attempt_.records, &attempt_.approvals}) {
    made.lines.insert(made.lines.end(), lines->begin(), lines->end());
  }
  VerdictInput input = parties_.maker().Input(made);
  bend_.to_customer(input);
  return input;
}

}  // namespace farm
