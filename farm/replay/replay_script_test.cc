// What the kit's replay.sh makes of a manifest, which it reads without any program of ours.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/manifest/manifest.h"
#include "farm/plan/plan.h"
#include "farm/replay/kit_texts.h"

namespace farm {
namespace {

std::string Word(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/=+:,@~-";
  if (text.empty()) return "%";
  std::string word;
  for (const char c : text) {
    const bool plain = kPlain.find(c) != std::string_view::npos;
    word += plain ? std::string(1, c) : "%" + HexEncode(std::string_view(&c, 1));
  }
  return word;
}

std::string Line(const std::string& key, const std::vector<std::string>& words) {
  std::string line = key;
  for (const std::string& word : words) line += " " + Word(word);
  return line + "\n";
}

// The farm's own plan, as replay.sh says it.
std::string LinesOf(const Plan& plan) {
  std::string text = Line("lock", {plan.lock.Text()});
  for (const Action& action : plan.actions) {
    text += Line("step", {action.step}) + Line("epoch", {std::to_string(action.input_time)});
    for (const bool symbolic : {false, true}) {
      for (const ActionInput& input : action.inputs) {
        if (input.symbolic() != symbolic) continue;
        text += symbolic ? Line("from", {input.at, input.step, input.path})
                         : Line("input", {input.at, input.digest.Hex()});
      }
    }
    for (const auto& [name, value] : action.environment) {
      text += Line("variable", {name + "=" + value});
    }
    if (!action.prepare.empty()) text += Line("prepare", action.prepare);
    text += Line("directory", {action.directory}) + Line("run", action.argv);
    for (const std::string& output : action.outputs) text += Line("output", {output});
    text += "end\n";
  }
  for (const ManifestArtifact& one : plan.artifacts) {
    text += Line("artifact", {one.step, one.path, one.name});
  }
  return text;
}

ManifestSource Source(const std::string& name, SourceOrigin origin,
                      const std::vector<std::string>& files) {
  ManifestSource source;
  source.name = name;
  source.tree = std::string(64, 'a');
  source.origin = std::move(origin);
  for (const std::string& file : files) source.files.push_back({file, Sha256(file), 7});
  return source;
}

// Every kind of source and input, and words that a shell would take for something else.
Manifest RichManifest() {
  Manifest manifest;
  manifest.product = "rich";
  manifest.version = "1.0~rc1";
  manifest.source_date_epoch = 1700000000;
  manifest.toolchain = "cc";
  manifest.lock = Sha256("lock");
  manifest.sources = {
      Source("a", ArchiveOrigin{"https://example.org/a.tar.gz"}, {"a.tar.gz"}),
      Source("b", DirectoryOrigin{"b"}, {"b.tar"}),
      Source("d", DebianOrigin{"d", "1"}, {"d.dsc", "d.orig.tar.xz"}),
      Source("g", GitOrigin{"https://example.org/g", std::string(40, 'b'), std::string(40, 'c')},
             {"g.tar"})};
  Step first;
  first.name = "first";
  first.inputs = {{"z", "a", "", ""}, {"deep/er/d", "d", "", ""}, {"b copy", "b", "", ""}};
  first.argv = {"/bin/sh",          "-c",    "",    "it's $HOME `id` \\ \"x\"",
                "line\nbreak\ttab", "*?[a]", "%41", "\xc3\xa9",
                "{\"lock\":1}"};
  first.environment = {{"TZ", "Europe/Zurich"}, {"lock", "x"}, {"EMPTY", ""}};
  first.directory = "deep/er/d";
  first.outputs = {"z/two", "out/one"};
  Step second;
  second.name = "second.step+1";
  second.inputs = {{"in/one", "", "first", "out/one"}, {"g", "g", "", ""}, {"g2", "g", "", ""}};
  second.argv = {"true"};
  second.outputs = {"in/three"};
  manifest.steps = {first, second};
  manifest.artifacts = {{"three", "second.step+1", "in/three"}, {"two", "first", "z/two"}};
  return manifest;
}

class ReplayScript : public ::testing::Test {
 protected:
  ProcessResult RunPlan(const std::string& manifest) {
    const std::string script = directory_.path() + "/replay.sh";
    EXPECT_TRUE(WriteDurably(RealFileSystem(), script, std::string(KitReplayScript())));
    EXPECT_TRUE(WriteDurably(RealFileSystem(), directory_.path() + "/manifest.json", manifest));
    ProcessSpec spec;
    spec.argv = {"/bin/bash", script, "--plan"};
    spec.environment = {"PATH=/usr/bin:/bin"};
    auto result = RunProcess(spec);
    EXPECT_TRUE(result);
    return *std::move(result);
  }

