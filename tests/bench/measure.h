// Starts programs, takes their times, compares them: what the programs of this folder share.
// A failure ends the program with a message and its exit code; nothing here is for a test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bench {

// Prints "PROGRAM: message" and ends the program.
[[noreturn]] void Fail(int code, const std::string& message);

// What is started, always by posix_spawn, with /dev/null for input and output, kEnvironment, and no
// other descriptor than those without FD_CLOEXEC.
inline constexpr const char* kEnvironment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                               "LC_ALL=C.UTF-8"};
struct Command {
  std::string name;  // for people
  std::vector<std::string> argv;
  std::string directory;  // where it starts; empty: here
  int rewound = -1;       // a descriptor that it reads from the beginning; -1: none
};

// Starts a command.  Fails with 30 if it cannot be started.
pid_t Start(const Command& command);
// Waits for a command that was started.  Fails with 40, and what it wrote to stderr, unless it ends
// with 0.
void WaitFor(const Command& command, pid_t pid);
// Both, in microseconds of wall time.
double TimeOf(const Command& command);
// The same, and what the kernel counted.  The memory is never less than this program's own: a child
// counts from before it becomes another program.
struct Usage {
  double microseconds = 0;            // wall time
  double processor_microseconds = 0;  // of all threads, in the program and in the kernel
  long peak_kibibytes = 0;
};
Usage UsageOf(const Command& command);
double MicrosecondsOf(const std::function<void()>& work);

// Times in microseconds, none of them sorted.
using Times = std::vector<double>;
double Minimum(const Times& times);
double Median(const Times& times);

// Runs every row once a round, each round beginning with the next row, so that what else the
// machine does meets all of them.  Returns the times of each row.  One round more is run first and
// not counted.
std::vector<Times> Interleave(int rounds, const std::vector<std::function<double()>>& rows);

// Which machine, kernel, load and day this is.
nlohmann::json Machine();
// The same as a line for people.
std::string MachineText(const nlohmann::json& machine);

// "0.58" or, with nothing to divide by, "-".
std::string RatioText(double ours, double theirs);

// Where a Folder is made: TMPDIR, else /var/tmp.
std::string TemporaryPlace();

// A directory of our own below `parent`, mode 0755, removed with all that is in it.
class Folder {
 public:
  explicit Folder(const std::string& parent);
  ~Folder();
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void MakeDirectory(const std::string& path, mode_t mode);
void WriteFile(const std::string& path, const std::string& bytes);
// A copy that anybody may execute.
void CopyProgram(const std::string& from, const std::string& to);
// Does the work in a child, so that what belongs to us stays for us to remove.  Returns its exit
// code, which Fail gives.
int InChild(const std::function<void()>& work);
// From here on this process is that user, without groups.  Fails with 30.
void BecomeUser(uid_t uid);

// A root for one static program: /build /tmp /dev /proc, /bin/PROGRAM's name.
void MakeTinyRoot(const std::string& path, const std::string& program);

}  // namespace bench
