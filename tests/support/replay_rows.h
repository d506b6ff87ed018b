// Replay verdicts as rows, each with what the rule `replays` of a verdict makes of them.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "farm/crypto/hash.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"

namespace farm {

constexpr UnixSeconds kReplayStart = 1'800'000'000;
constexpr UnixSeconds kReplayedAt = kReplayStart + 3000;

// A release, three replayers of whom the policy names two, and a folder of verdicts.
class ReplayWorld {
 public:
  ReplayWorld() : made_(maker.Make()), input(maker.Input(made_)) {
    input.policy.replays = 1;
    input.policy.replayers = {{"first", keys_[0].public_key()}, {"second", keys_[1].public_key()}};
  }
  ReplayVerdict Says(const std::string& verdict) const {
    const auto release =
        ParseStatementAs<Release>(made_.lines[kReleaseLine].envelope.payload, "release");
    return {made_.lines[kReleaseLine].PaeDigest(),
            Sha256("kit"),
            verdict,
            release->artifacts,
            "himself",
            Sha256("report").Text(),
            kReplayedAt};
  }
  Bundle Sign(const ReplayVerdict& verdict, int replayer) const {
    return SignWith(keys_[static_cast<std::size_t>(replayer)], verdict);
  }
  static Bundle SignWith(const PrivateKey& key, const ReplayVerdict& verdict) {
    Bundle line;
    line.envelope.payload_type = kInTotoPayloadType;
    line.envelope.payload = WriteStatement(verdict);
    line.envelope.key_id = key.public_key().KeyId();
    line.envelope.signature = key.Sign(line.envelope.PaeBytes());
    line.public_key = key.public_key();
    return line;
  }
  // As the log holds it: stamped and ten seconds later, or when it says, witnessed.
  Bundle Logged(Bundle line) { return Logged(std::move(line), kReplayedAt + 10); }
  Bundle Logged(Bundle line, UnixSeconds witnessed) {
    LineDraft draft = maker.Draft(Says("MATCH"), "requester", kReplayedAt);
    draft.witnessed = witnessed;
    maker.Stamp(line, kReplayedAt);
    maker.Enter(line, draft);
    return line;
  }
  void PutLoggedMatch() { Put(Logged(Sign(Says("MATCH"), 0))); }
  // By the root, or by what a monitor says an hour later.
  void Revoke(const PublicKey& key, UnixSeconds since) {
    input.root.revocations.push_back({"key", key.KeyId(), "stolen", since});
  }
  void RevokeByStatus(const PublicKey& key) {
    FarmStatus status = maker.Status(kReplayedAt + 500);
    ++status.root_version;
    status.revoked_keys = {{key.KeyId(), "stolen", std::nullopt}};
    input.status = maker.StatusLine(status);
  }
  void Put(Bundle line) {
    input.replays.push_back(
        {"verdict-" + std::to_string(input.replays.size()) + ".jsonl", std::move(line)});
  }
  void Put(const std::string& verdict, int replayer) { Put(Sign(Says(verdict), replayer)); }
  // By a site of the farm, whom the policy names as a replayer.
  void PutAsSite(const std::string& verdict) {
    const PrivateKey& key = maker.Key("site-0");
    input.policy.replayers.push_back({"the site", key.public_key()});
    Put(SignWith(key, Says(verdict)));
  }
  const PublicKey& Key(int replayer) const {
    return keys_[static_cast<std::size_t>(replayer)].public_key();
  }

 private:
  std::vector<PrivateKey> keys_ = {PrivateKey::Generate(KeyKind::kP256),
                                   PrivateKey::Generate(KeyKind::kP256),
                                   PrivateKey::Generate(KeyKind::kP256)};

 public:
  EvidenceMaker maker{EvidenceOptions{.monitors = 1}};

 private:
  MadeRelease made_;

