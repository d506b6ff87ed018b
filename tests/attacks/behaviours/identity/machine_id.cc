// Knows which machine this is.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  for (const char* path : {"/etc/machine-id", "/var/lib/dbus/machine-id",
                           "/sys/class/dmi/id/product_uuid", "/etc/ssh/ssh_host_rsa_key.pub"}) {
    char text[64];
    if (behaviour::ReadFile(path, text) > 0) return behaviour::Allowed(path);
  }
  return behaviour::RefusedByKernel("/etc/machine-id");
}
