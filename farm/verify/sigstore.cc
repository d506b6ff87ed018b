#include "farm/verify/sigstore.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/verify/sigstore_case.h"

namespace farm {
namespace {

constexpr std::size_t kMessagesShownMax = 4;  // of one rule; the rest is counted

struct Words {
  std::string_view name;
  std::string_view remedy;
};

// The names are stable: --json and other people's scripts use them.
Words WordsOf(SigstoreRule rule) {
  switch (rule) {
    case SigstoreRule::kArtifact:
      return {"artifact",
              "do not use the file; get it again, with the bundle that was made for it"};
    case SigstoreRule::kSignature:
      return {"signature", "do not use the file; it, or the bundle, was changed after signing"};
    case SigstoreRule::kSigner:
      return {"signer",
              "give what the bundle was signed with: --key FILE, or --identity NAME with --issuer "
              "URL"};
    case SigstoreRule::kIdentity:
      return {"identity", "do not use the file, unless you meant another identity or issuer"};
    case SigstoreRule::kCertificate:
      return {"certificate",
              "check that the trusted root is the newest of the instance that signed; else do not "
              "use the file"};
    case SigstoreRule::kTransparency:
      return {"transparency",
              "check that the trusted root lists the instance's transparency logs; else do not use "
              "the file"};
    case SigstoreRule::kTimes:
      return {"times",
              "ask for a bundle with a time stamp of an authority that the trusted root lists"};
    case SigstoreRule::kLog:
      return {"log", "get the bundle again; check that the trusted root lists the log it names"};
    case SigstoreRule::kEntry:
      return {"entry", "do not use the file; what the log has is not what the bundle shows"};
  }
  CHECK(false);
}

std::string JoinMessages(const std::vector<std::string>& messages) {
  const std::size_t shown = std::min(messages.size(), kMessagesShownMax);
  std::string text = Join({messages.begin(), messages.begin() + static_cast<long>(shown)}, "; ");
  if (messages.size() > shown) {
    text += "; and " + std::to_string(messages.size() - shown) + " more";
  }
  return text;
}

RuleOutcome OutcomeOf(SigstoreRule rule, const SigstoreCase& facts) {
  RuleOutcome outcome;
  outcome.rule = WordsOf(rule).name;
  outcome.expected = SigstoreWords(rule, facts.input);
  std::vector<std::string> messages;
  for (const SigstoreCase::Problem& problem : facts.problems) {
    if (problem.rule != rule) continue;
    messages.push_back(problem.message);
    outcome.exit = Worse(outcome.exit, problem.exit);
  }
  const std::vector<std::string>& found = facts.found[static_cast<int>(rule)];
  const std::vector<std::string>& warnings = facts.warnings[static_cast<int>(rule)];
  // A rule of which nothing is said was not judged, and so does not hold.
  outcome.held = messages.empty() && !(found.empty() && warnings.empty());
  if (!outcome.held) {
    outcome.found = messages.empty() ? "not judged" : JoinMessages(messages);
    outcome.remedy = WordsOf(rule).remedy;
    return outcome;
  }
  outcome.warning = !warnings.empty();
  std::vector<std::string> words = found;
  words.insert(words.end(), warnings.begin(), warnings.end());
  outcome.found = JoinMessages(words);
  return outcome;
}

std::string SignedBy(const SigstoreInput& input) {
  constexpr std::size_t kNameCharactersMax = 400;
  return input.key ? "the given key" : Printable(input.identity, kNameCharactersMax);
}

// The only place that says VERIFIED (sigstore).
SigstoreVerdict Conclude(const SigstoreCase& facts) {
  SigstoreVerdict verdict;
  verdict.times = facts.Times();
  ExitCode worst = ExitCode::kProved;
  bool all_held = true;
  for (int i = 0; i < kSigstoreRuleCount; ++i) {
    verdict.rules.push_back(OutcomeOf(static_cast<SigstoreRule>(i), facts));
    all_held = all_held && verdict.rules.back().held;
    worst = Worse(worst, verdict.rules.back().exit);
  }
  SayWhatToMendFirst(verdict.rules);
  if (all_held && facts.problems.empty() && facts.key && facts.signature_held) {
    verdict.exit = ExitCode::kProved;
    verdict.headline = "VERIFIED (sigstore)  " + SignedBy(facts.input) + "  " +
                       Printable(facts.input.artifact.name, 255);
  } else {
    verdict.exit = worst == ExitCode::kProved ? ExitCode::kInternal : worst;
    verdict.headline = "NOT VERIFIED";
  }
  return verdict;
}

}  // namespace

std::string SigstoreWords(SigstoreRule rule, const SigstoreInput& input) {
  const bool enveloped = std::holds_alternative<Envelope>(input.bundle.content);
  switch (rule) {
    case SigstoreRule::kArtifact:
      return enveloped ? "the file is a subject of the signed statement"
                       : "the file is the one that was signed";
    case SigstoreRule::kSignature:
      return "a good signature of the signer's key";
    case SigstoreRule::kSigner:
      return input.key ? "a bundle signed with the given key"
                       : "a bundle signed with a certificate";
    case SigstoreRule::kIdentity:
      return input.key ? "none"
                       : Printable(input.identity, 400) + " by " + Printable(input.issuer, 400);
    case SigstoreRule::kCertificate:
      return input.key ? "none"
                       : "issued by an authority of the root, valid at every attested time";
    case SigstoreRule::kTransparency:
      return input.key ? "none" : "the promise of a transparency log of the root";
    case SigstoreRule::kTimes:
      return input.key ? "every time stamp holds"
                       : "every time stamp holds, and a time is attested";
    case SigstoreRule::kLog:
      return "every entry is in a log of the root, one at least";
    case SigstoreRule::kEntry:
      return "every entry has this signature, signer and digest";
  }
  CHECK(false);
}

SigstoreVerdict JudgeSigstore(const SigstoreInput& input) {
  SigstoreCase facts{.input = input};
  JudgeSigner(facts);
  JudgeTokens(facts);
  JudgeEntries(facts);
  JudgeTimes(facts);
  JudgeCertificate(facts);
  JudgeContent(facts);
  JudgeEntryFacts(facts);
  return Conclude(facts);
}

}  // namespace farm
