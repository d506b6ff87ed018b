#include "farm/verify/trust.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/base/found_file.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/trust_root_changes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kTrustMemoryBytesMax = 64 << 10;
constexpr int kUpdatesBesideMax = 16;  // while one root is read; more is no update

std::string RootFile(const std::string& directory) { return JoinPath(directory, "root.json"); }
std::string TrustFile(const std::string& directory) { return JoinPath(directory, "trust.json"); }

std::string RootOfTree(const std::string& tree, std::int64_t version) {
  return JoinPath(tree, "root/" + std::to_string(version) + ".json");
}

// A file of the customer's own: whoever could open what is locked could keep him waiting.
Result<FileLock> TrustLock(const std::string& directory) {
  return FileLock::WaitFor(JoinPath(directory, "lock"), kLockWaitMax);
}

// The memory first: at no moment, and after no crash, is there a root that it does not name.
// `memory`: as it was before, of a root.json that one may have left who died before its name was
// durable.
Status WriteTrust(FileSystem& files, const std::string& directory, const TrustMemory& memory,
                  const PinnedTrust& trust) {
  TrustMemory opened = trust.memory;
  if (memory.newest != trust.root.digest) {
    opened = memory;
    opened.next = {trust.root.digest, trust.root.version};
  }
  RETURN_IF_ERROR(files.SyncDirectory(directory));
  RETURN_IF_ERROR(WriteDurably(files, TrustFile(directory), WriteTrustMemory(opened)));
  RETURN_IF_ERROR(WriteDurably(files, RootFile(directory), trust.root_bytes));
  if (!opened.next) return {};
  return WriteDurably(files, TrustFile(directory), WriteTrustMemory(trust.memory));
}

Error NothingPinned(const std::string& directory) {
  return Error{ErrorCode::kNotFound, "no root is pinned in " + directory +
                                         ": farm-verify trust init ROOT --fingerprint SHA256"};
}

// The memory of a folder whose root.json is `root`, one that it names.
TrustMemory Closed(TrustMemory memory, const TrustRoot& root) {
  memory.newest = root.digest;
  memory.newest_version = root.version;
  memory.next.reset();
  return memory;
}

bool Names(const TrustMemory& memory, const TrustRoot& root) {
  return root.digest == memory.newest || (memory.next && root.digest == memory.next->digest);
}

std::string NameOfRoot(std::int64_t version, const Digest& digest) {
  return "root " + std::to_string(version) + ", SHA-256 " + digest.Hex();
}

// For people: which root may stand in root.json.
std::string RootsNamed(const TrustMemory& memory) {
  std::string text = NameOfRoot(memory.newest_version, memory.newest);
  if (memory.next) text += ", or " + NameOfRoot(memory.next->version, memory.next->digest);
  return text;
}

// Root `version` of the tree; absent where there is no such file.
Result<std::optional<PinnedTrust>> ReadStep(const std::string& tree, std::int64_t version) {
  const std::string path = RootOfTree(tree, version);
  ASSIGN_OR_RETURN(const bool is_there, IsThere(path));
  if (!is_there) return std::optional<PinnedTrust>();
  PinnedTrust step;
  ASSIGN_OR_RETURN(step.root_bytes, ReadFoundFile(path, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(step.root, ParseTrustRoot(step.root_bytes, path));
  if (step.root.version != version) {
    return Error{ErrorCode::kInvalidInput,
                 path + ": is root " + std::to_string(step.root.version) + " under another's name"};
  }
  return std::optional<PinnedTrust>(std::move(step));
}

// The highest number in the tree's folder of roots.
Result<std::int64_t> NewestInTree(const std::string& tree) {
  const std::string folder = JoinPath(tree, "root");
  const Result<std::vector<std::string>> names = ListDirectory(folder);
  if (!names && names.error().code != ErrorCode::kNotFound) return names.error();
  std::int64_t newest = 0;
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    if (!name.ends_with(".json")) continue;
    const auto number = ParseDecimal(std::string_view(name).substr(0, name.size() - 5),
                                     static_cast<unsigned long long>(kJsonIntegerMax));
    if (number) newest = std::max(newest, static_cast<std::int64_t>(*number));
  }
  if (newest > 0) return newest;
  return Error{ErrorCode::kNotFound,
               folder + " holds no roots; want the folder of a published tree, with root/N.json"};
}

// root.json is gone, and trust.json is not: that still says which root may stand there.
Result<PinnedTrust> BringBack(const std::string& directory, const TrustMemory& memory,
                              PinnedTrust trust) {
  if (Names(memory, trust.root)) {
    trust.memory = Closed(memory, trust.root);
    return trust;
  }
  return Error{ErrorCode::kUntrusted,
               RootFile(directory) + " is gone, and trust.json remembers " + RootsNamed(memory) +
                   ": want that one; to begin anew remove trust.json",
               ExitCode::kRollback};
}

// Nothing is pinned, and root.json may be there all the same.
Status CheckNoOtherByHand(const std::string& directory, const std::string& bytes) {
  const std::string path = RootFile(directory);
  ASSIGN_OR_RETURN(const bool is_there, IsThere(path));
  if (!is_there) return {};
  ASSIGN_OR_RETURN(const std::string old, ReadFoundFile(path, kTrustRootBytesMax));
  if (old == bytes) return {};
  return Error{ErrorCode::kUntrusted, path + " is another root, put there by hand: move it away",
               ExitCode::kRollback};
}

// The tree's own root of the pinned version, where it keeps one, says the same.
Status CheckSameHistory(const std::string& tree, const TrustRoot& pinned) {
  ASSIGN_OR_RETURN(const std::optional<PinnedTrust> same, ReadStep(tree, pinned.version));
  if (!same || WriteTrustRootSigned(same->root) == WriteTrustRootSigned(pinned)) return {};
  return Error{ErrorCode::kUntrusted,
               RootOfTree(tree, pinned.version) +
                   ": is another root of the version that is "
                   "pinned: somebody shows two histories",
               ExitCode::kRollback};
}

}  // namespace

