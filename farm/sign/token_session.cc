#include "farm/sign/token_session.h"

#include <array>
#include <cstring>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/token_forms.h"
#include "farm/sign/secret_file.h"

namespace farm {
namespace {

constexpr std::size_t kAttributeBytesMax = 4096;  // ours have at most 67; a label may have more
constexpr CK_ULONG kObjectsMax = 32;              // of one search; more are not needed
constexpr std::size_t kSignatureBytesMax = 256;   // ours have 64

CK_ATTRIBUTE AttributeOf(CK_ATTRIBUTE_TYPE type, CK_ULONG& number) {
  return {type, &number, sizeof number};
}

// PKCS#11 takes what it only reads as non-const.
CK_ATTRIBUTE AttributeOf(CK_ATTRIBUTE_TYPE type, const std::string& text) {
  return {type, const_cast<char*>(text.data()), text.size()};
}

Error Failed(const TokenKeyName& name, std::string_view doing, CK_RV code) {
  return Error{ErrorCode::kUnavailable, name.Text() + ": " + std::string(doing) + ": " +
                                            TokenAnswer(code) +
                                            "; is the token there, and may this user use it?"};
}

std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "\"" : ", \"") + Printable(name, 64) + "\"";
  }
  return text.empty() ? "none" : text;
}

Result<TokenModule::Slot> FindSlot(const TokenModule& module, const TokenKeyName& name) {
  ASSIGN_OR_RETURN(const std::vector<TokenModule::Slot> slots, module.Slots());
  std::vector<TokenModule::Slot> found;
  std::vector<std::string> labels;
  std::vector<std::string> serials;
  for (const TokenModule::Slot& slot : slots) {
    labels.push_back(slot.label);
    if (slot.label != name.token) continue;
    if (!name.serial.empty() && slot.serial != name.serial) continue;
    found.push_back(slot);
    serials.push_back(slot.serial);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return Error{ErrorCode::kUnavailable, name.Text() + ": no such token in " + name.module +
                                              (name.serial.empty() ? "" : " with that serial") +
                                              "; there is " + Quoted(labels) +
                                              "; put it in, or correct token"};
  }
  return Error{ErrorCode::kInvalidInput,
               name.Text() + ": " + std::to_string(found.size()) +
                   " tokens have this label; add ;serial= to it, one of " + Quoted(serials)};
}

// The PIN without the newline that editors put at a file's end.
Result<Secret> ReadPin(const TokenKeyName& name) {
  if (name.pin_file.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 name.Text() +
                     ": the token wants a PIN; write it into a file of mode 0600 and add "
                     "pin-source=file:/THAT/FILE"};
  }
  ASSIGN_OR_RETURN(Secret file, ReadSecretFileOf(SecretOwners(name.configured_by), name.pin_file,
                                                 kPinBytesMax + 1, "PIN file"));
  std::string_view pin = file.view();
  if (pin.ends_with('\n')) pin.remove_suffix(1);
  if (pin.empty() || pin.size() > kPinBytesMax) {
    return Error{ErrorCode::kInvalidInput, "PIN file " + name.pin_file + ": want 1 to " +
                                               std::to_string(kPinBytesMax) +
                                               " bytes and a newline"};
  }
  return Secret({pin.begin(), pin.end()});
}

Error WrongPin(const TokenKeyName& name, std::string_view said) {
  return Error{ErrorCode::kUntrusted,
               name.Text() + ": the token refuses the PIN (" + std::string(said) +
                   "), which is not tried again, for a few wrong ones lock a token; correct " +
                   name.pin_file,
               ExitCode::kRefused};
}

Error LockedOut(const TokenKeyName& name) {
  return Error{ErrorCode::kUnavailable,
               name.Text() +
                   ": the token is locked after wrong PINs; its security officer sets a new one "
                   "(pkcs11-tool --module " +
                   name.module + " --login --login-type so --init-pin)"};
}

}  // namespace

Status CheckMayLogIn(CK_FLAGS flags, const TokenKeyName& name) {
  if ((flags & CKF_USER_PIN_LOCKED) != 0) return LockedOut(name);
  if ((flags & CKF_USER_PIN_FINAL_TRY) != 0) {
    return Error{
        ErrorCode::kUnavailable,
        name.Text() +
            ": one wrong PIN more locks the token, so it is not tried from here; see that " +
            name.pin_file + " is right, and log in once by hand (pkcs11-tool --module " +
            name.module + " --login --test)"};
  }
  if ((flags & CKF_USER_PIN_INITIALIZED) == 0) {
    return Error{ErrorCode::kUnavailable,
                 name.Text() + ": the token has no user PIN yet; its security officer sets one"};
  }
  return {};
}

