// The log: it can show everybody something else, and sign whatever it likes.
#include "farm/client/witness_client.h"
#include "farm/crypto/hash.h"
#include "farm/witness/monitor.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/draft_hooks.h"

namespace farm {
namespace {

const Digest kOther = Sha256("another");

Stop NotStopped(const std::string& where) { return {"nobody", ExitCode::kProved, where}; }

// Asks the signer while the log's door answers in a bent way; the monitor must see it as well.
Stop AskWhile(const BentReading& bent, const std::string& monitor_words) {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  parties.bent_reading = bent;
  const auto stop = way.Decide();
  const std::string monitor = MonitorSays(parties);
  parties.bent_reading = nullptr;
  if (monitor.find(monitor_words) == std::string::npos) {
    return NotStopped("the monitor says: " + monitor);
  }
  if (!stop) return NotStopped("the signer signed");
  // And signs when the log has come to reason.
  if (auto later = way.Decide()) return NotStopped("never again: " + later->words);
  return *stop;
}

HttpReply ChangePayload(const std::string& path, HttpReply honest) {
  if (path.starts_with("payload/") && !honest.body.empty()) honest.body.back() ^= 1;
  return honest;
}
HttpReply HidePayload(const std::string& path, HttpReply honest) {
  if (path.starts_with("payload/")) return {404, "text/plain", "not found\n", false};
  return honest;
}
HttpReply ChangeEntry(const std::string& path, HttpReply honest) {
  if (path.starts_with("tile/entries/") && honest.body.size() > 100) honest.body[100] ^= 1;
  return honest;
}
HttpReply HideEntries(const std::string& path, HttpReply honest) {
  if (path.starts_with("tile/")) return {404, "text/plain", "not found\n", false};
  return honest;
}
// The last entry is left out of the bundle that has it.
HttpReply DropEntry(const std::string& path, HttpReply honest) {
  if (path.starts_with("tile/entries/")) honest.body.resize(honest.body.size() / 2);
  return honest;
}
HttpReply SaysAnotherSize(const std::string& path, HttpReply honest) {
  if (path != "checkpoint") return honest;
  auto note = ParseNote(honest.body);
  auto checkpoint = ParseCheckpoint(note->text);
  ++checkpoint->size;
  note->text = CheckpointText(*checkpoint);
  honest.body = WriteNote(*note);
  return honest;
}
HttpReply WithoutWitnesses(const std::string& path, HttpReply honest) {
  if (path != "checkpoint") return honest;
  auto note = ParseNote(honest.body);
  std::erase_if(note->signatures,
                [](const NoteSignature& one) { return one.name.starts_with("witness"); });
  honest.body = WriteNote(*note);
  return honest;
}

// The signer is shown the log as it was before the records.
Stop ShowsAnOldHead() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Ask()) return *stop;
  const std::string old = parties.log().published();
  if (auto stop = way.Announce()) return *stop;
  if (auto stop = way.Build()) return *stop;
  parties.bent_reading = [old](const std::string& path, HttpReply honest) {
    if (path == "checkpoint") honest.body = old;
    return honest;
  };
  const auto stop = way.Decide();
  return stop ? *stop : NotStopped("the signer signed");
}

// One who has seen the log is shown the beginning of it again.
Stop GoesBack() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  const std::string old = parties.log().published();
  if (auto stop = way.Decide()) return *stop;
  if (auto stop = way.Publish()) return *stop;
  Way next(parties, {}, BuildableManifest({.version = "1.1"}));
  if (auto stop = next.Prepare()) return *stop;
  if (auto stop = next.Decide()) return *stop;
  parties.bent_reading = [old](const std::string& path, HttpReply honest) {
    if (path == "checkpoint") honest.body = old;
    return honest;
  };
  // Also one that was started anew: its journal knows the head.
  parties.RestartSigner();
  const auto stop = way.Decide();
  return stop ? *stop : NotStopped("the signer signed");
}

// The monitor is shown the log as it was before a withdrawal: a head that is as good as it was.
Stop ShowsTheMonitorAnOldHead() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Run()) return *stop;
  Monitor monitor(
      parties.Reader(),
      {[&] { return parties.witness(0).CosignedSize(parties.maker().Log()); }, parties.clock()});
  if (const auto read = monitor.Round(); !read) return NotStopped(read.error().message);
  const std::string old = parties.log().published();
  const Withdrawal withdrawal{way.release().PaeDigest(), "hello",     "1.0",
                              "it eats files",           "auditor-0", parties.now()};
  const LineDraft draft = parties.maker().Draft(withdrawal, "auditor-0", parties.now());
  const auto logged = parties.Append(parties.Stamp(parties.maker().Sign(draft), parties.now()));
  if (!logged) return NotStopped("the log did not take it: " + logged.error().message);
  parties.bent_reading = [old](const std::string& path, HttpReply honest) {
    if (path == "checkpoint") honest.body = old;
    return honest;
  };
  // The log has its time to publish what was cosigned.
  if (const auto soon = monitor.Round(); !soon) return NotStopped(soon.error().message);
  parties.clock().Set(parties.now() + kBehindSecondsMax + 1);
  const auto read = monitor.Round();
  parties.bent_reading = nullptr;
  if (read) return NotStopped("the monitor is content");
  if (const auto later = monitor.Round(); !later) return NotStopped(later.error().message);
  return {"monitor", read.error().Exit(), read.error().message};
}

// A second history of the same log: signed with its keys, offered to a witness that has seen the
// first.  `maker` has only our keys; what it signs is what the log would.
Stop ForksBeforeAWitness() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  const std::uint64_t size = parties.log().head().size;
  EvidenceMaker fork = parties.maker();
  fork.Rewind(0);
  for (std::uint64_t i = 0; i <= size; ++i) {
    fork.MakeLine(fork.Draft(Request{kOther, "other", "1", "requester", parties.now()}, "requester",
                             parties.now()));
  }
  LineDraft nobody = fork.Draft(Request{}, "requester", parties.now());
  nobody.witnesses = {};
  const HttpReply reply = parties.witness(0).AddCheckpoint(WriteAddCheckpoint(
      {size, fork.ConsistencyProof(size, size + 1), fork.CheckpointNote(size + 1, nobody)}));
  if (reply.status == 200) return NotStopped("the witness cosigned a fork");
  return {"witness", ExitCode::kLogProof, std::to_string(reply.status) + " " + reply.body};
}

// The proof of one line given for another: whoever asked the log looks at the answer.
Stop ProvesAnotherLine() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  Bundle line = way.attempt().records[1];
  line.log_entry = way.attempt().records[0].log_entry;
  const Status taken = CheckNewEntry(line, parties.now(), parties.root(), parties.policy());
  if (taken) return NotStopped("the proof of another line");
  return {"site-1", taken.error().Exit(), taken.error().message};
}

Lie LogScene(std::string name, std::function<Stop()> scene, Stop caught) {
  Lie lie = {.party = "log", .name = std::move(name)};
  lie.scene = std::move(scene);
  lie.caught = std::move(caught);
  return lie;
}

Lie LogLie(std::string name, std::function<void(VerdictInput&, EvidenceMaker&)> change,
           ExitCode exit, std::string rule) {
  Lie lie = {.party = "log", .name = std::move(name)};
  lie.caught = Customer(exit, rule);
  lie.alone = CustomerAlone{.change = std::move(change), .exit = exit, .rule = std::move(rule)};
  return lie;
}

}  // namespace