Result<TrustMemory> ParseTrustMemory(std::string_view json, std::string_view where) {
  ASSIGN_OR_RETURN(const Json value, ParseJson(json, where, kTrustMemoryBytesMax));
  JsonFields fields(value, std::string(where));
  TrustMemory memory;
  fields.Format("farm-trust/1");
  memory.pinned = fields.DigestOf("pinned");
  memory.pinned_version = fields.Integer("pinnedVersion", 1, kJsonIntegerMax);
  memory.newest = fields.DigestOf("newest");
  memory.newest_version = fields.Integer("newestVersion", 1, kJsonIntegerMax);
  if (fields.ok() && memory.newest_version < memory.pinned_version) {
    fields.Fail("newestVersion", "is before pinnedVersion");
  }
  if (fields.Has("next") || fields.Has("nextVersion")) {
    const Digest digest = fields.DigestOf("next");
    memory.next = {digest, fields.Integer("nextVersion", 1, kJsonIntegerMax)};
    if (fields.ok() && memory.next->version <= memory.newest_version) {
      fields.Fail("nextVersion", "is not after newestVersion");
    }
  }
  RETURN_IF_ERROR(fields.Finish());
  return memory;
}

std::string WriteTrustMemory(const TrustMemory& memory) {
  Json json = {{"format", "farm-trust/1"},
               {"newest", memory.newest.Text()},
               {"newestVersion", memory.newest_version},
               {"pinned", memory.pinned.Text()},
               {"pinnedVersion", memory.pinned_version}};
  if (memory.next) {
    json["next"] = memory.next->digest.Text();
    json["nextVersion"] = memory.next->version;
  }
  return WriteReadableJson(json);
}

Result<Digest> ParseFingerprint(std::string_view text) {
  if (text.starts_with("sha256:") || text.starts_with("SHA256:")) text.remove_prefix(7);
  std::string hex;
  for (const char c : text) {
    if (c == ' ' || c == ':') continue;
    hex += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const auto digest = Digest::ParseHex(hex);
  if (digest) return *digest;
  return Error{ErrorCode::kInvalidInput,
               "a fingerprint is the SHA-256 of the root's file, 64 hex digits, as sha256sum "
               "prints it; found " +
                   Printable(text, 100)};
}

Result<std::string> DefaultTrustDirectory() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return JoinPath(config, "farm");
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return JoinPath(home, ".config/farm");
  return Error{ErrorCode::kNotFound, "neither HOME nor XDG_CONFIG_HOME is set"};
}

Result<std::optional<TrustMemory>> ReadTrustMemory(const std::string& directory) {
  const std::string path = TrustFile(directory);
  ASSIGN_OR_RETURN(const bool is_there, IsThere(path));
  if (!is_there) return std::optional<TrustMemory>();
  ASSIGN_OR_RETURN(const std::string json, ReadFoundFile(path, kTrustMemoryBytesMax));
  ASSIGN_OR_RETURN(const TrustMemory memory, ParseTrustMemory(json, path));
  return std::optional(memory);
}

Status CheckRemembered(const TrustRoot& root, const TrustMemory& memory) {
  if (Names(memory, root)) return {};
  return Error{ErrorCode::kUntrusted,
               "root.json is " + NameOfRoot(root.version, root.digest) +
                   ", which nobody has pinned or followed; trust.json beside it remembers " +
                   RootsNamed(memory) +
                   ": move root.json away, bring that one back with farm-verify trust init, and "
                   "take newer ones with farm-verify trust update",
               ExitCode::kRollback};
}

// The memory names a root before that is written (WriteTrust): one that it does not name is older
// than the memory, and is another when it is read again, or it is none of the folder's.
Result<std::optional<TrustMemory>> HoldToPinned(const std::string& directory,
                                                const std::function<Result<TrustRoot>()>& read,
                                                TrustRoot& root) {
  for (int i = 0;; ++i) {
    ASSIGN_OR_RETURN(const std::optional<TrustMemory> memory, ReadTrustMemory(directory));
    if (!memory) return memory;
    const Status remembered = CheckRemembered(root, *memory);
    if (remembered) return memory;
    const Digest before = root.digest;
    ASSIGN_OR_RETURN(root, read());
    if (root.digest == before || i + 1 == kUpdatesBesideMax) return remembered.error();
  }
}

