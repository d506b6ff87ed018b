// Loads a program into the kernel.
#include <linux/bpf.h>
#include <sys/syscall.h>

#include <cstdint>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  // r0 = 0; exit
  const bpf_insn program[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0},
                              {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  const char license[] = "GPL";
  bpf_attr attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = reinterpret_cast<std::uintptr_t>(program);
  attributes.insn_cnt = 2;
  attributes.license = reinterpret_cast<std::uintptr_t>(license);
  return behaviour::Judge("bpf", syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}
