// Ledger: the farm's memory of what it has caused outside itself, a table of effects in SQLite.
//   effects(release, kind, key, epoch, digest, note)  PRIMARY KEY (release, kind, key)
//   payloads(digest, bytes)                           what `digest` names
// A row is inserted once and never changed: whoever comes second finds the first one's row.  The
// stage of a release is a pure function of its rows (state.h), so a program that dies at any point
// goes on from there (DESIGN section 10).
//   DIR/lock      held while a farmd runs on DIR
//   DIR/epoch     the epoch of the last start, decimal
//   DIR/farm.db   SQLite 3, journal_mode=DELETE, synchronous=EXTRA, one connection
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/result.h"

namespace farm {

constexpr std::size_t kPayloadBytesMaxInLedger = 64 << 20;  // as one RPC message at most

struct Effect {
  std::string kind;  // "request.signed", "intent.logged", ...: state.h
  std::string key;   // which one of the kind; "" if there can be only one
  std::uint64_t epoch = 0;
  Digest digest;     // of the payload; zero if there is none
  std::string note;  // small facts that the state needs without reading payloads
};

struct NewEffect {
  std::string kind;
  std::string key;
  std::string note;
  std::string payload;  // empty: none
};

// Where a test may make the ledger fail, or the "machine" stop.
enum class LedgerMoment { kBeforeCommit, kAfterCommit };

struct LedgerOptions {
  std::string directory;  // made if missing; its parent must exist
  UnixSeconds now = 0;
  std::function<Status(LedgerMoment)> fault_for_test;  // an error is returned as the insert's own
};

// Thread-safe.  Errors: kUnavailable exit 30 (I/O, disk full), naming the directory.
class Ledger {
 public:
  // Errors: kUnavailable exit 30 (another farmd runs on this directory), kInvalidInput (a database
  // of another format).
  static Result<std::unique_ptr<Ledger>> Open(FileSystem& files, const LedgerOptions& options);
  ~Ledger();

  // Grows with each start, even if the database was deleted in between: at least the time of the
  // start in seconds.  Written into every effect, and told to signer, log and sites.
  std::uint64_t epoch() const;
  // All or nothing; rows that are there stay as they are.  Durable when it has succeeded.
  Status Insert(const std::string& release, const std::vector<NewEffect>& effects);
  Result<std::vector<Effect>> Rows(const std::string& release) const;  // sorted
  Result<std::vector<std::string>> Releases() const;                   // sorted
  // Errors: kNotFound.
  Result<std::string> Payload(const Digest& digest) const;
  // True after an error that leaves unknown what is on the disk: stop, never retry.
  bool broken() const;

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm
