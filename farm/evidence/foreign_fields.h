// Fields of an object in protobuf's JSON form, which Sigstore's formats are: a field that is
// absent, null or its type's default says the same, bytes are base64, int64 are strings, and fields
// that we do not know are tolerated.  Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/digests.h"
#include "farm/json/json.h"

namespace farm {

// The names of an enumeration's values, by number.
using EnumNames = std::span<const std::string_view>;

// As JsonFields: the first error sticks, what is read after it is empty; check it with Finish().
// Errors: kInvalidInput naming the field; kLimitExceeded.
class ForeignFields {
 public:
  // `object` must outlive this.  Names are asked for in protobuf's own form, "logIndex"; in the
  // object they may also stand as its definition has them, "log_index", but not both.
  ForeignFields(const Json& object, std::string where);

  bool Has(std::string_view name) const;  // there, and not null
  void Want(std::string_view name);       // fails unless Has
  std::string String(std::string_view name, std::size_t bytes_max);
  // A value's name; where its number stands there, the name of that number, or if it has none the
  // number itself.
  std::string Enumerated(std::string_view name, EnumNames names, std::size_t bytes_max);
  // Base64, standard or url-safe, padded or not; line breaks in it are passed over, as most
  // decoders do: wrapped ones are about.
  std::string Bytes(std::string_view name, std::size_t bytes_max);
  std::uint64_t Integer(std::string_view name);  // 0 to 2^63-1
  // RFC 3339 with any fraction and offset, in whole seconds: the first one not before the time
  // said, or the last one not after it, so that a closed period never grows.
  std::optional<UnixSeconds> TimeFrom(std::string_view name);
  std::optional<UnixSeconds> TimeUntil(std::string_view name);
  const Json& Object(std::string_view name);
  const Json& Array(std::string_view name, std::size_t count_max);

  void Fail(std::string_view name, std::string_view message) { fields_.Fail(name, message); }
  std::string Where(std::string_view name) const { return fields_.Where(name); }
  bool ok() const { return fields_.ok(); }
  Status Finish();

 private:
  struct Moment {
    UnixSeconds seconds;
    bool fraction;
  };
  std::optional<Moment> Time(std::string_view name);
  // The name under which it stands in the object; as asked for, if it does not.
  std::string NameOf(std::string_view name) const;

  const Json& object_;
  JsonFields fields_;
};

// Base64, standard or url-safe, padded or not, without the line breaks in it.  Spec: proto3's JSON
// mapping; DSSE.
Result<std::string> DecodeAnyBase64(std::string text);

// {"algorithm", "value" in hex} as Rekor's first version writes digests; "SHA2_256" and base64 as
// protobuf does.  Errors: kInvalidInput (an algorithm that we do not know, another size).
struct NamedDigest {
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  std::string bytes;
};
Result<NamedDigest> ReadHexDigest(const Json& json, const std::string& where);
Result<NamedDigest> ReadProtobufDigest(const Json& json, const std::string& where);

// Sigstore's LogId, {"keyId"}, of `bytes_min` to 64 bytes; 0: it may be missing.
Result<std::string> ReadLogId(const Json& json, const std::string& where, std::size_t bytes_min);

// {"rawBytes"}, with a key of any kind; a list of them, nearest to the leaf first, not empty.
// Errors: kInvalidInput.
Result<Certificate> ReadForeignCertificate(const Json& json, const std::string& where);
Result<std::vector<Certificate>> ReadForeignChain(const Json& json, const std::string& where);

}  // namespace farm
