// One row per rule: a good release, one thing bent, the rule and the exit code that must say so.
// Take a rule out and its row fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/verify/verify.h"
#include "tests/support/draft_hooks.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/known_codes.h"
#include "tests/support/verdict_case.h"

namespace farm {
namespace {

using Change = std::function<void(VerdictInput&, const EvidenceMaker&)>;

struct Row {
  std::string name;
  ExitCode exit;
  std::string rule;  // the rule that must not hold
  DraftHook draft = [](LineDraft&) {};
  Change change = [](VerdictInput&, const EvidenceMaker&) {};
  EvidenceOptions options = {};
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::vector<std::string> Broken(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) names.push_back(outcome.rule);
  }
  return names;
}

std::string Explain(const Verdict& verdict) {
  std::string text = verdict.headline + "\n";
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) text += outcome.rule + ": " + outcome.found + "\n";
  }
  return text;
}

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr UnixSeconds kIntentWitnessed = kStart + 210;
constexpr UnixSeconds kRecordToken = kStart + 300;
constexpr std::int64_t kSkew = 60;
const Digest kOther = Sha256("another");

ValidFor EndedAt(UnixSeconds end) { return {0, end}; }

Revocation RevokedKey(const std::string& key_id, std::optional<UnixSeconds> since) {
  return {"key", key_id, "test", since};
}

// As a root says it that can be read: another log goes on.
void CloseLog(VerdictInput& input, std::uint64_t size, const Digest& tree_root) {
  Log next{"next", PrivateKey::Generate(KeyKind::kEd25519).public_key(),
           PrivateKey::Generate(KeyKind::kP256).public_key(), input.root.logs[0].valid_for};
  input.root.logs[0].end = LogEnd{size, tree_root, next.origin};
  input.root.logs.push_back(std::move(next));
}

