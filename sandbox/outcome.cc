#include "sandbox/outcome.h"

#include <cstdio>

#include "sandbox/text.h"

namespace sandbox {
namespace {

const char* Name(Ended ended) {
  switch (ended) {
    case Ended::kExited:
      return "exited";
    case Ended::kSignaled:
      return "signaled";
    case Ended::kLimit:
      return "limit";
    case Ended::kCheckRefused:
      return "check_refused";
    case Ended::kOutputMissing:
      return "output_missing";
    case Ended::kOutputRefused:
      return "output_refused";
    case Ended::kCancelled:
      return "cancelled";
    case Ended::kError:
      break;
  }
  return "error";
}

const char* Name(Stage stage) {
  switch (stage) {
    case Stage::kPrepare:
      return "prepare";
    case Stage::kCheck:
      return "check";
    case Stage::kMain:
      return "main";
    case Stage::kCollect:
      return "collect";
    case Stage::kSetup:
      break;
  }
  return "setup";
}

// Writes one object, field by field.
class Object {
 public:
  Object& Raw(const char* name, const std::string& value) {
    text_ += text_.size() == 1 ? "" : ",";
    text_ += JsonString(name) + ":" + value;
    return *this;
  }
  Object& Text(const char* name, const std::string& value) { return Raw(name, JsonString(value)); }
  Object& Number(const char* name, std::int64_t value) { return Raw(name, std::to_string(value)); }
  std::string Close() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string OutputsJson(const std::vector<Output>& outputs) {
  std::string list = "[";
  for (const Output& output : outputs) {
    char mode[16];
    std::snprintf(mode, sizeof mode, "%04o", output.mode);
    if (list.size() > 1) list += ",";
    list += Object()
                .Text("path", output.path)
                .Text("type", output.type)
                .Text("mode", mode)
                .Number("size", output.size)
                .Close();
  }
  return list + "]";
}

std::string LimitsJson(const Outcome& outcome) {
  const Limits& limits = outcome.limits;
  auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  return Object()
      .Text("enforcement", outcome.limits_are_kernel_enforced ? "kernel" : "observed")
      .Text("disk_enforcement", outcome.disk_is_kernel_enforced ? "kernel" : "observed")
      .Number("wall_seconds", number(limits.wall_seconds))
      .Number("cpu_seconds", number(limits.cpu_seconds))
      .Number("memory_bytes", number(limits.memory_bytes))
      .Number("pids", number(limits.pids))
      .Number("disk_bytes", number(limits.disk_bytes))
      .Number("disk_inodes", number(limits.disk_inodes))
      .Number("log_bytes", number(limits.log_bytes))
      .Number("output_bytes", number(limits.output_bytes))
      .Number("silence_seconds", number(limits.silence_seconds))
      .Close();
}

}  // namespace

std::string ToJson(const Outcome& outcome) {
  std::string usage = Object()
                          .Number("wall_milliseconds", outcome.usage.wall_milliseconds)
                          .Number("cpu_milliseconds", outcome.usage.cpu_milliseconds)
                          .Number("memory_bytes_max", outcome.usage.memory_bytes_max)
                          .Number("log_bytes", outcome.usage.log_bytes)
                          .Close();
  std::string isolation = Object()
                              .Text("root_backend", outcome.isolation.root_backend)
                              .Text("uid_map", outcome.isolation.uid_map)
                              .Number("landlock_abi", outcome.isolation.landlock_abi)
                              .Text("seccomp", outcome.isolation.seccomp)
                              .Text("determinism", outcome.isolation.determinism)
                              .Text("processor_counter", outcome.isolation.processor_counter)
                              .Text("kernel", outcome.isolation.kernel)
                              .Text("cgroup", outcome.isolation.cgroup)
                              .Text("cpu_model", outcome.isolation.cpu_model)
                              .Text("cpu_flags", outcome.isolation.cpu_flags)
                              .Close();
  return Object()
             .Text("format", "farm-sandbox-result/1")
             .Text("ended", Name(outcome.ended))
             .Text("stage", Name(outcome.stage))
             .Number("exit_code", outcome.exit_code)
             .Number("signal", outcome.signal)
             .Text("limit", outcome.limit)
             .Text("message", outcome.message)
             .Text("check_output", outcome.check_output)
             .Raw("usage", usage)
             .Raw("limits", LimitsJson(outcome))
             .Raw("isolation", isolation)
             .Raw("outputs", OutputsJson(outcome.outputs))
             .Close() +
         "\n";
}

int ExitCode(const Outcome& outcome) {
  switch (outcome.ended) {
    case Ended::kExited:
      return outcome.exit_code == 0 ? 0 : 40;
    case Ended::kCancelled:
      return 26;
    case Ended::kError:
      return outcome.cause == Cause::kMachine ? 30 : outcome.cause == Cause::kMissing ? 22 : 70;
    default:
      return 40;
  }
}

}  // namespace sandbox
