// `farm-verify --explain [RULE]`: why a rule is there.  Private to this folder.
#pragma once

namespace farm {

// True if --explain, or --explain=..., is among the words before "--".
bool HasExplainOption(int argc, const char* const* argv);

// Prints the page of RULE, or a list of all, and returns the exit code:
//   --explain | --explain RULE | --explain RULE --json, where RULE may be "all"
// Anything else is 2: to explain ends with 0, and 0 beside what may be a file's name (`"$FILE"
// --json`, of a file called --explain) would say that it is verified.
int RunExplainCommand(int argc, const char* const* argv);

}  // namespace farm
