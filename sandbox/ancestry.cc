#include "sandbox/ancestry.h"

#include <algorithm>
#include <cstring>

namespace sandbox {
namespace {

// The finalizer of SplitMix64: every bit of the input changes about half of the output's.
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::uint64_t Mix(std::uint64_t first, std::uint64_t second) { return Mix(first ^ Mix(second)); }

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Ancestry FirstAncestry(std::uint64_t stage) { return ChildAncestry({1, 2}, stage); }

Ancestry ChildAncestry(const Ancestry& parent, std::uint64_t index) {
  return {Mix(parent.high, index * 2 + 1), Mix(parent.low ^ parent.high, index * 2 + 2)};
}

Ancestry ProgramAncestry(const Ancestry& origin, std::uint64_t program, std::uint64_t index) {
  const std::uint64_t high = Mix(program, index);
  return {Mix(origin.high, high), Mix(origin.low ^ origin.high, Mix(high))};
}

pid_t WantedPid(const Ancestry& ancestry) {
  constexpr std::uint64_t kCount = kPidMax - kPidMin;
  return kPidMin + static_cast<pid_t>(Mix(ancestry.high, ancestry.low) % kCount);
}

void FillRandom(const Ancestry& ancestry, std::uint64_t offset, void* bytes, std::size_t size) {
  char* out = static_cast<char*>(bytes);
  for (std::uint64_t word = offset / 8; size > 0; ++word) {
    std::uint64_t value = Mix(ancestry.low ^ Mix(ancestry.high), word);
    std::size_t count = std::min(size, sizeof value);
    std::memcpy(out, &value, count);
    out += count;
    size -= count;
  }
}

std::string WithoutJobs(std::string_view command_line) {
  std::string kept;
  bool count_follows = false;
  while (!command_line.empty()) {
    const std::size_t size = std::min(command_line.find('\0'), command_line.size() - 1) + 1;
    const std::string_view word = command_line.substr(0, size - 1);
    const bool is_count = count_follows && IsNumber(word);
    count_follows = word == "-j";
    const bool is_jobs = word.starts_with("-j") && (word.size() == 2 || IsNumber(word.substr(2)));
    const bool is_long = word.starts_with("--jobs=") && IsNumber(word.substr(7));
    if (!is_count && !is_jobs && !is_long) kept += command_line.substr(0, size);
    command_line.remove_prefix(size);
  }
  return kept;
}

std::uint64_t HashText(const char* text, std::size_t size) {
  std::uint64_t hash = size;
  for (std::size_t i = 0; i < size; ++i) {
    hash = (hash ^ static_cast<unsigned char>(text[i])) * 0x100000001b3;  // FNV-1a
  }
  return Mix(hash) >> 2;
}

}  // namespace sandbox
