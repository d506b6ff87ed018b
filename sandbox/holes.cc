// Empty but in the build for tests/attacks/layers_test.
#ifdef SANDBOX_WITH_HOLES
#include "sandbox/holes.h"

#include <algorithm>
#include <bitset>

namespace sandbox {
namespace {

// Static, for LeftOut has no argument to carry it; forks inherit it.
std::bitset<kLayers>& Holes() {
  static std::bitset<kLayers> holes;
  return holes;
}

}  // namespace

bool LeftOut(Layer layer) { return Holes().test(static_cast<std::size_t>(layer)); }

void LeaveOut(Layer layer) { Holes().set(static_cast<std::size_t>(layer)); }

void LeaveOutNothing() { Holes().reset(); }

bool TakeLeaveOut(int* argc, char*** argv) {
  while (*argc > 2 && (*argv)[1] == kLeaveOutOption) {
    const auto* name = std::find(std::begin(kLayerNames), std::end(kLayerNames), (*argv)[2]);
    if (name == std::end(kLayerNames)) return false;
    LeaveOut(static_cast<Layer>(name - std::begin(kLayerNames)));
    (*argv)[2] = (*argv)[0];
    *argc -= 2;
    *argv += 2;
  }
  return true;
}

}  // namespace sandbox
#endif
