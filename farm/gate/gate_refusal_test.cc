// Everything that the signer must refuse.  Each row breaks one thing of a world in which a release
// is due, and names the exit code; the row fails when its rule goes.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "farm/gate/gate.h"
#include "tests/support/gate_world.h"

namespace farm::at_the_gate {
namespace {

struct Row {
  const char* name;
  ExitCode exit;
  std::function<Result<Bundle>(World&)> ask;
};

// ---- lines ------------------------------------------------------------------------------------

const Row kLineRows[] = {
    {"manifest_not_canonical", ExitCode::kUsage,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.manifest += "\n";
       return world.Decide(attempt);
     }},
    {"manifest_with_lint", ExitCode::kUsage,
     [](World& world) {
       std::string manifest = Good();
       manifest.replace(manifest.find("-O2"), 3, "-march=native");
       return world.Decide(world.Due(manifest, "1.0"));
     }},
    {"line_truncated", ExitCode::kUsage,
     [](World& world) {
       Question question = world.Due(Good(), "1.0").ToQuestion();
       question.record_lines[1].resize(question.record_lines[1].size() / 2);
       return world.gate().Decide(question, 1);
     }},
    {"too_many_records", ExitCode::kUsage,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.records.resize(kPartiesMax + 1, attempt.records[0]);
       return world.Decide(attempt);
     }},
    {"more_lines_than_a_checkpoint_can_prove", ExitCode::kUsage,
     [](World& world) { return world.Decide(DueWithApprovals(world, kApprovalsProvable + 1)); }},
    {"request_for_another_manifest", ExitCode::kApproval,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.manifest = ManifestBytes("1.0", 1, "-O3");
       return world.Decide(attempt);
     }},
    {"request_by_nobody", ExitCode::kBadSignature,
     [](World& world) {
       world.root.requesters.clear();
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"intent_by_a_site", ExitCode::kBadSignature,
     [](World& world) {
       const Attempt asked = world.Ask(Good(), "1.0");
       world.on_draft = [](LineDraft& draft) {
         if (std::holds_alternative<Intent>(draft.statement)) draft.party = "site-0";
         if (std::holds_alternative<Intent>(draft.statement)) draft.uri = EvidenceMaker::SiteId(0);
       };
       return world.Decide(world.Build(world.Intend(asked, 1, 200), 300, Unchanged));
     }},
    {"intent_for_another_request", ExitCode::kInputMissing,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Attempt other = due;
       other.request = world.Logged(
           Request{Sha256(due.manifest), "hello", "1.0", "requester", kStart + 1}, "requester", 1);
       return world.Decide(other);
     }},
    {"record_reused_under_another_intent", ExitCode::kQuorum,
     [](World& world) {
       const Attempt first = world.Due(Good(), "1.0");
       Attempt second = world.Intend(first, 2, 250);
       second.records = first.records;
       return world.Decide(second);
     }},
    {"missing_site", ExitCode::kQuorum,
     [](World& world) {
       world.policy.sites = world.policy.operators = world.policy.countries = 2;
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.records.pop_back();
       return world.Decide(attempt);
     }},
    {"two_records_of_a_site", ExitCode::kQuorum,
     [](World& world) {
       world.policy.sites = world.policy.operators = world.policy.countries = 2;
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.records.push_back(world.Logged(world.RecordOf(attempt, 1), "site-1", 310));
       return world.Decide(attempt);
     }},
    {"one_ca_issues_the_id_of_another_operators_site", ExitCode::kBadSignature,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.uri == EvidenceMaker::SiteId(1)) draft.authority = "operator-0";
       };
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"record_says_another_builder", ExitCode::kBadSignature,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.records[1] = world.Logged(world.RecordOf(attempt, 1), "site-0", 300);
       return world.Decide(attempt);
     }},
    {"expired_leaf", ExitCode::kNotValidThen,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "site-1") draft.leaf_start = draft.token - 30 * kHourSeconds;
       };
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"record_before_its_intent", ExitCode::kNotValidThen,
     [](World& world) {
       return world.Decide(
           world.Build(world.Intend(world.Ask(Good(), "1.0"), 1, 200), 100, Unchanged));
     }},
    {"record_without_a_time_stamp", ExitCode::kNotValidThen,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.records[1].timestamp.reset();
       return world.Decide(attempt);
     }},
    {"record_not_in_the_log", ExitCode::kLogProof,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.records[1].log_entry.reset();
       return world.Decide(attempt);
     }},
    {"record_seen_by_one_witness", ExitCode::kWitnesses,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "site-1") draft.witnesses = {0};
       };
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"revoked_key_of_a_site", ExitCode::kRevoked,
     [](World& world) {
       world.root.revocations.push_back(
           {"key", world.maker.Key("site-1").public_key().KeyId(), "stolen", std::nullopt});
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"approval_of_another_manifest", ExitCode::kApproval,
     [](World& world) {
       const Attempt other = world.Ask(ManifestBytes("1.0", 1, "-O3"), "1.0");
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.approvals = other.approvals;
       return world.Decide(attempt);
     }},
    {"approval_that_came_into_the_log_after_the_intent", ExitCode::kNotValidThen,
     [](World& world) {
       Attempt attempt = world.Intend(world.Ask(Good(), "1.0"), 1, 200);
       // Of the same times as the one before: only its place in the log is later.
       attempt.approvals[1] = world.Logged(Approval{Sha256(attempt.manifest),
                                                    "hello",
                                                    "1.0",
                                                    {{"hello", kTree}},
                                                    "auditor-1",
                                                    "tree",
                                                    kStart + 1},
                                           "auditor-1", 100);
       return world.Decide(world.Build(attempt, 300, Unchanged));
     }},
    {"record_that_came_into_the_log_before_the_intent", ExitCode::kNotValidThen,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       world.maker.Enter(attempt.intent, world.maker.Draft(Request{}, "requester", kStart + 200));
       world.Log(attempt.intent);
       return world.Decide(attempt);
     }},
    {"requester_as_auditor", ExitCode::kApproval,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.approvals[1] = world.Logged(Approval{Sha256(attempt.manifest),
                                                    "hello",
                                                    "1.0",
                                                    {{"hello", kTree}},
                                                    "requester",
                                                    "tree",
                                                    kStart},
                                           "requester", 100);
       return world.Decide(attempt);
     }},
};

