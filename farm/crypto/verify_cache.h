// Checks that were made already and held, so that one verdict makes none of them twice.
#pragma once

#include <cstddef>
#include <set>

#include "farm/base/digest.h"

namespace farm {

// A check is known by the digest of all that it depends on: what differs in one byte anywhere is
// another check.  Remembers only what held; what was refused is checked, and refused, again.
// Not thread-safe: one a thread.
class VerifyCache {
 public:
  bool Knows(const Digest& check) const { return held_.contains(check); }
  void Add(const Digest& check) { held_.insert(check); }
  std::size_t size() const { return held_.size(); }

 private:
  std::set<Digest> held_;
};

}  // namespace farm
