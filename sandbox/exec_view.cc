#include "sandbox/exec_view.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include <vector>

#include "sandbox/memory.h"

namespace sandbox {
namespace {

constexpr std::size_t kRandomBytes = 16;
constexpr std::size_t kAuxiliaryMax = 64;  // entries; the kernel has some 25
// argc, argv and environment: as many words as an argument list may have bytes, and more.
constexpr std::uint64_t kWordsMax = std::uint64_t{1} << 23;

// The address behind the null word that ends the list at `address`. 0: there is none.
std::uint64_t EndOfList(pid_t process, std::uint64_t address) {
  std::vector<std::uint64_t> words(512);
  for (std::uint64_t read = 0; read < kWordsMax;) {
    // To the end of a page: the next one need not be there.
    std::size_t count = (4096 - address % 4096) / sizeof(std::uint64_t);
    if (!ReadMemory(process, address, words.data(), count * sizeof(std::uint64_t))) return 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (words[i] == 0) return address + (i + 1) * sizeof(std::uint64_t);
    }
    read += count;
    address += count * sizeof(std::uint64_t);
  }
  return 0;
}

bool Change(pid_t process, std::uint64_t address, const Elf64_auxv_t& entry, Family* family) {
  if (entry.a_type == AT_SYSINFO_EHDR) {
    return WriteValue(process, address, std::uint64_t{AT_IGNORE});
  }
  if (entry.a_type == AT_RANDOM) {
    char bytes[kRandomBytes];
    family->TakeRandom(process, bytes, sizeof bytes);
    return WriteMemory(process, entry.a_un.a_val, bytes, sizeof bytes);
  }
  return true;
}

}  // namespace

bool HideKernelsGifts(pid_t process, Family* family) {
#ifdef __x86_64__
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, process, nullptr, &registers) != 0) return false;
  std::uint64_t arguments = registers.rsp + sizeof(std::uint64_t);  // behind argc
  std::uint64_t environment = EndOfList(process, arguments);
  std::uint64_t address = environment == 0 ? 0 : EndOfList(process, environment);
  if (address == 0) return false;
  for (std::size_t i = 0; i < kAuxiliaryMax; ++i, address += sizeof(Elf64_auxv_t)) {
    Elf64_auxv_t entry = {};
    if (!ReadValue(process, address, &entry)) return false;
    if (entry.a_type == AT_NULL) return true;
    if (!Change(process, address, entry, family)) return false;
  }
#else
  static_cast<void>(process);
  static_cast<void>(family);
#endif
  return false;
}

}  // namespace sandbox
