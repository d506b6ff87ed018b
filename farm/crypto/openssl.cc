#include "farm/crypto/openssl.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <ctime>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::size_t kPemBytesMax = 64 << 10;  // a certificate with many names has 4 kB
constexpr std::size_t kPemLineLength = 64;      // RFC 7468 section 2

std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::string OpensslReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason == nullptr ? "no reason given" : reason;
}

const EVP_MD* SigningDigest(KeyKind kind) {
  return kind == KeyKind::kP256 ? EVP_sha256() : nullptr;
}

std::string PemEncode(std::string_view label, std::string_view der) {
  const std::string name(label);
  std::string pem = "-----BEGIN " + name + "-----\n";
  std::string text = Base64Encode(der);
  for (std::size_t i = 0; i < text.size(); i += kPemLineLength) {
    pem.append(text, i, kPemLineLength) += '\n';
  }
  OPENSSL_cleanse(text.data(), text.size());  // it may be a private key
  return pem + "-----END " + name + "-----\n";
}

Result<std::string> PemDecode(std::string_view label, std::string_view pem) {
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  if (pem.size() > kPemBytesMax) {
    return Error{ErrorCode::kInvalidInput, "PEM text has " + std::to_string(pem.size()) +
                                               " bytes, at most " + std::to_string(kPemBytesMax) +
                                               " are read"};
  }
  pem = TrimSpace(pem);
  if (!pem.starts_with(begin) || !pem.ends_with(end) || pem.size() < begin.size() + end.size()) {
    return Error{ErrorCode::kInvalidInput, "want PEM from " + begin + " to " + end};
  }
  pem.remove_prefix(begin.size());
  pem.remove_suffix(end.size());
  std::string text(pem);
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  auto der = Base64Decode(TrimSpace(text));
  OPENSSL_cleanse(text.data(), text.size());  // it may be a private key
  if (!der) return Wrap("PEM text", der.error());
  return der;
}

Result<UnixSeconds> TimeFromAsn1(const ASN1_TIME* time) {
  const ErrorQueueScope scope;
  std::tm parts{};
  // A null time means "now" to OpenSSL.
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return Error{ErrorCode::kInvalidInput, "not a time of X.509"};
  }
  return TimeFromCivil(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
}

}  // namespace farm
