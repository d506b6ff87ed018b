// Watches who opens files.
#include <sys/fanotify.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::Judge("fanotify_init",
                          fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
}
