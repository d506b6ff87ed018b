// ^C while something of ours runs in the sandbox.
#pragma once

namespace farm {

// While one lives, the first SIGINT, SIGTERM or SIGHUP waits: Requested() says that it has come, so
// that the sandbox ends and what it has made is removed; the end of the Interruption lets the
// signal have its way.  A second signal ends the program at once.  One at a time, in a program's
// only thread.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;

  static bool Requested();
};

}  // namespace farm
