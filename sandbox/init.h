#pragma once

#include "sandbox/confine.h"

namespace sandbox {

// Process 1 of a stage: mounts the stage's file systems, starts the command, reaps orphans, reports
// usage, and ends when the command ends; the kernel then kills all that is left in the namespace
// before anybody can see that init has gone. Runs our code only, without capabilities, and can be
// neither traced nor read by the command.
// channel: kConfined, kUsage, kNotStarted and kExited go there. A kNotStarted after a kConfined:
// the walls stood, but the program could not be executed.
[[noreturn]] void RunInit(const Spec& spec, const Filter& filter, const Command& command,
                          int channel);

// Nobody inside can read or trace this process any more: its argument and environment strings,
// which /proc/1/cmdline and /proc/1/environ would show, are overwritten, and it is called init.
Status HideInit();

}  // namespace sandbox
