#include "farm/verify/line.h"

#include "farm/base/bytes.h"

namespace farm {
namespace {

bool IsPerson(Role role) {
  return role == Role::kRequester || role == Role::kAuditor || role == Role::kMonitor ||
         role == Role::kCertifier;
}

// In the list of that role.
const Person* FindPersonOf(Role role, const PublicKey& key, const TrustRoot& root) {
  switch (role) {
    case Role::kRequester:
      return root.FindRequester(key);
    case Role::kAuditor:
      return root.FindAuditor(key);
    case Role::kMonitor:
      return root.FindMonitor(key);
    case Role::kCertifier:
      return root.FindCertifier(key);
    case Role::kCoordinator:
    case Role::kSite:
    case Role::kSigner:
      return nullptr;
  }
  CHECK(false);
}

void Add(LineFacts& facts, Rule rule, ExitCode exit, std::string message) {
  facts.problems.push_back(Problem{rule, exit, std::move(message)});
}

// A line by a person: the key itself is in the root, in the list of that role.
void CheckPerson(const Bundle& line, Role role, const TrustRoot& root, LineFacts& facts) {
  const PublicKey& key = line.key();
  if (role == Role::kAuditor && (line.certificate || root.FindRequester(key) != nullptr)) {
    Add(facts, Rule::kApprovals, ExitCode::kApproval,
        std::string("signed by ") + (line.certificate ? "an operator's party" : "a requester") +
            ", want an auditor of the root, who is neither");
    return;
  }
  const Person* person = line.certificate ? nullptr : FindPersonOf(role, key, root);
  if (person == nullptr) {
    Add(facts, Rule::kIdentities, ExitCode::kBadSignature,
        "key " + key.KeyId().substr(0, 16) + ".. is no " + std::string(RoleName(role)) +
            "'s in the root");
    return;
  }
  if (facts.token && !person->valid_for.Contains(*facts.token)) {
    Add(facts, Rule::kValidity, ExitCode::kNotValidThen,
        "the root does not vouch for " + Quoted(person->id) + " at " + FormatTime(*facts.token));
  }
  facts.identity = LineIdentity{person->id, "", "", key.KeyId()};
}

// A line by a party with a certificate: issued by the CA of exactly the operator who owns the id.
void CheckParty(const Bundle& line, Role role, const TrustRoot& root, VerifyCache& cache,
                LineFacts& facts, KeysOfLine& keys) {
  const auto unknown = [&](const std::string& message) {
    Add(facts, Rule::kIdentities, ExitCode::kBadSignature, message);
  };
  if (!line.certificate) {
    return unknown("signed with a bare key, want a certificate of an operator's CA");
  }
  const Result<std::string> id = line.certificate->UriName();
  if (!id) return unknown("certificate: " + id.error().message);
  const std::optional<TrustRoot::Found> found = root.FindParty(*id);
  if (!found) return unknown("the root does not know " + Quoted(*id));
  const Operator& owner = *found->owner;
  if (found->party->role != RoleName(role)) {
    return unknown(Quoted(*id) + " is a " + found->party->role + " in the root, want a " +
                   std::string(RoleName(role)));
  }
  // Without a time the issuer can still be judged, and the missing time is a problem of its own.
  const UnixSeconds at = facts.token.value_or(line.certificate->not_before());
  const LeafIssuer issuer = FindLeafIssuer(owner, *line.certificate, at, cache);
  if (issuer.authority == nullptr) {
    return unknown("certificate of " + Quoted(*id) + " is not of its operator " + Quoted(owner.id) +
                   ": " + issuer.status.error().message);
  }
  if (!issuer.status) {
    Add(facts, Rule::kValidity, ExitCode::kNotValidThen, issuer.status.error().message);
  }
  if (facts.token && !owner.valid_for.Contains(*facts.token)) {
    Add(facts, Rule::kValidity, ExitCode::kNotValidThen,
        "the root does not vouch for operator " + Quoted(owner.id) + " at " +
            FormatTime(*facts.token));
  }
  facts.identity =
      LineIdentity{*id, owner.id, found->party->country, line.certificate->public_key().KeyId()};
  keys.owner = &owner;
  keys.authority = issuer.authority;
}

// What is common to all that is signed and stamped.
void CheckSigned(const Bundle& line, Role role, const TrustRoot& root, VerifyCache& cache,
                 LineFacts& facts, KeysOfLine& keys) {
  if (line.envelope.payload_type != kInTotoPayloadType) {
    Add(facts, Rule::kStatements, ExitCode::kUsage,
        "payload type is " + Quoted(line.envelope.payload_type));
  }
  if (!line.key().Verify(line.envelope.PaeBytes(), line.envelope.signature)) {
    Add(facts, Rule::kSignatures, ExitCode::kBadSignature, "signature does not match");
  }
  keys.signer = line.key().KeyId();
  keys.stamped_by = CheckToken(line, root, cache, facts);
  if (IsPerson(role)) {
    CheckPerson(line, role, root, facts);
  } else {
    CheckParty(line, role, root, cache, facts, keys);
  }
}

// The root says nothing of what was signed after its end.
void CheckBeforeEndOfRoot(const TrustRoot& root, const Policy& policy, LineFacts& facts) {
  if (facts.token && *facts.token > root.expires + policy.clock_skew_seconds) {
    Add(facts, Rule::kValidity, ExitCode::kNotValidThen,
        "time stamp " + FormatTime(*facts.token) + " is later than the root's end " +
            FormatTime(root.expires) + "; get the newest root");
  }
}

// T <= U.
void CheckStampedBeforeWitnessed(const Policy& policy, LineFacts& facts) {
  if (!facts.token || !facts.witnessed ||
      *facts.token <= *facts.witnessed + policy.clock_skew_seconds) {
    return;
  }
  Add(facts, Rule::kOrder, ExitCode::kNotValidThen,
      "time stamp " + FormatTime(*facts.token) + " is later than the witnesses' " +
          FormatTime(*facts.witnessed) + " by more than " +
          std::to_string(policy.clock_skew_seconds) + " s");
}

}  // namespace

std::string Quoted(std::string_view text) { return "\"" + Printable(text, 160) + "\""; }

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kRequester:
      return "requester";
    case Role::kCoordinator:
      return "coordinator";
    case Role::kSite:
      return "site";
    case Role::kAuditor:
      return "auditor";
    case Role::kSigner:
      return "signer";
    case Role::kMonitor:
      return "monitor";
    case Role::kCertifier:
      return "certifier";
  }
  CHECK(false);
}

