#include <openssl/asn1.h>
#include <openssl/objects.h>

#include <algorithm>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr UnixSeconds kBackdatedSeconds = 60;  // clocks of other machines may be slow
constexpr std::size_t kNameBytesMax = 64;      // RFC 5280 appendix A: ub-common-name
constexpr const char* kIssuerOidRaw = "1.3.6.1.4.1.57264.1.1";  // Fulcio: the URL's bytes
constexpr const char* kSctListOid = "1.3.6.1.4.1.11129.2.4.2";  // RFC 6962 section 3.3

using OwnedExtension = OpensslOwned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedObject = OpensslOwned<ASN1_OBJECT, ASN1_OBJECT_free>;
using OwnedOctets = OpensslOwned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using OwnedTime = OpensslOwned<ASN1_TIME, ASN1_TIME_free>;

struct Subject {
  std::string organization;
  std::string common_name;
};

struct Validity {
  UnixSeconds not_before = 0;
  std::int64_t seconds = 0;
};

bool IsPrintableAscii(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void AddName(X509_NAME* name, int nid, const std::string& value) {
  CHECK(!value.empty() && value.size() <= kNameBytesMax && IsUtf8(value));
  CHECK(X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, Data(value),
                                   static_cast<int>(value.size()), -1, 0) == 1);
}

OwnedTime MakeTime(UnixSeconds time) {
  OwnedTime value(ASN1_TIME_set(nullptr, time));
  CHECK(value);
  return value;
}

// 127 random bits.
void SetRandomSerial(X509* x509) {
  std::string bytes = RandomBytes(16);
  bytes[0] = static_cast<char>(bytes[0] & 0x7f);
  const OpensslOwned<BIGNUM, BN_free> number(BN_bin2bn(Data(bytes), 16, nullptr));
  CHECK(number && !BN_is_zero(number.get()));
  CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr);
}

OwnedX509 NewCertificate(const Subject& subject, const PublicKey& key, const Validity& validity) {
  OwnedX509 x509(X509_new());
  CHECK(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1);
  SetRandomSerial(x509.get());
  X509_NAME* const name = X509_get_subject_name(x509.get());
  if (!subject.organization.empty()) AddName(name, NID_organizationName, subject.organization);
  AddName(name, NID_commonName, subject.common_name);
  const auto pkey = FromWholeDer<OwnedPkey, d2i_PUBKEY>(key.spki());
  CHECK(pkey && X509_set_pubkey(x509.get(), pkey.get()) == 1);
  CHECK(validity.seconds > 0);
  CHECK(X509_set1_notBefore(x509.get(), MakeTime(validity.not_before).get()) == 1);
  CHECK(X509_set1_notAfter(x509.get(), MakeTime(validity.not_before + validity.seconds).get()) ==
        1);
  return x509;
}

// An extension in the syntax of OpenSSL's configuration files; only for texts of our own.
void AddExtension(X509* x509, X509* issuer, int nid, const char* text) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, text));
  CHECK(extension && X509_add_ext(x509, extension.get(), -1) == 1);
}

void AddRawExtension(X509* x509, const char* oid, std::string_view value) {
  const OwnedObject object(OBJ_txt2obj(oid, 1));
  const OwnedOctets octets(ASN1_OCTET_STRING_new());
  CHECK(object && octets);
  CHECK(ASN1_OCTET_STRING_set(octets.get(), Data(value), static_cast<int>(value.size())) == 1);
  const OwnedExtension extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, octets.get()));
  CHECK(extension && X509_add_ext(x509, extension.get(), -1) == 1);
}

std::string Utf8StringDer(std::string_view text) {
  const OpensslOwned<ASN1_UTF8STRING, ASN1_UTF8STRING_free> value(ASN1_UTF8STRING_new());
  CHECK(value && ASN1_STRING_set(value.get(), text.data(), static_cast<int>(text.size())) == 1);
  return ToDer<i2d_ASN1_UTF8STRING>(value.get());
}

// Subject alternative names, made one by one: a configuration text would read commas in them.
class AlternativeNames {
 public:
  AlternativeNames() : names_(GENERAL_NAMES_new()) { CHECK(names_); }

  void AddText(int type, const std::string& text) {
    CHECK(IsPrintableAscii(text));
    ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
    CHECK(value && ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1);
    Add(type, value);
  }

  void AddIpAddress(const std::string& text) {
    ASN1_OCTET_STRING* const value = a2i_IPADDRESS(text.c_str());
    CHECK(value);
    Add(GEN_IPADD, value);
  }

  void AppendTo(X509* x509, bool critical) const {
    if (sk_GENERAL_NAME_num(names_.get()) == 0) return;
    CHECK(X509_add1_ext_i2d(x509, NID_subject_alt_name, names_.get(), critical ? 1 : 0,
                            X509V3_ADD_DEFAULT) == 1);
  }

