#include <algorithm>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/verify/case.h"

namespace farm {
namespace {

constexpr std::size_t kProblemsShownMax = 4;  // of one rule; the rest is counted

// The artifact with the file's bytes: of several the one with its name.
const Artifact* FindReleased(const Case& facts) {
  if (!facts.release) return nullptr;
  const VerdictInput& input = facts.input;
  const Artifact* found = nullptr;
  for (const Artifact& artifact : facts.release->statement.artifacts) {
    if (artifact.digest != input.file_digest || artifact.size != input.file_size) continue;
    if (found == nullptr || artifact.name == input.file_name) found = &artifact;
  }
  return found;
}

// The release is the one that the customer asked for: a mirror could serve another one.
void JudgeAskedFor(Case& facts) {
  if (!facts.release) return;
  const ManifestView& manifest = *facts.manifest;
  const auto compare = [&](const std::optional<std::string>& asked, const std::string& found,
                           const std::string& what) {
    if (!asked || *asked == found) return;
    facts.Add(
        Rule::kRelease, ExitCode::kArtifactUnknown,
        "it is of " + what + " " + Printable(found, 80) + ", asked for " + Printable(*asked, 80));
  };
  compare(facts.input.product, manifest.product, "product");
  compare(facts.input.version, manifest.version, "version");
}

// The file is an artifact of the release, byte for byte and by its name.
void JudgeFile(Case& facts) {
  if (!facts.release) return;
  const VerdictInput& input = facts.input;
  if (const Artifact* released = FindReleased(facts)) {
    if (released->name == input.file_name) return;
    const std::string message = "the release calls this file " + Printable(released->name, 120);
    if (input.renamed) {
      facts.Warn(Rule::kArtifact, message);
    } else {
      facts.problems.push_back({Rule::kArtifact, ExitCode::kArtifactUnknown, message,
                                "if you renamed it, add --renamed; else download file and bundle "
                                "again"});
    }
    return;
  }
  const Artifact* same_name = nullptr;
  for (const Artifact& artifact : facts.release->statement.artifacts) {
    if (artifact.name == input.file_name) same_name = &artifact;
  }
  facts.Add(Rule::kArtifact, ExitCode::kArtifactUnknown,
            same_name == nullptr ? "no artifact of the release has the file's name or digest " +
                                       input.file_digest.Text()
                                 : "the file has digest " + input.file_digest.Text() +
                                       ", the release has " + same_name->digest.Text());
}

void JudgeFiles(const std::vector<ReleaseFile>& files, Case& facts) {
  if (!facts.release) return;
  const std::vector<Artifact>& artifacts = facts.release->statement.artifacts;
  for (const Artifact& artifact : artifacts) {
    const bool given = std::any_of(files.begin(), files.end(), [&](const ReleaseFile& file) {
      return file.name == artifact.name && file.digest == artifact.digest &&
             file.size == artifact.size;
    });
    if (!given) {
      facts.Add(Rule::kArtifact, ExitCode::kArtifactUnknown,
                "the released " + Printable(artifact.name, 120) +
                    " is not among the files, or has other bytes there");
    }
  }
  for (const ReleaseFile& file : files) {
    const bool known = std::any_of(artifacts.begin(), artifacts.end(),
                                   [&](const Artifact& a) { return a.name == file.name; });
    if (!known) {
      facts.Add(Rule::kArtifact, ExitCode::kArtifactUnknown,
                Printable(file.name, 120) + " is not in the release");
    }
  }
}

std::string JoinMessages(const std::vector<std::string>& messages) {
  std::vector<std::string> shown(messages.begin(),
                                 messages.begin() + std::min(messages.size(), kProblemsShownMax));
  std::string text = Join(shown, "; ");
  if (messages.size() > shown.size()) {
    text += "; and " + std::to_string(messages.size() - shown.size()) + " more";
  }
  return text;
}

RuleOutcome OutcomeOf(Rule rule, const Problems& problems, const Case& facts) {
  RuleOutcome outcome;
  outcome.rule = RuleName(rule);
  outcome.expected = ExpectedWords(rule, facts);
  outcome.evidence = EvidenceOf(rule, facts);
  outcome.remedy = RuleRemedy(rule);
  std::vector<std::string> messages;
  std::vector<std::string> not_judged;  // less to know than what was found wrong
  for (const Problem& problem : problems) {
    if (problem.rule != rule) continue;
    (problem.exit == ExitCode::kProved ? not_judged : messages).push_back(problem.message);
    outcome.exit = Worse(outcome.exit, problem.exit);
    if (!problem.remedy.empty()) outcome.remedy = problem.remedy;
  }
  messages.insert(messages.end(), not_judged.begin(), not_judged.end());
  outcome.held = messages.empty();
  if (!outcome.held) {
    outcome.found = JoinMessages(messages);
    return outcome;
  }
  outcome.remedy.clear();
  const std::vector<std::string>& warnings = facts.warnings[static_cast<int>(rule)];
  outcome.warning = !warnings.empty();
  outcome.found = outcome.warning ? JoinMessages(warnings) : FoundWords(rule, facts);
  return outcome;
}

std::string DevelopmentMark(const Case& facts) {
  const std::optional<Development>& development = facts.input.root.development;
  if (!development) return "";
  const bool observed = std::any_of(facts.records.begin(), facts.records.end(),
                                    [](const auto& r) { return r.statement.limits_observed; });
  return "(development: " + Amount(development->machines, "machine") + ", " +
         Amount(development->operators, "operator") + (observed ? ", limits observed" : "") + ")";
}

// What was proved, and of what.
std::string ProvedHeadline(const Case& facts) {
  const ManifestView& manifest = *facts.manifest;
  const std::string mark = DevelopmentMark(facts);
  std::string headline = "VERIFIED" + (mark.empty() ? "" : " " + mark) + "  " +
                         Printable(manifest.product, 120) + " " + Printable(manifest.version, 120);
  const Artifact* released = FindReleased(facts);
  if (released != nullptr) headline += "  " + Printable(released->name, 255);
  return headline;
}

void FillFacts(const Case& facts, Verdict& verdict) {
  verdict.root_version = facts.input.root.version;
  verdict.development = DevelopmentMark(facts);
  if (facts.manifest) {
    verdict.product = facts.manifest->product;
    verdict.version = facts.manifest->version;
  }
  if (facts.release) {
    verdict.release = facts.release->statement;
    verdict.release_digest = facts.release->bundle->PaeDigest();
    verdict.sequence = facts.release->statement.sequence;
    const Artifact* released = FindReleased(facts);
    if (released != nullptr) verdict.artifact = released->name;
  }
  for (const Line<Record>& record : facts.records) {
    if (record.sound()) verdict.records.push_back(record.statement);
  }
}

void FillSeen(const Case& facts, Verdict& verdict) {
  verdict.not_remembered = facts.not_remembered;
  if (facts.input.root_is_known || verdict.proved()) {
    verdict.seen = facts.seen;
  } else if (facts.seen) {
    verdict.not_remembered = "what the status says, for nothing vouches for root " +
                             std::to_string(facts.input.root.version) +
                             " yet: pin it or follow it with farm-verify trust, or prove a release "
                             "by it";
  }
}

// The end of every verdict.  The only place that says "proved".
Verdict Conclude(const Case& facts) {
  Verdict verdict;
  const Problems problems = AllProblems(facts);
  ExitCode worst = ExitCode::kProved;
  bool all_held = true;
  for (int i = 0; i < kRuleCount; ++i) {
    verdict.rules.push_back(OutcomeOf(static_cast<Rule>(i), problems, facts));
    all_held = all_held && verdict.rules.back().held;
    worst = Worse(worst, verdict.rules.back().exit);
  }
  SayWhatToMendFirst(verdict.rules);
  FillFacts(facts, verdict);
  if (all_held && problems.empty() && facts.release && facts.request && facts.intent) {
    verdict.exit = ExitCode::kProved;
    verdict.headline = ProvedHeadline(facts);
  } else {
    verdict.exit = worst == ExitCode::kProved ? ExitCode::kInternal : worst;
    verdict.headline = "NOT VERIFIED";
  }
  FillSeen(facts, verdict);
  return verdict;
}

std::vector<Digest> DigestsOf(const std::vector<Bundle>& lines) {
  std::vector<Digest> digests;
  for (const Bundle& line : lines) digests.push_back(line.PaeDigest());
  return digests;
}

Case EmptyCase(const VerdictInput& input) {
  return Case{.input = input,
              .policy = input.policy,
              .checks = {},
              .digests = DigestsOf(input.lines),
              .release = {},
              .manifest = {},
              .request = {},
              .intent = {},
              .records = {},
              .approvals = {},
              .status = {},
              .root_and_status = {},
              .problems = {},
              .warnings = {}};
}

Case Gathered(const VerdictInput& input) {
  Case facts = EmptyCase(input);
  ReadStatus(facts);
  Gather(facts);
  JudgeAskedFor(facts);
  JudgeRoot(facts);
  JudgeGathered(facts);
  return facts;
}

}  // namespace

void SayWhatToMendFirst(std::vector<RuleOutcome>& rules) {
  std::vector<std::string> broken;
  for (const RuleOutcome& outcome : rules) {
    if (outcome.exit != ExitCode::kProved) broken.push_back(outcome.rule);
  }
  if (broken.empty()) return;
  for (RuleOutcome& outcome : rules) {
    if (outcome.held || outcome.exit != ExitCode::kProved) continue;
    outcome.remedy = "not judged yet; mend first what is broken: " + Join(broken, " ");
  }
}

Status CheckBeforeSigning(const ReleaseToSign& release, const TrustRoot& root,
                          const Policy& policy) {
  VerdictInput input;
  input.lines = release.lines;
  input.root = root;
  Case facts = EmptyCase(input);
  auto manifest = ViewManifest(release.statement.manifest);
  if (!manifest) return Wrap("release", manifest.error());
  facts.manifest = *std::move(manifest);
  facts.policy = Tighten(policy, facts.manifest->requirements);
  facts.checks.emplace(root, facts.policy);
  Bundle line;
  line.certificate = release.leaf;
  facts.release = ReleaseLineToSign(line, release.statement, root, release.now);
  GatherNamed(facts);
  JudgeStatements(facts);
  const Problems problems = AllProblems(facts);
  if (problems.empty()) return {};
  return WorstOf(problems);
}

Verdict Judge(const VerdictInput& input) {
  Case facts = Gathered(input);
  JudgeFile(facts);
  return Conclude(facts);
}

Verdict JudgeRelease(const VerdictInput& input_without_file,
                     const std::vector<ReleaseFile>& files) {
  Case facts = Gathered(input_without_file);
  JudgeFiles(files, facts);
  return Conclude(facts);
}

}  // namespace farm
