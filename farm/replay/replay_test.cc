#include "farm/replay/replay.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/execute/execute.h"
#include "farm/json/json.h"
#include "farm/store/archive.h"
#include "tests/support/fake_launcher.h"
#include "tests/support/kit_example.h"

namespace farm {
namespace {

// `PROGRAM run ... --work DIR ...` and `PROGRAM remove ... DIR`, as far as AssembleRoot uses them.
// The image is the file `image` in the replay's directory; "image", as the lock says, without one.
int FakeAssemblerMain(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (words[1] == "remove") return RemoveTree(words.back()) ? 0 : 1;
  const std::string work = *(std::ranges::find(words, "--work") + 1);
  const std::string image =
      ReadFile(JoinPath(DirectoryName(DirectoryName(work)), "image"), 100).value_or("image");
  CHECK(WriteDurably(RealFileSystem(), work + "/root.tar", "tar").has_value());
  CHECK(WriteDurably(RealFileSystem(), work + "/root.erofs", image).has_value());
  if (words.back() == "tree") CHECK(MakeDirectories(work + "/root/usr", 0755).has_value());
  return 0;
}

class ReplayTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return JoinPath(temporary_.path(), name); }

  // Makes the example of these options and a kit of it.
  KitExample Make(const KitExampleOptions& options) {
    auto store = BlobStore::Open(RealFileSystem(), Path("farm"));
    KitExample example = MakeKitExample(**store, options);
    std::string bytes;
    const auto written = WriteKit(example.input, **store, [&](std::string_view piece) -> Status {
      bytes += piece;
      return {};
    });
    EXPECT_TRUE(written);
    kit_ = bytes;
    setup_.root = example.root;
    setup_.policy = example.policy;
    clock_.Set(example.now);
    return example;
  }

  ReplayReport Run() {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(file_name_), kit_));
    setup_.kit = Path(file_name_);
    setup_.directory = Path("replay");
    setup_.launcher = OwnProgram();
    setup_.check_program = OwnProgram();
    return Replay(setup_, clock_,
                  [this](std::string_view line) { said_ += std::string(line) + "\n"; });
  }

  // Another kit of the members of this one.
  void Bend(const std::function<void(std::vector<TarMember>&)>& bend) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path("good"), kit_));
    std::vector<TarMember> members;
    EXPECT_TRUE(
        ReadArchive(Path("good"), [&](const ArchiveEntry& entry, const EntryContent& content) {
          members.push_back({entry.path, entry.executable, "", ""});
          return content([&](std::string_view piece) -> Status {
            members.back().bytes += piece;
            return {};
          });
        }));
    bend(members);
    kit_.clear();
    EXPECT_TRUE(WriteTar(members, 1, [&](std::string_view piece) -> Status {
      kit_ += piece;
      return {};
    }));
  }

  TemporaryDirectory temporary_ =
      *TemporaryDirectory::Make(FileExists("/dev/shm") ? "/dev/shm" : "");
  std::string file_name_ = "shout-1.0.farmkit";
  std::string kit_;
  ReplaySetup setup_{.kit = {},
                     .directory = {},
                     .root = {},
                     .policy = {},
                     .allow_development_root = true,
                     .launcher = {},
                     .check_program = {}};
  FixedClock clock_{0};
  std::string said_;
};

std::string& BytesOf(std::vector<TarMember>& members, const std::string& name) {
  const auto found = std::ranges::find(members, name, &TarMember::name);
  CHECK(found != members.end());
  return found->bytes;
}

TEST_F(ReplayTest, RebuildsFromTheKitAlone) {
  const KitExample example = Make({});
  const ReplayReport report = Run();
  ASSERT_EQ(report.verdict, ReplayVerdictKind::kMatch) << report.reason;
  EXPECT_EQ(report.exit, ExitCode::kProved);
  EXPECT_EQ(report.reason, "1 of 1 artifacts rebuilt bit for bit from the kit");
  EXPECT_EQ(report.product, "shout");
  EXPECT_EQ(report.version, "1.0");
  EXPECT_EQ(report.kit, Sha256(kit_));
  EXPECT_EQ(report.release, example.release);
  EXPECT_EQ(report.manifest, ManifestDigest(example.manifest));
  EXPECT_EQ(report.lock, LockDigest(example.lock));
  EXPECT_TRUE(report.judgement.proved());
  ASSERT_EQ(report.artifacts.size(), 1u);
  EXPECT_TRUE(report.artifacts[0].equal());
  EXPECT_EQ(report.artifacts[0].here.digest, Sha256("HELLO\n"));
  EXPECT_TRUE(report.notes.empty());
  EXPECT_EQ(WordOf(report.sandbox, "root_backend"), "directory");
  ASSERT_EQ(report.trace.size(), 1u);
  EXPECT_EQ(report.trace[0].step, "build");
  EXPECT_EQ(report.started, example.now);
  EXPECT_EQ(*ReadFile(Path("replay/rebuilt/shout.txt"), 100), "HELLO\n");
  EXPECT_NE(said_.find("action 1/1  build\n"), std::string::npos) << said_;
  // What it found can be signed.
  EXPECT_EQ(VerdictOfReport(WriteReportJson(report), "regulator", 1)->statement.verdict, "MATCH");
}