const Row kRows[] = {
    // 10
    {"file_with_other_bytes",
     ExitCode::kArtifactUnknown,
     "artifact",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.file_digest = kOther; }},
    {"file_with_other_size",
     ExitCode::kArtifactUnknown,
     "artifact",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { ++input.file_size; }},
    {"renamed_file",
     ExitCode::kArtifactUnknown,
     "artifact",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.file_name = "renamed"; }},
    {"file_with_the_name_of_another_artifact",
     ExitCode::kArtifactUnknown,
     "artifact",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.file_name = maker.options().artifacts[1].first;
     }},
    {"another_product_than_asked_for",
     ExitCode::kArtifactUnknown,
     "release",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.product = "zlib"; }},
    {"another_version_than_asked_for",
     ExitCode::kArtifactUnknown,
     "release",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.version = "1.1"; }},
    // 11
    {"release_payload_changed",
     ExitCode::kBadSignature,
     "signatures",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       Release release = *ParseStatementAs<Release>(input.lines[0].envelope.payload, "");
       ++release.sequence;
       input.lines[0].envelope.payload = WriteStatement(release);
     }},
    {"record_signature_changed",
     ExitCode::kBadSignature,
     "signatures",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines[kFirstRecordLine].envelope.signature.back() ^= 1;
     }},
    {"leaf_of_one_operator_with_id_of_another", ExitCode::kBadSignature, "identities",
     OnParty<Record>("site-1", [](Record&, LineDraft& draft) { draft.authority = "operator-0"; })},
    {"signer_leaf_of_another_operator", ExitCode::kBadSignature, "identities",
     On<Release>([](Release&, LineDraft& draft) { draft.authority = "operator-1"; })},
    {"id_not_in_root", ExitCode::kBadSignature, "identities",
     OnParty<Record>("site-1",
                     [](Record& record, LineDraft& draft) {
                       draft.uri = record.builder = "https://farm.example/site/9";
                     })},
    {"site_signs_release", ExitCode::kBadSignature, "identities",
     On<Release>([](Release& release, LineDraft& draft) {
       draft.uri = release.signer = EvidenceMaker::SiteId(0);
     })},
    {"coordinator_signs_release", ExitCode::kBadSignature, "identities",
     On<Release>([](Release& release, LineDraft& draft) {
       draft.party = "coordinator";
       draft.uri = release.signer = "https://farm.example/coordinator";
     })},
    {"release_says_another_signer", ExitCode::kBadSignature, "identities",
     On<Release>([](Release& release, LineDraft&) { release.signer = "somebody"; })},
    {"record_says_another_builder", ExitCode::kBadSignature, "identities",
     OnParty<Record>("site-1",
                     [](Record& r, LineDraft&) { r.builder = EvidenceMaker::SiteId(2); })},
    {"request_says_another_requester", ExitCode::kBadSignature, "identities",
     On<Request>([](Request& request, LineDraft&) { request.requester = "somebody"; })},
    {"approval_says_another_auditor", ExitCode::kBadSignature, "identities",
     OnParty<Approval>("auditor-0", [](Approval& a, LineDraft&) { a.auditor = "auditor-9"; })},
    {"requester_not_in_root",
     ExitCode::kBadSignature,
     "identities",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.root.requesters.clear(); }},
    {"intent_not_by_coordinator", ExitCode::kBadSignature, "identities",
     On<Intent>([](Intent&, LineDraft& draft) {
       draft.party = "signer";
       draft.uri = "https://farm.example/signer";
     })},
    {"unknown_time_stamp_authority",
     ExitCode::kBadSignature,
     "time-stamps",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.timestamp_authorities = EvidenceMaker().root().timestamp_authorities;
     }},
    {"token_over_another_signature",
     ExitCode::kBadSignature,
     "time-stamps",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines[0].timestamp = input.lines[1].timestamp;
     }},
    // 12
    {"fewer_sites_than_policy",
     ExitCode::kQuorum,
     "sites",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.sites = 4; }},
    {"fewer_sites_than_manifest", ExitCode::kQuorum, "sites", {}, {}, {.requires_sites = 4}},
    {"site_of_intent_without_record", ExitCode::kQuorum, "sites",
     On<Release>([](Release& release, LineDraft&) { release.records.pop_back(); }),
     [](VerdictInput& input, const EvidenceMaker&) {
       input.policy.sites = input.policy.operators = input.policy.countries = 2;
     }},
    {"record_of_another_intent", ExitCode::kQuorum, "sites",
     OnParty<Record>("site-2", [](Record& record, LineDraft&) { record.intent = kOther; })},
    {"record_of_another_manifest", ExitCode::kQuorum, "sites",
     OnParty<Record>("site-2", [](Record& record, LineDraft&) { record.manifest = kOther; })},
    {"record_of_a_site_not_asked", ExitCode::kQuorum, "sites",
     On<Intent>([](Intent& intent, LineDraft&) { intent.sites.pop_back(); }),
     [](VerdictInput& input, const EvidenceMaker&) {
       input.policy.sites = input.policy.operators = input.policy.countries = 2;
     }},
    {"two_sites_with_one_key", ExitCode::kQuorum, "sites",
     OnParty<Record>("site-2", [](Record&, LineDraft& draft) { draft.party = "site-1"; })},
    {"release_of_other_bytes_than_built", ExitCode::kQuorum, "outputs",
     On<Release>([](Release& release, LineDraft&) { release.artifacts[1].digest = kOther; })},
    {"release_with_another_mode", ExitCode::kQuorum, "outputs",
     On<Release>([](Release& release, LineDraft&) { release.artifacts[1].mode = "0755"; })},
    {"release_without_a_declared_artifact", ExitCode::kQuorum, "outputs",
     [](LineDraft& draft) {
       if (auto* r = std::get_if<Release>(&draft.statement)) r->artifacts.pop_back();
       if (auto* r = std::get_if<Record>(&draft.statement)) r->outputs.pop_back();
     }},
    // 13
    {"fewer_operators_than_policy",
     ExitCode::kJurisdiction,
     "operators",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.operators = 4; }},
    {"fewer_countries_than_policy",
     ExitCode::kJurisdiction,
     "countries",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.countries = 4; }},
    {"no_site_in_the_country_of_the_policy",
     ExitCode::kJurisdiction,
     "countries",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.countries_any = {"CH"}; }},
    {"no_site_in_the_country_of_the_manifest",
     ExitCode::kJurisdiction,
     "countries",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.countries_any = {"XA"}; },
     {.requires_countries_any = {"CH"}}},
    {"development_root_not_allowed",
     ExitCode::kJurisdiction,
     "development-root",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.allow_development_root = false; }},
    {"development_root_refused_by_policy",
     ExitCode::kJurisdiction,
     "development-root",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.policy.refuse_development_root = true;
     }},
    {"limits_observed_under_a_production_root",
     ExitCode::kJurisdiction,
     "limits",
     OnParty<Record>("site-0", [](Record& record, LineDraft&) { record.limits_observed = true; }),
     {},
     {.development = false}},
    // 14
    {"approval_missing", ExitCode::kApproval, "approvals",
     On<Release>([](Release& release, LineDraft&) { release.approvals.pop_back(); })},
    {"fewer_auditors_than_manifest",
     ExitCode::kApproval,
     "approvals",
     {},
     {},
     {.requires_auditors = 3}},
    {"approval_of_another_manifest", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1", [](Approval& a, LineDraft&) { a.manifest = kOther; })},
    {"approval_of_another_version", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1", [](Approval& a, LineDraft&) { a.version = "2.0"; })},
    {"approval_of_other_sources", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1",
                       [](Approval& a, LineDraft&) { a.sources[0].tree = kOther.Hex(); })},
    {"approval_of_no_sources", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1", [](Approval& a, LineDraft&) { a.sources.clear(); })},
    {"auditor_approves_twice", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1",
                       [](Approval& a, LineDraft& draft) {
                         a.auditor = draft.party = "auditor-0";
                         ++a.created;
                       })},
    {"requester_approves_with_own_key", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1",
                       [](Approval& a, LineDraft& d) { a.auditor = d.party = "requester"; })},
    {"requester_is_also_an_auditor", ExitCode::kApproval, "approvals",
     On<Request>([](Request& request, LineDraft&) { request.requester = "auditor-1"; }),
     [](VerdictInput& input, const EvidenceMaker&) { input.root.requesters[0].id = "auditor-1"; }},
    {"operator_approves", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1", [](Approval& a, LineDraft&) { a.auditor = "operator-1"; }),
     [](VerdictInput& input, const EvidenceMaker&) { input.root.auditors[1].id = "operator-1"; }},
    {"site_approves", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1",
                       [](Approval&, LineDraft& draft) {
                         draft.party = "site-1";
                         draft.authority = "operator-1";
                         draft.uri = EvidenceMaker::SiteId(1);
                       })},
    {"site_approves_with_an_auditors_name", ExitCode::kApproval, "approvals",
     OnParty<Approval>("auditor-1", [](Approval&, LineDraft& draft) { draft.party = "site-1"; }),
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.auditors[1].key = maker.Key("site-1").public_key();
     }},
    // 15
    {"no_log_entry", ExitCode::kLogProof, "log",
     On<Approval>([](Approval&, LineDraft& draft) { draft.logged = false; })},
    {"unknown_log",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input,
        const EvidenceMaker&) { input.root.logs[0].origin = "other.example"; }},
    {"log_with_another_key",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.logs[0].key = EvidenceMaker().root().logs[0].key;
     }},
    {"second_log_signature_wrong",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       ReplaceNote(input.lines[1], [](Note& note) { note.signatures[1].signature.back() ^= 1; });
     }},
    {"only_the_first_log_signature",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       ReplaceNote(input.lines[1],
                   [](Note& note) { note.signatures.erase(note.signatures.begin() + 1); });
     }},
    {"no_log_signature",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       DropSignatures(input.lines[0], maker.Log());
     }},
    {"proof_hash_changed",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines[3].log_entry->hashes[0] = kOther;
     }},
    {"proof_of_another_line",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines[3].log_entry = input.lines[4].log_entry;
     }},
    {"index_changed",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { --input.lines[3].log_entry->index; }},
    {"tree_size_changed",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { ++input.lines[3].log_entry->tree_size; }},
    {"root_hash_changed",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.lines[3].log_entry->root = kOther; }},
    {"log_id_of_another_log",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.lines[3].log_entry->log_id[0] ^= 1; }},
    {"consistency_proof_missing",
     ExitCode::kLogProof,
     "consistency",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       DropSignatures(input.lines[0], std::string(kConsistencyName));
     }},
    {"consistency_proof_changed",
     ExitCode::kLogProof,
     "consistency",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       ReplaceNote(input.lines[0],
                   [](Note& note) { note.signatures.back().signature.back() ^= 1; });
     }},
    {"forked_log",
     ExitCode::kLogProof,
     "consistency",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       // A second history under the same keys: the same intent, after other entries.
       EvidenceMaker fork = maker;
       LineDraft draft = fork.Draft(Intent{}, "coordinator", kStart + 200);
       Bundle noise = fork.MakeLine(draft);
       fork.Enter(input.lines[kIntentLine], draft);
     }},
    {"same_tree_in_another_known_log",
     ExitCode::kLogProof,
     "consistency",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
       const PrivateKey ecdsa = PrivateKey::Generate(KeyKind::kP256);
       const Log other{"other.example", key.public_key(), ecdsa.public_key(),
                       input.root.logs[0].valid_for};
       input.root.logs.push_back(other);
       LogEntry& entry = *input.lines[kIntentLine].log_entry;
       Note note{CheckpointText({other.origin, entry.tree_size, entry.root}), {}};
       note.signatures.push_back(SignNote(note.text, other.origin, key));
       note.signatures.push_back(SignNote(note.text, other.origin, ecdsa));
       for (int i = 0; i < 2; ++i) {
         note.signatures.push_back(Cosign(note.text, input.root.witnesses[i].name,
                                          maker.Key("witness-" + std::to_string(i)),
                                          kIntentWitnessed));
       }
       entry.checkpoint = WriteNote(note);
       entry.log_id = NoteKeyIdFull(other.origin, other.key);
     }},
    {"forked_log_of_the_same_size",
     ExitCode::kLogProof,
     "consistency",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       EvidenceMaker fork = maker;
       fork.Rewind(maker.Head().size - 1);
       fork.Enter(input.lines[kIntentLine], fork.Draft(Intent{}, "coordinator", kStart + 200));
     }},
    {"closed_log_goes_on",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       CloseLog(input, maker.Head().size - 1, maker.Head().root);
     }},
    {"closed_log_ends_in_another_tree",
     ExitCode::kLogProof,
     "log",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       CloseLog(input, maker.Head().size, Sha256("another"));
     }},
    // 16
    {"fewer_witnesses_than_policy",
     ExitCode::kWitnesses,
     "witnesses",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.witnesses = 3; }},
    {"one_line_with_one_witness", ExitCode::kWitnesses, "witnesses",
     OnParty<Record>("site-1", [](Record&, LineDraft& draft) { draft.witnesses = {0}; })},
    {"one_witness_twice", ExitCode::kWitnesses, "witnesses",
     On<Release>([](Release&, LineDraft& draft) {
       draft.witnesses = {0, 0};
     })},
    {"two_witnesses_of_one_operator",
     ExitCode::kWitnesses,
     "witnesses",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.witnesses[1].operator_id = input.root.witnesses[0].operator_id;
     },
     {.development = false}},
    {"cosignature_changed",
     ExitCode::kWitnesses,
     "witnesses",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       ReplaceNote(input.lines[2], [](Note& note) { note.signatures[2].signature.back() ^= 1; });
     }},
    {"witnesses_of_a_time_beyond_the_calendar", ExitCode::kWitnesses, "witnesses",
     On<Intent>([](Intent&, LineDraft& draft) { draft.witnessed = UnixSeconds{1} << 62; })},
    {"witnesses_of_the_last_time_that_a_number_holds", ExitCode::kWitnesses, "witnesses",
     On<Release>([](Release&, LineDraft& draft) { draft.witnessed = INT64_MAX; })},
    {"witness_with_another_key",
     ExitCode::kWitnesses,
     "witnesses",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.witnesses[0].key = EvidenceMaker().root().witnesses[0].key;
     }},
    // 17
    {"site_key_revoked",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {
           RevokedKey(maker.Key("site-1").public_key().KeyId(), std::nullopt)};
     }},
    {"auditor_key_compromised_when_used",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {
           RevokedKey(maker.Key("auditor-1").public_key().KeyId(), kStart + 110)};
     }},
    {"signer_key_compromised_before_witnessing",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {
           RevokedKey(maker.Key("signer").public_key().KeyId(), kStart + 410)};
     }},
    {"operator_ca_revoked",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {
           RevokedKey(maker.Key("ca-operator-2").public_key().KeyId(), std::nullopt)};
     }},
    {"log_key_revoked",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {RevokedKey(maker.Key("log").public_key().KeyId(), std::nullopt)};
     }},
    {"time_stamp_key_revoked",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {RevokedKey(maker.Key("tsa").public_key().KeyId(), std::nullopt)};
     }},
    {"time_stamp_key_compromised_that_only_the_token_shows",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       std::vector<Certificate>& chain = input.root.timestamp_authorities[0].chain;
       chain.erase(chain.begin());
       input.root.revocations = {RevokedKey(maker.Key("tsa").public_key().KeyId(), kStart - 1)};
     }},
    {"time_stamp_key_of_a_foreign_kind_compromised",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.revocations = {
           RevokedKey(input.root.timestamp_authorities[0].chain[0].KeyId(), kStart - 1)};
     },
     {.foreign_timestamps = true}},
    {"time_stamp_authority_of_a_foreign_kind_revoked",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.revocations = {
           RevokedKey(input.root.timestamp_authorities[0].chain[1].KeyId(), std::nullopt)};
     },
     {.foreign_timestamps = true}},
    {"time_stamp_key_of_a_foreign_kind_compromised_that_only_the_token_shows",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       std::vector<Certificate>& chain = input.root.timestamp_authorities[0].chain;
       input.root.revocations = {RevokedKey(chain[0].KeyId(), kStart - 1)};
       chain.erase(chain.begin());
     },
     {.foreign_timestamps = true}},
    {"witness_key_revoked",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {
           RevokedKey(maker.Key("witness-0").public_key().KeyId(), std::nullopt)};
     }},
    {"release_revoked",
     ExitCode::kRevoked,
     "revocations",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.revocations = {
           {"release", input.lines[0].PaeDigest().Text(), "withdrawn", std::nullopt}};
     }},
    // 18
    {"no_time_stamp", ExitCode::kNotValidThen, "time-stamps",
     On<Intent>([](Intent&, LineDraft& draft) { draft.stamped = false; })},
    {"leaf_expired_when_used", ExitCode::kNotValidThen, "validity",
     OnParty<Record>("site-0",
                     [](Record&, LineDraft& d) { d.leaf_start = kRecordToken - kDaySeconds - 1; })},
    {"leaf_not_yet_valid_when_used", ExitCode::kNotValidThen, "validity",
     OnParty<Record>("site-0", [](Record&, LineDraft& d) { d.leaf_start = kRecordToken + 1; })},
    {"operator_left_before",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.operators[1].valid_for = EndedAt(kRecordToken - 1);
     }},
    {"authority_ended",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.operators[1].authorities[0].valid_for = EndedAt(kRecordToken - 1);
     }},
    {"auditor_left_before",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.auditors[0].valid_for = EndedAt(kStart + 99);
     }},
    {"log_ended_before",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.logs[0].valid_for = EndedAt(kStart + 399);
     }},
    {"witness_ended_before",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.witnesses[1].valid_for = EndedAt(kStart + 409);
     }},
    {"released_after_the_root_had_expired",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.expires = kStart + 400 - kSkew - 1;
     }},
    {"everything_after_the_root_had_expired",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.expires = kStart - kSkew - 1;
       input.root.created = input.root.expires - 1;
     }},
    {"time_stamp_authority_ended_before",
     ExitCode::kNotValidThen,
     "validity",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.timestamp_authorities[0].valid_for = EndedAt(kStart + 399);
     }},
    {"witnessed_before_signed", ExitCode::kNotValidThen, "order",
     On<Release>([](Release&, LineDraft& d) { d.witnessed = d.token - kSkew - 1; })},
    {"approval_witnessed_before_signed", ExitCode::kNotValidThen, "order",
     OnParty<Approval>("auditor-0",
                       [](Approval&, LineDraft& d) { d.witnessed = d.token - kSkew - 1; })},
    {"approved_after_the_intent", ExitCode::kNotValidThen, "order",
     OnParty<Approval>("auditor-0",
                       [](Approval&, LineDraft& d) {
                         d.token = kIntentWitnessed + kSkew + 1;
                         d.witnessed = d.token;
                       })},
    {"built_before_the_intent", ExitCode::kNotValidThen, "order",
     OnParty<Record>("site-0",
                     [](Record&, LineDraft& d) { d.token = kIntentWitnessed - kSkew - 1; })},
    {"released_before_the_intent", ExitCode::kNotValidThen, "order",
     On<Release>([](Release&, LineDraft& d) { d.token = kIntentWitnessed - kSkew - 1; })},
    {"second_witness_saw_the_intent_late", ExitCode::kNotValidThen, "order",
     On<Intent>([](Intent&, LineDraft& d) { d.witnessed_by[1] = kRecordToken + kSkew + 1; })},
    // 22
    {"request_line_missing",
     ExitCode::kInputMissing,
     "lines",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines.erase(input.lines.begin() + kRequestLine);
     }},
    {"intent_line_missing",
     ExitCode::kInputMissing,
     "lines",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines.erase(input.lines.begin() + kIntentLine);
     }},
    {"line_twice",
     ExitCode::kInputMissing,
     "lines",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.lines.push_back(input.lines[1]); }},
    {"release_names_an_approval_twice", ExitCode::kInputMissing, "lines",
     On<Release>(
         [](Release& release, LineDraft&) { release.approvals.push_back(release.approvals[0]); })},
    {"request_of_another_manifest", ExitCode::kApproval, "manifest",
     On<Request>([](Request& request, LineDraft&) { request.manifest = kOther; })},
    {"request_of_another_version", ExitCode::kInputMissing, "manifest",
     On<Request>([](Request& request, LineDraft&) { request.version = "2.0"; })},
    {"intent_of_another_request", ExitCode::kInputMissing, "manifest",
     On<Intent>([](Intent& intent, LineDraft&) { intent.request = kOther; })},
    {"intent_of_another_version", ExitCode::kInputMissing, "manifest",
     On<Intent>([](Intent& intent, LineDraft&) { intent.version = "2.0"; })},
    {"request_and_intent_of_another_version", ExitCode::kInputMissing, "manifest",
     [](LineDraft& draft) {
       if (auto* request = std::get_if<Request>(&draft.statement)) request->version = "2.0";
       if (auto* intent = std::get_if<Intent>(&draft.statement)) intent->version = "2.0";
     }},
    {"records_with_another_lock", ExitCode::kInputMissing, "manifest",
     On<Record>([](Record& record, LineDraft&) { record.lock = kOther; })},
    {"records_with_other_sources", ExitCode::kInputMissing, "manifest",
     On<Record>([](Record& record, LineDraft&) { record.sources[0].tree = kOther.Hex(); })},
    // 23
    {"one_site_with_another_image", ExitCode::kDissent, "agreement",
     OnParty<Record>("site-2", [](Record& record, LineDraft&) { record.image = kOther; })},
    {"one_site_with_another_plan", ExitCode::kDissent, "agreement",
     OnParty<Record>("site-2", [](Record& record, LineDraft&) { record.plan = kOther; })},
    {"one_site_with_another_root_tar", ExitCode::kDissent, "agreement",
     OnParty<Record>("site-2", [](Record& record, LineDraft&) { record.root_tar = kOther; })},
    {"one_site_with_other_bytes", ExitCode::kQuorum, "agreement",
     OnParty<Record>("site-2", [](Record& r, LineDraft&) { r.outputs[0].digest = kOther; })},
    {"one_site_failed", ExitCode::kQuorum, "agreement",
     OnParty<Record>("site-2",
                     [](Record& r, LineDraft&) {
                       r.result = BuildResult::kFailed;
                       r.outputs.clear();
                     })},
    // 24
    {"older_sequence",
     ExitCode::kRollback,
     "sequence",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.newest_sequence = 2; }},
    {"another_release_with_the_sequence_accepted_before",
     ExitCode::kRollback,
     "sequence",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_sequence = 1;
       input.newest_release = kOther;
     }},
    {"another_release_with_the_sequence_accepted_before_though_older_is_allowed",
     ExitCode::kRollback,
     "sequence",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_sequence = 1;
       input.newest_release = kOther;
       input.allow_older = true;
     }},
    {"older_root",
     ExitCode::kRollback,
     "root-version",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.newest_root_version = 2; }},
    {"another_root_of_the_version_accepted_before",
     ExitCode::kRollback,
     "root-version",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_root_version = input.root.version;
       input.newest_root = kOther;
     }},
    {"another_root_of_the_version_accepted_before_though_older_is_allowed",
     ExitCode::kRollback,
     "root-version",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_root_version = input.root.version;
       input.newest_root = kOther;
       input.allow_older = true;
     }},
    // 2
    {"no_lines",
     ExitCode::kUsage,
     "release",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.lines.clear(); }},
    {"first_line_is_no_release",
     ExitCode::kUsage,
     "release",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { std::swap(input.lines[0], input.lines[1]); }},
    {"release_without_a_manifest", ExitCode::kUsage, "release",
     On<Release>([](Release& release, LineDraft&) { release.manifest = "{}"; })},
    {"record_is_an_approval", ExitCode::kUsage, "statements",
     On<Release>([](Release& r, LineDraft&) { r.records[0] = r.approvals[0]; })},
    {"payload_of_another_type",
     ExitCode::kUsage,
     "statements",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines[0].envelope.payload_type = "text/plain";
     }},
};

