#include "sandbox/exec_view.h"

#include <elf.h>

#include <array>
#include <cstdio>
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

// The words of a process's memory from an address on.
class Words {
 public:
  Words(pid_t process, std::uint64_t address) : process_(process), address_(address) {}
  std::uint64_t address() const { return address_; }  // of the next one
  bool Take(std::uint64_t* word) {
    if (left_ == 0 && !ReadOn()) return false;
    *word = words_[count_ - left_--];
    address_ += sizeof *word;
    return true;
  }

 private:
  // To the end of a page: the next one need not be there.
  bool ReadOn() {
    count_ = left_ = (kPage - address_ % kPage) / sizeof(std::uint64_t);
    return ReadMemory(process_, address_, words_.data(), count_ * sizeof(std::uint64_t));
  }

  pid_t process_;
  std::uint64_t address_;
  std::size_t count_ = 0;
  std::size_t left_ = 0;
  std::array<std::uint64_t, kPage / sizeof(std::uint64_t)> words_;
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

// The vDSO and its data: [vdso], [vvar], [vvar_vclock]. [vsyscall] is no mapping: its calls are
// answered like others.
std::vector<KernelsPages> KernelsMappings(const std::string& maps) {
  std::vector<KernelsPages> found;
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
    found.push_back({begin, end});
  }
  return found;
}

// None as well: the vDSO does not lie where `vdso` says.
std::optional<KernelsPages> LookForKernelsPages(pid_t process, std::uint64_t vdso) {
  const std::string path = "/proc/" + std::to_string(process) + "/maps";
  Result<std::string> maps = ReadFile(path.c_str(), kMapsMax);
  if (!maps.ok()) return std::nullopt;
  KernelsPages pages;
  bool has_vdso = false;
  for (const KernelsPages& mapping : KernelsMappings(*maps)) {
    // They lie side by side, so that one call takes them all.
    if (pages.begin == 0) pages.begin = pages.end = mapping.begin;
    if (mapping.begin != pages.end || mapping.end - mapping.begin > kVdsoMax) return std::nullopt;
    pages.end = mapping.end;
    has_vdso = has_vdso || mapping.begin == vdso;
  }
  if (!has_vdso) return std::nullopt;
  return pages;
}

}  // namespace

std::optional<KernelsPages> KernelsPagesFinder::Find(pid_t process, std::uint64_t vdso) {
  // Unsigned: what lies below wraps around, and back.
  if (!about_vdso_.has_value()) {
    const std::optional<KernelsPages> pages = LookForKernelsPages(process, vdso);
    if (!pages.has_value()) return std::nullopt;
    about_vdso_ = {pages->begin - vdso, pages->end - vdso};
  }
  return KernelsPages{vdso + about_vdso_->begin, vdso + about_vdso_->end};
}

std::optional<std::uint64_t> HideKernelsGifts(pid_t process, std::uint64_t stack, Family* family) {
  Words words(process, stack);
  std::uint64_t argument_count = 0;
  if (!words.Take(&argument_count) || !SkipList(&words) || !SkipList(&words)) return std::nullopt;
  std::uint64_t vdso = 0;
  for (std::size_t i = 0; i < kAuxiliaryMax; ++i) {
    const std::uint64_t address = words.address();
    Elf64_auxv_t entry = {};
    if (!words.Take(&entry.a_type) || !words.Take(&entry.a_un.a_val)) return std::nullopt;
    if (entry.a_type == AT_NULL) return vdso;
    if (entry.a_type == AT_SYSINFO_EHDR) vdso = entry.a_un.a_val;
    if (!Change(process, address, entry, family)) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sandbox
