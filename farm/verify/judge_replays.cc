// What signed replay verdicts say of the release.  They are not lines of the bundle: the customer
// gathers them from the replayers that he believes.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/verify/case.h"

namespace farm {
namespace {

constexpr std::string_view kMatch = "MATCH";
constexpr std::string_view kMismatch = "MISMATCH";

// Everything that keeps a verdict from being one, whatever it says.  `proof`: what it carries of
// one, which must be as good as that of a line of the bundle.
Problems CheckForm(const ReplayLine& replay, const LineFacts& proof) {
  const Bundle& line = replay.line;
  Problems problems;
  const auto add = [&](ExitCode exit, const std::string& message) {
    problems.push_back({Rule::kReplays, exit, message});
  };
  if (line.envelope.payload_type != kInTotoPayloadType) {
    add(ExitCode::kUsage, "payload type is " + Quoted(line.envelope.payload_type));
  }
  if (line.certificate) {
    add(ExitCode::kBadSignature, "signed under a certificate, want a replayer's own key");
  }
  if (!line.key().Verify(line.envelope.PaeBytes(), line.envelope.signature)) {
    add(ExitCode::kBadSignature, "signature does not match");
  }
  for (const Problem& problem : proof.problems) add(problem.exit, problem.message);
  NameProblems(replay.where, problems);
  return problems;
}

// The replayers with each verdict, each once.
class Tally {
 public:
  explicit Tally(const Case& facts)
      : policy_(facts.policy),
        root_(facts.root()),
        own_root_(facts.input.root),
        parties_(KeysOfParties(facts)) {}

  // Who it is by: the policy's name for the key, or where it has none what he calls himself, which
  // may be another's name.
  std::string By(const Bundle& line, const ReplayVerdict& verdict) const {
    const Replayer* const named = Named(line.key());
    if (named != nullptr) return "replayer " + Quoted(named->name);
    return "somebody who calls himself " + Quoted(verdict.replayer);
  }
  // Whether its contradiction is heard.  A status takes back no contradiction: one monitor alone
  // would silence whoever has not got these bytes.  The root does, or a stolen key could block
  // every release.  Without a list of his own a customer is told of all that he was handed.
  bool IsHeard(const Bundle& line, const LineFacts& proof) const {
    if (policy_.replayers.empty()) return true;
    return Named(line.key()) != nullptr &&
           !IsRevoked(own_root_, line.key().KeyId(), proof.token, proof.witnessed);
  }
  // Why this key's MATCH is not counted, if it is not.  What was attested before the key was stolen
  // still is.
  std::string Uncounted(const Bundle& line, const LineFacts& proof) const {
    const std::string key = line.key().KeyId();
    if (IsRevoked(root_, key, proof.token, proof.witnessed)) return "its key is revoked";
    if (Named(line.key()) == nullptr) {
      return "the policy names no replayer with key " + key.substr(0, 16) + "..";
    }
    return "";
  }
  // Why its MATCH is not counted: who has built it has not built it again, away from the farm.
  std::string Dependent(const Bundle& line) const {
    if (!parties_.contains(line.key().KeyId())) return "";
    return "its key has also signed for a site, the coordinator or the signer";
  }
  void Add(const Bundle& line, std::string_view verdict) {
    const Replayer* const named = Named(line.key());
    if (named != nullptr) said_[named->name].insert(std::string(verdict));
  }
  // Whoever has said `verdict` and nothing of `unless`.
  std::vector<std::string> Who(std::string_view verdict, std::string_view unless = "") const {
    std::vector<std::string> names;
    for (const auto& [name, verdicts] : said_) {
      if (verdicts.contains(std::string(verdict)) && !verdicts.contains(std::string(unless))) {
        names.push_back(Printable(name, 120));
      }
    }
    return names;
  }

