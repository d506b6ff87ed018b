// Bundles that others signed: each shape that there is verifies, and each rule, broken alone,
// refuses.
#include "farm/verify/sigstore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/evidence/note.h"
#include "farm/json/json.h"
#include "farm/verify/sigstore_report.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/sigstore_maker.h"

namespace farm {
namespace {

using Kind = ForeignSigner::Kind;

constexpr char kArtifact[] = "the artifact\n";
constexpr char kOldMediaType[] = "application/vnd.dev.sigstore.bundle+json;version=0.1";
constexpr char kSecondMediaType[] = "application/vnd.dev.sigstore.bundle+json;version=0.2";

// One maker for all rows: its keys cost more than everything else.
const SigstoreMaker& Maker() {
  static const SigstoreMaker maker;
  return maker;
}

struct Row {
  std::string name;
  SigstoreShape shape = {};
  std::function<void(Json& bundle)> bend = {};
  std::function<void(Json& root)> bend_root = {};
  std::function<void(SigstoreInput& input)> bend_input = {};
};

Result<SigstoreInput> InputOf(const Row& row) {
  Json bundle = Maker().Bundle(row.shape, kArtifact);
  Json root = Maker().TrustedRoot();
  if (row.bend) row.bend(bundle);
  if (row.bend_root) row.bend_root(root);
  SigstoreInput input;
  ASSIGN_OR_RETURN(input.bundle, ParseForeignBundle(bundle.dump(), "bundle"));
  ASSIGN_OR_RETURN(input.trust, ParseSigstoreTrust(root.dump(), "root"));
  if (row.shape.key) {
    input.key = VerifyingKey::FromPem(row.shape.key->Pem()).value();
  } else {
    input.identity = Maker().identity();
    input.issuer = Maker().issuer();
  }
  for (const HashAlgorithm hash : WantedDigests(input.bundle, input.key)) {
    input.artifact.digests[hash] = HashOf(hash, kArtifact);
  }
  if (WantsBytes(input.bundle, input.key)) input.artifact.bytes = kArtifact;
  input.artifact.name = "artifact";
  if (row.bend_input) row.bend_input(input);
  return input;
}

std::vector<std::string> Broken(const SigstoreVerdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) names.push_back(outcome.rule);
  }
  return names;
}

SigstoreShape With(const std::function<void(SigstoreShape&)>& change) {
  SigstoreShape shape;
  change(shape);
  return shape;
}

// The shapes of Rekor's first version: the log's own promise says when.
SigstoreShape Old(const std::string& kind, const std::string& version) {
  return With([&](SigstoreShape& shape) {
    shape.kind = kind;
    shape.version = version;
    shape.envelope = kind != "hashedrekord";
    shape.promise = true;
    shape.tokens = {};
  });
}