TEST_F(ReplayTest, ASecondRunFindsTheRootAndBuildsAgain) {
  Make({});
  ASSERT_EQ(Run().verdict, ReplayVerdictKind::kMatch);
  EXPECT_EQ(Run().verdict, ReplayVerdictKind::kMatch);
  // What was kept is measured again before it is believed.
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("replay/image"), "another image"));
  EXPECT_EQ(Run().verdict, ReplayVerdictKind::kInconclusive);
}

TEST_F(ReplayTest, SaysWhatDoesNotMatch) {
  const DraftHook same_backend = [](LineDraft& draft) {
    if (auto* record = std::get_if<Record>(&draft.statement)) {
      record->sandbox = {{"root_backend", "directory"}};
    }
  };
  const DraftHook executable = [&](LineDraft& draft) {
    same_backend(draft);
    if (auto* record = std::get_if<Record>(&draft.statement)) {
      record->outputs[0].mode = record->trace[0].outputs[0].mode = "0755";
    }
    if (auto* release = std::get_if<Release>(&draft.statement)) {
      release->artifacts[0].mode = "0755";
    }
  };
  const struct {
    const char* name;
    KitExampleOptions options;
    bool rebuilt;
    const char* reason;
  } kCases[] = {
      {"other_bytes",
       {.released = "WELCOME\n", .hook = same_backend},
       true,
       "0 of 1 artifacts are equal"},
      {"other_mode", {.hook = executable}, true, "0 of 1 artifacts are equal"},
      {"build_fails",
       {.command = "echo no such luck; exit 3", .hook = same_backend},
       false,
       "step build fails here: "},
      {"nothing_comes_out",
       {.command = "true", .hook = same_backend},
       false,
       "step build fails here: output missing"},
  };
  for (const auto& c : kCases) {
    ASSERT_TRUE(RemoveTree(Path("replay")));
    const KitExample example = Make(c.options);
    const ReplayReport report = Run();
    EXPECT_EQ(report.verdict, ReplayVerdictKind::kMismatch) << c.name << ": " << report.reason;
    EXPECT_EQ(report.exit, ExitCode::kReplayMismatch) << c.name;
    EXPECT_NE(report.reason.find(c.reason), std::string::npos) << c.name << ": " << report.reason;
    EXPECT_EQ(report.artifacts[0].rebuilt, c.rebuilt) << c.name;
    EXPECT_FALSE(report.artifacts[0].equal()) << c.name;
    EXPECT_EQ(VerdictOfReport(WriteReportJson(report), "regulator", 1)->statement.verdict,
              "MISMATCH");
  }
}

TEST_F(ReplayTest, AnotherRootBackendIsNoDifferenceOfTheRelease) {
  const struct {
    const char* name;
    std::optional<Fact> site_0;
    std::optional<Fact> others;
    ReplayVerdictKind verdict;
  } kCases[] = {
      {"all_mounted_an_image", "image", "image", ReplayVerdictKind::kInconclusive},
      {"one_did_as_here", "directory", "image", ReplayVerdictKind::kMismatch},
      {"nobody_says", {}, {}, ReplayVerdictKind::kMismatch},
      {"a_number", 7, 7, ReplayVerdictKind::kMismatch},
      {"a_number_and_as_here", std::int64_t{7}, "directory", ReplayVerdictKind::kMismatch},
      {"a_truth", true, false, ReplayVerdictKind::kMismatch},
      {"a_word_of_their_own", "xyz", "xyz", ReplayVerdictKind::kMismatch},
      {"one_says_nothing", {}, "image", ReplayVerdictKind::kMismatch},
  };
  for (const auto& c : kCases) {
    ASSERT_TRUE(RemoveTree(Path("replay")));
    Make({.released = "WELCOME\n", .hook = [&](LineDraft& draft) {
            auto* record = std::get_if<Record>(&draft.statement);
            if (record == nullptr) return;
            const std::optional<Fact>& backend = draft.party == "site-0" ? c.site_0 : c.others;
            record->sandbox.clear();
            if (backend) record->sandbox["root_backend"] = *backend;
          }});
    const ReplayReport report = Run();
    EXPECT_EQ(report.verdict, c.verdict) << c.name << ": " << report.reason;
    const bool inconclusive = c.verdict == ReplayVerdictKind::kInconclusive;
    EXPECT_EQ(report.exit,
              inconclusive ? ExitCode::kReplayInconclusive : ExitCode::kReplayMismatch);
    EXPECT_EQ(report.reason.find("another backend") != std::string::npos, inconclusive) << c.name;
  }
}

