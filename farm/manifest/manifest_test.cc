#include "farm/manifest/manifest.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/json/json.h"

namespace farm {
namespace {

// The block ```<kind> of manifests/FORMAT.md, without its last line break.
std::string FormatBlock(const std::string& kind) {
  const auto document = ReadFile("manifests/FORMAT.md", 1 << 20);
  EXPECT_TRUE(document) << (document ? "" : document.error().message);
  const std::string head = "```" + kind + "\n";
  const std::size_t begin = document->find(head);
  EXPECT_NE(begin, std::string::npos) << kind;
  const std::size_t end = document->find("\n```", begin);
  return document->substr(begin + head.size(), end - begin - head.size());
}

std::string Text() { return FormatBlock("textproto"); }

// `text` with the one occurrence of `from` replaced.
std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, TheExampleOfFormatHasTheCanonicalFormAndDigestItSays) {
  const auto manifest = ParseManifestText(Text(), "example.textproto");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const std::string canonical = CanonicalManifest(*manifest);
  const auto json = ParseJson(FormatBlock("json"), "FORMAT.md");
  ASSERT_TRUE(json) << json.error().message << "\nwant\n" << canonical;
  EXPECT_EQ(canonical, WriteCanonicalJson(*json));
  EXPECT_EQ(ManifestDigest(*manifest).Text(), FormatBlock("digest"));
}

TEST(Manifest, TheExampleOfExpectedJsonNamesTheArtifactsOfTheExample) {
  const auto manifest = ParseManifestText(Text(), "example.textproto");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const auto expected = ParseJson(FormatBlock("expected"), "FORMAT.md");
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(expected->at("format"), "farm-expected/1");
  EXPECT_FALSE(expected->at("published_by").get<std::string>().empty());
  ASSERT_EQ(expected->at("artifacts").size(), manifest->artifacts.size());
  for (std::size_t i = 0; i < manifest->artifacts.size(); ++i) {
    const Json& artifact = expected->at("artifacts").at(i);
    EXPECT_EQ(artifact.at("name").get<std::string>(), manifest->artifacts[i].name);
    EXPECT_EQ(artifact.at("sha256").get<std::string>().size(), 64U);
  }
}

TEST(Manifest, AVerifierReadsTheCanonicalForm) {
  const auto manifest = ParseManifestText(Text(), "example.textproto");
  ASSERT_TRUE(manifest);
  const auto view = ViewManifest(CanonicalManifest(*manifest));
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->digest, ManifestDigest(*manifest));
  EXPECT_EQ(view->product, "greeting");
  EXPECT_EQ(view->artifacts, std::vector<std::string>{"greet"});
  EXPECT_EQ(view->lock, manifest->lock);
  EXPECT_EQ(view->requirements.sites, 3);
  ASSERT_EQ(view->sources.size(), 1u);
  EXPECT_EQ(view->sources[0].tree, manifest->sources[0].tree);
}

TEST(Manifest, CanonicalFormReadsBackToItself) {
  const auto manifest = ParseManifestText(Text(), "example.textproto");
  const auto again = ParseManifestJson(CanonicalManifest(*manifest));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(CanonicalManifest(*again), CanonicalManifest(*manifest));
  const auto text = ParseManifestText(WriteManifestText(*again), "again.textproto");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(CanonicalManifest(*text), CanonicalManifest(*manifest));
}

TEST(Manifest, EveryKindOfSourceReadsBack) {
  Manifest manifest = *ParseManifestText(Text(), "example.textproto");
  const std::string sha1(40, 'a');
  const SourceOrigin kOrigins[] = {ArchiveOrigin{"https://example.org/x.tar.gz"},
                                   GitOrigin{"https://example.org/x.git", sha1, sha1},
                                   DebianOrigin{"hello", "1:2.10-3~deb12u1"}};
  for (const SourceOrigin& origin : kOrigins) {
    manifest.sources[0].origin = origin;
    if (KindName(origin) == "debian") manifest.sources[0].files[0].name = "hello.dsc";
    const auto again = ParseManifestJson(CanonicalManifest(manifest));
    ASSERT_TRUE(again) << KindName(origin) << ": " << again.error().message;
    EXPECT_EQ(again->sources, manifest.sources);
    const auto text = ParseManifestText(WriteManifestText(manifest), "x");
    ASSERT_TRUE(text) << KindName(origin) << ": " << text.error().message;
    EXPECT_EQ(text->sources, manifest.sources);
  }
}

