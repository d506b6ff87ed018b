#include "farm/ceremony/weak_points.h"

#include <algorithm>
#include <set>
#include <utility>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::int64_t kRootDaysMax = 3 * 366;  // who has lost his key is still known by name
constexpr std::int64_t kRootDaysLeftMin = 60;   // a ceremony takes weeks to arrange
constexpr std::size_t kNamesShown = 8;

std::string Shown(std::vector<std::string> names) {
  const std::size_t more = names.size() > kNamesShown ? names.size() - kNamesShown : 0;
  names.resize(names.size() - more);
  return Join(names, ", ") + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

bool InForce(const ValidFor& valid_for, UnixSeconds now) { return valid_for.Contains(now); }

class WeakPointList {
 public:
  void Add(std::string line) { lines_.push_back(std::move(line)); }
  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

void AddOfRootKeys(const TrustRoot& root, WeakPointList& list) {
  const std::size_t keys = root.root_keys.size();
  if (root.threshold == 1) {
    list.Add(
        "one root key alone can replace this root: whoever steals it owns the farm; want a "
        "threshold of 2 or more");
  }
  if (static_cast<std::size_t>(root.threshold) == keys) {
    list.Add(
        "every root key is needed: one that is lost and no root can ever follow; list at "
        "least one key more than the threshold of " +
        std::to_string(root.threshold));
  }
  const auto shares = [&](const ServedRole& role) { return role.threshold == 1; };
  if (!root.targets.keys.empty() && shares(root.targets) &&
      root.targets.keys == root.timestamp.keys) {
    list.Add(
        "the keys of targets are those of timestamp: what must be online every day decides "
        "also what is published; give targets keys of its own");
  }
}

void AddOfDates(const TrustRoot& root, UnixSeconds now, WeakPointList& list) {
  if (root.expires - root.created > kRootDaysMax * kDaySeconds) {
    list.Add("lasts more than " + std::to_string(kRootDaysMax) +
             " days: customers who are kept from the next one trust this one for all of them");
  }
  if (root.expires > now && root.expires - now < kRootDaysLeftMin * kDaySeconds) {
    list.Add("expires in less than " + std::to_string(kRootDaysLeftMin) + " days, at " +
             FormatTime(root.expires) + ": begin the next ceremony");
  }
  std::vector<std::string> ending;
  const auto add = [&](const std::string& what, const ValidFor& valid_for) {
    if (InForce(valid_for, now) && valid_for.end && *valid_for.end < root.expires) {
      ending.push_back(what + " " + FormatTime(*valid_for.end));
    }
  };
  for (const Operator& owner : root.operators) {
    const std::string id = Printable(owner.id, 80);
    add("operator " + id, owner.valid_for);
    for (const DatedAuthority& authority : owner.authorities) {
      const UnixSeconds end = authority.chain.front().not_after();
      add("CA of " + id,
          {authority.valid_for.start, std::min(end, authority.valid_for.end.value_or(end))});
    }
  }
  for (const Log& log : root.logs) {
    if (!log.end) add("log " + Printable(log.origin, 80), log.valid_for);
  }
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    add("time stamp authority " + Printable(authority.name, 80), authority.valid_for);
  }
  if (ending.empty()) return;
  list.Add("ends before the root does: " + Shown(std::move(ending)) +
           "; have the renewed one in the root before");
}

void AddOfParties(const TrustRoot& root, UnixSeconds now, WeakPointList& list) {
  std::set<std::string> site_operators;
  std::set<std::string> countries;
  std::size_t signers = 0;
  for (const Operator& owner : root.operators) {
    if (!InForce(owner.valid_for, now)) continue;
    for (const CertifiedParty& party : owner.parties) {
      signers += party.role == "signer" ? 1 : 0;
      if (party.role != "site") continue;
      site_operators.insert(owner.id);
      countries.insert(party.country);
    }
  }
  if (signers != 1) {
    list.Add(std::to_string(signers) +
             " signers in force: farm-signer decides nothing unless there is exactly one");
  }
  if (site_operators.size() < 2) {
    list.Add("fewer than two operators run sites: one of them can make every record of a release");
  }
  if (countries.size() < 2) list.Add("all sites stand in one country: one court reaches them all");
  std::set<std::string> witnesses;
  for (const Witness& witness : root.witnesses) {
    if (InForce(witness.valid_for, now)) witnesses.insert(witness.operator_id);
  }
  if (witnesses.size() < 2) {
    list.Add("fewer than two parties witness the log: a log and one of them can rewrite it");
  }
  const bool site_witnesses =
      std::any_of(witnesses.begin(), witnesses.end(),
                  [&](const std::string& id) { return site_operators.contains(id); });
  if (site_witnesses) list.Add("an operator of a site is also a witness: want somebody else");
  const auto count = [&](const std::vector<Person>& persons) {
    std::set<std::string> ids;
    for (const Person& person : persons) {
      if (InForce(person.valid_for, now)) ids.insert(person.id);
    }
    return ids.size();
  };
  if (count(root.auditors) < 2) {
    list.Add("fewer than two auditors: one person can approve everything");
  }
  if (count(root.monitors) == 0) {
    list.Add("no monitor: nobody can tell customers what was withdrawn since");
  }
  if (std::none_of(root.logs.begin(), root.logs.end(),
                   [&](const Log& log) { return !log.end && InForce(log.valid_for, now); })) {
    list.Add("no log is open and in force: nothing new can be released");
  }
  if (root.timestamp_authorities.empty()) {
    list.Add("no time stamp authority: nothing can be released");
  }
}

// Whoever may have signed evidence, or vouched for it.
struct Vouching {
  std::string name;   // for people
  std::string exact;  // name and keys: what is to be found in the next root
};

std::vector<Vouching> VouchingIn(const TrustRoot& root) {
  std::vector<Vouching> all;
  const auto add = [&](const std::string& kind, const std::string& name, const std::string& key) {
    all.push_back({kind + " " + Printable(name, 80), kind + '\n' + name + '\n' + key});
  };
  for (const Operator& owner : root.operators) {
    for (const DatedAuthority& authority : owner.authorities) {
      add("CA of operator", owner.id, authority.chain.front().der());
    }
    for (const CertifiedParty& party : owner.parties) add(party.role, party.id, owner.id);
  }
  const auto add_persons = [&](const std::string& role, const std::vector<Person>& persons) {
    for (const Person& person : persons) add(role, person.id, person.key.KeyId());
  };
  add_persons("auditor", root.auditors);
  add_persons("requester", root.requesters);
  add_persons("monitor", root.monitors);
  add_persons("certifier", root.certifiers);
  for (const Log& log : root.logs) {
    add("log", log.origin, log.key.KeyId() + log.ecdsa_key.KeyId());
  }
  for (const Witness& witness : root.witnesses) add("witness", witness.name, witness.key.KeyId());
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    add("time stamp authority", authority.name, authority.chain.front().der());
  }
  return all;
}

