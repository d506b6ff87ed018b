// Listens to the kernel's news of devices.
#include <linux/netlink.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::Judge("socket", socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT));
}
