#pragma once

namespace sandbox {

// What `farm-sandbox --help` prints.
extern const char kHelp[];

}  // namespace sandbox
