#include "farm/cli/describe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "farm/crypto/hash.h"
#include "farm/json/json.h"

namespace farm {
namespace {

using Lines = std::vector<std::string>;

TEST(Describe, SaysWhatChanged) {
  Manifest before;
  before.product = "a";
  before.version = "1";
  Manifest after = before;
  EXPECT_TRUE(DescribeManifestDifference(before, after).empty());
  Step step;
  step.name = "build";
  step.argv = {"cc", "-O2", "it's"};
  step.limits.wall_seconds = 5;
  after.steps = {step};
  EXPECT_EQ(DescribeManifestDifference(before, after),
            (Lines{"+ step build: runs in /build/: cc -O2 'it'\\''s'",
                   "+ step build: limit wall seconds 5"}));
}

TEST(Describe, AWordIsOneLine) {
  Manifest after;
  Step step;
  step.name = "build";
  step.argv = {"sh", "-c", "it's\n+ step x: runs\t\\"};
  after.steps = {step};
  const Lines lines = DescribeManifestDifference(Manifest{}, after);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "+ step build: runs in /build/: sh -c $'it\\'s\\n+ step x: runs\\t\\\\'");
}

TEST(Describe, AnOriginIsOneLine) {
  const std::string forged = "https://a.example/x\nrequires 9 auditors";
  for (const SourceOrigin& origin :
       {SourceOrigin(ArchiveOrigin{forged}), SourceOrigin(GitOrigin{forged, "", ""}),
        SourceOrigin(DirectoryOrigin{forged})}) {
    Manifest manifest;
    manifest.sources.resize(1);
    manifest.sources[0].origin = origin;
    for (const std::string& line : DescribeManifest(manifest)) {
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    }
  }
}

ManifestSource SourceOf(const std::string& name, SourceOrigin origin) {
  ManifestSource source;
  source.name = name;
  source.tree = std::string(64, 'a');
  source.files = {{name + ".tar", Sha256(name), 1000}};
  source.origin = std::move(origin);
  return source;
}

// Two steps, the second of which takes what the first gives, and a source of each kind.
Manifest Usual() {
  Manifest manifest;
  manifest.product = "greeting";
  manifest.version = "1.0";
  manifest.source_date_epoch = 1735689600;
  manifest.sources = {SourceOf("from-debian", DebianOrigin{"hello", "2.10-3"}),
                      SourceOf("from-archive", ArchiveOrigin{"https://a.example/x.tar"}),
                      SourceOf("from-git", GitOrigin{"https://g.example/x", std::string(40, 'c'),
                                                     std::string(40, 'd')}),
                      SourceOf("from-directory", DirectoryOrigin{"source"})};
  manifest.toolchain = "cc";
  manifest.lock = Sha256("lock");
  Step library;
  library.name = "library";
  library.inputs = {{"hello", "from-debian", "", ""}};
  library.argv = {"make", "library"};
  library.environment = {{"CFLAGS", "-O2"}};
  library.directory = "hello";
  library.outputs = {"hello/libhello.so"};
  Step program;
  program.name = "program";
  program.inputs = {{"library", "", "library", "hello/libhello.so"}};
  program.argv = {"make"};
  program.environment = {{"CFLAGS", "-O1"}};
  program.outputs = {"out/hello", "out/hello.1"};
  manifest.steps = {library, program};
  manifest.artifacts = {{"hello", "program", "out/hello"}};
  manifest.requirements = {
      .sites = 3, .operators = 3, .auditors = 2, .witnesses = 2, .countries_any = {"DE"}};
  return manifest;
}

struct Change {
  const char* name;
  void (*make)(Manifest&);
  std::string new_value;  // as the difference says it
};

const Digest kOther = Sha256("other");
const std::string kOtherTree(64, 'e');
const std::string kOtherSha1(40, 'f');

std::vector<Change> EveryField() {
  return {
      {"product", [](Manifest& m) { m.product = "farewell"; }, "product farewell"},
      {"version", [](Manifest& m) { m.version = "1.1"; }, "greeting 1.1"},
      {"revision", [](Manifest& m) { m.revision = 77; }, "revision 77"},
      {"architecture", [](Manifest& m) { m.architecture = "arm64"; }, "for arm64"},
      {"source_date_epoch", [](Manifest& m) { ++m.source_date_epoch; }, "2025-01-01T00:00:01Z"},
      {"source.name", [](Manifest& m) { m.sources[0].name = "other"; }, "source other:"},
      {"source.tree", [](Manifest& m) { m.sources[0].tree = kOtherTree; }, kOtherTree},
      {"file.name", [](Manifest& m) { m.sources[0].files[0].name = "other.dsc"; }, "other.dsc"},
      {"file.sha256", [](Manifest& m) { m.sources[0].files[0].digest = kOther; }, kOther.Text()},
      {"file.size", [](Manifest& m) { m.sources[0].files[0].size = 1001; }, "(1001 bytes)"},
      {"another_file",
       [](Manifest& m) {
         m.sources[0].files.push_back({"more.tar", kOther, 5});
       },
       "file more.tar"},
      {"debian.package",
       [](Manifest& m) {
         m.sources[0].origin = DebianOrigin{"bye", "2.10-3"};
       },
       "bye 2.10-3"},
      {"debian.version",
       [](Manifest& m) {
         m.sources[0].origin = DebianOrigin{"hello", "2.10-4"};
       },
       "hello 2.10-4"},
      {"archive.url",
       [](Manifest& m) { m.sources[1].origin = ArchiveOrigin{"https://a.example/y.tar"}; },
       "archive https://a.example/y.tar"},
      {"git.url",
       [](Manifest& m) { std::get<GitOrigin>(m.sources[2].origin).url = "https://g.example/y"; },
       "git https://g.example/y"},
      {"git.commit",
       [](Manifest& m) { std::get<GitOrigin>(m.sources[2].origin).commit = kOtherSha1; },
       "commit " + kOtherSha1},
      {"git.tree_sha1",
       [](Manifest& m) { std::get<GitOrigin>(m.sources[2].origin).tree_sha1 = kOtherSha1; },
       "tree " + kOtherSha1},
      {"directory.path", [](Manifest& m) { m.sources[3].origin = DirectoryOrigin{"elsewhere"}; },
       "directory elsewhere"},
      {"kind", [](Manifest& m) { m.sources[3].origin = ArchiveOrigin{"source"}; },
       "archive source"},
      {"toolchain.name", [](Manifest& m) { m.toolchain = "clang"; }, "toolchain clang"},
      {"toolchain.lock", [](Manifest& m) { m.lock = kOther; }, kOther.Text()},
      {"step.name", [](Manifest& m) { m.steps[1].name = "tool"; }, "step tool:"},
      {"step.argv", [](Manifest& m) { m.steps[1].argv = {"ninja"}; }, ": ninja"},
      {"step.another_word", [](Manifest& m) { m.steps[0].argv[1] = "all of it"; }, "'all of it'"},
      {"environment.value", [](Manifest& m) { m.steps[0].environment["CFLAGS"] = "-O3"; },
       "CFLAGS=-O3"},
      {"environment.name", [](Manifest& m) { m.steps[0].environment["LANG"] = "C"; }, "LANG=C"},
      {"step.directory", [](Manifest& m) { m.steps[0].directory = "hello/src"; },
       "/build/hello/src:"},
      {"step.determinism", [](Manifest& m) { m.steps[0].determinism = "full"; },
       "determinism full: sees the time shown to builds, and predictable randomness"},
      {"step.determinism.fixed", [](Manifest& m) { m.steps[0].determinism = "fixed"; },
       "determinism fixed: sees one order of files"},
      {"step.loopback", [](Manifest& m) { m.steps[0].loopback = true; }, "loopback"},
      {"step.outputs", [](Manifest& m) { m.steps[1].outputs[1] = "out/bye.1"; }, "gives out/bye.1"},
      {"input.at", [](Manifest& m) { m.steps[0].inputs[0].at = "bye"; }, "at /build/bye"},
      {"input.source", [](Manifest& m) { m.steps[0].inputs[0].source = "from-git"; },
       "takes source from-git"},
      {"input.step", [](Manifest& m) { m.steps[1].inputs[0].step = "other"; }, "of step other"},
      {"input.path", [](Manifest& m) { m.steps[1].inputs[0].path = "other.so"; },
       "takes output other.so"},
      {"another_input",
       [](Manifest& m) {
         m.steps[0].inputs.push_back({"x", "from-git", "", ""});
       },
       "takes source from-git at /build/x"},
      {"limits.wall", [](Manifest& m) { m.steps[0].limits.wall_seconds = 7; }, "wall seconds 7"},
      {"limits.cpu", [](Manifest& m) { m.steps[0].limits.cpu_seconds = 7; }, "cpu seconds 7"},
      {"limits.memory", [](Manifest& m) { m.steps[0].limits.memory_bytes = 7; }, "memory bytes 7"},
      {"limits.processes", [](Manifest& m) { m.steps[0].limits.processes = 7; }, "processes 7"},
      {"limits.disk", [](Manifest& m) { m.steps[0].limits.disk_bytes = 7; }, "disk bytes 7"},
      {"limits.inodes", [](Manifest& m) { m.steps[0].limits.disk_inodes = 7; }, "disk inodes 7"},
      {"limits.log", [](Manifest& m) { m.steps[0].limits.log_bytes = 7; }, "log bytes 7"},
      {"limits.output", [](Manifest& m) { m.steps[0].limits.output_bytes = 7; }, "output bytes 7"},
      {"limits.silence", [](Manifest& m) { m.steps[0].limits.silence_seconds = 7; },
       "silence seconds 7"},
      {"artifact.name", [](Manifest& m) { m.artifacts[0].name = "hallo"; }, "publishes hallo"},
      {"artifact.step", [](Manifest& m) { m.artifacts[0].step = "library"; }, "from step library"},
      {"artifact.path", [](Manifest& m) { m.artifacts[0].path = "debug/hello"; }, "debug/hello"},
      {"another_artifact",
       [](Manifest& m) {
         m.artifacts.push_back({"hello.1", "program", "out/hello.1"});
       },
       "publishes hello.1"},
      {"requires.sites", [](Manifest& m) { m.requirements.sites = 7; }, "requires 7 sites"},
      {"requires.operators", [](Manifest& m) { m.requirements.operators = 7; }, "7 operators"},
      {"requires.auditors", [](Manifest& m) { m.requirements.auditors = 7; }, "7 auditors"},
      {"requires.witnesses", [](Manifest& m) { m.requirements.witnesses = 7; }, "7 witnesses"},
      {"requires.countries_any", [](Manifest& m) { m.requirements.countries_any = {"FR"}; },
       "one of FR"},
  };
}

// A manifest's fields by their places in the canonical JSON, "/steps/#/argv/#", each with all its
// values.
std::map<std::string, std::multiset<std::string>> Fields(const Manifest& manifest) {
  const Json flat = ParseJson(CanonicalManifest(manifest), "manifest").value().flatten();
  std::map<std::string, std::multiset<std::string>> fields;
  for (const auto& [place, value] : flat.items()) {
    std::string general;
    for (const char c : place) {
      const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
      if (!digit) general += c;
      if (digit && general.back() == '/') general += '#';
    }
    fields[general].insert(value.dump());
  }
  return fields;
}

TEST(Describe, ADifferenceNamesTheNewValueOfEveryField) {
  const Manifest before = Usual();
  const auto usual = Fields(before);
  std::set<std::string> changed;
  for (const Change& change : EveryField()) {
    Manifest after = before;
    change.make(after);
    ASSERT_NE(CanonicalManifest(before), CanonicalManifest(after)) << change.name;
    const Lines lines = DescribeManifestDifference(before, after);
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(),
                            [&](const std::string& line) {
                              return line.starts_with("+ ") &&
                                     line.find(change.new_value) != std::string::npos;
                            }))
        << change.name << ": nothing says \"" << change.new_value << "\"";
    for (const auto& [place, values] : Fields(after)) {
      const auto was = usual.find(place);
      if (was == usual.end() || was->second != values) changed.insert(place);
    }
  }
  // The table above is whole: a field that the manifest gets needs a row, and so a line.
  for (const auto& [place, values] : usual) {
    EXPECT_TRUE(changed.contains(place) || place == "/format") << place;
  }
}

