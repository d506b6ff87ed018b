#include "farm/crypto/transparency.h"

#include <openssl/x509v3.h>

#include <set>
#include <string_view>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr std::size_t kLogIdBytes = 32;
constexpr char kVersion1 = 0;
constexpr char kEcdsa = 3;  // SignatureAlgorithm of TLS 1.2
constexpr char kRsa = 1;

using OwnedOctets = OpensslOwned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

Error BadPromises(std::string_view reason) {
  return Error{ErrorCode::kUntrusted, "certificate transparency: " + std::string(reason),
               ExitCode::kLogProof};
}

// Reads from the front of a list; false where that is too short.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }

  bool Take(std::size_t size, std::string_view& taken) {
    if (rest_.size() < size) return false;
    taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  // opaque <0..2^16-1>
  bool TakeVector(std::string_view& taken) {
    std::string_view size;
    return Take(2, size) && Take(ReadBigEndian16(size), taken);
  }

 private:
  std::string_view rest_;
};

struct Promise {
  std::string_view log_id;
  std::string_view timestamp;  // u64be of milliseconds
  std::string_view extensions;
  std::string_view algorithms;  // hash, signature
  std::string_view signature;

  unsigned long long Seconds() const { return ReadBigEndian64(timestamp) / 1000; }
};

// False if it is malformed.  A promise of a version that we do not know has no log id.
bool ReadPromise(std::string_view bytes, Promise& promise) {
  Reader reader(bytes);
  std::string_view version;
  if (!reader.Take(1, version)) return false;
  if (version[0] != kVersion1) return true;
  return reader.Take(kLogIdBytes, promise.log_id) && reader.Take(8, promise.timestamp) &&
         reader.TakeVector(promise.extensions) && reader.Take(2, promise.algorithms) &&
         reader.TakeVector(promise.signature) && reader.done();
}

// What a log signs: the certificate without its promises, and who issued it.
struct Precertificate {
  std::string issuer_key_hash;
  std::string tbs;
};

Result<Precertificate> PrecertificateOf(const Certificate& leaf, const Certificate& issuer,
                                        int extension) {
  const OwnedX509 copy(X509_dup(CertificateAccess::Get(leaf)));
  CHECK(copy);
  const OpensslOwned<X509_EXTENSION, X509_EXTENSION_free> removed(
      X509_delete_ext(copy.get(), extension));
  Precertificate precertificate{std::string(HexDecode(issuer.KeyId()).value()),
                                ToDer<i2d_re_X509_tbs>(copy.get())};
  if (precertificate.tbs.empty() || precertificate.tbs.size() >= (1 << 24)) {
    return BadPromises("the certificate cannot be written without its promises");
  }
  return precertificate;
}

std::string SignedBytes(const Promise& promise, const Precertificate& precertificate) {
  const std::size_t size = precertificate.tbs.size();
  std::string bytes(1, kVersion1);
  bytes += '\0';  // certificate_timestamp
  bytes += promise.timestamp;
  bytes += BigEndian16(1);  // precert_entry
  bytes += precertificate.issuer_key_hash;
  bytes += static_cast<char>(size >> 16);
  bytes += BigEndian16(static_cast<unsigned>(size & 0xffff));
  bytes += precertificate.tbs;
  bytes += BigEndian16(static_cast<unsigned>(promise.extensions.size()));
  bytes += promise.extensions;
  return bytes;
}

std::optional<HashAlgorithm> HashOfTls(char number) {
  switch (number) {
    case 4:
      return HashAlgorithm::kSha256;
    case 5:
      return HashAlgorithm::kSha384;
    case 6:
      return HashAlgorithm::kSha512;
    default:
      return std::nullopt;
  }
}

Status CheckPromise(const Promise& promise, const Precertificate& precertificate,
                    const TransparencyLog& log) {
  const std::optional<HashAlgorithm> hash = HashOfTls(promise.algorithms[0]);
  const char signer = promise.algorithms[1];
  if (!hash || (signer != kEcdsa && signer != kRsa)) {
    return BadPromises("a promise is signed by an algorithm that we do not know");
  }
  if (!log.key.WithHash(*hash).Verify(SignedBytes(promise, precertificate), promise.signature)) {
    return BadPromises("the signature of a known log does not match");
  }
  return {};
}

bool InForce(const TransparencyLog& log, unsigned long long seconds) {
  if (seconds > static_cast<unsigned long long>(kUnixSecondsMax)) return false;
  const auto at = static_cast<UnixSeconds>(seconds);
  return at >= log.start && (!log.end || at <= *log.end);
}

// The serialized promises in the extension's value.
Result<std::vector<Promise>> ReadList(std::string_view list) {
  Reader outer(list);
  std::string_view content;
  if (!outer.TakeVector(content) || !outer.done()) return BadPromises("the list is malformed");
  std::vector<Promise> promises;
  Reader reader(content);
  while (!reader.done()) {
    std::string_view bytes;
    Promise promise;
    if (!reader.TakeVector(bytes) || !ReadPromise(bytes, promise)) {
      return BadPromises("a promise in the list is malformed");
    }
    if (!promise.log_id.empty()) promises.push_back(promise);
  }
  return promises;
}

}  // namespace

Result<std::size_t> CountTransparencyPromises(const Certificate& leaf, const Certificate& issuer,
                                              const std::vector<TransparencyLog>& logs) {
  const ErrorQueueScope scope;
  X509* const x509 = CertificateAccess::Get(leaf);
  const int index = X509_get_ext_by_NID(x509, NID_ct_precert_scts, -1);
  if (index < 0) return 0;
  if (X509_get_ext_by_NID(x509, NID_ct_precert_scts, index) >= 0) {
    return BadPromises("the certificate has several lists of promises");
  }
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(X509_get_ext(x509, index));
  const auto list = FromWholeDer<OwnedOctets, d2i_ASN1_OCTET_STRING>(
      {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
       static_cast<std::size_t>(ASN1_STRING_length(value))});
  if (!list) return BadPromises("the list is malformed");
  ASSIGN_OR_RETURN(const std::vector<Promise> promises,
                   ReadList({reinterpret_cast<const char*>(ASN1_STRING_get0_data(list.get())),
                             static_cast<std::size_t>(ASN1_STRING_length(list.get()))}));
  ASSIGN_OR_RETURN(const Precertificate precertificate, PrecertificateOf(leaf, issuer, index));
  std::set<std::string> counted;
  for (const Promise& promise : promises) {
    for (const TransparencyLog& log : logs) {
      if (log.id != promise.log_id || !InForce(log, promise.Seconds())) continue;
      RETURN_IF_ERROR(CheckPromise(promise, precertificate, log));
      counted.insert(log.id);
    }
  }
  return counted.size();
}

}  // namespace farm
