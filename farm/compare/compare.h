// Compare: verified records of one build to agreement, disagreement, or failure everywhere; and
// for a disagreement the first action where the builds parted.  Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "farm/evidence/statement.h"
#include "farm/verify/verify.h"

namespace farm {

// Some sites say the same of one thing.
struct Saying {
  std::string value;                  // "sha256:1a2b.. (52344 bytes, 0644)", "succeeded", "absent"
  std::vector<std::string> builders;  // builder ids, in the order of the records
  friend bool operator==(const Saying&, const Saying&) = default;
};

// One thing on which the records differ: "plan", "image", "result", "artifact zlib.deb", ...
struct Difference {
  std::string field;
  std::vector<Saying> sayings;  // at least two; the largest group first
  friend bool operator==(const Difference&, const Difference&) = default;
};

// The first action that was the same everywhere before it and differs in what came of it.
// Evidence for people: a trace is each site's own word.
struct Divergence {
  std::string step;
  std::size_t number = 0;  // 1, 2, ... in the order of the plan
  // What differs of it: "output <path>", "exit code", "action" (its inputs, though nothing before
  // it differed), "step" (another name), or "trace" (a site's trace has no such action).
  std::string what;
  std::vector<Saying> sayings;
};

// Every record says the same: intent, manifest, plan, lock, root tar, image, `succeeded`, outputs.
struct Agreement {
  std::vector<Artifact> artifacts;
};

struct Disagreement {
  std::vector<Difference> differences;  // at least one
  std::optional<Divergence> first_divergence;
};

// Every record says `failed`.  Not a disagreement: the recipe does not build.
struct AllFailed {
  std::string step;  // where all of them stopped, or "" if they stopped in different places
  std::int64_t exit_code = 0;
};

using Comparison = std::variant<Agreement, Disagreement, AllFailed>;

// `records` must not be empty (CHECKed).
Comparison Compare(const std::vector<VerifiedRecord>& records);
// The same of statements whose signatures were judged elsewhere: records read from the log, which
// keeps no time stamps.
Comparison CompareStatements(const std::vector<Record>& records);

// For people: what differs, who says what, where it began.  At most kWordsBytesMax.
//   artifact zlib.deb: site-xa, site-xc say sha256:11.. (9 bytes, 0644); site-xb says ...
//   first difference: action 2 (build), output zlib/zlib.deb: ...
std::string Words(const Comparison& comparison);
constexpr std::size_t kWordsBytesMax = 4000;  // goes into a signed dissent and onto a terminal
constexpr std::size_t kWordsDifferencesMax = 8;

}  // namespace farm
