#include "farm/verify/quorum.h"

#include <algorithm>
#include <set>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"

namespace farm {
namespace {

std::string Want(const std::string& found, std::int64_t want) {
  return found + ", want at least " + std::to_string(want);
}

bool AnyIn(const std::set<std::string>& countries, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const std::string& country) { return countries.contains(country); });
}

// Which artifact differs, in words.
std::string FirstDifference(const Record& a, const Record& b) {
  if (a.manifest != b.manifest) return "their manifests differ";
  if (a.plan != b.plan) return "their plans differ";
  if (a.lock != b.lock || a.root_tar != b.root_tar || a.image != b.image) {
    return "their toolchains differ";
  }
  for (const Artifact& output : a.outputs) {
    const auto same_name = std::find_if(b.outputs.begin(), b.outputs.end(),
                                        [&](const Artifact& o) { return o.name == output.name; });
    if (same_name == b.outputs.end()) return "only one has " + Printable(output.name, 120);
    if (*same_name != output) return Printable(output.name, 120) + " differs";
  }
  return "their outputs differ";
}

}  // namespace

std::vector<LineIdentity> DistinctParties(const std::vector<LineIdentity>& parties) {
  std::vector<LineIdentity> distinct;
  std::set<std::string> ids;
  std::set<std::string> keys;
  for (const LineIdentity& party : parties) {
    if (ids.contains(party.id) || keys.contains(party.key_id)) continue;
    ids.insert(party.id);
    keys.insert(party.key_id);
    distinct.push_back(party);
  }
  return distinct;
}

Problems CheckSites(const std::vector<LineIdentity>& sites, const Policy& policy) {
  const std::vector<LineIdentity> distinct = DistinctParties(sites);
  std::set<std::string> operators;
  std::set<std::string> countries;
  for (const LineIdentity& site : distinct) {
    operators.insert(site.operator_id);
    countries.insert(site.country);
  }
  Problems problems;
  if (std::cmp_less(distinct.size(), policy.sites)) {
    problems.push_back(
        {Rule::kSites, ExitCode::kQuorum,
         Want(Amount(distinct.size(), "distinct site") + " with a record", policy.sites)});
  }
  if (std::cmp_less(operators.size(), policy.operators)) {
    problems.push_back({Rule::kOperators, ExitCode::kJurisdiction,
                        Want(Amount(operators.size(), "distinct operator"), policy.operators)});
  }
  if (std::cmp_less(countries.size(), policy.countries)) {
    problems.push_back({Rule::kCountries, ExitCode::kJurisdiction,
                        Want(Amount(countries.size(), "distinct country", "distinct countries"),
                             policy.countries)});
  }
  for (const auto* wanted : {&policy.countries_any, &policy.manifest_countries_any}) {
    if (wanted->empty() || AnyIn(countries, *wanted)) continue;
    problems.push_back({Rule::kCountries, ExitCode::kJurisdiction,
                        "no site in any of " + Join(*wanted, " ") +
                            (wanted == &policy.countries_any ? "" : ", as the manifest demands")});
  }
  return problems;
}

Problems CheckAuditors(const std::vector<LineIdentity>& auditors, std::int64_t count) {
  const std::size_t distinct = DistinctParties(auditors).size();
  if (!std::cmp_less(distinct, count)) return {};
  return {{Rule::kApprovals, ExitCode::kApproval,
           Want(Amount(distinct, "distinct auditor") + " with an approval", count)}};
}

Problems CheckSameBuild(const std::vector<const Record*>& records) {
  Problems problems;
  const auto add = [&](const std::string& message) {
    problems.push_back({Rule::kAgreement, ExitCode::kDissent, message});
  };
  for (const Record* record : records) {
    const Record& first = *records.front();
    if (record->result != BuildResult::kSucceeded) {
      add("the build failed at " + Printable(record->builder, 160));
    } else if (record->intent != first.intent) {
      add(Printable(record->builder, 160) + " built for another intent than " +
          Printable(first.builder, 160));
    } else if (!SameOutcome(first, *record)) {
      add(Printable(first.builder, 160) + " and " + Printable(record->builder, 160) + ": " +
          FirstDifference(first, *record));
    }
  }
  return problems;
}

}  // namespace farm
