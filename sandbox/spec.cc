#include "sandbox/spec.h"

#include <climits>

#include "sandbox/system.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

Status Refuse(const std::string& text) { return Status::Failed(text); }

bool IsEnvironmentName(const std::string& entry) {
  std::size_t equals = entry.find('=');
  return equals != std::string::npos && equals > 0;
}

Status ValidateCommands(const Spec& spec) {
  if (spec.argv.empty() && spec.prepare_argv.empty() && spec.check.argv.empty()) {
    return Refuse("nothing to run: give a command after --, --prepare-word or --check-word");
  }
  if (!spec.check.argv.empty() && spec.check.directory.empty()) {
    return Refuse("--check-word needs --check-dir");
  }
  if (spec.check.argv.empty() && (spec.check.has_expected || !spec.check.directory.empty())) {
    return Refuse("--check-dir and --check-expect need --check-word");
  }
  for (const std::vector<std::string>* argv : {&spec.argv, &spec.prepare_argv, &spec.check.argv}) {
    if (!argv->empty() && argv->front().empty()) return Refuse("the program's name is empty");
  }
  for (const std::string& entry : spec.environment) {
    if (!IsEnvironmentName(entry)) return Refuse("--env " + entry + ": want NAME=VALUE");
  }
  return {};
}

Status ValidateFiles(const Spec& spec) {
  bool has_root = !spec.root_directory.empty() || !spec.root_image.empty();
  if (spec.profile == Profile::kAssembly && has_root) {
    return Refuse("--profile assembly makes its own root: no --root-dir, no --root-image");
  }
  if (spec.profile == Profile::kBuild && spec.root_directory.empty() == spec.root_image.empty()) {
    return Refuse("give exactly one of --root-dir and --root-image");
  }
  if (!IsNormalAbsolute(spec.working_directory)) {
    return Refuse("--cwd " + spec.working_directory + ": want an absolute path without . and ..");
  }
  for (const Bind& bind : spec.binds) {
    if (!IsNormalAbsolute(bind.inside_path) || bind.inside_path == "/") {
      return Refuse("--bind-ro " + bind.inside_path + ": want an absolute path without . and ..");
    }
  }
  if (!spec.outputs.empty() && spec.output_directory.empty()) {
    return Refuse("--output needs --output-dir");
  }
  for (const std::string& output : spec.outputs) {
    if (output == ".") return Refuse("--output /build: want a path below /build");
  }
  return {};
}

Status ValidateDeterminism(const Spec& spec) {
  bool is_full = spec.determinism == Determinism::kFull;
  if (is_full != (spec.clock_seconds >= 0)) {
    return Refuse("--clock goes with --determinism full, and that with --clock");
  }
  if (spec.determinism == Determinism::kOff) return {};
  if (spec.profile != Profile::kBuild) {
    return Refuse("--determinism is for --profile build");
  }
#ifndef __x86_64__
  if (is_full) return Refuse("--determinism full: only on x86-64");
#endif
  return {};
}

}  // namespace

bool IsNormalAbsolute(const std::string& path) {
  if (path.empty() || path[0] != '/' || path.size() >= PATH_MAX) return false;
  if (path == "/") return true;
  for (const std::string& part : Split(std::string_view(path).substr(1), '/')) {
    if (part.empty() || part == "." || part == ".." || part.size() > NAME_MAX) return false;
  }
  return true;
}

Result<std::string> BelowBuild(const std::string& path) {
  if (!IsNormalAbsolute(path)) {
    return Refuse(path + ": want an absolute path without empty parts, . and ..");
  }
  if (path == "/build") return std::string(".");
  if (path.rfind("/build/", 0) != 0) return Refuse(path + ": want a path below /build");
  return path.substr(7);
}

Status ValidateSpec(const Spec& spec) {
  if (Status status = ValidateCommands(spec); !status.ok()) return status;
  if (Status status = ValidateFiles(spec); !status.ok()) return status;
  if (spec.hostname.empty() || spec.hostname.size() > 64 || !IsPlainText(spec.hostname)) {
    return Refuse("--hostname: want 1 to 64 bytes of UTF-8 without control characters");
  }
  if (spec.limits.memory_bytes != 0 && spec.limits.memory_bytes < kMemoryBytesMin) {
    return Refuse("--memory-bytes: want 0 for none, or at least " +
                  std::to_string(kMemoryBytesMin) + ", without which nothing starts");
  }
  if (Status status = ValidateDeterminism(spec); !status.ok()) return status;
  if (spec.subids.count != 0 &&
      (spec.subids.base == 0 || spec.subids.base + std::uint64_t{spec.subids.count} > UINT32_MAX)) {
    return Refuse("--subids: want BASE:COUNT with BASE > 0 (host uid 0 is never given away)");
  }
  return {};
}

}  // namespace sandbox
