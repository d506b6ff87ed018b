#pragma once

#include <string>
#include <vector>

namespace attacks {

// Who runs a behaviour without any sandbox, to prove that it is able to do harm.
enum class Bare { kRoot, kUser, kNever };

// How a run ends.
enum class Ending {
  kItself,
  kCancelled,       // SIGTERM to whatever was started, once the behaviour says "ready"
  kLauncherKilled,  // SIGKILL to it
};

// One hostile behaviour: the program behaviours/NAME.cc, and what it needs. Lists are words with
// spaces between them.
struct Row {
  std::string name;  // GROUP/PROGRAM
  // What decides whether harm was done:
  //   inside        what the program says
  //   limit NAME    the same; and our launcher may end it with the limit NAME
  //   host LOOK     the state of the host after the end, see host_state.h
  //   outputs       what was handed out, see outputs.h
  std::string judged = "inside";
  // {name} stands for a condition of the scene, see scene.h.
  std::string arguments = {};
  std::string options = {};  // of our launcher
  Bare bare = Bare::kRoot;
  std::string bare_says = {};  // why it does no harm bare, where that is so
  Ending ending = Ending::kItself;
  bool terminal = false;   // starts from a terminal
  bool has_guest = false;  // somebody of the host is busy, see Scene::StartGuest
  bool ours_only = false;  // the others have nothing of the kind
  // The kernel does not keep it from the host's root, whom only the launcher for tests maps.
  bool not_as_host_root = false;
  // Why the assembly profile lets it be done, which a command needs that makes a root. Judged
  // inside only: what does harm outside is never meant to be possible.
  std::string assembly_may = {};
  // Under the assembly profile the monitor keeps it, if the host's root has CAP_SYS_RESOURCE.
  bool needs_resource_right = false;
  // Where NAME is not the program's: a variation.
  std::string program = {};
  // What else of the kernel's counts those beside it take, of which it may leave its user none: so
  // not in the column here, where other tests run as the same user.
  std::string beside = {};

  std::string Group() const { return name.substr(0, name.find('/')); }
  const std::string& Program() const { return program.empty() ? name : program; }
};

const std::vector<Row>& Catalogue();

}  // namespace attacks
