#include "farm/log/witness_panel.h"

#include <algorithm>
#include <thread>

#include "farm/base/clock.h"

namespace farm {
namespace {

constexpr int kAttemptsMax = 3;  // a guess, the size it told us, once more if it moved meanwhile
constexpr std::chrono::seconds kRest{10};  // doubled with each failure in a row ...
constexpr int kRestDoublingsMax = 5;       // ... up to 320 s

constexpr UnixSeconds kAheadSecondsMax = 60;  // of a witness's clock before ours

Error Diverged(const TileLog& log, const std::string& why) {
  return {ErrorCode::kMismatch,
          "log diverged: " + log.origin() + ": " + why +
              "; this log takes no new entries.  If it was restored from a backup, recover it "
              "from a mirror",
          ExitCode::kLogProof};
}

}  // namespace

struct WitnessPanel::Answer {
  std::optional<NoteSignature> line;
  std::string problem;
  std::optional<Error> diverged;
};

WitnessPanel::WitnessPanel(std::vector<ConfiguredWitness> witnesses) {
  for (ConfiguredWitness& witness : witnesses) {
    witnesses_.push_back({std::move(witness), 0, 0, {}});
  }
}

WitnessPanel::Answer WitnessPanel::AskOne(Member& member, const TileLog& log,
                                          const Checkpoint& head, const Note& note) {
  const WitnessKey& identity = member.configured.identity;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto proof = log.Consistency(member.seen, head.size);
    if (!proof) return {{}, proof.error().message, {}};
    auto answer =
        AskWitness(member.configured.post, {member.seen, *proof, WriteNote(note)}, identity.name);
    if (!answer) {
      if (answer.error().code != ErrorCode::kMismatch) return {{}, answer.error().message, {}};
      return {{}, "", Diverged(log, answer.error().message)};
    }
    if (answer->has_size) {
      if (*answer->has_size > head.size) {
        return {{},
                "",
                Diverged(log, "witness " + identity.name + " has seen size " +
                                  std::to_string(*answer->has_size) + ", we have only " +
                                  std::to_string(head.size))};
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
                {}};
      }
      return {std::move(line), "", {}};
    }
    return {{}, "witness " + identity.name + ": answered no good cosignature by its key", {}};
  }
  return {{}, "witness " + identity.name + ": changes its mind about the size it has seen", {}};
}

WitnessPanel::Answers WitnessPanel::Ask(const TileLog& log, const Checkpoint& head,
                                        const Note& note, std::size_t needed) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Member*> asked;
  for (Member& member : witnesses_) {
    if (member.rests_until <= now) asked.push_back(&member);
  }
  if (asked.size() < needed) {
    asked.clear();
    for (Member& member : witnesses_) asked.push_back(&member);
  }
  std::vector<Answer> answers(asked.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    threads.emplace_back([&, i] { answers[i] = AskOne(*asked[i], log, head, note); });
  }
  for (std::thread& thread : threads) thread.join();
  Answers all;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    Member& member = *asked[i];
    if (answers[i].line) {
      member.failures = 0;
      all.lines.push_back(std::move(*answers[i].line));
      continue;
    }
    member.rests_until = std::chrono::steady_clock::now() + kRest * (1 << member.failures);
    member.failures = std::min(member.failures + 1, kRestDoublingsMax);
    if (answers[i].diverged) all.diverged = std::move(answers[i].diverged);
    if (!answers[i].problem.empty()) all.problems.push_back(std::move(answers[i].problem));
  }
  return all;
}

}  // namespace farm
