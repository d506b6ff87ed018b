// Bundles that others signed: each shape that there is verifies.
#include "farm/verify/sigstore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "farm/base/bytes.h"
#include "farm/json/json.h"
#include "farm/verify/sigstore_report.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/sigstore_rows.h"

namespace farm {
namespace {

using namespace sigstore_rows;
using Kind = ForeignSigner::Kind;

constexpr char kOldMediaType[] = "application/vnd.dev.sigstore.bundle+json;version=0.1";
constexpr char kSecondMediaType[] = "application/vnd.dev.sigstore.bundle+json;version=0.2";

// "logIndex" -> "log_index", everywhere.
Json InSnakeCase(const Json& json) {
  if (json.is_array()) {
    Json list = Json::array();
    for (const Json& element : json) list.push_back(InSnakeCase(element));
    return list;
  }
  if (!json.is_object()) return json;
  Json object = Json::object();
  for (const auto& [name, value] : json.items()) {
    std::string snake;
    for (const char c : name) {
      if (c >= 'A' && c <= 'Z') snake += '_';
      snake += static_cast<char>(std::tolower(c));
    }
    object[snake] = InSnakeCase(value);
  }
  return object;
}

std::vector<Row> GoodRows() {
  std::vector<Row> rows = {
      {"message", {}},
      {"message_0_1", With([](auto& s) {
         s = Old("hashedrekord", "0.0.1");
         s.media_type = kOldMediaType;
         s.chain = true;
       })},
      {"message_0_1_without_a_proof", With([](auto& s) {
         s = Old("hashedrekord", "0.0.1");
         s.media_type = kOldMediaType;
         s.proof = false;
       })},
      {"message_0_2", With([](auto& s) {
         s = Old("hashedrekord", "0.0.1");
         s.media_type = kSecondMediaType;
         s.chain = true;
       })},
      {"message_0_3_in_the_older_words", With([](auto& s) {
         s.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.3";
       })},
      {"envelope", With([](auto& s) { s.envelope = true; })},
      {"envelope_in_an_old_hashedrekord", With([](auto& s) {
         s = Old("hashedrekord", "0.0.1");
         s.envelope = true;
       })},
      {"envelope_dsse_0_0_1", Old("dsse", "0.0.1")},
      {"envelope_dsse_0_0_2", With([](auto& s) {
         s.envelope = true;
         s.kind = "dsse";
       })},
      {"envelope_intoto", Old("intoto", "0.0.2")},
      {"promise_and_token", With([](auto& s) {
         s = Old("dsse", "0.0.1");
         s.tokens = {1'800'000'060, 1'800'000'061};
       })},
      {"ed25519_leaf", With([](auto& s) { s.leaf_key = KeyKind::kEd25519; })},
      {"ed25519_leaf_envelope", With([](auto& s) {
         s.leaf_key = KeyKind::kEd25519;
         s.envelope = true;
       })},
      {"older_statement", With([](auto& s) {
         s.envelope = true;
         s.payload = SigstoreMaker::Statement("https://in-toto.io/Statement/v0.1",
                                              HashAlgorithm::kSha512, kArtifact);
       })},
      {"p256_key", Keyed(Kind::kP256, HashAlgorithm::kSha256)},
      {"p384_key", Keyed(Kind::kP384, HashAlgorithm::kSha384)},
      {"p384_key_with_sha256", Keyed(Kind::kP384, HashAlgorithm::kSha256)},
      {"p521_key", Keyed(Kind::kP521, HashAlgorithm::kSha512)},
      {"rsa_key", Keyed(Kind::kRsa2048, HashAlgorithm::kSha256)},
      {"ed25519_key", Keyed(Kind::kEd25519, HashAlgorithm::kSha256)},
  };
  rows.push_back(
      {.name = "digest_alone", .bend_input = [](auto& input) { input.artifact.bytes.reset(); }});
  rows.push_back({.name = "no_digest_in_the_bundle",
                  .bend = [](Json& bundle) { bundle["messageSignature"].erase("messageDigest"); }});
  rows.push_back({.name = "nulls_for_what_is_absent", .bend = [](Json& bundle) {
                    bundle["dsseEnvelope"] = nullptr;
                    bundle["verificationMaterial"]["publicKey"] = nullptr;
                  }});
  rows.push_back({.name = "wrapped_base64", .bend = [](Json& bundle) {
                    Json& token = bundle["verificationMaterial"]["timestampVerificationData"]
                                        ["rfc3161Timestamps"][0]["signedTimestamp"];
                    token = token.get<std::string>().insert(64, "\n");
                  }});
  // An authority may end in a certificate that is no root; promises are good for its key.
  rows.push_back({.name = "several_authorities", .bend_root = [](Json& root) {
                    const Json other = SigstoreMaker().TrustedRoot();
                    for (const char* name :
                         {"certificateAuthorities", "timestampAuthorities", "tlogs", "ctlogs"}) {
                      root[name].insert(root[name].begin(), other[name].begin(), other[name].end());
                    }
                  }});
  rows.push_back({.name = "a_key_of_an_unknown_kind", .bend_root = [](Json& root) {
                    Json log = root["tlogs"][0];
                    log["publicKey"]["keyDetails"] = "PKIX_ML_DSA_65";
                    root["tlogs"].push_back(log);
                    root["ctlogs"].push_back(log);
                  }});
  rows.push_back({.name = "log_whose_end_is_that_second",
                  .shape = Old("dsse", "0.0.1"),
                  .bend_root = [](Json& root) {
                    root["tlogs"][0]["publicKey"]["validFor"]["end"] = FormatTime(1'800'000'090);
                  }});
  rows.push_back({.name = "no_time_and_a_log_that_is_in_force", .shape = With([](auto& s) {
                                                                  s.key =
                                                                      ForeignSigner(Kind::kP256);
                                                                  s.tokens = {};
                                                                })});
  rows.push_back({.name = "old_log_under_another_name", .shape = With([](auto& s) {
                                                          s = Old("dsse", "0.0.1");
                                                          s.bend_origin = [](std::string& origin) {
                                                            origin = "rekor.elsewhere - 7";
                                                          };
                                                        })});
  rows.push_back({.name = "names_as_defined",
                  .bend = [](Json& bundle) { bundle = InSnakeCase(bundle); },
                  .bend_root = [](Json& root) { root = InSnakeCase(root); }});
  rows.push_back({.name = "values_by_number",
                  .bend =
                      [](Json& bundle) {
                        bundle["messageSignature"]["messageDigest"]["algorithm"] = 1;
                        EntryOf(bundle)["logIndex"] = 1.0;
                      },
                  .bend_root =
                      [](Json& root) {
                        root["tlogs"][1]["publicKey"]["keyDetails"] = 7;  // Ed25519
                      }});
  rows.push_back({.name = "url_safe_base64_without_padding", .bend = [](Json& bundle) {
                    Json& body = EntryOf(bundle)["canonicalizedBody"];
                    std::string text = body.get<std::string>();
                    std::replace(text.begin(), text.end(), '+', '-');
                    std::replace(text.begin(), text.end(), '/', '_');
                    body = text.substr(0, text.find('='));
                  }});
  rows.push_back({.name = "stamps_whose_end_is_in_that_second", .bend_root = [](Json& root) {
                    root["timestampAuthorities"][0]["validFor"]["end"] =
                        "2027-01-15T09:01:00.999+01:00";
                  }});
  return rows;
}

TEST(Sigstore, VerifiesEveryShape) {
  for (const Row& row : GoodRows()) {
    const auto input = InputOf(row);
    ASSERT_TRUE(input) << row.name << ": " << input.error().message;
    const SigstoreVerdict verdict = JudgeSigstore(*input);
    EXPECT_EQ(verdict.exit, ExitCode::kProved) << row.name << "\n"
                                               << SigstoreVerdictText(verdict, {});
    EXPECT_THAT(verdict.headline, testing::StartsWith("VERIFIED (sigstore)  ")) << row.name;
    EXPECT_THAT(verdict.headline, testing::EndsWith("  artifact")) << row.name;
  }
}

TEST(Sigstore, WarnsOfTokensThatNobodyInTheRootCanJudge) {
  Row row{.name = "no_authority", .shape = Old("dsse", "0.0.1"), .bend_root = [](Json& root) {
            root.erase("timestampAuthorities");
          }};
  row.shape.tokens = {1'800'000'060};
  const SigstoreVerdict verdict = JudgeSigstore(InputOf(row).value());
  EXPECT_TRUE(verdict.proved());
  EXPECT_EQ(verdict.times, std::vector<UnixSeconds>{1'800'000'090});
  EXPECT_THAT(SigstoreVerdictText(verdict, {}), testing::HasSubstr("warn  times"));
}

TEST(Sigstore, SaysTheSameInJson) {
  const auto input = InputOf({.name = "good"}).value();
  const auto json = ParseJson(SigstoreVerdictJson(JudgeSigstore(input), input), "verdict");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ((*json)["format"], "farm-sigstore-verdict/1");
  EXPECT_EQ((*json)["verified"], true);
  EXPECT_EQ((*json)["identity"], Maker().identity());
  EXPECT_EQ((*json)["times"][0], "2027-01-15T08:01:00Z");
  EXPECT_EQ((*json)["digests"]["sha256"], HexEncode(HashOf(HashAlgorithm::kSha256, kArtifact)));
  EXPECT_EQ((*json)["rules"].size(), 9);
}

// What the farm itself makes is a bundle like any other.
TEST(Sigstore, VerifiesTheFarmsOwnLines) {
  EvidenceMaker maker;
  const MadeRelease made = maker.Make();
  SigstoreInput input;
  input.bundle = ParseForeignBundle(WriteBundleLine(made.lines[kReleaseLine]), "line").value();
  input.trust = ParseSigstoreTrust(WriteSigstoreTrustedRoot(maker.root()), "root").value();
  const Certificate& leaf = *made.lines[kReleaseLine].certificate;
  input.identity = leaf.UriName().value();
  input.issuer = leaf.IssuerExtension();
  input.artifact.digests = {
      {HashAlgorithm::kSha256, HashOf(HashAlgorithm::kSha256, made.artifacts[0].second)}};
  const SigstoreVerdict verdict = JudgeSigstore(input);
  EXPECT_TRUE(verdict.proved()) << SigstoreVerdictText(verdict, {});
}

}  // namespace
}  // namespace farm
