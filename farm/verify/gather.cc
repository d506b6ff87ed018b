#include <algorithm>
#include <set>

#include "farm/base/amount.h"
#include "farm/verify/case.h"

namespace farm {
namespace {

// The first line with the digest; null if there is none.
const Bundle* FirstLine(const Case& facts, const Digest& digest) {
  const std::vector<Digest>& digests = facts.digests;
  const auto found = std::find(digests.begin(), digests.end(), digest);
  if (found == digests.end()) return nullptr;
  return &facts.input.lines[static_cast<std::size_t>(found - digests.begin())];
}

// The one line with the digest that the release names.  Lines that it does not name count for
// nothing, whatever they say.
const Bundle* FindLine(Case& facts, const Digest& digest, const std::string& what) {
  const auto count = std::count(facts.digests.begin(), facts.digests.end(), digest);
  if (count != 1) {
    facts.Add(Rule::kLines, ExitCode::kInputMissing,
              "the " + what + " " + digest.Text() + " stands there " + Amount(count, "time") +
                  ", want once");
  }
  return FirstLine(facts, digest);
}

template <typename T>
std::optional<Line<T>> Take(Case& facts, Result<Line<T>> line) {
  if (line) return *std::move(line);
  facts.Add(Rule::kStatements, ExitCode::kUsage, line.error().message);
  return std::nullopt;
}

// What takes nearly all of a verdict's time.
void CheckLinesAhead(Case& facts, const Bundle& release_line, const Release& release) {
  std::set<LineInRole> lines = {{&release_line, Role::kSigner}};
  const auto add = [&](const Digest& digest, Role role) {
    const Bundle* line = FirstLine(facts, digest);
    if (line != nullptr) lines.insert({line, role});
  };
  add(release.request, Role::kRequester);
  add(release.intent, Role::kCoordinator);
  for (const Digest& digest : release.records) add(digest, Role::kSite);
  for (const Digest& digest : release.approvals) add(digest, Role::kAuditor);
  facts.checks->CheckAhead({lines.begin(), lines.end()});
}

void GatherRelease(Case& facts) {
  constexpr Rule kNeedRelease[] = {
      Rule::kStatements, Rule::kArtifact,    Rule::kSignatures, Rule::kIdentities,
      Rule::kTimeStamps, Rule::kSites,       Rule::kOutputs,    Rule::kOperators,
      Rule::kCountries,  Rule::kCertifiers,  Rule::kLimits,     Rule::kApprovals,
      Rule::kLog,        Rule::kConsistency, Rule::kWitnesses,  Rule::kRevocations,
      Rule::kStatus,     Rule::kWithdrawn,   Rule::kValidity,   Rule::kOrder,
      Rule::kLines,      Rule::kManifest,    Rule::kAgreement,  Rule::kReplays,
      Rule::kSequence};
  const auto none = [&](const std::string& message) {
    facts.Add(Rule::kRelease, ExitCode::kUsage, message);
    for (const Rule rule : kNeedRelease) facts.Skip(rule, "no readable release");
  };
  if (facts.input.lines.empty()) return none("no lines");
  const Bundle& line = facts.input.lines.front();
  const auto release = ParseStatementAs<Release>(line.envelope.payload, "first line");
  if (!release) return none(release.error().message);
  auto manifest = ViewManifest(release->manifest);
  if (!manifest) return none(manifest.error().message);
  facts.manifest = *std::move(manifest);
  facts.policy = Tighten(facts.input.policy, facts.manifest->requirements);
  facts.checks.emplace(facts.root(), facts.policy);
  CheckLinesAhead(facts, line, *release);
  facts.release = Take(facts, ReadReleaseLine(line, *facts.checks));
}

void GatherRequestAndIntent(Case& facts) {
  const Release& release = facts.release->statement;
  if (const Bundle* line = FindLine(facts, release.request, "request")) {
    facts.request = Take(facts, ReadRequestLine(*line, *facts.checks));
  }
  const Bundle* line = FindLine(facts, release.intent, "intent");
  if (line == nullptr || !facts.request) return;
  const RequestContext context{facts.request->statement, release.request,
                               facts.request->bundle->key().KeyId()};
  facts.intent = Take(facts, ReadIntentLine(*line, context, *facts.checks));
}

std::optional<IntentContext> IntentOf(const Case& facts) {
  if (!facts.intent) return std::nullopt;
  return std::optional<IntentContext>(IntentContext{
      facts.intent->statement, facts.release->statement.intent, facts.intent->facts.witnessed,
      PlaceOf(*facts.intent->bundle, facts.intent->facts.checkpoint)});
}

void GatherRecords(Case& facts) {
  const std::vector<Digest>& digests = facts.release->statement.records;
  const std::optional<IntentContext> context = IntentOf(facts);
  for (const Digest& digest : digests) {
    const Bundle* line = FindLine(facts, digest, "record");
    if (line == nullptr || !context) continue;
    auto record = Take(facts, ReadRecordLine(*line, *context, *facts.checks));
    if (record) facts.records.push_back(*std::move(record));
  }
  if (!facts.records.empty()) return;
  const std::string why =
      context ? "no record can be read" : "the request or the intent is missing";
  for (const Rule rule : {Rule::kSites, Rule::kOutputs, Rule::kOperators, Rule::kCountries,
                          Rule::kLimits, Rule::kAgreement}) {
    facts.Skip(rule, why);
  }
  if (facts.policy.certified_countries) facts.Skip(Rule::kCertifiers, why);
}

void GatherApprovals(Case& facts) {
  const std::vector<Digest>& digests = facts.release->statement.approvals;
  const std::optional<IntentContext> intent = IntentOf(facts);
  for (const Digest& digest : digests) {
    const Bundle* line = FindLine(facts, digest, "approval");
    if (line == nullptr || !facts.request) continue;
    const RequestContext request{facts.request->statement, facts.release->statement.request,
                                 facts.request->bundle->key().KeyId()};
    const auto says = facts.checks->StatementOf<Approval>(*line, "approval");
    const bool of_this = says && says->manifest == facts.manifest->digest;
    auto approval = Take(
        facts, of_this
                   ? ReadApprovalLine(*line, *facts.manifest, request, intent, *facts.checks)
                   : ReadBaseApprovalLine(*line, *facts.manifest, request, intent, *facts.checks));
    if (approval) facts.approvals.push_back(*std::move(approval));
  }
  if (!facts.request) facts.Skip(Rule::kApprovals, "the request is missing");
  if (facts.intent) return;
  for (const Rule rule : {Rule::kOrder, Rule::kManifest}) {
    facts.Skip(rule, "the request or the intent is missing");
  }
}

// A key is judged by the times of its use, and so is the order of things.  What has kept a time, a
// signer or a log from being known is a problem of another rule; with that rule left out nothing
// has found it.
template <typename T>
void SkipWithoutTimes(const Line<T>& line, Case& facts) {
  const LineFacts& known = line.facts;
  const bool says_why = std::any_of(known.problems.begin(), known.problems.end(),
                                    [](const Problem& problem) { return !LeftOut(problem.rule); });
  if (!says_why) return;
  if (!known.token) {
    for (const Rule rule : {Rule::kValidity, Rule::kOrder}) {
      facts.Skip(rule, line.name + " has no good time stamp");
    }
    return;
  }
  if (!known.identity) facts.Skip(Rule::kValidity, line.name + " is not by anybody known");
  if (!known.checkpoint) {
    for (const Rule rule : {Rule::kValidity, Rule::kOrder}) {
      facts.Skip(rule, line.name + " has no good log entry");
    }
  } else if (!known.witnessed) {
    facts.Skip(Rule::kOrder, line.name + " has too few witnesses");
  }
}

void SkipLinesWithoutTimes(Case& facts) {
  SkipWithoutTimes(*facts.release, facts);
  if (facts.request) SkipWithoutTimes(*facts.request, facts);
  if (facts.intent) SkipWithoutTimes(*facts.intent, facts);
  for (const Line<Record>& record : facts.records) SkipWithoutTimes(record, facts);
  for (const Line<Approval>& approval : facts.approvals) SkipWithoutTimes(approval, facts);
}

void CheckNamedOnce(Case& facts) {
  const Release& release = facts.release->statement;
  std::vector<Digest> named = {release.request, release.intent};
  named.insert(named.end(), release.records.begin(), release.records.end());
  named.insert(named.end(), release.approvals.begin(), release.approvals.end());
  std::sort(named.begin(), named.end());
  const auto twice = std::adjacent_find(named.begin(), named.end());
  if (twice != named.end()) {
    facts.Add(Rule::kLines, ExitCode::kInputMissing,
              "the release names " + twice->Text() + " twice");
  }
}

}  // namespace

void Gather(Case& facts) {
  GatherRelease(facts);
  if (facts.release) GatherNamed(facts);
}

void GatherNamed(Case& facts) {
  CheckNamedOnce(facts);
  GatherRequestAndIntent(facts);
  GatherRecords(facts);
  GatherApprovals(facts);
  SkipLinesWithoutTimes(facts);
}

std::vector<const LineFacts*> LinesOf(const Case& facts) {
  std::vector<const LineFacts*> lines;
  if (facts.release) lines.push_back(&facts.release->facts);
  if (facts.request) lines.push_back(&facts.request->facts);
  if (facts.intent) lines.push_back(&facts.intent->facts);
  for (const Line<Record>& record : facts.records) lines.push_back(&record.facts);
  for (const Line<Approval>& approval : facts.approvals) lines.push_back(&approval.facts);
  return lines;
}

std::set<std::string> KeysOfParties(const Case& facts) {
  std::set<std::string> keys = {facts.release->bundle->key().KeyId()};
  if (facts.intent) keys.insert(facts.intent->bundle->key().KeyId());
  for (const Line<Record>& record : facts.records) keys.insert(record.bundle->key().KeyId());
  return keys;
}

Problems AllProblems(const Case& facts) {
  Problems all = facts.problems;
  for (const LineFacts* line : LinesOf(facts)) {
    all.insert(all.end(), line->problems.begin(), line->problems.end());
  }
  std::erase_if(all, [](const Problem& problem) { return LeftOut(problem.rule); });
  return all;
}

}  // namespace farm
