// The trust root's logs and witnesses as a log policy.
#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/tlog_policy.h"

namespace farm {
namespace {

bool HasRevokedKey(const TrustRoot& root, const PublicKey& key) {
  return std::any_of(root.revocations.begin(), root.revocations.end(), [&](const Revocation& one) {
    return one.kind == "key" && one.subject == key.KeyId();
  });
}

// A name that is still free: who renews a key may stand there twice under one name.
std::string FreeName(const std::string& wanted, std::set<std::string>& taken) {
  std::string name = wanted;
  for (int number = 2; !taken.insert(name).second; ++number) {
    name = wanted + "/" + std::to_string(number);
  }
  return name;
}

}  // namespace

Result<TlogPolicy> TlogPolicyOf(const TrustRoot& root, std::size_t needed, UnixSeconds at,
                                const std::map<std::string, std::string>& urls) {
  TlogPolicy policy;
  for (const Log& log : root.logs) {
    if (!HasRevokedKey(root, log.key)) policy.logs.push_back({{log.origin, log.key}, ""});
  }
  std::set<std::string> names{std::string(kNoQuorum)};
  std::set<std::string> known;
  std::vector<std::string> counted;                         // operators, or witnesses, in order
  std::map<std::string, std::vector<std::string>> members;  // of an operator
  for (const Witness& witness : root.witnesses) {
    known.insert(witness.name);
    if (HasRevokedKey(root, witness.key) || !witness.valid_for.Contains(at)) continue;
    const auto url = urls.find(witness.name);
    policy.witnesses.push_back({FreeName(witness.name, names),
                                {witness.name, witness.key},
                                url == urls.end() ? "" : url->second});
    const std::string& name = policy.witnesses.back().name;
    const std::string owner = root.development ? name : witness.operator_id;
    if (!members.contains(owner)) counted.push_back(owner);
    members[owner].push_back(name);
  }
  for (const auto& [name, url] : urls) {
    if (!known.contains(name)) {
      return Error{ErrorCode::kInvalidInput, "URL of witness " + Printable(name, 80) +
                                                 ": the trust root has no such witness"};
    }
  }
  if (needed > counted.size()) {
    return Error{ErrorCode::kInvalidInput,
                 std::to_string(needed) +
                     " cosignatures wanted, but the trust root has witnesses "
                     "in force of " +
                     std::to_string(counted.size()) + " operators only"};
  }
  if (needed > 0) {
    TlogPolicy::Group quorum{FreeName("quorum", names), needed, {}};
    for (const std::string& owner : counted) {
      if (members[owner].size() == 1) {
        quorum.members.push_back(members[owner].front());
        continue;
      }
      policy.groups.push_back({FreeName("operator/" + owner, names), 1, members[owner]});
      quorum.members.push_back(policy.groups.back().name);
    }
    policy.quorum = quorum.name;
    policy.groups.push_back(std::move(quorum));
  }
  // Names, ids and URLs may have bytes that a policy cannot say.
  const std::string text = WriteTlogPolicy(policy);
  ASSIGN_OR_RETURN(const TlogPolicy read, ParseTlogPolicy(text, "policy of the trust root"));
  if (WriteTlogPolicy(read) != text) {
    return Error{ErrorCode::kInvalidInput,
                 "policy of the trust root: a name or a URL has a space or a line end in it"};
  }
  return policy;
}

}  // namespace farm