  TemporaryDirectory directory_ = *TemporaryDirectory::Make("");
};

TEST_F(ReplayScript, PlansAsTheFarmDoes) {
  const Manifest manifest = RichManifest();
  const std::string bytes = CanonicalManifest(manifest);
  const auto plan = MakePlan(manifest, Sha256(bytes), manifest.lock);
  ASSERT_TRUE(plan) << plan.error().message;
  const ProcessResult result = RunPlan(bytes);
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output, LinesOf(*plan));
}

struct Hostile {
  std::string name;
  std::function<void(Manifest&)> bend;
};

TEST_F(ReplayScript, RefusesWhatLeadsElsewhereBeforeAnythingRuns) {
  const Hostile hostile[] = {
      {"an artifact from elsewhere",
       [](Manifest& m) { m.artifacts[0].path = "../../../kit/evidence"; }},
      {"an artifact under another folder", [](Manifest& m) { m.artifacts[0].name = "../three"; }},
      {"an artifact of no step", [](Manifest& m) { m.artifacts[0].step = "third"; }},
      {"an input that is put outside", [](Manifest& m) { m.steps[1].inputs[0].at = "../../x"; }},
      {"an absolute input", [](Manifest& m) { m.steps[1].inputs[0].at = "/etc/x"; }},
      {"an input of a later step", [](Manifest& m) { std::swap(m.steps[0], m.steps[1]); }},
      {"a source that is not there", [](Manifest& m) { m.steps[1].inputs[1].source = "x"; }},
      {"a source's place that a shell would read",
       [](Manifest& m) { m.steps[0].inputs[0].at = "x'; touch marker; '"; }},
      {"a file's name that a shell would read",
       [](Manifest& m) { m.sources[0].files[0].name = "'$(touch marker)'"; }},
      {"a file's name that leads out", [](Manifest& m) { m.sources[0].files[0].name = ".."; }},
      {"a step's name that leads out", [](Manifest& m) { m.steps[1].name = "../x"; }},
      {"an output that leads out", [](Manifest& m) { m.steps[0].outputs[0] = "a/../../b"; }},
      {"a variable's name", [](Manifest& m) { m.steps[0].environment["A=B"] = "x"; }},
      {"a directory that leads out", [](Manifest& m) { m.steps[0].directory = ".."; }},
      {"a level it cannot give", [](Manifest& m) { m.steps[0].determinism = "on"; }},
  };
  for (const Hostile& one : hostile) {
    Manifest manifest = RichManifest();
    one.bend(manifest);
    const ProcessResult result = RunPlan(CanonicalManifest(manifest));
    EXPECT_EQ(result.exit_code, 22) << one.name << ": " << result.output;
    EXPECT_FALSE(FileExists(directory_.path() + "/marker")) << one.name;
  }
  const std::string good = CanonicalManifest(RichManifest());
  for (const std::string& bad : {std::string("{}"), std::string("no JSON"), good.substr(0, 400),
                                 "{\"format\":\"x\"," + good.substr(1)}) {
    EXPECT_EQ(RunPlan(bad).exit_code, 22) << bad.substr(0, 40);
  }
}

// What replay.sh needs of a machine, played by scripts: the namespaces are ours, a step runs where
// /build would be shown, and the folder may lie anywhere.
constexpr std::pair<const char*, const char*> kFakes[] = {
    {"mmdebstrap", "exit 70\n"},
    {"newuidmap", "exit 70\n"},
    {"find", "echo \"$1\"\n"},
    {"unshare", "while [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"\n"},
    {"bwrap",
     "while [ \"$1\" != -- ]; do\n"
     "  [ \"$1 $3\" != '--bind /build' ] || cd \"$2\"\n"
     "  shift\n"
     "done\nshift\nexec \"$@\"\n"},
};
constexpr std::size_t kEmptyTarBytes = 10240;

// A kit of one step that takes no source (unpacking one would need /build) and one empty root.
struct TinyKit {
  std::string command = "echo x >out";
  std::string assemble = "head -c 10240 /dev/zero >\"$2/root.tar\"";
  Digest root_tar = Sha256(std::string(kEmptyTarBytes, '\0'));
  Digest artifact = Sha256("x\n");
  std::string namespaces;      // what `unshare` is instead
  std::string second_line;     // of artifacts.txt, for the artifact `more`, as it stands there
  std::string second_package;  // line of packages.list, as it stands there
};

void Write(const std::string& path, const std::string& bytes) {
  EXPECT_TRUE(MakeDirectories(DirectoryName(path), 0755));
  EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
}

void WriteKit(const TinyKit& kit, const std::string& folder) {
  const Digest package = Sha256("package");
  const std::string lock = R"({"architecture":"amd64","packages":[{"sha256":")" + package.Hex() +
                           R"("}],"rootTar":")" + kit.root_tar.Text() +
                           R"(","sourceDateEpoch":1,"suite":"bookworm"})";
  Manifest manifest;
  manifest.product = "tiny";
  manifest.version = "1";
  manifest.toolchain = "cc";
  manifest.lock = Sha256(lock);
  manifest.sources = {Source("s", DirectoryOrigin{"s"}, {"s.tar"})};
  Step step;
  step.name = "only";
  step.argv = {"sh", "-c", kit.command};
  step.outputs = {"out"};
  manifest.artifacts = {{"out", "only", "out"}};
  if (!kit.second_line.empty()) {
    step.outputs.insert(step.outputs.begin(), "more");
    manifest.artifacts.insert(manifest.artifacts.begin(), {"more", "only", "more"});
  }
  manifest.steps = {step};
  Write(folder + "manifest.json", CanonicalManifest(manifest));
  Write(folder + "lock.json", lock);
  Write(folder + "artifacts.txt", kit.artifact.Hex() + "  out\n" + kit.second_line);
  Write(folder + "assemble.sh", kit.assemble + "\n");
  Write(folder + "sources/" + Sha256("s.tar").Hex(), "s.tar");
  Write(folder + "packages/" + package.Hex() + ".deb", "package");
  Write(folder + "packages/packages.list",
        "tiny 1 amd64 " + package.Hex() + " 7 " + package.Hex() + ".deb\n" + kit.second_package);
}

