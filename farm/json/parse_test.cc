#include <gtest/gtest.h>

#include "farm/json/json.h"

namespace farm {
namespace {

std::string Nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(ParseJson, ReadsWhatOurFormatsUse) {
  const auto value = ParseJson(
      R"( {"a":[1,-2,0,true,false,null,"x\u00e9\ud83d\ude00"],"b":{"c":9007199254740991}} )", "t");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ((*value)["a"][1], -2);
  EXPECT_EQ((*value)["a"][6], "x\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ((*value)["b"]["c"].get<std::int64_t>(), kJsonIntegerMax);
}

TEST(ParseJson, RefusesAndSaysWhere) {
  const struct {
    const char* name;
    std::string_view text;
    ErrorCode code;
    const char* message;
  } kCases[] = {
      {"empty", "", ErrorCode::kInvalidInput, "t: is empty, want JSON"},
      {"nothing_but_space", " \n", ErrorCode::kInvalidInput,
       "t: not JSON at line 1, column 2: it ends too early"},
      {"newline_in_string", "{\"a\":\n\"b\n\"}", ErrorCode::kInvalidInput,
       "t: not JSON at line 2, column 3: a string has a control character"},
      {"rest", "{} x", ErrorCode::kInvalidInput,
       "t: not JSON at column 4: want nothing more after the value"},
      {"two_values", "1 2", ErrorCode::kInvalidInput, "t: not JSON at column 3: want nothing more"},
      {"line", "{\n\"a\": }", ErrorCode::kInvalidInput,
       "t: not JSON at line 2, column 6: want a value"},
      {"cut_off", "{\"a\":", ErrorCode::kInvalidInput,
       "t: not JSON at column 5: it ends too early"},
      {"no_name", "{1:2}", ErrorCode::kInvalidInput, "want a field's name in double quotes"},
      {"no_colon", "{\"a\" 1}", ErrorCode::kInvalidInput, "want a colon after the field's name"},
      {"no_comma_in_object", R"({"a":1 "b":2})", ErrorCode::kInvalidInput, "want a comma or }"},
      {"no_comma_in_array", "[1 2]", ErrorCode::kInvalidInput, "want a comma or ]"},
      {"no_word_of_json", "tru", ErrorCode::kInvalidInput, "t: not JSON at column 3: want a value"},
      {"string_without_end", "\"a", ErrorCode::kInvalidInput, "a string does not end"},
      {"colon_before_what_is_no_word", R"({"a" x})", ErrorCode::kInvalidInput, "want a colon"},
      {"bad_escape", R"("\x")", ErrorCode::kInvalidInput, "a string has a bad escape"},
      {"nul_ends_text", std::string_view("{}\0x", 4), ErrorCode::kInvalidInput, "NUL"},
      {"byte_order_mark", "\xef\xbb\xbf{}", ErrorCode::kInvalidInput, "byte order mark"},
      {"not_utf8", "\"\xff\"", ErrorCode::kInvalidInput, "UTF-8"},
      {"lone_surrogate", R"("\ud800")", ErrorCode::kInvalidInput, "surrogate"},
      {"comment", "/* */ {}", ErrorCode::kInvalidInput, "column 1: want a value"},
      {"trailing_comma", "[1,]", ErrorCode::kInvalidInput, "column 4: want a value"},
      {"single_quotes", "{'a':1}", ErrorCode::kInvalidInput, "column 2: want a field's name"},
      {"leading_zero", "01", ErrorCode::kInvalidInput, "column 2: want nothing more"},
      {"control_character", "\"\x01\"", ErrorCode::kInvalidInput,
       "column 2: a string has a control"},
      {"duplicate", R"({"a":[{},{"b":1,"c":2,"b":1}]})", ErrorCode::kInvalidInput,
       "t: a[1].b: duplicate key"},
      {"duplicate_escaped", R"({"b":1,"\u0062":1})", ErrorCode::kInvalidInput,
       "t: b: duplicate key"},
      {"key_not_ascii", "{\"\xc3\xa9\":1}", ErrorCode::kInvalidInput, "t: \\xc3\\xa9: the key"},
      {"minus_zero", R"({"a":-0})", ErrorCode::kInvalidInput, "t: a: -0"},
      {"fraction", R"({"a":[0,1.5]})", ErrorCode::kInvalidInput, "t: a[1]: a number has"},
      {"exponent", "1e2", ErrorCode::kInvalidInput, "t: top level: a number has"},
      {"too_large", "9007199254740992", ErrorCode::kInvalidInput, "beyond 2^53-1"},
      {"too_small", "-9007199254740992", ErrorCode::kInvalidInput, "beyond 2^53-1"},
      {"beyond_64_bits", "123456789012345678901234567890", ErrorCode::kInvalidInput,
       "beyond 2^53-1"},
      {"infinite", "1e999", ErrorCode::kInvalidInput, "a number is too large"},
  };
  for (const auto& c : kCases) {
    const auto value = ParseJson(c.text, "t");
    ASSERT_FALSE(value) << c.name;
    EXPECT_EQ(value.error().code, c.code) << c.name;
    EXPECT_NE(value.error().message.find(c.message), std::string::npos)
        << c.name << ": " << value.error().message;
  }
}

TEST(ParseJson, HoldsItsLimits) {
  EXPECT_TRUE(ParseJson(Nested(kJsonDepthMax), "t"));
  const auto deep = ParseJson(Nested(kJsonDepthMax + 1), "t");
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, ErrorCode::kLimitExceeded);
  EXPECT_FALSE(ParseJson(std::string(1 << 20, '['), "t"));
  EXPECT_FALSE(ParseJson(std::string(1 << 20, '"'), "t"));

  EXPECT_TRUE(ParseJson("[10]", "t", 4));
  const auto large = ParseJson("[100]", "t", 4);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kLimitExceeded);
}

TEST(ParseJson, KeepsMessagesShort) {
  const std::string long_name(100000, 'n');
  for (const std::string& text : {"{\"" + long_name + "\":1,\"" + long_name + "\":1}",
                                  "{\"a\":" + long_name + "}", "{\"a\" \"" + long_name + "\"}"}) {
    const auto value = ParseJson(text, "t");
    ASSERT_FALSE(value);
    EXPECT_LT(value.error().message.size(), 500U);
  }
}

TEST(ParseForeignJson, AnIntegerIsWhatIsOneByItsText) {
  const struct {
    const char* text;
    std::int64_t want;
  } kWhole[] = {{"7.0", 7},
                {"7e0", 7},
                {"7E+0", 7},
                {"0.7e1", 7},
                {"70e-1", 7},
                {"700.00e-02", 7},
                {"0.0007e4", 7},
                {"0.0", 0},
                {"0e999999999999", 0},
                {"0.0e-400", 0},
                {"1e3", 1000},
                {"12.5e1", 125},
                {"9007199254740991.0", kJsonIntegerMax},
                {"9.007199254740991e15", kJsonIntegerMax}};
  for (const auto& row : kWhole) {
    const auto value = ParseForeignJson(row.text, "t");
    ASSERT_TRUE(value) << row.text << value.error().message;
    ASSERT_TRUE(value->is_number_integer()) << row.text;
    EXPECT_EQ(value->get<std::int64_t>(), row.want) << row.text;
  }
  // Of most the double is an integer.
  for (const char* text :
       {"4503599627370496.2", "9007199254740990.9999999", "0.99999999999999999999", "1e-400",
        "7.00000000000000000001", "7e-1", "0.5", "-0.0", "-7.0", "-7e0", "9007199254740992.0",
        "9.007199254740992e15", "1e300", "1e-99999999999999999999", "5e-324"}) {
    const auto value = ParseForeignJson(text, "t");
    ASSERT_TRUE(value) << text << value.error().message;
    EXPECT_TRUE(value->is_number_float()) << text;
  }
}

TEST(ParseForeignJson, ToleratesFractionsKeysAndLargeIntegersOnly) {
  const auto value = ParseForeignJson("{\"\xc3\xa9\":1.5e3}", "t");
  ASSERT_TRUE(value) << value.error().message;
  for (const char* large : {"9007199254740992", "-9007199254740992", "99999999999999999999"}) {
    const auto number = ParseForeignJson(large, "t");
    ASSERT_TRUE(number) << large;
    EXPECT_TRUE(number->is_number_float()) << large;  // no field of ours takes it for an integer
  }
  for (const char* bad : {R"({"a":1,"a":1})", "-0", "{} {}"}) {
    EXPECT_FALSE(ParseForeignJson(bad, "t")) << bad;
  }
  EXPECT_FALSE(ParseForeignJson(Nested(kJsonDepthMax + 1), "t"));
}

}  // namespace
}  // namespace farm
