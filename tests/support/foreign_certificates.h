// Certificates as authorities of others issue them: an intermediate, keys of P-384, no key
// identifiers, names and extensions of every kind.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "farm/base/clock.h"
#include "farm/crypto/certificate.h"

using EVP_PKEY = struct evp_pkey_st;  // OpenSSL's

namespace farm {

// Copies share the keys.
class ForeignCertificates {
 public:
  static constexpr UnixSeconds kStart = 1'800'000'000;  // of all of them
  static constexpr std::int64_t kAuthoritySeconds = 10 * kDaySeconds;
  static constexpr std::int64_t kLeafSeconds = 600;

  struct LeafRequest {
    std::string key_usage = "critical,digitalSignature";  // as OpenSSL's configuration has it
    std::string extended_key_usage = "codeSigning";       // "": left out
    std::string subject_names = "URI:https://example/leaf";
    std::int64_t seconds = kLeafSeconds;
    // Extensions by OID, with the bytes of their values.
    std::vector<std::pair<std::string, std::string>> raw = {};
  };

  ForeignCertificates();

  const Certificate& intermediate() const { return authorities_[0]; }
  const Certificate& root() const { return authorities_[1]; }
  // Of the same name as root(), with another key.
  const Certificate& other_root() const { return authorities_[2]; }
  // Of the same name as intermediate() and by the same root, with another key.
  const Certificate& namesake() const { return authorities_[3]; }
  Certificate Leaf(const LeafRequest& request) const;  // by the intermediate
  // By the intermediate, for time stamps; Stamp is a granted TimeStampResp of its own over
  // `message`, without certificates inside.
  const Certificate& stamper() const { return authorities_[4]; }
  std::string Stamp(std::string_view message, UnixSeconds time) const;
  // With an extension of certificate transparency that holds `list`.
  Certificate LeafWithPromises(std::string_view list) const;

 private:
  Certificate LeafOf(EVP_PKEY* key, const LeafRequest& request) const;

  std::string intermediate_key_;  // PKCS#8 DER
  std::string stamper_key_;
  std::vector<Certificate> authorities_;
};

}  // namespace farm
