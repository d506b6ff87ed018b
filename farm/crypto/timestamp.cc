#include "farm/crypto/timestamp.h"

#include <openssl/ess.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

// A policy identifier is obligatory; ours promises nothing (the arc is a placeholder).
constexpr const char* kPolicyOid = "1.3.6.1.4.1.99999.1";
constexpr int kAccuracySeconds = 1;
constexpr std::array<int, 3> kDigestNids = {NID_sha256, NID_sha384, NID_sha512};

using OwnedRequest = OpensslOwned<TS_REQ, TS_REQ_free>;
using OwnedResponse = OpensslOwned<TS_RESP, TS_RESP_free>;
using OwnedInteger = OpensslOwned<ASN1_INTEGER, ASN1_INTEGER_free>;
using OwnedEss = OpensslOwned<ESS_SIGNING_CERT, ESS_SIGNING_CERT_free>;
using OwnedEssV2 = OpensslOwned<ESS_SIGNING_CERT_V2, ESS_SIGNING_CERT_V2_free>;

Error Untrusted(std::string_view reason) {
  return Error{ErrorCode::kUntrusted, "time stamp: " + std::string(reason),
               ExitCode::kBadSignature};
}

// A positive integer of `size` random bytes less one bit.
OwnedInteger RandomInteger(int size) {
  std::string bytes = RandomBytes(static_cast<std::size_t>(size));
  bytes[0] = static_cast<char>(bytes[0] & 0x7f);
  const OpensslOwned<BIGNUM, BN_free> number(BN_bin2bn(Data(bytes), size, nullptr));
  CHECK(number && !BN_is_zero(number.get()));
  OwnedInteger integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
  CHECK(integer);
  return integer;
}

ASN1_INTEGER* RandomSerial(TS_RESP_CTX*, void*) { return RandomInteger(16).release(); }

int GivenTime(TS_RESP_CTX*, void* now, long* seconds, long* microseconds) {
  *seconds = static_cast<long>(*static_cast<const UnixSeconds*>(now));
  *microseconds = 0;
  return 1;
}

int DigestNid(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  const int nid = OBJ_obj2nid(object);
  return std::find(kDigestNids.begin(), kDigestNids.end(), nid) == kDigestNids.end() ? NID_undef
                                                                                     : nid;
}

Status CheckImprint(TS_MSG_IMPRINT* imprint, std::string_view message) {
  const int nid = DigestNid(TS_MSG_IMPRINT_get_algo(imprint));
  if (nid == NID_undef) return Untrusted("its imprint is not SHA-256, SHA-384 or SHA-512");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t size = 0;
  CHECK(EVP_Q_digest(nullptr, OBJ_nid2sn(nid), nullptr, message.data(), message.size(),
                     digest.data(), &size) == 1);
  const ASN1_OCTET_STRING* const found = TS_MSG_IMPRINT_get_msg(imprint);
  const unsigned char* const bytes = ASN1_STRING_get0_data(found);
  if (static_cast<std::size_t>(ASN1_STRING_length(found)) != size ||
      !std::equal(bytes, bytes + size, digest.begin())) {
    return Untrusted("it was made for other bytes");
  }
  return {};
}

Status CheckInfo(TS_TST_INFO* info, std::string_view message) {
  if (TS_TST_INFO_get_version(info) != 1) return Untrusted("not of version 1");
  for (int i = 0; i < TS_TST_INFO_get_ext_count(info); ++i) {
    if (X509_EXTENSION_get_critical(TS_TST_INFO_get_ext(info, i)) != 0) {
      return Untrusted("it has a critical extension that we do not know");
    }
  }
  return CheckImprint(TS_TST_INFO_get_msg_imprint(info), message);
}

// A library context with no algorithm in it.  Lives as long as the program.
OSSL_LIB_CTX* NoAlgorithms() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* const made = OSSL_LIB_CTX_new();
    CHECK(made != nullptr && OSSL_PROVIDER_load(made, "null") != nullptr);
    return made;
  }();
  return context;
}

