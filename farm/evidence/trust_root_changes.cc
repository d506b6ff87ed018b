#include "farm/evidence/trust_root_changes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::size_t kWordsMax = 120;

std::string ShortKey(const std::string& key_id) { return key_id.substr(0, 16) + ".."; }
std::string ShortKey(const PublicKey& key) { return ShortKey(key.KeyId()); }

std::string Days(const ValidFor& valid_for) {
  return "from " + FormatTime(valid_for.start) +
         (valid_for.end ? " to " + FormatTime(*valid_for.end) : ", without an end");
}

std::string ChainKeys(const std::vector<Certificate>& chain) {
  std::vector<std::string> keys;
  for (const Certificate& certificate : chain) keys.push_back(ShortKey(certificate.KeyId()));
  return Join(keys, ", ");
}

std::string ChainName(const std::vector<Certificate>& chain) {
  return Printable(chain.front().common_name(), kWordsMax) + ", until " +
         FormatTime(chain.front().not_after()) + ", keys " + ChainKeys(chain);
}

// Something that the root says: by `name` it is found in another root, `says` is what may differ.
struct Saying {
  std::string name;      // for people
  std::string identity;  // name, and the exact bytes of whatever the name shortens
  std::string says;
  std::string exact = {};  // whatever `says` shortens
};

class Sayings {
 public:
  explicit Sayings(const TrustRoot& root) : root_(root) {
    AddTerms();
    AddRole("root", root.root_keys, root.threshold);
    AddRole("timestamp", root.timestamp.keys, root.timestamp.threshold);
    AddRole("snapshot", root.snapshot.keys, root.snapshot.threshold);
    AddRole("targets", root.targets.keys, root.targets.threshold);
    for (const KeyHolder& holder : root.key_holders) {
      Add({"holder of key " + ShortKey(holder.key_id), holder.key_id,
           Printable(holder.name, kWordsMax), holder.name});
    }
    for (const Operator& owner : root.operators) AddOperator(owner);
    AddPersons("auditor", root.auditors);
    AddPersons("requester", root.requesters);
    AddPersons("monitor", root.monitors);
    AddPersons("certifier", root.certifiers);
    AddNotaries();
    AddRevocations();
  }

  const std::vector<Saying>& list() const { return list_; }

 private:
  void Add(Saying saying) { list_.push_back(std::move(saying)); }

  void AddTerms() {
    Add({"the root", "", "expires " + FormatTime(root_.expires)});
    if (root_.development) {
      Add({"DEVELOPMENT ROOT, which no production policy takes", "",
           Amount(root_.development->machines, "machine") + ", " +
               Amount(root_.development->operators, "operator")});
    }
    Add({"format", "", "farm-root/" + std::to_string(root_.format)});
  }

  void AddRole(const std::string& role, const std::vector<PublicKey>& keys,
               std::int64_t threshold) {
    if (keys.empty()) return;
    Add({"signatures for the role " + role, "",
         std::to_string(threshold) + " of " + std::to_string(keys.size()) + " keys"});
    for (const PublicKey& key : keys) {
      Add({role + " key of " + NameOfRootKey(root_, key.KeyId()), key.KeyId(), ""});
    }
  }

  void AddOperator(const Operator& owner) {
    const std::string id = Printable(owner.id, kWordsMax);
    Add({"operator " + id, owner.id,
         Printable(owner.name, kWordsMax) + ", " + Days(owner.valid_for), owner.name});
    for (const DatedAuthority& authority : owner.authorities) {
      std::string identity = owner.id;
      for (const Certificate& certificate : authority.chain) identity += '\n' + certificate.der();
      Add({"CA of operator " + id + " (" + ChainName(authority.chain) + ")", identity,
           "counts " + Days(authority.valid_for)});
    }
    for (const CertifiedParty& party : owner.parties) {
      Add({party.role + " " + Printable(party.id, kWordsMax), party.id,
           "of operator " + id + (party.country.empty() ? "" : ", in " + party.country), owner.id});
    }
  }

  void AddPersons(const std::string& role, const std::vector<Person>& persons) {
    for (const Person& person : persons) {
      Add({role + " " + Printable(person.id, kWordsMax) + " with key " + ShortKey(person.key),
           person.id + '\n' + person.key.KeyId(),
           Printable(person.name, kWordsMax) + ", " + Days(person.valid_for), person.name});
    }
  }

  void AddNotaries() {
    for (const Log& log : root_.logs) {
      Add({"log " + Printable(log.origin, kWordsMax), log.origin,
           "keys " + ShortKey(log.key) + " and " + ShortKey(log.ecdsa_key) + ", " +
               Days(log.valid_for) +
               (log.end ? ", CLOSED at " + Amount(log.end->size, "entry", "entries") +
                              " with root " + log.end->root_hash.Short() + ", followed by " +
                              Printable(log.end->successor, kWordsMax)
                        : ""),
           log.key.KeyId() + log.ecdsa_key.KeyId() +
               (log.end ? log.end->root_hash.Text() + log.end->successor : "")});
    }
    for (const Witness& witness : root_.witnesses) {
      Add({"witness " + Printable(witness.name, kWordsMax), witness.name,
           "of " + Printable(witness.operator_id, kWordsMax) + ", key " + ShortKey(witness.key) +
               ", " + Days(witness.valid_for),
           witness.operator_id + '\n' + witness.key.KeyId()});
    }
    for (const TimestampAuthority& authority : root_.timestamp_authorities) {
      std::string exact;
      for (const Certificate& certificate : authority.chain) exact += certificate.der();
      Add({"time stamp authority " + Printable(authority.name, kWordsMax), authority.name,
           ChainName(authority.chain) + ", counts " + Days(authority.valid_for), exact});
    }
    for (const PublicKey& key : root_.transparency_keys) {
      Add({"transparency key " + ShortKey(key), key.KeyId(), ""});
    }
  }

