#pragma once

#include <string>

#include "sandbox/family.h"
#include "sandbox/notifier.h"

namespace sandbox {

// The machine that a command under Determinism::kFull sees: one processor, one kernel, one memory.
struct MachineFacts {
  std::string hostname;
  std::uint64_t memory_bytes = 0;
};

// Handlers of the calls that tell of time, chance and the machine. Both arguments outlive them.
void AddMachineHandlers(const MachineFacts& facts, Family* family, CallHandlers* handlers);

}  // namespace sandbox
