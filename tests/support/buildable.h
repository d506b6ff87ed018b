// A manifest that the whole farm takes, and its lock: for tests that want no sandbox but every
// check.
#pragma once

#include <string>

#include "farm/evidence/statement.h"
#include "farm/toolchain/lock.h"

namespace farm {

// The tree of its one source, "hello".
constexpr const char* kBuildableTree =
    "d00fedebb845861f956a5d66a35a52e873a515bdfb14787eb12ea78cc5f69bba";

struct BuildableOptions {
  std::string version = "1.0";
  int revision = 1;
  std::string word = "-O2";  // of the only step
};
// Canonical farm-lock/1 of one package.
std::string BuildableLock();
// Canonical farm-manifest/1 of product "hello", artifact "greet", under that lock.
std::string BuildableManifest(const BuildableOptions& options);

}  // namespace farm
