// The shared evidence of the lines of one verdict, checked against one root and one policy.
// Private to this folder.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "farm/verify/line.h"

namespace farm {

using LineInRole = std::pair<const Bundle*, Role>;

// What several lines stand on together (the chain of the time stamp authority) is checked once.
// Not thread-safe.
class LineChecks {
 public:
  // `root` must outlive this.
  LineChecks(const TrustRoot& root, const Policy& policy) : root_(root), policy_(policy) {}

  const TrustRoot& root() const { return root_; }
  const Policy& policy() const { return policy_; }
  // Checks these lines at once, in as many threads as there are processors, for Check to ask for:
  // no line's check looks at what another one found.  They must outlive this.
  void CheckAhead(const std::vector<LineInRole>& lines);
  // What CheckLine finds.  `name` begins each message: "record of
  // \"https://farm.example/site/xa\"".
  LineFacts Check(const Bundle& line, const std::string& name, Role role);

 private:
  const TrustRoot& root_;
  Policy policy_;
  VerifyCache cache_;
  std::map<LineInRole, LineFacts> ahead_;
};

}  // namespace farm
