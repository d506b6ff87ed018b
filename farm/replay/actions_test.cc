#include "farm/replay/actions.h"

#include <gtest/gtest.h>

#include "farm/base/process.h"

namespace farm {
namespace {

// replay.sh decodes with printf %b.
std::string Decoded(const std::string& encoded) {
  ProcessSpec spec;
  spec.argv = {
      "/bin/bash", "-c",
      "[ \"$0\" != % ] || exit 0; printf -v word %b \"${0//%/\\\\x}\"; printf %s \"$word\"",
      encoded};
  return RunProcess(spec).value().output;
}

TEST(EncodeActionWord, IsOneWordThatBashDecodes) {
  for (const std::string word :
       {"plain", "", "%", "two words", "it's", "$HOME `id` $(id) \\ \"", "line\nbreak",
        "tab\tand 'quote'\n", "back\\slash\nnew", "*?[a]", "\x01\x1f", "\xc3\xa9"}) {
    const std::string encoded = EncodeActionWord(word);
    EXPECT_EQ(Decoded(encoded), word) << encoded;
    EXPECT_EQ(encoded.find_first_of(" \n\t$`'\"*\\"), std::string::npos) << encoded;
    EXPECT_FALSE(encoded.empty());
  }
}

TEST(WriteActions, GivesOneLineAFact) {
  Plan plan;
  Action action;
  action.step = "build";
  action.argv = {"cc", "-o", "a b"};
  action.environment = {{"NAME", "value"}};
  action.prepare = {"/bin/sh", "-c", "true\ntrue"};
  action.inputs = {ActionInput{
      .at = "x", .digest = {}, .size = 0, .mode = "0644", .step = "first", .path = "y"}};
  action.outputs = {"out"};
  action.input_time = 7;
  plan.actions = {action};
  plan.artifacts = {ManifestArtifact{"out", "build", "out"}};
  EXPECT_EQ(WriteActions(plan),
            "step build\nepoch 7\nfrom x first y\nvariable NAME=value\n"
            "prepare /bin/sh -c true%0atrue\ndirectory %\nrun cc -o a%20b\n"
            "output out\nend\nartifact build out out\n");
}

}  // namespace
}  // namespace farm