class Refused : public testing::TestWithParam<Row> {};

TEST_P(Refused, WithItsRuleAndCode) {
  const Row& row = GetParam();
  EvidenceMaker maker(row.options);
  const MadeRelease made = maker.Make(row.draft ? row.draft : [](LineDraft&) {});
  VerdictInput input = maker.Input(made);
  if (row.change) row.change(input, maker);
  WriteVerdictCase(row.name, input, made, maker);  // for another verifier: tests/interop
  const Verdict verdict = Judge(input);
  EXPECT_EQ(verdict.exit, row.exit) << Explain(verdict);
  EXPECT_THAT(Broken(verdict), testing::Contains(row.rule)) << Explain(verdict);
  ExpectKnownCodes(verdict);
  EXPECT_EQ(verdict.headline, "NOT VERIFIED");
  EXPECT_FALSE(verdict.proved());
}

INSTANTIATE_TEST_SUITE_P(Verdict, Refused, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

// The other side of the same promises: at the limit, and where it is allowed.
const Row kGoodRows[] = {
    {"as_made", ExitCode::kProved, ""},
    {"production_root", ExitCode::kProved, "", {}, {}, {.development = false}},
    {"one_site_one_auditor_one_witness",
     ExitCode::kProved,
     "",
     {},
     {},
     {.sites = 1, .auditors = 1, .witnesses = 1}},
    {"leaf_in_its_last_second", ExitCode::kProved, "",
     OnParty<Record>("site-0",
                     [](Record&, LineDraft& d) { d.leaf_start = kRecordToken - kDaySeconds; })},
    {"leaf_in_its_first_second", ExitCode::kProved, "",
     OnParty<Record>("site-0", [](Record&, LineDraft& d) { d.leaf_start = kRecordToken; })},
    {"operator_in_its_last_second",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.operators[1].valid_for = EndedAt(kRecordToken);
     }},
    {"operator_with_a_renewed_authority",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       const Certificate renewed =
           IssueAuthority(PrivateKey::Generate(KeyKind::kP256), "renewed", "CA", 0, kStart);
       std::vector<DatedAuthority>& authorities = input.root.operators[1].authorities;
       authorities.insert(authorities.begin(), DatedAuthority{{renewed}, {kStart, std::nullopt}});
       // Nothing of this release was issued by that one.
       input.root.revocations.push_back({"key", renewed.KeyId(), "lost", std::nullopt});
     }},
    {"authority_in_its_last_second",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.operators[1].authorities[0].valid_for = EndedAt(kRecordToken);
     }},
    {"log_that_was_closed_then",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       CloseLog(input, maker.Head().size, maker.Head().root);
     }},
    {"witness_in_its_last_second",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.witnesses[1].valid_for = EndedAt(kStart + 410);
     }},
    {"witnessed_before_signed_within_the_skew", ExitCode::kProved, "",
     On<Release>([](Release&, LineDraft& d) { d.witnessed = d.token - kSkew; })},
    {"approved_after_the_intent_within_the_skew", ExitCode::kProved, "",
     OnParty<Approval>("auditor-0",
                       [](Approval&, LineDraft& d) {
                         d.token = kIntentWitnessed + kSkew;
                         d.witnessed = d.token;
                       })},
    {"built_before_the_intent_within_the_skew", ExitCode::kProved, "",
     OnParty<Record>("site-0", [](Record&, LineDraft& d) { d.token = kIntentWitnessed - kSkew; })},
    {"one_of_three_witnesses_saw_it_late",
     ExitCode::kProved,
     "",
     On<Intent>([](Intent&, LineDraft& d) { d.witnessed_by[2] = kRecordToken + 9999; }),
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.witnesses = 2; },
     {.witnesses = 3}},
    {"two_witnesses_of_the_one_operator_of_a_development_root",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.witnesses[1].operator_id = input.root.witnesses[0].operator_id;
     }},
    {"one_more_witness_than_asked_is_absent",
     ExitCode::kProved,
     "",
     [](LineDraft& draft) { draft.witnesses.pop_back(); },
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.witnesses = 2; },
     {.witnesses = 3}},
    {"signer_key_compromised_later",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       input.root.revocations = {
           RevokedKey(maker.Key("signer").public_key().KeyId(), kStart + 411)};
     }},
    {"time_stamps_of_a_foreign_authority",
     ExitCode::kProved,
     "",
     {},
     {},
     {.foreign_timestamps = true}},
    {"time_stamp_key_compromised_later_that_only_the_token_shows",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       std::vector<Certificate>& chain = input.root.timestamp_authorities[0].chain;
       input.root.revocations = {RevokedKey(chain[0].KeyId(), kStart + 411)};
       chain.erase(chain.begin());
     },
     {.foreign_timestamps = true}},
    {"another_release_revoked",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.root.revocations = {{"release", kOther.Text(), "withdrawn", std::nullopt}};
     }},
    {"foreign_line_counts_for_nothing",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.lines.push_back(EvidenceMaker({.product = "other"}).Make().lines[3]);
     }},
    {"log_grew_between", ExitCode::kProved, "", [](LineDraft&) {},
     [](VerdictInput& input, const EvidenceMaker& maker) {
       EvidenceMaker again = maker;
       input.lines = again.Make().lines;
     }},
    {"same_sequence_again",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.newest_sequence = 1; }},
    {"same_release_again",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_sequence = 1;
       input.newest_release = input.lines[0].PaeDigest();
     }},
    {"the_root_accepted_before",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_root_version = input.root.version;
       input.newest_root = SignedDigest(input.root);
     }},
    {"a_newer_root_than_the_one_accepted_before",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_root_version = input.root.version - 1;
       input.newest_root = kOther;
     }},
    {"another_release_with_a_newer_sequence", ExitCode::kProved, "",
     On<Release>([](Release& release, LineDraft&) { release.sequence = 2; }),
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_sequence = 1;
       input.newest_release = kOther;
     }},
    {"older_but_allowed",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.newest_sequence = 5;
       input.newest_release = kOther;
       input.newest_root_version = 5;
       input.newest_root = kOther;
       input.allow_older = true;
     }},
    {"root_expired_just_before_the_release_within_the_skew",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.root.expires = kStart + 400 - kSkew; }},
    {"root_expired_today",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.at = input.root.expires + 1; }},
    {"file_renamed_on_purpose",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.file_name = "renamed";
       input.renamed = true;
     }},
    {"two_artifacts_of_the_same_bytes",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.file_name = "b"; },
     {.artifacts = {{"a", "same"}, {"b", "same"}}}},
    {"product_and_version_asked_for",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) {
       input.product = "hello";
       input.version = "1.0";
     }},
    {"record_without_sources", ExitCode::kProved, "",
     On<Record>([](Record& record, LineDraft&) { record.sources.clear(); })},
    {"site_in_the_country_of_the_manifest",
     ExitCode::kProved,
     "",
     {},
     [](VerdictInput& input, const EvidenceMaker&) { input.policy.countries_any = {"XA"}; },
     {.requires_countries_any = {"CH", "XC"}}},
};

