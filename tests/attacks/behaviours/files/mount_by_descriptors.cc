// Mounts by the calls that take descriptors, which older filters do not know.
#include <sys/mount.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("fsopen", fsopen("tmpfs", FSOPEN_CLOEXEC)); }
