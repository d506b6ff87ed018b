#include "farm/cli/bundle_view.h"

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kShownBytesMax = 8 << 10;    // of one value; 64 digests have 4.6 kB
constexpr std::size_t kCosignatureBytes = 8 + 64;  // time, Ed25519
constexpr std::size_t kLabelColumns = 12;

void ViewArtifacts(const std::vector<Artifact>& artifacts, LineView& view) {
  for (const Artifact& artifact : artifacts) {
    view.subjects.emplace_back(artifact.name, artifact.digest.Text());
  }
}

std::string Texts(const std::vector<Digest>& digests) {
  std::vector<std::string> texts;
  for (const Digest& digest : digests) texts.push_back(digest.Text());
  return Join(texts, " ");
}

void ViewProduct(const std::string& product, const std::string& version, LineView& view) {
  view.facts.emplace_back("product", product);
  view.facts.emplace_back("version", version);
}

void ViewStatement(const Request& request, LineView& view) {
  view.says = request.requester;
  view.created = request.created;
  view.subjects.emplace_back("manifest", request.manifest.Text());
  ViewProduct(request.product, request.version, view);
}

void ViewStatement(const Approval& approval, LineView& view) {
  view.says = approval.auditor;
  view.created = approval.created;
  view.subjects.emplace_back("manifest", approval.manifest.Text());
  for (const SourceTree& source : approval.sources) {
    view.subjects.emplace_back(source.name, "gitTree:" + source.tree);
  }
  ViewProduct(approval.product, approval.version, view);
  view.facts.emplace_back("scope", approval.scope);
}

void ViewStatement(const Intent& intent, LineView& view) {
  view.created = intent.created;
  view.subjects.emplace_back("manifest", intent.manifest.Text());
  ViewProduct(intent.product, intent.version, view);
  view.facts.emplace_back("request", intent.request.Text());
  view.facts.emplace_back("sites", Join(intent.sites, " "));
  view.facts.emplace_back("attempt", std::to_string(intent.attempt));
}

void ViewStatement(const Record& record, LineView& view) {
  view.says = record.builder;
  view.created = record.finished;
  if (record.outputs.empty()) view.subjects.emplace_back("manifest", record.manifest.Text());
  ViewArtifacts(record.outputs, view);
  view.facts.emplace_back("result",
                          record.result == BuildResult::kSucceeded ? "succeeded" : "failed");
  view.facts.emplace_back("limits", record.limits_observed ? "observed" : "kernel");
  view.facts.emplace_back("intent", record.intent.Text());
  view.facts.emplace_back("plan", record.plan.Text());
}

void ViewStatement(const Release& release, LineView& view) {
  view.says = release.signer;
  view.created = release.created;
  ViewArtifacts(release.artifacts, view);
  const auto manifest = ViewManifest(release.manifest);
  if (manifest) {
    ViewProduct(manifest->product, manifest->version, view);
    view.facts.emplace_back("manifest", manifest->digest.Text());
  }
  view.facts.emplace_back("sequence", std::to_string(release.sequence));
  view.facts.emplace_back("request", release.request.Text());
  view.facts.emplace_back("intent", release.intent.Text());
  view.facts.emplace_back("records", Texts(release.records));
  view.facts.emplace_back("approvals", Texts(release.approvals));
}

void ViewStatement(const Dissent& dissent, LineView& view) {
  view.created = dissent.created;
  view.subjects.emplace_back("manifest", dissent.manifest.Text());
  ViewProduct(dissent.product, dissent.version, view);
  view.facts.emplace_back("summary", dissent.summary);
  view.facts.emplace_back("records", Texts(dissent.records));
}

void ViewStatement(const KitEntry& kit, LineView& view) {
  view.created = kit.created;
  view.subjects.emplace_back(kit.file, kit.digest.Text());
  view.facts.emplace_back("release", kit.release.Text());
}

void ViewStatement(const ReplayVerdict& replay, LineView& view) {
  view.says = replay.replayer;
  view.created = replay.created;
  view.subjects.emplace_back("kit", replay.kit.Text());
  ViewArtifacts(replay.rebuilt, view);
  view.facts.emplace_back("verdict", replay.verdict);
  view.facts.emplace_back("release", replay.release.Text());
}

void ViewStatement(const Withdrawal& withdrawal, LineView& view) {
  view.says = withdrawal.by;
  view.created = withdrawal.created;
  view.subjects.emplace_back("release", withdrawal.release.Text());
  ViewProduct(withdrawal.product, withdrawal.version, view);
  view.facts.emplace_back("reason", withdrawal.reason);
}

void ViewStatement(const SiteLocation& location, LineView& view) {
  view.says = location.certifier;
  view.created = location.created;
  view.subjects.emplace_back("site", location.builder);
  view.facts.emplace_back("operator", location.operator_id);
  view.facts.emplace_back("country", location.country);
  view.facts.emplace_back("from", FormatTime(location.start));
  view.facts.emplace_back("to", FormatTime(location.end));
}

void ViewStatement(const FarmStatus& status, LineView& view) {
  view.says = status.monitor;
  view.created = status.issued;
  view.facts.emplace_back("next update", FormatTime(status.next_update));
  view.facts.emplace_back("root version", std::to_string(status.root_version));
  for (const StatusLog& log : status.logs) {
    view.subjects.emplace_back("log " + log.head.origin, Amount(log.head.size, "entry", "entries") +
                                                             ", root " + log.head.root.Text());
  }
  for (const RevokedKey& key : status.revoked_keys) {
    view.facts.emplace_back("revoked key", key.key_id);
  }
  for (const WithdrawnRelease& release : status.withdrawn) {
    view.facts.emplace_back("withdrawn", release.release.Text());
  }
  for (const DissentInLog& dissent : status.dissents) {
    view.facts.emplace_back("dissent", dissent.dissent.Text());
  }
}

