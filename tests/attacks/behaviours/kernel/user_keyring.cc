// Reaches the keys of its user, which no namespace but the user's separates.
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::Judge(
      "keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_SESSION_KEYRING, 1));
}
