// One row for each rule of lint that the text's rows (manifest_test.cc) do not break: it fails when
// its rule goes.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "farm/manifest/manifest.h"

namespace farm {
namespace {

const std::string kSha1(40, 'a');

Digest D(char digit) { return Digest::ParseHex(std::string(64, digit)).value(); }

Manifest Good() {
  Manifest manifest;
  manifest.product = "greeting";
  manifest.version = "1.0";
  manifest.source_date_epoch = 1'700'000'000;
  manifest.sources = {{"greeting",
                       std::string(64, 'b'),
                       {{"greeting.tar", D('c'), 10'240}},
                       DirectoryOrigin{"source"}}};
  manifest.toolchain = "gcc";
  manifest.lock = D('d');
  Step step;
  step.name = "build";
  step.inputs = {{"src", "greeting", "", ""}};
  step.argv = {"make", "greet"};
  step.environment = {{"LANG", "C"}};
  step.directory = "src";
  step.outputs = {"greet"};
  manifest.steps = {step};
  manifest.artifacts = {{"greet", "build", "greet"}};
  manifest.requirements.countries_any = {"XA"};
  return manifest;
}

// As if the source were a Debian package of these files.
void MakeDebian(Manifest& manifest, const std::vector<std::string>& names) {
  manifest.sources[0].origin = DebianOrigin{"hello", "2.10-3"};
  manifest.sources[0].files.clear();
  for (const std::string& name : names) manifest.sources[0].files.push_back({name, D('c'), 1});
}

struct Row {
  const char* name;
  std::function<void(Manifest&)> change;
  const char* message;  // the begin of a line
};

const Row kRows[] = {
    {"toolchain_name", [](Manifest& m) { m.toolchain = "Gcc"; },
     "toolchain.name: found \"Gcc\", want a name"},
    {"lock_missing", [](Manifest& m) { m.lock = Digest(); },
     "toolchain.lock: missing, want sha256"},
    {"name_too_long", [](Manifest& m) { m.product = std::string(kManifestNameMax + 1, 'a'); },
     "product: found"},
    {"name_like_an_option", [](Manifest& m) { m.product = "-a"; }, "product: found \"-a\""},
    {"version_like_an_option", [](Manifest& m) { m.version = "-1"; }, "version: found \"-1\""},

    {"no_source", [](Manifest& m) { m.sources.clear(); }, "source: found 0 of them, want 1 to 256"},
    {"too_many_sources", [](Manifest& m) { m.sources.resize(257, m.sources[0]); },
     "source: found 257 of them"},
    {"source_name", [](Manifest& m) { m.sources[0].name = "Greeting"; },
     "source[0].name: found \"Greeting\", want a name"},
    {"source_twice", [](Manifest& m) { m.sources.push_back(m.sources[0]); },
     "source[1].name: found \"greeting\" a second time"},
    {"no_file", [](Manifest& m) { m.sources[0].files.clear(); },
     "source[0].file: found 0 of them, want 1 to 1"},
    {"two_files_of_a_directory",
     [](Manifest& m) {
       m.sources[0].files.push_back({"b.tar", D('c'), 1});
     },
     "source[0].file: found 2 of them, want 1 to 1"},
    {"too_many_files", [](Manifest& m) { MakeDebian(m, std::vector<std::string>(257, "a")); },
     "source[0].file: found 257 of them, want 1 to 256"},
    {"file_twice",
     [](Manifest& m) {
       MakeDebian(m, {"a.dsc", "a.tar", "a.tar"});
     },
     "source[0].file[2].name: found \"a.tar\" a second time"},
    {"file_without_digest", [](Manifest& m) { m.sources[0].files[0].digest = Digest(); },
     "source[0].file[0].sha256: missing"},
    {"file_too_large",
     [](Manifest& m) { m.sources[0].files[0].size = (std::uint64_t{1} << 40) + 1; },
     "source[0].file[0].size: more than 1 TiB"},
    {"dsc_not_first",
     [](Manifest& m) {
       MakeDebian(m, {"a.tar", "a.dsc"});
     },
     "source[0].file[0].name: found \"a.tar\", want the .dsc as the first file"},
    {"two_dscs",
     [](Manifest& m) {
       MakeDebian(m, {"a.dsc", "b.dsc"});
     },
     "source[0].file[1].name: found \"b.dsc\", want the .dsc as the first file"},
    {"debian_package",
     [](Manifest& m) {
       MakeDebian(m, {"a.dsc"});
       m.sources[0].origin = DebianOrigin{"Hello", "1"};
     },
     "source[0].debian.package: found \"Hello\""},
    {"debian_version",
     [](Manifest& m) {
       MakeDebian(m, {"a.dsc"});
       m.sources[0].origin = DebianOrigin{"hello", "1/2"};
     },
     "source[0].debian.version: found \"1/2\""},
    {"archive_url", [](Manifest& m) { m.sources[0].origin = ArchiveOrigin{"\x1b[2J"}; },
     "source[0].archive.url: found"},
    {"git_url",
     [](Manifest& m) {
       m.sources[0].origin = GitOrigin{"\x1b[2J", kSha1, kSha1};
     },
     "source[0].git.url: found"},
    {"git_commit",
     [](Manifest& m) {
       m.sources[0].origin = GitOrigin{"u", "main", kSha1};
     },
     "source[0].git.commit: found \"main\", want 40"},
    {"git_tree",
     [](Manifest& m) {
       m.sources[0].origin = GitOrigin{"u", kSha1, "main"};
     },
     "source[0].git.tree_sha1: found \"main\", want 40"},
    {"directory_path", [](Manifest& m) { m.sources[0].origin = DirectoryOrigin{"\x1b[2J"}; },
     "source[0].directory.path: found"},

    {"no_step", [](Manifest& m) { m.steps.clear(); }, "step: found 0 of them, want 1 to 1024"},
    {"too_many_steps", [](Manifest& m) { m.steps.resize(1025, m.steps[0]); },
     "step: found 1025 of them"},
    {"step_name", [](Manifest& m) { m.steps[0].name = "Build"; },
     "step[0].name: found \"Build\", want a name"},
    {"program_empty", [](Manifest& m) { m.steps[0].argv[0] = ""; }, "step[0].argv[0]: empty"},
    {"too_many_words", [](Manifest& m) { m.steps[0].argv.resize(1025, "x"); },
     "step[0].argv: found 1025 of them"},
    {"word_too_long",
     [](Manifest& m) { m.steps[0].argv[1] = std::string(kManifestTextMax + 1, 'x'); },
     "step[0].argv[1]: longer than 64 KiB"},
    {"word_not_utf8", [](Manifest& m) { m.steps[0].argv[1] = "\xff"; },
     "step[0].argv[1]: not UTF-8"},
    {"too_many_variables",
     [](Manifest& m) {
       for (int i = 0; i < 1024; ++i) m.steps[0].environment["V" + std::to_string(i)] = "";
     },
     "step[0].environment: found 1025 of them, want 0 to 1024"},
    {"variable_like_a_number", [](Manifest& m) { m.steps[0].environment["1"] = ""; },
     "step[0].environment[1]: found \"1\""},
    {"variable_without_a_name", [](Manifest& m) { m.steps[0].environment[""] = ""; },
     "step[0].environment[]: missing"},
    {"too_many_inputs",
     [](Manifest& m) {
       for (int i = 0; i < 1024; ++i) {
         m.steps[0].inputs.push_back({"in" + std::to_string(i), "greeting", "", ""});
       }
     },
     "step[0].input: found 1025 of them, want 0 to 1024"},
    {"path_like_an_option", [](Manifest& m) { m.steps[0].inputs[0].at = "-src"; },
     "step[0].input[0].at: found \"-src\""},
    {"path_with_a_blank", [](Manifest& m) { m.steps[0].inputs[0].at = "s rc"; },
     "step[0].input[0].at: found \"s rc\""},
    {"path_with_an_empty_part", [](Manifest& m) { m.steps[0].inputs[0].at = "s//rc"; },
     "step[0].input[0].at: found \"s//rc\""},
    {"path_of_a_dot", [](Manifest& m) { m.steps[0].inputs[0].at = "./src"; },
     "step[0].input[0].at: found \"./src\""},
    {"part_of_a_path_too_long",
     [](Manifest& m) { m.steps[0].inputs[0].at = std::string(256, 'a'); },
     "step[0].input[0].at: found"},
    {"path_too_long",
     [](Manifest& m) {
       m.steps[0].inputs[0].at = "a";
       while (m.steps[0].inputs[0].at.size() <= kManifestPathMax) m.steps[0].inputs[0].at += "/a";
     },
     "step[0].input[0].at: found"},
    {"starts_nowhere", [](Manifest& m) { m.steps[0].directory = "/src"; },
     "step[0].directory: found \"/src\", want a path"},
    {"output_path", [](Manifest& m) { m.steps[0].outputs[0] = "../greet"; },
     "step[0].output[0]: found \"../greet\", want a path"},
    {"output_in_an_output",
     [](Manifest& m) {
       m.steps[0].outputs = {"greet", "greet/er"};
     },
     "step[0].output[1]: found \"greet/er\", want no output in another"},
    {"too_many_outputs",
     [](Manifest& m) {
       for (int i = 0; i < 1024; ++i) m.steps[0].outputs.push_back("out" + std::to_string(i));
     },
     "step[0].output: found 1025 of them, want 1 to 1024"},

    {"no_artifact", [](Manifest& m) { m.artifacts.clear(); },
     "artifact: found 0 of them, want 1 to 4096"},
    {"artifact_under_another_name", [](Manifest& m) { m.artifacts[0].name = "hello"; },
     "artifact[0].name: found \"hello\", want the path's file name"},
    {"country_twice",
     [](Manifest& m) {
       m.requirements.countries_any = {"XA", "XA"};
     },
     "require.countries_any[1]: found \"XA\" a second time"},
    {"country_of_three_letters", [](Manifest& m) { m.requirements.countries_any = {"XAA"}; },
     "require.countries_any[0]: found \"XAA\""},
    {"too_many_countries", [](Manifest& m) { m.requirements.countries_any.resize(250, "XA"); },
     "require.countries_any: found 250 of them, want 0 to 249"},
};

TEST(Lint, NamesTheFieldThatBreaksARule) {
  const Status good = LintManifest(Good());
  ASSERT_TRUE(good) << good.error().message;
  for (const Row& row : kRows) {
    Manifest manifest = Good();
    row.change(manifest);
    const Status status = LintManifest(manifest);
    ASSERT_FALSE(status) << row.name;
    EXPECT_EQ(status.error().Exit(), ExitCode::kUsage) << row.name;
    EXPECT_NE(("\n" + status.error().message).find("\n" + std::string(row.message)),
              std::string::npos)
        << row.name << ": " << status.error().message;
  }
}

// A number of a manifest, with the least and the most that it may be.
struct Number {
  const char* field;
  std::function<std::int64_t&(Manifest&)> of;
  std::int64_t least;
  std::int64_t most;
};

std::function<std::int64_t&(Manifest&)> Limit(std::int64_t StepLimits::*limit) {
  return [limit](Manifest& manifest) -> std::int64_t& { return manifest.steps[0].limits.*limit; };
}
std::function<std::int64_t&(Manifest&)> Demand(std::int64_t Requires::*demand) {
  return [demand](Manifest& manifest) -> std::int64_t& { return manifest.requirements.*demand; };
}

TEST(Lint, EveryNumberHasALeastAndAMost) {
  const Number numbers[] = {
      {"revision", [](Manifest& m) -> std::int64_t& { return m.revision; }, 1, 1'000'000'000},
      {"source_date_epoch", [](Manifest& m) -> std::int64_t& { return m.source_date_epoch; }, 1,
       4'102'444'800},
      {"step[0].limits.wall_seconds", Limit(&StepLimits::wall_seconds), 1, 172'800},
      {"step[0].limits.cpu_seconds", Limit(&StepLimits::cpu_seconds), 1, 11'059'200},
      {"step[0].limits.memory_bytes", Limit(&StepLimits::memory_bytes), 16 << 20,
       std::int64_t{1} << 40},
      {"step[0].limits.processes", Limit(&StepLimits::processes), 1, 65'536},
      {"step[0].limits.disk_bytes", Limit(&StepLimits::disk_bytes), 1 << 20, std::int64_t{4} << 40},
      {"step[0].limits.disk_inodes", Limit(&StepLimits::disk_inodes), 100, 100'000'000},
      {"step[0].limits.log_bytes", Limit(&StepLimits::log_bytes), 1024, std::int64_t{4} << 30},
      {"step[0].limits.output_bytes", Limit(&StepLimits::output_bytes), 1, std::int64_t{1} << 40},
      {"step[0].limits.silence_seconds", Limit(&StepLimits::silence_seconds), 1, 172'800},
      {"require.sites", Demand(&Requires::sites), 0, 1000},
      {"require.operators", Demand(&Requires::operators), 0, 1000},
      {"require.auditors", Demand(&Requires::auditors), 0, 1000},
      {"require.witnesses", Demand(&Requires::witnesses), 0, 1000},
  };
  for (const Number& number : numbers) {
    for (const std::int64_t value : {number.least, number.most}) {
      Manifest manifest = Good();
      number.of(manifest) = value;
      EXPECT_TRUE(LintManifest(manifest)) << number.field << " " << value;
    }
    for (const std::int64_t value : {number.least - 1, number.most + 1}) {
      Manifest manifest = Good();
      number.of(manifest) = value;
      const Status status = LintManifest(manifest);
      ASSERT_FALSE(status) << number.field << " " << value;
      EXPECT_EQ(status.error().message,
                std::string(number.field) + ": found " + std::to_string(value) + ", want " +
                    std::to_string(number.least) + " to " + std::to_string(number.most));
    }
  }
}

}  // namespace
}  // namespace farm
