// The canonical manifest (`farm-manifest/1`) as far as a verifier reads it.  farm/manifest makes
// the whole thing; this is the part that a customer audits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/statement.h"

namespace farm {

// What a manifest demands on top of a customer's policy; zero or empty means nothing.
struct Requires {
  std::int64_t sites = 0;
  std::int64_t operators = 0;
  std::int64_t auditors = 0;
  std::int64_t witnesses = 0;
  std::vector<std::string> countries_any;  // at least one site in one of these
};

struct ManifestView {
  Digest digest;  // of the exact bytes given
  std::string product;
  std::string version;
  std::int64_t revision = 0;
  std::vector<SourceTree> sources;
  std::vector<std::string> artifacts;  // declared artifact names, sorted
  Digest lock;
  Requires requirements;
};

// Errors: kInvalidInput (not farm-manifest/1, not canonical, field missing).
Result<ManifestView> ViewManifest(std::string_view canonical_manifest);

// Of a format that came after this program, and not just something wrong: who reads a whole log
// must not pass over what a newer program counts.
bool IsOfNewerFormat(std::string_view manifest);

// The name of what is made of it: "product/version/rREVISION/" and 12 digits of the digest.
std::string ReleaseId(const ManifestView& manifest);

}  // namespace farm
