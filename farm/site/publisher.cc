#include "farm/site/publisher.h"

#include <utility>

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

Result<Bundle> Publisher::Publish(const SiteParts::Publication& publication) {
  ASSIGN_OR_RETURN(TimestampAuthority authority, FindAuthority(publication.root, authority_));
  ASSIGN_OR_RETURN(const std::unique_ptr<TimestampClient> timestamp,
                   TimestampClient::Open(timestamp_url_, std::move(authority.chain)));
  return StampAndLog({publication.record, publication.epoch, publication.keep}, *timestamp, *log_);
}

}  // namespace farm