class Proved : public testing::TestWithParam<Row> {};

TEST_P(Proved, WithAllRulesHeld) {
  const Row& row = GetParam();
  EvidenceMaker maker(row.options);
  const MadeRelease made = maker.Make(row.draft ? row.draft : [](LineDraft&) {});
  VerdictInput input = maker.Input(made);
  if (row.change) row.change(input, maker);
  WriteVerdictCase(row.name, input, made, maker);  // for another verifier: tests/interop
  const Verdict verdict = Judge(input);
  EXPECT_EQ(verdict.exit, ExitCode::kProved) << Explain(verdict);
  EXPECT_THAT(Broken(verdict), testing::IsEmpty()) << Explain(verdict);
}

INSTANTIATE_TEST_SUITE_P(Verdict, Proved, testing::ValuesIn(kGoodRows),
                         [](const auto& row) { return row.param.name; });

// Whatever bytes are changed: no crash, and nothing is proved but the release that was signed.
TEST(Judge, SurvivesRandomChangesOfTheFile) {
  std::mt19937 random(20270115);
  EvidenceMaker maker({.sites = 1, .auditors = 1, .witnesses = 1});
  const MadeRelease made = maker.Make();
  const std::string good = made.FileText();
  const VerdictInput input = maker.Input(made);
  for (int round = 0; round < 500; ++round) {
    std::string bad = good;
    for (int i = 0; i < 1 + round % 3; ++i) {
      const std::size_t at = random() % bad.size();
      switch (random() % 4) {
        case 0:
          bad[at] = static_cast<char>(random());
          break;
        case 1:
          bad[at] = good[random() % good.size()];
          break;
        case 2:
          bad.erase(at, 1 + random() % 8);
          break;
        default:
          bad.insert(at, bad.substr(random() % bad.size(), random() % 8));
      }
    }
    auto lines = ParseBundleFile(bad, "file");
    if (!lines) continue;
    VerdictInput changed = input;
    changed.lines = *std::move(lines);
    const Verdict verdict = Judge(changed);
    if (verdict.proved()) {
      EXPECT_EQ(verdict.release_digest, made.lines[0].PaeDigest());
    }
  }
}

