// Whatever words the launcher is given, it refuses them or has a spec that holds what its parts
// promise.  Input: words, each ended by a NUL.
#include "sandbox/command_line.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/system.h"

namespace {

void Check(bool good) {
  if (!good) std::abort();
}

bool IsBelow(const std::string& path) {
  return path == "." || sandbox::IsNormalAbsolute("/" + path);
}

void CheckSpec(const sandbox::Spec& spec) {
  Check(sandbox::ValidateSpec(spec).ok());
  Check(!spec.allow_host_root_unsafe);
  Check(spec.subids.count == 0 || spec.subids.base != 0);
  Check((spec.umask & ~mode_t{0777}) == 0);
  Check(sandbox::IsNormalAbsolute(spec.working_directory));
  for (const sandbox::Input& input : spec.inputs) {
    Check(IsBelow(input.inside_path) && input.inside_path != ".");
    Check((input.mode & ~mode_t{0777}) == 0 && input.mtime_seconds >= 0);
  }
  for (const sandbox::Bind& bind : spec.binds) Check(sandbox::IsNormalAbsolute(bind.inside_path));
  for (const std::string& output : spec.outputs) Check(IsBelow(output) && output != ".");
  for (const std::string& entry : spec.environment) Check(entry.find('=') != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> words =
      sandbox::Split(std::string_view(reinterpret_cast<const char*>(data), size), '\0');
  for (std::string& word : words) {
    // It would read the fuzzer's own descriptors.
    if (word == "--args-fd") word = "--args";
  }
  sandbox::Result<sandbox::RunRequest> request = sandbox::ParseRun(words);
  if (request.ok()) CheckSpec(request->spec);
  return 0;
}