Result<std::unique_ptr<TokenSession>> TokenSession::Open(const TokenModule& module,
                                                         const TokenKeyName& name,
                                                         std::optional<Digest>& refused_pin) {
  ASSIGN_OR_RETURN(const TokenModule::Slot slot, FindSlot(module, name));
  CK_SESSION_HANDLE handle = 0;
  const CK_RV code =
      module.functions().C_OpenSession(slot.id, CKF_SERIAL_SESSION, nullptr, nullptr, &handle);
  if (code != CKR_OK) return Failed(name, "opening a session", code);
  std::unique_ptr<TokenSession> session(new TokenSession(module, name, handle));
  if ((slot.flags & CKF_LOGIN_REQUIRED) != 0) {
    RETURN_IF_ERROR(session->LogIn(slot.flags, refused_pin));
  }
  RETURN_IF_ERROR(session->FindKey());
  return session;
}

TokenSession::~TokenSession() { functions_.C_CloseSession(session_); }

Status TokenSession::LogIn(CK_FLAGS flags, std::optional<Digest>& refused_pin) {
  RETURN_IF_ERROR(CheckMayLogIn(flags, name_));
  ASSIGN_OR_RETURN(const Secret pin, ReadPin(name_));
  const Digest digest = Sha256(pin.view());
  if (refused_pin == digest) return WrongPin(name_, "as before");
  auto* const bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(pin.view().data()));
  const CK_RV code = functions_.C_Login(session_, CKU_USER, bytes, pin.view().size());
  switch (code) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:  // by another key of this program
      refused_pin.reset();
      return {};
    case CKR_PIN_LOCKED:
      return LockedOut(name_);
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
      refused_pin = digest;
      return WrongPin(name_, TokenAnswer(code));
    default:
      return Failed(name_, "logging in", code);
  }
}

Result<std::vector<CK_OBJECT_HANDLE>> TokenSession::Find(std::vector<CK_ATTRIBUTE> attributes) {
  CK_RV code = functions_.C_FindObjectsInit(session_, attributes.data(), attributes.size());
  if (code != CKR_OK) return Failed(name_, "looking for keys", code);
  std::vector<CK_OBJECT_HANDLE> objects(kObjectsMax);
  CK_ULONG count = 0;
  code = functions_.C_FindObjects(session_, objects.data(), objects.size(), &count);
  functions_.C_FindObjectsFinal(session_);
  if (code != CKR_OK) return Failed(name_, "looking for keys", code);
  objects.resize(count);
  return objects;
}

Result<std::string> TokenSession::Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  std::string value(kAttributeBytesMax, '\0');
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  const CK_RV code = functions_.C_GetAttributeValue(session_, object, &attribute, 1);
  if (code != CKR_OK || attribute.ulValueLen > value.size()) {
    return Failed(name_, "reading attribute " + std::to_string(type), code);
  }
  value.resize(attribute.ulValueLen);
  return value;
}

Result<CK_ULONG> TokenSession::ReadNumber(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  ASSIGN_OR_RETURN(const std::string value, Read(object, type));
  CK_ULONG number = 0;
  if (value.size() != sizeof number) {
    return Error{ErrorCode::kInvalidInput,
                 name_.Text() + ": attribute " + std::to_string(type) + " is not a number"};
  }
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

Result<bool> TokenSession::ReadFlag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  ASSIGN_OR_RETURN(const std::string value, Read(object, type));
  return value.size() == 1 && value[0] == CK_TRUE;
}

Error TokenSession::NoSuchKey() {
  CK_ULONG object_class = CKO_PRIVATE_KEY;
  std::vector<std::string> labels;
  if (const auto objects = Find({AttributeOf(CKA_CLASS, object_class)})) {
    for (const CK_OBJECT_HANDLE object : *objects) {
      labels.push_back(Read(object, CKA_LABEL).value_or("?"));
    }
  }
  return Error{ErrorCode::kNotFound, name_.Text() + ": no such private key there" +
                                         (name_.id.empty() ? "" : " with that id") + "; there is " +
                                         Quoted(labels) + "; correct object"};
}

