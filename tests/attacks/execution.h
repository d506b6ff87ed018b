#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/attacks/catalogue.h"
#include "tests/attacks/scene.h"

namespace attacks {

// What is to be started, and as whom.
struct Command {
  std::vector<std::string> argv;
  uid_t user = 0;
  std::string directory;  // where it starts
};

// How it ended.
struct Ended {
  bool timed_out = false;
  int exit_code = -1;  // 128 + signal if killed
  std::string log;
  std::string diagnostics;
};

constexpr int kSecondsMax = 30;  // for one run; every behaviour ends long before

// Starts `command` with what a careless caller leaves to it: descriptor 9 is open at the host's
// secret and 11 at the host's root, the secret is on standard input and in the environment, the
// umask is 0. stdout is the open file `log`, stderr place.diagnostics. With row.terminal, standard
// input is a terminal of its own session instead. The pid, which leads a process group of its own.
pid_t Start(const Command& command, const Row& row, const Scene& scene, const Place& place,
            int log);

// Waits for it, ends it as row.ending says, and kills it when it takes too long.
Ended Wait(pid_t pid, const Row& row, const Place& place);

}  // namespace attacks
