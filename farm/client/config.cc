#include "farm/client/config.h"

#include <sys/stat.h>

#include "farm/base/files.h"
#include "farm/client/tls.h"
#include "farm/sign/token_key.h"

namespace farm {
namespace {

std::string Below(const std::string& directory, std::string_view path) {
  if (!path.empty() && path.front() == '/') return std::string(path);
  return JoinPath(directory, path);
}

std::string KeyBelow(const std::string& directory, std::string_view key) {
  return IsTokenKey(key) ? std::string(key) : Below(directory, key);
}

template <typename T>
Result<T> ReadPem(const std::string& path, std::string_view what) {
  auto pem = ReadFile(path, kPemFileBytesMax);
  if (!pem) return Wrap(what, pem.error());
  auto value = T::FromPem(*pem);
  if (!value) return Wrap(std::string(what) + " " + path, value.error());
  return value;
}

}  // namespace

std::string ConfigFile::Resolve(std::string_view path_in_file) const {
  return Below(directory, path_in_file);
}

std::string ConfigFile::ResolveKey(std::string_view key_in_file) const {
  return KeyBelow(directory, key_in_file);
}

Result<ConfigFile> ReadConfig(const std::string& path) {
  auto text = ReadFile(path, kConfigBytesMax);
  if (!text) {
    Error error = Wrap("configuration", text.error());
    if (error.code == ErrorCode::kNotFound) error.exit = ExitCode::kUsage;
    return error;
  }
  ConfigFile file;
  ASSIGN_OR_RETURN(file.json, ParseJson(*text, path, kConfigBytesMax));
  file.directory = DirectoryName(path);
  file.path = path;
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) file.owner = status.st_uid;
  return file;
}

Result<PublicKey> ReadPublicKeyFile(const std::string& path) {
  return ReadPem<PublicKey>(path, "public key");
}

Result<Certificate> ReadCertificateFile(const std::string& path) {
  return ReadPem<Certificate>(path, "certificate");
}

Result<AuthorityFiles> ParseAuthorityFiles(const Json& object, const std::string& where,
                                           const std::string& directory) {
  JsonFields fields(object, where);
  AuthorityFiles files;
  files.certificate = Below(directory, fields.String("certificate"));
  files.key = KeyBelow(directory, fields.String("key"));
  files.transparency_key = KeyBelow(directory, fields.String("transparencyKey"));
  RETURN_IF_ERROR(fields.Finish());
  return files;
}

Result<TlsFiles> ParseTlsFiles(const Json& object, const std::string& where,
                               const std::string& directory) {
  JsonFields fields(object, where);
  TlsFiles files;
  files.certificate = Below(directory, fields.String("certificate"));
  files.key = Below(directory, fields.String("key"));
  files.authority = Below(directory, fields.String("authority"));
  RETURN_IF_ERROR(fields.Finish());
  return files;
}

Status CheckTlsFiles(const TlsFiles& files, UnixSeconds now) {
  ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificateFile(files.certificate));
  if (now >= certificate.not_before() && now <= certificate.not_after()) return {};
  return Error{ErrorCode::kUntrusted,
               files.certificate + ": the TLS certificate is valid from " +
                   FormatTime(certificate.not_before()) + " to " +
                   FormatTime(certificate.not_after()) + ", it is " + FormatTime(now) +
                   "; ask your operator for a new one",
               ExitCode::kNotValidThen};
}

Result<Endpoint> ParseEndpoint(const Json& object, const std::string& where, const TlsFiles& tls) {
  JsonFields fields(object, where);
  Endpoint endpoint;
  endpoint.address = fields.String("address");
  endpoint.server_name = fields.String("serverName");
  endpoint.tls = tls;
  RETURN_IF_ERROR(fields.Finish());
  return endpoint;
}

}  // namespace farm
