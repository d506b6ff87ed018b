// Asking a time stamp authority.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/client/http.h"
#include "farm/crypto/certificate.h"

namespace farm {

// RFC 3161 over HTTP.  Thread-safe.
class TimestampClient {
 public:
  // `chain`: the authority's certificates as the caller's root lists them; every answer is checked.
  static Result<std::unique_ptr<TimestampClient>> Open(const std::string& url,
                                                       std::vector<Certificate> chain);
  // DER TimeStampResp over `signature` (the raw bytes).
  // Errors: kUnavailable exit 30, kUntrusted exit 11 or 18 (the answer does not check).
  Result<std::string> Stamp(std::string_view signature);
  // The time by the authority's clock, from a stamp over a canary.  Errors: those of Stamp.
  Result<UnixSeconds> Now();

 private:
  TimestampClient(HttpClient http, std::vector<Certificate> chain)
      : http_(std::move(http)), chain_(std::move(chain)) {}
  HttpClient http_;
  std::vector<Certificate> chain_;
};

}  // namespace farm
