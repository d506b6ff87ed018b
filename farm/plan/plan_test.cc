#include "farm/plan/plan.h"

#include <gtest/gtest.h>

#include <set>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"

namespace farm {
namespace {

// The block ```<kind> of a document, without its last line break.
std::string Block(const std::string& document, const std::string& kind) {
  const auto text = ReadFile(document, 1 << 20);
  EXPECT_TRUE(text) << document;
  const std::string head = "```" + kind + "\n";
  const std::size_t begin = text->find(head);
  EXPECT_NE(begin, std::string::npos) << kind;
  const std::size_t end = text->find("\n```", begin);
  return text->substr(begin + head.size(), end - begin - head.size());
}

Manifest Example() {
  auto manifest = ParseManifestText(Block("manifests/FORMAT.md", "textproto"), "example");
  EXPECT_TRUE(manifest) << manifest.error().message;
  return *manifest;
}

Plan PlanOf(const Manifest& manifest) {
  auto plan = MakePlan(manifest, ManifestDigest(manifest), manifest.lock);
  EXPECT_TRUE(plan) << plan.error().message;
  return *plan;
}

const std::map<std::string, std::vector<OutputFile>> kCompiled = {
    {"compile", {{"greet.o", Sha256("abc"), 3, "0644"}}}};

TEST(Plan, TheExampleOfFormatHasThePlanAndDigestsItSays) {
  const Plan plan = PlanOf(Example());
  const auto json = ParseJson(Block("farm/plan/FORMAT.md", "plan"), "FORMAT.md");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(CanonicalPlan(plan), WriteCanonicalJson(*json));
  EXPECT_EQ(PlanDigest(plan).Text(), Block("farm/plan/FORMAT.md", "plan-digest"));
  const auto link = FillInputs(plan.actions[1], kCompiled);
  ASSERT_TRUE(link) << link.error().message;
  EXPECT_EQ(ActionDigest(*link).Text(), Block("farm/plan/FORMAT.md", "action-digest"));
}

TEST(Plan, IsAFunctionOfTheManifest) {
  Manifest manifest = Example();
  const Digest before = PlanDigest(PlanOf(manifest));
  EXPECT_EQ(PlanDigest(PlanOf(Example())), before);
  manifest.steps[0].argv[1] = "-O3";
  EXPECT_NE(PlanDigest(PlanOf(manifest)), before);
}

TEST(Plan, RefusesAnotherLock) {
  const Manifest manifest = Example();
  const auto plan = MakePlan(manifest, ManifestDigest(manifest), Sha256("another lock"));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(plan.error().message.find(manifest.lock.Text()), std::string::npos);
}

TEST(Plan, AStepMayChangeItsEnvironmentButNotTheReleasesTime) {
  Manifest manifest = Example();
  manifest.steps[0].environment = {{"LC_ALL", "C"}, {"SOURCE_DATE_EPOCH", "1"}};
  const auto environment = PlanOf(manifest).actions[0].environment;
  EXPECT_EQ(environment.at("LC_ALL"), "C");
  EXPECT_EQ(environment.at("SOURCE_DATE_EPOCH"), "1700000000");
  EXPECT_EQ(environment.at("TZ"), "UTC");
  EXPECT_EQ(environment.at("HOME"), "/nonexistent");
}

TEST(Plan, AStepsLevelAndLoopbackArePartOfItsAction) {
  Manifest manifest = Example();
  const Digest before = ActionDigest(*FillInputs(PlanOf(manifest).actions[1], kCompiled));
  const auto digest = [&] {
    return ActionDigest(*FillInputs(PlanOf(manifest).actions[1], kCompiled));
  };
  manifest.steps[1].loopback = true;
  const Digest with_loopback = digest();
  manifest.steps[1].determinism = "fixed";
  const Digest fixed = digest();
  manifest.steps[1].determinism = "full";
  EXPECT_EQ(std::set<Digest>({before, with_loopback, fixed, digest()}).size(), 4u);
}

TEST(Plan, ADebianSourceIsUnpackedByDpkgSource) {
  Manifest manifest = Example();
  ManifestSource& source = manifest.sources[0];
  source.origin = DebianOrigin{"dropbear", "2022.83-1+deb12u3"};
  source.files = {{"dropbear_2022.83-1+deb12u3.dsc", Sha256("a"), 1},
                  {"dropbear_2022.83.orig.tar.bz2", Sha256("b"), 2}};
  manifest.steps[0].inputs[0].at = "reproducible-path/dropbear-2022.83";
  manifest.steps[0].directory = "reproducible-path/dropbear-2022.83";
  ASSERT_TRUE(LintManifest(manifest)) << LintManifest(manifest).error().message;
  const Action action = PlanOf(manifest).actions[0];
  ASSERT_EQ(action.prepare.size(), 4u);
  EXPECT_EQ(action.prepare[3],
            "mkdir -p '/build/reproducible-path'\n"
            "dpkg-source --no-check --no-copy -x "
            "'/build/inputs/greeting/dropbear_2022.83-1+deb12u3.dsc' "
            "'/build/reproducible-path/dropbear-2022.83'\n");
  ASSERT_EQ(action.inputs.size(), 2u);
  EXPECT_EQ(action.inputs[1].at, "inputs/greeting/dropbear_2022.83.orig.tar.bz2");
  EXPECT_EQ(ExpectedTreesText(action.trees),
            "reproducible-path/dropbear-2022.83 " + source.tree + "\n");
}

TEST(Plan, AnArchiveLosesItsFirstDirectory) {
  Manifest manifest = Example();
  manifest.sources[0].origin = ArchiveOrigin{"u"};
  EXPECT_EQ(PlanOf(manifest).actions[0].prepare[3],
            "mkdir -p '/build/src'\n"
            "tar --no-same-owner --no-same-permissions -xf '/build/inputs/greeting/greeting.tar' "
            "--strip-components=1 -C '/build/src'\n");
}

TEST(Plan, ASourceInTwoPlacesIsBroughtOnceAndUnpackedTwice) {
  Manifest manifest = Example();
  manifest.steps[0].inputs.push_back({"again", "greeting", "", ""});
  const Action action = PlanOf(manifest).actions[0];
  EXPECT_EQ(action.inputs.size(), 1u);
  ASSERT_EQ(action.trees.size(), 2u);
  EXPECT_EQ(action.trees[0].at, "again");
}

TEST(Plan, AStepWithoutSourcesHasNothingToPrepare) {
  const Action link = PlanOf(Example()).actions[1];
  EXPECT_TRUE(link.prepare.empty());
  EXPECT_TRUE(link.trees.empty());
  ASSERT_EQ(link.inputs.size(), 1u);
  EXPECT_TRUE(link.inputs[0].symbolic());
}

TEST(Plan, InputsAreFilledFromEarlierStepsOnly) {
  const Action link = PlanOf(Example()).actions[1];
  const auto filled = FillInputs(link, kCompiled);
  ASSERT_TRUE(filled);
  EXPECT_EQ(filled->inputs[0].digest, Sha256("abc"));
  EXPECT_EQ(filled->inputs[0].size, 3u);
  EXPECT_EQ(filled->inputs[0].at, "objects/greet.o");
  const auto none = FillInputs(link, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(FillInputs(link, {{"compile", {{"other.o", Sha256("abc"), 3, "0644"}}}}));
}

}  // namespace
}  // namespace farm