TEST(Manifest, CommentsOrderAndDefaultsInTheTextDoNotChangeIt) {
  const Manifest manifest = *ParseManifestText(Text(), "example.textproto");
  std::string text = Replaced(Text(), "revision: 1\n", "");
  text =
      Replaced(text, "limits { wall_seconds: 60 }", "limits { wall_seconds: 60 processes: 4096 }");
  text += "\n# a comment\nrevision: 1\n";
  const auto other = ParseManifestText(text, "other.textproto");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(ManifestDigest(*other), ManifestDigest(manifest));
}

TEST(Manifest, OneChangedArgumentIsAnotherManifest) {
  const auto other = ParseManifestText(Replaced(Text(), "\"-O2\"", "\"-O3\""), "x");
  ASSERT_TRUE(other);
  EXPECT_NE(ManifestDigest(*other).Text(), FormatBlock("digest"));
}

TEST(Manifest, AStepsLevelAndLoopbackArePartOfItAndComeBackFromBothForms) {
  for (const std::string level : {"fixed", "full"}) {
    const std::string more = "wall_seconds: 60 } loopback: true determinism: \"" + level + "\"";
    const auto manifest = ParseManifestText(Replaced(Text(), "wall_seconds: 60 }", more), "m");
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_NE(ManifestDigest(*manifest).Text(), FormatBlock("digest"));
    const std::string canonical = CanonicalManifest(*manifest);
    const auto from_json = ParseManifestJson(canonical);
    ASSERT_TRUE(from_json) << from_json.error().message;
    const auto from_text = ParseManifestText(WriteManifestText(*manifest), "again");
    ASSERT_TRUE(from_text) << from_text.error().message;
    for (const Manifest& read : {*from_json, *from_text}) {
      EXPECT_TRUE(read.steps[0].loopback);
      EXPECT_EQ(read.steps[0].determinism, level);
      EXPECT_FALSE(read.steps[1].loopback);
      EXPECT_EQ(read.steps[1].determinism, "off");
    }
  }
}

TEST(Manifest, WarnsOfKeysMadeUnderFullDeterminismOnly) {
  Manifest manifest = *ParseManifestText(Text(), "m");
  EXPECT_TRUE(ManifestWarnings(manifest).empty());
  manifest.steps[0].determinism = "fixed";
  EXPECT_TRUE(ManifestWarnings(manifest).empty());
  manifest.steps[1].determinism = "full";
  const auto warnings = ManifestWarnings(manifest);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].substr(0, 21), "step[1].determinism: ");
  EXPECT_NE(warnings[0].find("keys"), std::string::npos) << warnings[0];
}

