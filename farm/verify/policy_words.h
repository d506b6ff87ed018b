// A policy in plain words, with what is weak about it; and the templates to start from.  Private to
// this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/terminal.h"
#include "farm/verify/policy.h"

namespace farm {

struct PolicyDemand {
  std::string field;  // of the file
  std::string words;  // what it demands
  std::string weak;   // what it lets pass that a customer may not expect; "" if nothing
};

// One for each field, in the order in which a customer thinks of them.
std::vector<PolicyDemand> ExplainPolicy(const Policy& policy);

// `where` names the file.  One line a demand, each weak one with a second; then how many are weak.
std::string PolicyText(const Policy& policy, const std::string& where, const TextStyle& style);
// `farm-policy-explained/1`, one line of JSON.
std::string PolicyJson(const Policy& policy, const std::string& where);

struct PolicyTemplate {
  std::string_view name;
  std::string_view purpose;
  std::string_view text;  // the file
};
// By name.
const std::vector<PolicyTemplate>& PolicyTemplates();
// Null if there is none of that name.
const PolicyTemplate* FindPolicyTemplate(std::string_view name);
std::string PolicyListText(const TextStyle& style);
// `farm-policy-templates/1`, one line of JSON.
std::string PolicyListJson();

}  // namespace farm
