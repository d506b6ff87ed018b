#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/execute/execute.h"
#include "farm/execute/isolation.h"

namespace farm {
namespace {

ActionTrace TraceOf(const Action& action, const ActionResult& result) {
  ActionTrace trace;
  trace.step = action.step;
  trace.action = ActionDigest(action);
  trace.exit_code = result.end == ActionEnd::kSucceeded ? 0
                    : result.signal != 0                ? 128 + result.signal
                                                        : result.exit_code;
  for (const OutputFile& output : result.outputs) {
    trace.outputs.push_back({output.path, output.digest, output.size, output.mode});
  }
  trace.milliseconds = result.milliseconds;
  return trace;
}

// What the launcher said, and the level of determinism if any action of the plan has one.
Facts FactsOf(const Plan& plan, const Action& action, const ActionResult& result) {
  Facts facts = result.sandbox;
  const bool has_levels = std::any_of(plan.actions.begin(), plan.actions.end(),
                                      [](const Action& any) { return any.determinism != "off"; });
  if (has_levels) facts.emplace("determinism", action.determinism);
  return facts;
}

Result<std::vector<Artifact>> ArtifactsOf(
    const Plan& plan, const std::map<std::string, std::vector<OutputFile>>& outputs) {
  std::vector<Artifact> artifacts;
  for (const ManifestArtifact& wanted : plan.artifacts) {
    const auto step = outputs.find(wanted.step);
    CHECK(step != outputs.end());
    const auto found =
        std::find_if(step->second.begin(), step->second.end(),
                     [&](const OutputFile& output) { return output.path == wanted.path; });
    if (found == step->second.end()) {
      return Error{ErrorCode::kInternal, "step " + wanted.step + " has not given " + wanted.path};
    }
    artifacts.push_back({wanted.name, found->digest, found->size, found->mode});
  }
  std::sort(artifacts.begin(), artifacts.end());
  return artifacts;
}

}  // namespace

Result<BuildOutcome> RunPlan(const Plan& plan, Executor& executor, const ExecuteContext& context,
                             EventSink& events) {
  BuildOutcome outcome;
  std::map<std::string, std::vector<OutputFile>> outputs;
  for (std::size_t i = 0; i < plan.actions.size(); ++i) {
    if (context.cancelled && context.cancelled()) {
      return Error{ErrorCode::kUnavailable, "cancelled", ExitCode::kCancelled};
    }
    ASSIGN_OR_RETURN(const Action action, FillInputs(plan.actions[i], outputs));
    events.ActionStarted(action, i + 1, plan.actions.size());
    ASSIGN_OR_RETURN(const ActionResult result, executor.Execute(action, context, events));
    events.ActionEnded(action, result);
    outcome.trace.push_back(TraceOf(action, result));
    for (const ExpectedTree& tree : result.trees) outcome.trees.insert(tree.tree);
    RETURN_IF_ERROR(AddFacts(action.step, FactsOf(plan, action, result), outcome.sandbox));
    outcome.limits_observed = outcome.limits_observed || result.limits_observed;
    if (result.end != ActionEnd::kSucceeded) {
      outcome.failed_step = action.step;
      outcome.failed_end = result.end;
      // The log is the build's own words: it may begin in the middle of a character, or paint.
      outcome.reason = PrintableLines(
          result.reason + (result.log_tail.empty() ? "" : "\n...\n" + result.log_tail),
          kLogTailBytes);
      return outcome;
    }
    outputs[action.step] = result.outputs;
  }
  ASSIGN_OR_RETURN(outcome.artifacts, ArtifactsOf(plan, outputs));
  outcome.result = BuildResult::kSucceeded;
  return outcome;
}

}  // namespace farm