TEST(Manifest, ErrorsNameFileLineFieldAndExpectation) {
  const struct {
    const char* name;
    const char* from;
    const char* to;
    const char* message;  // a part of it
  } kCases[] = {
      {"unknown_field", "version: \"1.0\"", "versio: \"1.0\"",
       "m.textproto:2:7: Message type \"farm.v1.Manifest\" has no field named \"versio\""},
      {"not_text", "product: ", "product = ", "m.textproto:1:9: "},
      {"given_twice", "revision: 1", "revision: 1 revision: 2", "m.textproto:3:"},
      {"product_missing", "product: \"greeting\"", "", "m.textproto:1: product: missing, want a"},
      {"product_capital", "\"greeting\"\nversion", "\"Greeting\"\nversion",
       "m.textproto:1: product: found \"Greeting\", want a name"},
      {"product_path", "product: \"greeting\"", "product: \"a/../b\"", "product: found \"a/../b\""},
      {"version_slash", "\"1.0\"", "\"1/0\"", "m.textproto:2: version: found \"1/0\""},
      {"revision_0", "revision: 1", "revision: 0", "m.textproto:3: revision: found 0, want 1 to"},
      {"architecture", "\"amd64\"", "\"riscv\"", "m.textproto:4: architecture: found \"riscv\""},
      {"epoch_missing", "source_date_epoch: 1700000000", "", "source_date_epoch: found 0, want 1"},
      {"tree_short", "2f0e61c9", "2f0e61c", "m.textproto:8: source[0].tree: found \"2f0e61"},
      {"tree_missing", "tree: \"2f0e", "# \"2f0e", "m.textproto:6: source[0].tree: missing"},
      {"digest_capital", "9f86d081", "9F86d081", "m.textproto:11: source[0].file[0].sha256: "},
      {"size_negative", "size: 10240", "size: -1",
       "m.textproto:12: source[0].file[0].size: found -1"},
      {"kind_missing", "directory { path: \"source\" }", "", "m.textproto:6: source[0]: its kind"},
      {"file_with_slash", "greeting.tar", "../greeting.tar", "source[0].file[0].name: found"},
      {"lock_without_prefix", "sha256:6030", "6030", "m.textproto:18: toolchain.lock: "},
      {"argv_missing", "argv: \"gcc\" argv: \"objects/greet.o\" argv: \"-o\" argv: \"greet\"", "",
       "m.textproto:29: step[1].argv: found 0 of them"},
      {"native", "\"-O2\"", "\"-march=native\"",
       "m.textproto:23: step[0].argv[1]: found -march=native"},
      {"native_tuning", "\"-O2\"", "\"-mtune=native\"", "step[0].argv[1]: found -mtune=native"},
      {"native_cpu", "\"-O2\"", "\"-mcpu=native\"", "step[0].argv[1]: found -mcpu=native"},
      {"date", "\"-O2\"", "\"-DX=__DATE__\"", "step[0].argv[1]: found __DATE__"},
      {"time_in_environment", "value: \"C\"", "value: \"__TIME__\"",
       "m.textproto:24: step[0].environment[LANG]: found __TIME__"},
      {"time_of_the_source", "\"-O2\"", "\"-DX=__TIMESTAMP__\"",
       "step[0].argv[1]: found __TIMESTAMP__"},
      {"network", "\"-O2\"", "\"HTTPS://example.org/x\"", "step[0].argv[1]: found https://"},
      {"git_network", "\"-O2\"", "\"git://example.org/x\"", "step[0].argv[1]: found git://"},
      {"http_network", "\"-O2\"", "\"http://example.org/x\"", "step[0].argv[1]: found http://"},
      {"ftp_network", "\"-O2\"", "\"ftp://example.org/x\"", "step[0].argv[1]: found ftp://"},
      {"ssh_network", "\"-O2\"", "\"ssh://example.org/x\"", "step[0].argv[1]: found ssh://"},
      {"rsync_network", "\"-O2\"", "\"rsync://example.org/x\"", "step[0].argv[1]: found rsync://"},
      {"network_in_environment", "value: \"C\"", "value: \"ftp://example.org/x\"",
       "step[0].environment[LANG]: found ftp://"},
      {"variable_name", "name: \"LANG\"", "name: \"L-ANG\"", "step[0].environment[L-ANG]: found"},
      {"variable_twice", "environment { name", "environment { name: \"LANG\" } environment { name",
       "step[0].environment[1].name: found \"LANG\" a second time"},
      {"own_epoch", "name: \"LANG\"", "name: \"SOURCE_DATE_EPOCH\"", "source_date_epoch only"},
      {"path_absolute", "at: \"src\"", "at: \"/build/src\"", "step[0].input[0].at: found \"/build"},
      {"path_up", "at: \"src\"", "at: \"src/../..\"", "step[0].input[0].at: found"},
      {"place_of_raw_files", "at: \"src\"", "at: \"inputs\"", "raw files lie in inputs/"},
      {"source_unknown", "source: \"greeting\"", "source: \"hello\"",
       "m.textproto:22: step[0].input[0].source: found \"hello\", want the name of a source"},
      {"input_of_nothing", "source: \"greeting\" at", "at", "step[0].input[0]: missing"},
      {"input_forward", "output { step: \"compile\"", "output { step: \"link\"",
       "m.textproto:31: step[1].input[0].output.step: found \"link\", want the name of an earlier"},
      {"input_undeclared", "path: \"greet.o\" }", "path: \"greet.a\" }",
       "step[1].input[0].output.path: found \"greet.a\", want an output that step \"compile\""},
      {"directory_not_there", "directory: \"src\"", "directory: \"sources\"",
       "step[0].directory: found \"sources\", want a directory that the step's inputs bring"},
      {"output_missing", "output: \"greet\"\n", "\n",
       "step[1].output: found 0 of them, want 1 to 1024"},
      {"output_unused", "output: \"greet.o\"", "output: \"greet.o\" output: \"greet.d\"",
       "step[0].output[1]: \"greet.d\" is used by no later step and is no artifact"},
      {"output_twice", "output: \"greet.o\"", "output: \"greet.o\" output: \"greet.o\"",
       "step[0].output[1]: found \"greet.o\", want no output in another"},
      {"step_twice", "name: \"link\"", "name: \"compile\"",
       "step[1].name: found \"compile\" a second"},
      {"limit_too_high", "wall_seconds: 60", "wall_seconds: 172801",
       "m.textproto:27: step[0].limits.wall_seconds: found 172801, want 1 to 172800"},
      {"limit_negative", "wall_seconds: 60", "wall_seconds: -1", "wall_seconds: found -1"},
      {"determinism", "wall_seconds: 60 }", "wall_seconds: 60 } determinism: \"strict\"",
       "step[0].determinism: found \"strict\""},
      {"artifact_of_no_step", "artifact { step: \"link\"", "artifact { step: \"strip\"",
       "artifact[0].step: found \"strip\""},
      {"artifact_undeclared", "path: \"greet\" }", "path: \"greet2\" }", "artifact[0].path: found"},
      {"artifact_twice", "require {", "artifact { step: \"link\" path: \"greet\" } require {",
       "artifact[1].path: found \"greet\" a second time"},
      {"country", "\"XA\"", "\"xa\"", "require.countries_any[0]: found \"xa\""},
      {"zero_byte", "\"-O2\"", "\"-O2\\000\"", "step[0].argv[1]: has a zero byte"},
      {"terminal_escape", "\"-O2\"", "\"-O2\\033[2K\\r\"",
       "step[0].argv[1]: found -O2\\x1b[2K\\x0d, want no characters that a terminal obeys"},
      {"c1_control", "\"-O2\"", "\"-O2\\302\\233\"", "step[0].argv[1]: found -O2\\xc2\\x9b"},
      {"text_turned_round", "\"-O2\"", "\"-O2\\342\\200\\256\"", "step[0].argv[1]: found -O2"},
      {"invisible", "\"-O2\"", "\"-O2\\357\\273\\277\"", "step[0].argv[1]: found -O2"},
  };
  for (const auto& c : kCases) {
    const auto manifest = ParseManifestText(Replaced(Text(), c.from, c.to), "m.textproto");
    ASSERT_FALSE(manifest) << c.name;
    EXPECT_EQ(manifest.error().Exit(), ExitCode::kUsage) << c.name;
    EXPECT_NE(manifest.error().message.find(c.message), std::string::npos)
        << c.name << ": " << manifest.error().message;
  }
}

