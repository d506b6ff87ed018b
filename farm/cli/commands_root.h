// `farm root`: the ceremonies of the trust root, for several people on several machines.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/cli/output.h"

namespace farm {

struct RootNewArguments {
  std::string description;
  std::string previous;  // the root before it; "" for the first
  std::string out;
};
// Makes an unsigned root of a description.
int RunRootNewCommand(const RootNewArguments& arguments, const Clock& clock, const Output& output);

struct RootDescribeArguments {
  std::string root;
  std::string out;  // "": standard output
};
// The description of a root, to begin the next one from.
int RunRootDescribeCommand(const RootDescribeArguments& arguments, const Output& output);

struct RootSignArguments {
  std::string root;
  std::string previous;
  std::vector<std::string> from;  // copies that others have signed
  std::string key;                // "": only merges
  std::string out;                // "": in place
  bool yes = false;               // do not ask
};
// Shows what would be signed, asks `in` for the word "sign", signs, merges.
int RunRootSignCommand(const RootSignArguments& arguments, std::istream& in, const Clock& clock,
                       const Output& output);

struct RootCheckArguments {
  std::string root;
  std::string previous;
  std::string at;
};
// Says what a root is, what differs from the one before, who must still sign, and weak points.
int RunRootCheckCommand(const RootCheckArguments& arguments, const Clock& clock,
                        const Output& output);

struct RootPublishArguments {
  std::string tree;
  std::vector<std::string> roots;
  std::vector<std::string> keys;
  std::string policy;
  std::string at;
  std::int64_t targets_days = 366;
  std::int64_t snapshot_days = 90;
  std::int64_t timestamp_days = 14;
};
// Adds roots to a published tree and signs its TUF metadata.
int RunRootPublishCommand(const RootPublishArguments& arguments, const Clock& clock,
                          const Output& output);

}  // namespace farm