TEST(Headline, NamesWhatWasProvedADevelopmentRootAndObservedLimits) {
  EvidenceMaker maker;
  EXPECT_EQ(Judge(maker.Input(maker.Make())).headline,
            "VERIFIED (development: 1 machine, 1 operator)  hello 1.0  hello.tar");
  const MadeRelease observed =
      maker.Make(On<Record>([](Record& record, LineDraft&) { record.limits_observed = true; }));
  EXPECT_EQ(Judge(maker.Input(observed)).headline,
            "VERIFIED (development: 1 machine, 1 operator, limits observed)"
            "  hello 1.0  hello.tar");
  EvidenceMaker production({.development = false});
  VerdictInput renamed = production.Input(production.Make());
  renamed.file_name = "mine";
  renamed.renamed = true;
  EXPECT_EQ(Judge(renamed).headline, "VERIFIED  hello 1.0  hello.tar");
  EXPECT_EQ(Judge(renamed).development, "");
}

TEST(Headline, TheMarkOfADevelopmentRootIsThereWhateverIsProved) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  EXPECT_EQ(Judge(input).development, "(development: 1 machine, 1 operator)");
  input.allow_development_root = false;
  EXPECT_EQ(Judge(input).headline, "NOT VERIFIED");
  EXPECT_EQ(Judge(input).development, "(development: 1 machine, 1 operator)");
}

