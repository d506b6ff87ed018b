// Changes the time of a device, which is a file of the host and of all that runs on it.
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("utimensat", utimensat(AT_FDCWD, "/dev/null", nullptr, 0)); }