// A response as it is written.  The certificates in it stay without keys, whose reading takes most
// of the time: of all of them at most the signer's is needed, and FindSigner reads it anew.
OwnedResponse ReadResponse(std::string_view der) {
  OSSL_LIB_CTX* const before = OSSL_LIB_CTX_set0_default(NoAlgorithms());  // of this thread
  auto response = FromWholeDer<OwnedResponse, d2i_TS_RESP>(der);
  OSSL_LIB_CTX_set0_default(before);
  return response;
}

BorrowingStack StackOf(const Certificate* certificates, std::size_t count) {
  BorrowingStack stack(sk_X509_new_null());
  CHECK(stack);
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(sk_X509_push(stack.get(), CertificateAccess::Get(certificates[i])) > 0);
  }
  return stack;
}

// The one certificate that `token` names as its signer, from `chain` or from the token itself.
Result<Certificate> FindSigner(PKCS7* token, const std::vector<Certificate>& chain) {
  if (PKCS7_type_is_signed(token) == 0) return Untrusted("its token is not signed data");
  STACK_OF(PKCS7_SIGNER_INFO)* const infos = PKCS7_get_signer_info(token);
  if (infos == nullptr || sk_PKCS7_SIGNER_INFO_num(infos) != 1) {
    return Untrusted("its token has not exactly one signer");
  }
  X509_ALGOR* digest = nullptr;
  PKCS7_SIGNER_INFO_get0_algs(sk_PKCS7_SIGNER_INFO_value(infos, 0), nullptr, &digest, nullptr);
  if (DigestNid(digest) == NID_undef) {
    return Untrusted("its token is signed over another digest than SHA-256, SHA-384 or SHA-512");
  }
  const BorrowingStack given = StackOf(chain.data(), chain.size());
  const BorrowingStack signers(PKCS7_get0_signers(token, given.get(), 0));
  if (!signers || sk_X509_num(signers.get()) != 1) {
    return Untrusted("its signer's certificate is neither inside it nor trusted");
  }
  X509* const x509 = sk_X509_value(signers.get(), 0);
  for (const Certificate& certificate : chain) {
    if (CertificateAccess::Get(certificate) == x509) return certificate;
  }
  auto signer = CertificateAccess::Parse(ToDer<i2d_X509>(x509), true);
  if (!signer) return Untrusted(signer.error().message);
  return signer;
}

// The algorithm's name; NID_undef where parameters stand beside it that say something.
int PlainNid(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int parameters = V_ASN1_UNDEF;
  X509_ALGOR_get0(&object, &parameters, nullptr, algorithm);
  const bool plain = parameters == V_ASN1_UNDEF || parameters == V_ASN1_NULL;
  return plain ? OBJ_obj2nid(object) : NID_undef;
}

int KeyNid(X509* certificate) {
  ASN1_OBJECT* algorithm = nullptr;
  CHECK(X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr,
                               X509_get_X509_PUBKEY(certificate)) == 1);
  return OBJ_obj2nid(algorithm);
}

// The token calls its algorithms what they are: the digest twice, and the signature's by the digest
// and the signer's key (of RSA also by the key alone: RFC 8017, RFC 3370 section 3.2).
bool NamesItsAlgorithms(const PKCS7_SIGNED& data, PKCS7_SIGNER_INFO* info, X509* signer) {
  X509_ALGOR* digest = nullptr;
  X509_ALGOR* signature = nullptr;
  PKCS7_SIGNER_INFO_get0_algs(info, nullptr, &digest, &signature);
  const int digest_nid = PlainNid(digest);
  if (digest_nid == NID_undef || sk_X509_ALGOR_num(data.md_algs) != 1 ||
      PlainNid(sk_X509_ALGOR_value(data.md_algs, 0)) != digest_nid) {
    return false;
  }
  const int named = PlainNid(signature);
  const int key = KeyNid(signer);
  int of_digest = NID_undef;
  int of_key = NID_undef;
  return (named == NID_rsaEncryption && key == named) ||
         (OBJ_find_sigid_algs(named, &of_digest, &of_key) == 1 && of_digest == digest_nid &&
          of_key == key);
}

