#include "farm/site/config.h"

#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kPeersMax = 64;

// {"address","serverName","url"}; a site only appends, "url" is for those who read.
Result<Endpoint> ParseLog(const Json& json, const std::string& where, const TlsFiles& tls) {
  Json endpoint = json;
  endpoint.erase("url");
  return ParseEndpoint(endpoint, where, tls);
}

Status ParseTimestamp(const Json& json, const std::string& where, SiteConfig& config) {
  JsonFields fields(json, where);
  config.timestamp_url = fields.String("url");
  if (fields.Has("authority")) config.timestamp_authority = fields.String("authority");
  return fields.Finish();
}

}  // namespace

Result<SiteConfig> ParseSiteConfig(const ConfigFile& file) {
  JsonFields fields(file.json, file.path);
  fields.Format(kConfigFormat);
  SiteConfig config;
  config.listen = fields.String("listen");
  config.id = fields.String("id");
  config.country = fields.String("country");
  config.files.root = file.Resolve(fields.String("root"));
  config.files.policy = file.Resolve(fields.String("policy"));
  config.key = file.ResolveKey(fields.String("key"));
  config.store = file.Resolve(fields.String("store"));
  config.work = file.Resolve(fields.String("work"));
  config.launcher = file.Resolve(fields.String("launcher"));
  config.peers = fields.Strings("peers", kPeersMax);
  if (config.peers.empty()) fields.Fail("peers", "nobody could ask; want at least one name");
  const std::string limits = fields.String("limits");
  if (limits != "kernel" && limits != "observed") {
    fields.Fail("limits", "want \"kernel\" or \"observed\"");
  }
  config.kernel_limits = limits == "kernel";
  const Json& tls = fields.Object("tls");
  const Json& authority = fields.Object("authority");
  const Json& log = fields.Object("log");
  const Json& timestamp = fields.Object("timestamp");
  RETURN_IF_ERROR(fields.Finish());

  ASSIGN_OR_RETURN(config.tls, ParseTlsFiles(tls, fields.Where("tls"), file.directory));
  ASSIGN_OR_RETURN(config.authority,
                   ParseAuthorityFiles(authority, fields.Where("authority"), file.directory));
  ASSIGN_OR_RETURN(config.log, ParseLog(log, fields.Where("log"), config.tls));
  RETURN_IF_ERROR(ParseTimestamp(timestamp, fields.Where("timestamp"), config));
  return config;
}

}  // namespace farm