SigstoreShape Keyed(Kind kind, HashAlgorithm hash) {
  return With([&](SigstoreShape& shape) {
    shape.key = ForeignSigner(kind);
    shape.hash = hash;
  });
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

// What each row breaks, and nothing else: take a rule's check out, and its row fails.
struct BadRow {
  Row row;
  ExitCode exit;
  std::vector<std::string> broken;
};

Json& EntryOf(Json& bundle) { return bundle["verificationMaterial"]["tlogEntries"][0]; }

std::string FlipBase64(const Json& text) {
  std::string bytes = Base64Decode(text.get<std::string>()).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  return Base64Encode(bytes);
}

std::vector<BadRow> BadArtifacts() {
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

std::vector<BadRow> BadSigners() {
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

std::vector<BadRow> BadTimes() {
  std::vector<BadRow> rows;
  rows.push_back({{.name = "no_time", .shape = With([](auto& s) { s.tokens = {}; })},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency", "times", "log"}});
  rows.push_back({{.name = "token_of_an_unknown_authority",
                   .shape = With([](auto& s) {
                     s = Old("dsse", "0.0.1");
                     s.tokens = {1'800'000'060};
                   }),
                   .bend_root =
                       [](Json& root) {
                         root["timestampAuthorities"] =
                             SigstoreMaker().TrustedRoot()["timestampAuthorities"];
                       }},
                  ExitCode::kBadSignature,
                  {"times"}});
  rows.push_back({{.name = "token_over_something_else",
                   .shape = With([](auto& s) {
                     s = Old("dsse", "0.0.1");
                     s.tokens = {1'800'000'060};
                   }),
                   .bend =
                       [](Json& bundle) {
                         bundle["verificationMaterial"]["timestampVerificationData"] =
                             Maker().Bundle(
                                 {}, "x")["verificationMaterial"]["timestampVerificationData"];
                       }},
                  ExitCode::kBadSignature,
                  {"times"}});
  // Another authority that is in force vouches for nothing but its own tokens.
  rows.push_back({{.name = "authority_over_though_another_is_not",
                   .shape = Keyed(Kind::kP256, HashAlgorithm::kSha256),
                   .bend_root =
                       [](Json& root) {
                         root["timestampAuthorities"][0]["validFor"]["end"] =
                             FormatTime(1'800'000'059);
                         root["timestampAuthorities"].push_back(
                             SigstoreMaker().TrustedRoot()["timestampAuthorities"][0]);
                       }},
                  ExitCode::kNotValidThen,
                  {"times", "log"}});
  // An integrated time that no promise signs is nobody's.
  rows.push_back({{.name = "integrated_time_without_a_promise",
                   .shape = With([](auto& s) { s.tokens = {}; }),
                   .bend = [](Json& bundle) { EntryOf(bundle)["integratedTime"] = "1800000090"; }},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency", "times", "log"}});
  return rows;
}

std::vector<BadRow> BadEntries() {
  const auto bent = [](const char* name, const std::function<void(Json & entry)>& change) {
    return BadRow{{.name = name, .bend = [change](Json& bundle) { change(EntryOf(bundle)); }},
                  ExitCode::kLogProof,
                  {"log"}};
  };
  std::vector<BadRow> rows = {
      bent("another_hash",
           [](Json& entry) {
             entry["inclusionProof"]["hashes"][0] = Base64Encode(std::string(32, 'x'));
           }),
      bent("too_few_hashes", [](Json& entry) { entry["inclusionProof"].erase("hashes"); }),
      bent("another_root",
           [](Json& entry) {
             entry["inclusionProof"]["rootHash"] = Base64Encode(std::string(32, 'x'));
           }),
      bent("another_size", [](Json& entry) { entry["inclusionProof"]["treeSize"] = "3"; }),
      bent("another_index", [](Json& entry) { entry["logIndex"] = "0"; }),
      bent("another_index_in_the_proof",
           [](Json& entry) {
             entry["inclusionProof"]["logIndex"] = "0";
             entry["logIndex"] = "0";
           }),
      bent("unknown_log",
           [](Json& entry) { entry["logId"]["keyId"] = Base64Encode(std::string(32, 'x')); }),
      bent("checkpoint_changed",
           [](Json& entry) {
             Json& note = entry["inclusionProof"]["checkpoint"]["envelope"];
             note = note.get<std::string>().insert(note.get<std::string>().find("\n\n"),
                                                   "\nextension");
           }),
      bent("checkpoint_without_the_logs_signature",
           [](Json& entry) {
             Json& text = entry["inclusionProof"]["checkpoint"]["envelope"];
             Note note = ParseNote(text.get<std::string>()).value();
             note.signatures.erase(note.signatures.begin());
             text = WriteNote(note);
           }),
      bent("checkpoint_signed_under_another_name",
           [](Json& entry) {
             Json& text = entry["inclusionProof"]["checkpoint"]["envelope"];
             Note note = ParseNote(text.get<std::string>()).value();
             note.signatures[0].name = "log.exemple";
             text = WriteNote(note);
           }),
      bent("checkpoint_with_another_hint",
           [](Json& entry) {
             Json& text = entry["inclusionProof"]["checkpoint"]["envelope"];
             Note note = ParseNote(text.get<std::string>()).value();
             note.signatures[0].key_hint[0] ^= 1;
             text = WriteNote(note);
           }),
      bent("no_checkpoint_at_all",
           [](Json& entry) {
             entry["inclusionProof"]["checkpoint"]["envelope"] = "log.example\n2\n";
           }),
  };
  rows.push_back({{.name = "origin_of_another_log", .shape = With([](auto& s) {
                                                      s.bend_origin = [](std::string& origin) {
                                                        origin = "log.example.org";
                                                      };
                                                    })},
                  ExitCode::kLogProof,
                  {"log"}});
  rows.push_back(
      {{.name = "no_entry",
        .bend = [](Json& bundle) { bundle["verificationMaterial"].erase("tlogEntries"); }},
       ExitCode::kLogProof,
       {"log", "entry"}});
  rows.push_back({{.name = "a_second_entry_that_does_not_hold",
                   .bend =
                       [](Json& bundle) {
                         Json entry = EntryOf(bundle);
                         entry["inclusionProof"]["rootHash"] = Base64Encode(std::string(32, 'x'));
                         bundle["verificationMaterial"]["tlogEntries"].push_back(entry);
                       }},
                  ExitCode::kLogProof,
                  {"log"}});
  rows.push_back({{.name = "log_over",
                   .bend_root =
                       [](Json& root) {
                         root["tlogs"][1]["publicKey"]["validFor"]["end"] =
                             FormatTime(1'800'000'059);
                       }},
                  ExitCode::kNotValidThen,
                  {"log"}});
  rows.push_back({{.name = "log_that_ends_and_no_time", .shape = With([](auto& s) {
                                                          s.key = ForeignSigner(Kind::kP256);
                                                          s.tokens = {};
                                                        })},
                  ExitCode::kNotValidThen,
                  {"log"}});
  rows.push_back({{.name = "log_over_when_it_promised",
                   .shape = Old("dsse", "0.0.1"),
                   .bend_root =
                       [](Json& root) {
                         root["tlogs"][0]["publicKey"]["validFor"]["end"] =
                             FormatTime(1'800'000'089);
                       }},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency", "times", "log"}});
  const SigstoreShape promised_and_stamped = With([](auto& s) {
    s = Old("dsse", "0.0.1");
    s.tokens = {1'800'000'060};
  });
  rows.push_back({{.name = "promise_changed",
                   .shape = promised_and_stamped,
                   .bend =
                       [](Json& bundle) {
                         Json& promise =
                             EntryOf(bundle)["inclusionPromise"]["signedEntryTimestamp"];
                         promise = FlipBase64(promise);
                       }},
                  ExitCode::kLogProof,
                  {"log"}});
  for (const char* field : {"integratedTime", "logIndex"}) {
    rows.push_back({{.name = std::string("promised_another_") + field,
                     .shape = promised_and_stamped,
                     .bend = [field](Json& bundle) { EntryOf(bundle)[field] = "1800000091"; }},
                    ExitCode::kLogProof,
                    {"log"}});
  }
  return rows;
}

// The body is logged as it stands: only what it says is wrong.
std::vector<BadRow> BadBodies() {
  const auto bent = [](const std::string& name, SigstoreShape shape,
                       const std::function<void(Json & body)>& change) {
    shape.bend_body = change;
    return BadRow{{.name = name, .shape = std::move(shape)}, ExitCode::kLogProof, {"entry"}};
  };
  const std::string other = Base64Encode(std::string(32, 'x'));
  const std::string other_hex(64, 'a');
  const std::string other_leaf =
      Maker().Bundle(With([](auto& s) { s.leaf_start = 1'800'000'001; }),
                     kArtifact)["verificationMaterial"]["certificate"]["rawBytes"];
  std::vector<BadRow> rows = {
      bent("digest", {},
           [=](Json& body) { body["spec"]["hashedRekordV002"]["data"]["digest"] = other; }),
      bent("signature", {},
           [=](Json& body) { body["spec"]["hashedRekordV002"]["signature"]["content"] = other; }),
      bent("certificate", {},
           [=](Json& body) {
             body["spec"]["hashedRekordV002"]["signature"]["verifier"]["x509Certificate"]
                 ["rawBytes"] = other_leaf;
           }),
      bent("key", Keyed(Kind::kP256, HashAlgorithm::kSha256),
           [](Json& body) {
             body["spec"]["hashedRekordV002"]["signature"]["verifier"]["publicKey"]["rawBytes"] =
                 Base64Encode(ForeignSigner(Kind::kP256).Spki());
           }),
      bent("digest_of_the_payload", With([](auto& s) { s.envelope = true; }),
           [](Json& body) {
             body["spec"]["hashedRekordV002"]["data"]["digest"] =
                 Base64Encode(HashOf(HashAlgorithm::kSha256,
                                     SigstoreMaker::Statement("https://in-toto.io/Statement/v1",
                                                              HashAlgorithm::kSha256, kArtifact)));
           }),
      bent("old_digest", Old("hashedrekord", "0.0.1"),
           [=](Json& body) { body["spec"]["data"]["hash"]["value"] = other_hex; }),
      bent("dsse_payload", Old("dsse", "0.0.1"),
           [=](Json& body) { body["spec"]["payloadHash"]["value"] = other_hex; }),
      bent("dsse_signature", Old("dsse", "0.0.1"),
           [=](Json& body) { body["spec"]["signatures"][0]["signature"] = other; }),
      bent("dsse_verifier", Old("dsse", "0.0.1"),
           [=](Json& body) {
             body["spec"]["signatures"][0]["verifier"] =
                 Base64Encode(ForeignSigner(Kind::kP256).Pem());
           }),
      bent("dsse_two_signatures", Old("dsse", "0.0.1"),
           [=](Json& body) {
             Json& signatures = body["spec"]["signatures"];
             signatures.push_back(signatures[0]);
           }),
      bent("intoto_payload", Old("intoto", "0.0.2"),
           [=](Json& body) { body["spec"]["content"]["payloadHash"]["value"] = other_hex; }),
      bent("intoto_signature", Old("intoto", "0.0.2"),
           [=](Json& body) {
             body["spec"]["content"]["envelope"]["signatures"][0]["sig"] =
                 Base64Encode(Base64Encode("another"));
           }),
      bent("kind", {}, [](Json& body) { body["kind"] = "dsse"; }),
      bent("version", {}, [](Json& body) { body["apiVersion"] = "0.0.1"; }),
      bent("algorithm", {},
           [](Json& body) { body["spec"]["hashedRekordV002"]["data"]["algorithm"] = "SHA2_999"; }),
      bent("nothing", {}, [](Json& body) { body = Json::object(); }),
  };
  // A payload's kinds are for envelopes.
  rows.push_back({{.name = "dsse_for_a_message", .shape = With([](auto& s) { s.kind = "dsse"; })},
                  ExitCode::kLogProof,
                  {"entry"}});
  rows.push_back({{.name = "unknown_kind",
                   .bend = [](Json& bundle) { EntryOf(bundle)["kindVersion"]["kind"] = "rpm"; }},
                  ExitCode::kLogProof,
                  {"entry"}});
  return rows;
}

TEST(Sigstore, RefusesWhateverBreaksARule) {
  for (const auto& list : {BadArtifacts(), BadSigners(), BadTimes(), BadEntries(), BadBodies()}) {
    for (const BadRow& bad : list) {
      const auto input = InputOf(bad.row);
      ASSERT_TRUE(input) << bad.row.name << ": " << input.error().message;
      const SigstoreVerdict verdict = JudgeSigstore(*input);
      const std::string text = SigstoreVerdictText(verdict, {});
      EXPECT_EQ(static_cast<int>(verdict.exit), static_cast<int>(bad.exit)) << bad.row.name << "\n"
                                                                            << text;
      EXPECT_EQ(Broken(verdict), bad.broken) << bad.row.name << "\n" << text;
      EXPECT_EQ(verdict.headline, "NOT VERIFIED") << bad.row.name;
      for (const RuleOutcome& outcome : verdict.rules) {
        EXPECT_EQ(outcome.remedy.empty(), outcome.held) << bad.row.name << " " << outcome.rule;
      }
    }
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
