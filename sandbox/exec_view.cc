#include "sandbox/exec_view.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include "sandbox/memory.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::size_t kRandomBytes = 16;
constexpr std::size_t kAuxiliaryMax = 64;  // entries; the kernel has some 25
// argc, argv and environment: as many words as an argument list may have bytes, and more.
constexpr std::uint64_t kWordsMax = std::uint64_t{1} << 23;
// Of a program that has not run: itself, its interpreter, stack, heap.
constexpr std::size_t kMapsMax = 1 << 16;
constexpr std::uint64_t kVdsoMax = 1 << 20;
constexpr unsigned char kSystemCall[] = {0x0f, 0x05};

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

struct Mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool is_vdso = false;
};

// The vDSO and its data: [vdso], [vvar], [vvar_vclock]. [vsyscall] is no mapping: its calls are
// answered like others.
std::vector<Mapping> KernelsMappings(const std::string& maps) {
  std::vector<Mapping> found;
  for (const std::string& line : Split(maps, '\n')) {
    const std::size_t name = line.find(" [v");
    unsigned long long begin = 0;
    unsigned long long end = 0;
    // A file's path may have that in it.
    if (name == std::string::npos || line.find('/') < name ||
        line.find("[vsyscall]") != std::string::npos ||
        std::sscanf(line.c_str(), "%llx-%llx", &begin, &end) != 2) {
      continue;
    }
    found.push_back({begin, end, line.compare(name, std::string::npos, " [vdso]") == 0});
  }
  return found;
}

}  // namespace

std::optional<KernelsPages> FindKernelsPages(pid_t process) {
  const std::string path = "/proc/" + std::to_string(process) + "/maps";
  Result<std::string> maps = ReadFile(path.c_str(), kMapsMax);
  if (!maps.ok()) return std::nullopt;
  KernelsPages pages;
  for (const Mapping& mapping : KernelsMappings(*maps)) {
    // They lie side by side, so that one call takes them all.
    if (pages.begin == 0) pages.begin = pages.end = mapping.begin;
    if (mapping.begin != pages.end || mapping.end - mapping.begin > kVdsoMax) return std::nullopt;
    pages.end = mapping.end;
    if (!mapping.is_vdso) continue;
    std::vector<unsigned char> code(mapping.end - mapping.begin);
    if (!ReadMemory(process, mapping.begin, code.data(), code.size())) return std::nullopt;
    auto at = std::search(code.begin(), code.end(), std::begin(kSystemCall), std::end(kSystemCall));
    if (at == code.end()) return std::nullopt;
    pages.system_call = mapping.begin + static_cast<std::uint64_t>(at - code.begin());
  }
  if (pages.begin != 0 && pages.system_call == 0) return std::nullopt;
  return pages;
}

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