LineFacts CheckSignerToBe(const Bundle& line, Role role, const TrustRoot& root, UnixSeconds now) {
  LineFacts facts;
  VerifyCache cache;
  facts.token = facts.witnessed = now;
  KeysOfLine keys;
  keys.signer = line.key().KeyId();
  CheckParty(line, role, root, cache, facts, keys);
  CheckRevocations(keys, root, facts);
  return facts;
}

LineFacts CheckLine(const Bundle& line, Role role, const TrustRoot& root, const Policy& policy,
                    VerifyCache& cache) {
  LineFacts facts;
  KeysOfLine keys;
  CheckSigned(line, role, root, cache, facts, keys);
  keys.log = CheckLogEntry(line, root, facts);
  if (keys.log != nullptr) {
    CheckWitnesses(line, root, policy, facts);
  } else {
    Add(facts, Rule::kWitnesses, ExitCode::kWitnesses, "no sound log entry, so no witness");
  }
  CheckRevocations(keys, root, facts);
  CheckBeforeEndOfRoot(root, policy, facts);
  CheckStampedBeforeWitnessed(policy, facts);
  return facts;
}

LineFacts CheckStampedLine(const Bundle& line, Role role, const TrustRoot& root,
                           const Policy& policy, VerifyCache& cache) {
  LineFacts facts;
  KeysOfLine keys;
  CheckSigned(line, role, root, cache, facts, keys);
  facts.witnessed = facts.token;  // nobody else says when it was there
  CheckRevocations(keys, root, facts);
  CheckBeforeEndOfRoot(root, policy, facts);
  return facts;
}

LineFacts CheckCarriedProof(const Bundle& line, const TrustRoot& root, const Policy& policy,
                            VerifyCache& cache) {
  LineFacts facts;
  KeysOfLine keys;
  if (line.timestamp) keys.stamped_by = CheckToken(line, root, cache, facts);
  if (line.log_entry) keys.log = CheckLogEntry(line, root, facts);
  if (keys.log != nullptr) CheckWitnesses(line, root, policy, facts);
  if (!line.log_entry) facts.witnessed = facts.token;  // as of a status
  CheckRevocations(keys, root, facts);
  CheckBeforeEndOfRoot(root, policy, facts);
  CheckStampedBeforeWitnessed(policy, facts);
  return facts;
}

}  // namespace farm
