// Lets itself be started in place of the check, which enters the same user namespace and obeys the
// formats of programs that are registered there (Linux 6.7): a process where the check runs, on the
// host.
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"
#include "tests/attacks/send_descriptors.h"

namespace {

constexpr int kCheckDirectory = 3;

// As the check: its directory has the name that the process is to have.
int TakeOver() {
  char name[16] = {};
  int file = openat(kCheckDirectory, "name", O_RDONLY);
  if (file < 0 || read(file, name, sizeof name - 1) <= 0) return 1;
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    close_range(0, ~0U, 0);
    sleep(30);
  }
  return 0;
}

// The mount outlives its namespace for a moment, as what nobody has received holds it open: a
// descriptor on its way between two sockets that hold each other.
bool HoldOpen(int file) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return false;
  const int sent[3] = {pair[0], pair[1], file};
  return attacks::SendDescriptors(pair[0], sent, 0) && attacks::SendDescriptors(pair[1], sent, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  if (name[0] == '/') return TakeOver();
  mkdir("out", 0755);
  mkdir("formats", 0755);
  if (!behaviour::WriteFile("out/name", name)) return behaviour::MissingByKernel("out/name");
  if (mount("none", "formats", "binfmt_misc", 0, nullptr) != 0) {
    return behaviour::RefusedByKernel("mount");
  }
  const std::string format = std::string(":attack:M::#!::") + argv[0] + ":F";
  int door = open("formats/register", O_WRONLY);
  if (write(door, format.data(), format.size()) < 0) return behaviour::RefusedByKernel("register");
  if (!HoldOpen(open("formats/attack", O_RDONLY))) return behaviour::MissingByKernel("sendmsg");
  return behaviour::Left("registered");
}
