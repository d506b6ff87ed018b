#include "farm/ceremony/newest_releases.h"

#include <sys/stat.h>

#include <optional>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/ceremony/tuf_metadata.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr std::string_view kBundleEnding = ".sigstore.jsonl";
constexpr std::string_view kNewestName = "newest.sigstore.jsonl";

bool IsFolder(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

// A release that the tree holds, not yet judged.
struct Candidate {
  JudgedRelease release;
  std::string folder;
  std::vector<Bundle> lines;
  Release statement;
};

// Absent: the lines of something else (a kit).
Result<std::optional<Candidate>> ReadCandidate(const std::string& path,
                                               const std::string& product) {
  Candidate candidate;
  candidate.release.product = product;
  candidate.folder = DirectoryName(path);
  ASSIGN_OR_RETURN(candidate.release.bundle_file, ReadFile(path, kBundleFileBytesMax));
  ASSIGN_OR_RETURN(candidate.lines, ParseBundleFile(candidate.release.bundle_file, path));
  auto statement = ParseStatementAs<Release>(candidate.lines.front().envelope.payload, path);
  if (!statement) return std::optional<Candidate>();
  const auto manifest = ViewManifest(statement->manifest);
  if (!manifest || manifest->product != product) {
    return Error{ErrorCode::kMismatch, path + ": is not of the product " + Printable(product, 80)};
  }
  candidate.release.sequence = statement->sequence;
  candidate.statement = *std::move(statement);
  return std::optional<Candidate>(std::move(candidate));
}

// The lines beside every file of a version are the same: the first that is a release's will do.
Result<std::optional<Candidate>> FindInVersion(const std::string& folder,
                                               const std::string& product) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(kBundleEnding)) continue;
    ASSIGN_OR_RETURN(std::optional<Candidate> found,
                     ReadCandidate(JoinPath(folder, name), product));
    if (found) return found;
  }
  return std::optional<Candidate>();
}

Result<std::optional<Candidate>> FindNewest(const std::string& folder, const std::string& product) {
  std::optional<Candidate> newest;
  ASSIGN_OR_RETURN(const std::vector<std::string> versions, ListDirectory(folder));
  for (const std::string& version : versions) {
    const std::string path = JoinPath(folder, version);
    if (version.starts_with(".") || !IsFolder(path)) continue;
    ASSIGN_OR_RETURN(std::optional<Candidate> found, FindInVersion(path, product));
    if (found && (!newest || found->release.sequence > newest->release.sequence)) {
      newest = std::move(found);
    }
  }
  const std::string pointer = JoinPath(folder, kNewestName);
  if (!FileExists(pointer)) return newest;
  ASSIGN_OR_RETURN(const std::optional<Candidate> published, ReadCandidate(pointer, product));
  const std::int64_t sequence = newest ? newest->release.sequence : 0;
  if (published && published->release.sequence > sequence) {
    return Error{ErrorCode::kUntrusted,
                 pointer + ": has sequence " + std::to_string(published->release.sequence) +
                     ", but the newest release that is there has " + std::to_string(sequence) +
                     "; bring the missing one back",
                 ExitCode::kRollback};
  }
  return newest;
}

Status JudgeCandidate(const Candidate& candidate, const TrustRoot& root, const Policy& policy,
                      UnixSeconds now) {
  VerdictInput input;
  input.lines = candidate.lines;
  input.root = root;
  input.policy = policy;
  input.at = now;
  input.allow_development_root = true;  // the customer decides; every verdict says it
  std::vector<ReleaseFile> files;
  for (const Artifact& artifact : candidate.statement.artifacts) {
    if (artifact.name.find('/') != std::string::npos) {
      return Error{ErrorCode::kInvalidInput,
                   candidate.folder + ": " + Printable(artifact.name, 120) + " is no file's name"};
    }
    ASSIGN_OR_RETURN(const FileDigest digest,
                     DigestOfFile(JoinPath(candidate.folder, artifact.name)));
    files.push_back({artifact.name, digest.digest, digest.size});
  }
  const Verdict verdict = JudgeRelease(input, files);
  if (verdict.proved()) return {};
  std::string message = candidate.folder + ": is newest, and does not verify:";
  for (const RuleOutcome& rule : verdict.rules) {
    if (!rule.held) message += "\n  " + rule.rule + ": " + rule.found;
  }
  return Error{ErrorCode::kUntrusted, message, verdict.exit};
}

}  // namespace

Result<std::vector<JudgedRelease>> FindNewestReleases(const std::string& directory,
                                                      const TrustRoot& root, const Policy& policy,
                                                      UnixSeconds now) {
  std::vector<JudgedRelease> releases;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  for (const std::string& name : names) {
    const std::string folder = JoinPath(directory, name);
    if (name.starts_with(".") || name == "root" || name == "tuf" || name == "by-digest" ||
        !IsFolder(folder)) {
      continue;
    }
    ASSIGN_OR_RETURN(std::optional<Candidate> newest, FindNewest(folder, name));
    if (!newest) continue;
    RETURN_IF_ERROR(JudgeCandidate(*newest, root, policy, now));
    releases.push_back(std::move(newest->release));
    if (releases.size() > kTufTargetsMax - 3) {
      return Error{ErrorCode::kLimitExceeded,
                   directory + ": more than " + std::to_string(kTufTargetsMax - 3) + " products"};
    }
  }
  return releases;
}

}  // namespace farm
