// Whom the commands of `farm log` believe: a log policy, or a trust root, read from the files that
// their arguments name.
#pragma once

#include <string>

#include "farm/cli/log_commands.h"
#include "farm/client/log_reader.h"
#include "farm/evidence/tlog_policy.h"

namespace farm {

// One of the two is named.  Error: kInvalidInput.
Status CheckOneTrust(const LogTrustArguments& arguments);

// Errors: those of ReadFile and of the parser; kLimitExceeded.
Result<TlogPolicy> ReadLogPolicyFile(const std::string& path);
Result<TrustRoot> ReadRootFile(const std::string& path);

// The root's log and its witnesses, who count for the times at which they cosigned.
// Errors: kInvalidInput (--cosignatures); those of LogTrustOf.
Result<LogTrust> TrustIn(const TrustRoot& root, const std::string& origin,
                         const LogTrustArguments& arguments);

// The tree of such a log, as an answer has it.
Json TreeJson(const Checkpoint& tree);

}  // namespace farm
