// Bundles that others signed: times that nobody attests, and entries that are in no known log or of
// something else.
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/evidence/note.h"
#include "tests/support/sigstore_rows.h"

namespace farm {
namespace {

using namespace sigstore_rows;
using Kind = ForeignSigner::Kind;

std::string FlipBase64(const Json& text) {
  std::string bytes = Base64Decode(text.get<std::string>()).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  return Base64Encode(bytes);
}

std::vector<BadRow> Times() {
  std::vector<BadRow> rows;
  rows.push_back({{.name = "no_time", .shape = With([](auto& s) { s.tokens = {}; })},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency", "times"}});
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
  rows.push_back(
      {{.name = "one_token_twice",
        .bend =
            [](Json& bundle) {
              Json& tokens =
                  bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
              const Json token = tokens[0];
              tokens.push_back(token);
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
                  {"times"}});
  // An integrated time that no promise signs is nobody's.
  rows.push_back({{.name = "integrated_time_without_a_promise",
                   .shape = With([](auto& s) { s.tokens = {}; }),
                   .bend = [](Json& bundle) { EntryOf(bundle)["integratedTime"] = "1800000090"; }},
                  ExitCode::kNotValidThen,
                  {"certificate", "transparency", "times"}});
  return rows;
}

std::vector<BadRow> Entries() {
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
  const struct {
    const char* name;
    const char* field;
    UnixSeconds time;
  } kPeriods[] = {{"log_that_ended_and_no_time", "end", 1'800'000'099},
                  {"log_that_begins_later_and_no_time", "start", 1'800'000'101}};
  for (const auto& period : kPeriods) {
    rows.push_back({{.name = period.name,
                     .shape = With([](auto& s) {
                       s.key = ForeignSigner(Kind::kP256);
                       s.tokens = {};
                     }),
                     .bend_root =
                         [=](Json& root) {
                           root["tlogs"][1]["publicKey"]["validFor"][period.field] =
                               FormatTime(period.time);
                         }},
                    ExitCode::kNotValidThen,
                    {"log"}});
  }
  rows.push_back({{.name = "one_entry_twice",
                   .bend =
                       [](Json& bundle) {
                         const Json entry = EntryOf(bundle);
                         bundle["verificationMaterial"]["tlogEntries"].push_back(entry);
                       }},
                  ExitCode::kLogProof,
                  {"log"}});
  rows.push_back({{.name = "promise_of_the_second_version",
                   .bend =
                       [](Json& bundle) {
                         EntryOf(bundle)["inclusionPromise"]["signedEntryTimestamp"] = "MAA=";
                         EntryOf(bundle)["integratedTime"] = "1800000090";
                       }},
                  ExitCode::kLogProof,
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
std::vector<BadRow> Bodies() {
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

TEST(SigstoreLog, TimesThatNobodyAttestsAreRefused) { ExpectRefused(Times()); }

TEST(SigstoreLog, EntriesInNoKnownLogAreRefused) { ExpectRefused(Entries()); }

TEST(SigstoreLog, EntriesOfSomethingElseAreRefused) { ExpectRefused(Bodies()); }

}  // namespace
}  // namespace farm
