#include <set>

#include "farm/base/bytes.h"
#include "farm/verify/case.h"

namespace farm {
namespace {

// Why `line` does not vouch for where `record` was built; "" if it does.
std::string WhyNot(const Line<SiteLocation>& line, const Line<Record>& record) {
  const SiteLocation& location = line.statement;
  const LineIdentity& site = *record.facts.identity;
  if (!line.sound()) return line.facts.problems.front().message;
  if (location.operator_id != site.operator_id) {
    return line.name + ": is about operator " + Quoted(location.operator_id);
  }
  if (location.country != site.country) {
    return line.name + ": says " + location.country + ", the root says " + site.country;
  }
  const UnixSeconds time = *record.facts.token;
  if (time < location.start || time > location.end) {
    return line.name + ": is for " + FormatTime(location.start) + " to " +
           FormatTime(location.end) + ", the record is of " + FormatTime(time);
  }
  return "";
}

void JudgeSite(const std::vector<Line<SiteLocation>>& locations, const Line<Record>& record,
               Case& facts) {
  if (!record.facts.identity || !record.facts.token) {
    return facts.Skip(Rule::kCertifiers, record.name + " has no known site or no time");
  }
  std::string why;
  for (const Line<SiteLocation>& location : locations) {
    if (location.statement.builder != record.facts.identity->id) continue;
    const std::string reason = WhyNot(location, record);
    if (reason.empty()) return;
    why += (why.empty() ? " (" : "; ") + reason;
  }
  facts.Add(Rule::kCertifiers, ExitCode::kJurisdiction,
            record.name + ": no certifier's statement at hand that its site stood in " +
                record.facts.identity->country + " at " + FormatTime(*record.facts.token) + why +
                (why.empty() ? "" : ")"));
}

// Whoever has signed for a site, the coordinator or the signer is none who says it independently.
void CheckCertifiersKey(const std::set<std::string>& parties, Line<SiteLocation>& line) {
  if (!parties.contains(line.bundle->key().KeyId())) return;
  line.Add(Rule::kCertifiers, ExitCode::kJurisdiction,
           "its key has also signed for a site, the coordinator or the signer");
}

}  // namespace

void JudgeCertifiers(Case& facts) {
  if (!facts.policy.certified_countries) return;
  const std::set<std::string> parties = KeysOfParties(facts);
  std::vector<Line<SiteLocation>> locations;
  // What is no such statement counts for nothing: the folder may hold what others will read.
  for (const Bundle& bundle : facts.input.certifications) {
    auto line = ReadLocationLine(bundle, *facts.checks);
    if (!line) continue;
    CheckCertifiersKey(parties, *line);
    locations.push_back(*std::move(line));
  }
  for (const Line<Record>& record : facts.records) JudgeSite(locations, record, facts);
}

}  // namespace farm
