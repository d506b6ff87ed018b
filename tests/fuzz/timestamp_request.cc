// Any bytes get an answer or an error from the time-stamping service; an answer is read again
// without harm, and a token over a message is good for that message only.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/crypto/timestamp.h"

namespace {

constexpr farm::UnixSeconds kNow = 1'800'000'000;
constexpr std::int64_t kYear = 366 * 24 * 3600;
constexpr std::string_view kMessage = "a signature";

struct Service {
  farm::PrivateKey authority_key = farm::PrivateKey::Generate(farm::KeyKind::kP256);
  farm::Certificate authority =
      farm::IssueAuthority(authority_key, "Operator", "TSA CA", kNow, kYear);
  farm::PrivateKey key = farm::PrivateKey::Generate(farm::KeyKind::kP256);
  farm::Certificate certificate =
      farm::IssueTimestampLeaf(authority_key, authority, key.public_key(), "TSA", kNow, kYear);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Service service;
  const std::string_view request(reinterpret_cast<const char*>(data), size);
  const auto answer = farm::AnswerTimestampRequest(request, service.key, service.certificate,
                                                   service.authority, kNow);
  if (!answer) return 0;
  CHECK(answer->size() <= farm::kTimestampResponseBytesMax);
  const auto time =
      farm::CheckTimestamp(*answer, kMessage, {service.certificate, service.authority});
  CHECK(!time || *time == kNow);
  // Of a text that nobody can have asked for, since it holds the request.
  const std::string another = "not " + std::string(request);
  CHECK(!farm::CheckTimestamp(*answer, another, {service.certificate, service.authority}));
  return 0;
}