// ---- quorums ----------------------------------------------------------------------------------

const Row kQuorumRows[] = {
    {"every_site_failed", ExitCode::kBuildFailed,
     [](World& world) {
       return world.Decide(world.Build(world.Intend(world.Ask(Good(), "1.0"), 1, 200), 300,
                                       [](int, Record& record) {
                                         record.result = BuildResult::kFailed;
                                         record.outputs.clear();
                                       }));
     }},
    {"artifact_that_the_manifest_does_not_declare", ExitCode::kQuorum,
     [](World& world) {
       return world.Decide(world.Build(world.Intend(world.Ask(Good(), "1.0"), 1, 200), 300,
                                       [](int, Record& record) {
                                         record.outputs.push_back({"more", D('c'), 1, "0644"});
                                       }));
     }},
    {"too_few_sites", ExitCode::kQuorum,
     [](World& world) {
       world.policy.sites = 4;
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"one_key_for_two_sites", ExitCode::kQuorum,
     [](World& world) {
       world.policy.sites = world.policy.operators = world.policy.countries = 2;
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "site-1") draft.party = "site-0";  // its own leaf, another's key
       };
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"one_operator_for_two_sites", ExitCode::kJurisdiction,
     [](World& world) {
       world.root.operators[0].parties.push_back(world.root.operators[1].parties[0]);
       world.root.operators[1].parties.clear();
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "site-1") draft.authority = "operator-0";
       };
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"too_few_countries", ExitCode::kJurisdiction,
     [](World& world) {
       world.root.operators[1].parties[0].country = "XA";
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"one_auditor_is_not_enough", ExitCode::kApproval,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.approvals.pop_back();
       return world.Decide(attempt);
     }},
    {"one_auditor_twice", ExitCode::kApproval,
     [](World& world) {
       Attempt attempt = world.Due(Good(), "1.0");
       attempt.approvals[1] = attempt.approvals[0];
       return world.Decide(attempt);
     }},
    {"approvals_by_diff_where_only_trees_count", ExitCode::kApproval,
     [](World& world) {
       std::vector<Bundle> bases;
       return world.Decide(DueSinceAnEarlierManifest(world, bases));
     }},
    {"approvals_by_diff_since_what_one_has_approved", ExitCode::kApproval,
     [](World& world) {
       world.policy.diff_approvals = true;
       std::vector<Bundle> bases;
       Attempt attempt = DueSinceAnEarlierManifest(world, bases);
       attempt.approvals.pop_back();
       return world.Decide(attempt);
     }},
    {"approvals_by_diff_without_their_bases", ExitCode::kApproval,
     [](World& world) {
       world.policy.diff_approvals = true;
       std::vector<Bundle> bases;
       Attempt attempt = DueSinceAnEarlierManifest(world, bases);
       attempt.approvals.resize(2);
       return world.Decide(attempt);
     }},
    {"record_with_other_sources", ExitCode::kInputMissing,
     [](World& world) {
       return world.Decide(world.Build(world.Intend(world.Ask(Good(), "1.0"), 1, 200), 300,
                                       [](int site, Record& record) {
                                         record.sources = {{"hello", kTree}};
                                         if (site == 1) record.sources[0].tree = D('9').Hex();
                                       }));
     }},
    {"records_with_another_lock", ExitCode::kInputMissing,
     [](World& world) {
       return world.Decide(world.Build(world.Intend(world.Ask(Good(), "1.0"), 1, 200), 300,
                                       [](int, Record& record) { record.lock = D('9'); }));
     }},
    {"signer_whose_operator_has_left", ExitCode::kNotValidThen,
     [](World& world) {
       world.root.operators[0].valid_for.end = kStart + 350;  // after records, before the release
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"revoked_key_of_the_signer", ExitCode::kRevoked,
     [](World& world) {
       world.root.revocations.push_back(
           {"key", world.maker.Key("signer").public_key().KeyId(), "stolen", std::nullopt});
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"limits_observed_under_a_production_root", ExitCode::kJurisdiction,
     [](World& world) {
       world.root.development.reset();
       return world.Decide(
           world.Build(world.Intend(world.Ask(Good(), "1.0"), 1, 200), 300,
                       [](int site, Record& record) { record.limits_observed = site == 1; }));
     }},
};

// ---- the log ----------------------------------------------------------------------------------

const Row kLogRows[] = {
    {"record_that_differs_under_an_earlier_intent", ExitCode::kDissent,
     [](World& world) {
       const Attempt asked = world.Ask(Good(), "1.0");
       const Attempt first = world.Build(world.Intend(asked, 1, 200), 210, Site1Lies);
       return world.Decide(world.Build(world.Intend(asked, 2, 220), 300, Unchanged));
     }},
    {"record_that_differs_by_a_site_that_was_not_asked_now", ExitCode::kDissent,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Record late = world.RecordOf(due, 2);
       late.intent = D('7');
       late.image = D('9');
       world.Logged(late, "site-2", 320);
       return world.Decide(due);
     }},
    {"dissent_of_this_manifest_under_an_earlier_intent", ExitCode::kDissent,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.Logged(
           Dissent{Sha256(due.manifest), "hello", "1.0", D('1'), {D('2')}, "they differ", kStart},
           "signer", 310);
       return world.Decide(due);
     }},
    {"record_that_differs_under_an_authority_that_was_renewed", ExitCode::kDissent,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Record early = world.RecordOf(due, 1);
       early.intent = D('7');
       early.image = D('9');
       world.LogUnderOldAuthority(early, "site-1");
       return world.Decide(due);
     }},
    {"dissent_under_an_authority_that_was_renewed", ExitCode::kDissent,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.LogUnderOldAuthority(
           Dissent{Sha256(due.manifest), "hello", "1.0", D('1'), {D('2')}, "they differ", kStart},
           "signer");
       return world.Decide(due);
     }},
    {"no_statement_under_an_authority_that_was_renewed", ExitCode::kLogProof,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.LogUnderOldAuthority(world.RecordOf(due, 1), "site-1", "{}");
       return world.Decide(due);
     }},
    {"release_under_an_authority_that_was_renewed_and_not_in_the_journal", ExitCode::kBadSignature,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Release release;
       release.artifacts = {{"greet", D('f'), 10, "0755"}};
       release.manifest = ManifestBytes("0.9", 1, "-O2");
       release.records = {D('1')};
       release.sequence = 5;
       release.signer = kSignerId;
       world.LogUnderOldAuthority(release, "signer");
       return world.Decide(due);
     }},
    {"unreadable_payload", ExitCode::kLogProof,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.Logged(Request{D('8'), "other", "1", "requester", kStart}, "requester", 310);
       world.LosePayload(0);
       return world.Decide(due);
     }},
    {"payload_of_a_site_that_is_no_statement", ExitCode::kLogProof,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Bundle strange = world.Line(world.RecordOf(due, 1), "site-1", 310);
       strange.envelope.payload = "{}";
       strange.envelope.signature = world.maker.Key("site-1").Sign(strange.envelope.PaeBytes());
       world.Log(strange);
       return world.Decide(due);
     }},
    {"head_that_does_not_cover_the_lines", ExitCode::kUnavailable,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.entries_hidden = 1;
       return world.Decide(due);
     }},
    {"log_that_shows_the_signer_another_history", ExitCode::kLogProof,
     [](World& world) {
       Attempt due = world.Due(Good(), "1.0");
       // The record is proved by a tree that the signer is not shown.
       Bundle hidden = world.Line(world.RecordOf(due, 1), "site-1", 310);
       world.Log(due.request);
       due.records[1] = hidden;
       return world.Decide(due);
     }},
    {"log_that_shows_the_signer_another_entry_before_the_lines", ExitCode::kLogProof,
     [](World& world) {
       const Attempt asked = world.Ask(Good(), "1.0");
       // What the sites have seen of this entry is not what the signer sees.
       world.Line(Request{D('8'), "hidden", "1", "requester", kStart}, "requester", 150);
       world.Log(asked.request);
       return world.Decide(world.Build(world.Intend(asked, 1, 200), 300, Unchanged));
     }},
    {"line_in_another_log_of_the_root_with_the_same_tree", ExitCode::kLogProof,
     [](World& world) {
       Attempt due = world.Due(Good(), "1.0");
       const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
       const PrivateKey ecdsa = PrivateKey::Generate(KeyKind::kP256);
       world.root.logs.push_back(
           {"other.example", key.public_key(), ecdsa.public_key(), world.root.logs[0].valid_for});
       LogEntry& entry = *due.records[1].log_entry;
       Note note{CheckpointText({"other.example", entry.tree_size, entry.root}), {}};
       note.signatures.push_back(SignNote(note.text, "other.example", key));
       note.signatures.push_back(SignNote(note.text, "other.example", ecdsa));
       for (int i = 0; i < 2; ++i) {
         note.signatures.push_back(Cosign(note.text, world.root.witnesses[i].name,
                                          world.maker.Key("witness-" + std::to_string(i)),
                                          kStart + 310));
       }
       entry.checkpoint = WriteNote(note);
       entry.log_id = NoteKeyIdFull("other.example", key.public_key());
       return world.Decide(due);
     }},
    {"second_record_of_a_site_under_the_intent_that_agrees", ExitCode::kQuorum,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Record second = world.RecordOf(due, 1);
       ++second.finished;
       world.Logged(second, "site-1", 310);
       return world.Decide(due);
     }},
    {"release_of_other_bytes_that_only_the_log_knows", ExitCode::kRollback,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Release release;
       release.artifacts = {{"greet", D('f'), 10, "0755"}};
       release.manifest = ManifestBytes("1.0", 7, "-O2");
       release.records = {D('1')};
       release.signer = kSignerId;
       world.Logged(release, "signer", 310);
       return world.Decide(due);
     }},
    {"journal_that_forgot_a_release", ExitCode::kRollback,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       Release release;
       release.artifacts = world.RecordOf(due, 0).outputs;
       release.manifest = due.manifest;
       release.records = {D('1')};
       release.signer = kSignerId;
       world.Logged(release, "signer", 310);
       return world.Decide(due);
     }},
};

