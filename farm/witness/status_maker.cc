#include "farm/witness/status_maker.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/client/log_reader.h"
#include "farm/evidence/dsse.h"

namespace farm {
namespace {

// As much as a verdict shows, and of a release's own name, which no rule keeps short or in one
// line, as much as a manifest of the farm's can have.  With them the fullest lists come to less
// than a statement may hold: nobody silences a monitor by what he writes there.
constexpr std::size_t kReasonBytesMax = 200;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::string_view kByRoot = "the trust root";

// As a line of a statement, which takes hardly more room there than it has bytes.
std::string ShortLine(const std::string& text, std::size_t bytes_max, std::string_view if_empty) {
  std::string plain = text;
  std::ranges::replace(plain, '\\', '/');
  std::ranges::replace(plain, '"', '\'');
  const std::string line = Printable(plain, bytes_max);
  return line.empty() ? std::string(if_empty) : line;
}

// A root's may be empty, or of a form that had no rule for it.
std::string ReasonLine(const std::string& reason) {
  return ShortLine(reason, kReasonBytesMax, "no reason given");
}
std::string NameLine(const std::string& name) { return ShortLine(name, kNameBytesMax, "no name"); }

// The first in the order of the logs' origins, and in each of its entries.
struct FirstDissent {
  std::pair<std::string, std::uint64_t> place;  // origin of the log, index
  DissentInLog dissent;
};

// What all logs say, each thing once.
struct Said {
  std::map<Digest, ReleaseInLog> releases;  // by a signer of the root
  // By anybody: the log has let it in as a signer's, and who has an older root may count it still.
  std::map<Digest, ReleaseInLog> ever_released;
  std::map<Digest, Withdrawal> withdrawals;      // by release; the first one said
  std::map<Digest, FirstDissent> dissents;       // by manifest: one is as much in its way as many
  std::map<Digest, WithdrawnRelease> withdrawn;  // made of them, when all logs are heard
};

bool BySigner(const SpokenInLog& spoken, const TrustRoot& root) {
  return spoken.certificate && FindPossibleHolder(root, *spoken.certificate, "signer") != nullptr;
}

// A person of the root who may withdraw, with the key that he had then.
bool ByWhoMayWithdraw(const SpokenInLog& spoken, const Withdrawal& withdrawal,
                      const TrustRoot& root) {
  if (!spoken.public_key) return false;
  const Person* person = root.FindWhoMayWithdraw(*spoken.public_key);
  return person != nullptr && person->id == withdrawal.by &&
         person->valid_for.Contains(withdrawal.created);
}

void HearDissent(const Digest& digest, const Dissent& dissent,
                 std::pair<std::string, std::uint64_t> place, Said& said) {
  FirstDissent next{
      std::move(place),
      {digest, dissent.manifest, NameLine(dissent.product), NameLine(dissent.version)}};
  const auto [first, added] = said.dissents.emplace(dissent.manifest, next);
  if (!added && next.place < first->second.place) first->second = std::move(next);
}

void Hear(const std::string& origin, const SpokenInLog& spoken, const TrustRoot& root, Said& said) {
  if (const auto* release = std::get_if<ReleaseInLog>(&spoken.said)) {
    if (spoken.certificate) said.ever_released.emplace(spoken.digest, *release);
    if (BySigner(spoken, root)) said.releases.emplace(spoken.digest, *release);
  } else if (const auto* withdrawal = std::get_if<Withdrawal>(&spoken.said)) {
    if (!ByWhoMayWithdraw(spoken, *withdrawal, root)) return;
    said.withdrawals.emplace(withdrawal->release, *withdrawal);
  } else if (const auto* dissent = std::get_if<Dissent>(&spoken.said)) {
    if (!BySigner(spoken, root)) return;
    HearDissent(spoken.digest, *dissent, {origin, spoken.index}, said);
  }
}

// Of a release that is in no log nobody has to hear: there is no end to what could be withdrawn,
// and a status that is too long is none.  The names are the release's own.
void HearWithdrawals(Said& said) {
  for (const auto& [digest, withdrawal] : said.withdrawals) {
    const auto release = said.ever_released.find(digest);
    if (release == said.ever_released.end()) continue;
    said.withdrawn.emplace(
        digest, WithdrawnRelease{digest, NameLine(release->second.product),
                                 NameLine(release->second.version), ReasonLine(withdrawal.reason),
                                 withdrawal.by, withdrawal.created});
  }
}

// A dissent is in the way of releases of its manifest alone; most have none.
std::vector<DissentInLog> DissentsThatMatter(const Said& said) {
  std::set<Digest> manifests;
  for (const auto& [digest, release] : said.ever_released) manifests.insert(release.manifest);
  std::vector<DissentInLog> list;
  for (const auto& [manifest, first] : said.dissents) {
    if (manifests.contains(manifest)) list.push_back(first.dissent);
  }
  std::ranges::sort(list, {}, &DissentInLog::dissent);
  return list;
}

void HearRoot(const TrustRoot& root, Said& said) {
  for (const Revocation& revocation : root.revocations) {
    if (revocation.kind != "release") continue;
    const auto digest = Digest::Parse(revocation.subject);
    const auto release = digest ? said.ever_released.find(*digest) : said.ever_released.end();
    if (release == said.ever_released.end()) continue;  // whoever has this root refuses it anyway
    said.withdrawn.emplace(
        release->first,
        WithdrawnRelease{release->first, NameLine(release->second.product),
                         NameLine(release->second.version), ReasonLine(revocation.reason),
                         std::string(kByRoot), root.created});
  }
}

// A closed log's mirror that ends before the log did hides what came after.
Status CheckIsWhole(const Checkpoint& head, const std::optional<LogEnd>& end) {
  if (!end || IsEnd(head, *end)) return {};
  return Error{ErrorCode::kMismatch,
               "log " + head.origin + ": was closed with " + std::to_string(end->size) +
                   " entries, and what is read of it has " + std::to_string(head.size),
               ExitCode::kLogProof};
}

std::vector<RevokedKey> RevokedKeysOf(const TrustRoot& root) {
  std::set<std::string> key_ids;
  for (const Revocation& revocation : root.revocations) {
    if (revocation.kind == "key") key_ids.insert(revocation.subject);
  }
  std::vector<RevokedKey> list;
  for (const std::string& key_id : key_ids) {
    const Revocation& least = *FindKeyRevocation(root, key_id);
    list.push_back({key_id, ReasonLine(least.reason), least.compromised_since});
  }
  return list;
}

std::vector<NewestRelease> NewestOf(const Said& said) {
  std::map<std::string, NewestRelease> newest;
  for (const auto& [digest, release] : said.releases) {
    if (said.withdrawn.contains(digest)) continue;
    NewestRelease candidate{release.product, release.version, digest, release.sequence};
    const auto [found, added] = newest.emplace(release.product, candidate);
    if (!added && release.sequence > found->second.sequence) found->second = std::move(candidate);
  }
  std::vector<NewestRelease> list;
  for (auto& [product, release] : newest) list.push_back(std::move(release));
  return list;
}

std::vector<WithdrawnRelease> WithdrawnOf(const Said& said) {
  std::vector<WithdrawnRelease> list;
  for (const auto& [digest, withdrawn] : said.withdrawn) list.push_back(withdrawn);
  return list;
}

Status CheckFits(const FarmStatus& status) {
  for (const std::size_t size : {status.revoked_keys.size(), status.withdrawn.size(),
                                 status.newest.size(), status.dissents.size()}) {
    if (size <= kStatusListMax) continue;
    return Error{ErrorCode::kLimitExceeded, "a list of the status has " + std::to_string(size) +
                                                " elements, at most " +
                                                std::to_string(kStatusListMax) + " fit"};
  }
  const std::string statement = WriteStatement(status);
  if (statement.size() > kPayloadBytesMax) {
    return Error{ErrorCode::kLimitExceeded, "the status is larger than a statement may be"};
  }
  const auto read = ParseStatement(statement, "the status");
  return read ? Status() : read.error();
}

}  // namespace

Result<FarmStatus> MakeStatus(const std::vector<WatchedLog>& logs, const TrustRoot& root,
                              const StatusOrder& order) {
  FarmStatus status;
  status.monitor = order.monitor;
  status.issued = order.now;
  status.next_update = order.now + order.period_seconds;
  status.root_version = root.version;
  Said said;
  for (const WatchedLog& log : logs) {
    ASSIGN_OR_RETURN(const Note note, ParseNote(log.checkpoint));
    ASSIGN_OR_RETURN(Checkpoint head, ParseCheckpoint(note.text));
    ASSIGN_OR_RETURN(const LogTrust trust, LogTrustOf(root, head.origin, order.cosignatures));
    if (auto witnessed = CheckHead(log.checkpoint, trust); !witnessed) return witnessed.error();
    RETURN_IF_ERROR(CheckIsWhole(head, trust.end));
    if (Status readable = log.facts->CheckReadable(root); !readable) {
      return Wrap("log " + head.origin, readable.error());
    }
    for (const SpokenInLog& spoken : log.facts->spoken()) Hear(head.origin, spoken, root, said);
    status.logs.push_back({log.checkpoint, std::move(head)});
  }
  HearWithdrawals(said);
  HearRoot(root, said);
  std::sort(status.logs.begin(), status.logs.end(),
            [](const StatusLog& a, const StatusLog& b) { return a.head.origin < b.head.origin; });
  status.revoked_keys = RevokedKeysOf(root);
  status.withdrawn = WithdrawnOf(said);
  status.dissents = DissentsThatMatter(said);
  // A hint of what is superseded: for its sake nobody goes without the rest.
  status.newest = NewestOf(said);
  if (CheckFits(status)) return status;
  status.newest.clear();
  RETURN_IF_ERROR(CheckFits(status));
  return status;
}

}  // namespace farm
