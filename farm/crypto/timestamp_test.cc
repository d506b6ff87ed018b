#include "farm/crypto/timestamp.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ts.h>

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;
constexpr std::int64_t kYear = 366 * kDaySeconds;
constexpr std::string_view kMessage = "a signature";

class TimestampTest : public testing::Test {
 protected:
  std::string Answer(UnixSeconds now) const {
    return AnswerTimestampRequest(MakeTimestampRequest(kMessage), key_, certificate_, authority_,
                                  now)
        .value();
  }

  const PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ = IssueAuthority(authority_key_, "Operator", "TSA CA", kNow, kYear);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate certificate_ =
      IssueTimestampLeaf(authority_key_, authority_, key_.public_key(), "TSA", kNow, 1000);
  const std::string response_ = Answer(kNow + 5);
};

// The request with its certReq flag as given; the flag is a request's last field before extensions.
std::string Request(bool with_certificate) {
  std::string request = MakeTimestampRequest(kMessage);
  EXPECT_EQ(request.substr(request.size() - 3), "\x01\x01\xff");
  if (with_certificate) return request;
  request.resize(request.size() - 3);  // certReq is FALSE by default
  request[1] = static_cast<char>(request[1] - 3);
  return request;
}

TEST_F(TimestampTest, GivesTheTimeInTheToken) {
  for (const auto& chain :
       {std::vector<Certificate>{certificate_, authority_}, std::vector<Certificate>{authority_}}) {
    const auto time = CheckTimestamp(response_, kMessage, chain);
    ASSERT_TRUE(time) << time.error().message;
    EXPECT_EQ(*time, kNow + 5);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(TimestampTest, NamesWhoSignedEvenIfOnlyTheTokenShowsIt) {
  for (const auto& chain :
       {std::vector<Certificate>{certificate_, authority_}, std::vector<Certificate>{authority_}}) {
    const auto checked = CheckTimestampAndSigner(response_, kMessage, chain);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->time, kNow + 5);
    EXPECT_EQ(checked->signer, certificate_);
  }
}

TEST_F(TimestampTest, NeedsNoCertificateInsideIfTheRootListsTheLeaf) {
  const auto bare = AnswerTimestampRequest(Request(false), key_, certificate_, authority_, kNow);
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_LT(bare->size() + certificate_.der().size(), response_.size());
  EXPECT_EQ(CheckTimestamp(*bare, kMessage, {certificate_, authority_}).value(), kNow);
  const auto unknown = CheckTimestamp(*bare, kMessage, {authority_});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().Exit(), ExitCode::kBadSignature);
}

TEST_F(TimestampTest, RefusesWithExit11) {
  const PrivateKey other_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate other = IssueAuthority(other_key, "Operator", "TSA CA", kNow, kYear);
  const Certificate other_leaf =
      IssueTimestampLeaf(authority_key_, authority_, other_key.public_key(), "TSA 2", kNow, 1000);
  const std::string rejected = "\x30\x05\x30\x03\x02\x01\x02";
  const std::string granted_without_token("\x30\x05\x30\x03\x02\x01\x00", 7);
  const struct {
    const char* name;
    std::string response;
    std::string_view message;
    std::vector<Certificate> chain;
  } kCases[] = {
      {"other_message", response_, "another", {certificate_, authority_}},
      {"no_chain", response_, kMessage, {}},
      {"leaf_alone", response_, kMessage, {certificate_}},
      {"other_authority", response_, kMessage, {other}},
      {"leaf_and_other_authority", response_, kMessage, {certificate_, other}},
      {"another_leaf_of_that_authority", response_, kMessage, {other_leaf, authority_}},
      {"authority_twice", response_, kMessage, {authority_, authority_}},
      {"trailing_byte", response_ + std::string(1, '\0'), kMessage, {certificate_, authority_}},
      {"truncated",
       response_.substr(0, response_.size() - 1),
       kMessage,
       {certificate_, authority_}},
      {"empty", "", kMessage, {certificate_, authority_}},
      {"rejected", rejected, kMessage, {certificate_, authority_}},
      {"granted_without_token", granted_without_token, kMessage, {certificate_, authority_}},
      {"token_alone", response_.substr(9), kMessage, {certificate_, authority_}},
  };
  for (const auto& c : kCases) {
    const auto time = CheckTimestamp(c.response, c.message, c.chain);
    ASSERT_FALSE(time) << c.name;
    EXPECT_EQ(time.error().code, ErrorCode::kUntrusted) << c.name << time.error().message;
    EXPECT_EQ(time.error().Exit(), ExitCode::kBadSignature) << c.name;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
  }
}

