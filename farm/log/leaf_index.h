// LeafIndex: where a leaf hash may stand in a log, in about 10 bytes a leaf.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "farm/base/digest.h"

namespace farm {

// Keeps no hash, only 32 bits of a keyed function of it: what it answers is a hint, and the caller
// compares the hash that stands in the tile.  256 tables that grow one after the other, so that no
// append waits for all.  Keyed with a random number: nobody can make leaves that meet in one place
// and make every look-up slow.  Never shrinks.  Not thread-safe.
class LeafIndex {
 public:
  // Room for `expected` leaves from the beginning; takes more.
  explicit LeafIndex(std::uint64_t expected = 0);

  void Add(const Digest& leaf_hash, std::uint64_t index);
  // In no order; nearly always none, or the right one alone.
  std::vector<std::uint64_t> Candidates(const Digest& leaf_hash) const;

  std::uint64_t size() const { return size_; }
  std::size_t bytes() const;  // of memory in its tables

 private:
  // 24 bits of fingerprint, then 40 of index + 1; 0: free.
  using Slot = std::uint64_t;
  // Open addressing; a fingerprint's first place is in proportion to it.
  struct Table {
    std::vector<Slot> slots;
    std::size_t used = 0;
  };
  std::uint32_t Keyed(const Digest& leaf_hash) const;
  static void Put(Table& table, Slot slot);

  std::array<std::uint64_t, 1 + Digest::kSize / 4> key_;
  std::array<Table, 256> tables_;
  std::uint64_t size_ = 0;
};

}  // namespace farm
