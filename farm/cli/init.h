// `farm init --development`: makes every party of a farm on one machine, for development: keys,
// CAs, trust root, policy, certificates and configuration files, each with its owner and mode.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"

namespace farm {

struct InitOptions {
  std::string directory;  // state; must not hold a farm already
  std::string programs;   // folder of the programs, named in configuration files
  // As root: parties get the bare numeric uids first_uid, first_uid + 1, ... and each site a range
  // of kSubordinateIds ids from first_subordinate_id up.  0: everything belongs to the caller.
  std::uint32_t first_uid = 0;
  std::uint32_t first_subordinate_id = 0;
  FileSystem* files = &RealFileSystem();  // borrowed
};

constexpr std::uint32_t kFirstPartyUid = 64000;
constexpr std::uint32_t kPartyUids = 16;  // at most so many parties
constexpr std::uint32_t kSubordinateIds = 65536;

// One party, as <directory>/parties.json lists it.
struct Party {
  std::string name;     // "site-xa"; its folder is <directory>/parties/<name>
  std::string program;  // "farm-site"; empty for a person
  std::uint32_t uid = 0;
  std::uint32_t first_subordinate_id = 0;  // sites and persons as root; else 0
};

// Errors: kInvalidInput (a farm is there already), kUnavailable (I/O), naming the path.
Result<std::vector<Party>> InitDevelopment(const InitOptions& options, const Clock& clock);

// Reads <directory>/parties.json.  Errors: kNotFound with the remedy, kInvalidInput.
Result<std::vector<Party>> ReadParties(const std::string& directory);

// The first of kPartyUids uids from kFirstPartyUid up of which none is an account's or a group's,
// as `is_taken` says of a number.  Errors: kUnavailable if there is no such range below 65534.
Result<std::uint32_t> FreePartyUids(const std::function<bool(std::uint32_t)>& is_taken);

// A range of `count` subordinate ids that neither the files' text (/etc/subuid, /etc/subgid:
// "name:first:count" lines) nor accounts (/etc/passwd uids) use, at or after 2^30.
Result<std::uint32_t> FreeSubordinateIds(const std::vector<std::string>& range_files,
                                         std::uint64_t count);

}  // namespace farm
