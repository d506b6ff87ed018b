#include "farm/replay/actions.h"

#include <gtest/gtest.h>

#include "farm/base/process.h"

namespace farm {
namespace {

// What bash makes of a quoted word.
std::string Unquoted(const std::string& quoted) {
  ProcessSpec spec;
  spec.argv = {"/bin/bash", "-c", "eval \"set -- $0\"; printf %s \"$1\"", quoted};
  return RunProcess(spec).value().output;
}

TEST(QuoteForBash, BashReadsExactlyTheWord) {
  for (const std::string word :
       {"plain", "", "two words", "it's", "$HOME `id` $(id) \\ \"", "line\nbreak", "tab\tand 'quote'\n",
        "back\\slash\nnew", "*?[a]", "\x01\x1f"}) {
    EXPECT_EQ(Unquoted(QuoteForBash(word)), word) << QuoteForBash(word);
    EXPECT_EQ(QuoteForBash(word).find('\n'), std::string::npos);
  }
}

TEST(WriteActions, GivesOneLineAFact) {
  Plan plan;
  Action action;
  action.step = "build";
  action.argv = {"cc", "-o", "a b"};
  action.environment = {{"NAME", "value"}};
  action.prepare = {"/bin/sh", "-c", "true\ntrue"};
  action.inputs = {ActionInput{.at = "x", .digest = {}, .size = 0, .mode = "0644", .step = "first", .path = "y"}};
  action.outputs = {"out"};
  action.input_time = 7;
  plan.actions = {action};
  plan.artifacts = {ManifestArtifact{"out", "build", "out"}};
  EXPECT_EQ(WriteActions(plan),
            "step 'build'\nepoch 7\nfrom 'x' 'first' 'y'\nvariable 'NAME=value'\n"
            "prepare '/bin/sh' '-c' $'true\\x0atrue'\ndirectory ''\nrun 'cc' '-o' 'a b'\n"
            "output 'out'\nend\nartifact 'build' 'out' 'out'\n");
}

}  // namespace
}  // namespace farm
