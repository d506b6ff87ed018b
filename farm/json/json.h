// JSON as the farm reads and writes it: a strict, bounded reader (over nlohmann-json) and the
// canonical writer of RFC 8785, limited to what the farm's formats use: ASCII keys, strings,
// booleans, null, integers of at most 2^53-1 in size (larger ones are written as strings).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/json/json_fwd.h"

namespace farm {

constexpr std::int64_t kJsonIntegerMax = (std::int64_t{1} << 53) - 1;
constexpr int kJsonDepthMax = 32;                // our deepest format has 9 levels
constexpr std::size_t kJsonBytesMax = 16 << 20;  // a lock of 5,000 packages has about 1 MB

// Parses one JSON text.  Refuses: more than `bytes_max` bytes, deeper than kJsonDepthMax, duplicate
// keys, keys that are not ASCII, text that is not UTF-8, a byte order mark, numbers with a fraction
// or exponent, -0, integers beyond 2^53-1, anything after the value.  So WriteCanonicalJson takes
// whatever this returns.  `what` names the input in messages ("policy.json").
// Errors: kInvalidInput, kLimitExceeded.  Spec: RFC 8259, RFC 7493 (I-JSON).
Result<Json> ParseJson(std::string_view text, std::string_view what,
                       std::size_t bytes_max = kJsonBytesMax);

// For documents of others (Sigstore bundles and roots): the same, but keys beyond ASCII and
// fractions are tolerated, and integers beyond 2^53-1, which become such numbers.  What is an
// integer in another form by its text, not by rounding ("7.0", "70e-1"; from 0 to 2^53-1), becomes
// that integer, as protobuf's JSON form has it: a number with a fraction is never one.
Result<Json> ParseForeignJson(std::string_view text, std::string_view what,
                              std::size_t bytes_max = kJsonBytesMax);

// RFC 8785 bytes of `value`.  The value must hold only what this file's first comment lists
// (CHECKed: a bug of ours otherwise).
std::string WriteCanonicalJson(const Json& value);

// Two-space indented JSON with a final newline, keys sorted, for files that people read.  A string
// that is not UTF-8 gets U+FFFD where it is not.
std::string WriteReadableJson(const Json& value);

// How messages name an element of a list: "list[3]".
std::string Element(std::string_view list, std::size_t index);

// Reads the fields of one object of a format of ours: each with its type; Finish() refuses every
// field that was not asked for.  The first error sticks, and what is read after it is empty; check
// it with Finish().  Errors: kInvalidInput, kLimitExceeded (more than `count_max` elements).
// Not thread-safe.
//   JsonFields fields(value, "intent.predicate");
//   intent.product = fields.String("product");
//   RETURN_IF_ERROR(fields.Finish());
// Messages read like: intent.predicate.attempt: found a string, want an integer.
class JsonFields {
 public:
  // `object` must outlive this.  A value that is not an object is an error.
  JsonFields(const Json& object, std::string where);

  std::string String(std::string_view name);  // any UTF-8 string
  std::string Bytes(std::string_view name);   // base64 -> bytes
  Digest DigestOf(std::string_view name);     // "sha256:<hex>"
  std::int64_t Integer(std::string_view name, std::int64_t min, std::int64_t max);
  bool Boolean(std::string_view name);
  std::int64_t Time(std::string_view name);                         // RFC 3339 -> Unix seconds
  const Json& Object(std::string_view name);                        // an object
  const Json& Array(std::string_view name, std::size_t count_max);  // an array
  std::vector<std::string> Strings(std::string_view name, std::size_t count_max);
  const Json& Any(std::string_view name);

  bool Has(std::string_view name) const;  // does not count as asking for it
  void Ignore(std::string_view name);     // a field that we know and do not need
  // Fails unless the field `format` is exactly `name`, e.g. "farm-intent/1".
  void Format(std::string_view name);
  // Records an error of the caller's own about a field.
  void Fail(std::string_view name, std::string_view message);

  std::string Where(std::string_view name) const;  // "intent.predicate.attempt", fit to print
  bool ok() const { return !error_; }
  // The first error, or an error for the first unknown field.
  Status Finish();

 private:
  const Json* Find(std::string_view name);
  const Json& object_;
  std::string where_;
  std::set<std::string, std::less<>> asked_;
  std::optional<Error> error_;
};

}  // namespace farm