ProcessResult RunKit(const TinyKit& kit, const std::string& folder) {
  Write(folder + "/kit/replay.sh", std::string(KitReplayScript()));
  WriteKit(kit, folder + "/kit/");
  for (const auto& [program, script] : kFakes) {
    const bool other = !kit.namespaces.empty() && program == std::string("unshare");
    const std::string path = folder + "/fakes/" + program;
    Write(path, std::string("#!/bin/sh -e\n") + (other ? kit.namespaces : script));
    std::filesystem::permissions(path, std::filesystem::perms{0755});
  }
  ProcessSpec spec;
  spec.argv = {"/bin/bash", folder + "/kit/replay.sh", "--work", folder + "/work"};
  spec.environment = {"PATH=" + folder + "/fakes:/usr/bin:/bin"};
  auto result = RunProcess(spec);
  EXPECT_TRUE(result);
  return *std::move(result);
}

struct Rebuild {
  std::string name;
  std::function<void(TinyKit&)> bend;
  int exit_code;
  std::string says;
};

TEST_F(ReplayScript, ComparesWhatItMade) {
  const std::string made = Sha256("x\n").Hex();
  const std::string other = Sha256("other").Hex();
  const std::string root = TinyKit().root_tar.Text();
  const auto two = [](TinyKit& kit, const std::string& digest) {
    kit.command += "; echo y >more";
    kit.second_line = digest + "  more";
  };
  const Rebuild rows[] = {
      {"good", [](TinyKit&) {}, 0, "MATCH: 1 of 1 artifacts"},
      {"another_artifact", [](TinyKit& kit) { kit.artifact = Sha256("other"); }, 20,
       "different: out is " + made + ", the release says " + other + "\n"},
      {"another_root", [](TinyKit& kit) { kit.root_tar = Sha256("other"); }, 21,
       "the root came out as " + root + ", lock.json says sha256:" + other},
      {"no_root", [](TinyKit& kit) { kit.assemble = "exit 70"; }, 21,
       "INCONCLUSIVE: the root could not be assembled"},
      {"no_namespaces", [](TinyKit& kit) { kit.namespaces = "exit 1\n"; }, 21,
       "INCONCLUSIVE: no user namespace"},
      {"a_step_that_fails", [](TinyKit& kit) { kit.command += "; exit 3"; }, 20,
       "MISMATCH: step only fails here"},
      {"an_output_that_is_not_there", [](TinyKit& kit) { kit.command = "echo x >put"; }, 20,
       "MISMATCH: step only did not make out\n"},
      {"an_output_that_is_a_link", [](TinyKit& kit) { kit.command = "echo x >a; ln -s a out"; }, 20,
       "MISMATCH: step only did not make out\n"},
      {"two_artifacts_and_no_last_line_break", [&](TinyKit& kit) { two(kit, Sha256("y\n").Hex()); },
       0, "MATCH: 2 of 2 artifacts"},
      {"another_artifact_and_no_last_line_break", [&](TinyKit& kit) { two(kit, other); }, 20,
       "different: more is " + Sha256("y\n").Hex() + ", the release says " + other + "\n"},
      {"another_package_and_no_last_line_break",
       [&](TinyKit& kit) { kit.second_package = "p 1 amd64 " + other + " 5 " + other + ".deb"; },
       22, "BAD INPUT: packages/" + other + ".deb (p 1) is missing"},
  };
  for (const Rebuild& row : rows) {
    TinyKit kit;
    row.bend(kit);
    const ProcessResult result = RunKit(kit, JoinPath(directory_.path(), row.name));
    EXPECT_EQ(result.exit_code, row.exit_code) << row.name << ": " << result.error_output;
    EXPECT_NE(result.output.find(row.says), std::string::npos)
        << row.name << ": " << result.output << result.error_output;
    EXPECT_EQ(result.output.find("\nMATCH: ") != std::string::npos, row.exit_code == 0)
        << row.name << ": " << result.output;
  }
}

}  // namespace
}  // namespace farm