  void AddRevocations() {
    for (const Revocation& revocation : root_.revocations) {
      Add({"REVOCATION of " + revocation.kind + " " + revocation.subject,
           revocation.kind + revocation.subject,
           (revocation.compromised_since
                ? "what was attested before " + FormatTime(*revocation.compromised_since) +
                      " still counts"
                : "whatever it signed, whenever") +
               (revocation.reason.empty()
                    ? ""
                    : ", because: " + Printable(revocation.reason, kWordsMax)),
           revocation.reason});
    }
  }

  const TrustRoot& root_;
  std::vector<Saying> list_;
};

std::string Line(const std::string& verb, const Saying& saying) {
  return verb + saying.name + (saying.says.empty() ? "" : ": " + saying.says);
}

// What two sayings of one thing are told apart by: the same thing may stand there twice
// (revocations), so each is taken once.
using Known = std::multimap<std::pair<std::string, std::string>, const Saying*>;

// A CA's or a holder's name may change with the identity that it shortens: kind and identity count.
std::pair<std::string, std::string> KeyOf(const Saying& saying) {
  return {saying.identity.empty() ? saying.name : saying.name.substr(0, saying.name.find(' ')),
          saying.identity};
}

Known Index(const std::vector<Saying>& sayings) {
  Known known;
  for (const Saying& saying : sayings) known.emplace(KeyOf(saying), &saying);
  return known;
}

// The times at which what a monitor said counts; none, where its key is revoked from before them.
std::optional<ValidFor> HeededFor(const Person& monitor, const TrustRoot& root) {
  ValidFor heeded = monitor.valid_for;
  if (const Revocation* revoked = FindKeyRevocation(root, monitor.key.KeyId())) {
    if (!revoked->compromised_since) return std::nullopt;
    const UnixSeconds last = *revoked->compromised_since - 1;
    heeded.end = std::min(heeded.end.value_or(last), last);
  }
  if (heeded.end && *heeded.end < heeded.start) return std::nullopt;
  return heeded;
}

// A revocation takes words back on purpose.  Who ends a monitor's time takes them back as well, in
// the memory of every customer (farm/verify/seen_status.cc), and may not know.
void WarnOfForgotten(const TrustRoot& before, const TrustRoot& after,
                     std::vector<std::string>& lines) {
  for (const Person& monitor : before.monitors) {
    // Under the new root's revocations, lest what they take back is told, too.
    const std::optional<ValidFor> was = HeededFor(monitor, after);
    if (!was) continue;
    const std::string name =
        "monitor " + Printable(monitor.id, kWordsMax) + " with key " + ShortKey(monitor.key);
    const std::string forgotten =
        " of withdrawals, dissents and revoked keys is heeded no longer, also where customers "
        "remember it: another monitor must have said it, or list this one for its time as it was";
    const Person* listed = after.FindMonitor(monitor.key);
    if (listed == nullptr) {
      lines.push_back("WARNING: " + name +
                      " is taken out, and its key is not revoked: what it has "
                      "said" +
                      forgotten);
      continue;
    }
    const std::optional<ValidFor> is = HeededFor(*listed, after);
    const bool later = !is || is->start > was->start;
    const bool sooner = !is || (is->end && (!was->end || *is->end < *was->end));
    if (!later && !sooner) continue;
    lines.push_back("WARNING: the time of " + name +
                    " is shortened, and its key is not revoked: "
                    "what it says in statuses that are not stamped " +
                    Days(listed->valid_for) + forgotten);
  }
}

}  // namespace

std::string NameOfRootKey(const TrustRoot& root, const std::string& key_id) {
  for (const KeyHolder& holder : root.key_holders) {
    if (holder.key_id == key_id) {
      return Printable(holder.name, kWordsMax) + " (" + ShortKey(key_id) + ")";
    }
  }
  return ShortKey(Printable(key_id, 64));
}

std::vector<std::string> DescribeTrustRoot(const TrustRoot& root) {
  const Sayings sayings(root);
  std::vector<std::string> lines;
  for (const Saying& saying : sayings.list()) lines.push_back(Line("", saying));
  return lines;
}

std::vector<std::string> DescribeChanges(const TrustRoot& before, const TrustRoot& after) {
  const Sayings old_sayings(before);
  const Sayings new_sayings(after);
  Known known = Index(old_sayings.list());
  std::vector<std::string> lines;
  for (const Saying& saying : new_sayings.list()) {
    const auto old = known.find(KeyOf(saying));
    if (old == known.end()) {
      lines.push_back(Line("added: ", saying));
      continue;
    }
    const Saying& was = *old->second;
    if (was.says != saying.says || was.exact != saying.exact) {
      lines.push_back(Line("changed: ", saying) + "; was: " + was.says);
    }
    known.erase(old);
  }
  for (const Saying& saying : old_sayings.list()) {
    const auto [begin, end] = known.equal_range(KeyOf(saying));
    const bool gone =
        std::any_of(begin, end, [&](const auto& entry) { return entry.second == &saying; });
    if (gone) lines.push_back(Line("removed: ", saying));
  }
  WarnOfForgotten(before, after, lines);
  return lines;
}

}  // namespace farm
