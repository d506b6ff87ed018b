#include "farm/client/log_reader.h"

#include <algorithm>
#include <limits>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr std::size_t kPaeBytesMax = kPayloadBytesMax + 256;  // "DSSEv1", the type, two lengths

Error LogError(ErrorCode code, const LogTrust& trust, std::string_view what) {
  return Error{code, "log " + trust.origin + ": " + std::string(what), ExitCode::kLogProof};
}

// 200 -> the body; 404 -> kNotFound; anything else -> kUnavailable.
Result<std::string> Fetch(HttpClient& http, const std::string& path, std::size_t bytes_max) {
  ASSIGN_OR_RETURN(HttpReply reply, http.Get("/" + path, bytes_max));
  if (reply.status == 200) return std::move(reply.body);
  return Error{reply.status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
               http.peer() + " at " + http.url() + ": " + path + ": HTTP status " +
                   std::to_string(reply.status)};
}

// A partial tile may be gone once the tile is full.  One that a witnessed head has is there some
// day: whoever asks must ask again, and not take it for an answer that it is missing now.
Result<std::string> FetchTile(HttpClient& http, TileId tile, std::size_t bytes_max) {
  auto bytes = Fetch(http, TilePath(tile), bytes_max);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound && tile.width != kTileWidth) {
    tile.width = kTileWidth;
    bytes = Fetch(http, TilePath(tile), bytes_max);
  }
  if (bytes || bytes.error().code != ErrorCode::kNotFound) return bytes;
  return Error{ErrorCode::kUnavailable, bytes.error().message + "; ask again"};
}

}  // namespace

Result<LogTrust> LogTrustOf(const TrustRoot& root, std::string_view origin,
                            std::size_t witnesses_needed) {
  const Log* log = root.FindLog(origin);
  if (log == nullptr) {
    return Error{ErrorCode::kNotFound, "trust root: no log with origin " + Printable(origin, 80)};
  }
  const Revocation* revoked = FindKeyRevocation(root, log->key.KeyId());
  if (revoked != nullptr && !revoked->compromised_since && !log->end) {
    return Error{ErrorCode::kUntrusted, "trust root: the key of log " + log->origin + " is revoked",
                 ExitCode::kRevoked};
  }
  LogTrust trust{log->origin, log->key, {}, witnesses_needed, log->end};
  if (revoked != nullptr) {
    // Of a closed log only its end is left: CheckHead.
    trust.compromised_since =
        revoked->compromised_since.value_or(std::numeric_limits<UnixSeconds>::min());
  }
  for (const Witness& witness : root.witnesses) {
    if (FindKeyRevocation(root, witness.key.KeyId()) != nullptr) continue;
    trust.witnesses.push_back({witness.name, witness.key,
                               root.development ? "" : witness.operator_id, witness.valid_for});
  }
  return trust;
}

Result<WitnessedHead> CheckHead(std::string_view bytes, const LogTrust& trust) {
  auto note = ParseNote(bytes);
  if (!note) return Wrap("checkpoint of log " + trust.origin, note.error());
  auto checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint) return Wrap("checkpoint of log " + trust.origin, checkpoint.error());
  if (checkpoint->origin != trust.origin) {
    return LogError(ErrorCode::kUntrusted, trust,
                    "checkpoint is of another log: " + Printable(checkpoint->origin, 80));
  }
  RETURN_IF_ERROR(CheckNoteSignature(*note, trust.origin, trust.key));
  if (trust.end && IsBeyondEnd(*checkpoint, *trust.end)) {
    return LogError(ErrorCode::kUntrusted, trust,
                    "was closed at size " + std::to_string(trust.end->size) +
                        ", its checkpoint is another or later");
  }
  if (trust.end && IsEnd(*checkpoint, *trust.end)) {
    return WitnessedHead{*checkpoint, std::string(bytes), 0};
  }
  std::map<std::string, UnixSeconds> first;  // operator, or witness where that is not asked
  std::vector<std::string> missing;
  for (const WitnessKey& witness : trust.witnesses) {
    auto time = CheckCosignature(*note, witness.name, witness.key);
    if (time && witness.valid_for.Contains(*time)) {
      const std::string counted =
          witness.operator_id.empty() ? "\n" + witness.name : witness.operator_id;
      UnixSeconds& earliest = first.emplace(counted, *time).first->second;
      earliest = std::min(earliest, *time);
    } else if (time) {
      missing.push_back(witness.name + " (not valid at " + FormatTime(*time) + ")");
    } else if (time.error().code == ErrorCode::kNotFound) {
      missing.push_back(witness.name);
    } else {
      return time.error();
    }
  }
  std::vector<UnixSeconds> times;
  for (const auto& [counted, time] : first) times.push_back(time);
  if (times.size() < trust.witnesses_needed) {
    return Error{
        ErrorCode::kUntrusted,
        "log " + trust.origin + ": checkpoint of size " + std::to_string(checkpoint->size) +
            " has " + Amount(times.size(), "good cosignature") + ", want " +
            std::to_string(trust.witnesses_needed) +
            (missing.empty() ? "; no other witness counts" : "; missing: " + Join(missing, ", ")),
        ExitCode::kWitnesses};
  }
  std::sort(times.begin(), times.end());
  WitnessedHead head{*checkpoint, std::string(bytes), 0};
  if (trust.witnesses_needed > 0) head.witnessed_at = times[trust.witnesses_needed - 1];
  if (!trust.compromised_since) return head;
  if (trust.witnesses_needed > 0 && head.witnessed_at < *trust.compromised_since) return head;
  return Error{ErrorCode::kUntrusted,
               "log " + trust.origin + ": its key is revoked since " +
                   FormatTime(*trust.compromised_since) + ", and its checkpoint of size " +
                   std::to_string(checkpoint->size) + " was not witnessed before",
               ExitCode::kRevoked};
}

