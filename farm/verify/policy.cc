#include "farm/verify/policy.h"

#include <algorithm>
#include <utility>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/base/time_words.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::string_view kFirstFormat = "farm-policy/1";
constexpr std::string_view kFormat = "farm-policy/2";
constexpr std::size_t kCountriesMax = 300;  // ISO 3166-1 has 249
constexpr std::size_t kReplayersMax = 200;  // what fits into a policy's bytes
constexpr std::size_t kNameBytesMax = 200;
constexpr std::int64_t kDemandMax = 1000;  // more parties than any quorum will name
constexpr std::int64_t kStatusSecondsMax = 10 * 365 * kDaySeconds;  // as long as anything is kept

bool IsCountry(const std::string& text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Result<Replayer> ReadReplayer(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const std::string der = fields.Bytes("key");
  const std::string name = fields.String("name");
  if (fields.ok() &&
      (name.empty() || name.size() > kNameBytesMax || Printable(name, name.size()) != name)) {
    fields.Fail("name", "want 1 to 200 printable characters of ASCII");
  }
  RETURN_IF_ERROR(fields.Finish());
  auto key = PublicKey::FromSpki(der);
  if (!key) return Wrap(fields.Where("key"), key.error());
  return Replayer{name, *std::move(key)};
}

// One with two names, or two with one name, would be counted wrong.
Result<std::vector<Replayer>> ReadReplayers(const Json& list, const std::string& where) {
  std::vector<Replayer> replayers;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string here = Element(where, i);
    ASSIGN_OR_RETURN(Replayer replayer, ReadReplayer(list[i], here));
    for (const Replayer& other : replayers) {
      if (other.name != replayer.name && !(other.key == replayer.key)) continue;
      return Error{ErrorCode::kInvalidInput,
                   here + ": has the name or the key of another replayer of the list"};
    }
    replayers.push_back(std::move(replayer));
  }
  return replayers;
}

std::vector<std::string> NamesOf(const std::vector<Replayer>& replayers) {
  std::vector<std::string> names;
  for (const Replayer& replayer : replayers) names.push_back(replayer.name);
  return names;
}

Json ReplayersJson(const std::vector<Replayer>& replayers) {
  Json list = Json::array();
  for (const Replayer& replayer : replayers) {
    list.push_back({{"key", Base64Encode(replayer.key.spki())}, {"name", replayer.name}});
  }
  return list;
}

// What the second major added.
void ReadNewer(JsonFields& fields, Policy& policy) {
  policy.status_max_age_seconds = fields.Integer("statusMaxAgeSeconds", 0, kStatusSecondsMax);
  policy.certified_countries = fields.Boolean("certifiedCountries");
  policy.replays = fields.Integer("replays", 0, kDemandMax);
  policy.mismatch_blocks = fields.Boolean("mismatchBlocks");
  policy.diff_approvals = fields.Boolean("diffApprovals");
}

}  // namespace

Result<Policy> ParsePolicy(std::string_view json, std::string_view where) {
  ASSIGN_OR_RETURN(const Json value, ParseJson(json, where, kPolicyBytesMax));
  JsonFields fields(value, std::string(where));
  Policy policy;
  const bool first =
      value.is_object() && value.contains("format") && value["format"] == kFirstFormat;
  fields.Format(first ? kFirstFormat : kFormat);
  policy.sites = fields.Integer("sites", 1, kDemandMax);
  policy.operators = fields.Integer("operators", 1, kDemandMax);
  policy.countries = fields.Integer("countries", 1, kDemandMax);
  policy.countries_any = fields.Strings("countriesAny", kCountriesMax);
  if (!std::all_of(policy.countries_any.begin(), policy.countries_any.end(), IsCountry)) {
    fields.Fail("countriesAny", "want two capital letters each (ISO 3166-1)");
  }
  policy.auditors = fields.Integer("auditors", 0, kDemandMax);
  policy.witnesses = fields.Integer("witnesses", 1, kDemandMax);
  policy.clock_skew_seconds = fields.Integer("clockSkewSeconds", 0, kPolicySkewSecondsMax);
  policy.require_kernel_limits = fields.Boolean("requireKernelLimits");
  policy.refuse_development_root = fields.Boolean("refuseDevelopmentRoot");
  if (!first) ReadNewer(fields, policy);
  const bool replayers = !first && fields.Has("replayers");
  const Json list = replayers ? fields.Array("replayers", kReplayersMax) : Json::array();
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(policy.replayers, ReadReplayers(list, fields.Where("replayers")));
  if (std::cmp_greater(policy.replays, policy.replayers.size())) {
    return Error{ErrorCode::kInvalidInput, fields.Where("replays") + ": found " +
                                               std::to_string(policy.replays) +
                                               ", want at most as many as `replayers` names: " +
                                               std::to_string(policy.replayers.size())};
  }
  return policy;
}

