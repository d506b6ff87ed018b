#include "farm/site/publisher.h"

#include <utility>

#include "farm/base/files.h"

namespace farm {
namespace {

Result<TimestampAuthority> FindAuthority(const TrustRoot& root, const std::string& name) {
  if (name.empty() && root.timestamp_authorities.size() == 1) {
    return root.timestamp_authorities.front();
  }
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    if (authority.name == name) return authority;
  }
  return Error{ErrorCode::kInvalidInput,
               "the trust root lists " + std::to_string(root.timestamp_authorities.size()) +
                   " time-stamping authorities, none of them named \"" + name +
                   "\"; name the one in use in the configuration, timestamp.authority"};
}

}  // namespace

Result<std::unique_ptr<Publisher>> Publisher::Open(const Endpoint& log, std::string timestamp_url,
                                                   std::string authority) {
  ASSIGN_OR_RETURN(std::unique_ptr<LogClient> client, LogClient::Open(log));
  return std::unique_ptr<Publisher>(
      new Publisher(std::move(client), std::move(timestamp_url), std::move(authority)));
}

Result<std::unique_ptr<TimestampClient>> Publisher::OpenTimestamp(const TrustRoot& root) {
  ASSIGN_OR_RETURN(TimestampAuthority authority, FindAuthority(root, authority_));
  return TimestampClient::Open(timestamp_url_, std::move(authority.chain));
}

Result<UnixSeconds> Publisher::TimestampClock(const std::string& root) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(root, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(const TrustRoot listed, ParseTrustRoot(bytes, root));
  ASSIGN_OR_RETURN(const std::unique_ptr<TimestampClient> timestamp, OpenTimestamp(listed));
  return timestamp->Now();
}

Result<Bundle> Publisher::Publish(const SiteParts::Publication& publication) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TimestampClient> timestamp,
                   OpenTimestamp(publication.root));
  return StampAndLog({publication.record, publication.epoch, publication.keep}, *timestamp, *log_);
}

}  // namespace farm
