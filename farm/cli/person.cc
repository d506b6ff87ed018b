#include "farm/cli/person.h"

#include <cstdlib>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/client/config.h"
#include "farm/json/json.h"

namespace farm {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string DefaultPath() {
  if (std::string path = Environment("FARM_CONFIG"); !path.empty()) return path;
  const std::string folder = Environment("XDG_CONFIG_HOME");
  return JoinPath(!folder.empty() ? folder : JoinPath(Environment("HOME"), ".config"),
                  "farm/config.json");
}

}  // namespace

Result<PersonConfig> ReadPersonConfig(const std::string& path) {
  const std::string file_path = path.empty() ? DefaultPath() : path;
  auto file = ReadConfig(file_path);
  if (!file) {
    Error error = file.error();
    if (error.code == ErrorCode::kNotFound) {
      error.message += "; name your configuration with --config FILE or in FARM_CONFIG";
      error.exit = ExitCode::kInputMissing;
    }
    return error;
  }
  JsonFields fields(file->json, file->path);
  fields.Format(kConfigFormat);
  PersonConfig config;
  config.owner = file->owner;
  config.id = fields.String("id");
  config.key = file->ResolveKey(fields.String("key"));
  config.root_path = file->Resolve(fields.String("root"));
  config.policy_path = file->Resolve(fields.String("policy"));
  config.store_path = file->Resolve(fields.String("store"));
  const Json& tls_json = fields.Object("tls");
  const Json& farm_json = fields.Object("farm");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(TlsFiles tls, ParseTlsFiles(tls_json, fields.Where("tls"), file->directory));
  tls.configured_by = file->owner;
  ASSIGN_OR_RETURN(config.farm, ParseEndpoint(farm_json, fields.Where("farm"), tls));
  return config;
}

Result<std::string> AuditorOfKey(const TrustRoot& root, const PublicKey& key) {
  std::vector<std::string> auditors;
  for (const Person& auditor : root.auditors) {
    if (auditor.key == key) return auditor.id;
    auditors.push_back(auditor.id);
  }
  if (const Person* requester = root.FindRequester(key)) {
    return Error{ErrorCode::kUntrusted,
                 "the key is requester " + requester->id + "'s; an auditor must be somebody else",
                 ExitCode::kApproval};
  }
  return Error{ErrorCode::kUntrusted,
               "the key is no auditor's: the root lists " +
                   (auditors.empty() ? "nobody" : Join(auditors, ", ")) + " with other keys",
               ExitCode::kRefused};
}

TlsFiles TlsFilesBeside(const std::string& key_path) {
  const std::string folder = DirectoryName(key_path);
  return {JoinPath(folder, "tls.pem"), JoinPath(folder, "tls.key.pem"),
          JoinPath(folder, "tls-authority.pem")};
}

Result<Endpoint> FarmOfUrl(const std::string& url, const TlsFiles& tls) {
  constexpr std::string_view kScheme = "https://";
  std::string address = url.starts_with(kScheme) ? url.substr(kScheme.size()) : url;
  if (address.ends_with('/')) address.pop_back();
  const std::size_t colon = address.rfind(':');
  const bool good = colon != std::string::npos && colon > 0 &&
                    address.find('/') == std::string::npos &&
                    ParseDecimal(address.substr(colon + 1), 65535).value_or(0) > 0;
  if (good) return Endpoint{address, "farmd", tls};
  return Error{ErrorCode::kInvalidInput,
               "--farm " + Printable(url, 200) + ": want https://HOST:PORT of a farmd"};
}

}  // namespace farm
