// Asking a witness for its cosignature.  Spec: C2SP tlog-witness, add-checkpoint.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/http.h"
#include "farm/client/log_reader.h"
#include "farm/evidence/note.h"

namespace farm {

constexpr std::size_t kConsistencyHashesMax = 63;
constexpr std::size_t kAddCheckpointBytesMax = kNoteBytesMax + std::size_t{64} * 45 + 64;

struct AddCheckpointRequest {
  std::uint64_t old_size = 0;
  std::vector<Digest> proof;
  std::string note;  // the signed checkpoint
};
// "old <size>\n" + base64 hashes, a line each + "\n" + note.
std::string WriteAddCheckpoint(const AddCheckpointRequest& request);
// Errors: kInvalidInput, kLimitExceeded.
Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);

// What a witness says to a request that is well formed.
struct WitnessAnswer {
  std::vector<NoteSignature> lines;       // 200: its cosignatures
  std::optional<std::uint64_t> has_size;  // 409: the size that it has seen
};
// Posts a body to a witness' add-checkpoint and gives its reply; with GetFromWitness the seam for
// tests.
using PostToWitness = std::function<Result<HttpReply>(const std::string& body)>;
// Reads a path, which begins with a slash, below its monitoring prefix.
using GetFromWitness = std::function<Result<HttpReply>(const std::string& path)>;
struct WitnessDoor {
  PostToWitness post;
  GetFromWitness get;
};
// Over HTTP; `url` is submission and monitoring prefix.  Errors: kInvalidInput (URL).
Result<WitnessDoor> OpenWitness(const std::string& url, const std::string& name);
// Errors: kUnavailable exit 30, kMismatch exit 15 (422: the witness has seen another history),
// kUntrusted exit 25 (403, 404: it does not know this log or key), kInvalidInput (nonsense, a 409
// without its size as text/x.tlog.size among it).  409 and 422 are anybody's words on the wire:
// what proves them is LatestOfWitness.
Result<WitnessAnswer> AskWitness(const PostToWitness& post, const AddCheckpointRequest& request,
                                 std::string_view witness_name);

// The latest checkpoint of a log that the witness serves, signed by the log and cosigned by the
// witness; it may be an hour old.  Errors: kNotFound (it has none, or serves none), kUnavailable,
// those of CheckHead.
Result<WitnessedHead> LatestOfWitness(const GetFromWitness& get, const std::string& origin,
                                      const PublicKey& log_key, const WitnessKey& witness);

}  // namespace farm