std::vector<Lie> LiesOfTheLog() {
  const auto signer = [](std::string words) {
    return Stop{"signer", ExitCode::kLogProof, std::move(words)};
  };
  const auto while_bent = [](BentReading bent, std::string monitor) {
    return
        [bent = std::move(bent), monitor = std::move(monitor)] { return AskWhile(bent, monitor); };
  };
  std::vector<Lie> lies = {
      LogScene("changes_a_payload", while_bent(ChangePayload, "payload"), signer("cannot be read")),
      LogScene("keeps_a_payload_back", while_bent(HidePayload, "payload"),
               signer("cannot be read")),
      LogScene("changes_an_entry", while_bent(ChangeEntry, "do not make the root"),
               signer("do not make the root")),
      LogScene("drops_an_entry", while_bent(DropEntry, "cut short"), signer("cut short")),
      LogScene("keeps_its_entries_back", while_bent(HideEntries, "HTTP status 404"),
               {"signer", ExitCode::kUnavailable, "ask again"}),
      LogScene("says_another_size", while_bent(SaysAnotherSize, "signature"), signer("signature")),
      LogScene("shows_a_head_without_witnesses", while_bent(WithoutWitnesses, "cosignature"),
               {"signer", ExitCode::kWitnesses, "cosignature"}),
      LogScene("shows_the_signer_an_old_head", ShowsAnOldHead,
               {"signer", ExitCode::kUnavailable, "caught up"}),
      LogScene("shows_the_monitor_an_old_head", ShowsTheMonitorAnOldHead,
               {"monitor", ExitCode::kLogProof, "have cosigned one of"}),
      LogScene("goes_back_before_a_signer_that_starts_anew", GoesBack,
               {"signer", ExitCode::kLogProof, "diverged"}),
      LogScene("shows_a_witness_another_history", ForksBeforeAWitness,
               {"witness", ExitCode::kLogProof, "422"}),
  };
  for (Lie& lie : lies) lie.why_not = "the customer reads no log: what he has is proved or not";
  const auto add = [&](Lie lie) { lies.push_back(std::move(lie)); };
  add(LogLie(
      "shows_the_customer_another_history",
      [](VerdictInput& input, EvidenceMaker& maker) { ForkTheIntent(input, maker, {}); },
      ExitCode::kLogProof, "witnesses"));
  add(LogLie(
      "counts_the_release_into_another_history",
      [](VerdictInput& input, EvidenceMaker& maker) {
        EvidenceMaker fork = maker;
        fork.Rewind(2);
        LineDraft draft = fork.Draft(Intent{}, "coordinator", maker.options().start + 400);
        draft.witnesses = {};
        for (int i = 0; i < 9; ++i) fork.MakeLine(draft);
        fork.Enter(input.lines[kReleaseLine], draft);
        fork.AddConsistency(input.lines);
      },
      ExitCode::kLogProof, "consistency"));
  add(LogLie(
      "says_another_place",
      [](VerdictInput& input, EvidenceMaker&) { --input.lines[3].log_entry->index; },
      ExitCode::kLogProof, "log"));
  add(LogLie(
      "says_another_tree_size",
      [](VerdictInput& input, EvidenceMaker&) { ++input.lines[3].log_entry->tree_size; },
      ExitCode::kLogProof, "log"));
  add(LogLie(
      "gives_a_wrong_hash",
      [](VerdictInput& input, EvidenceMaker&) { input.lines[3].log_entry->hashes[0] = kOther; },
      ExitCode::kLogProof, "log"));
  add(LogLie(
      "gives_no_consistency_proof",
      [](VerdictInput& input, EvidenceMaker&) {
        DropSignatures(input.lines[0], std::string(kConsistencyName));
      },
      ExitCode::kLogProof, "consistency"));
  add(LogLie(
      "signs_with_another_key",
      [](VerdictInput& input, EvidenceMaker& maker) {
        ReplaceNote(input.lines[3], [&](Note& note) {
          const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
          note.signatures[0] = SignNote(note.text, maker.Log(), key);
        });
      },
      ExitCode::kLogProof, "log"));
  Lie another = LogLie(
      "proves_another_line",
      [](VerdictInput& input, EvidenceMaker&) {
        input.lines[3].log_entry = input.lines[4].log_entry;
      },
      ExitCode::kLogProof, "log");
  another.scene = ProvesAnotherLine;
  another.caught = {"site-1", ExitCode::kLogProof, "another envelope"};
  add(another);
  add(ByDraft({"log",
               "takes_a_record_under_a_foreign_ca",
               {"log"},
               OnParty<Record>("site-2",
                               [](Record&, LineDraft& draft) {
                                 draft.party = "site-1";
                                 draft.authority = "operator-1";
                               }),
               {"signer", ExitCode::kBadSignature, "is not of its operator"},
               ExitCode::kBadSignature,
               "identities"}));
  return lies;
}

}  // namespace farm
