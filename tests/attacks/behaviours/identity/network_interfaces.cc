// Sees the host's network interfaces.
#include <net/if.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  struct if_nameindex* interfaces = if_nameindex();
  if (interfaces == nullptr) return behaviour::RefusedByKernel("if_nameindex");
  for (struct if_nameindex* at = interfaces; at->if_index != 0; ++at) {
    if (std::strcmp(at->if_name, "lo") != 0) return behaviour::Allowed("if_nameindex", at->if_name);
  }
  return behaviour::Refused("lo alone");
}
