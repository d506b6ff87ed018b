#include "tests/attacks/parties/lies.h"

#include <utility>

#include "farm/witness/monitor.h"

namespace farm {

void PrintTo(const Lie& lie, std::ostream* out) { *out << lie.party << " " << lie.name; }

Stop Customer(ExitCode exit, std::string rule) { return {"customer", exit, std::move(rule)}; }

Lie ByDraft(Told told) {
  Lie lie;
  lie.party = std::move(told.party);
  lie.name = std::move(told.name);
  lie.bend.emplace();
  lie.bend->evil = std::move(told.evil);
  lie.bend->draft = told.draft;
  lie.caught = std::move(told.caught);
  lie.alone = CustomerAlone{.draft = told.draft, .exit = told.alone, .rule = std::move(told.rule)};
  return lie;
}

Lie ByPublishing(std::string party, std::string name, std::function<void(VerdictInput&)> change,
                 ExitCode exit, std::string rule) {
  Lie lie;
  lie.party = std::move(party);
  lie.name = std::move(name);
  lie.bend.emplace();
  lie.bend->to_customer = change;
  lie.caught = Customer(exit, rule);
  lie.alone =
      CustomerAlone{.change = [change](VerdictInput& input, EvidenceMaker&) { change(input); },
                    .exit = exit,
                    .rule = std::move(rule)};
  return lie;
}

std::string NextRevision(std::string manifest) {
  const std::string field = "\"revision\":1,";
  const std::size_t at = manifest.find(field);
  if (at == std::string::npos) return manifest;  // both of two liars have raised it
  return manifest.replace(at, field.size(), "\"revision\":2,");
}

std::vector<Lie> AllLies() {
  std::vector<Lie> all;
  for (const auto& lies :
       {LiesOfPersons(), LiesOfTheCoordinator(), LiesOfMakers(), LiesOfTheLog(), LiesOfWitnesses(),
        LiesOfKitMakers(), LiesOfWatchers(), LiesOfReplayers()}) {
    all.insert(all.end(), lies.begin(), lies.end());
  }
  return all;
}

void ForkTheIntent(VerdictInput& input, const EvidenceMaker& maker, std::vector<int> witnesses) {
  EvidenceMaker fork = maker;
  LineDraft draft = fork.Draft(Intent{}, "coordinator", maker.options().start + 200);
  draft.witnesses = std::move(witnesses);
  fork.MakeLine(draft);
  fork.Enter(input.lines[kIntentLine], draft);
}

Verdict JudgeAlone(const EvidenceMaker& farm, const std::vector<const CustomerAlone*>& lies) {
  EvidenceMaker maker = farm;
  const MadeRelease made = maker.Make([&](LineDraft& draft) {
    for (const CustomerAlone* lie : lies) {
      if (lie->draft) lie->draft(draft);
    }
  });
  VerdictInput input = maker.Input(made);
  for (const CustomerAlone* lie : lies) lie->change(input, maker);
  return Judge(input);
}

EvidenceMaker FarmOfLies() {
  return EvidenceMaker(EvidenceOptions{.monitors = 2, .certifiers = 1, .replayers = 2});
}

Verdict JudgeAlone(const CustomerAlone& lie) { return JudgeAlone(FarmOfLies(), {&lie}); }

std::vector<std::string> LyingParties() {
  return {"requester", "auditor",    "coordinator", "site",      "signer",  "CA",      "log",
          "witness",   "time stamp", "kit maker",   "certifier", "monitor", "replayer"};
}

std::vector<std::string> BrokenRules(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) names.push_back(outcome.rule);
  }
  return names;
}

std::string ExplainVerdict(const Verdict& verdict) {
  std::string text = verdict.headline + "\n";
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) text += outcome.rule + ": " + outcome.found + "\n";
  }
  return text;
}

std::string MonitorSays(Parties& parties) {
  Monitor monitor(parties.Reader());
  const auto report = monitor.Round();
  if (!report) return report.error().message;
  std::string text;
  for (const auto* findings : {&report->findings, &report->contradictions}) {
    for (const MonitorFinding& finding : *findings) {
      text += "entry " + std::to_string(finding.index) + ": " + finding.problem + "\n";
    }
  }
  return text;
}

}  // namespace farm