TEST(Judge, PrintsEveryRuleAndTheLowestCodeOfSeveral) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  input.file_digest = kOther;  // 10
  input.policy.witnesses = 9;  // 16
  input.newest_sequence = 9;   // 24
  const Verdict verdict = Judge(input);
  EXPECT_EQ(verdict.exit, ExitCode::kArtifactUnknown);
  EXPECT_THAT(Broken(verdict), testing::IsSupersetOf({"artifact", "witnesses", "sequence"}));
  EXPECT_EQ(verdict.rules.size(), Judge(maker.Input(maker.Make())).rules.size());
  for (const RuleOutcome& outcome : verdict.rules) {
    EXPECT_FALSE(outcome.expected.empty()) << outcome.rule;
    EXPECT_FALSE(outcome.found.empty()) << outcome.rule;
    EXPECT_EQ(outcome.held, outcome.remedy.empty()) << outcome.rule;
  }
}

// The lines are checked in threads.
TEST(Judge, FindsTheSameInTheOrderOfTheLinesEveryTime) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  for (Bundle& line : input.lines) line.envelope.signature.back() ^= 1;
  const std::string first = Explain(Judge(input));
  EXPECT_THAT(first, testing::HasSubstr("signatures: release: signature does not match; request: "
                                        "signature does not match; intent: signature"));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Explain(Judge(input)), first);
}

