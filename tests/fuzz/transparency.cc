// Any bytes are the promises of transparency logs in a certificate, counted, or an error; the only
// ones that count are those that a known log has made, at that time, to that issuer.
#include "farm/crypto/transparency.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/evidence/foreign_bundle.h"
#include "farm/evidence/sigstore_trust.h"
#include "tests/fuzz/promised.h"
#include "tests/fuzz/sigstore_root.h"

namespace {

constexpr char kSequence = 0x30;
constexpr char kOctets = 0x04;
constexpr char kExtensions = '\xa3';
// 1.3.6.1.4.1.11129.2.4.2, the list of promises.
constexpr std::string_view kPromises("\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02", 12);
constexpr std::size_t kLogAndTimeBytes = 32 + 8;

struct Element {
  char tag = 0;
  std::string_view whole;
  std::string_view content;
};

// The first element of good DER; `rest` goes on behind it.
Element Take(std::string_view& rest) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(rest.at(i)); };
  std::size_t size = at(1);
  std::size_t header = 2;
  for (std::size_t more = size > 0x80 ? size - 0x80 : 0; more > 0; --more) {
    size = (header == 2 ? 0 : size << 8) + at(header);
    ++header;
  }
  const Element element{rest[0], rest.substr(0, header + size), rest.substr(header, size)};
  rest.remove_prefix(header + size);
  return element;
}

std::string Der(char tag, std::string_view content) {
  const std::string two = farm::BigEndian16(static_cast<unsigned>(content.size()));
  const std::string size = content.size() < 0x80    ? two.substr(1)
                           : content.size() < 0x100 ? "\x81" + two.substr(1)
                                                    : "\x82" + two;
  return tag + size + std::string(content);
}

// The certificate with another list of promises.  Nobody has signed that, but nobody asks here who
// issued it, and a log promises what is left without the list.
std::string WithPromises(std::string_view certificate, std::string_view value) {
  std::string_view rest = Take(certificate).content;
  std::string_view fields = Take(rest).content;
  std::string signed_part;
  while (!fields.empty()) {
    const Element field = Take(fields);
    if (field.tag != kExtensions) {
      signed_part += field.whole;
      continue;
    }
    std::string_view list = field.content;
    std::string_view extensions = Take(list).content;
    std::string bent;
    while (!extensions.empty()) {
      const Element extension = Take(extensions);
      bent += extension.content.starts_with(kPromises)
                  ? Der(kSequence, std::string(kPromises) + Der(kOctets, value))
                  : std::string(extension.whole);
    }
    signed_part += Der(kExtensions, Der(kSequence, bent));
  }
  return Der(kSequence, Der(kSequence, signed_part) + std::string(rest));
}

// What all lists are tried in: a certificate of the corpus, and the log that made it a promise.
struct Common {
  farm::SigstoreTrust trust = farm::ParseSigstoreTrust(farm::SigstoreRoot(), "root").value();
  farm::Certificate leaf =
      farm::ParseForeignBundle(farm::PromisedBundle(), "bundle").value().certificates.at(0);
  farm::Certificate issuer = trust.authorities.at(0).chain.at(0);
  std::string log_and_time;  // of the promise

  Common() {
    CHECK(farm::CountTransparencyPromises(leaf, issuer, trust.transparency_logs).value() == 1);
    const std::size_t at = leaf.der().find(trust.transparency_logs.at(0).id);
    log_and_time = leaf.der().substr(at, kLogAndTimeBytes);
  }
};

}  // namespace

// The first byte: 0, a list follows; else the extension's value, which should hold one.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Common common;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (bytes.size() > farm::kCertificateBytesMax) return 0;
  const std::string value = data[0] == 0 ? Der(kOctets, bytes) : std::string(bytes);
  const auto leaf = farm::Certificate::ForeignFromDer(WithPromises(common.leaf.der(), value));
  if (!leaf) return 0;
  const auto& logs = common.trust.transparency_logs;
  const auto count = farm::CountTransparencyPromises(*leaf, common.issuer, logs);
  CHECK(!count || *count == 0 || bytes.find(common.log_and_time) != std::string_view::npos);
  const auto of_another = farm::CountTransparencyPromises(*leaf, common.leaf, logs);
  CHECK(!of_another || *of_another == 0);
  return 0;
}