Result<PinnedTrust> ReadPinnedTrust(const std::string& directory) {
  PinnedTrust trust;
  ASSIGN_OR_RETURN(const std::optional<TrustMemory> memory, ReadTrustMemory(directory));
  if (!memory) return NothingPinned(directory);
  trust.memory = *memory;
  ASSIGN_OR_RETURN(trust.root_bytes, ReadFoundFile(RootFile(directory), kTrustRootBytesMax));
  ASSIGN_OR_RETURN(trust.root, ParseTrustRoot(trust.root_bytes, RootFile(directory)));
  RETURN_IF_ERROR(CheckRemembered(trust.root, trust.memory));
  trust.memory = Closed(trust.memory, trust.root);
  return trust;
}

Result<PinnedTrust> PinTrust(FileSystem& files, const std::string& directory,
                             const std::string& bytes, const Digest& fingerprint) {
  const Digest found = Sha256(bytes);
  if (found != fingerprint) {
    return Error{ErrorCode::kMismatch, "the root's fingerprint is " + found.Hex() + ", want " +
                                           fingerprint.Hex() +
                                           ": ask again, another way, which root is right"};
  }
  PinnedTrust trust;
  ASSIGN_OR_RETURN(trust.root, ParseTrustRoot(bytes, "the root"));
  trust.root_bytes = bytes;
  trust.memory = {found, trust.root.version, found, trust.root.version};
  RETURN_IF_ERROR(MakeDirectoriesDurably(files, directory));
  ASSIGN_OR_RETURN(const FileLock lock, TrustLock(directory));
  Result<PinnedTrust> known = ReadPinnedTrust(directory);
  if (known) {
    // Pinned before, and perhaps followed since, by one that died before it was durable.
    if (known->memory.pinned == found) {
      RETURN_IF_ERROR(WriteTrust(files, directory, known->memory, *known));
      return known;
    }
    return Error{ErrorCode::kUntrusted,
                 directory + " has another root pinned, version " +
                     std::to_string(known->root.version) +
                     ": farm-verify trust update follows it; to begin anew remove root.json and "
                     "trust.json there",
                 ExitCode::kRollback};
  }
  if (known.error().code != ErrorCode::kNotFound) return known;
  ASSIGN_OR_RETURN(const std::optional<TrustMemory> memory, ReadTrustMemory(directory));
  if (memory) {
    ASSIGN_OR_RETURN(trust, BringBack(directory, *memory, std::move(trust)));
  } else {
    RETURN_IF_ERROR(CheckNoOtherByHand(directory, bytes));
  }
  RETURN_IF_ERROR(WriteTrust(files, directory, trust.memory, trust));
  return trust;
}

Result<TrustUpdate> UpdateTrust(FileSystem& files, const std::string& directory,
                                const std::string& tree) {
  TrustUpdate update;
  ASSIGN_OR_RETURN(const bool is_pinned, IsThere(TrustFile(directory)));
  if (!is_pinned) return NothingPinned(directory);
  ASSIGN_OR_RETURN(const FileLock lock, TrustLock(directory));
  ASSIGN_OR_RETURN(update.before, ReadPinnedTrust(directory));
  update.after = update.before;
  const std::int64_t pinned = update.before.root.version;
  ASSIGN_OR_RETURN(const std::int64_t newest, NewestInTree(tree));
  if (newest < pinned) {
    return Error{ErrorCode::kUntrusted,
                 "the newest root of " + tree + " is " + std::to_string(newest) + ", but root " +
                     std::to_string(pinned) + " is pinned: this tree is older",
                 ExitCode::kRollback};
  }
  RETURN_IF_ERROR(CheckSameHistory(tree, update.before.root));
  if (newest - pinned > kRootStepsMax) {
    return Error{ErrorCode::kLimitExceeded, "root " + std::to_string(newest) + " is more than " +
                                                std::to_string(kRootStepsMax) +
                                                " steps from the pinned root " +
                                                std::to_string(pinned)};
  }
  for (std::int64_t version = pinned + 1; version <= newest; ++version) {
    ASSIGN_OR_RETURN(std::optional<PinnedTrust> next, ReadStep(tree, version));
    if (!next) {
      return Error{ErrorCode::kNotFound, RootOfTree(tree, version) +
                                             " is missing, though the tree has root " +
                                             std::to_string(newest) + ": no step may be left out"};
    }
    const Status follows = CheckNextRoot(next->root, update.after.root);
    if (!follows) return Wrap(RootOfTree(tree, version), follows.error());
    next->memory = update.before.memory;
    update.after = *std::move(next);
  }
  update.after.memory = Closed(update.after.memory, update.after.root);
  if (newest > pinned) update.changes = DescribeChanges(update.before.root, update.after.root);
  RETURN_IF_ERROR(WriteTrust(files, directory, update.before.memory, update.after));
  return update;
}

}  // namespace farm
