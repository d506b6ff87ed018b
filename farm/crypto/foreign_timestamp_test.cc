// Tokens of authorities as a Sigstore root lists them.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "farm/crypto/foreign_chain.h"
#include "farm/crypto/timestamp.h"
#include "tests/support/foreign_certificates.h"

namespace farm {
namespace {

constexpr UnixSeconds kStart = ForeignCertificates::kStart;
constexpr UnixSeconds kEnd = kStart + ForeignCertificates::kLeafSeconds;

TEST(ForeignTimestamp, HoldsUnderEachEndOfTheChain) {
  const ForeignCertificates made;
  const struct {
    const char* name;
    std::vector<Certificate> chain;
  } rows[] = {
      {"to_the_root", {made.stamper(), made.intermediate(), made.root()}},
      {"to_an_intermediate", {made.stamper(), made.intermediate()}},
  };
  for (const auto& row : rows) {
    for (const UnixSeconds at : {kStart, kEnd}) {
      const auto time = CheckForeignTimestamp(made.Stamp("message", at), "message", row.chain);
      ASSERT_TRUE(time) << row.name << ": " << time.error().message;
      EXPECT_EQ(*time, at) << row.name;
    }
  }
  // Our own rules are stricter: a root at the end, and key identifiers.
  EXPECT_FALSE(CheckTimestamp(made.Stamp("message", kStart), "message", rows[0].chain));
  EXPECT_FALSE(CheckTimestamp(made.Stamp("message", kStart), "message", rows[1].chain));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(ForeignTimestamp, RefusesWhatIsNotTheirs) {
  const ForeignCertificates made;
  const ForeignCertificates others;
  const std::vector<Certificate> chain = {made.stamper(), made.intermediate(), made.root()};
  const std::string token = made.Stamp("message", kStart);
  std::string bent = token;
  bent[bent.size() - 5] = static_cast<char>(bent[bent.size() - 5] ^ 1);
  const struct {
    const char* name;
    std::string token;
    std::string message;
    std::vector<Certificate> chain;
    ExitCode exit;
  } rows[] = {
      {"another_message", token, "massage", chain, ExitCode::kBadSignature},
      {"another_authority",
       token,
       "message",
       {others.stamper(), others.intermediate(), others.root()},
       ExitCode::kBadSignature},
      {"another_root",
       token,
       "message",
       {made.stamper(), made.intermediate(), others.root()},
       ExitCode::kBadSignature},
      {"the_signer_alone", token, "message", {made.stamper()}, ExitCode::kBadSignature},
      {"nobody", token, "message", {}, ExitCode::kBadSignature},
      {"signature_changed", bent, "message", chain, ExitCode::kBadSignature},
      {"cut", token.substr(0, token.size() - 1), "message", chain, ExitCode::kBadSignature},
      {"trailing", token + "x", "message", chain, ExitCode::kBadSignature},
      {"refused", std::string("\x30\x05\x30\x03\x02\x01\x02", 7), "message", chain,
       ExitCode::kBadSignature},
      {"large", std::string(kTimestampResponseBytesMax + 1, '0'), "message", chain,
       ExitCode::kBadSignature},
      {"before", made.Stamp("message", kStart - 1), "message", chain, ExitCode::kNotValidThen},
      {"after", made.Stamp("message", kEnd + 1), "message", chain, ExitCode::kNotValidThen},
  };
  for (const auto& row : rows) {
    const auto time = CheckForeignTimestamp(row.token, row.message, row.chain);
    ASSERT_FALSE(time) << row.name;
    EXPECT_EQ(time.error().Exit(), row.exit) << row.name << ": " << time.error().message;
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace farm
