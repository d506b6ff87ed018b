// The policy, `farm-policy/2`: WHAT A CUSTOMER DEMANDS.  The customer's own JSON file.
// `farm-policy/1`, which demands nothing of what the second added, is read for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/crypto/key.h"
#include "farm/evidence/manifest_view.h"

namespace farm {

// Of a policy's file, for whoever reads one: some lines of demands, and replayers with their keys.
constexpr std::size_t kPolicyBytesMax = 64 << 10;

// The largest skew between clocks that a policy may allow: beyond that order says nothing.
constexpr std::int64_t kPolicySkewSecondsMax = 3600;

// Somebody who rebuilds releases and whom the customer believes.
struct Replayer {
  std::string name;  // the customer's own word for him
  PublicKey key;
};

struct Policy {
  std::int64_t sites = 3;                  // records that agree, from distinct ids and keys
  std::int64_t operators = 3;              // distinct operators among them
  std::int64_t countries = 1;              // distinct countries among them
  std::vector<std::string> countries_any;  // at least one site in one of these; empty: no demand
  // The manifest's own demand of the same kind, set by Tighten and held beside the customer's (the
  // two lists may have nothing in common).  Not a field of the file.
  std::vector<std::string> manifest_countries_any;
  std::int64_t auditors = 2;
  std::int64_t witnesses = 2;
  std::int64_t clock_skew_seconds = 60;
  bool require_kernel_limits = true;     // a development root is exempt
  bool refuse_development_root = false;  // even where the caller allows one: production policies
  // Since farm-policy/2.  A /1 reads as these defaults.
  std::int64_t status_max_age_seconds = 0;  // of the monitor's status; 0: none is asked for
  bool certified_countries = false;         // each site's country needs a certifier's statement
  std::int64_t replays = 0;                 // signed MATCH verdicts, of distinct replayers
  std::vector<Replayer> replayers = {};     // whose verdicts count
  bool mismatch_blocks = true;              // a signed MISMATCH refuses, whatever matches beside it
  bool diff_approvals = false;              // an approval of scope `diff` counts, with its chain
};

// Every field must be there: what a customer demands is read, not guessed.  At least one site,
// operator, country and witness (without a witness nothing bounds a time from above).  Only
// `replayers` may be left out: then there are none, and no more replays are demanded than there are
// replayers.
// Errors: kInvalidInput naming file and field.
Result<Policy> ParsePolicy(std::string_view json, std::string_view where);
// Always farm-policy/2.
std::string WritePolicy(const Policy& policy);

// `policy` with what the manifest demands on top: never looser.
Policy Tighten(const Policy& policy, const Requires& requirements);

// What can be demanded of a release while it is being published or rebuilt: `policy` without a
// status, certifiers' statements and replays, which are not the bundle's and come later.
Policy WithoutLaterDemands(const Policy& policy);

// What decides about a release under `policy`, in sentences.  sites: builder ids that an intent
// will name; empty if nobody has said yet.
std::vector<std::string> RulesInWords(const Policy& policy, const std::vector<std::string>& sites);

}  // namespace farm
