#include "farm/client/blob_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "farm/client/blob_client.h"
#include "farm/client/server.h"

namespace farm {
namespace {

Result<StoredBlob> Receive(BlobStore& blobs, grpc::ServerReader<v1::PutRequest>& reader) {
  v1::PutRequest piece;
  if (!reader.Read(&piece)) {
    return Error{ErrorCode::kInvalidInput, "an empty Put; want a digest, then pieces"};
  }
  ASSIGN_OR_RETURN(const Digest digest, Digest::Parse(piece.digest()));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, blobs.NewWriter());
  std::uint64_t size = 0;
  do {
    size += piece.piece().size();
    if (size > kBlobBytesMax) {
      return Error{ErrorCode::kLimitExceeded,
                   digest.Text() + " has more than " + std::to_string(kBlobBytesMax) + " bytes"};
    }
    RETURN_IF_ERROR(writer->Append(piece.piece()));
  } while (reader.Read(&piece));
  return writer->CommitAs(digest);
}

}  // namespace

std::string_view ActionOf(BlobCall call) {
  switch (call) {
    case BlobCall::kMissing:
      return "ask for blobs";
    case BlobCall::kPut:
      return "put blobs";
    case BlobCall::kGet:
      return "get blobs";
  }
  return "get blobs";
}

BlobAdmission AdmitPeers(std::vector<std::string> peers) {
  return [peers = std::move(peers)](const grpc::ServerContext& context, BlobCall call) -> Status {
    RETURN_IF_ERROR(RequirePeer(context, peers, ActionOf(call)));
    return {};
  };
}

grpc::Status BlobService::Missing(grpc::ServerContext* context, const v1::MissingRequest* request,
                                  v1::MissingReply* reply) {
  if (Status status = admit_(*context, BlobCall::kMissing); !status) return ToGrpc(status);
  if (static_cast<std::size_t>(request->digest_size()) > kMissingDigestsMax) {
    return ToGrpc(
        Error{ErrorCode::kLimitExceeded,
              "more than " + std::to_string(kMissingDigestsMax) + " digests in one call"});
  }
  for (const std::string& text : request->digest()) {
    const auto digest = Digest::Parse(text);
    if (!digest) return ToGrpc(digest.error());
    if (!blobs_.Has(*digest)) reply->add_digest(text);
  }
  return grpc::Status::OK;
}

grpc::Status BlobService::Put(grpc::ServerContext* context,
                              grpc::ServerReader<v1::PutRequest>* reader, v1::PutReply* reply) {
  if (Status status = admit_(*context, BlobCall::kPut); !status) return ToGrpc(status);
  const auto stored = Receive(blobs_, *reader);
  if (!stored) return ToGrpc(stored.error());
  reply->set_size(stored->size);
  return grpc::Status::OK;
}

grpc::Status BlobService::Get(grpc::ServerContext* context, const v1::GetBlobRequest* request,
                              grpc::ServerWriter<v1::GetBlobReply>* writer) {
  if (Status status = admit_(*context, BlobCall::kGet); !status) return ToGrpc(status);
  const auto digest = Digest::Parse(request->digest());
  if (!digest) return ToGrpc(digest.error());
  return ToGrpc(blobs_.Get(*digest, [&](std::string_view bytes) -> Status {
    while (!bytes.empty()) {
      v1::GetBlobReply reply;
      const std::size_t size = std::min(bytes.size(), kBlobPieceBytes);
      reply.set_piece(std::string(bytes.substr(0, size)));
      bytes.remove_prefix(size);
      if (!writer->Write(reply)) {
        return Error{ErrorCode::kUnavailable, "the caller left", ExitCode::kCancelled};
      }
    }
    return {};
  }));
}

}  // namespace farm
