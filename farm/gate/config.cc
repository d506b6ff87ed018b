#include "farm/gate/config.h"

#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kPeersMax = 64;

}  // namespace

Result<SignerConfig> ParseSignerConfig(const ConfigFile& file) {
  JsonFields fields(file.json, file.path);
  fields.Format(kConfigFormat);
  SignerConfig config;
  config.listen = fields.String("listen");
  config.id = fields.String("id");
  config.files.root = file.Resolve(fields.String("root"));
  config.files.policy = file.Resolve(fields.String("policy"));
  config.key = file.ResolveKey(fields.String("key"));
  config.state = file.Resolve(fields.String("state"));
  config.peers = fields.Strings("peers", kPeersMax);
  if (config.peers.empty()) fields.Fail("peers", "nobody could ask; want at least one name");
  const Json& tls = fields.Object("tls");
  const Json& authority = fields.Object("authority");
  const Json& log = fields.Object("log");
  RETURN_IF_ERROR(fields.Finish());

  ASSIGN_OR_RETURN(config.tls, ParseTlsFiles(tls, fields.Where("tls"), file.directory));
  ASSIGN_OR_RETURN(config.authority,
                   ParseAuthorityFiles(authority, fields.Where("authority"), file.directory));
  JsonFields log_fields(log, fields.Where("log"));
  config.log.url = log_fields.String("url");
  if (log_fields.Has("origin")) config.log.origin = log_fields.String("origin");
  const Json* closed =
      log_fields.Has("closed") ? &log_fields.Array("closed", kLogsBeforeMax) : nullptr;
  RETURN_IF_ERROR(log_fields.Finish());
  if (closed == nullptr) return config;
  ASSIGN_OR_RETURN(config.log.closed,
                   ParseClosedLogMirrors(*closed, log_fields.Where("closed"), file));
  return config;
}

}  // namespace farm
