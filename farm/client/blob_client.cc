#include "farm/client/blob_client.h"

#include <algorithm>

#include "farm/proto/farm.grpc.pb.h"
#include "farm/store/blob_store.h"

namespace farm {
namespace {

void SetDeadline(grpc::ClientContext& context, std::chrono::seconds deadline) {
  context.set_deadline(std::chrono::system_clock::now() + deadline);
}

}  // namespace

struct BlobClient::State {
  std::string peer;
  std::unique_ptr<v1::Blobs::Stub> stub;
};

BlobClient::BlobClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer)
    : state_(std::make_unique<State>(State{std::move(peer), v1::Blobs::NewStub(channel)})) {}
BlobClient::~BlobClient() = default;

Result<std::vector<Digest>> BlobClient::Missing(const std::vector<Digest>& digests) {
  std::vector<Digest> missing;
  for (std::size_t begin = 0; begin < digests.size(); begin += kMissingDigestsMax) {
    const std::size_t end = std::min(digests.size(), begin + kMissingDigestsMax);
    v1::MissingRequest request;
    for (std::size_t i = begin; i < end; ++i) request.add_digest(digests[i].Text());
    v1::MissingReply reply;
    grpc::ClientContext context;
    SetDeadline(context, kCallDeadline);
    const grpc::Status status = state_->stub->Missing(&context, request, &reply);
    if (!status.ok()) return FromGrpc(status, state_->peer);
    for (const std::string& text : reply.digest()) {
      auto digest = Digest::Parse(text);
      if (!digest) return Wrap(state_->peer, digest.error());
      missing.push_back(*digest);
    }
  }
  return missing;
}

Status BlobClient::Put(const Digest& digest, BlobStore& from, const Cancelled& cancelled) {
  grpc::ClientContext context;
  SetDeadline(context, kBlobDeadline);
  CancellationWatch watch(context, cancelled);
  v1::PutReply reply;
  auto writer = state_->stub->Put(&context, &reply);
  v1::PutRequest first;
  first.set_digest(digest.Text());
  bool open = writer->Write(first);
  Status read = from.Get(digest, [&](std::string_view bytes) -> Status {
    while (open && !bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kBlobPieceBytes);
      bytes.remove_prefix(piece.size());
      v1::PutRequest request;
      request.set_piece(piece.data(), piece.size());
      open = writer->Write(request);
    }
    // The peer has hung up: its status says why.
    if (!open) return Error{ErrorCode::kUnavailable, "the peer ended the transfer"};
    return {};
  });
  if (!read && open) {
    context.TryCancel();
    (void)writer->Finish();
    return read;
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromGrpc(status, state_->peer);
  return {};
}

Status BlobClient::Get(const Digest& digest, BlobStore& to, const Cancelled& cancelled) {
  grpc::ClientContext context;
  SetDeadline(context, kBlobDeadline);
  CancellationWatch watch(context, cancelled);
  v1::GetBlobRequest request;
  request.set_digest(digest.Text());
  auto reader = state_->stub->Get(&context, request);
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, to.NewWriter());
  v1::GetBlobReply reply;
  Status written;
  while (written && reader->Read(&reply)) written = writer->Append(reply.piece());
  if (!written) {
    context.TryCancel();
    (void)reader->Finish();
    return written;
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return FromGrpc(status, state_->peer);
  auto stored = writer->CommitAs(digest);
  if (!stored) return Wrap("blob from " + state_->peer, stored.error());
  return {};
}

Status BlobClient::PutMissing(const std::vector<Digest>& digests, BlobStore& from,
                              const Cancelled& cancelled) {
  ASSIGN_OR_RETURN(const std::vector<Digest> missing, Missing(digests));
  for (const Digest& digest : missing) RETURN_IF_ERROR(Put(digest, from, cancelled));
  return {};
}

}  // namespace farm