// Each certificate is one of the path, byte for byte, and none is there twice.
bool HoldsOnlyThose(const PKCS7_SIGNED& data, STACK_OF(X509) * path) {
  std::set<std::string> known;
  for (int i = 0; i < sk_X509_num(path); ++i) known.insert(ToDer<i2d_X509>(sk_X509_value(path, i)));
  for (int i = 0; i < sk_X509_num(data.cert); ++i) {
    if (known.erase(ToDer<i2d_X509>(sk_X509_value(data.cert, i))) == 0) return false;
  }
  return true;
}

// What no signature covers has one form: whoever passes a token on can change nothing in it, but
// leave out certificates that the root has.  path: the signer, then its issuers.  Spec: RFC 3161
// section 2.4.2, RFC 5652 sections 5.1 and 5.3.
Status CheckUnsigned(std::string_view bytes, TS_RESP* response, STACK_OF(X509) * path) {
  constexpr std::string_view kGranted("\x30\x03\x02\x01\x00", 5);  // no words beside it
  constexpr long kDataVersion = 3;
  constexpr long kSignerVersion = 1;
  TS_STATUS_INFO* const answer = TS_RESP_get_status_info(response);
  const long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(answer));
  if (status != TS_STATUS_GRANTED) {
    return Untrusted("the authority's answer is status " + std::to_string(status) +
                     ", want 0 (granted)");
  }
  if (ToDer<i2d_TS_STATUS_INFO>(answer) != kGranted) {
    return Untrusted("the authority says more than that it is granted");
  }
  if (ToDer<i2d_TS_RESP>(response) != bytes) return Untrusted("it is not written as DER");
  const PKCS7_SIGNED& data = *TS_RESP_get_token(response)->d.sign;
  PKCS7_SIGNER_INFO* const info = sk_PKCS7_SIGNER_INFO_value(data.signer_info, 0);
  X509* const signer = sk_X509_value(path, 0);
  if (ASN1_INTEGER_get(data.version) != kDataVersion ||
      ASN1_INTEGER_get(info->version) != kSignerVersion) {
    return Untrusted("its token is not of version 3 with a signer of version 1");
  }
  if (ToDer<i2d_X509_NAME>(info->issuer_and_serial->issuer) !=
      ToDer<i2d_X509_NAME>(X509_get_issuer_name(signer))) {
    return Untrusted("it writes the name of its signer's issuer in another way");
  }
  if (!NamesItsAlgorithms(data, info, signer)) {
    return Untrusted("it names other algorithms than those of its signature");
  }
  if (sk_X509_ATTRIBUTE_num(info->unauth_attr) > 0 || sk_X509_CRL_num(data.crl) > 0) {
    return Untrusted("it carries attributes or revocations that are not signed");
  }
  if (!HoldsOnlyThose(data, path)) {
    return Untrusted("it carries a certificate that is not of its authority's chain, or one twice");
  }
  return {};
}

// The value of a signed attribute that is a SEQUENCE; "" if there is none.
std::string_view SignedSequence(const PKCS7_SIGNER_INFO* info, int nid) {
  const ASN1_TYPE* const value = PKCS7_get_signed_attribute(info, nid);
  if (value == nullptr || value->type != V_ASN1_SEQUENCE) return {};
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value->value.sequence)),
          static_cast<std::size_t>(ASN1_STRING_length(value->value.sequence))};
}

