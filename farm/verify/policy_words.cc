#include "farm/verify/policy_words.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/time_words.h"
#include "farm/json/json.h"
#include "farm/verify/policy_texts.h"
#include "farm/verify/report.h"

namespace farm {
namespace {

constexpr std::size_t kFieldColumns = 24;     // the longest field and two spaces
constexpr std::size_t kTemplateColumns = 17;  // the longest template and two spaces
// Beyond these a demand is hardly one.
constexpr std::int64_t kSkewSecondsUsual = 600;
constexpr std::int64_t kStatusSecondsUsual = 31 * kDaySeconds;

std::string Count(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string AtLeast(std::int64_t count, std::string_view one, std::string_view many) {
  return "at least " + Count(count, one, many);
}

// ISO 3166-1 leaves X.. to its users: XA, XB and XC are the countries of tests.
bool IsMadeUp(const std::string& country) { return country.starts_with('X'); }

PolicyDemand SitesDemand(const Policy& policy) {
  const std::int64_t needed = std::max({policy.sites, policy.operators, policy.countries});
  std::string words = AtLeast(policy.sites, "site has", "sites, each with a key of its own, have") +
                      " built the release" + (policy.sites == 1 ? "" : " and agree byte for byte");
  if (needed > policy.sites) {
    words += " (in effect " + std::to_string(needed) + ", for so many operators or countries)";
  }
  return {"sites", words,
          needed > 1 ? "" : "whoever breaks into that one site decides what you get"};
}

PolicyDemand OperatorsDemand(const Policy& policy) {
  return {"operators",
          "those sites belong to " + AtLeast(policy.operators, "operator", "different operators"),
          policy.operators > 1 ? ""
                               : "one owner may run all sites, and then he alone decides what you "
                                 "get"};
}

PolicyDemand CountriesDemand(const Policy& policy) {
  return {"countries",
          "they stand in " + AtLeast(policy.countries, "country", "different countries"),
          policy.countries > 1 ? "" : "one state can give orders to all of them"};
}

PolicyDemand NamedCountriesDemand(const Policy& policy) {
  if (policy.countries_any.empty()) {
    return {"countriesAny", "no country is asked for by name", ""};
  }
  const bool made_up =
      std::any_of(policy.countries_any.begin(), policy.countries_any.end(), IsMadeUp);
  return {"countriesAny", "at least one of them stands in " + Join(policy.countries_any, " or "),
          made_up ? "codes that begin with X are made up; no production site stands there" : ""};
}

PolicyDemand CertifiedDemand(const Policy& policy) {
  if (policy.certified_countries) {
    return {"certifiedCountries", "an independent certifier vouches for the country of every site",
            ""};
  }
  const bool relies = policy.countries > 1 || !policy.countries_any.empty();
  return {"certifiedCountries", "where a site stands is what the trust root says",
          relies ? "nobody but the farm vouches for the countries that you ask for" : ""};
}

PolicyDemand AuditorsDemand(const Policy& policy) {
  const std::string weak =
      policy.auditors == 0
          ? "nobody needs to have looked at the source: a back door in it is built "
            "faithfully at every site"
      : policy.auditors == 1 ? "one person alone says that the source is good"
                             : "";
  return {"auditors",
          policy.auditors == 0
              ? "no approval of the source is asked for"
              : AtLeast(policy.auditors, "auditor has", "different auditors have") +
                    " approved the manifest and its sources",
          weak};
}

PolicyDemand DiffDemand(const Policy& policy) {
  if (!policy.diff_approvals) {
    return {"diffApprovals", "each approval is of whole source trees", ""};
  }
  return {"diffApprovals",
          "an approval may be of the changes since a release whose whole trees were approved",
          policy.auditors == 0 ? ""
                               : "what was overlooked in the first release is not looked at again"};
}

PolicyDemand WitnessesDemand(const Policy& policy) {
  return {"witnesses",
          AtLeast(policy.witnesses, "witness has", "witnesses of different operators have") +
              " seen the log's state behind every line",
          policy.witnesses > 1 ? ""
                               : "log and witness together can show you a history that others do "
                                 "not see"};
}

PolicyDemand SkewDemand(const Policy& policy) {
  return {"clockSkewSeconds",
          "clocks of different parties may differ by " + DurationWords(policy.clock_skew_seconds),
          policy.clock_skew_seconds <= kSkewSecondsUsual
              ? ""
              : "so much that what was approved after a build can pass for approved before it"};
}

PolicyDemand LimitsDemand(const Policy& policy) {
  return policy.require_kernel_limits
             ? PolicyDemand{"requireKernelLimits",
                            "the limits of every build were the kernel's (a development root is "
                            "exempt)",
                            ""}
             : PolicyDemand{"requireKernelLimits", "limits of builds may be watched only",
                            "a build could outgrow its limits for a while, unseen"};
}

PolicyDemand DevelopmentDemand(const Policy& policy) {
  return policy.refuse_development_root
             ? PolicyDemand{"refuseDevelopmentRoot", "a development farm's root is refused", ""}
             : PolicyDemand{"refuseDevelopmentRoot",
                            "a development farm's root passes with --allow-development-root",
                            "in such a farm one person holds every key: for trials only"};
}

PolicyDemand StatusDemand(const Policy& policy) {
  const std::int64_t age = policy.status_max_age_seconds;
  if (age == 0) {
    return {"statusMaxAgeSeconds", "no status is asked for",
            "you do not hear of it when a release is withdrawn"};
  }
  return {"statusMaxAgeSeconds",
          "a status signed by a monitor is at hand, at most " + DurationWords(age) + " old",
          age <= kStatusSecondsUsual ? "" : "news of a withdrawn release may be that old"};
}

PolicyDemand ReplaysDemand(const Policy& policy) {
  return {"replays",
          policy.replays == 0
              ? "nobody outside the farm needs to have rebuilt the release"
              : AtLeast(policy.replays, "replayer has", "different replayers have") +
                    " rebuilt the release and signed MATCH",
          ""};
}

// Names are the customer's own words; who reads them compares the keys.
PolicyDemand ReplayersDemand(const Policy& policy) {
  if (policy.replayers.empty()) {
    return {"replayers",
            std::string("nobody's MATCH counts") +
                (policy.mismatch_blocks ? "; a MISMATCH at hand counts whoever signed it" : ""),
            ""};
  }
  constexpr std::size_t kNameCharactersMax = 80;
  std::vector<std::string> names;
  for (const Replayer& replayer : policy.replayers) {
    names.push_back(Printable(replayer.name, kNameCharactersMax) +
                    " (key sha256:" + replayer.key.KeyId() + ")");
  }
  return {"replayers", "only verdicts of these replayers count: " + Join(names, ", "), ""};
}

PolicyDemand MismatchDemand(const Policy& policy) {
  return policy.mismatch_blocks
             ? PolicyDemand{"mismatchBlocks",
                            "a replayer's signed MISMATCH at hand refuses the release", ""}
             : PolicyDemand{"mismatchBlocks", "a replayer's signed MISMATCH lets the release pass",
                            "somebody shows that he got other bytes, and you use yours"};
}

std::string PaddedTo(std::string text, std::size_t columns) {
  text.resize(std::max(text.size() + 1, columns), ' ');
  return text;
}

std::vector<PolicyTemplate> MakeTemplates() {
  return {{"development", "for trials: everything on one machine under one operator",
           DevelopmentPolicyText()},
          {"neutral-country",
           "three sites of three operators in two countries, one of them neutral, certified; a "
           "fresh status",
           NeutralCountryPolicyText()},
          {"two-operators", "the least that is worth the name: two sites of two operators",
           TwoOperatorsPolicyText()}};
}

}  // namespace

std::vector<PolicyDemand> ExplainPolicy(const Policy& policy) {
  return {SitesDemand(policy),          OperatorsDemand(policy),   CountriesDemand(policy),
          NamedCountriesDemand(policy), CertifiedDemand(policy),   AuditorsDemand(policy),
          DiffDemand(policy),           WitnessesDemand(policy),   SkewDemand(policy),
          LimitsDemand(policy),         DevelopmentDemand(policy), StatusDemand(policy),
          ReplaysDemand(policy),        ReplayersDemand(policy),   MismatchDemand(policy)};
}

std::string PolicyText(const Policy& policy, const std::string& where, const TextStyle& style) {
  constexpr std::size_t kWhereCharactersMax = 1000;
  std::string text = Wrapped(Printable(where, kWhereCharactersMax) + " demands", 2, style) + "\n";
  std::size_t weak = 0;
  for (const PolicyDemand& demand : ExplainPolicy(policy)) {
    text +=
        Wrapped(PaddedTo("  " + demand.field, kFieldColumns) + demand.words, kFieldColumns, style) +
        "\n";
    if (demand.weak.empty()) continue;
    ++weak;
    constexpr std::string_view kWeak = "weak: ";
    std::string line = std::string(kFieldColumns, ' ') + std::string(kWeak) + demand.weak;
    line = Wrapped(line, kFieldColumns, style) + "\n";
    line.replace(kFieldColumns, kWeak.size(), Coloured(kWeak, Colour::kWarning, style));
    text += line;
  }
  text += weak == 0 ? "nothing in it is weak"
                    : Count(weak, "demand is weak", "demands are weak") +
                          "; farm-verify policy show NAME prints a template to start from";
  return text + "\n";
}

std::string PolicyJson(const Policy& policy, const std::string& where) {
  Json demands = Json::array();
  std::size_t weak = 0;
  for (const PolicyDemand& demand : ExplainPolicy(policy)) {
    weak += demand.weak.empty() ? 0 : 1;
    demands.push_back({{"field", demand.field}, {"weak", demand.weak}, {"words", demand.words}});
  }
  return OneLine({{"demands", std::move(demands)},
                  {"file", where},
                  {"format", "farm-policy-explained/1"},
                  {"weak", weak}});
}

const std::vector<PolicyTemplate>& PolicyTemplates() {
  static const std::vector<PolicyTemplate> templates = MakeTemplates();
  return templates;
}

const PolicyTemplate* FindPolicyTemplate(std::string_view name) {
  for (const PolicyTemplate& each : PolicyTemplates()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

std::string PolicyListText(const TextStyle& style) {
  std::string text;
  for (const PolicyTemplate& each : PolicyTemplates()) {
    const std::string line =
        PaddedTo(std::string(each.name), kTemplateColumns) + std::string(each.purpose);
    text += Wrapped(line, kTemplateColumns, style) + "\n";
  }
  return text;
}

std::string PolicyListJson() {
  Json templates = Json::array();
  for (const PolicyTemplate& each : PolicyTemplates()) {
    templates.push_back({{"name", std::string(each.name)}, {"purpose", std::string(each.purpose)}});
  }
  return OneLine({{"format", "farm-policy-templates/1"}, {"templates", std::move(templates)}});
}

}  // namespace farm