 public:
  VerdictInput input;
};

struct ReplayRow {
  std::string name;
  ExitCode exit;
  bool warning;
  std::string words;  // among what the rule found
  std::function<void(ReplayWorld&)> arrange;
};

inline void PrintTo(const ReplayRow& row, std::ostream* out) { *out << row.name; }

// Verdicts that count, and then, from `none_at_hand` on, what the rule `replays` refuses.
inline std::vector<ReplayRow> ReplayRows() {
  return {
      {"match", ExitCode::kProved, false, "MATCH by first",
       [](ReplayWorld& world) { world.Put("MATCH", 0); }},
      {"match_of_a_site_beside_another", ExitCode::kProved, true,
       "by replayer \"the site\" is not counted: its key has also signed for a site",
       [](ReplayWorld& world) {
         world.PutAsSite("MATCH");
         world.Put("MATCH", 0);
       }},
      {"two_match", ExitCode::kProved, false, "MATCH by first second",
       [](ReplayWorld& world) {
         world.input.policy.replays = 2;
         world.Put("MATCH", 0);
         world.Put("MATCH", 1);
       }},
      {"match_in_the_log", ExitCode::kProved, false, "MATCH by first",
       [](ReplayWorld& world) { world.Put(world.Logged(world.Sign(world.Says("MATCH"), 0))); }},
      {"match_of_before_its_key_was_stolen", ExitCode::kProved, false, "MATCH by first",
       [](ReplayWorld& world) {
         world.Revoke(world.Key(0), kReplayedAt + 11);
         world.PutLoggedMatch();
       }},
      {"match_of_before_the_stamps_and_the_logs_keys_were_stolen", ExitCode::kProved, false,
       "MATCH by first",
       [](ReplayWorld& world) {
         world.Revoke(world.maker.Key("tsa").public_key(), kReplayedAt + 11);
         world.Revoke(world.maker.Key("log").public_key(), kReplayedAt + 11);
         world.PutLoggedMatch();
       }},
      {"match_stamped_before_the_stamps_key_was_stolen", ExitCode::kProved, false, "MATCH by first",
       [](ReplayWorld& world) {
         world.Revoke(world.maker.Key("tsa").public_key(), kReplayedAt + 1);
         Bundle line = world.Sign(world.Says("MATCH"), 0);
         world.maker.Stamp(line, kReplayedAt);
         world.Put(line);
       }},
      {"match_stamped_within_the_skew_after_its_witnesses", ExitCode::kProved, false,
       "MATCH by first",
       [](ReplayWorld& world) {
         world.Put(world.Logged(world.Sign(world.Says("MATCH"), 0), kReplayedAt - 60));
       }},
      {"match_within_the_skew_after_the_roots_end", ExitCode::kProved, false, "MATCH by first",
       [](ReplayWorld& world) {
         world.input.root.expires = kReplayedAt - 60;
         world.PutLoggedMatch();
       }},
      {"none_asked_for_and_none_at_hand", ExitCode::kProved, false, "none at hand",
       [](ReplayWorld& world) { world.input.policy.replays = 0; }},
      {"verdict_of_another_release_is_passed_over", ExitCode::kProved, false, "MATCH by first",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         ReplayVerdict other = world.Says("MISMATCH");
         other.release = Sha256("another");
         world.Put(world.Sign(other, 1));
       }},
      {"inconclusive_is_shown", ExitCode::kProved, true, "says INCONCLUSIVE",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.Put("INCONCLUSIVE", 1);
       }},
      {"inconclusive_and_then_match", ExitCode::kProved, true, "says INCONCLUSIVE",
       [](ReplayWorld& world) {
         world.Put("INCONCLUSIVE", 0);
         world.Put("MATCH", 0);
       }},
      {"mismatch_of_somebody_unknown_is_shown", ExitCode::kProved, true, "is not counted",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.Put("MISMATCH", 2);
       }},
      {"mismatch_of_somebody_unknown_in_the_name_of_another", ExitCode::kProved, true,
       "MISMATCH by somebody who calls himself \"second\" is not counted: the policy names no",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         ReplayVerdict verdict = world.Says("MISMATCH");
         verdict.replayer = "second";
         world.Put(world.Sign(verdict, 2));
       }},
      {"mismatch_by_a_key_that_the_root_revokes_is_shown", ExitCode::kProved, true,
       "MISMATCH by replayer \"second\" is not counted: its key is revoked",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.Revoke(world.Key(1), kReplayedAt);
         world.Put(world.Logged(world.Sign(world.Says("MISMATCH"), 1)));
       }},
      {"mismatch_of_no_time_by_a_stolen_key_is_shown", ExitCode::kProved, true,
       "MISMATCH by replayer \"second\" is not counted: its key is revoked",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.Revoke(world.Key(1), kReplayedAt + 3600);
         world.Put("MISMATCH", 1);
       }},
      {"names_that_may_have_been_meant_are_told", ExitCode::kProved, true,
       "a.JSONL and 1 more are not read: the name of a file of verdicts ends in .jsonl",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.input.replay_files_passed_over = {"a.JSONL", "b.json"};
       }},
      {"mismatch_that_does_not_block_is_shown", ExitCode::kProved, true, "says MISMATCH",
       [](ReplayWorld& world) {
         world.input.policy.mismatch_blocks = false;
         world.Put("MATCH", 0);
         world.Put("MISMATCH", 1);
       }},

      {"none_at_hand", ExitCode::kReplayInconclusive, false, "0 replayers", [](ReplayWorld&) {}},
      {"match_of_a_site", ExitCode::kReplayInconclusive, false, "0 replayers of the policy",
       [](ReplayWorld& world) { world.PutAsSite("MATCH"); }},
      {"mismatch_of_a_site", ExitCode::kReplayMismatch, false, "\"the site\" says MISMATCH",
       [](ReplayWorld& world) {
         world.PutAsSite("MISMATCH");
         world.Put("MATCH", 0);
       }},
      {"one_twice", ExitCode::kReplayInconclusive, false, "1 replayer of the policy",
       [](ReplayWorld& world) {
         world.input.policy.replays = 2;
         world.Put("MATCH", 0);
         ReplayVerdict again = world.Says("MATCH");
         ++again.created;
         world.Put(world.Sign(again, 0));
       }},
      {"only_inconclusive", ExitCode::kReplayInconclusive, false, "0 replayers",
       [](ReplayWorld& world) { world.Put("INCONCLUSIVE", 0); }},
      {"match_of_somebody_unknown", ExitCode::kReplayInconclusive, false, "0 replayers",
       [](ReplayWorld& world) { world.Put("MATCH", 2); }},
      {"match_where_nobody_is_named", ExitCode::kReplayInconclusive, false, "0 replayers",
       [](ReplayWorld& world) {
         world.input.policy.replayers.clear();
         world.Put("MATCH", 0);
       }},
      {"match_by_a_revoked_key", ExitCode::kReplayInconclusive, false, "0 replayers",
       [](ReplayWorld& world) {
         world.input.root.revocations.push_back(
             {"key", world.Key(0).KeyId(), "stolen", std::nullopt});
         world.Put("MATCH", 0);
       }},
      {"match_by_a_key_stolen_in_that_second", ExitCode::kReplayInconclusive, false, "0 replayers",
       [](ReplayWorld& world) {
         world.Revoke(world.Key(0), kReplayedAt + 10);
         world.PutLoggedMatch();
       }},
      {"match_of_no_time_by_a_stolen_key", ExitCode::kReplayInconclusive, false, "0 replayers",
       [](ReplayWorld& world) {
         world.Revoke(world.Key(0), kReplayedAt + 3600);
         world.Put("MATCH", 0);
       }},
      {"match_by_a_key_that_the_status_revokes", ExitCode::kReplayInconclusive, false,
       "0 replayers",
       [](ReplayWorld& world) {
         world.RevokeByStatus(world.Key(0));
         world.PutLoggedMatch();
       }},
      {"match_and_mismatch_by_one_where_it_does_not_block", ExitCode::kReplayInconclusive, false,
       "0 replayers",
       [](ReplayWorld& world) {
         world.input.policy.mismatch_blocks = false;
         world.Put("MATCH", 0);
         world.Put("MISMATCH", 0);
       }},
      {"mismatch", ExitCode::kReplayMismatch, false, "says MISMATCH",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.Put("MISMATCH", 1);
       }},
      {"mismatch_by_a_key_that_the_status_revokes", ExitCode::kReplayMismatch, false,
       "replayer \"second\" says MISMATCH: the build did not give the released bytes; a status",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.RevokeByStatus(world.Key(1));
         world.Put("MISMATCH", 1);
       }},
      {"match_of_other_bytes_by_a_key_that_the_status_revokes", ExitCode::kReplayMismatch, false,
       "of other artifacts than the released ones; a status revokes its key",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.RevokeByStatus(world.Key(1));
         ReplayVerdict verdict = world.Says("MATCH");
         verdict.rebuilt[0].digest = Sha256("other");
         world.Put(world.Logged(world.Sign(verdict, 1)));
       }},
      {"mismatch_of_before_its_key_was_stolen", ExitCode::kReplayMismatch, false,
       "replayer \"second\" says MISMATCH",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.Revoke(world.Key(1), kReplayedAt + 11);
         world.Put(world.Logged(world.Sign(world.Says("MISMATCH"), 1)));
       }},
      {"mismatch_where_none_is_asked_for", ExitCode::kReplayMismatch, false, "says MISMATCH",
       [](ReplayWorld& world) {
         world.input.policy.replays = 0;
         world.Put("MISMATCH", 0);
       }},
      {"mismatch_where_nobody_is_named", ExitCode::kReplayMismatch, false,
       ": somebody who calls himself \"himself\" says MISMATCH",
       [](ReplayWorld& world) {
         world.input.policy.replays = 0;
         world.input.policy.replayers.clear();
         world.Put("MISMATCH", 2);
       }},
      {"match_of_other_bytes", ExitCode::kReplayMismatch, false, "of other artifacts",
       [](ReplayWorld& world) {
         ReplayVerdict verdict = world.Says("MATCH");
         verdict.rebuilt[0].digest = Sha256("other");
         world.Put(world.Sign(verdict, 0));
       }},
      {"match_of_fewer_artifacts", ExitCode::kReplayMismatch, false, "of other artifacts",
       [](ReplayWorld& world) {
         ReplayVerdict verdict = world.Says("MATCH");
         verdict.rebuilt.pop_back();
         world.Put(world.Sign(verdict, 0));
       }},
      {"another_statement", ExitCode::kUsage, false, "want a replay",
       [](ReplayWorld& world) {
         world.Put("MATCH", 0);
         world.Put(world.input.lines[kRequestLine]);
       }},
      {"signature_of_another", ExitCode::kBadSignature, false, "signature does not match",
       [](ReplayWorld& world) {
         Bundle line = world.Sign(world.Says("MATCH"), 2);
         line.public_key = world.Key(0);
         world.Put(line);
       }},
      {"another_payload_type", ExitCode::kUsage, false, "payload type",
       [](ReplayWorld& world) {
         Bundle line = world.Sign(world.Says("MATCH"), 0);
         line.envelope.payload_type = "text/plain";
         world.Put(line);
       }},
      {"a_certificate", ExitCode::kBadSignature, false, "under a certificate",
       [](ReplayWorld& world) {
         world.Put("MATCH", 1);
         Bundle line = world.Sign(world.Says("MATCH"), 0);
         line.certificate = world.input.lines[kReleaseLine].certificate;
         line.public_key.reset();
         world.Put(line);
       }},
      {"a_log_entry_of_another_line", ExitCode::kLogProof, false, "of another envelope",
       [](ReplayWorld& world) {
         Bundle line = world.Logged(world.Sign(world.Says("MATCH"), 0));
         line.log_entry = world.input.lines[kRequestLine].log_entry;
         world.Put(line);
       }},
      {"a_log_entry_that_too_few_saw", ExitCode::kWitnesses, false, "cosignatures",
       [](ReplayWorld& world) {
         Bundle line = world.Logged(world.Sign(world.Says("MATCH"), 0));
         Note note = *ParseNote(line.log_entry->checkpoint);
         note.signatures.pop_back();
         line.log_entry->checkpoint = WriteNote(note);
         world.Put(line);
       }},
      {"a_time_stamp_by_a_stolen_key", ExitCode::kRevoked, false, "is revoked for that time",
       [](ReplayWorld& world) {
         world.Revoke(world.maker.Key("tsa").public_key(), kReplayedAt);
         world.PutLoggedMatch();
       }},
      {"a_log_entry_by_a_stolen_key", ExitCode::kRevoked, false, "is revoked for that time",
       [](ReplayWorld& world) {
         world.Revoke(world.maker.Key("log").public_key(), kReplayedAt);
         world.PutLoggedMatch();
       }},
      {"stamped_after_its_witnesses", ExitCode::kNotValidThen, false, "later than the witnesses'",
       [](ReplayWorld& world) {
         world.Put(world.Logged(world.Sign(world.Says("MATCH"), 0), kReplayedAt - 61));
       }},
      {"stamped_after_the_roots_end", ExitCode::kNotValidThen, false, "later than the root's end",
       [](ReplayWorld& world) {
         world.input.root.expires = kReplayedAt - 61;
         world.PutLoggedMatch();
       }},
      {"a_time_stamp_of_another_line", ExitCode::kBadSignature, false, "time stamp",
       [](ReplayWorld& world) {
         Bundle line = world.Sign(world.Says("MATCH"), 0);
         line.timestamp = world.input.lines[kRequestLine].timestamp;
         world.Put(line);
       }},
      {"a_time_stamp_after_its_authoritys_end", ExitCode::kNotValidThen, false,
       "does not vouch for time stamp authority",
       [](ReplayWorld& world) {
         world.input.root.timestamp_authorities[0].valid_for.end = kReplayedAt - 1;
         world.Put(world.Logged(world.Sign(world.Says("MATCH"), 0)));
       }},
      {"a_log_entry_that_a_revoked_witness_saw", ExitCode::kRevoked, false, "others are revoked",
       [](ReplayWorld& world) {
         world.input.root.revocations.push_back(
             {"key", world.input.root.witnesses[1].key.KeyId(), "stolen", kReplayedAt});
         world.Put(world.Logged(world.Sign(world.Says("MATCH"), 0)));
       }},
  };
}

}  // namespace farm
