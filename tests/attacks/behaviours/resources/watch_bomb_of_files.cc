// Watches more files than a build needs, of which a user of the host may watch a limited number,
// with all his sandboxes.
#include <sys/inotify.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  int watcher = inotify_init1(0);
  if (watcher < 0) return behaviour::MissingByKernel("inotify_init1");
  for (long i = 0; i < wanted; ++i) {
    std::string name = "watched" + std::to_string(i);
    if (!behaviour::WriteFile(name.c_str(), "")) return behaviour::MissingByKernel("write");
    if (inotify_add_watch(watcher, name.c_str(), IN_OPEN) < 0) {
      return behaviour::RefusedByKernel("inotify_add_watch");
    }
  }
  return behaviour::Allowed("inotify_add_watch");
}