 private:
  void Add(int type, void* value) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    CHECK(name);
    GENERAL_NAME_set0_value(name, type, value);
    CHECK(sk_GENERAL_NAME_push(names_.get(), name) > 0);
  }

  OpensslOwned<GENERAL_NAMES, GENERAL_NAMES_free> names_;
};

OwnedX509 NewLeaf(const X509* issuer, const Subject& subject, const PublicKey& key,
                  const Validity& validity) {
  OwnedX509 x509 = NewCertificate(subject, key, validity);
  CHECK(X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer)) == 1);
  return x509;
}

void AddKeyIdentifiers(X509* issuer, X509* x509) {
  AddExtension(x509, issuer, NID_subject_key_identifier, "hash");
  AddExtension(x509, issuer, NID_authority_key_identifier, "keyid:always");
}

void Sign(const PrivateKey& key, X509* x509) {
  CHECK(X509_sign(x509, key.state().key.get(), SigningDigest(key.public_key().kind())) > 0);
}

Certificate Finish(const PrivateKey& key, X509* x509) {
  Sign(key, x509);
  auto certificate = Certificate::FromDer(ToDer<i2d_X509>(x509));
  CHECK(certificate);
  return *std::move(certificate);
}

X509* IssuerOf(const PublicKey& key, const Certificate& authority) {
  CHECK(authority.public_key() == key);
  return CertificateAccess::Get(authority);
}

SigningKey InMemory(const PrivateKey& key) {
  return {key.public_key(),
          [key](std::string_view message) -> Result<std::string> { return key.Sign(message); }};
}

// `what` names the key in messages.
Result<std::string> SignAndCheck(const SigningKey& key, std::string_view message,
                                 std::string_view what) {
  auto signature = key.sign(message);
  if (!signature) return Wrap(what, signature.error());
  if (auto status = key.key.Verify(message, *signature); !status) {
    return Wrap(std::string(what) + " " + key.key.KeyId(), status.error());
  }
  return signature;
}

// What a key of `kind` has to sign.  OpenSSL names the algorithm in there only where it signs
// itself; a key that is thrown away leaves the same bytes.
std::string BytesToSign(KeyKind kind, X509* x509) {
  Sign(PrivateKey::Generate(kind), x509);
  std::string tbs = ToDer<i2d_re_X509_tbs>(x509);
  CHECK(!tbs.empty());
  return tbs;
}

std::string DerObject(int tag, bool constructed, std::string_view content) {
  const int length = static_cast<int>(content.size());
  const int size = ASN1_object_size(constructed ? 1 : 0, length, tag);
  CHECK(size > length);
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* position = reinterpret_cast<unsigned char*>(der.data());
  ASN1_put_object(&position, constructed ? 1 : 0, length, tag, V_ASN1_UNIVERSAL);
  std::copy(content.begin(), content.end(), der.end() - length);
  return der;
}

// The certificate of `tbs`, which BytesToSign made of `x509` just now: OpenSSL puts no signature of
// another's making into one.  Spec: RFC 5280 section 4.1.
Result<Certificate> Assemble(const X509* x509, std::string_view tbs, std::string_view signature) {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, x509);
  const std::string no_unused_bits(1, '\0');
  return Certificate::FromDer(
      DerObject(V_ASN1_SEQUENCE, true,
                std::string(tbs) + ToDer<i2d_X509_ALGOR>(algorithm) +
                    DerObject(V_ASN1_BIT_STRING, false, no_unused_bits + std::string(signature))));
}

std::string WithLength16(std::string_view bytes) {
  CHECK(bytes.size() <= 0xffff);
  return BigEndian16(static_cast<unsigned>(bytes.size())) + std::string(bytes);
}

// The value of the SCT list extension for a certificate to be, whose TBS without that extension is
// `tbs`.  Spec: RFC 6962 sections 3.2 and 3.3.
Result<std::string> SctList(const SigningKey& transparency_key, const Certificate& authority,
                            std::string_view tbs, UnixSeconds time) {
  CHECK(transparency_key.key.kind() == KeyKind::kP256 && tbs.size() < (1 << 24));
  CHECK(time >= 0);
  const std::string version(1, '\0');  // v1
  const std::string timestamp = BigEndian64(static_cast<unsigned long long>(time) * 1000);
  const std::string no_extensions = WithLength16("");
  const std::string signed_bytes = version + std::string(1, '\0') /* certificate_timestamp */ +
                                   timestamp + BigEndian16(1) /* precert_entry */ +
                                   std::string(Sha256(authority.public_key().spki()).bytes()) +
                                   static_cast<char>(tbs.size() >> 16) +
                                   BigEndian16(tbs.size() & 0xffff) + std::string(tbs) +
                                   no_extensions;
  ASSIGN_OR_RETURN(const std::string signature,
                   SignAndCheck(transparency_key, signed_bytes, "transparency key"));
  const std::string log_id(Sha256(transparency_key.key.spki()).bytes());
  const std::string sha256_ecdsa = "\x04\x03";
  const std::string sct =
      version + log_id + timestamp + no_extensions + sha256_ecdsa + WithLength16(signature);
  const std::string list = WithLength16(WithLength16(sct));
  const OwnedOctets octets(ASN1_OCTET_STRING_new());
  CHECK(octets);
  CHECK(ASN1_OCTET_STRING_set(octets.get(), Data(list), static_cast<int>(list.size())) == 1);
  return ToDer<i2d_ASN1_OCTET_STRING>(octets.get());
}

}  // namespace

