// Any bytes are a good time stamp of one authority over one signature, or an error; no mutation of
// a good one has another time.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/crypto/timestamp.h"

namespace {

// From tests/vectors/v1/evidence: the release of hello.tar and the authority in its root.
constexpr std::string_view kSignature =
    "MEQCIBsst5/K21QzsBRtmVIiK6DE85tYTPKqbj14GB3eQJKmAiAO5DDxgyyGFb5mL4askPYU1cDMT0hg8EP4Evy4mCyj"
    "6g==";
constexpr std::string_view kLeaf =
    "MIIBrDCCAVKgAwIBAgIQaZLKFqrZpfXNAytb0/BAajAKBggqhkjOPQQDAjAlMQ8wDQYDVQQKDAZzdGFtcHMxEjAQBgNV"
    "BAMMCXN0YW1wcyBDQTAeFw0yNjAxMTQwNzU5MDBaFw00NjAxMjkwNzU5MDBaMBExDzANBgNVBAMMBnN0YW1wczBZMBMG"
    "ByqGSM49AgEGCCqGSM49AwEHA0IABOr1O8LFAKVoJ8tPnfbCzaZ2SfYHfwpiLB7nUXsgznzI3SsJ/Ul3AAH0D4EYrVom"
    "zUDJ+kXdR8H99sFiGkliGjOjeDB2MAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBYGA1UdJQEB/wQMMAoGCCsG"
    "AQUFBwMIMB0GA1UdDgQWBBS80Snbxm0iHYPSzXjANyaHn4tdUzAfBgNVHSMEGDAWgBRb4rsbt4TZ+o+whdTU9YyrOEO0"
    "jjAKBggqhkjOPQQDAgNIADBFAiBPcLI8xLJZxmP9nYmHKUIHLn0LtAMZ+F1qFkyMi3+P5gIhAIXjE2aR7t1tdgu3mLPs"
    "GvhsgMi42pXiqVVHoupGI7Xr";
constexpr std::string_view kAuthority =
    "MIIBjjCCATOgAwIBAgIQG+aAnvaJq6+N8XS/RukkGTAKBggqhkjOPQQDAjAlMQ8wDQYDVQQKDAZzdGFtcHMxEjAQBgNV"
    "BAMMCXN0YW1wcyBDQTAeFw0yNjAxMTQwNzU5MDBaFw00NjAxMjkwNzU5MDBaMCUxDzANBgNVBAoMBnN0YW1wczESMBAG"
    "A1UEAwwJc3RhbXBzIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl1DOQNtRYRdDY1n49LzyPRwU3po+7l9c7QSe"
    "bATM2yzql/e9KJkpL/3X4Iiykwr93BqwHp94ZmeAVT3RWD1NQaNFMEMwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8B"
    "Af8EBAMCAQYwHQYDVR0OBBYEFFviuxu3hNn6j7CF1NT1jKs4Q7SOMAoGCCqGSM49BAMCA0kAMEYCIQCC662cMmwM6KMt"
    "l7Ycv6l2eFggmwb2DOOWl64wWLxJMgIhAJjQT6MURpeUaaVCpmC0uwhOR+xs+RWJUsw9uFJBalEj";
constexpr farm::UnixSeconds kTime = 1'800'000'400;

struct Good {
  std::string signature = *farm::Base64Decode(kSignature);
  std::vector<farm::Certificate> chain = {
      *farm::Certificate::FromDer(*farm::Base64Decode(kLeaf)),
      *farm::Certificate::FromDer(*farm::Base64Decode(kAuthority))};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Good good;
  const std::string_view response(reinterpret_cast<const char*>(data), size);
  const auto time = farm::CheckTimestamp(response, good.signature, good.chain);
  CHECK(!time || *time == kTime);
  CHECK(!farm::CheckTimestamp(response, "another", good.chain));
  CHECK(!farm::CheckTimestamp(response, good.signature, {good.chain[0]}));
  return 0;
}
