// Any bytes are a bundle of a known version, or an error that names the field.
#include "farm/evidence/foreign_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "farm/base/bytes.h"
#include "farm/evidence/foreign_entry.h"
#include "farm/evidence/foreign_statement.h"
#include "farm/evidence/sigstore_trust.h"
#include "farm/json/json.h"
#include "tests/support/sigstore_maker.h"

namespace farm {
namespace {

const SigstoreMaker& Maker() {
  static const SigstoreMaker maker;
  return maker;
}

Json Good() {
  static const Json good = Maker().Bundle({}, "artifact");
  return good;
}

Json Enveloped() {
  SigstoreShape shape;
  shape.envelope = true;
  static const Json good = Maker().Bundle(shape, "artifact");
  return good;
}

Json& Material(Json& bundle) { return bundle["verificationMaterial"]; }
Json& Entry(Json& bundle) { return Material(bundle)["tlogEntries"][0]; }
Json& Proof(Json& bundle) { return Entry(bundle)["inclusionProof"]; }
Json& Tokens(Json& bundle) {
  return Material(bundle)["timestampVerificationData"]["rfc3161Timestamps"];
}

std::string Version(const std::string& number) {
  return "application/vnd.dev.sigstore.bundle+json;version=" + number;
}

struct Row {
  const char* name;
  std::function<void(Json& bundle)> bend;
  const char* field;  // named in the message
  ErrorCode code = ErrorCode::kInvalidInput;
};

void ExpectRefused(const Row& row, Json bundle) {
  row.bend(bundle);
  const auto parsed = ParseForeignBundle(bundle.dump(), "bundle");
  ASSERT_FALSE(parsed) << row.name;
  EXPECT_EQ(parsed.error().code, row.code) << row.name << ": " << parsed.error().message;
  EXPECT_THAT(parsed.error().message, testing::HasSubstr(row.field)) << row.name;
}

TEST(ForeignBundle, HoldsABundleToTheRulesOfItsVersion) {
  const Row rows[] = {
      {"no_version", [](Json& b) { b.erase("mediaType"); }, "mediaType"},
      {"version_0_4", [](Json& b) { b["mediaType"] = Version("0.4"); }, "mediaType"},
      {"first_without_a_promise", [](Json& b) { b["mediaType"] = Version("0.1"); },
       "inclusionPromise"},
      {"second_without_a_proof",
       [](Json& b) {
         b["mediaType"] = Version("0.2");
         Entry(b).erase("inclusionProof");
       },
       "inclusionProof"},
      {"third_without_a_checkpoint", [](Json& b) { Proof(b).erase("checkpoint"); },
       "inclusionProof"},
      {"third_with_a_chain",
       [](Json& b) {
         Json list = Json::array();
         list.push_back(Material(b)["certificate"]);
         Material(b)["x509CertificateChain"]["certificates"] = list;
         Material(b).erase("certificate");
       },
       "x509CertificateChain"},
      {"empty_chain",
       [](Json& b) {
         b["mediaType"] = Version("0.2");
         Material(b)["x509CertificateChain"]["certificates"] = Json::array();
         Material(b).erase("certificate");
       },
       "certificates"},
      {"chain_with_a_root",
       [](Json& b) {
         b["mediaType"] = Version("0.2");
         Json list = Json::array();
         list.push_back(Material(b)["certificate"]);
         list.push_back(
             Maker().TrustedRoot()["certificateAuthorities"][0]["certChain"]["certificates"][0]);
         Material(b)["x509CertificateChain"]["certificates"] = list;
         Material(b).erase("certificate");
       },
       "certificates[1]"},
  };
  for (const Row& row : rows) ExpectRefused(row, Good());
}

TEST(ForeignBundle, NamesTheFieldThatItRefuses) {
  const Row rows[] = {
      {"no_content", [](Json& b) { b.erase("messageSignature"); }, "messageSignature"},
      {"both_contents", [](Json& b) { b["dsseEnvelope"] = Enveloped()["dsseEnvelope"]; },
       "messageSignature"},
      {"no_signer", [](Json& b) { Material(b).erase("certificate"); }, "certificate"},
      {"two_signers", [](Json& b) { Material(b)["publicKey"]["hint"] = "x"; }, "certificate"},
      {"no_certificate", [](Json& b) { Material(b)["certificate"] = Json::object(); },
       "certificate.rawBytes"},
      {"bad_certificate", [](Json& b) { Material(b)["certificate"]["rawBytes"] = "MAA="; },
       "certificate.rawBytes"},
      {"no_signature", [](Json& b) { b["messageSignature"].erase("signature"); },
       "messageSignature.signature"},
      {"not_base64", [](Json& b) { b["messageSignature"]["signature"] = "?!"; },
       "messageSignature.signature"},
      {"large_signature",
       [](Json& b) { b["messageSignature"]["signature"] = Base64Encode(std::string(5000, 'x')); },
       "messageSignature.signature"},
      {"unknown_hash", [](Json& b) { b["messageSignature"]["messageDigest"]["algorithm"] = "X"; },
       "messageDigest.algorithm"},
      {"short_digest", [](Json& b) { b["messageSignature"]["messageDigest"]["digest"] = "MAA="; },
       "messageDigest.digest"},
      {"negative_index", [](Json& b) { Entry(b)["logIndex"] = "-1"; }, "logIndex"},
      {"index_no_number", [](Json& b) { Entry(b)["logIndex"] = true; }, "logIndex"},
      {"late_time", [](Json& b) { Entry(b)["integratedTime"] = "253402300800"; }, "integratedTime"},
      {"short_log_id", [](Json& b) { Entry(b)["logId"]["keyId"] = "MAA="; }, "logId.keyId"},
      {"no_body", [](Json& b) { Entry(b).erase("canonicalizedBody"); }, "canonicalizedBody"},
      {"short_root", [](Json& b) { Proof(b)["rootHash"] = "MAA="; }, "rootHash"},
      {"no_root", [](Json& b) { Proof(b).erase("rootHash"); }, "rootHash"},
      {"short_hash", [](Json& b) { Proof(b)["hashes"][0] = "MAA="; }, "hashes[0]"},
      {"hash_no_text", [](Json& b) { Proof(b)["hashes"][0] = 7; }, "hashes[0]"},
      {"many_hashes", [](Json& b) { Proof(b)["hashes"] = Json(65, "MAA="); }, "hashes",
       ErrorCode::kLimitExceeded},
      {"many_entries",
       [](Json& b) {
         const Json entry = Entry(b);
         Material(b)["tlogEntries"] = Json(33, entry);
       },
       "tlogEntries", ErrorCode::kLimitExceeded},
      {"empty_token", [](Json& b) { Tokens(b)[0] = Json::object(); },
       "rfc3161Timestamps[0].signedTimestamp"},
      {"many_tokens", [](Json& b) { Tokens(b) = Json(33, Tokens(b)[0]); }, "rfc3161Timestamps",
       ErrorCode::kLimitExceeded},
      {"material_no_object", [](Json& b) { b["verificationMaterial"] = "x"; },
       "verificationMaterial"},
      {"top_no_object", [](Json& b) { b = Json::array(); }, "bundle"},
  };
  for (const Row& row : rows) ExpectRefused(row, Good());
}

// Of some of those that are refused the double is an integer.
TEST(ForeignBundle, ANumberIsWhatItsTextSays) {
  Json bundle = Good();
  Entry(bundle)["integratedTime"] = "stands here";
  const auto parse_with = [&](const std::string& number) {
    std::string text = bundle.dump();
    const std::string written = "\"stands here\"";
    return ParseForeignBundle(text.replace(text.find(written), written.size(), number), "bundle");
  };
  for (const char* good : {"1700000000", "1700000000.0", "17e8", "\"1700000000\""}) {
    const auto parsed = parse_with(good);
    EXPECT_TRUE(parsed) << good << (parsed ? "" : parsed.error().message);
  }
  for (const char* bad : {"1700000000.5", "1700000000.00000000000000000001", "1e-400", "-0.0",
                          "4503599627370496.2", "\"1700000000.0\""}) {
    const auto parsed = parse_with(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_THAT(parsed.error().message, testing::HasSubstr("integratedTime")) << bad;
  }
}

TEST(ForeignBundle, TakesExactlyOneSignatureOfAnEnvelope) {
  const Row rows[] = {
      {"none", [](Json& b) { b["dsseEnvelope"]["signatures"] = Json::array(); }, "signatures"},
      {"two",
       [](Json& b) {
         Json& signatures = b["dsseEnvelope"]["signatures"];
         signatures.push_back(Json(signatures[0]));
       },
       "signatures", ErrorCode::kLimitExceeded},
      {"empty", [](Json& b) { b["dsseEnvelope"]["signatures"][0]["sig"] = ""; }, "sig"},
      {"payload", [](Json& b) { b["dsseEnvelope"]["payload"] = "?"; }, "payload"},
  };
  for (const Row& row : rows) ExpectRefused(row, Enveloped());
  Json url_safe = Enveloped();
  std::string payload = url_safe["dsseEnvelope"]["payload"];
  for (char& c : payload) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (payload.ends_with('=')) payload.pop_back();
  url_safe["dsseEnvelope"]["payload"] = payload;
  const auto parsed = ParseForeignBundle(url_safe.dump(), "bundle");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(ParseForeignStatement(std::get<Envelope>(parsed->content)));
}

TEST(ForeignBundle, HoldsItsSize) {
  const std::string large(kForeignBundleBytesMax + 1, ' ');
  const auto parsed = ParseForeignBundle(large, "bundle");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kLimitExceeded);
  // One byte less is read to its end.
  const auto blank = ParseForeignBundle(std::string_view(large).substr(1), "bundle");
  ASSERT_FALSE(blank);
  EXPECT_EQ(blank.error().code, ErrorCode::kInvalidInput);
}

TEST(ForeignBundle, SurvivesRandomChanges) {
  std::mt19937 random(1);
  for (const std::string& good :
       {Good().dump(), Enveloped().dump(), Maker().TrustedRoot().dump()}) {
    for (int i = 0; i < 300; ++i) {
      std::string bent = good;
      for (int j = 0; j < 3; ++j) {
        bent[random() % bent.size()] = static_cast<char>(0x20 + random() % 0x5f);
      }
      (void)ParseSigstoreTrust(bent, "root");
      const auto parsed = ParseForeignBundle(bent, "bundle");
      if (!parsed) continue;
      for (const ForeignLogEntry& entry : parsed->entries) (void)ParseForeignEntry(entry);
    }
  }
}

TEST(ForeignStatement, ReadsSubjectsAndTheirDigests) {
  Envelope envelope;
  envelope.payload_type = kInTotoPayloadType;
  const auto parse = [&](const std::string& payload) {
    envelope.payload = payload;
    return ParseForeignStatement(envelope);
  };
  const std::string head = R"({"_type":"https://in-toto.io/Statement/v1","subject":)";
  const auto good = parse(head + R"([{"name":"a","digest":{"sha256":"00","gitCommit":"1"}},
      {"digest":{}}],"predicateType":"t","predicate":{"n":12345678901234567890}})");
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->predicate_type, "t");
  ASSERT_EQ(good->subjects.size(), 2U);
  EXPECT_EQ(good->subjects[0].name, "a");
  EXPECT_EQ(good->subjects[0].digests.size(), 1U);
  EXPECT_EQ(good->subjects[0].digests.at(HashAlgorithm::kSha256), "00");
  for (const char* bad :
       {"", "[]", R"({"subject":[{}]})", R"({"_type":"https://in-toto.io/Statement/v2"})",
        R"({"_type":"https://in-toto.io/Statement/v1"})",
        R"({"_type":"https://in-toto.io/Statement/v1","subject":[]})",
        R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":1}}]})",
        R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":"x"}]})"}) {
    EXPECT_FALSE(parse(bad)) << bad;
  }
  Json many = Json::array();
  for (std::size_t i = 0; i < kForeignSubjectsMax; ++i) many.push_back(Json::object());
  EXPECT_TRUE(parse(head + many.dump() + "}"));
  many.push_back(Json::object());
  EXPECT_FALSE(parse(head + many.dump() + "}"));
}

}  // namespace
}  // namespace farm
