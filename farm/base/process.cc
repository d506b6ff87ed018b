#include "farm/base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "farm/base/bytes.h"
#include "farm/base/files.h"

namespace farm {
namespace {

// A pipe whose ends close with the object.
struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() { CHECK(pipe2(ends.data(), O_CLOEXEC) == 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    CloseEnd(0);
    CloseEnd(1);
  }
  void CloseEnd(int which) {
    if (ends[which] >= 0) close(ends[which]);
    ends[which] = -1;
  }
};

Result<std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  for (const std::string& directory :
       Split(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", ':')) {
    const std::string candidate = JoinPath(directory.empty() ? "." : directory, name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return Error{ErrorCode::kNotFound, "program " + name + " is not installed (not in PATH)"};
}

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec only async-signal-safe calls.
[[noreturn]] void RunChild(const ProcessSpec& spec, const char* program, char* const* argv,
                           char* const* environment, const int* keep, std::size_t keep_count,
                           int in, int out, int error) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(in, 0);
  dup2(out, 1);
  dup2(error, 2);
  const long descriptors_max = std::min<long>(sysconf(_SC_OPEN_MAX), 65536);
  for (int fd = 3; fd < descriptors_max; ++fd) {
    const bool kept = std::find(keep, keep + keep_count, fd) != keep + keep_count;
    fcntl(fd, F_SETFD, kept ? 0 : FD_CLOEXEC);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (!spec.working_directory.empty() && chdir(spec.working_directory.c_str()) != 0) _exit(126);
  execve(program, argv, environment);
  _exit(127);
}

// Takes what is readable on `pipe`; closes it at its end.
void Drain(Pipe& pipe, std::string& kept, const std::function<void(std::string_view)>& sink) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(pipe.ends[0], buffer.data(), buffer.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count <= 0) return pipe.CloseEnd(0);
  const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
  if (sink) sink(piece);
  kept += piece.substr(0, kProcessOutputBytesMax - std::min(kProcessOutputBytesMax, kept.size()));
}

// Feeds standard input, collects output, and ends the program when it must.
void Attend(const ProcessSpec& spec, pid_t child, Pipe& in, Pipe& out, Pipe& error,
            ProcessResult& result) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + spec.timeout;
  std::size_t fed = 0;
  bool stopping = false;
  auto kill_at = Clock::time_point::max();
  while (out.ends[0] >= 0 || error.ends[0] >= 0) {
    if (fed == spec.standard_input.size()) in.CloseEnd(1);
    std::array<pollfd, 3> polled = {pollfd{out.ends[0], POLLIN, 0},
                                    pollfd{error.ends[0], POLLIN, 0},
                                    pollfd{in.ends[1], POLLOUT, 0}};
    poll(polled.data(), polled.size(), 100);
    if (polled[0].revents != 0) Drain(out, result.output, spec.on_output);
    if (polled[1].revents != 0) Drain(error, result.error_output, spec.on_error_output);
    if (polled[2].revents != 0) {
      const ssize_t count = write(in.ends[1], spec.standard_input.data() + fed,
                                  std::min<std::size_t>(65536, spec.standard_input.size() - fed));
      if (count > 0) fed += static_cast<std::size_t>(count);
      if (count < 0 && errno != EINTR && errno != EAGAIN) fed = spec.standard_input.size();
    }
    if (!stopping) {
      result.timed_out = Clock::now() >= deadline;
      result.cancelled = spec.cancelled && spec.cancelled();
      if (result.timed_out || result.cancelled) {
        stopping = true;
        kill_at = Clock::now() + std::chrono::seconds(5);
        kill(-child, SIGTERM);
      }
    } else if (Clock::now() >= kill_at) {
      kill(-child, SIGKILL);
    }
  }
}

}  // namespace

Result<ProcessResult> RunProcess(const ProcessSpec& spec) {
  CHECK(!spec.argv.empty());
  ASSIGN_OR_RETURN(const std::string program, FindProgram(spec.argv[0]));
  if (access(program.c_str(), X_OK) != 0) {
    return Error{ErrorCode::kNotFound, "no program at " + program};
  }
  const std::vector<char*> argv = Pointers(spec.argv);
  const std::vector<char*> environment = Pointers(spec.environment);
  Pipe in;
  Pipe out;
  Pipe error;
  fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
  const pid_t child = fork();
  if (child < 0)
    return Error{ErrorCode::kUnavailable, "starting " + program + ": no more processes"};
  if (child == 0) {
    RunChild(spec, program.c_str(), argv.data(), environment.data(),
             spec.inherited_descriptors.data(), spec.inherited_descriptors.size(), in.ends[0],
             out.ends[1], error.ends[1]);
  }
  in.CloseEnd(0);
  out.CloseEnd(1);
  error.CloseEnd(1);
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  ProcessResult result;
  Attend(spec, child, in, out, error, result);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  sigaction(SIGPIPE, &before, nullptr);
  return result;
}

std::string OwnProgram() {
  std::string path(4096, '\0');
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  CHECK(size > 0);
  path.resize(static_cast<std::size_t>(size));
  return path;
}

}  // namespace farm
