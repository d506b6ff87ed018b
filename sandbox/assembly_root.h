#pragma once

#include <string>
#include <vector>

#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// One thing of the host that the assembler's programs (mmdebstrap, apt, dpkg, mkfs.erofs) need.
struct AssemblerTool {
  std::string path;         // the same inside
  std::string link_target;  // not empty: a symlink such as /bin -> usr/bin
  UniqueFd tree;            // else a detached copy
  bool is_directory = false;
};

// Looks at the host: /usr, the links or folders /bin /sbin /lib*, and a few files of /etc. Nothing
// else of the host is visible under the assembly profile: no /home, /root, /var, /etc/shadow.
Result<std::vector<AssemblerTool>> OpenAssemblerTools();

// An empty tmpfs for the root, detached.
Result<UniqueFd> MakeAssemblyRoot();

// Fills it, once it is the root: mount points, tools (read-only), and files of /etc that are the
// same on every host.
Status FillAssemblyRoot(const std::vector<AssemblerTool>& tools);

}  // namespace sandbox