 private:
  const Replayer* Named(const PublicKey& key) const {
    for (const Replayer& replayer : policy_.replayers) {
      if (replayer.key == key) return &replayer;
    }
    return nullptr;
  }
  const Policy& policy_;
  const TrustRoot& root_;                              // with what statuses revoke
  const TrustRoot& own_root_;                          // without it
  const std::set<std::string> parties_;                // their key ids
  std::map<std::string, std::set<std::string>> said_;  // name -> verdicts
};

// A MISMATCH, or a MATCH that lists something else than what was released: somebody did not get
// these bytes.
bool Contradicts(const ReplayVerdict& verdict, const Release& release) {
  return verdict.verdict == kMismatch ||
         (verdict.verdict == kMatch && verdict.rebuilt != release.artifacts);
}

void JudgeOne(const ReplayLine& replay, Case& facts, Tally& tally) {
  const auto verdict = ParseStatementAs<ReplayVerdict>(replay.line.envelope.payload, replay.where);
  if (!verdict) return facts.Add(Rule::kReplays, ExitCode::kUsage, verdict.error().message);
  if (verdict->release != facts.release->bundle->PaeDigest()) return;  // of another release
  VerifyCache cache;
  const LineFacts proof = CheckCarriedProof(replay.line, facts.root(), facts.policy, cache);
  Problems problems = CheckForm(replay, proof);
  if (!problems.empty()) {
    for (Problem& problem : problems) facts.problems.push_back(std::move(problem));
    return;
  }
  std::string uncounted = tally.Uncounted(replay.line, proof);
  if (Contradicts(*verdict, facts.release->statement) && tally.IsHeard(replay.line, proof)) {
    const std::string message =
        replay.where + ": " + tally.By(replay.line, *verdict) +
        (verdict->verdict == kMismatch ? " says MISMATCH: the build did not give the released bytes"
                                       : " says MATCH of other artifacts than the released ones") +
        (uncounted.empty() || facts.policy.replayers.empty()
             ? ""
             : "; a status revokes its key, which takes back no contradiction");
    if (facts.policy.mismatch_blocks) {
      facts.Add(Rule::kReplays, ExitCode::kReplayMismatch, message);
    } else {
      facts.Warn(Rule::kReplays, message);
    }
    tally.Add(replay.line, kMismatch);
    return;
  }
  if (uncounted.empty()) uncounted = tally.Dependent(replay.line);
  if (!uncounted.empty()) {
    facts.Warn(Rule::kReplays, replay.where + ": " + verdict->verdict + " by " +
                                   tally.By(replay.line, *verdict) +
                                   " is not counted: " + uncounted);
  } else {
    if (verdict->verdict != kMatch) {
      facts.Warn(Rule::kReplays,
                 replay.where + ": " + tally.By(replay.line, *verdict) + " says INCONCLUSIVE");
    }
    tally.Add(replay.line, verdict->verdict);
  }
}

}  // namespace

void JudgeReplays(Case& facts) {
  Tally tally(facts);
  const std::vector<std::string>& passed_over = facts.input.replay_files_passed_over;
  if (!passed_over.empty()) {
    facts.Warn(Rule::kReplays,
               Printable(passed_over.front(), 120) +
                   (passed_over.size() == 1
                        ? " is"
                        : " and " + std::to_string(passed_over.size() - 1) + " more are") +
                   " not read: the name of a file of verdicts ends in .jsonl");
  }
  for (const ReplayLine& replay : facts.input.replays) JudgeOne(replay, facts, tally);
  // Who has said both has not got it twice.
  facts.matching_replayers = tally.Who(kMatch, kMismatch);
  const std::size_t found = facts.matching_replayers.size();
  if (std::cmp_less(found, facts.policy.replays)) {
    facts.Add(Rule::kReplays, ExitCode::kReplayInconclusive,
              Amount(found, "replayer") + " of the policy with MATCH, want at least " +
                  std::to_string(facts.policy.replays));
  }
}

}  // namespace farm
