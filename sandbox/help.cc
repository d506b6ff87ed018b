#include "sandbox/help.h"

namespace sandbox {

const char kHelp[] = R"(farm-sandbox: runs one command in a sandbox that it cannot leave.

  farm-sandbox run [OPTIONS] -- PROGRAM [ARGUMENT...]
  farm-sandbox monitor --uid U --gid G --subids BASE:COUNT [--cgroup-name NAME] -- COMMAND...
  farm-sandbox doctor [--json]
  farm-sandbox remove [--subids BASE:COUNT] DIR

Examples
  farm-sandbox run --root-dir ROOT -- /bin/sh -c 'id; ls /'
  farm-sandbox run --root-image ROOT.erofs --output /build/out --output-dir OUT \
      --input main.c /build/main.c 644 0 -- cc -o out main.c
  the same result on every day and machine:
  farm-sandbox run --root-image ROOT.erofs --determinism full --clock 1700000000 -- make
  as root, without a monitor:
  farm-sandbox run --subids 1000000:65536 --root-dir ROOT -- make

Places inside; all else is the root, read-only
  /build   what --work says: the command's own to write, and where it starts; outputs are taken here
  /tmp     empty in each stage, for everybody to write; with /dev/shm bounded by --disk-bytes
  /dev     null zero full random urandom fd pts shm; nobody makes a file in it but in /dev/shm
  /proc    the processes inside, and what tools read of the machine; nobody writes there
  The root must have these four folders, to mount on.

Files
  --root-dir DIR            an unpacked root, in which nothing is mounted; becomes /, read-only
  --root-image FILE         an EROFS image; needs the monitor, or root
  --profile build|assembly  assembly: mapped root with capabilities, the host's /usr as tools
  --work tmpfs|DIR          what /build is (default tmpfs); DIR must be writable to the inside user:
                            mode 0777, in a folder of yours with mode 0700
  --input FILE PATH MODE TIME    copy FILE to PATH below /build before anything starts
  --bind-ro HOST INSIDE     a read-only view of HOST
  --output PATH             collect PATH (below /build) after everything inside is dead; repeatable
  --output-dir DIR          where to

Command
  --env NAME=VALUE  --cwd PATH  --uid N  --gid N  --hostname NAME  --umask OCTAL  --loopback
  --prepare-word WORD       one word of a command that runs first, in /build, in a sandbox of its own
  --check-word WORD         one word of a program of the host that judges --check-dir (its fd 3) next
  --check-dir PATH  --check-expect TEXT    what it must print

Determinism
  --determinism off|fixed|full   what is the same on every machine and in every run (default off);
                            keys made under full are predictable
  --clock SECONDS           what the clock begins with, since 1970: full only, and always

Limits (0: none)
  --wall-seconds  --cpu-seconds  --memory-bytes  --pids  --disk-bytes  --disk-inodes
  --log-bytes  --output-bytes  --silence-seconds
  --require-kernel-limits   refuse to run where memory and pids are not kept by a cgroup

Plumbing
  --monitor-fd N            the monitor's socket (else FARM_SANDBOX_MONITOR_FD)
  --subids BASE:COUNT       root only: the host ids given to the sandbox; to remove a --work folder
                            root gives those of its run
  --log-fd N                stdout and stderr of what runs inside (default 1)
  --result-fd N             one line of JSON, farm-sandbox-result/1 (default 2)
  --args-fd N               read further words from N, each ended by a NUL

Exit codes
  0 the command exited 0 and its outputs are there   40 it failed, or a limit, check or output refused
  2 usage   22 a root, file or program that was named is not there   26 cancelled
  30 this machine, or the root or folder that was given, has not what is needed (the message has the
  remedy)   70 internal
)";

}  // namespace sandbox
