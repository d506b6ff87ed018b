#include "farm/sign/token_key.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/crypto/token_forms.h"

namespace farm {
namespace {

constexpr std::string_view kScheme = "pkcs11:";

// DER of the OID prime256v1.
constexpr std::string_view kP256Parameters("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
// DER of the OID id-Ed25519, and of the PrintableString "edwards25519".
constexpr std::string_view kEd25519Oid("\x06\x03\x2b\x65\x70", 5);
constexpr std::string_view kEd25519Name(
    "\x13\x0c"
    "edwards25519",
    14);
constexpr std::size_t kP256PointSize = 65;
constexpr std::size_t kEd25519PointSize = 32;

Error Bad(std::string_view reason) {
  return Error{ErrorCode::kInvalidInput,
               "key in a token: " + std::string(reason) +
                   "; want pkcs11:token=NAME;object=NAME?module-path=/FILE&pin-source=file:/FILE"};
}

// %NN to bytes.  A NUL would end a path early.
Result<std::string> PercentDecode(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    std::string digits(text.substr(i + 1, 2));
    std::transform(digits.begin(), digits.end(), digits.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    const auto byte = HexDecode(digits);
    if (!byte || byte->size() != 1) return Bad("a % without two hexadecimal digits");
    bytes += *byte;
    i += 2;
  }
  return bytes;
}

using Attributes = std::map<std::string, std::string, std::less<>>;

// "a=b;c=d" into `attributes`, of those in `known` only.
Status ReadAttributes(std::string_view text, char separator,
                      const std::vector<std::string_view>& known, Attributes& attributes) {
  for (const std::string& part : Split(text, separator)) {
    const std::size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    if (equals == std::string::npos) return Bad("an attribute without =");
    if (std::ranges::find(known, name) == known.end()) {
      return Bad("unknown attribute \"" + Printable(name, 32) + "\"");
    }
    ASSIGN_OR_RETURN(std::string value, PercentDecode(std::string_view(part).substr(equals + 1)));
    if (value.empty()) return Bad(name + " is empty");
    if (!attributes.emplace(name, std::move(value)).second) return Bad(name + " stands twice");
  }
  return {};
}

std::string Take(const Attributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : found->second;
}

Status CheckPath(std::string_view name, std::string_view path) {
  if (path.starts_with('/') && path.find('\0') == std::string_view::npos) return {};
  return Bad(std::string(name) + " is not an absolute path");
}

// "file:/etc/pin", "file:///etc/pin" or "/etc/pin".
std::string PinPath(std::string source) {
  constexpr std::string_view kFile = "file:";
  if (source.starts_with(kFile)) source.erase(0, kFile.size());
  if (source.starts_with("///")) source.erase(0, 2);
  return source;
}

Status CheckName(const TokenKeyName& name, const Attributes& attributes) {
  if (name.token.empty()) return Bad("no token is named");
  if (name.object.empty()) return Bad("no object is named");
  if (name.token.size() > kTokenLabelMax) return Bad("the token's label is longer than 32 bytes");
  if (name.serial.size() > kTokenSerialMax) return Bad("the serial is longer than 16 bytes");
  if (name.object.size() > kObjectLabelMax) return Bad("the object's label is longer than 255");
  if (name.id.size() > kObjectLabelMax) return Bad("the id is longer than 255 bytes");
  if (const std::string type = Take(attributes, "type"); !type.empty() && type != "private") {
    return Bad("type is \"" + Printable(type, 32) + "\", want private");
  }
  if (name.module.empty()) return Bad("no module-path, the library of the token's maker");
  RETURN_IF_ERROR(CheckPath("module-path", name.module));
  return name.pin_file.empty() ? Status() : CheckPath("pin-source", name.pin_file);
}

// The point itself: bare, or in an OCTET STRING, or (PKCS#11 3.0, Edwards keys) in a BIT STRING.
std::string_view Unwrap(std::string_view point, std::size_t size) {
  const char length = static_cast<char>(size);
  if (point.size() == size + 2 && point[0] == 0x04 && point[1] == length) return point.substr(2);
  if (point.size() == size + 3 && point[0] == 0x03 && point[1] == length + 1 && point[2] == 0) {
    return point.substr(3);
  }
  return point;
}

}  // namespace

std::string TokenKeyName::Text() const {
  return "key \"" + Printable(object, 64) + "\" of token \"" + Printable(token, 64) + "\"";
}

bool IsTokenKey(std::string_view key) { return key.starts_with(kScheme); }

Result<TokenKeyName> ParseTokenKeyName(std::string_view text) {
  CHECK(IsTokenKey(text));
  if (text.size() > kTokenKeyTextMax) return Bad("longer than 2048 bytes");
  // Wherever it stands: a message shows the other parts.
  if (text.find("pin-value") != std::string_view::npos) {
    return Bad("a PIN stands in its own file, named by pin-source");
  }
  text.remove_prefix(kScheme.size());
  const std::size_t question = text.find('?');
  Attributes attributes;
  if (question != std::string_view::npos) {
    RETURN_IF_ERROR(
        ReadAttributes(text.substr(question + 1), '&', {"module-path", "pin-source"}, attributes));
  }
  RETURN_IF_ERROR(ReadAttributes(text.substr(0, question), ';',
                                 {"token", "object", "serial", "id", "type"}, attributes));
  TokenKeyName name;
  name.token = Take(attributes, "token");
  name.object = Take(attributes, "object");
  name.serial = Take(attributes, "serial");
  name.id = Take(attributes, "id");
  name.module = Take(attributes, "module-path");
  name.pin_file = PinPath(Take(attributes, "pin-source"));
  RETURN_IF_ERROR(CheckName(name, attributes));
  return name;
}

Result<PublicKey> PublicKeyOfToken(KeyKind kind, std::string_view parameters,
                                   std::string_view point) {
  if (kind == KeyKind::kP256) {
    if (parameters != kP256Parameters) {
      return Error{ErrorCode::kInvalidInput, "its curve is not P-256"};
    }
    return PublicKey::FromP256(Unwrap(point, kP256PointSize));
  }
  if (parameters != kEd25519Oid && parameters != kEd25519Name) {
    return Error{ErrorCode::kInvalidInput, "its curve is not Ed25519"};
  }
  return PublicKey::FromEd25519(Unwrap(point, kEd25519PointSize));
}

}  // namespace farm
