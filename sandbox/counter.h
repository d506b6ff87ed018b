#pragma once

namespace sandbox {

// Makes reading the processor's counter (RDTSC, RDTSCP) a fault for this process and all that comes
// of it, and tries whether it is one: not every hypervisor keeps to it. From here on the C
// library's clocks fault too. Call it from a single-threaded process.
bool HideCounter();

}  // namespace sandbox
