#include "farm/evidence/manifest_view.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

Json Good() { return *ParseJson(TestManifest(EvidenceOptions{}), "manifest"); }

TEST(ManifestView, ReadsWhatAVerifierNeeds) {
  Json json = Good();
  json["requires"] = {
      {"auditors", 1}, {"countriesAny", {"CH"}}, {"operators", 2}, {"sites", 3}, {"witnesses", 4}};
  json["sources"][0]["debianVersion"] = "1-2";  // a field of the kind
  json["steps"] = {{{"anything", {{"deeper", 1}}}}};
  const std::string bytes = WriteCanonicalJson(json);
  const auto view = ViewManifest(bytes);
  ASSERT_TRUE(view.has_value()) << view.error().message;
  EXPECT_EQ(view->digest, Sha256(bytes));
  EXPECT_EQ(view->product, "hello");
  EXPECT_EQ(view->version, "1.0");
  EXPECT_EQ(view->revision, 1);
  EXPECT_EQ(view->lock, Sha256("test lock"));
  EXPECT_EQ(view->artifacts, (std::vector<std::string>{"hello.tar", "hello.txt"}));
  ASSERT_EQ(view->sources.size(), 1u);
  EXPECT_EQ(view->sources[0].tree, Sha256("test tree").Hex());
  EXPECT_EQ(view->requirements.auditors, 1);
  EXPECT_EQ(view->requirements.operators, 2);
  EXPECT_EQ(view->requirements.sites, 3);
  EXPECT_EQ(view->requirements.witnesses, 4);
  EXPECT_EQ(view->requirements.countries_any, std::vector<std::string>{"CH"});
}

TEST(ManifestView, RefusesWhatItDoesNotUnderstand) {
  const struct {
    std::string name;
    std::function<void(Json&)> bend;
  } kRows[] = {
      {"another_format", [](Json& j) { j["format"] = "farm-manifest/2"; }},
      {"unknown_field", [](Json& j) { j["more"] = 1; }},
      {"unknown_demand", [](Json& j) { j["requires"]["more"] = 1; }},
      {"negative_demand", [](Json& j) { j["requires"]["sites"] = -1; }},
      {"no_product", [](Json& j) { j.erase("product"); }},
      {"no_requires", [](Json& j) { j.erase("requires"); }},
      {"artifact_twice", [](Json& j) { j["artifacts"][1]["name"] = j["artifacts"][0]["name"]; }},
      {"tree_too_short", [](Json& j) { j["sources"][0]["tree"] = "ab"; }},
      {"lock_is_no_digest", [](Json& j) { j["toolchain"]["lock"] = "ab"; }},
      {"revision_zero", [](Json& j) { j["revision"] = 0; }},
  };
  for (const auto& row : kRows) {
    Json json = Good();
    row.bend(json);
    const auto view = ViewManifest(WriteCanonicalJson(json));
    ASSERT_FALSE(view.has_value()) << row.name;
    EXPECT_EQ(view.error().code, ErrorCode::kInvalidInput) << row.name;
    EXPECT_TRUE(view.error().message.starts_with("manifest")) << view.error().message;
  }
}

TEST(ManifestView, KnowsWhatANewerProgramMayRead) {
  Json json = Good();
  const auto newer = [&] { return IsOfNewerFormat(WriteCanonicalJson(json)); };
  EXPECT_FALSE(newer());
  json.erase("product");
  EXPECT_FALSE(newer()) << "wrong, but of today's format";
  json["format"] = "farm-manifest/2";
  EXPECT_TRUE(newer());
  json["format"] = "farm-lock/2";
  EXPECT_FALSE(newer());
  json["format"] = 2;
  EXPECT_FALSE(newer());
  for (const char* text : {"", "{}", "[]", "no manifest", "\"farm-manifest/2\""}) {
    EXPECT_FALSE(IsOfNewerFormat(text)) << text;
  }
}

TEST(ManifestView, TakesOnlyTheCanonicalBytes) {
  const std::string good = WriteCanonicalJson(Good());
  EXPECT_TRUE(ViewManifest(good).has_value());
  EXPECT_FALSE(ViewManifest(good + "\n").has_value());
  EXPECT_FALSE(ViewManifest(" " + good).has_value());
  EXPECT_FALSE(ViewManifest(Good().dump(1)).has_value());
  EXPECT_FALSE(ViewManifest(R"({"\u00fc":1})").has_value());
  EXPECT_FALSE(ViewManifest("{\"\xc3\xbc\":1}").has_value());
}

}  // namespace
}  // namespace farm