// ---- what keeps a replay from its end ---------------------------------------------------------

TEST_F(ReplayTest, EvidenceThatDoesNotHoldIsNotRebuilt) {
  EvidenceMaker stranger;
  const std::string strangers_root = stranger.RootBytes();
  const struct {
    const char* name;
    KitExampleOptions options;
    std::function<void()> bend;
    ExitCode exit;
  } kCases[] = {
      {"development_root_not_allowed",
       {},
       [&] { setup_.allow_development_root = false; },
       ExitCode::kJurisdiction},
      {"by_his_own_root_not_the_kits",
       {},
       [&] { setup_.root = strangers_root; },
       ExitCode::kBadSignature},
      {"no_root", {}, [&] { setup_.root = "{}"; }, ExitCode::kUsage},
      {"no_policy", {}, [&] { setup_.policy = "{}"; }, ExitCode::kUsage},
      {"stricter_policy",
       {},
       [&] {
         Policy policy = *ParsePolicy(setup_.policy, "policy");
         policy.sites = 4;
         setup_.policy = WritePolicy(policy);
       },
       ExitCode::kQuorum},
      {"release_by_the_coordinator",
       {.hook =
            [](LineDraft& draft) {
              if (!std::holds_alternative<Release>(draft.statement)) return;
              draft.party = "coordinator";
              draft.uri = "https://farm.example/coordinator";
            }},
       [] {},
       ExitCode::kBadSignature},
      {"not_logged",
       {.hook =
            [](LineDraft& draft) {
              if (std::holds_alternative<Release>(draft.statement)) draft.logged = false;
            }},
       [] {},
       ExitCode::kLogProof},
      {"line_missing",
       {},
       [&] {
         Bend([](std::vector<TarMember>& members) {
           std::string& lines = BytesOf(members, "evidence/release.sigstore.jsonl");
           lines.erase(lines.rfind('\n', lines.size() - 2) + 1);
         });
       },
       ExitCode::kApproval},
  };
  for (const auto& c : kCases) {
    ASSERT_TRUE(RemoveTree(Path("replay")));
    setup_.allow_development_root = true;
    Make(c.options);
    c.bend();
    said_.clear();
    const ReplayReport report = Run();
    EXPECT_EQ(report.verdict, ReplayVerdictKind::kInconclusive) << c.name;
    EXPECT_EQ(report.exit, c.exit) << c.name << ": " << report.reason;
    EXPECT_EQ(said_.find("assembling"), std::string::npos) << c.name;
    EXPECT_FALSE(FileExists(Path("replay/rebuilt"))) << c.name;
    EXPECT_TRUE(std::ranges::none_of(report.artifacts, &ReplayedArtifact::rebuilt)) << c.name;
  }
}

TEST_F(ReplayTest, AKitThatWasChangedIsNotRebuilt) {
  Make({});
  Bend([](std::vector<TarMember>& members) {
    for (TarMember& member : members) {
      if (member.name.starts_with("sources/")) member.bytes += "x";
    }
  });
  const ReplayReport report = Run();
  EXPECT_EQ(report.verdict, ReplayVerdictKind::kInconclusive);
  EXPECT_EQ(report.exit, ExitCode::kInputMissing) << report.reason;
  EXPECT_NE(report.reason.find("the kit has been changed"), std::string::npos) << report.reason;
  EXPECT_EQ(said_.find("judging"), std::string::npos);
}