// The code of a policy's later demand, where nothing is at hand that could meet it.
TEST(Judge, FailsClosedWhereWhatThePolicyAsksForIsNotAtHand) {
  const struct {
    std::string rule;
    ExitCode exit;
    std::function<void(Policy&)> demand;
  } kDemands[] = {
      {"status", ExitCode::kStatusTooOld, [](Policy& p) { p.status_max_age_seconds = 1; }},
      {"certifiers", ExitCode::kJurisdiction, [](Policy& p) { p.certified_countries = true; }},
      {"replays", ExitCode::kReplayInconclusive, [](Policy& p) { p.replays = 1; }},
  };
  EvidenceMaker maker;
  const MadeRelease made = maker.Make();
  for (const auto& row : kDemands) {
    VerdictInput input = maker.Input(made);
    row.demand(input.policy);
    const Verdict verdict = Judge(input);
    EXPECT_EQ(Broken(verdict), std::vector<std::string>{row.rule});
    EXPECT_EQ(verdict.exit, row.exit) << row.rule;
    ExpectKnownCodes(verdict);
    input.policy = WithoutLaterDemands(input.policy);
    EXPECT_TRUE(Judge(input).proved()) << row.rule;
  }
}

TEST(Judge, WarnsOfARootThatExpired) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  input.at = input.root.expires + 1;
  const Verdict verdict = Judge(input);
  EXPECT_EQ(verdict.rules[0].rule, "root");
  EXPECT_TRUE(verdict.rules[0].warning);
  EXPECT_TRUE(verdict.rules[0].held);
}

TEST(JudgeRelease, WantsAllArtifactsAndNoOther) {
  EvidenceMaker maker;
  const MadeRelease made = maker.Make();
  const VerdictInput input = maker.Input(made);
  std::vector<ReleaseFile> files;
  for (const auto& [name, bytes] : made.artifacts) {
    files.push_back({name, Sha256(bytes), bytes.size()});
  }
  const Verdict good = JudgeRelease(input, files);
  EXPECT_TRUE(good.proved());
  std::vector<ReleaseFile> fewer(files.begin(), files.end() - 1);
  EXPECT_EQ(JudgeRelease(input, fewer).exit, ExitCode::kArtifactUnknown);
  std::vector<ReleaseFile> more = files;
  more.push_back({"other", kOther, 1});
  EXPECT_EQ(JudgeRelease(input, more).exit, ExitCode::kArtifactUnknown);
  std::vector<ReleaseFile> changed = files;
  changed[0].digest = kOther;
  EXPECT_EQ(JudgeRelease(input, changed).exit, ExitCode::kArtifactUnknown);
}

}  // namespace
}  // namespace farm
