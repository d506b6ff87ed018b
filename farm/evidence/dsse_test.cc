#include "farm/evidence/dsse.h"

#include <gtest/gtest.h>

#include "farm/evidence/dsse_json.h"

namespace farm {
namespace {

TEST(Pae, IsTheExampleOfTheSpecification) {
  EXPECT_EQ(Pae("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(Pae("", ""), "DSSEv1 0  0 ");
}

TEST(Pae, ComesApartAgain) {
  for (const auto& [type, payload] :
       {std::pair<std::string, std::string>{"t", "a b 7 c"}, {"", ""}, {"a 1 b", "x"}}) {
    const auto parts = ParsePae(Pae(type, payload));
    ASSERT_TRUE(parts.has_value()) << parts.error().message;
    EXPECT_EQ(parts->payload_type, type);
    EXPECT_EQ(parts->payload, payload);
  }
}

TEST(Pae, RefusesWhatIsNone) {
  for (const std::string pae :
       {"", "DSSEv2 1 t 1 p", "DSSEv1 1 t 1 pp", "DSSEv1 1 t 2 p", "DSSEv1 01 t 1 p",
        "DSSEv1 -1 t 1 p", "DSSEv1 1 t1 p", "DSSEv1 1", "DSSEv1 99999999999999999999 t 1 p"}) {
    EXPECT_FALSE(ParsePae(pae).has_value()) << pae;
  }
}

TEST(Envelope, ComesBackAsWrittenInBothAlphabets) {
  const Envelope envelope{"type", "\xfb\xff\xfe", "key", "\xfb\xff"};
  Json json = EnvelopeToJson(envelope);
  const auto read = EnvelopeFromJson(json, "line");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->payload, envelope.payload);
  EXPECT_EQ(read->PaeDigest(), envelope.PaeDigest());
  json["payload"] = "-__-";
  json["signatures"][0]["sig"] = "-_8";  // URL-safe, without padding
  const auto url_safe = EnvelopeFromJson(json, "line");
  ASSERT_TRUE(url_safe.has_value()) << url_safe.error().message;
  EXPECT_EQ(url_safe->payload, envelope.payload);
  EXPECT_EQ(url_safe->signature, envelope.signature);
}

TEST(Envelope, TakesExactlyOneSignature) {
  Json json = EnvelopeToJson({"type", "payload", "", "signature"});
  json["signatures"].push_back(json["signatures"][0]);
  EXPECT_FALSE(EnvelopeFromJson(json, "line").has_value());
  json["signatures"] = Json::array();
  EXPECT_FALSE(EnvelopeFromJson(json, "line").has_value());
}

TEST(Envelope, HasLimits) {
  Envelope envelope{"type", std::string(kPayloadBytesMax, 'a'), "", "s"};
  EXPECT_TRUE(EnvelopeFromJson(EnvelopeToJson(envelope), "line").has_value());
  envelope.payload += 'a';
  EXPECT_EQ(EnvelopeFromJson(EnvelopeToJson(envelope), "line").error().code,
            ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace farm
