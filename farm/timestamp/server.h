// A development time-stamping authority: RFC 3161 over HTTP (section 3.4).  In production a foreign
// service takes its place.
#pragma once

#include <memory>
#include <string>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/client/http.h"
#include "farm/sign/doctor.h"

namespace farm {

constexpr std::size_t kTimestampQueryBytesMax = 4096;  // a query over one SHA-256 has 90 bytes

struct TimestampConfig {
  std::string listen;
  std::string key;          // P-256 PEM file
  std::string certificate;  // PEM, EKU timeStamping
  std::string authority;    // PEM, its issuer
};
// Errors: kInvalidInput naming file and field.
Result<TimestampConfig> ParseTimestampConfig(const ConfigFile& file);

// What the configuration names.  Errors: unreadable; kInvalidInput (the key is not P-256, or not
// the certificate's).
Result<StampKey> ReadStampKey(const TimestampConfig& config);

// Answers POST of application/timestamp-query, any path: 200 with application/timestamp-reply; 400
// malformed, 405 another method, 415 another content type.  Destroying the server stops it.
// `clock` outlives it.
Result<std::unique_ptr<HttpServer>> StartTimestampServer(const std::string& listen,
                                                         const StampKey& stamp, const Clock& clock);

}  // namespace farm
