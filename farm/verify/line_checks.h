// The shared evidence of the lines of one verdict, checked against one root and one policy.
// Private to this folder.
#pragma once

#include <string>

#include "farm/verify/line.h"

namespace farm {

// What several lines stand on together (the chain of the time stamp authority) is checked once.
// Not thread-safe.
class LineChecks {
 public:
  // `root` must outlive this.
  LineChecks(const TrustRoot& root, const Policy& policy) : root_(root), policy_(policy) {}

  const TrustRoot& root() const { return root_; }
  const Policy& policy() const { return policy_; }
  // What CheckLine finds.  `name` begins each message: "record of
  // \"https://farm.example/site/xa\"".
  LineFacts Check(const Bundle& line, const std::string& name, Role role);

 private:
  const TrustRoot& root_;
  Policy policy_;
  VerifyCache cache_;
};

}  // namespace farm
