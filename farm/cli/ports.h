// Ports of the loopback interface for the daemons of a development farm.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "farm/base/result.h"

namespace farm {

// Below what Linux hands out to clients (net.ipv4.ip_local_port_range, from 32768 up): a port that
// stands in a configuration must not be taken by somebody's connection.
constexpr int kFirstPort = 20000;
constexpr int kLastPort = 29999;

// `count` different ports that nobody has taken now, looked for from `start` upwards and around.
// Errors: kUnavailable exit 30 (so many are not free).
Result<std::vector<int>> FreePorts(std::size_t count, int start);

// Whether the daemon of this configuration can listen where it is told to ("listen", "httpListen").
// `state` is the farm's folder, for the remedy.
// Errors: kUnavailable exit 30 naming party, address and remedy.  A configuration that cannot be
// read is left to the daemon.
Status CheckPortsFree(const std::string& config_path, const std::string& party,
                      const std::string& state);

}  // namespace farm