// Lines that have the form of a cosignature; whose they are only a trust root says.
void ViewCheckpoint(const LogEntry& entry, LineView& view) {
  view.index = entry.index;
  view.tree_size = entry.tree_size;
  const auto note = ParseNote(entry.checkpoint);
  const auto head = note ? ParseCheckpoint(note->text) : Result<Checkpoint>(note.error());
  if (!head) return;  // reading the line has refused that already
  view.log = head->origin;
  for (const NoteSignature& line : note->signatures) {
    if (line.name == head->origin || line.signature.size() != kCosignatureBytes) continue;
    if (line.name == kConsistencyName) continue;
    const unsigned long long time = ReadBigEndian64(line.signature.substr(0, 8));
    if (time > static_cast<unsigned long long>(kUnixSecondsMax)) continue;
    view.cosignatures.push_back({line.name, static_cast<UnixSeconds>(time)});
  }
}

std::string OptionalTime(const std::optional<UnixSeconds>& time) {
  return time ? FormatTime(*time) : "none";
}

std::string Labelled(std::string label, const std::string& value) {
  label.resize(std::max(label.size() + 1, kLabelColumns), ' ');
  return "  " + label + Printable(value, kShownBytesMax) + "\n";
}

}  // namespace

LineView ViewBundleLine(const Bundle& line) {
  LineView view;
  view.pae = line.PaeDigest();
  view.key_id = line.key().KeyId();
  if (line.certificate) {
    const auto uri = line.certificate->UriName();
    view.uri = uri ? *uri : "a certificate without one URI";
    view.not_before = line.certificate->not_before();
    view.not_after = line.certificate->not_after();
  }
  const auto statement = ParseStatement(line.envelope.payload, "statement");
  if (statement) {
    view.kind = KindName(*statement);
    std::visit([&](const auto& value) { ViewStatement(value, view); }, *statement);
  } else {
    view.problem = statement.error().message;
  }
  if (line.timestamp) {
    const auto time = ClaimedTimestampTime(*line.timestamp);
    if (time) view.token = *time;
  }
  if (line.log_entry) ViewCheckpoint(*line.log_entry, view);
  return view;
}

std::string LineText(const LineView& view, std::size_t number) {
  std::string text =
      std::to_string(number) + "  " +
      (view.kind.empty() ? "unreadable: " + Printable(view.problem, kShownBytesMax) : view.kind) +
      "\n";
  if (view.uri.empty()) {
    text += Labelled("key", view.key_id + (view.says.empty() ? "" : "  says it is " + view.says));
  } else {
    text += Labelled("certificate", view.uri);
    text += Labelled("", "valid " + OptionalTime(view.not_before) + " to " +
                             OptionalTime(view.not_after) + "  key " + view.key_id);
    if (!view.says.empty() && view.says != view.uri) text += Labelled("says it is", view.says);
  }
  for (const auto& [name, digest] : view.subjects) {
    text += Labelled("subject", digest + "  " + name);
  }
  for (const auto& [name, value] : view.facts) text += Labelled(name, value);
  text += Labelled("named by", view.pae.Text());
  text += Labelled("times", "created " + OptionalTime(view.created) + "  time stamp " +
                                OptionalTime(view.token));
  text += Labelled("log", view.log.empty() ? "no entry"
                                           : view.log + "  entry " + std::to_string(view.index) +
                                                 " of " + std::to_string(view.tree_size));
  for (const ClaimedCosignature& witness : view.cosignatures) {
    text += Labelled("cosigned", FormatTime(witness.time) + "  " + witness.name);
  }
  return text;
}

Json LineJson(const LineView& view) {
  const auto time = [](const std::optional<UnixSeconds>& at) -> Json {
    if (!at) return nullptr;
    return FormatTime(*at);
  };
  Json subjects = Json::array();
  for (const auto& [name, digest] : view.subjects) {
    subjects.push_back({{"digest", digest}, {"name", name}});
  }
  Json facts = Json::object();
  for (const auto& [name, value] : view.facts) facts[name] = value;
  Json cosignatures = Json::array();
  for (const ClaimedCosignature& witness : view.cosignatures) {
    cosignatures.push_back({{"name", witness.name}, {"time", FormatTime(witness.time)}});
  }
  Json json = {{"certificate", nullptr},
               {"cosignatures", std::move(cosignatures)},
               {"created", time(view.created)},
               {"digest", view.pae.Text()},
               {"facts", std::move(facts)},
               {"key", view.key_id},
               {"kind", view.kind},
               {"log", nullptr},
               {"says", view.says},
               {"subjects", std::move(subjects)},
               {"timeStamp", time(view.token)}};
  if (!view.problem.empty()) json["problem"] = view.problem;
  if (!view.uri.empty()) {
    json["certificate"] = {{"notAfter", time(view.not_after)},
                           {"notBefore", time(view.not_before)},
                           {"uri", view.uri}};
  }
  if (!view.log.empty()) {
    json["log"] = {{"index", view.index}, {"origin", view.log}, {"treeSize", view.tree_size}};
  }
  return json;
}

}  // namespace farm
