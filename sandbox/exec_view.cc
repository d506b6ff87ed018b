#include "sandbox/exec_view.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include "sandbox/memory.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kRandomBytes = 16;
constexpr std::size_t kAuxiliaryMax = 64;  // entries; the kernel has some 25
// argc, argv and environment: as many words as an argument list may have bytes, and more.
constexpr std::uint64_t kWordsMax = std::uint64_t{1} << 23;
// Of a program that has not run: itself, its interpreter, stack, heap.
constexpr std::size_t kMapsMax = 1 << 16;
constexpr std::uint64_t kVdsoMax = 1 << 20;
constexpr unsigned char kSystemCall[] = {0x0f, 0x05};

// The words of a process's memory from an address on.
class Words {
 public:
  Words(pid_t process, std::uint64_t address) : process_(process), address_(address) {}
  std::uint64_t address() const { return address_; }  // of the next one
  // False: it is not there, or not aligned.
  bool Take(std::uint64_t* word) {
    if (next_ == count_ && !ReadOn()) return false;
    *word = words_[next_++];
    address_ += sizeof *word;
    return true;
  }

 private:
  // To the end of a page: the next one need not be there.
  bool ReadOn() {
    next_ = count_ = 0;
    const std::size_t count = (kPage - address_ % kPage) / sizeof(std::uint64_t);
    if (address_ % sizeof(std::uint64_t) != 0 ||
        !ReadMemory(process_, address_, words_.data(), count * sizeof(std::uint64_t))) {
      return false;
    }
    count_ = count;
    return true;
  }

  pid_t process_;
  std::uint64_t address_;
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::array<std::uint64_t, kPage / sizeof(std::uint64_t)> words_ = {};
};

// Up to the null word that ends a list, with it. False: there is none.
bool SkipList(Words* words) {
  std::uint64_t word = 0;
  for (std::uint64_t read = 0; read < kWordsMax && words->Take(&word); ++read) {
    if (word == 0) return true;
  }
  return false;
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

// From the beginning of the vDSO on. None: it makes none.
std::optional<std::uint64_t> FindSystemCall(pid_t process, const Mapping& vdso) {
  std::vector<unsigned char> code(vdso.end - vdso.begin);
  if (!ReadMemory(process, vdso.begin, code.data(), code.size())) return std::nullopt;
  auto at = std::search(code.begin(), code.end(), std::begin(kSystemCall), std::end(kSystemCall));
  if (at == code.end()) return std::nullopt;
  return static_cast<std::uint64_t>(at - code.begin());
}

}  // namespace

std::optional<KernelsPages> KernelsPagesFinder::Find(pid_t process) {
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
    if (!system_call_.has_value()) system_call_ = FindSystemCall(process, mapping);
    if (!system_call_.has_value()) return std::nullopt;
    pages.system_call = mapping.begin + *system_call_;
  }
  if (pages.begin != 0 && pages.system_call == 0) return std::nullopt;
  return pages;
}

bool HideKernelsGifts(pid_t process, std::uint64_t stack, Family* family) {
  Words words(process, stack);
  std::uint64_t argument_count = 0;
  if (!words.Take(&argument_count) || !SkipList(&words) || !SkipList(&words)) return false;
  for (std::size_t i = 0; i < kAuxiliaryMax; ++i) {
    const std::uint64_t address = words.address();
    Elf64_auxv_t entry = {};
    if (!words.Take(&entry.a_type) || !words.Take(&entry.a_un.a_val)) return false;
    if (entry.a_type == AT_NULL) return true;
    if (!Change(process, address, entry, family)) return false;
  }
  return false;
}

}  // namespace sandbox