TEST(Manifest, ScriptsMayHaveLinesAndForeignLetters) {
  const auto manifest =
      ParseManifestText(Replaced(Text(), "\"-O2\"", "\"-DX=\\n\\t\\303\\251\""), "m.textproto");
  EXPECT_TRUE(manifest) << manifest.error().message;
}

TEST(Manifest, AllProblemsAreReportedInTheOrderOfTheLines) {
  std::string text = Replaced(Text(), "\"amd64\"", "\"riscv\"");
  text = Replaced(text, "\"-O2\"", "\"-march=native\"");
  text = Replaced(text, "\"1.0\"", "\"1/0\"");
  const auto manifest = ParseManifestText(text, "m");
  ASSERT_FALSE(manifest);
  const auto lines = Split(manifest.error().message, '\n');
  ASSERT_EQ(lines.size(), 3u) << manifest.error().message;
  EXPECT_EQ(lines[0].substr(0, 4), "m:2:");
  EXPECT_EQ(lines[1].substr(0, 4), "m:4:");
  EXPECT_EQ(lines[2].substr(0, 5), "m:23:");
}

TEST(Manifest, RefusesUnusedSources) {
  const auto manifest =
      ParseManifestText(Replaced(Text(), "toolchain {",
                                 "source { name: \"more\" tree: \"" + std::string(64, 'a') +
                                     "\" file { name: \"a.tar\" sha256: \"" + std::string(64, 'b') +
                                     "\" } archive { url: \"u\" } } toolchain {"),
                        "m");
  ASSERT_FALSE(manifest);
  EXPECT_NE(manifest.error().message.find("source[1]: no step uses \"more\""), std::string::npos)
      << manifest.error().message;
}

