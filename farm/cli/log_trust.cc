#include "farm/cli/log_trust.h"

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/json/json.h"

namespace farm {

Status CheckOneTrust(const LogTrustArguments& arguments) {
  if (arguments.policy.empty() != arguments.root.empty()) return {};
  return Error{ErrorCode::kInvalidInput,
               "want either --policy FILE or --root FILE: whose signatures count"};
}

Result<TlogPolicy> ReadLogPolicyFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kTlogPolicyBytesMax));
  return ParseTlogPolicy(text, path);
}

Result<TrustRoot> ReadRootFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kTrustRootBytesMax));
  return ParseTrustRoot(text, path);
}

Result<LogTrust> TrustIn(const TrustRoot& root, const std::string& origin,
                         const LogTrustArguments& arguments) {
  if (arguments.cosignatures < 0) {
    return Error{ErrorCode::kInvalidInput, "--cosignatures: want 0 or more"};
  }
  return LogTrustOf(root, origin, static_cast<std::size_t>(arguments.cosignatures));
}

Json TreeJson(const Checkpoint& tree) {
  return {{"origin", tree.origin}, {"size", tree.size}, {"root", Base64Encode(tree.root.bytes())}};
}

}  // namespace farm
