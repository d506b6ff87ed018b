#include "farm/toolchain/assembly_run.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::uint64_t kDiskBytes = 32ull << 30;  // of one file; the largest root seen has 1.5 GB
constexpr std::chrono::seconds kAssemblyTimeout{7200};  // 300 packages on a busy machine: 300 s

// Words of the launcher that say whose ids the sandbox gets.
void AddIdentity(const AssemblySandbox& sandbox, ProcessSpec& spec) {
  if (sandbox.monitor_fd >= 0) {
    spec.argv.insert(spec.argv.end(), {"--monitor-fd", std::to_string(sandbox.monitor_fd)});
    spec.inherited_descriptors.push_back(sandbox.monitor_fd);
  } else if (sandbox.subid_count > 0) {
    spec.argv.insert(spec.argv.end(), {"--subids", std::to_string(sandbox.subid_base) + ":" +
                                                       std::to_string(sandbox.subid_count)});
  }
  spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
}

// The last lines of what the assembler's programs said.
std::string LastWords(const std::string& log) {
  std::vector<std::string> lines = Split(log, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  const std::size_t first = lines.size() > 5 ? lines.size() - 5 : 0;
  return Printable(Join({lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end()}, " | "),
                   800);
}

std::string TextOf(const Json& value, const char* name) {
  const auto found = value.find(name);
  return found != value.end() && found->is_string() ? found->get<std::string>() : "";
}

// What the launcher's one line of JSON says; success if the assembler ended with 0.
Status JudgeRun(const ProcessResult& process) {
  if (process.cancelled) {
    return Error{ErrorCode::kUnavailable, "cancelled", ExitCode::kCancelled};
  }
  if (process.ok()) return {};
  const std::string words = LastWords(process.error_output);
  const auto result = ParseForeignJson(process.output, "result of farm-sandbox", 1 << 20);
  if (!result || !result->is_object()) {
    return Error{ErrorCode::kUnavailable,
                 process.timed_out ? "took more than two hours" : "farm-sandbox: " + words};
  }
  const std::string ended = TextOf(*result, "ended");
  if (ended != "exited") {
    return Error{ErrorCode::kUnavailable, "sandbox: " + ended + " " + TextOf(*result, "limit") +
                                              TextOf(*result, "message") + " " + words};
  }
  const auto code = result->find("exit_code");
  if (code != result->end() && code->is_number_integer() && code->get<int>() == 22) {
    return Error{ErrorCode::kMismatch, words, ExitCode::kInputMissing};
  }
  return Error{ErrorCode::kUnavailable, words};
}

}  // namespace

Status RunInAssembly(const AssemblyRun& run, const AssemblySandbox& sandbox,
                     const Progress& progress) {
  ProcessSpec spec;
  spec.argv = {sandbox.launcher, "run"};
  AddIdentity(sandbox, spec);
  const auto add = [&spec](const std::vector<std::string>& words) {
    spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  };
  add({"--profile", "assembly", "--uid", "0", "--gid", "0", "--result-fd", "1", "--log-fd", "2"});
  add({"--disk-bytes", std::to_string(kDiskBytes)});
  add({"--wall-seconds", std::to_string(kAssemblyTimeout.count())});
  add({"--work", run.work, "--bind-ro", run.view, run.view_at, "--"});
  add(run.command);
  spec.timeout = kAssemblyTimeout + std::chrono::seconds(60);
  spec.cancelled = sandbox.cancelled;
  if (progress) {
    spec.on_error_output = [&progress, rest = std::string()](std::string_view piece) mutable {
      rest += piece;
      for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
        progress(std::string_view(rest).substr(0, end));
      }
    };
  }
  ASSIGN_OR_RETURN(const ProcessResult process, sandbox.run(spec));
  return JudgeRun(process);
}

Status RemoveInAssembly(const std::string& path, const AssemblySandbox& sandbox) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) return {};
  ProcessSpec spec;
  spec.argv = {sandbox.launcher, "remove"};
  AddIdentity(sandbox, spec);
  spec.argv.push_back(path);
  ASSIGN_OR_RETURN(const ProcessResult process, sandbox.run(spec));
  if (process.ok()) return {};
  return Error{ErrorCode::kUnavailable, "removing " + path + ": " + LastWords(process.error_output),
               ExitCode::kUnavailable};
}

}  // namespace farm
