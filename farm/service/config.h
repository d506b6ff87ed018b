// The configuration of farmd, `farm-config/1`: client/CONFIGURATION.md.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/closed_log.h"
#include "farm/client/config.h"
#include "farm/client/tls.h"
#include "farm/sign/certified_signer.h"

namespace farm {

constexpr std::uint64_t kDiskFloorBytes = std::uint64_t{2} << 30;  // a kit and its artifacts, twice

// What a client may do: "read" looks, "submit" sends requests and blobs and cancels, "approve"
// sends approvals, "certify" where sites stand; who submits or approves may withdraw.  None
// includes another.
enum class Role { kRead, kSubmit, kApprove, kCertify };

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
  std::string coordinator_key;  // P-256, as OpenSigner takes it
  AuthorityFiles coordinator_authority;
  Endpoint log;
  std::string log_url;
  std::string log_origin;  // "": the root's only one
  std::vector<ClosedLogMirror> closed_logs;
  std::string timestamp_url;
  std::string timestamp_authority;  // "": the root's only one
  Endpoint signer;
  std::vector<SiteAddress> sites;
  std::vector<std::string> monitors;  // URLs: whose status goes into the published tree
  std::map<std::string, std::set<Role>> roles;
};

// Errors: kInvalidInput naming file and field.
Result<FarmConfig> ParseFarmConfig(const ConfigFile& file);

}  // namespace farm