Status TokenSession::FindKey() {
  CK_ULONG object_class = CKO_PRIVATE_KEY;
  std::vector<CK_ATTRIBUTE> wanted = {AttributeOf(CKA_CLASS, object_class),
                                      AttributeOf(CKA_LABEL, name_.object)};
  if (!name_.id.empty()) wanted.push_back(AttributeOf(CKA_ID, name_.id));
  ASSIGN_OR_RETURN(const std::vector<CK_OBJECT_HANDLE> objects, Find(std::move(wanted)));
  if (objects.empty()) return NoSuchKey();
  if (objects.size() > 1) {
    return Error{ErrorCode::kInvalidInput,
                 name_.Text() + ": " + std::to_string(objects.size()) +
                     " private keys have this label; add ;id= to it, each byte as %NN"};
  }
  private_key_ = objects.front();
  RETURN_IF_ERROR(CheckPrivateKey());
  ASSIGN_OR_RETURN(const CK_ULONG type, ReadNumber(private_key_, CKA_KEY_TYPE));
  ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE public_key, FindPublicKey(type));
  ASSIGN_OR_RETURN(const std::string parameters, Read(public_key, CKA_EC_PARAMS));
  ASSIGN_OR_RETURN(const std::string point, Read(public_key, CKA_EC_POINT));
  auto key =
      PublicKeyOfToken(type == CKK_EC ? KeyKind::kP256 : KeyKind::kEd25519, parameters, point);
  if (!key) return Wrap(name_.Text(), key.error());
  key_ = *std::move(key);
  return {};
}

Status TokenSession::CheckPrivateKey() {
  ASSIGN_OR_RETURN(const CK_ULONG type, ReadNumber(private_key_, CKA_KEY_TYPE));
  if (type != CKK_EC && type != CKK_EC_EDWARDS) {
    return Error{ErrorCode::kInvalidInput,
                 name_.Text() + ": is of PKCS#11's key type " + std::to_string(type) +
                     ", want P-256 (EC:prime256v1) or Ed25519 (EC:edwards25519)"};
  }
  ASSIGN_OR_RETURN(const bool signs, ReadFlag(private_key_, CKA_SIGN));
  if (!signs) return Error{ErrorCode::kInvalidInput, name_.Text() + ": is not a key for signing"};
  ASSIGN_OR_RETURN(const bool sensitive, ReadFlag(private_key_, CKA_SENSITIVE));
  ASSIGN_OR_RETURN(const bool extractable, ReadFlag(private_key_, CKA_EXTRACTABLE));
  if (sensitive && !extractable) return {};
  return Error{ErrorCode::kInvalidInput,
               name_.Text() +
                   ": can be taken out of the token (CKA_SENSITIVE false or CKA_EXTRACTABLE true); "
                   "make a new key that cannot"};
}

// The one with the same CKA_ID; where there is none, with the same label.
Result<CK_OBJECT_HANDLE> TokenSession::FindPublicKey(CK_KEY_TYPE type) {
  CK_ULONG object_class = CKO_PUBLIC_KEY;
  CK_ULONG key_type = type;
  ASSIGN_OR_RETURN(const std::string id, Read(private_key_, CKA_ID));
  ASSIGN_OR_RETURN(
      const std::vector<CK_OBJECT_HANDLE> objects,
      Find({AttributeOf(CKA_CLASS, object_class), AttributeOf(CKA_KEY_TYPE, key_type),
            id.empty() ? AttributeOf(CKA_LABEL, name_.object) : AttributeOf(CKA_ID, id)}));
  if (objects.size() == 1) return objects.front();
  return Error{ErrorCode::kInvalidInput,
               name_.Text() + ": " + std::to_string(objects.size()) +
                   " public keys of the same id (or label, where it has no id) lie beside it, want "
                   "one; make the pair together (pkcs11-tool --keypairgen)"};
}

Result<std::string> TokenSession::Sign(std::string_view message) {
  const bool p256 = key().kind() == KeyKind::kP256;
  // ECDSA signs a digest of the caller's; Ed25519 hashes for itself.
  std::string input(p256 ? Sha256(message).bytes() : message);
  CK_MECHANISM mechanism{p256 ? CKM_ECDSA : CKM_EDDSA, nullptr, 0};
  CK_RV code = functions_.C_SignInit(session_, &mechanism, private_key_);
  if (code != CKR_OK) return Failed(name_, "signing", code);
  std::array<unsigned char, kSignatureBytesMax> signature{};
  CK_ULONG size = signature.size();
  code = functions_.C_Sign(session_, reinterpret_cast<unsigned char*>(input.data()), input.size(),
                           signature.data(), &size);
  if (code != CKR_OK || size > signature.size()) return Failed(name_, "signing", code);
  const std::string bytes(reinterpret_cast<const char*>(signature.data()), size);
  if (!p256) return bytes;
  auto der = P256SignatureFromPair(bytes);
  if (!der) return Wrap(name_.Text(), der.error());
  return der;
}

}  // namespace farm
