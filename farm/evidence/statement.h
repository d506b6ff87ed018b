// The statements of the farm: in-toto Statement v1 payloads, one predicate type each, as values.
// Writing gives canonical JSON (RFC 8785); reading is strict: unknown fields, missing fields and
// another version are refused.  Statements name other signed things by PAE digest.
// FORMAT.md has the grammar and an example of each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/facts.h"
#include "farm/evidence/note.h"

namespace farm {

constexpr std::size_t kArtifactsMax = 4096;
constexpr std::size_t kTraceActionsMax = 4096;
constexpr std::size_t kTraceOutputsMax = 65536;  // of one action
constexpr std::size_t kSourcesMax = 256;
constexpr std::size_t kPartiesMax = 64;  // sites, records, approvals, attempts

// A file that came out of a build.
struct Artifact {
  std::string name;  // file name, no slash
  Digest digest;
  std::uint64_t size = 0;
  std::string mode;  // "0644" or "0755"
  friend auto operator<=>(const Artifact&, const Artifact&) = default;
};

// A source as an auditor names it.
struct SourceTree {
  std::string name;
  std::string tree;  // SHA-256 git tree, 64 hex
  friend auto operator<=>(const SourceTree&, const SourceTree&) = default;
};

// "Build and release this", by a requester.
struct Request {
  Digest manifest;
  std::string product;
  std::string version;
  std::string requester;  // id in the trust root
  UnixSeconds created = 0;
};

constexpr std::string_view kScopeTree = "tree";
constexpr std::string_view kScopeDiff = "diff";

// "I have read recipe and sources", by an auditor.
struct Approval {
  Digest manifest;
  std::string product;
  std::string version;
  std::vector<SourceTree> sources;
  std::string auditor;
  // kScopeTree: all of them.  kScopeDiff: only what has changed since `base`, a manifest whose own
  // approvals lead back to trees.
  std::string scope;
  UnixSeconds created = 0;
  std::optional<Digest> base = {};  // the manifest's digest; with kScopeDiff and only then
};

// "These sites are asked, now", by the coordinator, logged and witnessed before any build.
struct Intent {
  Digest request;  // PAE
  Digest manifest;
  std::string product;
  std::string version;
  std::vector<std::string> sites;  // builder ids
  std::int64_t attempt = 1;        // 1, 2, ...
  std::string nonce;               // 32 lowercase hex digits
  std::vector<Digest> earlier;     // PAE digests of the intents of earlier attempts
  UnixSeconds created = 0;
};

enum class BuildResult { kSucceeded, kFailed };

// What one action of the plan did, for the trace: never compared for agreement.
struct ActionTrace {
  std::string step;
  Digest action;  // farm-action/1 with its inputs filled in
  std::int64_t exit_code = 0;
  std::vector<Artifact> outputs;  // name = path below the work directory
  std::int64_t milliseconds = 0;
};

// "Built by me", by a site: SLSA provenance v1.
struct Record {
  std::string builder;  // builder id
  Digest intent;        // PAE
  Digest manifest;
  Digest plan;
  Digest lock;
  Digest root_tar;
  Digest image;
  BuildResult result = BuildResult::kFailed;
  std::vector<Artifact> outputs;  // sorted by name; empty if failed
  // Evidence, not compared:
  std::vector<ActionTrace> trace;
  std::vector<SourceTree> sources;  // as built; may be left out, must be the manifest's if not
  Facts sandbox;
  std::map<std::string, Digest> programs;  // program name -> digest
  bool limits_observed = false;            // limits were not the kernel's
  UnixSeconds started = 0;
  UnixSeconds finished = 0;
};

// "This is released", by the signer.
struct Release {
  std::vector<Artifact> artifacts;
  std::string manifest;  // the canonical manifest itself, exact bytes
  Digest request;
  Digest intent;
  std::vector<Digest> records;    // PAE, in the order of intent.sites
  std::vector<Digest> approvals;  // PAE, sorted
  std::int64_t sequence = 1;      // per product, grows
  std::string signer;             // id in the trust root
  UnixSeconds created = 0;
};

// "These records do not agree; nothing is released", by the signer.
struct Dissent {
  Digest manifest;
  std::string product;
  std::string version;
  Digest intent;
  std::vector<Digest> records;
  std::string summary;  // for people: which artifact, which sites, or which failed
  UnixSeconds created = 0;
};

// "This is the kit of that release", by the coordinator; trusted by nobody.
struct KitEntry {
  Digest release;  // PAE
  std::string file;
  Digest digest;
  std::uint64_t size = 0;
  UnixSeconds created = 0;
};

// "I rebuilt it myself", by a regulator.  verdict: "MATCH", "MISMATCH", "INCONCLUSIVE".
struct ReplayVerdict {
  Digest release;  // PAE
  Digest kit;
  std::string verdict;
  std::vector<Artifact> rebuilt;
  std::string replayer;  // a name the replayer gives himself
  std::string report;    // digest text of report.json
  UnixSeconds created = 0;
};

// "Do not use that release any more", by an auditor or a requester of the root; logged, never
// undone.
struct Withdrawal {
  Digest release;  // PAE
  std::string product;
  std::string version;
  std::string reason;  // for people, one line
  std::string by;      // id in the trust root
  UnixSeconds created = 0;
};

// "That site stands in that country", by a certifier of the root; logged.
struct SiteLocation {
  std::string builder;  // builder id
  std::string operator_id;
  std::string country;    // ISO 3166-1 alpha-2, or XA XB XC
  UnixSeconds start = 0;  // for records stamped from then
  UnixSeconds end = 0;    // to then, inclusive
  std::string certifier;  // id in the trust root
  UnixSeconds created = 0;
};

constexpr std::size_t kStatusLogsMax = 16;    // as often as a farm will change its log
constexpr std::size_t kStatusListMax = 4096;  // of each list: a status stays far below 4 MiB

// A log as the monitor has read it to the end.
struct StatusLog {
  std::string checkpoint;  // the signed note, cosignatures in it
  Checkpoint head;         // what it says
};
struct RevokedKey {
  std::string key_id;  // hex SHA-256 of SPKI
  std::string reason;
  std::optional<UnixSeconds> compromised_since;
};
struct WithdrawnRelease {
  Digest release;  // PAE
  std::string product;
  std::string version;
  std::string reason;
  std::string by;
  UnixSeconds since = 0;  // as the withdrawal says
};
// The release of a product with the highest sequence of those that are not withdrawn.
struct NewestRelease {
  std::string product;
  std::string version;
  Digest release;  // PAE
  std::int64_t sequence = 1;
};
// No release of this manifest counts, whenever it was made.
struct DissentInLog {
  Digest dissent;  // PAE
  Digest manifest;
  std::string product;
  std::string version;
};

// "That is how the farm's logs stand", by a monitor of the root, another party than the farm; not
// logged, for it is about the log.
struct FarmStatus {
  std::string monitor;  // id in the trust root
  UnixSeconds issued = 0;
  UnixSeconds next_update = 0;              // when a newer one is due
  std::int64_t root_version = 1;            // of the root that the monitor has
  std::vector<StatusLog> logs;              // by origin, each once, at least one
  std::vector<RevokedKey> revoked_keys;     // by key id
  std::vector<WithdrawnRelease> withdrawn;  // by release
  std::vector<NewestRelease> newest;        // by product
  std::vector<DissentInLog> dissents;       // by dissent
};

using Statement = std::variant<Request, Approval, Intent, Record, Release, Dissent, KitEntry,
                               ReplayVerdict, Withdrawal, SiteLocation, FarmStatus>;

// "https://farm.example/request/v1" and so on; SLSA's own for a record.
std::string_view PredicateType(const Statement& statement);
// A word for messages: "request", "approval", ...
std::string_view KindName(const Statement& statement);

// Canonical in-toto Statement JSON: the DSSE payload.  Artifacts are written sorted by name and
// approvals by digest, whatever their order in the value; everything else keeps its order.
std::string WriteStatement(const Statement& statement);
// Errors: kInvalidInput naming the field (what = "release", "bundle line 3"); kLimitExceeded.
// Refuses payloads that are not the canonical bytes of what they say.
Result<Statement> ParseStatement(std::string_view payload, std::string_view what);

template <typename T>
Result<T> ParseStatementAs(std::string_view payload, std::string_view what) {
  auto statement = ParseStatement(payload, what);
  if (!statement) return statement.error();
  if (T* value = std::get_if<T>(&*statement)) return std::move(*value);
  return Error{ErrorCode::kInvalidInput, std::string(what) + ": is a " +
                                             std::string(KindName(*statement)) + ", want a " +
                                             std::string(KindName(Statement(T{})))};
}

}  // namespace farm