// ---- an answer given before ---------------------------------------------------------------------

// Asks, lets something happen, asks the same again.
Result<Bundle> DecideAgain(World& world, const std::function<void(Attempt& due)>& happens) {
  Attempt due = world.Due(Good(), "1.0");
  EXPECT_TRUE(world.Decide(due));
  happens(due);
  return world.Decide(due);
}

// A newer root says that a party's key is stolen.
void Revoke(World& world, const char* party) {
  world.Restart();
  ++world.root.version;
  world.root.revocations.push_back(
      {"key", world.maker.Key(party).public_key().KeyId(), "stolen", std::nullopt});
}

const Row kGivenRows[] = {
    {"record_that_differs_logged_after_the_answer", ExitCode::kDissent,
     [](World& world) {
       return DecideAgain(world, [&](Attempt& due) {
         Record late = world.RecordOf(due, 2);
         late.intent = D('7');
         late.outputs[0].digest = D('9');
         world.Logged(late, "site-2", 420);
       });
     }},
    {"dissent_logged_after_the_answer", ExitCode::kDissent,
     [](World& world) {
       return DecideAgain(world, [&](Attempt& due) {
         world.Logged(
             Dissent{Sha256(due.manifest), "hello", "1.0", D('1'), {D('2')}, "they differ", kStart},
             "signer", 420);
       });
     }},
    {"key_of_a_site_revoked_after_the_answer", ExitCode::kRevoked,
     [](World& world) { return DecideAgain(world, [&](Attempt&) { Revoke(world, "site-1"); }); }},
    {"key_of_the_signer_revoked_after_the_answer", ExitCode::kRevoked,
     [](World& world) { return DecideAgain(world, [&](Attempt&) { Revoke(world, "signer"); }); }},
    {"policy_that_asks_for_more_after_the_answer", ExitCode::kQuorum,
     [](World& world) {
       return DecideAgain(world, [&](Attempt&) {
         world.Restart();
         world.policy.sites = 4;
       });
     }},
    {"line_that_is_malformed_after_the_answer", ExitCode::kBadSignature,
     [](World& world) {
       return DecideAgain(world, [](Attempt& due) { due.request.envelope.signature.back() ^= 1; });
     }},
};

