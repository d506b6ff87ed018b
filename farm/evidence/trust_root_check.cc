#include "farm/evidence/trust_root_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "farm/base/bytes.h"
#include "farm/evidence/statement_fields.h"
#include "farm/evidence/trust_root_tuf.h"

namespace farm {
namespace {

bool Meet(const ValidFor& a, const ValidFor& b) {
  return (!a.end || *a.end >= b.start) && (!b.end || *b.end >= a.start);
}

// Who already stands in the root, so that nobody stands there twice.
class Registry {
 public:
  explicit Registry(std::string where) : where_(std::move(where)) {}

  Status AddKey(const PublicKey& key, const std::string& role) {
    return AddKeyId(key.KeyId(), role);
  }
  // Chains of one role may share their upper certificates.
  Status AddChain(const std::vector<Certificate>& chain, const std::string& role) {
    for (const Certificate& certificate : chain) {
      const auto known = keys_.find(certificate.KeyId());
      if (known != keys_.end() && known->second == role) continue;
      RETURN_IF_ERROR(AddKeyId(certificate.KeyId(), role));
    }
    return {};
  }
  // Nobody is in two lists, with whatever keys. One person's keys are for times that do not meet:
  // else he could say the same thing twice.
  Status AddPersons(const std::vector<Person>& persons, const std::string& role, int format) {
    std::map<std::string, std::vector<const Person*>> known;
    for (const Person& person : persons) {
      std::vector<const Person*>& others = known[person.id];
      if (others.empty() || format == 1) RETURN_IF_ERROR(AddName("person", person.id));
      for (const Person* other : others) {
        if (Meet(person.valid_for, other->valid_for) || person.name != other->name) {
          return Error{ErrorCode::kInvalidInput,
                       where_ + ": person " + Printable(person.id, 120) +
                           " stands there twice, with another name or for times that meet"};
        }
      }
      others.push_back(&person);
      RETURN_IF_ERROR(AddKey(person.key, role + " " + person.id));
    }
    return {};
  }
  Status AddName(const std::string& kind, const std::string& name) {
    if (names_.insert(kind + '\n' + name).second) return {};
    return Error{ErrorCode::kInvalidInput,
                 where_ + ": " + kind + " " + Printable(name, 120) + " stands there twice"};
  }

