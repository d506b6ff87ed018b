#pragma once

#include "sandbox/family.h"
#include "sandbox/notifier.h"

namespace sandbox {

// Handlers of bind, listen, connect and sendto under Determinism::kFull: an address that the kernel
// would choose by chance is chosen from the caller's own sequence. A port 0, an abstract name for a
// socket of AF_UNIX, a number of netlink; and the port of a socket of TCP or UDP that listens,
// connects or sends to an address without having one. A socket that sends otherwise first gets the
// kernel's. `has_tcp`: the walls let TCP sockets be bound. `family` outlives them.
void AddSocketHandlers(bool has_tcp, Family* family, CallHandlers* handlers);

}  // namespace sandbox
