#include "farm/log/witness_panel.h"

#include <algorithm>
#include <thread>

#include "farm/base/clock.h"
#include "farm/evidence/merkle.h"
#include "farm/log/errors.h"

namespace farm {
namespace {

constexpr int kAttemptsMax = 3;  // a guess, the size it told us, once more if it moved meanwhile
constexpr std::chrono::seconds kRest{10};  // doubled with each failure in a row ...
constexpr int kRestDoublingsMax = 5;       // ... up to 320 s

constexpr UnixSeconds kAheadSecondsMax = 60;  // of a witness's clock before ours

// Whether `old` is a beginning of the log's own tree `head`.
Result<bool> IsBeginning(const Checkpoint& old, const TileLog& log, const Checkpoint& head) {
  if (old.size > head.size) return false;
  ASSIGN_OR_RETURN(const std::vector<Digest> proof, log.Consistency(old.size, head.size));
  return CheckConsistency(old.size, old.root, head.size, head.root, proof).has_value();
}

}  // namespace

struct WitnessPanel::Answer {
  std::optional<NoteSignature> line;
  std::string problem;
  std::optional<Divergence> diverged;
  std::optional<Error> doubt;
};

WitnessPanel::WitnessPanel(std::vector<ConfiguredWitness> witnesses, PublicKey log_key)
    : log_key_(std::move(log_key)) {
  for (ConfiguredWitness& witness : witnesses) {
    witnesses_.push_back({std::move(witness), 0, 0, {}});
  }
}

WitnessPanel::Answer WitnessPanel::AskForProof(const Member& member, const TileLog& log,
                                               const Checkpoint& head,
                                               const std::string& claim) const {
  const WitnessKey& identity = member.configured.identity;
  Answer answer;
  auto latest = LatestOfWitness(member.configured.get, log.origin(), log_key_, identity);
  if (latest) {
    const auto ours = IsBeginning(latest->checkpoint, log, head);
    if (ours && !*ours) {
      answer.diverged =
          Divergence{DivergedLog(log.origin(), claim + "; it shows a checkpoint of size " +
                                                   std::to_string(latest->checkpoint.size) +
                                                   " that this log has signed and does not have"),
                     latest->note};
      return answer;
    }
  }
  answer.doubt =
      LogUnavailable("log " + log.origin() + " waits: " + claim +
                     (latest ? "; the checkpoint that it serves is older, and ours"
                             : "; it does not prove it (" + latest.error().message + ")") +
                     ".  If this log was restored from a backup, rebuild it with `farm log recover "
                     "--from-mirror`; if the witness is wrong, take it out of the configuration");
  return answer;
}

WitnessPanel::Answer WitnessPanel::AskOne(Member& member, const TileLog& log,
                                          const Checkpoint& head, const Note& note) const {
  const WitnessKey& identity = member.configured.identity;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto proof = log.Consistency(member.seen, head.size);
    if (!proof) return {{}, proof.error().message, {}, {}};
    auto answer =
        AskWitness(member.configured.post, {member.seen, *proof, WriteNote(note)}, identity.name);
    if (!answer) {
      if (answer.error().code != ErrorCode::kMismatch) return {{}, answer.error().message, {}, {}};
      return AskForProof(member, log, head, answer.error().message);
    }
    if (answer->has_size) {
      if (*answer->has_size > head.size) {
        return AskForProof(member, log, head,
                           "witness " + identity.name + " has seen size " +
                               std::to_string(*answer->has_size) + ", we have only " +
                               std::to_string(head.size));
      }
      member.seen = *answer->has_size;
      continue;
    }
    for (NoteSignature& line : answer->lines) {
      const Note one{note.text, {line}};
      const auto at = CheckCosignature(one, identity.name, identity.key);
      if (!at) continue;
      member.seen = head.size;
      // Published once, it would be every reader's for as long as this head is the last.
      if (*at > SystemClock().Now() + kAheadSecondsMax) {
        return {{},
                "witness " + identity.name + ": cosigned at " + FormatTime(*at) +
                    ", which is still to come; look at its clock and at this one",
                {},
                {}};
      }
      return {std::move(line), "", {}, {}};
    }
    return {{}, "witness " + identity.name + ": answered no good cosignature by its key", {}, {}};
  }
  return {{}, "witness " + identity.name + ": changes its mind about the size it has seen", {}, {}};
}

void WitnessPanel::Rest(Member& member, const Answer& answer) const {
  if (answer.line) member.failures = 0;
  if (answer.line || answer.doubt || answer.diverged) return;
  member.rests_until = std::chrono::steady_clock::now() + kRest * (1 << member.failures);
  member.failures = std::min(member.failures + 1, kRestDoublingsMax);
}

WitnessPanel::Answers WitnessPanel::Ask(const TileLog& log, const Checkpoint& head,
                                        const Note& note, const Suffices& suffices) {
  const auto now = std::chrono::steady_clock::now();
  std::set<std::size_t> asked;
  std::set<std::size_t> everybody;
  for (std::size_t place = 0; place < witnesses_.size(); ++place) {
    everybody.insert(place);
    if (witnesses_[place].rests_until <= now) asked.insert(place);
  }
  if (!suffices(asked)) asked = everybody;
  std::vector<Answer> answers(witnesses_.size());
  std::vector<std::thread> threads;
  for (const std::size_t place : asked) {
    threads.emplace_back(
        [&, place] { answers[place] = AskOne(witnesses_[place], log, head, note); });
  }
  for (std::thread& thread : threads) thread.join();
  Answers all;
  for (const std::size_t place : asked) {
    Answer& answer = answers[place];
    Rest(witnesses_[place], answer);
    if (answer.line) {
      all.cosigned.insert(place);
      all.lines.push_back(std::move(*answer.line));
    }
    if (answer.diverged) all.diverged = std::move(answer.diverged);
    if (answer.doubt) all.doubt = std::move(answer.doubt);
    if (!answer.problem.empty()) all.problems.push_back(std::move(answer.problem));
  }
  return all;
}

}  // namespace farm
