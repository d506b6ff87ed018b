// The templates of manifests/policies, as the program carries them.  Private to this folder.
#pragma once

#include <string_view>

namespace farm {

std::string_view DevelopmentPolicyText();
std::string_view NeutralCountryPolicyText();
std::string_view TwoOperatorsPolicyText();

}  // namespace farm