Certificate IssueAuthority(const PrivateKey& key, const std::string& organization,
                           const std::string& common_name, UnixSeconds now, std::int64_t seconds) {
  const ErrorQueueScope scope;
  const OwnedX509 x509 = NewCertificate(Subject{organization, common_name}, key.public_key(),
                                        Validity{now - kBackdatedSeconds, seconds});
  CHECK(X509_set_issuer_name(x509.get(), X509_get_subject_name(x509.get())) == 1);
  AddExtension(x509.get(), x509.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  AddExtension(x509.get(), x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(x509.get(), x509.get(), NID_subject_key_identifier, "hash");
  return Finish(key, x509.get());
}

Result<Certificate> IssueSigningLeaf(const SigningKey& authority_key, const Certificate& authority,
                                     const SigningKey& transparency_key,
                                     const SigningLeafRequest& request) {
  const ErrorQueueScope scope;
  X509* const issuer = IssuerOf(authority_key.key, authority);
  const KeyKind kind = authority_key.key.kind();
  const OwnedX509 x509 = NewLeaf(issuer, Subject{request.organization, request.common_name},
                                 request.key, Validity{request.not_before, request.seconds});
  AddExtension(x509.get(), issuer, NID_key_usage, "critical,digitalSignature");
  AddExtension(x509.get(), issuer, NID_ext_key_usage, "codeSigning");
  AddKeyIdentifiers(issuer, x509.get());
  AlternativeNames names;
  names.AddText(GEN_URI, request.uri);
  names.AppendTo(x509.get(), true);
  CHECK(IsPrintableAscii(request.issuer_extension));
  AddRawExtension(x509.get(), kIssuerOidRaw, request.issuer_extension);
  AddRawExtension(x509.get(), kIssuerOid, Utf8StringDer(request.issuer_extension));
  // The SCT covers the certificate as it is without the SCT.
  ASSIGN_OR_RETURN(
      const std::string timestamps,
      SctList(transparency_key, authority, BytesToSign(kind, x509.get()), request.not_before));
  AddRawExtension(x509.get(), kSctListOid, timestamps);
  const std::string tbs = BytesToSign(kind, x509.get());
  ASSIGN_OR_RETURN(const std::string signature, SignAndCheck(authority_key, tbs, "authority key"));
  return Assemble(x509.get(), tbs, signature);
}

Certificate IssueSigningLeaf(const PrivateKey& authority_key, const Certificate& authority,
                             const PrivateKey& transparency_key,
                             const SigningLeafRequest& request) {
  auto leaf =
      IssueSigningLeaf(InMemory(authority_key), authority, InMemory(transparency_key), request);
  CHECK(leaf);
  return *std::move(leaf);
}

Certificate IssueTlsLeaf(const PrivateKey& authority_key, const Certificate& authority,
                         const TlsLeafRequest& request) {
  const ErrorQueueScope scope;
  X509* const issuer = IssuerOf(authority_key.public_key(), authority);
  const OwnedX509 x509 = NewLeaf(issuer, Subject{"", request.common_name}, request.key,
                                 Validity{request.not_before, request.seconds});
  AddExtension(x509.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(x509.get(), issuer, NID_key_usage, "critical,digitalSignature");
  AddExtension(x509.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  AddKeyIdentifiers(issuer, x509.get());
  AlternativeNames names;
  for (const std::string& name : request.dns_names) names.AddText(GEN_DNS, name);
  for (const std::string& address : request.ip_addresses) names.AddIpAddress(address);
  names.AppendTo(x509.get(), false);
  return Finish(authority_key, x509.get());
}

Certificate IssueTimestampLeaf(const PrivateKey& authority_key, const Certificate& authority,
                               const PublicKey& key, const std::string& common_name,
                               UnixSeconds now, std::int64_t seconds) {
  const ErrorQueueScope scope;
  X509* const issuer = IssuerOf(authority_key.public_key(), authority);
  const OwnedX509 x509 =
      NewLeaf(issuer, Subject{"", common_name}, key, Validity{now - kBackdatedSeconds, seconds});
  AddExtension(x509.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(x509.get(), issuer, NID_key_usage, "critical,digitalSignature");
  AddExtension(x509.get(), issuer, NID_ext_key_usage, "critical,timeStamping");
  AddKeyIdentifiers(issuer, x509.get());
  return Finish(authority_key, x509.get());
}

}  // namespace farm