Result<UnixSeconds> WitnessedTime(const std::string& url, LogTrust trust) {
  trust.witnesses_needed = std::max<std::size_t>(trust.witnesses_needed, 1);
  ASSIGN_OR_RETURN(const std::unique_ptr<LogReader> reader, LogReader::Open(url, std::move(trust)));
  ASSIGN_OR_RETURN(const WitnessedHead head, reader->Head());
  return head.witnessed_at;
}

Result<std::unique_ptr<LogReader>> LogReader::Open(const std::string& url, LogTrust trust) {
  ASSIGN_OR_RETURN(HttpClient http, HttpClient::Open(url, "log " + trust.origin));
  return std::unique_ptr<LogReader>(new LogReader(std::move(http), std::move(trust)));
}

Result<WitnessedHead> LogReader::Head() {
  ASSIGN_OR_RETURN(const std::string note, Fetch(http_, "checkpoint", kNoteBytesMax));
  ASSIGN_OR_RETURN(WitnessedHead head, CheckHead(note, trust_));
  MutexLock lock(mutex_);
  if (head.checkpoint.size < verified_.size()) {
    return LogError(ErrorCode::kMismatch, trust_,
                    "went back from size " + std::to_string(verified_.size()) + " to " +
                        std::to_string(head.checkpoint.size));
  }
  return head;
}

Result<std::vector<VerifiedEntry>> LogReader::ReadNew(const WitnessedHead& head) {
  const Checkpoint& tree = head.checkpoint;
  MutexLock lock(mutex_);
  Frontier frontier = verified_;
  if (tree.size < frontier.size()) {
    return LogError(ErrorCode::kMismatch, trust_, "the head is older than what was read before");
  }
  // At the end of a bundle, lest the next call read it again.
  const std::uint64_t end =
      std::min(tree.size, frontier.size() - frontier.size() % kTileWidth + kReadEntriesMax);
  std::vector<VerifiedEntry> entries;
  while (frontier.size() < end) {
    const std::uint64_t index = frontier.size() / kTileWidth;
    const std::uint64_t width = TileWidthAt(0, index, tree.size);
    const TileId id{TileId::kEntries, index, width};
    auto bytes = FetchTile(http_, id, kHttpBodyBytesMax);
    if (!bytes) return Wrap("reading log " + trust_.origin, bytes.error());
    // The full bundle may have come in the place of a partial one.
    auto bundle = ParseEntryBundle(*bytes, width);
    if (!bundle && width != kTileWidth) bundle = ParseEntryBundle(*bytes, kTileWidth);
    if (!bundle) return LogError(ErrorCode::kMismatch, trust_, bundle.error().message);
    for (std::uint64_t i = frontier.size() % kTileWidth; i < width; ++i) {
      entries.push_back({frontier.size(), std::move((*bundle)[i])});
      frontier.Append(LeafHash(entries.back().leaf));
    }
  }
  RETURN_IF_ERROR(CheckIsIn(frontier, tree));
  verified_ = std::move(frontier);
  return entries;
}

Status LogReader::CheckIsIn(const Frontier& read, const Checkpoint& head) {
  if (read.size() < head.size) {
    const auto proof = Consistency({read.size(), read.Root()}, head);
    if (proof) return {};
    return Wrap("log " + trust_.origin + ": its first " + std::to_string(read.size()) +
                    " entries in the tree that was witnessed at size " + std::to_string(head.size),
                proof.error());
  }
  if (read.Root() == head.root) return {};
  return LogError(
      ErrorCode::kMismatch, trust_,
      "its entries do not make the root that was witnessed at size " + std::to_string(head.size));
}

Result<std::string> LogReader::PayloadOf(const std::string& leaf) {
  ASSIGN_OR_RETURN(const LeafFacts facts, ParseCanonicalizedBody(leaf));
  return Payload(facts.pae_digest);
}

Result<std::string> LogReader::Payload(const Digest& pae_digest) {
  auto bytes = Fetch(http_, "payload/" + pae_digest.Hex(), kPaeBytesMax);
  if (!bytes) {
    Error error = bytes.error();
    if (error.code == ErrorCode::kNotFound) error.exit = ExitCode::kLogProof;
    return error;
  }
  if (Sha256(*bytes) != pae_digest) {
    return LogError(ErrorCode::kMismatch, trust_,
                    "payload " + pae_digest.Text() + ": has digest " + Sha256(*bytes).Text());
  }
  return bytes;
}

Result<std::vector<Digest>> LogReader::Consistency(const OldTree& old_tree,
                                                   const Checkpoint& head) {
  if (old_tree.size > head.size) {
    return LogError(ErrorCode::kMismatch, trust_,
                    "size " + std::to_string(old_tree.size) + " is beyond the head's " +
                        std::to_string(head.size));
  }
  const SubtreeHash hash = SubtreeHashFromTiles(head.size, [this](const TileId& tile) {
    return FetchTile(http_, tile, kTileWidth * Digest::kSize);
  });
  ASSIGN_OR_RETURN(std::vector<Digest> proof, ConsistencyHashes(old_tree.size, head.size, hash));
  RETURN_IF_ERROR(CheckConsistency(old_tree.size, old_tree.root, head.size, head.root, proof));
  return proof;
}

}  // namespace farm
