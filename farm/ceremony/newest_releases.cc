#include "farm/ceremony/newest_releases.h"

#include <sys/stat.h>

#include <optional>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/found_file.h"
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

// By what the releases of a tree are judged.
struct Demands {
  TrustRoot root;
  Policy policy;
  UnixSeconds now = 0;
  std::optional<Bundle> status = {};  // a sound one
  std::set<Digest> withdrawn = {};    // by it
};

// A status that does not count any more (its monitor has left the root) is in nobody's way: whoever
// can put such a one there can as well take a good one away.
Status ReadStatusOfTree(const std::string& directory, Demands& demands,
                        std::vector<std::string>& warnings) {
  const std::string path = JoinPath(directory, "status.json");
  if (!FileExists(path)) return {};
  ASSIGN_OR_RETURN(const std::string text, ReadFoundFile(path, kBundleFileBytesMax));
  ASSIGN_OR_RETURN(std::vector<Bundle> lines, ParseBundleFile(text, path));
  if (lines.size() != 1) {
    return Error{ErrorCode::kInvalidInput,
                 path + ": has " + std::to_string(lines.size()) + " lines, want one"};
  }
  const Result<SoundStatus> sound = VerifyStatus(lines.front(), demands.root, demands.policy);
  if (!sound) {
    warnings.push_back(path + " is not heeded: " + sound.error().message);
    return {};
  }
  for (const WithdrawnRelease& one : sound->statement.withdrawn) {
    demands.withdrawn.insert(one.release);
  }
  demands.status = std::move(lines.front());
  return {};
}

// A release that the tree holds, not yet judged.
struct Candidate {
  JudgedRelease release;
  std::string folder;
  std::vector<Bundle> lines;
  Release statement;
  Digest digest() const { return lines.front().PaeDigest(); }
};

// Absent: the lines of something else (a kit).
Result<std::optional<Candidate>> ReadCandidate(const std::string& path,
                                               const std::string& product) {
  Candidate candidate;
  candidate.release.product = product;
  candidate.folder = DirectoryName(path);
  ASSIGN_OR_RETURN(candidate.release.bundle_file, ReadFoundFile(path, kBundleFileBytesMax));
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

Result<std::optional<Candidate>> FindNewest(const std::string& folder, const std::string& product,
                                            const Demands& demands) {
  const auto serves = [&](const std::optional<Candidate>& candidate) {
    return candidate && !demands.withdrawn.contains(candidate->digest());
  };
  std::optional<Candidate> newest;
  ASSIGN_OR_RETURN(const std::vector<std::string> versions, ListDirectory(folder));
  for (const std::string& version : versions) {
    const std::string path = JoinPath(folder, version);
    if (version.starts_with(".") || !IsFolder(path)) continue;
    ASSIGN_OR_RETURN(std::optional<Candidate> found, FindInVersion(path, product));
    if (serves(found) && (!newest || found->release.sequence > newest->release.sequence)) {
      newest = std::move(found);
    }
  }
  const std::string pointer = JoinPath(folder, kNewestName);
  if (!FileExists(pointer)) return newest;
  ASSIGN_OR_RETURN(const std::optional<Candidate> published, ReadCandidate(pointer, product));
  const std::int64_t sequence = newest ? newest->release.sequence : 0;
  if (serves(published) && published->release.sequence > sequence) {
    return Error{ErrorCode::kUntrusted,
                 pointer + ": has sequence " + std::to_string(published->release.sequence) +
                     ", but the newest release that is there has " + std::to_string(sequence) +
                     "; bring the missing one back",
                 ExitCode::kRollback};
  }
  return newest;
}

Status JudgeCandidate(const Candidate& candidate, const Demands& demands) {
  VerdictInput input;
  input.lines = candidate.lines;
  input.root = demands.root;
  input.policy = demands.policy;
  input.status = demands.status;
  input.at = demands.now;
  input.allow_development_root = true;  // the customer decides; every verdict says it
  std::vector<ReleaseFile> files;
  for (const Artifact& artifact : candidate.statement.artifacts) {
    if (artifact.name.find('/') != std::string::npos) {
      return Error{ErrorCode::kInvalidInput,
                   candidate.folder + ": " + Printable(artifact.name, 120) + " is no file's name"};
    }
    ASSIGN_OR_RETURN(const FileDigest digest,
                     DigestOfFoundFile(JoinPath(candidate.folder, artifact.name)));
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

Result<NewestReleases> FindNewestReleases(const std::string& directory, const TrustRoot& root,
                                          const Policy& policy, UnixSeconds now) {
  // What comes after a release is asked for by each customer; no release has it yet.
  Demands demands{root, WithoutLaterDemands(policy), now};
  NewestReleases found;
  RETURN_IF_ERROR(ReadStatusOfTree(directory, demands, found.warnings));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  for (const std::string& name : names) {
    const std::string folder = JoinPath(directory, name);
    if (name.starts_with(".") || name == "root" || name == "tuf" || name == "by-digest" ||
        !IsFolder(folder)) {
      continue;
    }
    ASSIGN_OR_RETURN(std::optional<Candidate> newest, FindNewest(folder, name, demands));
    if (!newest) continue;
    RETURN_IF_ERROR(JudgeCandidate(*newest, demands));
    found.releases.push_back(std::move(newest->release));
    if (found.releases.size() > kTufTargetsMax - 3) {
      return Error{ErrorCode::kLimitExceeded,
                   directory + ": more than " + std::to_string(kTufTargetsMax - 3) + " products"};
    }
  }
  return found;
}

}  // namespace farm
