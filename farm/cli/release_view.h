// How a release under way looks: on a terminal, as plain lines, as JSON.
#pragma once

#include <optional>
#include <string>

#include "farm/base/exit_code.h"
#include "farm/cli/output.h"
#include "farm/json/json_fwd.h"
#include "farm/proto/farm.pb.h"

namespace farm {

// "building", "released", ...
std::string StageName(v1::Stage stage);
bool HasEnded(v1::Stage stage);

// "https://farm.example/sites/site-xa" -> "site-xa".
std::string SiteName(const v1::SiteInfo& site);
// What a program ends with that has waited for the end: 0 only if it is released; 70 if farmd gives
// no reason for another end.
ExitCode ExitOf(const v1::ReleaseInfo& info);

// One line: "building  0:41   xa [####----] 1/3 actions   xb ..."; without `seconds` no clock.
std::string SitesLine(const v1::ReleaseInfo& info, std::optional<long long> seconds);
// "exit" is there once it has ended.
Json InfoJson(const v1::ReleaseInfo& info);
// Several lines for people.
std::string InfoText(const v1::ReleaseInfo& info);

}  // namespace farm