// The signed attribute that says of what kind the content is.  Spec: RFC 5652 section 11.1.
bool SaysItIsATimestamp(const PKCS7_SIGNER_INFO* info) {
  const ASN1_TYPE* const value = PKCS7_get_signed_attribute(info, NID_pkcs9_contentType);
  return value != nullptr && value->type == V_ASN1_OBJECT &&
         OBJ_obj2nid(value->value.object) == NID_id_smime_ct_TSTInfo;
}

// GeneralizedTime with seconds, in UTC.  Spec: RFC 3161 section 2.4.2.
bool IsTimeOfToken(const ASN1_GENERALIZEDTIME* time) {
  constexpr std::size_t kToSeconds = 14;  // YYYYMMDDhhmmss
  const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(time)),
                              static_cast<std::size_t>(ASN1_STRING_length(time)));
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return digits == kToSeconds && text.ends_with('Z');
}

// What TS_RESP_verify_signature asks of a token but for its signer's path, which CheckPath follows:
// an ESS attribute of either version, under the signature, names this signer first and none that is
// not on the path; and the signature is this signer's.  path: the signer, then its issuers.
// Spec: RFC 3161 section 2.4.2, RFC 5816, RFC 5652 section 5.6.
Status CheckSignature(PKCS7* token, STACK_OF(X509) * path) {
  const auto wrong = [] { return Untrusted("its signature does not match: " + OpensslReason()); };
  if (PKCS7_get_detached(token) != 0) return Untrusted("its token has no content");
  PKCS7_SIGNER_INFO* const info = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0);
  const auto ess = FromWholeDer<OwnedEss, d2i_ESS_SIGNING_CERT>(
      SignedSequence(info, NID_id_smime_aa_signingCertificate));
  const auto ess_v2 = FromWholeDer<OwnedEssV2, d2i_ESS_SIGNING_CERT_V2>(
      SignedSequence(info, NID_id_smime_aa_signingCertificateV2));
  ERR_clear_error();  // most have only one of the two
  if (!SaysItIsATimestamp(info)) {
    return Untrusted("its signature is not over the content of a time stamp (contentType)");
  }
  constexpr int kAttributeWanted = 1;
  if (OSSL_ESS_check_signing_certs(ess.get(), ess_v2.get(), path, kAttributeWanted) != 1) {
    return wrong();
  }
  const OpensslOwned<BIO, BIO_free_all> content(PKCS7_dataInit(token, nullptr));
  if (!content) return wrong();
  std::array<char, 4096> piece;  // reading is what hashes it
  while (BIO_read(content.get(), piece.data(), static_cast<int>(piece.size())) > 0) {
  }
  if (PKCS7_signatureVerify(content.get(), token, info, sk_X509_value(path, 0)) != 1) {
    return wrong();
  }
  return {};
}

// A response over a message, as far as no signature is asked.
struct OpenedResponse {
  OwnedResponse response;
  PKCS7* token;  // the response's
  CheckedTimestamp said;
  const Certificate* issuers;  // of the given chain: all but the signer
  std::size_t issuers_size;
};

Result<OpenedResponse> OpenResponse(std::string_view response, std::string_view message,
                                    const std::vector<Certificate>& chain) {
  if (chain.empty()) return Untrusted("no authority for it is given");
  OwnedResponse parsed = ReadResponse(response);
  if (!parsed) return Untrusted("not one time stamp response");
  const ASN1_INTEGER* const status =
      TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(parsed.get()));
  const long status_value = ASN1_INTEGER_get(status);
  if (status_value != TS_STATUS_GRANTED && status_value != TS_STATUS_GRANTED_WITH_MODS) {
    return Untrusted("the authority refused it with status " + std::to_string(status_value));
  }
  PKCS7* const token = TS_RESP_get_token(parsed.get());
  TS_TST_INFO* const info = TS_RESP_get_tst_info(parsed.get());
  if (token == nullptr || info == nullptr) return Untrusted("the response has no token");
  RETURN_IF_ERROR(CheckInfo(info, message));
  const auto time = TimeFromAsn1(TS_TST_INFO_get_time(info));
  if (!time || !IsTimeOfToken(TS_TST_INFO_get_time(info))) {
    return Untrusted("its time is malformed");
  }
  ASSIGN_OR_RETURN(Certificate signer, FindSigner(token, chain));
  const std::size_t skip = signer == chain.front() ? 1 : 0;
  return OpenedResponse{std::move(parsed), token, CheckedTimestamp{*time, std::move(signer)},
                        chain.data() + skip, chain.size() - skip};
}

