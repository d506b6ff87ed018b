#include "farm/compare/compare.h"

#include <gtest/gtest.h>

namespace farm {
namespace {

Digest D(char digit) { return Digest::ParseHex(std::string(64, digit)).value(); }

Record Sample(const std::string& builder) {
  Record record;
  record.builder = builder;
  record.intent = D('1');
  record.manifest = D('2');
  record.plan = D('3');
  record.lock = D('4');
  record.root_tar = D('5');
  record.image = D('6');
  record.result = BuildResult::kSucceeded;
  record.outputs = {{"a.deb", D('a'), 10, "0644"}, {"b.deb", D('b'), 20, "0644"}};
  record.trace = {{"compile", D('7'), 0, {{"out/a.o", D('8'), 5, "0644"}}, 100},
                  {"pack", D('9'), 0, {{"out/a.deb", D('a'), 10, "0644"}}, 200}};
  record.sandbox.clear();
  record.started = static_cast<unsigned char>(builder.back());  // evidence differs everywhere
  return record;
}

std::vector<Record> Three() { return {Sample("xa"), Sample("xb"), Sample("xc")}; }

std::vector<Record> AllFailedRecords() {
  std::vector<Record> records = Three();
  for (Record& record : records) {
    record.result = BuildResult::kFailed;
    record.outputs.clear();
    record.trace.back().exit_code = 2;
  }
  return records;
}

TEST(Compare, AgreesWhenOnlyEvidenceDiffers) {
  std::vector<Record> records = Three();
  records[1].limits_observed = true;
  records[2].trace[0].milliseconds = 9999;
  const Comparison comparison = CompareStatements(records);
  ASSERT_TRUE(std::holds_alternative<Agreement>(comparison)) << Words(comparison);
  EXPECT_EQ(std::get<Agreement>(comparison).artifacts, records[0].outputs);
}

TEST(Compare, NamesTheArtifactTheSitesAndTheFirstAction) {
  std::vector<Record> records = Three();
  records[1].outputs[0].digest = D('f');
  records[1].trace[0].outputs[0].digest = D('e');
  records[1].trace[1].action = D('0');
  records[1].trace[1].outputs[0].digest = D('f');
  const Comparison comparison = CompareStatements(records);
  const auto& found = std::get<Disagreement>(comparison);
  ASSERT_EQ(found.differences.size(), 1U);
  EXPECT_EQ(found.differences[0].field, "artifact a.deb");
  EXPECT_EQ(found.differences[0].sayings[0].builders, (std::vector<std::string>{"xa", "xc"}));
  EXPECT_EQ(found.differences[0].sayings[1].builders, (std::vector<std::string>{"xb"}));
  ASSERT_TRUE(found.first_divergence);
  EXPECT_EQ(found.first_divergence->step, "compile");
  EXPECT_EQ(found.first_divergence->number, 1U);
  EXPECT_EQ(found.first_divergence->what, "output out/a.o");
  EXPECT_EQ(Words(comparison),
            "artifact a.deb: xa, xc say " + D('a').Text() + " (10 bytes, 0644); xb says " +
                D('f').Text() +
                " (10 bytes, 0644)\n"
                "first difference: action 1 (compile), output out/a.o: xa, xc say " +
                D('8').Text() + " (5 bytes, 0644); xb says " + D('e').Text() + " (5 bytes, 0644)");
}

TEST(Compare, EveryComparedFieldIsCompared) {
  const struct {
    const char* field;
    void (*change)(Record&);
  } cases[] = {
      {"intent", [](Record& record) { record.intent = D('0'); }},
      {"manifest", [](Record& record) { record.manifest = D('0'); }},
      {"plan", [](Record& record) { record.plan = D('0'); }},
      {"lock", [](Record& record) { record.lock = D('0'); }},
      {"root tar", [](Record& record) { record.root_tar = D('0'); }},
      {"image", [](Record& record) { record.image = D('0'); }},
      {"artifact a.deb", [](Record& record) { record.outputs[0].size = 11; }},
      {"artifact a.deb", [](Record& record) { record.outputs[0].mode = "0755"; }},
      {"artifact b.deb", [](Record& record) { record.outputs.pop_back(); }},
      {"artifact c.deb",
       [](Record& record) {
         record.outputs.push_back({"c.deb", D('c'), 1, "0644"});
       }},
      {"result",
       [](Record& record) {
         record.result = BuildResult::kFailed;
         record.outputs.clear();
       }},
  };
  for (const auto& row : cases) {
    std::vector<Record> records = Three();
    row.change(records[2]);
    const Comparison comparison = CompareStatements(records);
    ASSERT_TRUE(std::holds_alternative<Disagreement>(comparison)) << row.field;
    const auto& found = std::get<Disagreement>(comparison);
    ASSERT_EQ(found.differences.size(), 1U) << row.field;
    EXPECT_EQ(found.differences[0].field, row.field);
    EXPECT_EQ(found.differences[0].sayings[1].builders, (std::vector<std::string>{"xc"}));
  }
}

TEST(Compare, FirstDivergenceNamesWhatDiffers) {
  const struct {
    const char* what;
    std::size_t number;
    void (*change)(Record&);
  } cases[] = {
      {"action", 1, [](Record& record) { record.trace[0].action = D('0'); }},
      {"step", 2, [](Record& record) { record.trace[1].step = "other"; }},
      {"exit code", 2, [](Record& record) { record.trace[1].exit_code = 1; }},
      {"trace", 2, [](Record& record) { record.trace.pop_back(); }},
      {"output out/b", 2,
       [](Record& record) {
         record.trace[1].outputs.push_back({"out/b", D('b'), 1, "0644"});
       }},
  };
  for (const auto& row : cases) {
    std::vector<Record> records = Three();
    records[0].outputs[0].digest = D('f');
    row.change(records[0]);
    const auto found = std::get<Disagreement>(CompareStatements(records)).first_divergence;
    ASSERT_TRUE(found) << row.what;
    EXPECT_EQ(found->what, row.what);
    EXPECT_EQ(found->number, row.number);
  }
}

TEST(Compare, SaysWhenTheTracesHideTheDifference) {
  std::vector<Record> records = Three();
  records[0].outputs[0].digest = D('f');
  const Comparison comparison = CompareStatements(records);
  EXPECT_FALSE(std::get<Disagreement>(comparison).first_divergence);
  EXPECT_NE(Words(comparison).find("traces do not differ"), std::string::npos);
}

TEST(Compare, FailureEverywhereIsNotADissent) {
  const Comparison comparison = CompareStatements(AllFailedRecords());
  ASSERT_TRUE(std::holds_alternative<AllFailed>(comparison));
  EXPECT_EQ(Words(comparison), "the build failed at every site, in step pack (exit code 2)");
}

TEST(Compare, FailureInDifferentPlacesNamesNoStep) {
  std::vector<Record> records = AllFailedRecords();
  records[1].trace.pop_back();
  EXPECT_EQ(Words(CompareStatements(records)), "the build failed at every site");
}

TEST(Compare, FailureAtSomeSitesIsADisagreement) {
  std::vector<Record> records = AllFailedRecords();
  records[0] = Sample("xa");
  EXPECT_TRUE(std::holds_alternative<Disagreement>(CompareStatements(records)));
}

TEST(Compare, WordsHaveALimit) {
  std::vector<Record> records = Three();
  for (int i = 0; i < 100; ++i) {
    records[0].outputs.push_back({std::string(200, 'x') + std::to_string(i), D('c'), 1, "0644"});
  }
  const std::string words = Words(CompareStatements(records));
  EXPECT_NE(words.find("and 92 more differences"), std::string::npos);
  records[0].builder = std::string(3000, 'b');
  EXPECT_LE(Words(CompareStatements(records)).size(), kWordsBytesMax);
}

}  // namespace
}  // namespace farm
