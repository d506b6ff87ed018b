// What the lines of a bundle say, for people.  Nothing is checked on the way: signatures may be
// anybody's, times anything.  farm-verify judges.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/evidence/bundle.h"
#include "farm/json/json_fwd.h"

namespace farm {

struct ClaimedCosignature {
  std::string name;
  UnixSeconds time = 0;
};

struct LineView {
  std::string kind;     // "release", "request", ...; "" if the statement cannot be read
  std::string problem;  // why it cannot
  Digest pae;           // what other statements name it by
  std::string key_id;
  std::string uri;   // the certificate's name; "" for a bare key
  std::string says;  // whom the statement names as its signer; "" where it names nobody
  std::optional<UnixSeconds> not_before;  // of the certificate
  std::optional<UnixSeconds> not_after;
  std::vector<std::pair<std::string, std::string>> subjects;  // name, digest text
  std::vector<std::pair<std::string, std::string>> facts;     // name, value: product, sites, ...
  std::optional<UnixSeconds> created;                         // the signer's own clock
  std::optional<UnixSeconds> token;
  std::string log;  // origin; "" if the line has no entry
  std::uint64_t index = 0;
  std::uint64_t tree_size = 0;
  std::vector<ClaimedCosignature> cosignatures;
};

LineView ViewBundleLine(const Bundle& line);

// Several lines of text, the first without indentation, none longer than its values make it.
std::string LineText(const LineView& view, std::size_t number);
Json LineJson(const LineView& view);

}  // namespace farm
