// What is wrong with a manifest, field by field.  For this folder.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "farm/manifest/manifest.h"

namespace farm {

// `field` is a path in the words of manifest.proto: "step[1].argv[0]", "step[0].environment[CC]".
struct ManifestProblem {
  std::string field;
  std::string message;  // "found ..., want ..."
};

constexpr std::size_t kProblemsMax = 20;  // enough to mend a manifest in one go

// The first problem of each field.
class ManifestProblems {
 public:
  void Add(std::string field, std::string message) {
    if (fields_.insert(field).second) list_.push_back({std::move(field), std::move(message)});
  }
  const std::vector<ManifestProblem>& list() const { return list_; }
  bool empty() const { return list_.empty(); }

 private:
  std::set<std::string> fields_;
  std::vector<ManifestProblem> list_;
};

// "step" + 2 -> "step[2]".
inline std::string At(std::string_view field, std::size_t index) {
  return std::string(field) + "[" + std::to_string(index) + "]";
}

// Adds what breaks a rule of admission (manifests/FORMAT.md, "Rules").
void FindProblems(const Manifest& manifest, ManifestProblems& problems);

}  // namespace farm
