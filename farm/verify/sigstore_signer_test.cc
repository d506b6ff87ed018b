// Bundles that others signed, for another file or by another signer than was asked for.
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "tests/support/sigstore_rows.h"

namespace farm {
namespace {

using namespace sigstore_rows;
using Kind = ForeignSigner::Kind;

std::vector<BadRow> Artifacts() {
  std::vector<BadRow> rows;
  rows.push_back({{.name = "another_file",
                   .bend_input =
                       [](auto& input) {
                         input.artifact.digests = {
                             {HashAlgorithm::kSha256, HashOf(HashAlgorithm::kSha256, "other")}};
                       }},
                  ExitCode::kArtifactUnknown,
                  {"artifact", "signature", "entry"}});
  rows.push_back({{.name = "another_digest_in_the_bundle",
                   .bend =
                       [](Json& bundle) {
                         bundle["messageSignature"]["messageDigest"]["digest"] =
                             Base64Encode(std::string(32, 'x'));
                       }},
                  ExitCode::kArtifactUnknown,
                  {"artifact"}});
  rows.push_back({{.name = "no_subject",
                   .shape = With([](auto& s) { s.envelope = true; }),
                   .bend_input =
                       [](auto& input) {
                         input.artifact.digests = {
                             {HashAlgorithm::kSha256, HashOf(HashAlgorithm::kSha256, "other")}};
                       }},
                  ExitCode::kArtifactUnknown,
                  {"artifact"}});
  rows.push_back(
      {{.name = "subject_of_another_algorithm_only",
        .shape = With([](auto& s) {
          s.envelope = true;
          s.payload = SigstoreMaker::Statement("https://in-toto.io/Statement/v1",
                                               HashAlgorithm::kSha512, kArtifact);
        }),
        .bend_input = [](auto& input) { input.artifact.digests.erase(HashAlgorithm::kSha512); }},
       ExitCode::kArtifactUnknown,
       {"artifact"}});
  for (const char* type : {"", "https://in-toto.io/Statement/v2"}) {
    rows.push_back({{.name = std::string("statement_of_type_") + type,
                     .shape = With([&](auto& s) {
                       s.envelope = true;
                       s.payload =
                           SigstoreMaker::Statement(type, HashAlgorithm::kSha256, kArtifact);
                     })},
                    ExitCode::kUsage,
                    {"artifact"}});
  }
  rows.push_back({{.name = "payload_of_another_type", .shape = With([](auto& s) {
                                                        s.envelope = true;
                                                        s.payload_type = "application/json";
                                                      })},
                  ExitCode::kUsage,
                  {"artifact"}});
  rows.push_back({{.name = "ed25519_over_a_digest",
                   .shape = Keyed(Kind::kEd25519, HashAlgorithm::kSha256),
                   .bend_input = [](auto& input) { input.artifact.bytes.reset(); }},
                  ExitCode::kUsage,
                  {"signature"}});
  rows.push_back(
      {{.name = "p384_over_a_sha256_that_is_not_signed",
        .shape = Keyed(Kind::kP384, HashAlgorithm::kSha384),
        .bend = [](Json& bundle) { bundle["messageSignature"].erase("messageDigest"); },
        .bend_input = [](auto& input) { input.artifact.digests.erase(HashAlgorithm::kSha384); }},
       ExitCode::kBadSignature,
       {"artifact", "signature", "entry"}});
  return rows;
}

std::vector<BadRow> Signers() {
  std::vector<BadRow> rows;
  rows.push_back({{.name = "signature_of_another_file",
                   .bend =
                       [](Json& bundle) {
                         const Json other = Maker().Bundle({}, "other\n");
                         bundle["messageSignature"]["signature"] =
                             other["messageSignature"]["signature"];
                         bundle["verificationMaterial"]["timestampVerificationData"] =
                             other["verificationMaterial"]["timestampVerificationData"];
                       }},
                  ExitCode::kBadSignature,
                  {"signature", "entry"}});
  for (const bool envelope : {false, true}) {
    rows.push_back({{.name = envelope ? "wrong_signature_of_an_envelope" : "wrong_signature",
                     .shape = With([envelope](auto& s) {
                       s.envelope = envelope;
                       s.bad_signature = true;
                     })},
                    ExitCode::kBadSignature,
                    {"signature"}});
  }
  rows.push_back({{.name = "another_key",
                   .shape = Keyed(Kind::kP256, HashAlgorithm::kSha256),
                   .bend_input =
                       [](auto& input) {
                         input.key =
                             VerifyingKey::FromPem(ForeignSigner(Kind::kP256).Pem()).value();
                       }},
                  ExitCode::kBadSignature,
                  {"signature", "entry"}});
  rows.push_back({{.name = "key_where_a_name_is_asked",
                   .shape = Keyed(Kind::kP256, HashAlgorithm::kSha256),
                   .bend_input =
                       [](auto& input) {
                         input.key.reset();
                         input.identity = Maker().identity();
                         input.issuer = Maker().issuer();
                       }},
                  ExitCode::kBadSignature,
                  {"signature", "signer", "identity", "certificate", "transparency", "entry"}});
  rows.push_back({{.name = "certificate_where_a_key_is_asked",
                   .bend_input =
                       [](auto& input) {
                         input.key =
                             VerifyingKey::OfCertificate(input.bundle.certificates.front()).value();
                       }},
                  ExitCode::kBadSignature,
                  {"signer"}});
  for (const bool whole : {true, false}) {
    rows.push_back({{.name = whole ? "another_identity" : "part_of_the_identity",
                     .bend_input =
                         [whole](auto& input) {
                           input.identity =
                               whole ? "https://builder.example/workflow@other" : "builder.example";
                         }},
                    ExitCode::kBadSignature,
                    {"identity"}});
  }
  rows.push_back({{.name = "another_issuer",
                   .bend_input = [](auto& input) { input.issuer = "https://issuer.example/"; }},
                  ExitCode::kBadSignature,
                  {"identity"}});
  rows.push_back({{.name = "unknown_authority",
                   .bend_root =
                       [](Json& root) {
                         root["certificateAuthorities"] =
                             SigstoreMaker().TrustedRoot()["certificateAuthorities"];
                       }},
                  ExitCode::kBadSignature,
                  {"certificate", "transparency"}});
  rows.push_back({{.name = "no_authority",
                   .bend_root = [](Json& root) { root.erase("certificateAuthorities"); }},
                  ExitCode::kBadSignature,
                  {"certificate", "transparency"}});
  for (const char* end : {"start", "end"}) {
    rows.push_back({{.name = std::string("authority_whose_period_is_wrong_at_its_") + end,
                     .bend_root =
                         [end](Json& root) {
                           root["certificateAuthorities"][0]["validFor"][end] =
                               FormatTime(1'800'000'060 + (end[0] == 's' ? 1 : -1));
                         }},
                    ExitCode::kNotValidThen,
                    {"certificate", "transparency"}});
  }
  rows.push_back(
      {{.name = "leaf_not_valid_yet", .shape = With([](auto& s) { s.leaf_start = 1'800'000'061; })},
       ExitCode::kNotValidThen,
       {"certificate", "transparency"}});
  rows.push_back({{.name = "leaf_valid_no_more",
                   .shape = With([](auto& s) { s.leaf_start = 1'800'000'060 - 601; })},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency"}});
  rows.push_back({{.name = "one_of_two_tokens_outside", .shape = With([](auto& s) {
                                                          s.tokens = {1'800'000'060, 1'800'000'601};
                                                        })},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency"}});
  rows.push_back({{.name = "promise_outside", .shape = With([](auto& s) {
                                                s = Old("dsse", "0.0.1");
                                                s.tokens = {1'800'000'060};
                                                s.integrated = 1'800'000'601;
                                              })},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency"}});
  rows.push_back(
      {{.name = "unknown_transparency_log",
        .bend_root = [](Json& root) { root["ctlogs"] = SigstoreMaker().TrustedRoot()["ctlogs"]; }},
       ExitCode::kLogProof,
       {"transparency"}});
  rows.push_back({{.name = "transparency_log_not_in_force",
                   .bend_root =
                       [](Json& root) {
                         root["ctlogs"][0]["publicKey"]["validFor"]["end"] =
                             FormatTime(1'799'999'999);
                       }},
                  ExitCode::kLogProof,
                  {"transparency"}});
  return rows;
}

TEST(SigstoreSigner, OfAnotherFileIsRefused) { ExpectRefused(Artifacts()); }

TEST(SigstoreSigner, WhoWasNotAskedForIsRefused) { ExpectRefused(Signers()); }

}  // namespace
}  // namespace farm
