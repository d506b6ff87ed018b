#include "farm/replay/actions.h"

#include "farm/base/bytes.h"

namespace farm {
namespace {

std::string Encoded(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + EncodeActionWord(word);
  return text;
}

std::string WriteAction(const Action& action) {
  std::string text = "step " + EncodeActionWord(action.step) + "\n";
  text += "epoch " + std::to_string(action.input_time) + "\n";
  for (const ActionInput& input : action.inputs) {
    text += input.symbolic() ? "from" + Encoded({input.at, input.step, input.path})
                             : "input" + Encoded({input.at, input.digest.Hex()});
    text += "\n";
  }
  for (const auto& [name, value] : action.environment) {
    text += "variable " + EncodeActionWord(name + "=" + value) + "\n";
  }
  if (!action.prepare.empty()) text += "prepare" + Encoded(action.prepare) + "\n";
  text += "directory " + EncodeActionWord(action.directory) + "\n";
  text += "run" + Encoded(action.argv) + "\n";
  for (const std::string& output : action.outputs)
    text += "output " + EncodeActionWord(output) + "\n";
  return text + "end\n";
}

}  // namespace

std::string EncodeActionWord(std::string_view word) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/=+:,@~-";
  if (word.empty()) return "%";
  std::string encoded;
  for (const char c : word) {
    const bool plain = kPlain.find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : "%" + HexEncode(std::string_view(&c, 1));
  }
  return encoded;
}

std::string WriteActions(const Plan& plan) {
  std::string text;
  for (const Action& action : plan.actions) text += WriteAction(action);
  for (const ManifestArtifact& artifact : plan.artifacts) {
    text += "artifact" + Encoded({artifact.step, artifact.path, artifact.name}) + "\n";
  }
  return text;
}

}  // namespace farm