TEST_F(TimestampTest, RefusesTooManyBytes) {
  const auto time = CheckTimestamp(std::string(kTimestampResponseBytesMax + 1, '0'), kMessage,
                                   {certificate_, authority_});
  ASSERT_FALSE(time);
  EXPECT_EQ(time.error().code, ErrorCode::kLimitExceeded);
}

// A changed byte is refused, or it is in what the signature does not cover and changes nothing.
TEST_F(TimestampTest, NoChangedByteChangesTheTime) {
  int accepted = 0;
  for (std::size_t i = 0; i < response_.size(); ++i) {
    std::string changed = response_;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto time = CheckTimestamp(changed, kMessage, {certificate_, authority_});
    if (!time) continue;
    ++accepted;
    EXPECT_EQ(*time, kNow + 5) << i;
  }
  // The status (granted, granted with modifications), and the certificates, which the root has.
  EXPECT_LT(accepted, static_cast<int>(authority_.der().size() + certificate_.der().size() + 40));
}

TEST_F(TimestampTest, JudgesCertificatesAtTheTokensOwnTimeWithExit18) {
  const struct {
    const char* name;
    UnixSeconds time;
    bool valid;
  } kCases[] = {
      {"first_second", kNow - 60, true},
      {"last_second", kNow + 940, true},
      {"too_early", kNow - 61, false},
      {"too_late", kNow + 941, false},
  };
  for (const auto& c : kCases) {
    const auto time = CheckTimestamp(Answer(c.time), kMessage, {certificate_, authority_});
    EXPECT_EQ(time.has_value(), c.valid) << c.name;
    if (time) continue;
    EXPECT_EQ(time.error().code, ErrorCode::kUntrusted) << c.name;
    EXPECT_EQ(time.error().Exit(), ExitCode::kNotValidThen) << c.name;
  }
}

TEST_F(TimestampTest, AnswersOnlyRequests) {
  for (const std::string& bad : {std::string(), std::string("hello"), Request(true) + "x",
                                 std::string(kTimestampRequestBytesMax + 1, '0')}) {
    const auto answer = AnswerTimestampRequest(bad, key_, certificate_, authority_, kNow);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidInput);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(TimestampTest, RejectsAnImprintThatIsNotOfItsDigest) {
  // SHA-256 renamed to 2.16.840.1.101.3.4.2.7 (SHA3-224).
  std::string request = Request(true);
  const auto position = request.find("\x60\x86\x48\x01\x65\x03\x04\x02\x01");
  ASSERT_NE(position, std::string::npos);
  request[position + 8] = 7;
  const auto answer = AnswerTimestampRequest(request, key_, certificate_, authority_, kNow);
  ASSERT_TRUE(answer) << answer.error().message;
  const auto time = CheckTimestamp(*answer, kMessage, {certificate_, authority_});
  ASSERT_FALSE(time);
  EXPECT_EQ(time.error().message, "time stamp: the authority refused it with status 2");
}

TEST_F(TimestampTest, RequestsDifferAndAreAnsweredWithTheirNonce) {
  const std::string request = MakeTimestampRequest(kMessage);
  EXPECT_NE(request, MakeTimestampRequest(kMessage));
  const auto answer = AnswerTimestampRequest(request, key_, certificate_, authority_, kNow);
  const auto parse = [](const std::string& der, auto decode) {
    const auto* position = reinterpret_cast<const unsigned char*>(der.data());
    return decode(nullptr, &position, static_cast<long>(der.size()));
  };
  TS_REQ* const parsed_request = parse(request, d2i_TS_REQ);
  TS_RESP* const parsed_answer = parse(answer.value(), d2i_TS_RESP);
  EXPECT_EQ(ASN1_INTEGER_cmp(TS_REQ_get_nonce(parsed_request),
                             TS_TST_INFO_get_nonce(TS_RESP_get_tst_info(parsed_answer))),
            0);
  TS_REQ_free(parsed_request);
  TS_RESP_free(parsed_answer);
}

}  // namespace
}  // namespace farm
