// The catalogue of lies: who tells each, what it would bring about, and who does not believe it.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "farm/verify/verify.h"
#include "tests/attacks/parties/way.h"
#include "tests/support/evidence_maker.h"

namespace farm {

// What becomes of a lie where nobody but the customer looks: all others sign and carry whatever
// they are given.  What holds here holds whoever else lies by omission.
struct CustomerAlone {
  DraftHook draft = {};  // told in the lines of the release; may be empty
  std::function<void(VerdictInput&, EvidenceMaker&)> change = [](VerdictInput&, EvidenceMaker&) {};
  ExitCode exit = ExitCode::kProved;
  std::string rule = {};  // of the verdict
};

struct Lie {
  std::string party;
  std::string name;  // "drops_an_approval"
  // Told on the way of one release, or in a scene of its own, which says who caught it.  Neither:
  // only the customer is shown it.
  std::optional<Bend> bend = {};
  std::function<Stop()> scene = {};
  // A kit maker's: the same scene with a kit whose evidence others have bent.
  std::function<Stop(const DraftHook& evidence)> with_evidence = {};
  // Who catches it first where everybody else is honest: "customer" with the rule's name,
  // "monitor" where the release is out by then, else whose check it is with words of the refusal.
  Stop caught = {};
  // Absent where a bundle cannot show it: `why_not` says what only others see.
  std::optional<CustomerAlone> alone = {};
  std::string why_not = {};
};

// For the test's output.
void PrintTo(const Lie& lie, std::ostream* out);

std::vector<Lie> LiesOfPersons();  // requester, auditor
std::vector<Lie> LiesOfTheCoordinator();
std::vector<Lie> LiesOfMakers();  // site, signer, an operator's CA
std::vector<Lie> LiesOfTheLog();
std::vector<Lie> LiesOfWitnesses();  // witness, time stamp
std::vector<Lie> LiesOfKitMakers();
std::vector<Lie> LiesOfWatchers();  // certifier, monitor
std::vector<Lie> LiesOfReplayers();
std::vector<Lie> AllLies();

// Whose releases lies are told about: with all who may speak of one.
EvidenceMaker FarmOfLies();
// Of a release of `farm`'s with all lies told: what the customer says who alone looks.
Verdict JudgeAlone(const EvidenceMaker& farm, const std::vector<const CustomerAlone*>& lies);
Verdict JudgeAlone(const CustomerAlone& lie);

// Of DESIGN section 3, in the order of the tables.
std::vector<std::string> LyingParties();

// Helpers of the catalogue.
// The same lie by draft on the way and before the customer alone.
struct Told {
  std::string party;
  std::string name;
  std::set<std::string> evil;
  DraftHook draft;
  Stop caught;
  ExitCode alone = ExitCode::kProved;
  std::string rule;
};
Lie ByDraft(Told told);
// Only of what the customer is shown.
Lie ByPublishing(std::string party, std::string name, std::function<void(VerdictInput&)> change,
                 ExitCode exit, std::string rule);
Stop Customer(ExitCode exit, std::string rule);
// The intent in a second history that only the customer is shown; `witnesses` cosign it.
void ForkTheIntent(VerdictInput& input, const EvidenceMaker& maker, std::vector<int> witnesses);
// The same manifest with another revision.
std::string NextRevision(std::string manifest);
// That `replayer` got what was released, of the release that `input` shows, if it shows one.
ReplayVerdict SaysMatch(const VerdictInput& input, const EvidenceMaker& maker,
                        const std::string& replayer);
// Gives it to the customer, signed by `party` ("replayer-0"), stamped and logged.
void HandOver(const ReplayVerdict& said, const std::string& party, VerdictInput& input,
              EvidenceMaker& maker);
std::vector<std::string> BrokenRules(const Verdict& verdict);
std::string ExplainVerdict(const Verdict& verdict);
// What a monitor finds who reads the whole log: its contradictions and what it cannot read, or the
// error that ends it, one a line.
std::string MonitorSays(Parties& parties);

}  // namespace farm
