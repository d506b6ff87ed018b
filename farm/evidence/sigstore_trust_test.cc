#include "farm/evidence/sigstore_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/foreign_signer.h"
#include "tests/support/sigstore_maker.h"

namespace farm {
namespace {

using Kind = ForeignSigner::Kind;

constexpr UnixSeconds kTime = 1'800'000'000;  // 2027-01-15T08:00:00Z

const Json& Good() {
  static const Json good = SigstoreMaker().TrustedRoot();
  return good;
}

Result<SigstoreTrust> ParseBent(const std::function<void(Json& root)>& bend) {
  Json root = Good();
  bend(root);
  return ParseSigstoreTrust(root.dump(), "root");
}

TEST(SigstoreTrust, ReadsEachList) {
  const auto trust = ParseBent([](Json&) {});
  ASSERT_TRUE(trust) << trust.error().message;
  ASSERT_EQ(trust->logs.size(), 2U);
  EXPECT_EQ(trust->logs[0].base_url, "https://old.example");
  ASSERT_EQ(trust->logs[0].ids.size(), 1U);
  EXPECT_EQ(trust->logs[0].ids[0].size(), 32U);
  ASSERT_EQ(trust->authorities.size(), 1U);
  EXPECT_EQ(trust->authorities[0].name, "https://ca.example");
  EXPECT_EQ(trust->transparency_logs.size(), 1U);
  ASSERT_EQ(trust->timestamp_authorities.size(), 1U);
  EXPECT_EQ(trust->timestamp_authorities[0].chain.size(), 2U);
  EXPECT_TRUE(trust->unusable_keys.empty());
  EXPECT_TRUE(ParseBent([](Json& root) { root = {{"mediaType", root["mediaType"]}}; }));
}

TEST(SigstoreTrust, ReadsPeriodsSoThatTheyNeverGrow) {
  const struct {
    const char* name;
    const char* start;
    const char* end;  // "": none
    UnixSeconds want_start;
    std::optional<UnixSeconds> want_end;
  } rows[] = {
      {"whole", "2027-01-15T08:00:00Z", "2027-01-15T08:00:01Z", kTime, kTime + 1},
      {"open", "2027-01-15T08:00:00Z", "", kTime, std::nullopt},
      {"fractions", "2027-01-15T08:00:00.001Z", "2027-01-15T08:00:01.999Z", kTime + 1, kTime + 1},
      {"zero_fractions", "2027-01-15T08:00:00.000Z", "2027-01-15T08:00:01.000Z", kTime, kTime + 1},
      {"offsets", "2027-01-15T10:30:00+02:30", "2027-01-15T07:00:01-01:00", kTime, kTime + 1},
  };
  for (const auto& row : rows) {
    const auto trust = ParseBent([&](Json& root) {
      Json& period = root["tlogs"][0]["publicKey"]["validFor"];
      period["start"] = row.start;
      period["end"] = *row.end == '\0' ? Json() : Json(row.end);
    });
    ASSERT_TRUE(trust) << row.name << ": " << trust.error().message;
    EXPECT_EQ(trust->logs[0].valid_for.start, row.want_start) << row.name;
    EXPECT_EQ(trust->logs[0].valid_for.end, row.want_end) << row.name;
  }
}

TEST(SigstoreTrust, NamesTheFieldThatItRefuses) {
  const struct {
    const char* name;
    std::function<void(Json& root)> bend;
    const char* field;
  } rows[] = {
      {"no_version", [](Json& r) { r.erase("mediaType"); }, "mediaType"},
      {"version_0_3",
       [](Json& r) { r["mediaType"] = "application/vnd.dev.sigstore.trustedroot.v0.3+json"; },
       "mediaType"},
      {"log_without_a_start",
       [](Json& r) { r["tlogs"][0]["publicKey"]["validFor"].erase("start"); },
       "tlogs[0].publicKey.validFor.start"},
      {"log_without_a_period", [](Json& r) { r["tlogs"][1]["publicKey"].erase("validFor"); },
       "tlogs[1].publicKey.validFor"},
      {"log_without_a_key", [](Json& r) { r["tlogs"][0].erase("publicKey"); },
       "tlogs[0].publicKey.rawBytes"},
      {"log_with_half_a_key", [](Json& r) { r["tlogs"][0]["publicKey"]["rawBytes"] = "MAA="; },
       "tlogs[0].publicKey.rawBytes"},
      {"log_with_a_key_of_another_kind",
       [](Json& r) { r["tlogs"][0]["publicKey"]["keyDetails"] = "PKIX_ED25519"; },
       "tlogs[0].publicKey.rawBytes: is a key of kind ECDSA P-256, keyDetails says PKIX_ED25519"},
      {"a_field_twice", [](Json& r) { r["tlogs"][0]["base_url"] = "https://other.example"; },
       "tlogs[0].baseUrl: is there twice, also as base_url"},
      {"transparency_log_without_a_start",
       [](Json& r) { r["ctlogs"][0]["publicKey"]["validFor"].erase("start"); },
       "ctlogs[0].publicKey.validFor.start"},
      {"authority_without_a_start",
       [](Json& r) { r["certificateAuthorities"][0]["validFor"].erase("start"); },
       "certificateAuthorities[0].validFor.start"},
      {"authority_without_a_certificate",
       [](Json& r) { r["certificateAuthorities"][0].erase("certChain"); },
       "certificateAuthorities[0].certChain.certificates"},
      {"authority_with_half_a_certificate",
       [](Json& r) {
         r["timestampAuthorities"][0]["certChain"]["certificates"][1]["rawBytes"] = "MAA=";
       },
       "timestampAuthorities[0].certChain.certificates[1].rawBytes"},
      {"many_logs", [](Json& r) { r["tlogs"] = Json(65, r["tlogs"][0]); }, "tlogs"},
      {"logs_no_list", [](Json& r) { r["tlogs"] = 1; }, "tlogs"},
  };
  for (const auto& row : rows) {
    const auto trust = ParseBent(row.bend);
    ASSERT_FALSE(trust) << row.name;
    EXPECT_THAT(trust.error().message, testing::HasSubstr(row.field)) << row.name;
  }
  for (const char* time :
       {"", "2027-01-15", "2027-01-15T08:00:00", "2027-02-30T08:00:00Z", "2027-01-15T08:00:00.Z",
        "2027-01-15T08:00:00.1234567891Z", "2027-01-15T08:00:00+24:00", "2027-01-15T08:00:00+0100",
        "2027-01-15T08:00:00Zx", "soon"}) {
    EXPECT_FALSE(ParseBent([&](Json& root) {
      root["tlogs"][0]["publicKey"]["validFor"]["start"] = time;
    })) << time;
  }
}

TEST(SigstoreTrust, ReadsKeysByTheirNamesInTheRegistry) {
  const ForeignSigner rsa(Kind::kRsa2048);
  const ForeignSigner p384(Kind::kP384);
  const struct {
    const char* details;
    std::string der;
    std::string signature;  // over "message"; "": the key is of an unknown kind
  } rows[] = {
      {"PKCS1_RSA_PKCS1V5", rsa.Pkcs1(), rsa.Sign("message", HashAlgorithm::kSha256)},
      {"PKIX_RSA_PKCS1V15_2048_SHA256", rsa.Spki(), rsa.Sign("message", HashAlgorithm::kSha256)},
      {"PKIX_RSA_PSS_2048_SHA256", rsa.Spki(), rsa.Sign("message", HashAlgorithm::kSha256, true)},
      {"PKIX_ECDSA_P384_SHA_384", p384.Spki(), p384.Sign("message", HashAlgorithm::kSha384)},
      {"PKIX_ECDSA_P384_SHA_256", p384.Spki(), p384.Sign("message", HashAlgorithm::kSha256)},
      {"PKIX_ED25519_PH", "not looked at", ""},
      {"ML_DSA_65", "not looked at", ""},
      {"", "not looked at", ""},
  };
  for (const auto& row : rows) {
    const auto trust = ParseBent([&](Json& root) {
      root["tlogs"][0]["publicKey"]["keyDetails"] = row.details;
      root["tlogs"][0]["publicKey"]["rawBytes"] = Base64Encode(row.der);
    });
    ASSERT_TRUE(trust) << row.details << ": " << trust.error().message;
    if (row.signature.empty()) {
      EXPECT_EQ(trust->unusable_keys, std::vector<std::string>{"root.tlogs[0]"}) << row.details;
      EXPECT_EQ(trust->logs.size(), 1U) << row.details;
    } else {
      EXPECT_TRUE(trust->logs[0].key.Verify("message", row.signature)) << row.details;
    }
  }
}

TEST(SigstoreTrust, FindsTheNamesOfALogInItsAddress) {
  SigstoreLog log = ParseBent([](Json&) {}).value().logs[0];
  const auto names = [&](const char* url) {
    log.base_url = url;
    return CheckpointNames(log);
  };
  EXPECT_THAT(names("https://log.example"), testing::ElementsAre("log.example"));
  EXPECT_THAT(names("https://log.example/"), testing::ElementsAre("log.example"));
  EXPECT_THAT(names("http://localhost:8000"), testing::ElementsAre("localhost:8000", "localhost"));
  EXPECT_THAT(names("https://example/logs/1"), testing::ElementsAre("example/logs/1", "example"));
  EXPECT_THAT(names("log.example"), testing::ElementsAre("log.example"));
  EXPECT_THAT(names("https://me@Log.Example/Logs"),
              testing::ElementsAre("log.example/Logs", "log.example"));
  EXPECT_THAT(names(""), testing::IsEmpty());
}

TEST(SigstoreTrust, ChecksCheckpointsByNameOriginAndKey) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey other = PrivateKey::Generate(KeyKind::kEd25519);
  SigstoreLog log = ParseBent([](Json&) {}).value().logs[0];
  log.base_url = "https://log.example";
  log.key = VerifyingKey::FromSpki(key.public_key().spki()).value();
  const auto check = [&](const std::string& origin, const std::string& name,
                         const PrivateKey& signer) {
    Note note;
    note.text = CheckpointText({origin, 7, Sha256("root")});
    note.signatures.push_back(SignNote(note.text, name, signer));
    note.signatures.push_back(SignNote(note.text, name, other));
    return CheckForeignCheckpoint(WriteNote(note), log);
  };
  const auto good = check("log.example", "log.example", key);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->size, 7U);
  EXPECT_TRUE(check("log.example - 42", "log.example", key));
  for (const char* origin : {"log.example - ", "log.example - x", "log.example.org", "log.exampl",
                             "other.example", "log.example - 42 "}) {
    EXPECT_FALSE(check(origin, "log.example", key)) << origin;
  }
  EXPECT_FALSE(check("log.example", "other.example", key));
  // Of the first version, which signs under any name, the key is wanted.
  for (const auto& [origin, name] : {std::pair("other.example - 42", "other.example"),
                                     std::pair("log.example", "other.example")}) {
    Note note{CheckpointText({origin, 7, Sha256("root")}), {}};
    note.signatures = {SignNote(note.text, name, key)};
    EXPECT_TRUE(CheckForeignCheckpointOfAnyName(WriteNote(note), log)) << origin;
    note.signatures = {SignNote(note.text, name, other)};
    EXPECT_FALSE(CheckForeignCheckpointOfAnyName(WriteNote(note), log)) << origin;
    note.signatures = {SignNote(note.text + "more\n", name, key)};
    EXPECT_FALSE(CheckForeignCheckpointOfAnyName(WriteNote(note), log)) << origin;
  }
  // A hint that is the beginning of the log's id.
  const std::string text = CheckpointText({"log.example", 7, Sha256("root")});
  const std::string id(Sha256(key.public_key().spki()).bytes());
  const std::string by_id = WriteNote({text, {{"log.example", id.substr(0, 4), key.Sign(text)}}});
  EXPECT_FALSE(CheckForeignCheckpoint(by_id, log));
  log.ids = {id};
  EXPECT_TRUE(CheckForeignCheckpoint(by_id, log));
  const auto unsigned_by_it = check("log.example", "log.example", other);
  ASSERT_FALSE(unsigned_by_it);
  EXPECT_EQ(unsigned_by_it.error().Exit(), ExitCode::kLogProof);
}

}  // namespace
}  // namespace farm