TEST(Describe, AnotherOrderIsADifference) {
  const struct {
    const char* name;
    void (*make)(Manifest&);
  } rows[] = {
      {"steps", [](Manifest& m) { std::swap(m.steps[0], m.steps[1]); }},
      {"sources", [](Manifest& m) { std::swap(m.sources[0], m.sources[3]); }},
      {"outputs", [](Manifest& m) { std::swap(m.steps[1].outputs[0], m.steps[1].outputs[1]); }},
      {"words", [](Manifest& m) { std::swap(m.steps[0].argv[0], m.steps[0].argv[1]); }},
      {"repeated_output", [](Manifest& m) { m.steps[1].outputs.push_back("out/hello"); }},
      {"repeated_file", [](Manifest& m) { m.sources[0].files.push_back(m.sources[0].files[0]); }},
  };
  const Manifest before = Usual();
  for (const auto& row : rows) {
    Manifest after = before;
    row.make(after);
    ASSERT_NE(CanonicalManifest(before), CanonicalManifest(after)) << row.name;
    EXPECT_FALSE(DescribeManifestDifference(before, after).empty()) << row.name;
    EXPECT_FALSE(DescribeManifestDifference(after, before).empty()) << row.name;
  }
}

TEST(Describe, AStepThatMovedIsToldAndNothingElse) {
  Step first;
  first.name = "first";
  first.argv = {"a"};
  first.outputs = {"a"};
  Step second;
  second.name = "second";
  second.argv = {"b"};
  second.outputs = {"b"};
  Manifest before;
  before.steps = {first, second};
  Manifest after;
  after.steps = {second, first};
  EXPECT_EQ(DescribeManifestDifference(before, after),
            (Lines{"- step first: runs in /build/: a", "- step first: gives a",
                   "+ step first: runs in /build/: a", "+ step first: gives a"}));
}

