#include "farm/execute/isolation.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string_view>
#include <vector>

namespace farm {
namespace {

// Words of a wall, the weakest first.
const std::map<std::string_view, std::vector<std::string_view>>& Walls() {
  static const std::map<std::string_view, std::vector<std::string_view>> walls = {
      {"seccomp", {"none", "deny-list", "allow-list"}},
      {"uid_map", {"none", "single", "range"}},
      {"cgroup", {"none", "v1", "v2"}},
      {"limits", {"observed", "kernel"}},
      {"disk_limits", {"observed", "kernel"}},
      // No wall: the level that does most to what a build sees, and makes its keys predictable.
      {"determinism", {"full", "fixed", "off"}},
  };
  return walls;
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// True if `value` may take the place of `before`: `merged` is then what holds for both.
bool Merge(std::string_view name, const Fact& before, const Fact& value, Fact& merged) {
  merged = value;
  if (std::holds_alternative<std::int64_t>(before) && std::holds_alternative<std::int64_t>(value)) {
    const auto one = std::get<std::int64_t>(before);
    const auto two = std::get<std::int64_t>(value);
    if (name == "landlock_abi") merged = std::min(one, two);
    if (name == "memory_bytes_max") merged = std::max(one, two);
    if (IsOneOf(name, {"wall_milliseconds", "cpu_milliseconds", "log_bytes"})) merged = one + two;
    if (IsOneOf(name, {"landlock_abi", "memory_bytes_max", "wall_milliseconds", "cpu_milliseconds",
                       "log_bytes"})) {
      return true;
    }
  }
  if (before == value) return true;
  const auto wall = Walls().find(name);
  if (wall == Walls().end() || !std::holds_alternative<std::string>(before) ||
      !std::holds_alternative<std::string>(value)) {
    return false;
  }
  const auto rank = [&](const Fact& word) {
    return std::find(wall->second.begin(), wall->second.end(), std::get<std::string>(word));
  };
  if (rank(before) == wall->second.end() || rank(value) == wall->second.end()) return false;
  merged = rank(before) < rank(value) ? before : value;
  return true;
}

Error Differs(const std::string& step, const std::string& name, const Fact* before,
              const Fact* value) {
  const auto text = [](const Fact* fact) { return fact == nullptr ? "nothing" : FactText(*fact); };
  return Error{ErrorCode::kInternal, "step " + step + ": the sandbox says " + name + " " +
                                         text(value) + ", of the steps before it said " +
                                         text(before) + "; one record cannot speak for both"};
}

}  // namespace

Status AddFacts(const std::string& step, const Facts& facts, Facts& weakest) {
  if (weakest.empty()) {
    weakest = facts;
    return {};
  }
  for (const auto& [name, before] : weakest) {
    if (!facts.contains(name)) return Differs(step, name, &before, nullptr);
  }
  Facts merged;
  for (const auto& [name, value] : facts) {
    if (!weakest.contains(name)) return Differs(step, name, nullptr, &value);
    const Fact& before = weakest.at(name);
    if (!Merge(name, before, value, merged[name])) return Differs(step, name, &before, &value);
  }
  weakest = std::move(merged);
  return {};
}

}  // namespace farm
