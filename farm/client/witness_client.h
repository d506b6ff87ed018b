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
// Posts a body to a witness and gives its reply; the seam for tests.
using PostToWitness = std::function<Result<HttpReply>(const std::string& body)>;
// Over HTTP to <url>/add-checkpoint.  Errors: kInvalidInput (URL).
Result<PostToWitness> OpenWitness(const std::string& url, const std::string& name);
// Errors: kUnavailable exit 30, kMismatch exit 15 (422: the witness has seen another history),
// kUntrusted exit 25 (403, 404: it does not know this log or key), kInvalidInput (nonsense).
Result<WitnessAnswer> AskWitness(const PostToWitness& post, const AddCheckpointRequest& request,
                                 std::string_view witness_name);

}  // namespace farm