 private:
  Status AddKeyId(const std::string& key_id, const std::string& role) {
    const auto [entry, added] = keys_.emplace(key_id, role);
    if (added) return {};
    return Twice("key " + key_id.substr(0, 16) + "..", entry->second, role);
  }
  Error Twice(const std::string& what, const std::string& first, const std::string& second) {
    return Error{ErrorCode::kInvalidInput, where_ + ": " + what + " stands there twice, as " +
                                               Printable(first, 120) + " and as " +
                                               Printable(second, 120)};
  }
  std::string where_;
  std::map<std::string, std::string> keys_;  // key id -> role
  std::set<std::string> names_;
};

// A key may have several of the served roles, but no other, and none twice: a threshold counts
// keys.
Status AddServedRoles(const TrustRoot& root, Registry& registry) {
  std::set<std::string> served;
  for (const ServedRole* role : {&root.timestamp, &root.snapshot, &root.targets}) {
    std::set<std::string> of_this;
    for (const PublicKey& key : role->keys) {
      const bool first = of_this.insert(key.KeyId()).second;
      if (first && !served.insert(key.KeyId()).second) continue;
      RETURN_IF_ERROR(registry.AddKey(key, "key of the published tree"));
    }
  }
  return {};
}

Status CheckNobodyTwice(const TrustRoot& root, const std::string& where) {
  Registry registry(where);
  for (const PublicKey& key : root.root_keys) RETURN_IF_ERROR(registry.AddKey(key, "root key"));
  RETURN_IF_ERROR(AddServedRoles(root, registry));
  for (const Operator& owner : root.operators) {
    RETURN_IF_ERROR(registry.AddName("operator", owner.id));
    for (const DatedAuthority& authority : owner.authorities) {
      RETURN_IF_ERROR(registry.AddChain(authority.chain, "issuer of " + owner.id));
    }
    for (const CertifiedParty& party : owner.parties) {
      RETURN_IF_ERROR(registry.AddName("builder id", party.id));
    }
  }
  RETURN_IF_ERROR(registry.AddPersons(root.auditors, "auditor", root.format));
  RETURN_IF_ERROR(registry.AddPersons(root.requesters, "requester", root.format));
  RETURN_IF_ERROR(registry.AddPersons(root.monitors, "monitor", root.format));
  RETURN_IF_ERROR(registry.AddPersons(root.certifiers, "certifier", root.format));
  for (const Log& log : root.logs) {
    RETURN_IF_ERROR(registry.AddName("log", log.origin));
    RETURN_IF_ERROR(registry.AddKey(log.key, "log " + log.origin));
    RETURN_IF_ERROR(registry.AddKey(log.ecdsa_key, "log " + log.origin));
  }
  for (const Witness& witness : root.witnesses) {
    RETURN_IF_ERROR(registry.AddName("witness", witness.name));
    RETURN_IF_ERROR(registry.AddKey(witness.key, "witness " + witness.name));
  }
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    RETURN_IF_ERROR(registry.AddName("time stamp authority", authority.name));
    RETURN_IF_ERROR(registry.AddChain(authority.chain, "time stamp authority"));
  }
  for (const PublicKey& key : root.transparency_keys) {
    RETURN_IF_ERROR(registry.AddKey(key, "transparency key"));
  }
  return {};
}

// Only what TUF's canonical JSON writes as RFC 8785 does may stand in a root that is TUF's.
Status CheckTexts(const TrustRoot& root, const std::string& where) {
  const auto check = [&](const std::string& text, const std::string& what) -> Status {
    if (statement_fields::IsLine(text)) return {};
    return Error{ErrorCode::kInvalidInput, where + ": " + what +
                                               ": want at most 1024 bytes without control "
                                               "characters"};
  };
  for (const Operator& owner : root.operators) {
    RETURN_IF_ERROR(check(owner.name, "name of operator " + owner.id));
  }
  for (const std::vector<Person>* persons :
       {&root.auditors, &root.requesters, &root.monitors, &root.certifiers}) {
    for (const Person& person : *persons) {
      RETURN_IF_ERROR(check(person.name, "name of " + person.id));
    }
  }
  for (const Revocation& revocation : root.revocations) {
    RETURN_IF_ERROR(check(revocation.reason, "reason of a revocation"));
  }
  return {};
}

// Who watches the log, and who says where a site stands, is somebody else than who runs the sites.
Status CheckIndependent(const TrustRoot& root, const std::string& where) {
  for (const auto& [list, persons] :
       {std::pair{"monitors", &root.monitors}, std::pair{"certifiers", &root.certifiers}}) {
    for (const Person& person : *persons) {
      const bool is_operator =
          std::any_of(root.operators.begin(), root.operators.end(),
                      [&](const Operator& owner) { return owner.id == person.id; });
      if (!is_operator) continue;
      return Error{ErrorCode::kInvalidInput, where + ": " + list + ": " +
                                                 Printable(person.id, 120) +
                                                 " is an operator; want somebody else"};
    }
  }
  return {};
}

Status CheckSuccessors(const TrustRoot& root, const std::string& where) {
  for (const Log& log : root.logs) {
    if (!log.end) continue;
    // For verifiers of others, who know of no end but that.
    if (!log.valid_for.end) {
      return Error{ErrorCode::kInvalidInput,
                   where + ": log " + log.origin + ": is closed, but its validFor has no end"};
    }
    const bool known = std::any_of(root.logs.begin(), root.logs.end(), [&](const Log& other) {
      return &other != &log && other.origin == log.end->successor;
    });
    if (!known) {
      return Error{ErrorCode::kInvalidInput, where + ": log " + log.origin + ": its successor " +
                                                 Printable(log.end->successor, 120) +
                                                 " is no other log of the root"};
    }
  }
  return {};
}

}  // namespace

Status CheckTrustRoot(const TrustRoot& root, const std::string& where) {
  if (root.expires <= root.created) {
    return Error{ErrorCode::kInvalidInput, where + ".expires: is not after created"};
  }
  if (static_cast<std::size_t>(root.threshold) > root.root_keys.size()) {
    return Error{ErrorCode::kInvalidInput,
                 where + ".threshold: is " + std::to_string(root.threshold) + ", but only " +
                     std::to_string(root.root_keys.size()) + " root keys are listed"};
  }
  for (const Operator& owner : root.operators) {
    if (!owner.authorities.empty()) continue;
    return Error{ErrorCode::kInvalidInput,
                 where + ": operator " + Printable(owner.id, 120) + " has no authority"};
  }
  RETURN_IF_ERROR(CheckIndependent(root, where));
  RETURN_IF_ERROR(CheckSuccessors(root, where));
  if (root.format != 1) RETURN_IF_ERROR(CheckTexts(root, where));
  RETURN_IF_ERROR(CheckTufRoles(root, where));
  return CheckNobodyTwice(root, where);
}

}  // namespace farm
