#include "farm/evidence/foreign_fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/evidence/foreign_json.h"

namespace farm {
namespace {

const Json& EmptyObject() {
  static const Json empty = Json::object();
  return empty;
}

const Json& EmptyArray() {
  static const Json empty = Json::array();
  return empty;
}

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Digits that IsDigits has seen.
int Number(std::string_view digits) {
  int number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

// "Z" or "+02:00" at the front of `text`, in seconds east; whole text or nothing.
std::optional<UnixSeconds> ReadOffset(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const std::string_view hours = text.substr(1, 2);
  const std::string_view minutes = text.substr(4, 2);
  if (!IsDigits(hours) || !IsDigits(minutes) || Number(hours) > 23 || Number(minutes) > 59) {
    return std::nullopt;
  }
  const UnixSeconds seconds = Number(hours) * kHourSeconds + Number(minutes) * kMinuteSeconds;
  return text[0] == '-' ? -seconds : seconds;
}

// HashAlgorithm of sigstore_common.proto; those of SHA-3 follow, which we do not know.
constexpr std::array<std::string_view, 4> kHashNames = {"HASH_ALGORITHM_UNSPECIFIED", "SHA2_256",
                                                        "SHA2_384", "SHA2_512"};

std::optional<HashAlgorithm> HashOfProtobuf(std::string_view name) {
  if (name == kHashNames[1]) return HashAlgorithm::kSha256;
  if (name == kHashNames[2]) return HashAlgorithm::kSha384;
  if (name == kHashNames[3]) return HashAlgorithm::kSha512;
  return std::nullopt;
}

std::string InSnakeCase(std::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    const bool large = c >= 'A' && c <= 'Z';
    if (large) snake += '_';
    snake += large ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

constexpr std::size_t kAlgorithmBytesMax = 64;
constexpr std::size_t kDigestTextBytesMax = 256;
constexpr std::size_t kLogIdBytesMax = 64;

Result<NamedDigest> FinishDigest(ForeignFields& fields, std::string_view field,
                                 std::optional<HashAlgorithm> algorithm, std::string bytes) {
  if (fields.ok() && !algorithm) {
    fields.Fail("algorithm", "want SHA-256, SHA-384 or SHA-512");
  } else if (fields.ok() && bytes.size() != HashSize(*algorithm)) {
    fields.Fail(field, "has " + std::to_string(bytes.size()) + " bytes, want " +
                           std::to_string(HashSize(*algorithm)));
  }
  RETURN_IF_ERROR(fields.Finish());
  return NamedDigest{*algorithm, std::move(bytes)};
}

}  // namespace

ForeignFields::ForeignFields(const Json& object, std::string where)
    : object_(object), fields_(object, std::move(where)) {
  if (!object.is_object()) return;
  for (const auto& [name, unused] : object.items()) {
    if (name.find('_') == std::string::npos) continue;
    const std::string camel = InCamelCase(name);
    if (camel != name && object.contains(camel)) Fail(camel, "is there twice, also as " + name);
  }
}

std::string ForeignFields::NameOf(std::string_view name) const {
  if (!object_.contains(name)) {
    std::string snake = InSnakeCase(name);
    if (object_.contains(snake)) return snake;
  }
  return std::string(name);
}

bool ForeignFields::Has(std::string_view name) const {
  if (!object_.is_object()) return false;
  const auto found = object_.find(NameOf(name));
  return found != object_.end() && !found->is_null();
}

void ForeignFields::Want(std::string_view name) {
  if (!Has(name)) Fail(name, "missing");
}

std::string ForeignFields::String(std::string_view name, std::size_t bytes_max) {
  if (!Has(name)) return "";
  std::string text = fields_.String(NameOf(name));
  if (text.size() <= bytes_max) return text;
  Fail(name, "has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(bytes_max) +
                 " are read");
  return "";
}

std::string ForeignFields::Enumerated(std::string_view name, EnumNames names,
                                      std::size_t bytes_max) {
  const Json null;
  const Json& value = Has(name) ? object_.at(NameOf(name)) : null;
  if (!value.is_number_integer()) return String(name, bytes_max);
  const auto number = value.get<std::int64_t>();
  const bool named = number >= 0 && number < static_cast<std::int64_t>(names.size());
  return named ? std::string(names[static_cast<std::size_t>(number)]) : std::to_string(number);
}

std::string ForeignFields::Bytes(std::string_view name, std::size_t bytes_max) {
  if (!Has(name)) return "";
  auto decoded = DecodeAnyBase64(fields_.String(NameOf(name)));
  if (!decoded) Fail(name, decoded.error().message);
  std::string bytes = std::move(decoded).value_or("");
  if (bytes.size() <= bytes_max) return bytes;
  Fail(name, "has " + std::to_string(bytes.size()) + " bytes, at most " +
                 std::to_string(bytes_max) + " are read");
  return "";
}

std::uint64_t ForeignFields::Integer(std::string_view name) {
  return Has(name) ? ForeignInteger(fields_, NameOf(name)) : 0;
}

std::optional<ForeignFields::Moment> ForeignFields::Time(std::string_view name) {
  constexpr std::size_t kTimeBytesMax = 64;
  constexpr std::size_t kWholeSeconds = 19;  // "2026-11-23T23:40:30"
  if (!Has(name)) return std::nullopt;
  const std::string text = String(name, kTimeBytesMax);
  if (!ok()) return std::nullopt;
  const auto whole = ParseTime(text.substr(0, kWholeSeconds) + "Z");
  std::string_view rest = text;
  rest.remove_prefix(std::min(rest.size(), kWholeSeconds));
  bool fraction = false;
  bool good = whole.has_value();
  if (rest.starts_with('.')) {
    const std::string_view digits = rest.substr(1, rest.find_first_not_of("0123456789", 1) - 1);
    good = good && !digits.empty() && digits.size() <= 9;
    fraction = digits.find_first_not_of('0') != std::string_view::npos;
    rest.remove_prefix(1 + digits.size());
  }
  const std::optional<UnixSeconds> offset = ReadOffset(rest);
  if (!good || !offset) {
    Fail(name,
         "found \"" + Printable(text, kTimeBytesMax) + "\", want a time like 2026-11-23T23:40:30Z");
    return std::nullopt;
  }
  return Moment{*whole - *offset, fraction};
}

std::optional<UnixSeconds> ForeignFields::TimeFrom(std::string_view name) {
  const std::optional<Moment> moment = Time(name);
  if (!moment) return std::nullopt;
  return moment->seconds + (moment->fraction ? 1 : 0);
}

std::optional<UnixSeconds> ForeignFields::TimeUntil(std::string_view name) {
  const std::optional<Moment> moment = Time(name);
  if (!moment) return std::nullopt;
  return moment->seconds;
}

const Json& ForeignFields::Object(std::string_view name) {
  return Has(name) ? fields_.Object(NameOf(name)) : EmptyObject();
}

const Json& ForeignFields::Array(std::string_view name, std::size_t count_max) {
  return Has(name) ? fields_.Array(NameOf(name), count_max) : EmptyArray();
}

Status ForeignFields::Finish() {
  IgnoreOthers(object_, fields_);
  return fields_.Finish();
}

Result<std::string> DecodeAnyBase64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return Base64Decode(text);
}

Result<NamedDigest> ReadHexDigest(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  const auto algorithm = HashNamed(fields.String("algorithm", kAlgorithmBytesMax));
  auto bytes = HexDecode(fields.String("value", kDigestTextBytesMax));
  if (!bytes) fields.Fail("value", bytes.error().message);
  return FinishDigest(fields, "value", algorithm, bytes.value_or(""));
}

Result<NamedDigest> ReadProtobufDigest(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  const auto algorithm =
      HashOfProtobuf(fields.Enumerated("algorithm", kHashNames, kAlgorithmBytesMax));
  std::string bytes = fields.Bytes("digest", kDigestTextBytesMax);
  return FinishDigest(fields, "digest", algorithm, std::move(bytes));
}

Result<std::string> ReadLogId(const Json& json, const std::string& where, std::size_t bytes_min) {
  ForeignFields fields(json, where);
  std::string id = fields.Bytes("keyId", kLogIdBytesMax);
  if (fields.ok() && id.size() < bytes_min) fields.Fail("keyId", "want the log's id, 32 bytes");
  RETURN_IF_ERROR(fields.Finish());
  return id;
}

Result<Certificate> ReadForeignCertificate(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  fields.Want("rawBytes");
  const std::string der = fields.Bytes("rawBytes", kCertificateBytesMax);
  RETURN_IF_ERROR(fields.Finish());
  auto certificate = Certificate::ForeignFromDer(der);
  if (!certificate) return Wrap(fields.Where("rawBytes"), certificate.error());
  return certificate;
}

Result<std::vector<Certificate>> ReadForeignChain(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  const Json& certificates = fields.Array("certificates", kChainLengthMax);
  if (fields.ok() && certificates.empty()) fields.Fail("certificates", "want one at least");
  RETURN_IF_ERROR(fields.Finish());
  std::vector<Certificate> chain;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    ASSIGN_OR_RETURN(
        Certificate certificate,
        ReadForeignCertificate(certificates[i], Element(fields.Where("certificates"), i)));
    chain.push_back(std::move(certificate));
  }
  return chain;
}

}  // namespace farm
