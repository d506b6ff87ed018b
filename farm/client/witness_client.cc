#include "farm/client/witness_client.h"

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 << 10;
constexpr std::string_view kSizeType = "text/x.tlog.size";

Error Malformed(std::string_view what) {
  return Error{ErrorCode::kInvalidInput, "add-checkpoint: " + std::string(what)};
}

// The size that a 409 tells; a proxy's own 409 does not.
std::optional<std::uint64_t> SizeIn(const HttpReply& reply) {
  std::string_view text = reply.body;
  if (reply.content_type != kSizeType || !text.ends_with("\n")) return std::nullopt;
  text.remove_suffix(1);
  const auto size = ParseDecimal(text, ~0ull >> 1);
  if (!size) return std::nullopt;
  return *size;
}

// The cosignature lines, read as the tail of a note.
Result<std::vector<NoteSignature>> ParseLines(const std::string& body) {
  ASSIGN_OR_RETURN(Note note, ParseNote("x\n\n" + body));
  return std::move(note.signatures);
}

}  // namespace

std::string WriteAddCheckpoint(const AddCheckpointRequest& request) {
  std::string body = "old " + std::to_string(request.old_size) + "\n";
  for (const Digest& hash : request.proof) body += Base64Encode(hash.bytes()) + "\n";
  return body + "\n" + request.note;
}

Result<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body) {
  if (body.size() > kAddCheckpointBytesMax) {
    return Error{ErrorCode::kLimitExceeded, "add-checkpoint: body too long"};
  }
  AddCheckpointRequest request;
  const auto line = [&body]() -> std::optional<std::string_view> {
    const std::size_t end = body.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = body.substr(0, end);
    body.remove_prefix(end + 1);
    return text;
  };
  const auto old = line();
  if (!old || !old->starts_with("old ")) return Malformed("first line: want \"old <size>\"");
  auto size = ParseDecimal(old->substr(4), ~0ull >> 1);
  if (!size) return Malformed("first line: not a size");
  request.old_size = *size;
  while (true) {
    const auto text = line();
    if (!text) return Malformed("no empty line before the checkpoint");
    if (text->empty()) break;
    if (request.proof.size() == kConsistencyHashesMax) return Malformed("more than 63 hashes");
    auto hash = Base64Decode(*text);
    if (!hash || hash->size() != Digest::kSize) return Malformed("a proof line is not a hash");
    request.proof.push_back(Digest::FromBytes(*hash));
  }
  if (body.empty()) return Malformed("no checkpoint");
  request.note = std::string(body);
  return request;
}

Result<WitnessDoor> OpenWitness(const std::string& url, const std::string& name) {
  ASSIGN_OR_RETURN(HttpClient client, HttpClient::Open(url, "witness " + name));
  // shared: a std::function must be copyable.
  auto http = std::make_shared<HttpClient>(std::move(client));
  return WitnessDoor{[http](const std::string& body) {
                       return http->Post("/add-checkpoint", body, "text/plain; charset=utf-8",
                                         kAnswerBytesMax);
                     },
                     [http](const std::string& path) { return http->Get(path, kNoteBytesMax); }};
}

Result<WitnessAnswer> AskWitness(const PostToWitness& post, const AddCheckpointRequest& request,
                                 std::string_view witness_name) {
  const std::string witness = "witness " + std::string(witness_name);
  ASSIGN_OR_RETURN(const HttpReply reply, post(WriteAddCheckpoint(request)));
  const std::string said =
      witness + " answered " + std::to_string(reply.status) + ": " + Printable(reply.body, 200);
  WitnessAnswer answer;
  switch (reply.status) {
    case 200: {
      auto lines = ParseLines(reply.body);
      if (!lines) return Wrap(witness, lines.error());
      answer.lines = std::move(*lines);
      return answer;
    }
    case 409: {
      answer.has_size = SizeIn(reply);
      if (answer.has_size) return answer;
      return Error{ErrorCode::kInvalidInput,
                   said + "; want a size and a newline as " + std::string(kSizeType)};
    }
    case 403:
    case 404:
      return Error{ErrorCode::kUntrusted,
                   said + "; its configuration must list this log's origin and Ed25519 key",
                   ExitCode::kRefused};
    case 422:
      return Error{ErrorCode::kMismatch, said + "; it has seen another history of this log",
                   ExitCode::kLogProof};
    default:
      return Error{reply.status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalidInput, said};
  }
}

Result<WitnessedHead> LatestOfWitness(const GetFromWitness& get, const std::string& origin,
                                      const PublicKey& log_key, const WitnessKey& witness) {
  ASSIGN_OR_RETURN(const HttpReply reply, get("/" + Sha256(origin).Hex() + "/checkpoint"));
  if (reply.status != 200) {
    return Error{reply.status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                 "witness " + witness.name + ": answered " + std::to_string(reply.status) +
                     " when asked for its latest checkpoint of " + origin};
  }
  auto head = CheckHead(reply.body, {origin, log_key, {witness}, 1});
  if (!head) return Wrap("witness " + witness.name, head.error());
  return head;
}

}  // namespace farm
