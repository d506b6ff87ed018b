#pragma once

#include <vector>

#include "sandbox/filter.h"
#include "sandbox/spec.h"

namespace sandbox {

// What the setup process is given of the launcher's descriptors; it closes all others.
struct SetupDescriptors {
  int launcher = -1;             // its end of the channel to the launcher
  int init = -1;                 // the end of the channel that the inits of the stages write to
  int log = -1;                  // where the commands write
  std::vector<int> groups = {};  // folders of cgroups of version 1 to enter first
};

// The setup process of a run: it lives in the user, mount, net, ipc, uts, cgroup and time
// namespaces, makes the root, and then does what the launcher says, one message at a time: place an
// input, run a stage, open a folder, collect. No foreign code ever runs in it. It ends when the
// launcher closes the channel or dies.
[[noreturn]] void RunSetup(const Spec& spec, const Filter& filter,
                           const SetupDescriptors& descriptors);

}  // namespace sandbox
