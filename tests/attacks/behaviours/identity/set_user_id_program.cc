// Executes a program of root's that has the set-user-id bit: itself.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  uid_t real = getuid(), effective = 0, saved = 0;
  if (argc == 2) {
    execl((std::string(argv[1]) + "/set_user_id").c_str(), "set_user_id", nullptr);
    return behaviour::MissingByKernel("set_user_id");
  }
  if (getresuid(&real, &effective, &saved) != 0) return behaviour::MissingByKernel("getresuid");
  return real != effective ? behaviour::Allowed("another user")
                           : behaviour::Refused("the same user");
}
