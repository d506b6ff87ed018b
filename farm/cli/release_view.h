// How a release under way looks: on a terminal, as plain lines, as JSON.
#pragma once

#include <string>

#include "farm/cli/output.h"
#include "farm/json/json.h"
#include "farm/proto/farm.pb.h"

namespace farm {

// "building", "released", ...
std::string StageName(v1::Stage stage);
bool HasEnded(v1::Stage stage);

// One line: "xa [####----] 1/3 actions 0:41  xb ...".
std::string SitesLine(const v1::ReleaseInfo& info, long long seconds);
Json InfoJson(const v1::ReleaseInfo& info);
// Several lines for people.
std::string InfoText(const v1::ReleaseInfo& info);

}  // namespace farm
