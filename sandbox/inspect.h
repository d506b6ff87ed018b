#pragma once

#include <sys/types.h>

#include <string>

#include "sandbox/status.h"

namespace sandbox {

// What the launcher sees of the walls from outside; VerifyWalls (confine.h) looks from inside.

// Refuses namespaces that are not new: compares /proc/<pid>/ns with our own.
Status VerifyNamespaces(pid_t pid);
// Refuses a map that gives away host uid 0 or the whole host. `map`: the text of a uid_map.
Status VerifyIdMap(const std::string& map);

}  // namespace sandbox
