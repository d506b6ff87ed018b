#include "farm/crypto/foreign_chain.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "tests/support/foreign_certificates.h"

namespace farm {
namespace {

constexpr UnixSeconds kStart = ForeignCertificates::kStart;
constexpr UnixSeconds kLeafEnd = kStart + ForeignCertificates::kLeafSeconds;
constexpr UnixSeconds kEnd = kStart + ForeignCertificates::kAuthoritySeconds;

// Authorities as they are about: no key identifiers, an intermediate, keys of P-384.
TEST(ForeignChain, FindsTheIssuer) {
  const ForeignCertificates made;
  const Certificate leaf = made.Leaf({});
  const struct {
    const char* name;
    std::vector<Certificate> chain;
  } rows[] = {
      {"to_the_root", {made.intermediate(), made.root()}},
      {"to_an_intermediate_alone", {made.intermediate()}},
      {"behind_a_namesake", {made.namesake(), made.intermediate(), made.root()}},
      {"before_a_namesake", {made.intermediate(), made.namesake(), made.root()}},
      {"with_one_that_is_not_needed", {made.intermediate(), made.other_root(), made.root()}},
  };
  for (const auto& row : rows) {
    for (const UnixSeconds at : {kStart, kLeafEnd}) {
      const auto issuer = FindForeignIssuer(leaf, row.chain, at);
      ASSERT_TRUE(issuer) << row.name << ": " << issuer.error().message;
      EXPECT_EQ(*issuer, made.intermediate()) << row.name;
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(ForeignChain, RefusesWhatIsNotIssuedOrNotForThat) {
  const ForeignCertificates made;
  const ForeignCertificates others;
  const std::vector<Certificate> chain = {made.intermediate(), made.root()};
  const struct {
    const char* name;
    Certificate leaf;
    std::vector<Certificate> chain;
    UnixSeconds at;
    ExitCode exit;
  } rows[] = {
      {"another_authority_of_the_same_name",
       made.Leaf({}),
       {others.intermediate(), others.root()},
       kStart,
       ExitCode::kBadSignature},
      {"no_intermediate", made.Leaf({}), {made.root()}, kStart, ExitCode::kBadSignature},
      {"nobody", made.Leaf({}), {}, kStart, ExitCode::kBadSignature},
      {"a_chain_without_end", made.Leaf({}), std::vector<Certificate>(9, made.root()), kStart,
       ExitCode::kBadSignature},
      {"an_authority_as_leaf", made.intermediate(), {made.root()}, kStart, ExitCode::kBadSignature},
      {"a_leaf_as_authority", made.Leaf({}), {made.Leaf({})}, kStart, ExitCode::kBadSignature},
      {"for_tls", made.Leaf({.extended_key_usage = "serverAuth"}), chain, kStart,
       ExitCode::kBadSignature},
      {"without_a_purpose", made.Leaf({.extended_key_usage = ""}), chain, kStart,
       ExitCode::kBadSignature},
      {"not_for_signatures", made.Leaf({.key_usage = "keyEncipherment"}), chain, kStart,
       ExitCode::kBadSignature},
      {"before", made.Leaf({}), chain, kStart - 1, ExitCode::kNotValidThen},
      {"after", made.Leaf({}), chain, kLeafEnd + 1, ExitCode::kNotValidThen},
      {"after_the_authority", made.Leaf({.seconds = 2 * ForeignCertificates::kAuthoritySeconds}),
       chain, kEnd + 1, ExitCode::kNotValidThen},
  };
  for (const auto& row : rows) {
    const auto issuer = FindForeignIssuer(row.leaf, row.chain, row.at);
    ASSERT_FALSE(issuer) << row.name;
    EXPECT_EQ(issuer.error().code, ErrorCode::kUntrusted) << row.name;
    EXPECT_EQ(issuer.error().Exit(), row.exit) << row.name << ": " << issuer.error().message;
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(ForeignChain, AStamperSignsNoCode) {
  const ForeignCertificates made;
  EXPECT_FALSE(FindForeignIssuer(made.stamper(), {made.intermediate(), made.root()}, kStart));
}

TEST(ForeignChain, ReadsWhomACertificateNames) {
  const ForeignCertificates made;
  const struct {
    const char* name;
    const char* subject_names;
    std::vector<std::string> want;
  } rows[] = {
      {"uri", "URI:https://example/workflow", {"https://example/workflow"}},
      {"mail", "email:me@example.com", {"me@example.com"}},
      {"user", "otherName:1.3.6.1.4.1.57264.1.7;UTF8:me!example.com", {"me!example.com"}},
      {"other_name_of_another_kind", "otherName:1.2.3.4;UTF8:me", {}},
      {"user_of_another_type", "otherName:1.3.6.1.4.1.57264.1.7;IA5:me", {}},
      {"address", "IP:127.0.0.1", {}},
      {"several",
       "email:a@example.com,URI:https://example.com",
       {"a@example.com", "https://example.com"}},
      {"no_host", "email:a@example.com,DNS:example.com", {"a@example.com"}},
      {"none", "", {}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(SubjectNames(made.Leaf({.subject_names = row.subject_names})), row.want) << row.name;
  }
}

TEST(ForeignChain, ReadsWhoVouchesForTheName) {
  const ForeignCertificates made;
  constexpr char kOld[] = "1.3.6.1.4.1.57264.1.1";
  constexpr char kNew[] = "1.3.6.1.4.1.57264.1.8";
  const std::string text = "https://issuer.example";
  const std::string der = std::string("\x0c\x16") + text;
  EXPECT_EQ(NameIssuer(made.Leaf({})), "");
  EXPECT_EQ(NameIssuer(made.Leaf({.raw = {{kOld, text}}})), text);
  EXPECT_EQ(NameIssuer(made.Leaf({.raw = {{kNew, der}}})), text);
  EXPECT_EQ(NameIssuer(made.Leaf({.raw = {{kOld, "https://other"}, {kNew, der}}})), text);
  // The newer one counts even where it cannot be read: the older is no way around it.
  EXPECT_EQ(NameIssuer(made.Leaf({.raw = {{kOld, text}, {kNew, text}}})), "");
  EXPECT_EQ(NameIssuer(made.Leaf({.raw = {{kOld, text}, {kOld, text}}})), "");
}

TEST(ForeignChain, KnowsARootByItsNames) {
  const ForeignCertificates made;
  EXPECT_TRUE(IsSelfIssued(made.root()));
  EXPECT_FALSE(IsSelfIssued(made.intermediate()));
  EXPECT_FALSE(IsSelfIssued(made.Leaf({})));
}

}  // namespace
}  // namespace farm