// ---- journal, root, epoch -----------------------------------------------------------------------

const Row kPastRows[] = {
    {"other_bytes_of_a_released_version", ExitCode::kRollback,
     [](World& world) {
       EXPECT_TRUE(world.Decide(world.Due(Good(), "1.0")));
       const Attempt asked = world.Ask(ManifestBytes("1.0", 2, "-O2"), "1.0");
       return world.Decide(world.Build(world.Intend(asked, 1, 200), 300, [](int, Record& record) {
         record.outputs[0].digest = D('b');
       }));
     }},
    {"another_revision_of_a_released_version_with_the_same_bytes", ExitCode::kRollback,
     [](World& world) {
       EXPECT_TRUE(world.Decide(world.Due(Good(), "1.0")));
       return world.Decide(world.Due(ManifestBytes("1.0", 2, "-O2"), "1.0"));
     }},
    {"released_version_that_a_later_one_has_overtaken", ExitCode::kRollback,
     [](World& world) {
       EXPECT_TRUE(world.Decide(world.Due(Good(), "1.0")));
       EXPECT_TRUE(world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1")));
       return world.Decide(world.Due(ManifestBytes("1.0", 2, "-O2"), "1.0"));
     }},
    {"older_root", ExitCode::kRollback,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.root.version = 2;
       EXPECT_TRUE(world.Decide(due));
       world.Restart();
       world.root.version = 1;
       return world.Decide(due);
     }},
    {"newer_root_signed_by_nobody_known", ExitCode::kBadSignature,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       EXPECT_TRUE(world.Decide(due));
       world.Restart();
       world.root.version = 2;
       world.root_key = PrivateKey::Generate(KeyKind::kP256);
       world.root.root_keys = {world.root_key->public_key()};
       return world.Decide(due);
     }},
    {"older_epoch", ExitCode::kRefused,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.epoch = 5;
       EXPECT_TRUE(world.Decide(due));
       world.Restart();
       world.epoch = 4;
       return world.Decide(due);
     }},
    {"epoch_of_a_day_to_come", ExitCode::kRefused,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.epoch = kStart + 400 + kDaySeconds + 1;
       return world.Decide(due);
     }},
    {"older_head_of_the_log_after_a_restart", ExitCode::kLogProof,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.Logged(Request{D('8'), "other", "1", "requester", kStart}, "requester", 310);
       EXPECT_TRUE(world.Decide(due));
       world.Restart();
       world.entries_hidden = 1;
       return world.Decide(due);
     }},
    {"fork_of_the_log_after_a_restart", ExitCode::kLogProof,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.Logged(Request{D('8'), "other", "1", "requester", kStart}, "requester", 310);
       EXPECT_TRUE(world.Decide(due));
       world.Restart();
       world.ReplaceLast(due.request);
       world.Log(due.request);
       return world.Decide(due);
     }},
    {"expired_root", ExitCode::kNotValidThen,
     [](World& world) {
       world.root.expires = kStart + 100;
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"root_with_a_second_signer", ExitCode::kBadSignature,
     [](World& world) {
       world.root.operators[1].parties.push_back({"https://farm.example/signer/2", "signer", ""});
       auto line = world.Decide(world.Due(Good(), "1.0"));
       if (!line) {
         EXPECT_NE(line.error().message.find("lists another signer"), std::string::npos);
       }
       return line;
     }},
    {"last_sequence_is_taken", ExitCode::kUsage,
     [](World& world) {
       EXPECT_TRUE(world.Decide(world.Due(Good(), "1.0")));
       Release last = std::get<Release>(
           StatementOf(*world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1"))));
       last.manifest = ManifestBytes("1.2", 1, "-O2");
       last.sequence = kJsonIntegerMax;
       world.Logged(last, "signer", 400);
       auto line = world.Decide(world.Due(ManifestBytes("1.3", 1, "-O2"), "1.3"));
       if (!line) {
         EXPECT_EQ(line.error().code, ErrorCode::kLimitExceeded);
       }
       return line;
     }},
    {"root_that_does_not_know_this_signer", ExitCode::kBadSignature,
     [](World& world) {
       world.root.operators[0].parties[1].role = "coordinator";
       return world.Decide(world.Due(Good(), "1.0"));
     }},
};

// What was said in a closed log stands, and nothing of it may be missing.
const Row kClosedLogRows[] = {
    {"dissent_in_it", ExitCode::kDissent,
     [](World& world) {
       world.Logged(Dissent{Sha256(Good()), "hello", "1.0", D('1'), {D('2')}, "no", kStart},
                    "signer", 330);
       world.CloseLog();
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"record_in_it_that_says_something_else", ExitCode::kDissent,
     [](World& world) {
       Record lie = world.RecordOf(world.Due(Good(), "1.0"), 1);
       Site1Lies(1, lie);
       world.Logged(lie, "site-1", 310);
       world.CloseLog();
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"payload_in_it_is_lost", ExitCode::kLogProof,
     [](World& world) {
       world.LosePayload(0);
       world.CloseLog();
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"released_in_it_by_another_manifest", ExitCode::kRollback,
     [](World& world) {
       Release other = std::get<Release>(
           StatementOf(*world.Decide(world.Due(ManifestBytes("0.9", 1, "-O2"), "0.9"))));
       other.manifest = ManifestBytes("1.0", 2, "-O2");
       world.Logged(other, "signer", 400);
       world.CloseLog();
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"released_in_it_unknown_to_the_journal", ExitCode::kRollback,
     [](World& world) {
       Release other = std::get<Release>(
           StatementOf(*world.Decide(world.Due(ManifestBytes("0.9", 1, "-O2"), "0.9"))));
       other.manifest = Good();
       world.Logged(other, "signer", 400);
       world.CloseLog();
       return world.Decide(world.Due(Good(), "1.0"));
     }},
    {"lines_of_it", ExitCode::kLogProof,
     [](World& world) {
       const Attempt due = world.Due(Good(), "1.0");
       world.CloseLog();
       auto line = world.Decide(due);
       if (!line) {
         EXPECT_NE(line.error().message.find("which is closed"), std::string::npos);
       }
       return line;
     }},
    {"approval_of_it", ExitCode::kLogProof,
     [](World& world) {
       const Attempt before = world.Due(Good(), "1.0");
       world.CloseLog();
       Attempt due = world.Due(Good(), "1.0");
       due.approvals[0] = before.approvals[0];
       return world.Decide(due);
     }},
    {"not_read_after_it_was_seen", ExitCode::kLogProof,
     [](World& world) {
       EXPECT_TRUE(world.Decide(world.Due(Good(), "1.0")));
       world.CloseLog();
       world.reads_closed_logs = false;
       return world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1"));
     }},
    {"ended_before_what_was_seen_of_it", ExitCode::kLogProof,
     [](World& world) {
       world.Logged(Request{D('8'), "other", "1", "requester", kStart}, "requester", 310);
       EXPECT_TRUE(world.Decide(world.Due(Good(), "1.0")));
       world.ForgetLast();
       world.CloseLog();
       return world.Decide(world.Due(ManifestBytes("1.1", 1, "-O2"), "1.1"));
     }},
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Refusal : public ::testing::TestWithParam<Row> {};

TEST_P(Refusal, IsRefused) {
  World world;
  const auto line = GetParam().ask(world);
  ASSERT_FALSE(line) << "signed " << line->envelope.payload;
  EXPECT_EQ(line.error().Exit(), GetParam().exit) << line.error().message;
  EXPECT_EQ(world.answers(), world.answers_before);
}

std::string NameOf(const ::testing::TestParamInfo<Row>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Lines, Refusal, ::testing::ValuesIn(kLineRows), NameOf);
INSTANTIATE_TEST_SUITE_P(Quorums, Refusal, ::testing::ValuesIn(kQuorumRows), NameOf);
INSTANTIATE_TEST_SUITE_P(Log, Refusal, ::testing::ValuesIn(kLogRows), NameOf);
INSTANTIATE_TEST_SUITE_P(Given, Refusal, ::testing::ValuesIn(kGivenRows), NameOf);
INSTANTIATE_TEST_SUITE_P(ClosedLog, Refusal, ::testing::ValuesIn(kClosedLogRows), NameOf);
INSTANTIATE_TEST_SUITE_P(Past, Refusal, ::testing::ValuesIn(kPastRows), NameOf);

}  // namespace
}  // namespace farm::at_the_gate
