#include "farm/verify/version_command.h"

#include <cstdio>
#include <string>
#include <string_view>

#include "farm/base/exit_code.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/verify/explain.h"
#include "farm/verify/report.h"
#include "farm/verify/rule_texts.h"

namespace farm {
namespace {

constexpr char kOwnFile[] = "/proc/self/exe";

// Nobody stamps a build with a number, which anybody could write: the bytes name it.
std::string VersionText() {
  const Result<FileDigest> own = DigestOfFile(kOwnFile);
  return "farm-verify " + (own ? own->digest.Text() : "of unknown digest") + "\n" + "rules   " +
         std::to_string(RulePages().size()) + ", RULES.md " + Sha256(RulesDocument()).Text() +
         "\n" +
         "reads   farm-root/1 farm-root/2 farm-policy/1 farm-policy/2 farm-trust/1 "
         "farm-verify-memory/1\n"
         "writes  " +
         std::string(kVerdictFormat) +
         " farm-sigstore-verdict/1 farm-trust-report/1 farm-rules/1\n";
}

}  // namespace

bool IsVersionCommand(int argc, const char* const* argv) {
  return argc == 2 && std::string_view(argv[1]) == "--version";
}

int RunVersionCommand() {
  std::fputs(VersionText().c_str(), stdout);
  const Status printed = FlushStandardOutput();
  if (printed) return static_cast<int>(ExitCode::kProved);
  std::fprintf(stderr, "farm-verify: %s\n", printed.error().message.c_str());
  return static_cast<int>(printed.error().Exit());
}

}  // namespace farm
