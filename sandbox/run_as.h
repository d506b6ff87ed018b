#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sandbox/status.h"

namespace sandbox {

// Makes this process, a child of root's, `uid` and `gid` with no other group and no capability, in
// a session without root's terminal, that dies with its parent, and executes `command`. Returns
// only on failure; errno is that of the failure.
Status RunAs(uid_t uid, gid_t gid, const std::vector<std::string>& command);

}  // namespace sandbox
