// Configurations of OpenSSL's that would take over a program of ours if it read them: code of
// somebody's would run in it, or its algorithms would be gone.
#pragma once

#include <string>
#include <vector>

namespace farm {

struct HostileConfiguration {
  std::string name;
  std::vector<std::string> environment;  // by which a program would read it: "OPENSSL_CONF=..."
};

// Writes them below `directory`.  CHECKs that each takes over Debian's `openssl`.
std::vector<HostileConfiguration> WriteHostileConfigurations(const std::string& directory);

}  // namespace farm
