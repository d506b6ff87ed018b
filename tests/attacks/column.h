#pragma once

#include <string>
#include <vector>

#include "tests/attacks/execution.h"

namespace attacks {

enum class Sandbox { kOurs, kBubblewrap, kBazel, kNone };

// Where our launcher has its ids from.
enum class Ids {
  kCallers,  // whatever its caller has
  kOption,   // --subids
  kMonitor,  // the monitor, which mounts an image too
};

enum class Profile { kBuild, kAssembly };

// One column of the table: a sandbox and who starts it.
struct Column {
  std::string name;
  Sandbox sandbox = Sandbox::kNone;
  uid_t user = 0;
  Ids ids = Ids::kCallers;
  std::string missing = {};           // why it cannot be had on this machine; empty: it can
  Profile profile = Profile::kBuild;  // of our launcher

  bool IsOurs() const { return sandbox == Sandbox::kOurs; }
  bool IsAssembly() const { return profile == Profile::kAssembly; }
};

// The programs of the sandboxes; an empty path: not to be had.
struct Programs {
  std::filesystem::path launcher;
  std::filesystem::path bubblewrap;
  std::filesystem::path linux_sandbox;
};

// Every column that this program knows; `missing` is filled in. Call after GiveRange.
std::vector<Column> AllColumns(const Programs& programs, bool has_range, Scene& scene);

// Finds Bazel's sandbox where Bazel unpacks it and where Debian installs it; empty: nowhere.
std::filesystem::path FindLinuxSandbox();
std::filesystem::path FindOnPath(const std::string& program);

// How the behaviour of `row` is started in `column`.
Command MakeCommand(const Column& column, const Row& row, const Programs& programs, Scene& scene,
                    const Place& place);

std::vector<std::string> Words(const std::string& text);

}  // namespace attacks
