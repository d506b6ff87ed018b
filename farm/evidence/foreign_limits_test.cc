// Every limit of the readers of Sigstore's formats: what has exactly that size is read, or refused
// for something else; one more is refused, and the message says by which field.
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/evidence/foreign_bundle.h"
#include "farm/evidence/foreign_entry.h"
#include "farm/evidence/sigstore_trust.h"
#include "farm/json/json.h"
#include "tests/support/limit_case.h"
#include "tests/support/sigstore_maker.h"

namespace farm {
namespace {

const SigstoreMaker& Maker() {
  static const SigstoreMaker maker;
  return maker;
}

class ForeignLimits : public testing::TestWithParam<Limit> {};

TEST_P(ForeignLimits, HoldOnBothSides) { ExpectBothSidesOf(GetParam()); }

using Bend = std::function<void(Json&, std::size_t)>;

std::string Text(std::size_t size) { return std::string(size, 'a'); }
std::string Encoded(std::size_t size) { return Base64Encode(Text(size)); }

void Repeat(Json& list, std::size_t size) {
  const Json first = list[0];
  list = std::vector<Json>(size, first);
}

std::string TooLong(const std::string& field, std::size_t max) {
  return field + ": has " + std::to_string(max + 1) + " bytes, at most " + std::to_string(max);
}

std::string TooMany(const std::string& field, std::size_t max) {
  return field + ": has " + std::to_string(max + 1) + " elements";
}

// A limit of a bundle of that shape.
Limit OfBundle(const std::string& name, std::size_t max, const std::string& says, const Bend& bend,
               const SigstoreShape& shape = {}, bool read_at_max = true) {
  return {name, max, says,
          [=](std::size_t size) {
            Json bundle = Maker().Bundle(shape, "artifact");
            bend(bundle, size);
            return StatusOf(ParseForeignBundle(bundle.dump(), "bundle"));
          },
          read_at_max};
}

Json& Material(Json& bundle) { return bundle["verificationMaterial"]; }
Json& Entry(Json& bundle) { return Material(bundle)["tlogEntries"][0]; }

std::vector<Limit> Bundles() {
  SigstoreShape enveloped;
  enveloped.envelope = true;
  SigstoreShape chained;
  chained.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.2";
  chained.chain = true;
  SigstoreShape keyed;
  keyed.key = ForeignSigner(ForeignSigner::Kind::kP256);
  return {
      OfBundle("entries", kForeignEntriesMax, TooMany("tlogEntries", 32),
               [](Json& b, std::size_t size) { Repeat(Material(b)["tlogEntries"], size); }),
      OfBundle("tokens", kForeignTokensMax, TooMany("rfc3161Timestamps", 32),
               [](Json& b, std::size_t size) {
                 Repeat(Material(b)["timestampVerificationData"]["rfc3161Timestamps"], size);
               }),
      OfBundle("token_bytes", 64 << 10, TooLong("signedTimestamp", 64 << 10),
               [](Json& b, std::size_t size) {
                 Material(
                     b)["timestampVerificationData"]["rfc3161Timestamps"][0]["signedTimestamp"] =
                     Encoded(size);
               }),
      OfBundle("proof_hashes", 64, TooMany("hashes", 64),
               [](Json& b, std::size_t size) {
                 Entry(b)["inclusionProof"]["hashes"] = std::vector<std::string>(size, Encoded(32));
               }),
      OfBundle("checkpoint_bytes", 64 << 10, TooLong("envelope", 64 << 10),
               [](Json& b, std::size_t size) {
                 Entry(b)["inclusionProof"]["checkpoint"]["envelope"] = Text(size);
               }),
      OfBundle("log_id_bytes", 64, TooLong("keyId", 64),
               [](Json& b, std::size_t size) { Entry(b)["logId"]["keyId"] = Encoded(size); }),
      OfBundle("kind_bytes", 1024, TooLong("kind", 1024),
               [](Json& b, std::size_t size) { Entry(b)["kindVersion"]["kind"] = Text(size); }),
      OfBundle("promise_bytes", 4096, TooLong("signedEntryTimestamp", 4096),
               [](Json& b, std::size_t size) {
                 Entry(b)["inclusionPromise"]["signedEntryTimestamp"] = Encoded(size);
               }),
      OfBundle(
          "integrated_time", kUnixSecondsMax, "integratedTime: is after the year 9999",
          [](Json& b, std::size_t size) { Entry(b)["integratedTime"] = std::to_string(size); }),
      OfBundle(
          "signature_bytes", 4096, TooLong("signature", 4096),
          [](Json& b, std::size_t size) { b["messageSignature"]["signature"] = Encoded(size); }),
      OfBundle(
          "media_type_bytes", 1024, TooLong("mediaType", 1024),
          [](Json& b, std::size_t size) { b["mediaType"] = Text(size); }, {}, false),
      OfBundle(
          "certificate_bytes", 16 << 10, TooLong("rawBytes", 16 << 10),
          [](Json& b, std::size_t size) { Material(b)["certificate"]["rawBytes"] = Encoded(size); },
          {}, false),
      OfBundle(
          "chain", 8, TooMany("certificates", 8),
          [](Json& b, std::size_t size) {
            Repeat(Material(b)["x509CertificateChain"]["certificates"], size);
          },
          chained),
      OfBundle(
          "hint_bytes", 1024, TooLong("hint", 1024),
          [](Json& b, std::size_t size) { Material(b)["publicKey"]["hint"] = Text(size); }, keyed),
      OfBundle(
          "payload_type_bytes", 1024, TooLong("payloadType", 1024),
          [](Json& b, std::size_t size) { b["dsseEnvelope"]["payloadType"] = Text(size); },
          enveloped),
      OfBundle(
          "key_id_bytes", 1024, TooLong("keyid", 1024),
          [](Json& b, std::size_t size) {
            b["dsseEnvelope"]["signatures"][0]["keyid"] = Text(size);
          },
          enveloped),
      OfBundle(
          "envelope_signature_bytes", 4096, TooLong("sig", 4096),
          [](Json& b, std::size_t size) {
            b["dsseEnvelope"]["signatures"][0]["sig"] = Encoded(size);
          },
          enveloped),
      OfBundle(
          "digest_algorithm_bytes", 64, TooLong("algorithm", 64),
          [](Json& b, std::size_t size) {
            b["messageSignature"]["messageDigest"]["algorithm"] = Text(size);
          },
          {}, false),
      OfBundle(
          "digest_bytes", 256, TooLong("digest", 256),
          [](Json& b, std::size_t size) {
            b["messageSignature"]["messageDigest"]["digest"] = Encoded(size);
          },
          {}, false),
  };
}

// A limit of a log entry's body of that kind.
Limit OfBody(const std::string& name, std::size_t max, const std::string& says,
             const std::string& kind, const std::string& version, const Bend& bend,
             bool read_at_max = true) {
  return {name, max, says,
          [=](std::size_t size) -> Status {
            SigstoreShape shape;
            shape.kind = kind;
            shape.version = version;
            shape.envelope = kind != "hashedrekord";
            shape.promise = version != "0.0.2" || kind == "intoto";
            shape.bend_body = [&](Json& body) { bend(body, size); };
            const auto bundle =
                ParseForeignBundle(Maker().Bundle(shape, "artifact").dump(), "bundle");
            if (!bundle) return bundle.error();
            return StatusOf(ParseForeignEntry(bundle->entries.front()));
          },
          read_at_max};
}

std::vector<Limit> Bodies() {
  const std::string rekord = "hashedrekord";
  return {
      OfBody(
          "body_kind_bytes", 64, TooLong("kind", 64), rekord, "0.0.2",
          [](Json& b, std::size_t size) { b["kind"] = Text(size); }, false),
      OfBody("body_signature_bytes", 8 << 10, TooLong("content", 8 << 10), rekord, "0.0.2",
             [](Json& b, std::size_t size) {
               b["spec"]["hashedRekordV002"]["signature"]["content"] = Encoded(size);
             }),
      OfBody(
          "body_certificate_bytes", 64 << 10, TooLong("rawBytes", 64 << 10), rekord, "0.0.2",
          [](Json& b, std::size_t size) {
            b["spec"]["hashedRekordV002"]["signature"]["verifier"]["x509Certificate"]["rawBytes"] =
                Encoded(size);
          }),
      OfBody("old_body_signature_bytes", 8 << 10, TooLong("content", 8 << 10), rekord, "0.0.1",
             [](Json& b, std::size_t size) { b["spec"]["signature"]["content"] = Encoded(size); }),
      OfBody(
          "old_body_signer_bytes", 64 << 10, TooLong("content", 64 << 10), rekord, "0.0.1",
          [](Json& b, std::size_t size) {
            b["spec"]["signature"]["publicKey"]["content"] = Encoded(size);
          },
          false),
      OfBody("dsse_body_signature_bytes", 8 << 10, TooLong("signature", 8 << 10), "dsse", "0.0.1",
             [](Json& b, std::size_t size) {
               b["spec"]["signatures"][0]["signature"] = Encoded(size);
             }),
      OfBody("intoto_body_signature_bytes", 8 << 10, TooLong("sig", 8 << 10), "intoto", "0.0.2",
             [](Json& b, std::size_t size) {
               b["spec"]["content"]["envelope"]["signatures"][0]["sig"] = Encoded(size);
             }),
      OfBody(
          "old_body_digest_characters", 256, TooLong("value", 256), rekord, "0.0.1",
          [](Json& b, std::size_t size) { b["spec"]["data"]["hash"]["value"] = Text(size); },
          false),
  };
}

Limit OfRoot(const std::string& name, std::size_t max, const std::string& says, const Bend& bend,
             bool read_at_max = true) {
  return {name, max, says,
          [=](std::size_t size) {
            Json root = Maker().TrustedRoot();
            bend(root, size);
            return StatusOf(ParseSigstoreTrust(root.dump(), "root"));
          },
          read_at_max};
}

std::vector<Limit> Roots() {
  std::vector<Limit> limits;
  for (const std::string list :
       {"tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"}) {
    limits.push_back(OfRoot("root_" + list, kSigstoreTrustListMax, TooMany(list, 64),
                            [=](Json& r, std::size_t size) { Repeat(r[list], size); }));
  }
  limits.push_back(
      {"root_bytes", kSigstoreTrustBytesMax, "at most 4194304 are read", [](std::size_t size) {
         std::string text = Maker().TrustedRoot().dump();
         text.resize(size, ' ');
         return StatusOf(ParseSigstoreTrust(text, "root"));
       }});
  limits.push_back(
      OfRoot("root_chain", 8, TooMany("certificates", 8), [](Json& r, std::size_t size) {
        Repeat(r["certificateAuthorities"][0]["certChain"]["certificates"], size);
      }));
  limits.push_back(OfRoot(
      "root_certificate_bytes", 16 << 10, TooLong("rawBytes", 16 << 10),
      [](Json& r, std::size_t size) {
        r["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] = Encoded(size);
      },
      false));
  limits.push_back(OfRoot(
      "root_key_bytes", 16 << 10, TooLong("rawBytes", 16 << 10),
      [](Json& r, std::size_t size) { r["tlogs"][0]["publicKey"]["rawBytes"] = Encoded(size); },
      false));
  limits.push_back(
      OfRoot("root_log_id_bytes", 64, TooLong("keyId", 64),
             [](Json& r, std::size_t size) { r["tlogs"][0]["logId"]["keyId"] = Encoded(size); }));
  limits.push_back(
      OfRoot("root_address_bytes", 1024, TooLong("baseUrl", 1024),
             [](Json& r, std::size_t size) { r["tlogs"][0]["baseUrl"] = Text(size); }));
  limits.push_back(OfRoot(
      "root_time_bytes", 64, TooLong("start", 64),
      [](Json& r, std::size_t size) {
        r["tlogs"][0]["publicKey"]["validFor"]["start"] = Text(size);
      },
      false));
  return limits;
}

std::vector<Limit> All() {
  std::vector<Limit> all;
  for (const auto& limits : {Bundles(), Bodies(), Roots()}) {
    all.insert(all.end(), limits.begin(), limits.end());
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(OfTheirFormats, ForeignLimits, testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace farm
