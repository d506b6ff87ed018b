#pragma once

#include "sandbox/authority.h"

namespace sandbox {

// A session with the monitor behind `monitor`, a socket (borrowed; used only to open the session).
Result<std::unique_ptr<Authority>> OpenMonitorSession(int monitor);

// The client of an open session.
std::unique_ptr<Authority> AskMonitor(UniqueFd session);

// Forks a monitor that serves this process only, and ends with it. The caller must be root.
Result<std::unique_ptr<Authority>> StartOwnMonitor(const IdRange& subids);

}  // namespace sandbox
