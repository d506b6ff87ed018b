// farm log: what anyone may do with a log that others run, and its operator when its directory is
// lost or another log is to go on.  main.cc only parses words.
#pragma once

#include <string>
#include <vector>

#include "farm/cli/output.h"

namespace farm {

// Whom a command believes: a log policy, or a trust root.
struct LogTrustArguments {
  std::string policy;             // file: C2SP tlog-policy
  std::string root;               // file: trust root
  std::string origin;             // of the root's logs; empty: the only one
  int cosignatures = 1;           // with a root: operators of witnesses that must have cosigned
  std::vector<std::string> urls;  // with a root: NAME=URL of a witness
};

struct LogArguments {
  LogTrustArguments trust;
  std::string directory;            // mirror, check, recover, close
  std::string from;                 // mirror: URL or directory
  std::string mirror;               // recover
  std::vector<std::string> absent;  // recover, close: witnesses that cannot be asked
  std::string successor;            // close: origin
  std::string proof;                // check-proof: file
  std::string bundle;               // check-proof: the .sigstore.jsonl beside it
  std::string at;   // policy: when the witnesses are in force, "2027-01-15T08:00:00Z"; empty: now
  std::string out;  // policy: file; empty: standard output.  close: file of the checkpoint
};

// Every command returns the program's exit code and has printed what it found.
int RunLogMirrorCommand(const LogArguments& arguments, const Output& output);
int RunLogCheckCommand(const LogArguments& arguments, const Output& output);
int RunLogRecoverCommand(const LogArguments& arguments, const Output& output);
int RunLogCloseCommand(const LogArguments& arguments, const Output& output);
int RunLogPolicyCommand(const LogArguments& arguments, const Output& output);
int RunLogCheckProofCommand(const LogArguments& arguments, const Output& output);

}  // namespace farm
