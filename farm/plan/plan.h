// Plan: a manifest turned into actions, each one command in one sandbox.  Pure: every site and
// every replayer makes the same plan from the same manifest.  Formats: FORMAT.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/manifest/manifest.h"

namespace farm {

// A file put into the work directory before anything starts.
struct ActionInput {
  std::string at;  // relative to /build
  Digest digest;   // zero while it is symbolic
  std::uint64_t size = 0;
  std::string mode = "0644";  // "0644" or "0755"
  // Symbolic: an output of an earlier action; empty for a source's file.
  std::string step;
  std::string path;
  bool symbolic() const { return digest.IsZero(); }
};

// A source's tree that must lie at `at` when prepare is over.
struct ExpectedTree {
  std::string at;    // relative to /build
  std::string tree;  // 64 hex
};

// One command in one sandbox, `farm-action/1`.
struct Action {
  std::string step;
  std::string sandbox = "farm-sandbox/1";
  std::string profile = "build";
  std::string determinism = "off";  // or "fixed", "full": then the clock shows `input_time`
  std::string architecture = "amd64";
  Digest lock;  // the toolchain that is the root
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::string directory;             // relative to /build; empty is /build
  std::vector<ActionInput> inputs;   // sorted by `at`
  std::vector<std::string> prepare;  // argv; empty if there is no source
  std::vector<ExpectedTree> trees;   // sorted by `at`
  std::vector<std::string> outputs;  // sorted, relative to /build
  StepLimits limits;
  bool loopback = false;
  UnixSeconds input_time = 0;  // mtime of every input
};

struct Plan {
  Digest manifest;
  Digest lock;
  std::vector<Action> actions;  // in the order in which they run
  std::vector<ManifestArtifact> artifacts;
};

// `manifest_digest` is the digest of the manifest's canonical bytes, `lock` that of the canonical
// lock at hand.  Errors: kMismatch exit 22 (the manifest asks for another lock).
Result<Plan> MakePlan(const Manifest& manifest, const Digest& manifest_digest, const Digest& lock);

// Canonical JSON, `farm-plan/1`.
std::string CanonicalPlan(const Plan& plan);
Digest PlanDigest(const Plan& plan);

// A file that an action gave.
struct OutputFile {
  std::string path;  // relative to /build
  Digest digest;
  std::uint64_t size = 0;
  std::string mode;  // "0644" or "0755"
  friend bool operator==(const OutputFile&, const OutputFile&) = default;
};

// The action with its symbolic inputs filled in from what earlier steps gave (step -> outputs).
// Errors: kNotFound (no such output: a bug, or steps run out of order).
Result<Action> FillInputs(const Action& action,
                          const std::map<std::string, std::vector<OutputFile>>& outputs);

// Canonical JSON, `farm-action/1`, of an action without symbolic inputs (CHECKed).
std::string CanonicalAction(const Action& action);
Digest ActionDigest(const Action& action);

// The command that unpacks the sources `at` (source, place) from /build/inputs/<source>/; argv for
// the sandbox's prepare.  Empty for no sources.
struct PlacedSource {
  const ManifestSource* source = nullptr;
  std::string at;
};
std::vector<std::string> PrepareCommand(const std::vector<PlacedSource>& sources);
// Where a source's raw file lies, relative to /build: "inputs/<source>/<file>".
std::string RawFilePlace(const std::string& source, const std::string& file);
// What the check must print: "<at> <tree>\n" for each, in order.
std::string ExpectedTreesText(const std::vector<ExpectedTree>& trees);

}  // namespace farm
