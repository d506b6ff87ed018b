#include "farm/log/leaf_index.h"

#include <cstring>

#include "farm/client/tiles.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr int kFingerprintBits = 24;
constexpr int kIndexBits = 40;
constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << kIndexBits) - 1;
static_assert(kLogSizeMax == std::uint64_t{1} << kIndexBits);
constexpr std::size_t kSlotsMin = 16;

// A table is seven eighths full at most and grows by a quarter: more full, a look-up passes too
// many others; more at once, the memory stands empty.
bool IsFull(std::size_t used, std::size_t slots) { return used + 1 > slots - slots / 8; }

// The 8 bits above it choose the table; they fall out here.
std::uint64_t Fingerprint(std::uint32_t keyed) { return std::uint64_t{keyed} << kIndexBits; }

std::size_t FirstPlace(std::uint64_t slot, std::size_t slots) {
  return ((slot >> kIndexBits) * slots) >> kFingerprintBits;
}

}  // namespace

LeafIndex::LeafIndex(std::uint64_t expected) {
  const std::string random = RandomBytes(sizeof key_);
  std::memcpy(key_.data(), random.data(), sizeof key_);
  const std::uint64_t each = expected / tables_.size();
  for (Table& table : tables_) table.slots.resize(kSlotsMin + each + each / 4);
}

// Multilinear hashing: any two leaf hashes, chosen without the key, give the same 32 bits with
// probability 2^-32.
std::uint32_t LeafIndex::Keyed(const Digest& leaf_hash) const {
  std::uint64_t sum = key_[0];
  for (std::size_t i = 1; i < key_.size(); ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, leaf_hash.bytes().data() + 4 * (i - 1), sizeof word);
    sum += key_[i] * word;
  }
  return static_cast<std::uint32_t>(sum >> 32);
}

void LeafIndex::Put(Table& table, Slot slot) {
  std::size_t place = FirstPlace(slot, table.slots.size());
  while (table.slots[place] != 0) place = place + 1 == table.slots.size() ? 0 : place + 1;
  table.slots[place] = slot;
  ++table.used;
}

void LeafIndex::Add(const Digest& leaf_hash, std::uint64_t index) {
  CHECK(index < kIndexMask);
  const std::uint32_t keyed = Keyed(leaf_hash);
  Table& table = tables_[keyed >> kFingerprintBits];
  if (IsFull(table.used, table.slots.size())) {
    Table larger;
    larger.slots.resize(table.slots.size() + table.slots.size() / 4);
    for (const Slot slot : table.slots) {
      if (slot != 0) Put(larger, slot);
    }
    table = std::move(larger);
  }
  Put(table, Fingerprint(keyed) | (index + 1));
  ++size_;
}

std::vector<std::uint64_t> LeafIndex::Candidates(const Digest& leaf_hash) const {
  const std::uint32_t keyed = Keyed(leaf_hash);
  const Slot fingerprint = Fingerprint(keyed);
  const std::vector<Slot>& slots = tables_[keyed >> kFingerprintBits].slots;
  std::vector<std::uint64_t> found;
  for (std::size_t place = FirstPlace(fingerprint, slots.size()); slots[place] != 0;
       place = place + 1 == slots.size() ? 0 : place + 1) {
    if ((slots[place] & ~kIndexMask) == fingerprint) {
      found.push_back((slots[place] & kIndexMask) - 1);
    }
  }
  return found;
}

std::size_t LeafIndex::bytes() const {
  std::size_t bytes = 0;
  for (const Table& table : tables_) bytes += table.slots.size() * sizeof(Slot);
  return bytes;
}

}  // namespace farm
