#include "farm/crypto/transparency.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "tests/support/foreign_certificates.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

TransparencyLog LogOf(const PrivateKey& key) {
  return {std::string(Sha256(key.public_key().spki()).bytes()),
          VerifyingKey::FromSpki(key.public_key().spki()).value(), kNow, kNow};
}

class Transparency : public testing::Test {
 protected:
  Certificate Leaf() const {
    return IssueSigningLeaf(authority_key_, authority_, log_key_,
                            {.key = PrivateKey::Generate(KeyKind::kP256).public_key(),
                             .organization = "",
                             .common_name = "leaf",
                             .uri = "https://example/leaf",
                             .issuer_extension = "https://example",
                             .not_before = kNow});
  }

  const PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ = IssueAuthority(authority_key_, "", "CA", kNow, kDaySeconds);
  const PrivateKey log_key_ = PrivateKey::Generate(KeyKind::kP256);
};

TEST_F(Transparency, CountsKnownLogsInForce) {
  const Certificate leaf = Leaf();
  const TransparencyLog log = LogOf(log_key_);
  EXPECT_EQ(CountTransparencyPromises(leaf, authority_, {log}), 1U);  // both ends are inclusive
  EXPECT_EQ(CountTransparencyPromises(leaf, authority_, {log, log}), 1U);
  EXPECT_EQ(CountTransparencyPromises(leaf, authority_, {}), 0U);
  EXPECT_EQ(
      CountTransparencyPromises(leaf, authority_, {LogOf(PrivateKey::Generate(KeyKind::kP256))}),
      0U);
  TransparencyLog later = log;
  later.start = kNow + 1;
  later.end.reset();
  EXPECT_EQ(CountTransparencyPromises(leaf, authority_, {later}), 0U);
  TransparencyLog earlier = log;
  earlier.start = 0;
  earlier.end = kNow - 1;
  EXPECT_EQ(CountTransparencyPromises(leaf, authority_, {earlier}), 0U);
  EXPECT_EQ(CountTransparencyPromises(authority_, authority_, {log}), 0U);  // has no promises
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(Transparency, RefusesAPromiseForAnotherIssuerOrByAnotherKey) {
  const Certificate leaf = Leaf();
  // Of the same name, but with another key: a log promises who issued.
  const Certificate other =
      IssueAuthority(PrivateKey::Generate(KeyKind::kP256), "", "CA", kNow, kDaySeconds);
  const auto issuer = CountTransparencyPromises(leaf, other, {LogOf(log_key_)});
  ASSERT_FALSE(issuer);
  EXPECT_EQ(issuer.error().Exit(), ExitCode::kLogProof);
  TransparencyLog impostor = LogOf(PrivateKey::Generate(KeyKind::kP256));
  impostor.id = LogOf(log_key_).id;
  EXPECT_FALSE(CountTransparencyPromises(leaf, authority_, {impostor}));
}

// A list of one promise: version, log, time, no extensions, SHA-256 with ECDSA, a signature of
// zeros.
std::string ListWith(const std::string& log_id) {
  const std::string promise = std::string(1, '\0') + log_id +
                              BigEndian64(static_cast<unsigned long long>(kNow) * 1000) +
                              BigEndian16(0) + "\x04\x03" + BigEndian16(2) + "00";
  const std::string one = BigEndian16(promise.size()) + promise;
  return BigEndian16(one.size()) + one;
}

TEST_F(Transparency, ReadsListsToTheByte) {
  const TransparencyLog log = LogOf(log_key_);
  const std::string unknown = ListWith(std::string(32, 'x'));
  const struct {
    const char* name;
    std::string list;
    bool good;
  } rows[] = {
      {"unknown_log", unknown, true},
      {"empty_list", BigEndian16(0), true},
      {"another_version", BigEndian16(5) + BigEndian16(3) + "\x01zz", true},
      {"known_log_wrong_signature", ListWith(log.id), false},
      {"nothing", "", false},
      {"cut", unknown.substr(0, unknown.size() - 1), false},
      {"trailing", unknown + "x", false},
      {"list_longer_than_said", BigEndian16(1) + unknown.substr(2), false},
      {"promise_cut", BigEndian16(6) + BigEndian16(4) + std::string("\0log", 4), false},
      {"empty_promise", BigEndian16(2) + BigEndian16(0), false},
  };
  for (const auto& row : rows) {
    const Certificate leaf = ForeignCertificates().LeafWithPromises(row.list);
    const auto count = CountTransparencyPromises(leaf, authority_, {log});
    ASSERT_EQ(count.has_value(), row.good) << row.name;
    if (row.good) {
      EXPECT_EQ(*count, 0U) << row.name;
    } else {
      EXPECT_EQ(count.error().Exit(), ExitCode::kLogProof) << row.name;
    }
  }
}

}  // namespace
}  // namespace farm
