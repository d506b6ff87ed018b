// The shared evidence of the lines of one verdict, checked against one root and one policy.
// Private to this folder.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "farm/evidence/statement.h"
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
  // Checks and reads these lines at once, in as many threads as there are processors, for Check and
  // StatementOf to ask for: no line's check looks at what another one found.  They must outlive
  // this.
  void CheckAhead(const std::vector<LineInRole>& lines);
  // What CheckLine finds.  `name` begins each message: "record of
  // \"https://farm.example/site/xa\"".
  LineFacts Check(const Bundle& line, const std::string& name, Role role);
  // As ParseStatementAs.
  template <typename T>
  Result<T> StatementOf(const Bundle& line, std::string_view what) const {
    const auto read = statements_.find(&line);
    const T* const value = read == statements_.end() ? nullptr : std::get_if<T>(&read->second);
    if (value != nullptr) return *value;
    return ParseStatementAs<T>(line.envelope.payload, what);
  }

 private:
  const TrustRoot& root_;
  Policy policy_;
  VerifyCache cache_;
  std::map<LineInRole, LineFacts> ahead_;
  std::map<const Bundle*, Statement> statements_;  // of those that could be read
};

}  // namespace farm
