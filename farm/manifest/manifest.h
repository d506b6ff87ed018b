// Manifest: what one release is made of, complete and valid.  People write it as protobuf text;
// its identity is the digest of its canonical JSON, `farm-manifest/1` (manifests/FORMAT.md).
// Whatever one of the two parsers returns has passed LintManifest.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/manifest_view.h"  // Requires

namespace farm {

// A raw input: an archive, a .dsc, ...
struct SourceFile {
  std::string name;  // no slash
  Digest digest;
  std::uint64_t size = 0;
  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

// Where a source was had: for people, and for whoever fetches its files.
struct DebianOrigin {
  std::string package;
  std::string version;
  friend bool operator==(const DebianOrigin&, const DebianOrigin&) = default;
};
struct ArchiveOrigin {
  std::string url;
  friend bool operator==(const ArchiveOrigin&, const ArchiveOrigin&) = default;
};
struct GitOrigin {
  std::string url;
  std::string commit;     // SHA-1, 40 hex
  std::string tree_sha1;  // SHA-1 git tree, 40 hex
  friend bool operator==(const GitOrigin&, const GitOrigin&) = default;
};
struct DirectoryOrigin {
  std::string path;
  friend bool operator==(const DirectoryOrigin&, const DirectoryOrigin&) = default;
};
using SourceOrigin = std::variant<DebianOrigin, ArchiveOrigin, GitOrigin, DirectoryOrigin>;

// "debian", "archive", "git", "directory".
std::string_view KindName(const SourceOrigin& origin);

struct ManifestSource {
  std::string name;
  std::string tree;  // SHA-256 git tree of the unpacked source, 64 hex: what is approved
  std::vector<SourceFile> files;  // debian: the .dsc first, then what it lists; others: exactly one
  SourceOrigin origin;
  friend bool operator==(const ManifestSource&, const ManifestSource&) = default;
};

// What lies in a step's work directory when it starts: a source, or an output of an earlier step.
struct StepInput {
  std::string at;      // relative to /build
  std::string source;  // a source's name, or empty
  std::string step;    // if `source` is empty: an earlier step ...
  std::string path;    // ... and one of its outputs
  friend bool operator==(const StepInput&, const StepInput&) = default;
};

// Always filled in; the defaults are those of manifests/FORMAT.md.
struct StepLimits {
  std::int64_t wall_seconds = 7200;
  std::int64_t cpu_seconds = 28800;
  std::int64_t memory_bytes = std::int64_t{4} << 30;
  std::int64_t processes = 4096;
  std::int64_t disk_bytes = std::int64_t{8} << 30;
  std::int64_t disk_inodes = 1'000'000;
  std::int64_t log_bytes = std::int64_t{64} << 20;
  std::int64_t output_bytes = std::int64_t{4} << 30;
  std::int64_t silence_seconds = 1800;
  friend bool operator==(const StepLimits&, const StepLimits&) = default;
};

struct Step {
  std::string name;
  std::vector<StepInput> inputs;
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::string directory;             // relative to /build; empty is /build itself
  std::vector<std::string> outputs;  // relative to /build
  StepLimits limits;
  bool loopback = false;
  std::string determinism = "off";  // or "fixed", "full"
  friend bool operator==(const Step&, const Step&) = default;
};

// One of a step's outputs, published under its file name.
struct ManifestArtifact {
  std::string name;  // file name of `path`
  std::string step;
  std::string path;
  friend bool operator==(const ManifestArtifact&, const ManifestArtifact&) = default;
};

struct Manifest {
  std::string product;
  std::string version;
  std::int64_t revision = 1;
  std::string architecture = "amd64";
  UnixSeconds source_date_epoch = 0;
  std::vector<ManifestSource> sources;
  std::string toolchain;  // manifests/toolchains/<toolchain>.lock.textproto
  Digest lock;            // of the canonical farm-lock/1
  std::vector<Step> steps;
  std::vector<ManifestArtifact> artifacts;  // sorted by name
  Requires requirements;
};

constexpr std::size_t kManifestBytesMax = 4 << 20;  // the largest of ours has 10 kB
constexpr std::size_t kManifestSourcesMax = 256;
constexpr std::size_t kManifestFilesMax = 256;  // of one source
constexpr std::size_t kManifestStepsMax = 1024;
constexpr std::size_t kManifestInputsMax = 1024;    // of one step
constexpr std::size_t kManifestOutputsMax = 1024;   // of one step
constexpr std::size_t kManifestArgvMax = 1024;      // words
constexpr std::size_t kManifestTextMax = 64 << 10;  // bytes of one word or value
constexpr std::size_t kManifestPathMax = 1024;
constexpr std::size_t kManifestNameMax = 128;

// What people write: protobuf text of farm.v1.Manifest.  `file_name` is for messages.
// Errors: kInvalidInput, one line a problem, each naming file, line, field and what was expected
// (at most 20); kLimitExceeded.
Result<Manifest> ParseManifestText(std::string_view text, std::string_view file_name);

// Exactly the bytes that CanonicalManifest writes.  Errors: kInvalidInput (not JSON, unknown or
// missing field, not canonical, refused by LintManifest), kLimitExceeded.
Result<Manifest> ParseManifestJson(std::string_view bytes);

// The rules of admission, manifests/FORMAT.md "Rules": names, paths, digests, sizes, limits, order
// of steps, outputs declared and used, nothing that makes a build depend on its machine or on the
// network.  Errors: kInvalidInput, one line a problem naming the field.  Pure.
Status LintManifest(const Manifest& manifest);

// What is allowed and still worth a thought before approval, one line each, beginning with the
// field.  Empty for most.  Pure.
std::vector<std::string> ManifestWarnings(const Manifest& manifest);

// Canonical JSON, `farm-manifest/1`.
std::string CanonicalManifest(const Manifest& manifest);
// SHA-256 of CanonicalManifest: the manifest's identity.
Digest ManifestDigest(const Manifest& manifest);

// Protobuf text that ParseManifestText reads back to the same manifest, for people.
std::string WriteManifestText(const Manifest& manifest);

// The source or step of that name; nullptr if there is none.
const ManifestSource* FindSource(const Manifest& manifest, std::string_view name);
const Step* FindStep(const Manifest& manifest, std::string_view name);

}  // namespace farm
