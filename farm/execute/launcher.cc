#include "farm/execute/launcher.h"

#include "farm/base/bytes.h"
#include "farm/evidence/facts_json.h"
#include "farm/manifest/manifest.h"

namespace farm {
namespace {

constexpr std::size_t kResultBytesMax = 4 << 20;  // 1024 outputs with paths of 1 kB, and the rest
constexpr std::size_t kCollectedMax = 100'000;    // directories among the outputs count too

void Append(std::vector<std::string>& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

void AppendLimits(const StepLimits& limits, std::vector<std::string>& words) {
  const std::pair<const char*, std::int64_t> kLimits[] = {
      {"--wall-seconds", limits.wall_seconds},
      {"--cpu-seconds", limits.cpu_seconds},
      {"--memory-bytes", limits.memory_bytes},
      {"--pids", limits.processes},
      {"--disk-bytes", limits.disk_bytes},
      {"--disk-inodes", limits.disk_inodes},
      {"--log-bytes", limits.log_bytes},
      {"--output-bytes", limits.output_bytes},
      {"--silence-seconds", limits.silence_seconds},
  };
  for (const auto& [option, value] : kLimits) Append(words, {option, std::to_string(value)});
}

void AppendPlace(const SandboxSetup& setup, std::vector<std::string>& words) {
  if (!setup.root_image.empty()) {
    Append(words, {"--root-image", setup.root_image});
  } else {
    Append(words, {"--root-dir", setup.root_directory});
  }
  if (setup.monitor_fd >= 0) Append(words, {"--monitor-fd", std::to_string(setup.monitor_fd)});
  if (setup.subid_count > 0) {
    Append(words, {"--subids",
                   std::to_string(setup.subid_base) + ":" + std::to_string(setup.subid_count)});
  }
  if (setup.require_kernel_limits) words.push_back("--require-kernel-limits");
}

void AppendPrepareAndCheck(const LauncherRequest& request, std::vector<std::string>& words) {
  const Action& action = request.action;
  for (const std::string& word : action.prepare) Append(words, {"--prepare-word", word});
  if (action.trees.empty()) return;
  std::vector<std::string> check = {request.setup.check_program, "identify-tree"};
  if (!request.expect) check.push_back("--sha1");
  for (const ExpectedTree& tree : action.trees) check.push_back(tree.at);
  for (const std::string& word : check) Append(words, {"--check-word", word});
  Append(words, {"--check-dir", "/build"});
  if (request.expect) Append(words, {"--check-expect", ExpectedTreesText(action.trees)});
}

}  // namespace

ProcessSpec LauncherProcess(const SandboxSetup& setup, const std::vector<std::string>& words) {
  ProcessSpec spec;
  spec.argv = {setup.launcher};
  spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
  if (setup.monitor_fd >= 0) {
    spec.environment.push_back(kMonitorVariable + ("=" + std::to_string(setup.monitor_fd)));
    spec.inherited_descriptors = {setup.monitor_fd};
  }
  return spec;
}

std::string LauncherFailure(const ProcessResult& process) {
  std::string text = Printable(process.error_output, kErrorTextMax);
  if (!text.empty()) return text;
  if (process.signal != 0) return "ended by signal " + std::to_string(process.signal);
  return "exit code " + std::to_string(process.exit_code) + ", no result and no message";
}

std::vector<std::string> LauncherWords(const LauncherRequest& request) {
  const Action& action = request.action;
  std::vector<std::string> words;
  AppendPlace(request.setup, words);
  for (const ActionInput& input : action.inputs) {
    Append(words, {"--input", request.blobs.PathOf(input.digest), "/build/" + input.at, input.mode,
                   std::to_string(action.input_time)});
  }
  for (const auto& [name, value] : action.environment) {
    Append(words, {"--env", name + "=" + value});
  }
  Append(words, {"--cwd", action.directory.empty() ? "/build" : "/build/" + action.directory});
  if (action.loopback) words.push_back("--loopback");
  if (action.determinism != "off") Append(words, {"--determinism", action.determinism});
  // The clock shown is the source's date.
  if (action.determinism == "full") Append(words, {"--clock", std::to_string(action.input_time)});
  AppendPrepareAndCheck(request, words);
  if (!request.output_directory.empty()) {
    for (const std::string& output : action.outputs)
      Append(words, {"--output", "/build/" + output});
    Append(words, {"--output-dir", request.output_directory});
  }
  AppendLimits(action.limits, words);
  Append(words, {"--log-fd", "1", "--result-fd", std::to_string(request.result_fd), "--"});
  words.insert(words.end(), action.argv.begin(), action.argv.end());
  return words;
}

Result<LauncherResult> ParseLauncherResult(std::string_view line) {
  auto json = ParseJson(line, "farm-sandbox-result", kResultBytesMax);
  if (!json) return Error{ErrorCode::kInternal, json.error().message};
  LauncherResult result;
  JsonFields fields(*json, "farm-sandbox-result");
  fields.Format("farm-sandbox-result/1");
  result.ended = fields.String("ended");
  result.stage = fields.String("stage");
  result.exit_code = static_cast<int>(fields.Integer("exit_code", -1, 255));
  result.signal = static_cast<int>(fields.Integer("signal", 0, 128));
  result.limit = fields.String("limit");
  result.message = fields.String("message");
  result.check_output = fields.String("check_output");
  const Json& usage = fields.Object("usage");
  const Json& limits = fields.Object("limits");
  const Json& isolation = fields.Object("isolation");
  const Json& outputs = fields.Array("outputs", kCollectedMax);
  if (auto status = fields.Finish(); !status) {
    return Error{ErrorCode::kInternal, status.error().message};
  }
  // Evidence for the record's reader: taken as it comes, names of ours or not.
  for (const Json* group : {&isolation, &usage}) {
    for (const auto& [name, value] : group->items()) {
      const auto fact = FactFromJson(value);
      if (fact && !std::holds_alternative<bool>(*fact)) result.facts[name] = *fact;
    }
  }
  for (const char* name : {"enforcement", "disk_enforcement"}) {
    if (limits.contains(name) && limits[name].is_string()) {
      result.facts[name == std::string_view("enforcement") ? "limits" : "disk_limits"] =
          limits[name].get<std::string>();
    }
  }
  result.limits_are_kernel_enforced = WordOf(result.facts, "limits") == "kernel";
  const auto wall = result.facts.find("wall_milliseconds");
  if (wall != result.facts.end() && std::holds_alternative<std::int64_t>(wall->second)) {
    result.milliseconds = std::get<std::int64_t>(wall->second);
  }
  for (const Json& output : outputs) {
    JsonFields one(output, "farm-sandbox-result.outputs");
    CollectedOutput collected;
    collected.path = one.String("path");
    collected.type = one.String("type");
    const std::string mode = one.String("mode");
    one.Ignore("size");
    // "0755": the owner's digit is odd if he may execute.
    if (mode.size() != 4 || mode[1] < '0' || mode[1] > '7') one.Fail("mode", "want four digits");
    if (auto status = one.Finish(); !status) {
      return Error{ErrorCode::kInternal, status.error().message};
    }
    collected.executable = (mode[1] - '0') % 2 == 1;
    result.outputs.push_back(std::move(collected));
  }
  return result;
}

}  // namespace farm
