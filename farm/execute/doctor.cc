#include "farm/execute/doctor.h"

#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/process.h"
#include "farm/execute/launcher.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kFindingTextMax = 1000;  // of a line for people; the longest has 400
constexpr int kNotUsable = 30;                 // the doctor's exit code

Result<DoctorFinding> ParseFinding(const Json& json) {
  JsonFields fields(json, "farm-sandbox-doctor.findings");
  DoctorFinding finding;
  finding.name = fields.String("name");
  finding.needed = fields.Boolean("needed");
  finding.present = fields.Boolean("present");
  finding.detail = fields.String("detail");
  finding.remedy = fields.String("remedy");
  if (finding.name.empty()) fields.Fail("name", "empty");
  if (finding.remedy.empty() != finding.present) {
    fields.Fail("remedy", "want one for what is not present, and only for that");
  }
  RETURN_IF_ERROR(fields.Finish());
  return finding;
}

Result<DoctorAnswer> ParseAnswer(std::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(text, "farm-sandbox-doctor", kDoctorBytesMax));
  JsonFields fields(json, "farm-sandbox-doctor");
  fields.Format("farm-sandbox-doctor/1");
  DoctorAnswer answer;
  answer.usable = fields.Boolean("usable");
  const Json& findings = fields.Array("findings", kDoctorFindingsMax);
  if (findings.empty()) fields.Fail("findings", "empty");
  RETURN_IF_ERROR(fields.Finish());
  bool lacks_nothing = true;
  for (const Json& json_of_one : findings) {
    ASSIGN_OR_RETURN(DoctorFinding finding, ParseFinding(json_of_one));
    lacks_nothing = lacks_nothing && (finding.present || !finding.needed);
    answer.findings.push_back(std::move(finding));
  }
  if (answer.usable != lacks_nothing) {
    return Error{ErrorCode::kInvalidInput, fields.Where("usable") + ": contradicts the findings"};
  }
  return answer;
}

std::string LineOf(const DoctorFinding& finding) {
  return Printable(finding.name + (finding.needed ? " (needed): " : " (optional): ") +
                       finding.detail + "; remedy: " + finding.remedy,
                   kFindingTextMax);
}

Result<DoctorAnswer> AskDoctor(const SandboxSetup& setup, std::chrono::seconds timeout) {
  ProcessSpec spec = LauncherProcess(setup, {"doctor", "--json"});
  spec.timeout = timeout;
  const auto process = RunProcess(spec);
  if (!process) {
    return Error{ErrorCode::kUnavailable, "cannot be started: " + process.error().message};
  }
  if (process->timed_out) {
    return Error{ErrorCode::kUnavailable, "no answer in " + std::to_string(timeout.count()) + " s"};
  }
  if (process->exit_code != 0 && process->exit_code != kNotUsable) {
    return Error{ErrorCode::kInternal, LauncherFailure(*process)};
  }
  ASSIGN_OR_RETURN(DoctorAnswer answer, ParseDoctorAnswer(process->output));
  if (answer.usable != process->ok()) {
    return Error{ErrorCode::kInternal,
                 "exit code " + std::to_string(process->exit_code) + " contradicts the findings"};
  }
  return answer;
}

}  // namespace

Result<DoctorAnswer> ParseDoctorAnswer(std::string_view text) {
  auto answer = ParseAnswer(text);
  if (!answer) return Error{ErrorCode::kInternal, answer.error().message};
  return answer;
}

Status CheckMachine(const SandboxSetup& setup, const std::function<void(const std::string&)>& warn,
                    std::chrono::seconds timeout) {
  const std::string command = setup.launcher + " doctor --json";
  const auto answer = AskDoctor(setup, timeout);
  if (!answer) return Wrap(command, answer.error());
  std::string missing;
  for (DoctorFinding finding : answer->findings) {
    if (finding.present) continue;
    finding.needed = finding.needed || (finding.name == "cgroup" && setup.require_kernel_limits);
    const std::string line = LineOf(finding);
    warn("this machine lacks " + line);
    if (finding.needed) missing += "\n" + line;
  }
  if (missing.empty()) return {};
  return Error{ErrorCode::kUnavailable, command + ": no build can run on this machine:" + missing};
}

}  // namespace farm
