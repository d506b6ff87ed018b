#include "sandbox/determinism.h"

namespace sandbox {

const char* DeterminismName(Determinism level) {
  switch (level) {
    case Determinism::kFixed:
      return "fixed";
    case Determinism::kFull:
      return "full";
    case Determinism::kOff:
      break;
  }
  return "off";
}

}  // namespace sandbox