TEST(Describe, AChangedLineStandsBesideTheOneThatItReplaces) {
  const Manifest before = Usual();
  Manifest after = before;
  after.sources[0].files[0].size = 1001;
  after.artifacts[0].path = "debug/hello";
  const std::string file =
      "source from-debian: file from-debian.tar " + before.sources[0].files[0].digest.Text();
  EXPECT_EQ(DescribeManifestDifference(before, after),
            (Lines{"- " + file + " (1000 bytes)", "+ " + file + " (1001 bytes)",
                   "- publishes hello from step program: output out/hello",
                   "+ publishes hello from step program: output debug/hello"}));
}

TEST(Describe, TheFewestLinesAreFoundUpTo2047ThatMayDiffer) {
  for (const std::size_t count : {std::size_t{2047}, std::size_t{2048}}) {
    Manifest before;
    before.steps.resize(1);
    for (std::size_t i = 0; i < count; ++i) {
      before.steps[0].outputs.push_back(std::to_string(i));
    }
    Manifest after = before;
    std::swap(after.steps[0].outputs.front(), after.steps[0].outputs.back());
    EXPECT_EQ(DescribeManifestDifference(before, after).size(), count == 2047 ? 4 : 2 * count);
  }
}

TEST(Describe, WhatNoLineTellsIsStillADifference) {
  Manifest after;
  after.requirements.sites = -1;  // as good as none, and refused by LintManifest
  ASSERT_EQ(DescribeManifest(after), DescribeManifest(Manifest{}));
  EXPECT_EQ(DescribeManifestDifference(Manifest{}, after),
            (Lines{"- manifest " + ManifestDigest(Manifest{}).Text(),
                   "+ manifest " + ManifestDigest(after).Text()}));
}

}  // namespace
}  // namespace farm