void AddOfDropped(const TrustRoot& root, const TrustRoot& before, WeakPointList& list) {
  std::set<std::string> kept;
  for (const Vouching& one : VouchingIn(root)) kept.insert(one.exact);
  std::vector<std::string> dropped;
  for (const Vouching& one : VouchingIn(before)) {
    if (!kept.contains(one.exact)) dropped.push_back(one.name);
  }
  if (dropped.empty()) return;
  list.Add("drops what root " + std::to_string(before.version) +
           " lists, or its key: " + Shown(std::move(dropped)) +
           "; releases are judged by the newest root for as long as they are used, and nothing "
           "that these have signed counts under this one: list each as it was, with an end to its "
           "time (a log with its `end`, too), and revoke a key that is lost");
}

}  // namespace

std::vector<std::string> WeakPoints(const TrustRoot& root, const TrustRoot* before,
                                    UnixSeconds now) {
  now = std::max(now, root.created);  // a root is looked at before its time begins
  WeakPointList list;
  if (root.development) {
    list.Add("a development root: every verdict says so, and production policies refuse it");
  }
  AddOfRootKeys(root, list);
  AddOfDates(root, now, list);
  AddOfParties(root, now, list);
  if (before != nullptr) AddOfDropped(root, *before, list);
  return list.Take();
}

}  // namespace farm