BorrowingStack PathOf(const OpenedResponse& opened) {  // the signer, then its issuers
  BorrowingStack path = StackOf(opened.issuers, opened.issuers_size);
  CHECK(sk_X509_unshift(path.get(), CertificateAccess::Get(opened.said.signer)) > 0);
  return path;
}

}  // namespace

Result<CheckedTimestamp> OpenTimestamp(std::string_view response, std::string_view message,
                                       const std::vector<Certificate>& chain) {
  const ErrorQueueScope scope;
  if (response.size() > kTimestampResponseBytesMax) return Untrusted("too large");
  ASSIGN_OR_RETURN(const OpenedResponse opened, OpenResponse(response, message, chain));
  RETURN_IF_ERROR(CheckSignature(opened.token, PathOf(opened).get()));
  return opened.said;
}

Result<UnixSeconds> ClaimedTimestampTime(std::string_view response) {
  const ErrorQueueScope scope;
  const auto parsed =
      response.size() > kTimestampResponseBytesMax ? nullptr : ReadResponse(response);
  TS_TST_INFO* const info = parsed ? TS_RESP_get_tst_info(parsed.get()) : nullptr;
  if (info == nullptr) {
    return Error{ErrorCode::kInvalidInput, "time stamp: not one response with a token"};
  }
  return TimeFromAsn1(TS_TST_INFO_get_time(info));
}

std::string MakeTimestampRequest(std::string_view message) {
  const ErrorQueueScope scope;
  const OwnedRequest request(TS_REQ_new());
  const OpensslOwned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free> imprint(TS_MSG_IMPRINT_new());
  const OpensslOwned<X509_ALGOR, X509_ALGOR_free> algorithm(X509_ALGOR_new());
  CHECK(request && imprint && algorithm);
  X509_ALGOR_set_md(algorithm.get(), EVP_sha256());
  std::string digest(Sha256(message).bytes());
  CHECK(TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1);
  CHECK(TS_MSG_IMPRINT_set_msg(imprint.get(), reinterpret_cast<unsigned char*>(digest.data()),
                               static_cast<int>(digest.size())) == 1);
  CHECK(TS_REQ_set_version(request.get(), 1) == 1);
  CHECK(TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1);
  CHECK(TS_REQ_set_nonce(request.get(), RandomInteger(8).get()) == 1);
  CHECK(TS_REQ_set_cert_req(request.get(), 1) == 1);
  std::string der = ToDer<i2d_TS_REQ>(request.get());
  CHECK(!der.empty());
  return der;
}

Result<std::string> AnswerTimestampRequest(std::string_view request, const PrivateKey& key,
                                           const Certificate& certificate,
                                           const Certificate& authority, UnixSeconds now) {
  const ErrorQueueScope scope;
  CHECK(certificate.public_key() == key.public_key());
  CHECK(key.public_key().kind() == KeyKind::kP256);  // PKCS#7 knows no Ed25519
  if (request.size() > kTimestampRequestBytesMax ||
      !FromWholeDer<OwnedRequest, d2i_TS_REQ>(request)) {
    return Error{ErrorCode::kInvalidInput, "not a time stamp request"};
  }
  const OpensslOwned<TS_RESP_CTX, TS_RESP_CTX_free> context(TS_RESP_CTX_new());
  const OpensslOwned<ASN1_OBJECT, ASN1_OBJECT_free> policy(OBJ_txt2obj(kPolicyOid, 1));
  const BorrowingStack others(sk_X509_new_null());
  CHECK(context && policy && others);
  CHECK(sk_X509_push(others.get(), CertificateAccess::Get(authority)) > 0);
  if (TS_RESP_CTX_set_signer_cert(context.get(), CertificateAccess::Get(certificate)) != 1) {
    return Error{ErrorCode::kInvalidInput,
                 "time stamp certificate " + Printable(certificate.common_name(), 120) +
                     ": its one extended key usage, critical, must be timeStamping"};
  }
  CHECK(TS_RESP_CTX_set_signer_key(context.get(), key.state().key.get()) == 1);
  CHECK(TS_RESP_CTX_set_signer_digest(context.get(), EVP_sha256()) == 1);
  CHECK(TS_RESP_CTX_set_ess_cert_id_digest(context.get(), EVP_sha256()) == 1);
  CHECK(TS_RESP_CTX_set_certs(context.get(), others.get()) == 1);
  CHECK(TS_RESP_CTX_set_def_policy(context.get(), policy.get()) == 1);
  CHECK(TS_RESP_CTX_set_accuracy(context.get(), kAccuracySeconds, 0, 0) == 1);
  for (const int nid : kDigestNids) {
    CHECK(TS_RESP_CTX_add_md(context.get(), EVP_get_digestbynid(nid)) == 1);
  }
  TS_RESP_CTX_set_serial_cb(context.get(), RandomSerial, nullptr);
  TS_RESP_CTX_set_time_cb(context.get(), GivenTime, &now);

  const OpensslOwned<BIO, BIO_free> bytes(
      BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
  CHECK(bytes);
  const OwnedResponse response(TS_RESP_create_response(context.get(), bytes.get()));
  std::string der = response ? ToDer<i2d_TS_RESP>(response.get()) : "";
  if (der.empty()) {
    return Error{ErrorCode::kInternal, "no time stamp could be made: " + OpensslReason()};
  }
  return der;
}

Result<UnixSeconds> CheckTimestamp(std::string_view response, std::string_view message,
                                   const std::vector<Certificate>& chain) {
  ASSIGN_OR_RETURN(const CheckedTimestamp checked,
                   CheckTimestampAndSigner(response, message, chain));
  return checked.time;
}

Result<CheckedTimestamp> CheckTimestampAndSigner(std::string_view response,
                                                 std::string_view message,
                                                 const std::vector<Certificate>& chain) {
  VerifyCache nothing;
  return CheckTimestampAndSigner(response, message, chain, nothing);
}

Result<CheckedTimestamp> CheckTimestampAndSigner(std::string_view response,
                                                 std::string_view message,
                                                 const std::vector<Certificate>& chain,
                                                 VerifyCache& cache) {
  const ErrorQueueScope scope;
  if (response.size() > kTimestampResponseBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 "time stamp: has " + std::to_string(response.size()) + " bytes, at most " +
                     std::to_string(kTimestampResponseBytesMax) + " are read"};
  }
  ASSIGN_OR_RETURN(const OpenedResponse opened, OpenResponse(response, message, chain));
  const CheckedTimestamp& said = opened.said;
  Status good = CheckPath(said.signer, opened.issuers, opened.issuers_size,
                          ChainPurpose::kTimestamping, cache);
  if (!good) return Wrap("time stamp", good.error());
  const BorrowingStack path = PathOf(opened);
  RETURN_IF_ERROR(CheckSignature(opened.token, path.get()));
  RETURN_IF_ERROR(CheckUnsigned(response, opened.response.get(), path.get()));
  good = CheckTimes(said.signer, opened.issuers, opened.issuers_size, said.time);
  if (!good) return Wrap("time stamp", good.error());
  return said;
}

}  // namespace farm