TEST_F(ReplayTest, TheKitsManifestMustBeTheReleases) {
  // Evidence of one release, inputs of another one that would give the same artifact.
  const KitExample published = Make({});
  const std::string root = setup_.root;
  Make({.command = "tr a-z A-Z <a.txt >../shout.txt; true"});
  Bend([&](std::vector<TarMember>& members) {
    BytesOf(members, "evidence/release.sigstore.jsonl") = published.input.bundle_file;
  });
  setup_.root = root;
  const ReplayReport report = Run();
  EXPECT_EQ(report.verdict, ReplayVerdictKind::kInconclusive);
  EXPECT_EQ(report.exit, ExitCode::kInputMissing) << report.reason;
  EXPECT_EQ(report.reason, "manifest.json is another manifest than the release's");
}

TEST_F(ReplayTest, ATextOfTheKitThatWeWouldWriteOtherwiseIsALine) {
  Make({});
  Bend([](std::vector<TarMember>& members) {
    BytesOf(members, "replay.sh") = "#!/bin/sh\nrm -rf /\n";
    BytesOf(members, "artifacts.txt") = Sha256("evil").Hex() + "  shout.txt\n";
  });
  const ReplayReport report = Run();
  EXPECT_EQ(report.verdict, ReplayVerdictKind::kMatch) << report.reason;
  EXPECT_EQ(report.notes,
            (std::vector<std::string>{
                "replay.sh differs from what this version writes; it is not used here",
                "artifacts.txt differs from what this version writes; it is not used here"}));
}

TEST_F(ReplayTest, ARootThatComesOutDifferentlyIsInconclusive) {
  Make({});
  ASSERT_TRUE(MakeDirectories(Path("replay"), 0755));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("replay/image"), "other"));
  const ReplayReport report = Run();
  EXPECT_EQ(report.verdict, ReplayVerdictKind::kInconclusive);
  EXPECT_EQ(report.exit, ExitCode::kReplayInconclusive) << report.reason;
  EXPECT_NE(report.reason.find("image: the lock says"), std::string::npos) << report.reason;
  EXPECT_TRUE(report.judgement.proved());
}

TEST_F(ReplayTest, AMachineThatCannotTryIsInconclusive) {
  Make({});
  ASSERT_EQ(Run().verdict, ReplayVerdictKind::kMatch);
  // The root is there; what the builds need is not.
  setup_.launcher = "/bin/false";
  const ReplayReport no_build = Replay(setup_, clock_, [](std::string_view) {});
  EXPECT_EQ(no_build.verdict, ReplayVerdictKind::kInconclusive);
  EXPECT_EQ(no_build.exit, ExitCode::kReplayInconclusive) << no_build.reason;
  ASSERT_TRUE(RemoveTree(Path("replay/toolchain")));
  const ReplayReport no_root = Replay(setup_, clock_, [](std::string_view) {});
  EXPECT_EQ(no_root.verdict, ReplayVerdictKind::kInconclusive);
  EXPECT_EQ(no_root.exit, ExitCode::kReplayInconclusive) << no_root.reason;
}

TEST_F(ReplayTest, ASourceThatUnpacksToAnotherTreeIsAnInputThatIsWrong) {
  // Approved is one tree; the tar of the manifest holds another.
  const KitExample example = Make({});
  Manifest manifest = example.manifest;
  manifest.sources[0].tree = std::string(64, 'a');
  EvidenceOptions options = example.options;
  options.manifest = CanonicalManifest(manifest);
  EvidenceMaker maker(options);
  Bend([&](std::vector<TarMember>& members) {
    BytesOf(members, "manifest.json") = options.manifest;
    BytesOf(members, "evidence/release.sigstore.jsonl") = maker.Make().FileText();
  });
  setup_.root = maker.RootBytes();
  const ReplayReport report = Run();
  EXPECT_EQ(report.verdict, ReplayVerdictKind::kInconclusive);
  EXPECT_EQ(report.exit, ExitCode::kInputMissing) << report.reason;
  EXPECT_NE(report.reason.find(manifest.sources[0].tree), std::string::npos) << report.reason;
}

TEST_F(ReplayTest, AReportCanBeWrittenWhateverTheKitIsCalled) {
  Make({});
  file_name_ = "caf\xe9.farmkit";
  kit_ = "no kit";
  const ReplayReport report = Run();
  EXPECT_EQ(report.exit, ExitCode::kUsage);
  EXPECT_NE(WriteReportJson(report).find("caf\\\\xe9.farmkit"), std::string::npos);
  EXPECT_NE(WriteReportHtml(report).find("caf\\xe9.farmkit"), std::string::npos);
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run" && argc == 4) return farm::FakeLauncherMain(argc, argv);
  if (command == "run" || command == "remove") return farm::FakeAssemblerMain(argc, argv);
  if (command == "identify-tree") return farm::IdentifyTreeMain(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
