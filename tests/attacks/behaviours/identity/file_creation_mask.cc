// Makes files as open to others as the caller's umask, 0, has it.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (mkdir("made", 0777) != 0) return behaviour::MissingByKernel("mkdir");
  struct stat status = {};
  if (stat("made", &status) != 0) return behaviour::MissingByKernel("stat");
  return (status.st_mode & 022) != 0 ? behaviour::Allowed("everybody may write")
                                     : behaviour::Refused("only the owner may write");
}
