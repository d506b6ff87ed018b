// TileLog: a directory that is an append-only log, in the layout of C2SP tlog-tiles.
//   DIR/format                   "farm-tlog/1\n"
//   DIR/tile/<L>/<N>[.p/<W>]     hash tiles         DIR/tile/entries/<N>[.p/<W>]   leaves
//   DIR/payload/                 PAE bytes, by their sha256: payload_store.h
//   DIR/head                     the committed tree: checkpoint text, unsigned
//   DIR/checkpoint               the published note
//   DIR/closed                   the log that goes on from this one: it takes no more entries
//   DIR/diverged                 a note that witnesses have of this log and it has not: evidence
//   DIR/lock                     held while a server has the directory
//   DIR/reserve                  room kept for finishing when the disk is full
// Order of durability (DESIGN section 10): entries, tiles, their directories are on disk before
// the head names them; a head is on disk before anybody signs it.  What crashes leave beyond the
// head counts for nothing and is overwritten; a file of a committed tree never is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/client/tiles.h"
#include "farm/evidence/note.h"

namespace farm {

struct DiskLimits {
  std::uint64_t floor_bytes = 256 << 20;   // below this much free, no new entry is taken
  std::uint64_t reserve_bytes = 16 << 20;  // two thousand batches
  // Free bytes of the file system that holds a path; empty: the machine's answer.
  std::function<Result<std::uint64_t>(const std::string&)> free_bytes;
};

struct TileLogOptions {
  std::string origin;  // host name, no path, no port
  DiskLimits limits;
  // Called once, from any thread, when an I/O error has stopped the log; may be empty.
  std::function<void(const Error&)> on_stopped;
};

// Beside a log's directory: what `farm log recover` builds, and what it has replaced.
std::string PlaceOfRecovery(const std::string& directory);
std::string PlaceBeforeRecovery(const std::string& directory);
// In a log's directory: the origin of the log that goes on, and a newline.
constexpr std::string_view kClosedFile = "closed";
constexpr std::size_t kClosedBytesMax = 1025;
// "" where the log in this directory is open.  Errors: kMismatch exit 15 (malformed), kUnavailable.
Result<std::string> ReadSuccessor(const std::string& directory);

// Entry bundles and tiles of them are open at the same time: 40 files.
constexpr std::size_t kCommitLeavesMax = 4096;

// Commit: one thread at a time.  Everything else: any thread.
class TileLog {
 public:
  // Makes a new log in an empty or missing directory (whose parent must exist); opens an existing
  // one by reading every leaf hash: the index is rebuilt, and the root must be the head's
  // (LoadTree says what is checked and what is not).
  // Errors: kInvalidInput (another format or origin), kMismatch exit 15 (tiles do not make the
  // head: restore from a mirror; or there is none, and a recovery of it was begun: an empty log
  // would be a fork), kUnavailable (I/O; another server has the directory).
  static Result<std::unique_ptr<TileLog>> Open(FileSystem& files, const std::string& directory,
                                               TileLogOptions options);
  ~TileLog();

  const std::string& origin() const;
  Checkpoint head() const;  // the committed tree
  // Place of a leaf by its leaf hash.  Errors: kUnavailable (a tile is missing or damaged: nobody
  // can say then whether the leaf is new).
  Result<std::optional<std::uint64_t>> Find(const Digest& leaf_hash) const;

  // Appends new leaves (at most kCommitLeavesMax, of kEntryBytesMax each) in this order; returns
  // the head that has them and is on disk.  After any error the log is stopped: Commit answers the
  // same error for ever
  // ("fsync fails: stop, never retry"); what was committed stays readable.
  // Errors: kUnavailable exit 30 (I/O; the head on disk is not ours: two servers).
  Result<Checkpoint> Commit(const std::vector<std::string>& leaves);
  // Errors: kUnavailable exit 30 if new entries are refused: stopped, or the disk is below the
  // floor.
  Status CheckWritable();

  // Not success in a closed log: new entries, and payloads, are for the log that goes on from it.
  // Errors: kUnavailable exit 30: whoever asks is to be told of the other log, and then asks again.
  Status CheckOpen() const;

  // Puts PAE bytes under their digest, durably; idempotent.  Calls from many threads share their
  // syncs.  Errors: kUnavailable exit 30; the log is stopped then, or has been closed.
  Status PutPayload(const Digest& digest, std::string_view pae);
  // Publishes a signed note over the head: durable before it returns.  Then drops partial tiles
  // that the new tree no longer has.  Errors: kUnavailable; the log is stopped then.
  Status Publish(const Checkpoint& checkpoint, std::string_view note);
  // The published note, "" if there is none yet.
  std::string published() const;

  // Keeps a note that this log has signed and a witness has cosigned, of a tree that it has not:
  // from then on, and after every start, the log has diverged.  Durable before it returns.
  // Errors: kUnavailable; the log is stopped then.
  Status KeepDivergence(std::string_view note);
  std::string diverged() const;  // that note, "" if there is none

  // Proofs within the committed tree; those of neighbours cost little more than one.
  // Errors: kUnavailable (a tile is missing or damaged).
  Result<std::vector<std::vector<Digest>>> Inclusions(const std::vector<std::uint64_t>& indexes,
                                                      std::uint64_t tree_size) const;
  Result<std::vector<Digest>> Consistency(std::uint64_t old_size, std::uint64_t new_size) const;

  // What a reader gets for a path without leading slash: "checkpoint", "tile/...",
  // "payload/<hex>".  A partial tile is answered from any wider one.  Errors: kNotFound.
  struct Resource {
    std::string content_type;
    std::string bytes;
    bool immutable = false;
  };
  Result<Resource> Read(std::string_view path) const;

 private:
  struct State;
  explicit TileLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm
