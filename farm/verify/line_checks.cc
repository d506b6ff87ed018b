#include "farm/verify/line_checks.h"

#include <array>

#include "farm/base/parallel.h"

namespace farm {

void LineChecks::CheckAhead(const std::vector<LineInRole>& lines) {
  std::vector<LineFacts> found(lines.size());
  std::vector<std::optional<Statement>> statements(lines.size());
  std::array<VerifyCache, kParallelThreadsMax> caches;
  ForEachInParallel(lines.size(), [&](std::size_t index, std::size_t thread) {
    const auto& [line, role] = lines[index];
    found[index] = CheckLine(*line, role, root_, policy_, caches[thread]);
    auto statement = ParseStatement(line->envelope.payload, "line");
    if (statement) statements[index] = *std::move(statement);
  });
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ahead_.insert_or_assign(lines[i], std::move(found[i]));
    if (statements[i]) statements_.insert_or_assign(lines[i].first, *std::move(statements[i]));
  }
}

LineFacts LineChecks::Check(const Bundle& line, const std::string& name, Role role) {
  const auto ahead = ahead_.find({&line, role});
  LineFacts facts =
      ahead == ahead_.end() ? CheckLine(line, role, root_, policy_, cache_) : ahead->second;
  NameProblems(name, facts.problems);
  return facts;
}

}  // namespace farm
