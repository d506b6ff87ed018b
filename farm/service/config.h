// The configuration of farmd, `farm-config/1`.  Relative paths are relative to the file's folder.
//   {"format": "farm-config/1",
//    "listen": "127.0.0.1:4711",
//    "tls": {"certificate", "key", "authority"},              PEM files
//    "root": FILE, "policy": FILE,                            the farm's own; the root is published
//    "store": DIR,                                            blobs; releases/: copy of "database"
//    "database": DIR, "published": DIR,                       best not on one disk with "store"
//    "diskFloorBytes": 2147483648,                            may be left out
//    "coordinator": {"id": URI, "key": FILE,
//                    "authority": {"certificate", "key", "transparencyKey"}},
//    "log": {"address", "serverName", "url", "origin"},       origin: if the root lists several
//    logs "timestamp": {"url", "authority"},                       authority: its name in the root,
//    if it
//                                                             lists several
//    "signer": {"address", "serverName"},
//    "sites": [{"id": URI, "address", "serverName"}, ...],    who is asked, in this order
//    "roles": {"requester-1": ["submit", "read"], ...}}       by the client certificate's common
//    name
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/client/tls.h"
#include "farm/sign/certified_signer.h"

namespace farm {

constexpr std::uint64_t kDiskFloorBytes = std::uint64_t{2} << 30;  // a kit and its artifacts, twice

// What a client may do: "read" looks, "submit" sends requests and blobs and cancels, "approve"
// sends approvals.  None includes another.
enum class Role { kRead, kSubmit, kApprove };

struct SiteAddress {
  std::string id;
  Endpoint endpoint;
};

struct FarmConfig {
  std::string listen;
  TlsFiles tls;
  std::string root;
  std::string policy;
  std::string store;
  std::string database;
  std::string published;
  std::uint64_t disk_floor_bytes = kDiskFloorBytes;
  std::string coordinator_id;
  std::string coordinator_key;
  AuthorityFiles coordinator_authority;
  Endpoint log;
  std::string log_url;
  std::string log_origin;  // "": the root's only one
  std::string timestamp_url;
  std::string timestamp_authority;  // "": the root's only one
  Endpoint signer;
  std::vector<SiteAddress> sites;
  std::map<std::string, std::set<Role>> roles;
};

// Errors: kInvalidInput naming file and field.
Result<FarmConfig> ParseFarmConfig(const ConfigFile& file);

}  // namespace farm
