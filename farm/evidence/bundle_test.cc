#include "farm/evidence/bundle.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

const MadeRelease& Made() {
  static const MadeRelease made = EvidenceMaker().Make();
  return made;
}

Json LineJson(std::size_t line) {
  return *ParseForeignJson(WriteBundleLine(Made().lines[line]), "line");
}

TEST(Bundle, ComesBackAsWritten) {
  for (const Bundle& bundle : Made().lines) {
    const std::string line = WriteBundleLine(bundle);
    const auto read = ParseBundleLine(line, "line");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(WriteBundleLine(*read), line);
    EXPECT_EQ(read->PaeDigest(), bundle.PaeDigest());
    EXPECT_EQ(read->key(), bundle.key());
  }
}

TEST(Bundle, ComesBackOnItsWayToTheLog) {
  const EvidenceMaker maker;
  for (const std::string party : {"requester", "coordinator"}) {
    Bundle line = maker.Sign(maker.Draft(Intent{}, party, 1'800'000'000));
    const auto bare = ParseBundleLine(WriteBundleLine(line), "line");
    ASSERT_TRUE(bare.has_value()) << bare.error().message;
    EXPECT_EQ(bare->key(), line.key());
    EXPECT_FALSE(bare->timestamp.has_value());
    EXPECT_FALSE(bare->log_entry.has_value());
    maker.Stamp(line, 1'800'000'000);
    const auto stamped = ParseBundleLine(WriteBundleLine(line), "line");
    ASSERT_TRUE(stamped.has_value()) << stamped.error().message;
    EXPECT_EQ(stamped->timestamp, line.timestamp);
  }
}

TEST(Bundle, FileIsLinesThatEnd) {
  const std::string text = Made().FileText();
  EXPECT_EQ(ParseBundleFile(text, "file")->size(), 8u);
  for (const std::string& bad :
       {std::string(), text.substr(0, text.size() - 1), text + "\n", text + "x", text.substr(1)}) {
    EXPECT_EQ(ParseBundleFile(bad, "file").error().code, ErrorCode::kInvalidInput);
  }
  std::string long_file;
  const std::string line = text.substr(0, text.find('\n') + 1);
  for (std::size_t i = 0; i < kBundleLinesMax; ++i) long_file += line;
  EXPECT_TRUE(ParseBundleFile(long_file, "file").has_value());
  EXPECT_EQ(ParseBundleFile(long_file + line, "file").error().code, ErrorCode::kLimitExceeded);
}

// Of a small file the lines are read one after the other, of a large one in threads.
TEST(Bundle, OfSeveralErrorsOfAFileTheFirstIsNamed) {
  const std::string text = Made().FileText();
  const std::string line = text.substr(0, text.find('\n') + 1);
  for (const int count : {4, 40}) {
    std::string file;
    for (int i = 0; i < count; ++i) file += i == 1 || i == 2 ? "{}\n" : line;
    EXPECT_EQ(file.size() > 64 << 10, count == 40);
    const auto bad_lines = ParseBundleFile(file, "file");
    ASSERT_FALSE(bad_lines);
    EXPECT_TRUE(bad_lines.error().message.starts_with("file line 2")) << bad_lines.error().message;
    const auto cut_too = ParseBundleFile(file + "x", "file");
    ASSERT_FALSE(cut_too);
    EXPECT_EQ(cut_too.error().message, bad_lines.error().message);
  }
}

TEST(Bundle, ToleratesFieldsThatItDoesNotKnow) {
  Json json = LineJson(1);
  json["more"] = 1;
  json["verificationMaterial"]["more"] = 1.5;
  json["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "0";
  json["verificationMaterial"]["tlogEntries"][0]["logIndex"] = 5;  // a number instead of a string
  json["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.3";
  EXPECT_TRUE(ParseBundleLine(json.dump(), "line").has_value());
}

// Another reader takes protobuf's second name of a field and would see something else there.
TEST(Bundle, RefusesTheOtherNameOfEveryFieldThatItKnows) {
  const std::string material = "/verificationMaterial";
  const std::string entry = material + "/tlogEntries/0";
  const std::string stamps = material + "/timestampVerificationData";
  const std::pair<std::string, std::string> kNames[] = {
      // the object, the other name
      {"", "media_type"},
      {"", "message_signature"},
      {"", "dsse_envelope"},
      {"", "verification_material"},
      {"/dsseEnvelope", "payload_type"},
      {material, "x509_certificate_chain"},
      {material, "public_key"},
      {material, "tlog_entries"},
      {material, "timestamp_verification_data"},
      {material + "/certificate", "raw_bytes"},
      {material + "/publicKey", "raw_bytes"},
      {stamps, "rfc3161_timestamps"},
      {stamps + "/rfc3161Timestamps/0", "signed_timestamp"},
      {entry, "log_index"},
      {entry, "canonicalized_body"},
      {entry, "log_id"},
      {entry, "kind_version"},
      {entry, "inclusion_proof"},
      {entry, "integrated_time"},
      {entry, "inclusion_promise"},
      {entry + "/logId", "key_id"},
      {entry + "/inclusionProof", "log_index"},
      {entry + "/inclusionProof", "root_hash"},
      {entry + "/inclusionProof", "tree_size"},
  };
  std::set<std::string> known;
  for (const auto& [object, name] : kNames) {
    known.insert(name);
    const bool of_key = object.ends_with("/publicKey");
    Json json = LineJson(of_key ? kRequestLine : kFirstRecordLine);
    const Json::json_pointer at(object);
    json[at][name] = nullptr;
    const auto read = ParseBundleLine(json.dump(), "line");
    ASSERT_FALSE(read) << object << " " << name;
    EXPECT_NE(read.error().message.find(name + ": is "), std::string::npos) << read.error().message;
    json[at].erase(name);
    EXPECT_TRUE(ParseBundleLine(json.dump(), "line")) << object;
    json[at][name + "s_of_others"] = 1;  // no other name of anything here
    EXPECT_TRUE(ParseBundleLine(json.dump(), "line")) << object;
  }
  // None is forgotten that a line has.
  for (const std::size_t line : {kRequestLine, kFirstRecordLine}) {
    const Json flat = LineJson(line).flatten();
    for (const auto& [path, unused] : flat.items()) {
      for (const std::string& name : Split(path, '/')) {
        std::string other;
        for (const char c : name) {
          const bool large = c >= 'A' && c <= 'Z';
          if (large) other += '_';
          other += large ? static_cast<char>(c - 'A' + 'a') : c;
        }
        EXPECT_TRUE(other == name || known.contains(other)) << name;
      }
    }
  }
}

// Of some of those that are refused the double is the number that it should be.
TEST(Bundle, ANumberIsWhatItsTextSays) {
  const std::string index = std::to_string(Made().lines[1].log_entry->index);
  const std::string line = WriteBundleLine(Made().lines[1]);
  const std::string field = "\"logIndex\":";
  const std::string written = field + "\"" + index + "\"";
  ASSERT_NE(line.find(written), std::string::npos);
  const auto read_with = [&](const std::string& number) {
    std::string bent = line;
    return ParseBundleLine(bent.replace(bent.find(written), written.size(), field + number),
                           "line");
  };
  for (const char* same : {"", ".0", "e0", "0e-1"}) EXPECT_TRUE(read_with(index + same)) << same;
  for (const char* other : {".00000000000000000001", ".2", "e-400"}) {
    const auto read = read_with(index + other);
    ASSERT_FALSE(read) << other;
    EXPECT_NE(read.error().message.find("logIndex: want a decimal number"), std::string::npos)
        << read.error().message;
  }
  for (const char* none : {"-0.0", "1e-400", "4503599627370496.2"}) {
    EXPECT_FALSE(read_with(none)) << none;
  }
}

TEST(Bundle, RefusesWhatContradictsItselfOrIsMore) {
  using Bend = std::function<void(Json&)>;
  const auto material = [](Json& j) -> Json& { return j["verificationMaterial"]; };
  const auto entry = [&](Json& j) -> Json& { return material(j)["tlogEntries"][0]; };
  const struct {
    std::string name, field;
    Bend bend;
  } kRows[] = {
      {"media_type", "mediaType", [](Json& j) { j["mediaType"] = "text/plain"; }},
      {"version_0_2", "mediaType",
       [](Json& j) { j["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"; }},
      {"no_envelope", "dsseEnvelope", [](Json& j) { j.erase("dsseEnvelope"); }},
      {"message_signature", "messageSignature", [](Json& j) { j["messageSignature"] = 1; }},
      {"chain", "x509CertificateChain",
       [&](Json& j) { material(j)["x509CertificateChain"] = Json::object(); }},
      {"key_and_certificate", "certificate",
       [&](Json& j) {
         material(j)["certificate"] = {{"rawBytes", "AAAA"}};
       }},
      {"neither", "certificate", [&](Json& j) { material(j).erase("publicKey"); }},
      {"two_entries", "tlogEntries",
       [&](Json& j) { material(j)["tlogEntries"].push_back(material(j)["tlogEntries"][0]); }},
      {"two_signatures", "signatures",
       [](Json& j) {
         j["dsseEnvelope"]["signatures"].push_back(j["dsseEnvelope"]["signatures"][0]);
       }},
      {"two_tokens", "rfc3161Timestamps",
       [&](Json& j) {
         Json& tokens = material(j)["timestampVerificationData"]["rfc3161Timestamps"];
         tokens.push_back(tokens[0]);
       }},
      {"another_hint", "hint", [&](Json& j) { material(j)["publicKey"]["hint"] = "00"; }},
      {"another_key_than_the_entrys", "rawBytes",
       [&](Json& j) {
         const PublicKey other = PrivateKey::Generate(KeyKind::kP256).public_key();
         material(j)["publicKey"] = {{"hint", other.KeyId()},
                                     {"rawBytes", Base64Encode(other.spki())}};
       }},
      {"another_keyid", "keyid",
       [](Json& j) { j["dsseEnvelope"]["signatures"][0]["keyid"] = "00"; }},
      {"index", "logIndex", [&](Json& j) { entry(j)["logIndex"] = "6"; }},
      {"proof_index", "logIndex", [&](Json& j) { entry(j)["inclusionProof"]["logIndex"] = "6"; }},
      {"tree_size", "treeSize", [&](Json& j) { entry(j)["inclusionProof"]["treeSize"] = "7"; }},
      {"root_hash", "rootHash",
       [&](Json& j) {
         entry(j)["inclusionProof"]["rootHash"] = Base64Encode(Sha256("other").bytes());
       }},
      {"kind", "kind", [&](Json& j) { entry(j)["kindVersion"]["kind"] = "dsse"; }},
      {"version", "kind", [&](Json& j) { entry(j)["kindVersion"]["version"] = "0.0.1"; }},
      {"no_checkpoint", "checkpoint",
       [&](Json& j) { entry(j)["inclusionProof"].erase("checkpoint"); }},
      {"short_log_id", "keyId", [&](Json& j) { entry(j)["logId"]["keyId"] = "AAAA"; }},
      {"short_hash", "hashes", [&](Json& j) { entry(j)["inclusionProof"]["hashes"] = {"AAAA"}; }},
      {"body_is_no_leaf", "canonicalizedBody",
       [&](Json& j) { entry(j)["canonicalizedBody"] = Base64Encode("{}"); }},
      {"body_not_canonical", "canonicalizedBody",
       [&](Json& j) {
         const std::string body = *Base64Decode(entry(j)["canonicalizedBody"].get<std::string>());
         entry(j)["canonicalizedBody"] = Base64Encode(body + " ");
       }},
  };
  for (const auto& row : kRows) {
    Json json = LineJson(kRequestLine);
    row.bend(json);
    const auto read = ParseBundleLine(json.dump(), "line 2");
    ASSERT_FALSE(read.has_value()) << row.name;
    EXPECT_TRUE(read.error().message.starts_with("line 2")) << read.error().message;
    EXPECT_NE(read.error().message.find(row.field), std::string::npos)
        << row.name << ": " << read.error().message;
  }
}

TEST(Bundle, LeafIsExactlyItsBytes) {
  const Bundle& line = Made().lines[kReleaseLine];
  const std::string body = CanonicalizedBody(line.envelope, line.certificate, line.key());
  EXPECT_EQ(body, line.log_entry->canonicalized_body);
  const auto facts = ParseCanonicalizedBody(body);
  ASSERT_TRUE(facts.has_value()) << facts.error().message;
  EXPECT_EQ(facts->pae_digest, line.PaeDigest());
  EXPECT_EQ(facts->signature, line.envelope.signature);
  EXPECT_EQ(facts->certificate, line.certificate);
}

TEST(Bundle, CarriesConsistencyProofsAsNoteLines) {
  const Note note = *ParseNote(Made().lines[kReleaseLine].log_entry->checkpoint);
  const auto proofs = ConsistencyProofsOf(note);
  ASSERT_EQ(proofs.size(), 7u);
  const LogEntry& release = *Made().lines[kReleaseLine].log_entry;
  const LogEntry& request = *Made().lines[kRequestLine].log_entry;
  EXPECT_EQ(proofs[0].old_size, request.tree_size);
  EXPECT_TRUE(CheckConsistency(request.tree_size, request.root, release.tree_size, release.root,
                               proofs[0].hashes)
                  .has_value());
  const NoteSignature good = ConsistencyLine(proofs[0]);
  EXPECT_EQ(ConsistencyProofsOf({"text\n", {good}}).size(), 1u);
  NoteSignature odd = good;
  odd.signature += "x";
  NoteSignature hinted_otherwise = good;
  hinted_otherwise.key_hint[3] ^= 1;
  NoteSignature named_otherwise = good;
  named_otherwise.name += "0";
  EXPECT_TRUE(ConsistencyProofsOf({"text\n", {odd, hinted_otherwise, named_otherwise}}).empty());
}

// No change of a few bytes may crash a reader; whether it is refused is the verdict's business.
TEST(Bundle, SurvivesRandomChanges) {
  std::mt19937 random(20270115);
  const std::string good = WriteBundleLine(Made().lines[kRequestLine]);
  for (int round = 0; round < 2000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 1 + round % 4; ++i) {
      const std::size_t at = random() % bad.size();
      switch (random() % 3) {
        case 0:
          bad[at] = static_cast<char>(random());
          break;
        case 1:
          bad.erase(at, 1 + random() % 40);
          break;
        default:
          bad.insert(at, bad.substr(random() % bad.size(), random() % 40));
      }
      if (bad.empty()) break;
    }
    const auto read = ParseBundleLine(bad, "line");
    if (read) WriteBundleLine(*read);
  }
}

}  // namespace
}  // namespace farm
