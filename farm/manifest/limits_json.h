// A step's limits as canonical manifests and actions write them.
#pragma once

#include "farm/json/json.h"
#include "farm/manifest/manifest.h"

namespace farm {

// {"cpuSeconds", "diskBytes", "diskInodes", "logBytes", "memoryBytes", "outputBytes", "processes",
// "silenceSeconds", "wallSeconds"}
Json LimitsJson(const StepLimits& limits);

}  // namespace farm