TEST(Manifest, RefusesInputsInEachOther) {
  const auto manifest = ParseManifestText(
      Replaced(Text(), "at: \"objects/greet.o\" }",
               "at: \"objects/greet.o\" } input { source: \"greeting\" at: \"objects\" }"),
      "m");
  ASSERT_FALSE(manifest);
  EXPECT_NE(manifest.error().message.find("step[1].input[1].at"), std::string::npos);
}

TEST(Manifest, RefusesTextPastTheLimitAndDeeperThanItMayBe) {
  std::string text = Text() + "\n#";
  text.append(kManifestBytesMax - text.size(), 'x');
  EXPECT_TRUE(ParseManifestText(text, "m"));
  EXPECT_EQ(ParseManifestText(text + "x", "m").error().code, ErrorCode::kLimitExceeded);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "step { ";
  EXPECT_EQ(ParseManifestText(deep, "m").error().code, ErrorCode::kInvalidInput);
}

TEST(Manifest, JsonIsRefusedUnlessCanonical) {
  const std::string canonical = CanonicalManifest(*ParseManifestText(Text(), "example.textproto"));
  const struct {
    const char* name;
    std::string json;
  } kCases[] = {
      {"blank_at_the_end", canonical + " "},
      {"blank_inside", Replaced(canonical, ",\"format\"", ", \"format\"")},
      {"unknown_field", Replaced(canonical, "{\"architecture\"", "{\"a\":1,\"architecture\"")},
      {"field_missing", Replaced(canonical, "\"loopback\":false,", "")},
      {"field_twice",
       Replaced(canonical, "\"loopback\":false,", "\"loopback\":false,\"loopback\":false,")},
      {"other_format", Replaced(canonical, "farm-manifest/1", "farm-manifest/2")},
      {"number_as_text", Replaced(canonical, "\"revision\":1", "\"revision\":\"1\"")},
      {"fraction", Replaced(canonical, "\"revision\":1", "\"revision\":1.0")},
      {"breaks_a_rule", Replaced(canonical, "-O2", "-march=native")},
      {"not_json", "product: \"greeting\""},
      {"empty", ""},
      {"an_array", "[]"},
  };
  EXPECT_TRUE(ParseManifestJson(canonical));
  for (const auto& c : kCases) {
    const auto manifest = ParseManifestJson(c.json);
    ASSERT_FALSE(manifest) << c.name;
    EXPECT_EQ(manifest.error().code, ErrorCode::kInvalidInput) << c.name;
  }
}

TEST(Manifest, ArtifactsOutOfOrderAreNotCanonical) {
  Manifest manifest = *ParseManifestText(Text(), "example.textproto");
  manifest.steps[1].outputs.push_back("a");
  manifest.artifacts.push_back({"a", "link", "a"});
  const std::string canonical = CanonicalManifest(manifest);
  ASSERT_TRUE(ParseManifestJson(canonical));
  const std::string a = R"({"name":"a","path":"a","step":"link"})";
  const std::string greet = R"({"name":"greet","path":"greet","step":"link"})";
  EXPECT_FALSE(ParseManifestJson(Replaced(canonical, a + "," + greet, greet + "," + a)));
}

TEST(Manifest, FindsSourcesAndStepsByName) {
  const Manifest manifest = *ParseManifestText(Text(), "example.textproto");
  EXPECT_EQ(FindSource(manifest, "greeting"), &manifest.sources[0]);
  EXPECT_EQ(FindSource(manifest, "x"), nullptr);
  EXPECT_EQ(FindStep(manifest, "link"), &manifest.steps[1]);
  EXPECT_EQ(FindStep(manifest, "x"), nullptr);
}

}  // namespace
}  // namespace farm
