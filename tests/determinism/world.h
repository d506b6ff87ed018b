// For tests: a program that looks at the world it runs in, in the real sandbox.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/attacks/harness.h"

namespace determinism {

using attacks::Ran;

inline constexpr const char* kClock = "1600000000";  // 2020-09-13

class World : public testing::Test {
 protected:
  // As udev does on every Debian; a machine without it keeps the device to root.
  World() {
    if (geteuid() == 0) chmod("/dev/fuse", 0666);
  }

  // `options`: further ones of the launcher.
  Ran Look(const std::vector<std::string>& look, const std::string& level = "full",
           std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--determinism", level});
    if (level == "full") options.insert(options.end(), {"--clock", kClock});
    return bench_.Do(look, options);
  }

  attacks::Bench bench_;
};

}  // namespace determinism
