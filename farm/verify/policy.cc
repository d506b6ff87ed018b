#include "farm/verify/policy.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kPolicyBytesMax = 64 << 10;
constexpr std::size_t kCountriesMax = 300;      // ISO 3166-1 has 249
constexpr std::int64_t kDemandMax = 1000;       // more parties than any quorum will name
constexpr std::int64_t kSkewSecondsMax = 3600;  // beyond that order says nothing

bool IsCountry(const std::string& text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

Result<Policy> ParsePolicy(std::string_view json, std::string_view where) {
  ASSIGN_OR_RETURN(const Json value, ParseJson(json, where, kPolicyBytesMax));
  JsonFields fields(value, std::string(where));
  Policy policy;
  fields.Format("farm-policy/1");
  policy.sites = fields.Integer("sites", 1, kDemandMax);
  policy.operators = fields.Integer("operators", 1, kDemandMax);
  policy.countries = fields.Integer("countries", 1, kDemandMax);
  policy.countries_any = fields.Strings("countriesAny", kCountriesMax);
  if (!std::all_of(policy.countries_any.begin(), policy.countries_any.end(), IsCountry)) {
    fields.Fail("countriesAny", "want two capital letters each (ISO 3166-1)");
  }
  policy.auditors = fields.Integer("auditors", 0, kDemandMax);
  policy.witnesses = fields.Integer("witnesses", 1, kDemandMax);
  policy.clock_skew_seconds = fields.Integer("clockSkewSeconds", 0, kSkewSecondsMax);
  policy.require_kernel_limits = fields.Boolean("requireKernelLimits");
  policy.refuse_development_root = fields.Boolean("refuseDevelopmentRoot");
  RETURN_IF_ERROR(fields.Finish());
  return policy;
}

std::string WritePolicy(const Policy& policy) {
  return WriteReadableJson({{"auditors", policy.auditors},
                            {"clockSkewSeconds", policy.clock_skew_seconds},
                            {"countries", policy.countries},
                            {"countriesAny", policy.countries_any},
                            {"format", "farm-policy/1"},
                            {"operators", policy.operators},
                            {"refuseDevelopmentRoot", policy.refuse_development_root},
                            {"requireKernelLimits", policy.require_kernel_limits},
                            {"sites", policy.sites},
                            {"witnesses", policy.witnesses}});
}

Policy Tighten(const Policy& policy, const Requires& requirements) {
  Policy tightened = policy;
  tightened.sites = std::max(policy.sites, requirements.sites);
  tightened.operators = std::max(policy.operators, requirements.operators);
  tightened.auditors = std::max(policy.auditors, requirements.auditors);
  tightened.witnesses = std::max(policy.witnesses, requirements.witnesses);
  tightened.manifest_countries_any = requirements.countries_any;
  return tightened;
}

std::vector<std::string> RulesInWords(const Policy& policy, const std::vector<std::string>& sites) {
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  std::vector<std::string> rules = {
      number(policy.auditors) + " auditors approve the manifest and its sources",
      "the intent is logged and seen by " + number(policy.witnesses) +
          " witnesses before anything is built",
      sites.empty()
          ? "every site that the intent names builds from the raw inputs, and all agree byte for "
            "byte"
          : "these sites build it, and all of them must agree byte for byte: " + Join(sites, ", "),
      "the records come from at least " + number(policy.sites) + " sites of " +
          number(policy.operators) + " operators in " + number(policy.countries) + " countries"};
  for (const auto* countries : {&policy.countries_any, &policy.manifest_countries_any}) {
    if (!countries->empty()) {
      rules.push_back("at least one site is in " + Join(*countries, " or "));
    }
  }
  if (policy.require_kernel_limits) {
    rules.push_back("the limits of every build are the kernel's (a development root is exempt)");
  }
  return rules;
}

}  // namespace farm
