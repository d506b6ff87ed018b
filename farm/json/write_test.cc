#include <gtest/gtest.h>

#include "farm/json/json.h"

namespace farm {
namespace {

TEST(WriteCanonicalJson, WritesTheExamplesOfRfc8785) {
  // Section 3.2.3's string and section 3.2.2's literals; our formats have no fractions.
  const auto value = ParseJson(
      R"({
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false],
        "1": {"f": {"f": "hi", "F": 5}, " ": 56}, "10": {}, "": "empty", "a": [], "111": [56]
      })",
      "t");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(
      WriteCanonicalJson(*value),
      "{\"\":\"empty\",\"1\":{\" \":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"10\":{},\"111\":[56],"
      "\"a\":[],\"literals\":[null,true,false],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\"
      "\\\\\\\"/\"}");
}

TEST(WriteCanonicalJson, EscapesOnlyWhatItMust) {
  std::string all;
  for (char c = 0; c < 0x7f; ++c) all += c;
  all += '\x7f';
  EXPECT_EQ(
      WriteCanonicalJson(Json(all)),
      R"("\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f)"
      R"(\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d)"
      R"(\u001e\u001f !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdef)"
      "ghijklmnopqrstuvwxyz{|}~\x7f\"");
}

TEST(WriteCanonicalJson, IsReadBackUnchanged) {
  const std::string text = R"({"a":[1,-9007199254740991,{"b":"\u0000é"}],"z":9007199254740991})";
  EXPECT_EQ(WriteCanonicalJson(ParseJson(text, "t").value()), text);
}

TEST(WriteCanonicalJson, StopsAtWhatNoFormatOfOursHas) {
  EXPECT_DEATH(WriteCanonicalJson(Json(1.5)), "CHECK");
  EXPECT_DEATH(WriteCanonicalJson(Json(kJsonIntegerMax + 1)), "CHECK");
  EXPECT_DEATH(WriteCanonicalJson(Json(std::uint64_t{1} << 63)), "CHECK");
  EXPECT_DEATH(WriteCanonicalJson(Json("\xff")), "CHECK");
  EXPECT_DEATH(WriteCanonicalJson(Json{{"\xc3\xa9", 1}}), "CHECK");
}

TEST(WriteReadableJson, IndentsAndEndsTheLine) {
  EXPECT_EQ(WriteReadableJson(Json{{"b", {1, 2}}, {"a", Json::object()}}),
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    2\n  ]\n}\n");
  EXPECT_EQ(WriteReadableJson(Json("\xff")), "\"\xef\xbf\xbd\"\n");
}

}  // namespace
}  // namespace farm
