#include "farm/service/config.h"

#include <algorithm>
#include <utility>

#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kSitesMax = 64;
constexpr std::size_t kMonitorsMax = 16;
constexpr std::size_t kRolesMax = 4;

Status ParseCoordinator(const ConfigFile& file, const Json& json, const std::string& where,
                        FarmConfig& config) {
  JsonFields fields(json, where);
  config.coordinator_id = fields.String("id");
  config.coordinator_key = file.ResolveKey(fields.String("key"));
  const Json& authority = fields.Object("authority");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(config.coordinator_authority,
                   ParseAuthorityFiles(authority, fields.Where("authority"), file.directory));
  return {};
}

Status ParseLog(const ConfigFile& file, const Json& json, const std::string& where,
                FarmConfig& config) {
  JsonFields fields(json, where);
  config.log_url = fields.String("url");
  if (fields.Has("origin")) config.log_origin = fields.String("origin");
  const Json* closed = fields.Has("closed") ? &fields.Array("closed", kLogsBeforeMax) : nullptr;
  fields.Ignore("address");
  fields.Ignore("serverName");
  RETURN_IF_ERROR(fields.Finish());
  if (closed != nullptr) {
    ASSIGN_OR_RETURN(config.closed_logs,
                     ParseClosedLogMirrors(*closed, fields.Where("closed"), file));
  }
  Json endpoint = json;
  for (const char* other : {"url", "origin", "closed"}) endpoint.erase(other);
  ASSIGN_OR_RETURN(config.log, ParseEndpoint(endpoint, where, config.tls));
  return {};
}

Status ParseTimestamp(const Json& json, const std::string& where, FarmConfig& config) {
  JsonFields fields(json, where);
  config.timestamp_url = fields.String("url");
  if (fields.Has("authority")) config.timestamp_authority = fields.String("authority");
  return fields.Finish();
}

Status ParseSites(const Json& list, const std::string& where, FarmConfig& config) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = where + "[" + std::to_string(i) + "]";
    JsonFields fields(list[i], at);
    SiteAddress site;
    site.id = fields.String("id");
    fields.Ignore("address");
    fields.Ignore("serverName");
    RETURN_IF_ERROR(fields.Finish());
    if (std::ranges::count(config.sites, site.id, &SiteAddress::id) != 0) {
      return Error{ErrorCode::kInvalidInput, at + ".id: \"" + site.id + "\" stands there twice"};
    }
    Json endpoint = list[i];
    endpoint.erase("id");
    ASSIGN_OR_RETURN(site.endpoint, ParseEndpoint(endpoint, at, config.tls));
    config.sites.push_back(std::move(site));
  }
  return {};
}

Status ParseRoles(const Json& json, const std::string& where, FarmConfig& config) {
  JsonFields fields(json, where);
  for (const auto& [name, list] : json.items()) {
    for (const std::string& word : fields.Strings(name, kRolesMax)) {
      if (word == "read")
        config.roles[name].insert(Role::kRead);
      else if (word == "submit")
        config.roles[name].insert(Role::kSubmit);
      else if (word == "approve")
        config.roles[name].insert(Role::kApprove);
      else if (word == "certify")
        config.roles[name].insert(Role::kCertify);
      else
        fields.Fail(
            name, "found \"" + word + "\", want \"read\", \"submit\", \"approve\" or \"certify\"");
    }
  }
  return fields.Finish();
}

}  // namespace

Result<FarmConfig> ParseFarmConfig(const ConfigFile& file) {
  JsonFields fields(file.json, file.path);
  fields.Format(kConfigFormat);
  FarmConfig config;
  config.listen = fields.String("listen");
  config.root = file.Resolve(fields.String("root"));
  config.policy = file.Resolve(fields.String("policy"));
  config.store = file.Resolve(fields.String("store"));
  config.database = file.Resolve(fields.String("database"));
  config.published = file.Resolve(fields.String("published"));
  if (fields.Has("diskFloorBytes")) {
    config.disk_floor_bytes =
        static_cast<std::uint64_t>(fields.Integer("diskFloorBytes", 0, kJsonIntegerMax));
  }
  if (fields.Has("monitors")) config.monitors = fields.Strings("monitors", kMonitorsMax);
  const Json& tls = fields.Object("tls");
  const Json& coordinator = fields.Object("coordinator");
  const Json& log = fields.Object("log");
  const Json& timestamp = fields.Object("timestamp");
  const Json& signer = fields.Object("signer");
  const Json& sites = fields.Array("sites", kSitesMax);
  const Json& roles = fields.Object("roles");
  RETURN_IF_ERROR(fields.Finish());

  ASSIGN_OR_RETURN(config.tls, ParseTlsFiles(tls, fields.Where("tls"), file.directory));
  RETURN_IF_ERROR(ParseCoordinator(file, coordinator, fields.Where("coordinator"), config));
  RETURN_IF_ERROR(ParseLog(file, log, fields.Where("log"), config));
  RETURN_IF_ERROR(ParseTimestamp(timestamp, fields.Where("timestamp"), config));
  ASSIGN_OR_RETURN(config.signer, ParseEndpoint(signer, fields.Where("signer"), config.tls));
  RETURN_IF_ERROR(ParseSites(sites, fields.Where("sites"), config));
  RETURN_IF_ERROR(ParseRoles(roles, fields.Where("roles"), config));
  return config;
}

}  // namespace farm