std::string WritePolicy(const Policy& policy) {
  Json json = {{"auditors", policy.auditors},
               {"certifiedCountries", policy.certified_countries},
               {"clockSkewSeconds", policy.clock_skew_seconds},
               {"countries", policy.countries},
               {"countriesAny", policy.countries_any},
               {"diffApprovals", policy.diff_approvals},
               {"format", kFormat},
               {"mismatchBlocks", policy.mismatch_blocks},
               {"operators", policy.operators},
               {"refuseDevelopmentRoot", policy.refuse_development_root},
               {"replays", policy.replays},
               {"requireKernelLimits", policy.require_kernel_limits},
               {"sites", policy.sites},
               {"statusMaxAgeSeconds", policy.status_max_age_seconds},
               {"witnesses", policy.witnesses}};
  if (!policy.replayers.empty()) json["replayers"] = ReplayersJson(policy.replayers);
  return WriteReadableJson(json);
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

Policy WithoutLaterDemands(const Policy& policy) {
  Policy demands = policy;
  demands.status_max_age_seconds = 0;
  demands.certified_countries = false;
  demands.replays = 0;
  return demands;
}

std::vector<std::string> RulesInWords(const Policy& policy, const std::vector<std::string>& sites) {
  std::vector<std::string> rules = {
      Amount(policy.auditors, "auditor approves", "auditors approve") +
          " the manifest and its sources" +
          (policy.diff_approvals
               ? ", or what has changed in them since a manifest that as many have approved"
               : ""),
      "the intent is logged and seen by " + Amount(policy.witnesses, "witness", "witnesses") +
          " before anything is built",
      sites.empty()
          ? "every site that the intent names builds from the raw inputs, and all agree byte for "
            "byte"
          : "these sites build it, and all of them must agree byte for byte: " + Join(sites, ", "),
      "the records come from at least " + Amount(policy.sites, "site") + " of " +
          Amount(policy.operators, "operator") + " in " +
          Amount(policy.countries, "country", "countries")};
  for (const auto* countries : {&policy.countries_any, &policy.manifest_countries_any}) {
    if (!countries->empty()) {
      rules.push_back("at least one site is in " + Join(*countries, " or "));
    }
  }
  if (policy.require_kernel_limits) {
    rules.push_back("the limits of every build are the kernel's (a development root is exempt)");
  }
  if (policy.certified_countries) {
    rules.push_back("a certifier of the root vouches for the country of each of the sites");
  }
  if (policy.status_max_age_seconds > 0) {
    rules.push_back("a status that a monitor of the root signed is at hand, at most " +
                    DurationWords(policy.status_max_age_seconds) + " old");
  }
  if (policy.replays > 0) {
    rules.push_back(Amount(policy.replays, "replayer") +
                    " rebuilt the release by themselves and signed MATCH, of these: " +
                    Join(NamesOf(policy.replayers), ", "));
  }
  return rules;
}

}  // namespace farm
