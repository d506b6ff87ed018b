#include "farm/service/blob_door.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "farm/client/blob_client.h"
#include "farm/client/channel.h"

namespace farm {

Result<StoredBlob> BlobDoor::Receive(grpc::ServerReader<v1::PutRequest>& reader) {
  RETURN_IF_ERROR(check_disk_());
  v1::PutRequest piece;
  if (!reader.Read(&piece)) {
    return Error{ErrorCode::kInvalidInput, "an empty Put; want a digest, then pieces"};
  }
  ASSIGN_OR_RETURN(const Digest digest, Digest::Parse(piece.digest()));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, blobs_.NewWriter());
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

grpc::Status BlobDoor::Missing(grpc::ServerContext* context, const v1::MissingRequest* request,
                               v1::MissingReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kRead, Role::kSubmit}, "ask for blobs");
  if (!caller) return ToGrpc(caller.error());
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

grpc::Status BlobDoor::Put(grpc::ServerContext* context, grpc::ServerReader<v1::PutRequest>* reader,
                           v1::PutReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kSubmit}, "put blobs");
  if (!caller) return ToGrpc(caller.error());
  const auto stored = Receive(*reader);
  if (!stored) return ToGrpc(stored.error());
  reply->set_size(stored->size);
  return grpc::Status::OK;
}

grpc::Status BlobDoor::Get(grpc::ServerContext* context, const v1::GetBlobRequest* request,
                           grpc::ServerWriter<v1::GetBlobReply>* writer) {
  const auto caller = authority_.Require(*context, {Role::kRead}, "get blobs");
  if (!caller) return ToGrpc(caller.error());
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
