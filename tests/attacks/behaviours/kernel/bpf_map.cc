// Makes a map of the kernel's own virtual machine.
#include <linux/bpf.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  bpf_attr attributes = {};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return behaviour::Judge("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}
