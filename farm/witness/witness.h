// A witness: cosigns the checkpoints of logs that it knows, never two that contradict each other.
// Spec: C2SP tlog-witness, tlog-cosignature.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/client/http.h"
#include "farm/crypto/key.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"
#include "farm/sign/signer.h"

namespace farm {

struct WitnessedLog {
  std::string origin;
  PublicKey key;                             // Ed25519
  std::optional<LogEnd> end = std::nullopt;  // where the root says that it was closed
};

// Knows no HTTP server; thread-safe.  State: DIR/<hex sha256 of origin>/checkpoint, the latest note
// with our cosignature, on disk before an answer leaves.
class WitnessCore {
 public:
  // `files`, `clock` outlive it.  Errors: kInvalidInput (state that does not read, key not
  // Ed25519), kUnavailable (another witness has the directory).
  static Result<std::unique_ptr<WitnessCore>> Open(FileSystem& files, const std::string& directory,
                                                   std::string name, std::unique_ptr<Signer> key,
                                                   std::vector<WitnessedLog> logs,
                                                   const Clock& clock);
  ~WitnessCore();
  // POST add-checkpoint.  Status 200 with cosignature lines; 400 malformed, or old > size; 403 no
  // good signature of the log's key, or beyond the end of a closed log; 404 unknown origin; 409 old
  // is not what we have (the body says what we have); 422 proof or root wrong; 500 stopped: our
  // state could not be stored.
  HttpReply AddCheckpoint(std::string_view body);
  // GET <hex sha256(origin)>/checkpoint.  404 if there is none.
  HttpReply LatestCheckpoint(std::string_view origin_hash) const;
  // Entries in the latest tree of this log that we have cosigned; 0: none.
  std::uint64_t CosignedSize(std::string_view origin) const;
  // POST /add-checkpoint, GET /<hash>/checkpoint.
  HttpReply Handle(const HttpRequest& request);
  // The error that stopped it, if any: end the program then.
  Status Health() const;

 private:
  struct State;
  explicit WitnessCore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm
