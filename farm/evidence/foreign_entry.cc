#include "farm/evidence/foreign_entry.h"

#include <array>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/verifying_key.h"
#include "farm/evidence/foreign_fields.h"

namespace farm {
namespace {

constexpr std::size_t kWordBytesMax = 64;
constexpr std::size_t kEntrySignatureBytesMax = 8 << 10;  // of one that is base64 twice
constexpr std::size_t kSignerBytesMax = 64 << 10;         // PEM of a certificate

using Facts = ForeignEntryFacts;
using Reader = Status (*)(const Json& spec, const std::string& where, Facts& facts);

Status TakeDigest(Result<NamedDigest> digest, Facts& facts) {
  if (!digest) return digest.error();
  facts.algorithm = digest->algorithm;
  facts.digest = std::move(digest->bytes);
  return {};
}

// A signer as Rekor's first version has it: base64 of PEM.
Status ReadPemSigner(ForeignFields& fields, std::string_view name, Facts& facts) {
  fields.Want(name);
  const std::string pem = fields.Bytes(name, kSignerBytesMax);
  RETURN_IF_ERROR(fields.Finish());
  auto holder = ReadPemHolder(pem);
  if (!holder) return Wrap(fields.Where(name), holder.error());
  facts.is_certificate = holder->is_certificate;
  facts.signer = std::move(holder->der);
  return {};
}

// {"content", "verifier": {"x509Certificate" | "publicKey": {"rawBytes"}}}
Status ReadSecondVersionSignature(const Json& json, const std::string& where, Facts& facts) {
  ForeignFields fields(json, where);
  facts.signature = fields.Bytes("content", kEntrySignatureBytesMax);
  const Json& verifier = fields.Object("verifier");
  RETURN_IF_ERROR(fields.Finish());
  ForeignFields verifier_fields(verifier, fields.Where("verifier"));
  facts.is_certificate = verifier_fields.Has("x509Certificate");
  if (facts.is_certificate == verifier_fields.Has("publicKey")) {
    verifier_fields.Fail("publicKey", "want exactly one of x509Certificate and publicKey");
  }
  const std::string_view name = facts.is_certificate ? "x509Certificate" : "publicKey";
  const Json& holder = verifier_fields.Object(name);
  RETURN_IF_ERROR(verifier_fields.Finish());
  ForeignFields raw(holder, verifier_fields.Where(name));
  facts.signer = raw.Bytes("rawBytes", kSignerBytesMax);
  return raw.Finish();
}

// The one element of "signatures": as many as a bundle's envelope has.
Result<const Json*> OnlySignature(ForeignFields& fields) {
  const Json& signatures = fields.Array("signatures", 1);
  if (fields.ok() && signatures.empty()) fields.Fail("signatures", "want exactly one");
  RETURN_IF_ERROR(fields.Finish());
  return &signatures.front();
}

Status ReadHashedRekord1(const Json& spec, const std::string& where, Facts& facts) {
  ForeignFields fields(spec, where);
  const Json& data = fields.Object("data");
  const Json& signature = fields.Object("signature");
  RETURN_IF_ERROR(fields.Finish());
  ForeignFields data_fields(data, fields.Where("data"));
  const Json& hash = data_fields.Object("hash");
  RETURN_IF_ERROR(data_fields.Finish());
  RETURN_IF_ERROR(TakeDigest(ReadHexDigest(hash, data_fields.Where("hash")), facts));
  ForeignFields signature_fields(signature, fields.Where("signature"));
  facts.signature = signature_fields.Bytes("content", kEntrySignatureBytesMax);
  const Json& key = signature_fields.Object("publicKey");
  RETURN_IF_ERROR(signature_fields.Finish());
  ForeignFields key_fields(key, signature_fields.Where("publicKey"));
  return ReadPemSigner(key_fields, "content", facts);
}

Status ReadHashedRekord2(const Json& spec, const std::string& where, Facts& facts) {
  ForeignFields outer(spec, where);
  const Json& record = outer.Object("hashedRekordV002");
  RETURN_IF_ERROR(outer.Finish());
  ForeignFields fields(record, outer.Where("hashedRekordV002"));
  const Json& data = fields.Object("data");
  const Json& signature = fields.Object("signature");
  RETURN_IF_ERROR(fields.Finish());
  RETURN_IF_ERROR(TakeDigest(ReadProtobufDigest(data, fields.Where("data")), facts));
  return ReadSecondVersionSignature(signature, fields.Where("signature"), facts);
}

Status ReadDsse1(const Json& spec, const std::string& where, Facts& facts) {
  facts.of_payload = true;
  ForeignFields fields(spec, where);
  const Json& hash = fields.Object("payloadHash");
  ASSIGN_OR_RETURN(const Json* const signature, OnlySignature(fields));
  RETURN_IF_ERROR(TakeDigest(ReadHexDigest(hash, fields.Where("payloadHash")), facts));
  ForeignFields signature_fields(*signature, fields.Where("signatures") + "[0]");
  facts.signature = signature_fields.Bytes("signature", kEntrySignatureBytesMax);
  return ReadPemSigner(signature_fields, "verifier", facts);
}

Status ReadDsse2(const Json& spec, const std::string& where, Facts& facts) {
  facts.of_payload = true;
  ForeignFields outer(spec, where);
  const Json& record = outer.Object("dsseV002");
  RETURN_IF_ERROR(outer.Finish());
  ForeignFields fields(record, outer.Where("dsseV002"));
  const Json& hash = fields.Object("payloadHash");
  ASSIGN_OR_RETURN(const Json* const signature, OnlySignature(fields));
  RETURN_IF_ERROR(TakeDigest(ReadProtobufDigest(hash, fields.Where("payloadHash")), facts));
  return ReadSecondVersionSignature(*signature, fields.Where("signatures") + "[0]", facts);
}

// The envelope's signature is base64 there already, and the entry's writer encodes it again.
Status ReadInToto2(const Json& spec, const std::string& where, Facts& facts) {
  facts.of_payload = true;
  ForeignFields outer(spec, where);
  const Json& content = outer.Object("content");
  RETURN_IF_ERROR(outer.Finish());
  ForeignFields fields(content, outer.Where("content"));
  const Json& hash = fields.Object("payloadHash");
  const Json& envelope = fields.Object("envelope");
  RETURN_IF_ERROR(fields.Finish());
  RETURN_IF_ERROR(TakeDigest(ReadHexDigest(hash, fields.Where("payloadHash")), facts));
  ForeignFields envelope_fields(envelope, fields.Where("envelope"));
  ASSIGN_OR_RETURN(const Json* const signature, OnlySignature(envelope_fields));
  ForeignFields signature_fields(*signature, envelope_fields.Where("signatures") + "[0]");
  const std::string text = signature_fields.Bytes("sig", kEntrySignatureBytesMax);
  const auto bytes = Base64Decode(text);
  if (signature_fields.ok() && !bytes) signature_fields.Fail("sig", bytes.error().message);
  RETURN_IF_ERROR(ReadPemSigner(signature_fields, "publicKey", facts));
  facts.signature = *bytes;
  return {};
}

struct Kind {
  std::string_view kind;
  std::string_view version;
  Reader read;
};
constexpr std::array<Kind, 5> kKinds = {{
    {"hashedrekord", "0.0.1", ReadHashedRekord1},
    {"hashedrekord", "0.0.2", ReadHashedRekord2},
    {"dsse", "0.0.1", ReadDsse1},
    {"dsse", "0.0.2", ReadDsse2},
    {"intoto", "0.0.2", ReadInToto2},
}};

const Kind* FindKind(const ForeignLogEntry& entry) {
  for (const Kind& known : kKinds) {
    if (known.kind == entry.kind && known.version == entry.version) return &known;
  }
  return nullptr;
}

std::string Word(std::string_view text) { return Printable(text, kWordBytesMax); }

Result<Facts> Read(const ForeignLogEntry& entry, const std::string& where) {
  const Kind* const kind = FindKind(entry);
  if (kind == nullptr) {
    return Error{ErrorCode::kInvalidInput,
                 entry.where + ".kindVersion: found " + Word(entry.kind) + " " +
                     Word(entry.version) +
                     ", want hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1 or 0.0.2, intoto 0.0.2"};
  }
  ASSIGN_OR_RETURN(const Json body, ParseForeignJson(entry.body, where, kForeignBundleBytesMax));
  ForeignFields fields(body, where);
  const std::string found_kind = fields.String("kind", kWordBytesMax);
  const std::string found_version = fields.String("apiVersion", kWordBytesMax);
  if (fields.ok() && (found_kind != kind->kind || found_version != kind->version)) {
    fields.Fail("kind", "found " + Word(found_kind) + " " + Word(found_version) +
                            ", the bundle says " + Word(entry.kind) + " " + Word(entry.version));
  }
  const Json& spec = fields.Object("spec");
  RETURN_IF_ERROR(fields.Finish());
  Facts facts;
  RETURN_IF_ERROR(kind->read(spec, fields.Where("spec"), facts));
  return facts;
}

}  // namespace

Result<ForeignEntryFacts> ParseForeignEntry(const ForeignLogEntry& entry) {
  Result<Facts> facts = Read(entry, entry.where + ".canonicalizedBody");
  if (facts) return facts;
  Error error = facts.error();
  error.exit = ExitCode::kLogProof;
  return error;
}

bool IsOfSecondVersion(const ForeignLogEntry& entry) {
  return entry.version == "0.0.2" && (entry.kind == "hashedrekord" || entry.kind == "dsse");
}

}  // namespace farm
