#include "farm/client/timestamp_client.h"

#include "farm/crypto/timestamp.h"
#include "farm/sign/doctor.h"

namespace farm {
namespace {

constexpr std::size_t kTimestampReplyBytesMax = 64
                                                << 10;  // with a chain of four certificates: 6 kB

}  // namespace

Result<std::unique_ptr<TimestampClient>> TimestampClient::Open(const std::string& url,
                                                               std::vector<Certificate> chain) {
  ASSIGN_OR_RETURN(HttpClient http, HttpClient::Open(url, "time-stamping authority"));
  return std::unique_ptr<TimestampClient>(new TimestampClient(std::move(http), std::move(chain)));
}

Result<std::string> TimestampClient::Stamp(std::string_view signature) {
  ASSIGN_OR_RETURN(HttpReply reply,
                   http_.Post("/", MakeTimestampRequest(signature), "application/timestamp-query",
                              kTimestampReplyBytesMax));
  const std::string peer = http_.peer() + " at " + http_.url();
  if (reply.status != 200) {
    return Error{ErrorCode::kUnavailable, peer + ": HTTP status " + std::to_string(reply.status),
                 ExitCode::kUnavailable};
  }
  if (auto time = CheckTimestamp(reply.body, signature, chain_); !time) {
    return Wrap(peer, time.error());
  }
  return std::move(reply.body);
}

Result<UnixSeconds> TimestampClient::Now() {
  const std::string canary = MakeCanary();
  ASSIGN_OR_RETURN(const std::string reply, Stamp(canary));
  return CheckTimestamp(reply, canary, chain_);
}

}  // namespace farm
