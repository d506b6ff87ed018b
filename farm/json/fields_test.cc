#include <gtest/gtest.h>

#include "farm/json/json.h"

namespace farm {
namespace {

Json Sample() {
  return {
      {"format", "farm-sample/1"},
      {"text", "zlib"},
      {"bytes", "AP8="},
      {"digest", "sha256:" + std::string(64, 'a')},
      {"count", 3},
      {"flag", true},
      {"time", "1970-01-01T00:01:00Z"},
      {"object", {{"x", 1}}},
      {"array", {1, 2}},
      {"strings", {"a", "b"}},
      {"any", nullptr},
      {"unused", 1.5},
  };
}

TEST(JsonFields, ReadsEveryKindOfField) {
  const Json value = Sample();
  JsonFields fields(value, "sample");
  fields.Format("farm-sample/1");
  EXPECT_EQ(fields.String("text"), "zlib");
  EXPECT_EQ(fields.Bytes("bytes"), std::string("\0\xff", 2));
  EXPECT_EQ(fields.DigestOf("digest").Hex(), std::string(64, 'a'));
  EXPECT_EQ(fields.Integer("count", 1, 3), 3);
  EXPECT_TRUE(fields.Boolean("flag"));
  EXPECT_EQ(fields.Time("time"), 60);
  EXPECT_EQ(fields.Object("object").at("x"), 1);
  EXPECT_EQ(fields.Array("array", 2).size(), 2U);
  EXPECT_EQ(fields.Strings("strings", 2), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(fields.Any("any").is_null());
  EXPECT_TRUE(fields.Has("unused"));
  EXPECT_FALSE(fields.Has("absent"));
  fields.Ignore("unused");
  fields.Ignore("absent");
  const Status status = fields.Finish();
  EXPECT_TRUE(status) << status.error().message;
}

TEST(JsonFields, NamesTheFieldAndWhatWasWrong) {
  const Json value = Sample();
  const struct {
    const char* name;
    void (*read)(JsonFields&);
    ErrorCode code;
    const char* message;
  } kCases[] = {
      {"missing", [](JsonFields& f) { f.String("absent"); }, ErrorCode::kInvalidInput,
       "a.b.absent: missing"},
      {"string", [](JsonFields& f) { f.String("count"); }, ErrorCode::kInvalidInput,
       "a.b.count: found an integer, want a string"},
      {"integer", [](JsonFields& f) { f.Integer("text", 0, 9); }, ErrorCode::kInvalidInput,
       "a.b.text: found a string, want an integer"},
      {"fraction", [](JsonFields& f) { f.Integer("unused", 0, 9); }, ErrorCode::kInvalidInput,
       "a.b.unused: found a number with a fraction, want an integer"},
      {"below", [](JsonFields& f) { f.Integer("count", 4, 9); }, ErrorCode::kInvalidInput,
       "a.b.count: found 3, want 4 to 9"},
      {"above", [](JsonFields& f) { f.Integer("count", -1, 2); }, ErrorCode::kInvalidInput,
       "a.b.count: found 3, want -1 to 2"},
      {"bytes_kind", [](JsonFields& f) { f.Bytes("count"); }, ErrorCode::kInvalidInput,
       "a.b.count: found an integer, want a base64 string"},
      {"bytes", [](JsonFields& f) { f.Bytes("digest"); }, ErrorCode::kInvalidInput,
       "a.b.digest: not standard base64"},
      {"digest_kind", [](JsonFields& f) { f.DigestOf("any"); }, ErrorCode::kInvalidInput,
       "a.b.any: found null, want a digest"},
      {"digest", [](JsonFields& f) { f.DigestOf("text"); }, ErrorCode::kInvalidInput,
       "a.b.text: digest \"zlib\""},
      {"boolean", [](JsonFields& f) { f.Boolean("text"); }, ErrorCode::kInvalidInput,
       "a.b.text: found a string, want a boolean"},
      {"time_kind", [](JsonFields& f) { f.Time("flag"); }, ErrorCode::kInvalidInput,
       "a.b.flag: found a boolean, want a time"},
      {"time", [](JsonFields& f) { f.Time("text"); }, ErrorCode::kInvalidInput,
       "a.b.text: time \"zlib\""},
      {"object", [](JsonFields& f) { f.Object("array"); }, ErrorCode::kInvalidInput,
       "a.b.array: found an array, want an object"},
      {"array", [](JsonFields& f) { f.Array("object", 9); }, ErrorCode::kInvalidInput,
       "a.b.object: found an object, want an array"},
      {"elements", [](JsonFields& f) { f.Array("array", 1); }, ErrorCode::kLimitExceeded,
       "a.b.array: has 2 elements, at most 1 are allowed"},
      {"strings", [](JsonFields& f) { f.Strings("array", 2); }, ErrorCode::kInvalidInput,
       "a.b.array[0]: found an integer, want a string"},
      {"any", [](JsonFields& f) { f.Any("absent"); }, ErrorCode::kInvalidInput,
       "a.b.absent: missing"},
      {"format", [](JsonFields& f) { f.Format("farm-sample/2"); }, ErrorCode::kInvalidInput,
       "a.b.format: found \"farm-sample/1\", want \"farm-sample/2\""},
      {"own", [](JsonFields& f) { f.Fail("text", "is odd"); }, ErrorCode::kInvalidInput,
       "a.b.text: is odd"},
  };
  for (const auto& c : kCases) {
    JsonFields fields(value, "a.b");
    c.read(fields);
    EXPECT_FALSE(fields.ok()) << c.name;
    fields.Integer("also_absent", 5, 6);  // the first error sticks
    const Status status = fields.Finish();
    ASSERT_FALSE(status) << c.name;
    EXPECT_EQ(status.error().code, c.code) << c.name;
    EXPECT_EQ(status.error().message.substr(0, std::string(c.message).size()), c.message);
  }
}

TEST(JsonFields, RefusesUnknownFields) {
  const Json value = {{"known", 1}, {"new\x1b", 2}};
  JsonFields fields(value, "policy");
  EXPECT_EQ(fields.Integer("known", 0, 9), 1);
  const Status status = fields.Finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "policy.new\\x1b: unknown field");
}

TEST(JsonFields, RefusesWhatIsNotAnObject) {
  const Json value = {1, 2};
  JsonFields fields(value, "policy");
  EXPECT_FALSE(fields.Has("known"));
  EXPECT_EQ(fields.String("known"), "");
  const Status status = fields.Finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "policy: found an array, want an object");
}

TEST(JsonFields, ReadsNothingAfterAnError) {
  const Json value = Sample();
  JsonFields fields(value, "sample");
  fields.Fail("text", "is odd");
  EXPECT_EQ(fields.String("text"), "");
  EXPECT_EQ(fields.Integer("count", 1, 9), 1);
  EXPECT_TRUE(fields.Object("object").empty());
}

}  // namespace
}  // namespace farm
