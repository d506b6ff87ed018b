#include "farm/timestamp/server.h"

#include "farm/crypto/timestamp.h"
#include "farm/json/json.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

constexpr std::string_view kQueryType = "application/timestamp-query";

HttpReply Answer(const HttpRequest& request, const StampKey& stamp, UnixSeconds now) {
  if (request.method != "POST") return {405, "text/plain", "want POST of a query\n", false};
  if (request.content_type != kQueryType) {
    return {415, "text/plain", "want " + std::string(kQueryType) + "\n", false};
  }
  auto reply =
      AnswerTimestampRequest(request.body, stamp.key, stamp.certificate, stamp.authority, now);
  if (!reply) return {400, "text/plain", reply.error().message + "\n", false};
  return {200, "application/timestamp-reply", std::move(*reply), false};
}

}  // namespace

Result<TimestampConfig> ParseTimestampConfig(const ConfigFile& file) {
  JsonFields fields(file.json, file.path);
  TimestampConfig config;
  fields.Format(kConfigFormat);
  config.listen = fields.String("listen");
  config.key = file.Resolve(fields.String("key"));
  config.certificate = file.Resolve(fields.String("certificate"));
  config.authority = file.Resolve(fields.String("authority"));
  RETURN_IF_ERROR(fields.Finish());
  return config;
}

Result<StampKey> ReadStampKey(const TimestampConfig& config) {
  ASSIGN_OR_RETURN(PrivateKey key, ReadPrivateKeyFile(config.key));
  ASSIGN_OR_RETURN(Certificate certificate, ReadCertificateFile(config.certificate));
  ASSIGN_OR_RETURN(Certificate authority, ReadCertificateFile(config.authority));
  if (key.public_key().kind() != KeyKind::kP256) {
    return Error{ErrorCode::kInvalidInput, "key " + config.key + ": want a P-256 key"};
  }
  if (!(key.public_key() == certificate.public_key())) {
    return Error{ErrorCode::kInvalidInput,
                 "key " + config.key + ": does not belong to certificate " + config.certificate};
  }
  return StampKey{std::move(key), std::move(certificate), std::move(authority)};
}

Result<std::unique_ptr<HttpServer>> StartTimestampServer(const std::string& listen,
                                                         const StampKey& stamp,
                                                         const Clock& clock) {
  return StartHttpServer(
      listen,
      [stamp, &clock](const HttpRequest& request) { return Answer(request, stamp, clock.Now()); },
      kTimestampQueryBytesMax);
}

}  // namespace farm
