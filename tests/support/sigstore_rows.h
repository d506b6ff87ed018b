// Bundles that others signed, one row each: what is in it, what is bent, and which rules of
// `farm-verify sigstore` that alone must break.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "farm/json/json.h"
#include "farm/verify/sigstore.h"
#include "tests/support/sigstore_maker.h"

namespace farm::sigstore_rows {

inline constexpr char kArtifact[] = "the artifact\n";

// One maker for all rows: its keys cost more than everything else.
const SigstoreMaker& Maker();

struct Row {
  std::string name;
  SigstoreShape shape = {};
  std::function<void(Json& bundle)> bend = {};
  std::function<void(Json& root)> bend_root = {};
  std::function<void(SigstoreInput& input)> bend_input = {};
};
Result<SigstoreInput> InputOf(const Row& row);

// What each row breaks, and nothing else: take a rule's check out, and its row fails.
struct BadRow {
  Row row;
  ExitCode exit;
  std::vector<std::string> broken;
};
// Expects of each row that it is refused with its code, by its rules alone, with a remedy for each.
void ExpectRefused(const std::vector<BadRow>& rows);

// Each rule with what was found, for messages.
std::string Explain(const SigstoreVerdict& verdict);

SigstoreShape With(const std::function<void(SigstoreShape&)>& change);
// The shapes of Rekor's first version: the log's own promise says when.
SigstoreShape Old(const std::string& kind, const std::string& version);
SigstoreShape Keyed(ForeignSigner::Kind kind, HashAlgorithm hash);

// The log entry of a bundle.
inline Json& EntryOf(Json& bundle) { return bundle["verificationMaterial"]["tlogEntries"][0]; }

}  // namespace farm::sigstore_rows
