#include "farm/replay/actions.h"

#include "farm/base/bytes.h"

namespace farm {
namespace {

std::string Quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + QuoteForBash(word);
  return text;
}

std::string WriteAction(const Action& action) {
  std::string text = "step " + QuoteForBash(action.step) + "\n";
  text += "epoch " + std::to_string(action.input_time) + "\n";
  for (const ActionInput& input : action.inputs) {
    text += input.symbolic() ? "from" + Quoted({input.at, input.step, input.path})
                             : "input" + Quoted({input.at, input.digest.Hex()});
    text += "\n";
  }
  for (const auto& [name, value] : action.environment) {
    text += "variable " + QuoteForBash(name + "=" + value) + "\n";
  }
  if (!action.prepare.empty()) text += "prepare" + Quoted(action.prepare) + "\n";
  text += "directory " + QuoteForBash(action.directory) + "\n";
  text += "run" + Quoted(action.argv) + "\n";
  for (const std::string& output : action.outputs) text += "output " + QuoteForBash(output) + "\n";
  return text + "end\n";
}

}  // namespace

std::string QuoteForBash(std::string_view word) {
  bool control = false;
  for (const char c : word) control = control || static_cast<unsigned char>(c) < 0x20;
  std::string quoted = control ? "$'" : "'";
  for (const char c : word) {
    if (control && static_cast<unsigned char>(c) < 0x20) {
      quoted += "\\x" + HexEncode(std::string_view(&c, 1));
    } else if (control && (c == '\\' || c == '\'')) {
      quoted += '\\';
      quoted += c;
    } else if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string WriteActions(const Plan& plan) {
  std::string text;
  for (const Action& action : plan.actions) text += WriteAction(action);
  for (const ManifestArtifact& artifact : plan.artifacts) {
    text += "artifact" + Quoted({artifact.step, artifact.path, artifact.name}) + "\n";
  }
  return text;
}

}  // namespace farm
