// The commands of `farm`, one function each group; main.cc only parses words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/process.h"
#include "farm/cli/output.h"
#include "farm/toolchain/apt.h"
#include "farm/toolchain/lock.h"

namespace farm {

// Every command returns the program's exit code and has printed what it found.

struct ManifestArguments {
  std::string manifest;  // file
  std::string lock;      // file; empty: found beside the manifest
};

// farm plan: what would be built, by which rules; changes nothing.
struct PlanArguments {
  ManifestArguments manifest;
  // Empty: what the files say, and the rules of the default policy; else farmd is asked for its
  // own.
  std::string config;
  bool digest_only = false;
};
int RunPlanCommand(const PlanArguments& arguments, const Output& output);

// farm fetch: raw inputs into a store.
struct FetchArguments {
  ManifestArguments manifest;
  std::string store;
  std::vector<std::string> search;  // folders to look in first
  bool offline = false;
  bool toolchain_only = false;
  bool sources_only = false;
};
int RunFetchCommand(const FetchArguments& arguments, const Output& output);

// farm release: sign the request, send it, watch it.
struct ReleaseArguments {
  ManifestArguments manifest;
  std::string config;
  bool wait = false;
  // Of --wait: a build of hours, and auditors who sleep.  A party that does not answer ends it long
  // before: waiting.h.
  long long timeout_seconds = 24LL * 3600;
};
int RunReleaseCommand(const ReleaseArguments& arguments, const Output& output);

// farm release withdraw: "do not use that release any more", signed and logged for good.
struct WithdrawArguments {
  std::string release;  // its id at the farm, or a file with its lines
  std::string product;  // which one is meant; with a file both are required
  std::string version;
  std::string reason;
  std::string config;
  std::string out;  // file for the line; empty: none
};
int RunWithdrawCommand(const WithdrawArguments& arguments, const Output& output);

// farm certify: "that site stands in that country", signed and logged.
struct CertifyArguments {
  std::string site;  // builder id
  std::string country;
  std::string from;  // "2027-01-15T08:00:00Z"; empty: now
  std::string to;
  std::string config;
  std::string out;
};
int RunCertifyCommand(const CertifyArguments& arguments, const Output& output);

// farm get | list | watch | why | cancel
struct QueryArguments {
  std::string config;
  std::string release_id;  // for list: a product, or empty
  bool logs = false;
  std::uint64_t after = 0;
};
int RunGetCommand(const QueryArguments& arguments, const Output& output);
int RunListCommand(const QueryArguments& arguments, const Output& output);
int RunWatchCommand(const QueryArguments& arguments, const Output& output);
int RunWhyCommand(const QueryArguments& arguments, const Output& output);
int RunCancelCommand(const QueryArguments& arguments, const Output& output);

// Where a command unpacks sources: a root made by `farm toolchain build`, and the launcher.
struct SandboxArguments {
  std::string toolchain;  // folder of `farm toolchain build`
  std::string launcher;   // farm-sandbox; empty: beside this program
};

// farm toolchain lock | build | digest
struct ToolchainLockArguments {
  std::string refresh;  // a lock whose request is asked again; the difference is shown
  std::string out;      // file; empty: nothing is written
  std::vector<std::string> packages;
  std::string build_depends_of;
  std::vector<std::string> suites;
  std::int64_t source_date_epoch = 0;
  std::string store;
  std::string launcher;
};
// What of this machine a lock is made with, or what a test has instead.
struct LockMachine {
  AptPlace apt;                      // its directory is `apt` in the store, whatever it says
  RunCommand assemble = RunProcess;  // starts farm-sandbox
};
int RunToolchainLockCommand(const ToolchainLockArguments& arguments, const LockMachine& machine,
                            const Output& output);
// What --refresh says; without --out it is the whole answer.
void SayLockDifference(const Lock& before, const Lock& after,
                       const ToolchainLockArguments& arguments, const Output& output);
struct ToolchainBuildArguments {
  std::string lock;   // file: a lock, or a manifest that names one
  std::string out;    // folder
  std::string store;  // packages
  std::string launcher;
};
int RunToolchainBuildCommand(const ToolchainBuildArguments& arguments, const Output& output);
int RunToolchainDigestCommand(const std::string& lock_file, const Output& output);

// farm source import
struct SourceImportArguments {
  std::string kind;  // "debian", "archive", "git", "directory"
  std::string name;
  std::string path;    // .dsc, archive, repository, directory
  std::string commit;  // git
  std::string url;     // archive, git
  std::int64_t source_date_epoch = 0;
  std::string store;
  SandboxArguments sandbox;
};
int RunSourceImportCommand(const SourceImportArguments& arguments, const Output& output);

// farm bundle show | export
struct BundleArguments {
  std::string bundle;  // file of lines, or of one
  std::string root;    // export: trust root, for the chains
  std::string out;     // export: folder to make
};
int RunBundleShowCommand(const BundleArguments& arguments, const Output& output);
int RunBundleExportCommand(const BundleArguments& arguments, const Output& output);

// farm audit show | checkout | approve
struct AuditArguments {
  ManifestArguments manifest;
  std::string
      previous;  // show: manifest or digest to compare with; empty: the last approved, by --config
  std::string config;  // empty: no farmd is asked
  std::string store;
  SandboxArguments sandbox;
  std::string git;      // checkout: folder to make
  bool diff = false;    // approve: only what has changed since `base`
  std::string base;     // approve by diff: a manifest's file or digest; empty: as `previous`
  std::string key;      // approve
  std::string auditor;  // approve: id in the trust root; empty: found there by the key
  std::string root;     // approve: trust root; empty: the configuration's, else beside the key
  std::string farm;     // approve: URL of the farmd that gets it; empty: the configuration's
  std::string out;      // approve: file for the bundle line
};
int RunAuditShowCommand(const AuditArguments& arguments, const Output& output);
int RunAuditCheckoutCommand(const AuditArguments& arguments, const Output& output);
int RunAuditApproveCommand(const AuditArguments& arguments, const Output& output);
// farm source identify: unpack every source of a manifest and name its trees.
int RunSourceIdentifyCommand(const AuditArguments& arguments, const Output& output);

}  // namespace farm
