#include "farm/client/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/client/configuration_text.h"
#include "farm/json/json.h"

namespace farm {
namespace {

// Written to by the signal handler, read by WaitForTermination; a process has one of each.
int termination_pipe[2] = {-1, -1};

void OnTermination(int) {
  const int saved = errno;
  const char byte = 't';
  (void)!write(termination_pipe[1], &byte, 1);
  errno = saved;
}

void OnBrokenPipe(int) {}  // not SIG_IGN: programs that we start would inherit that

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

struct Reason {
  Mutex mutex;
  Status status GUARDED_BY(mutex);
};

Reason& TerminationReason() {
  static Reason reason;
  return reason;
}

class JsonFormatter final : public spdlog::formatter {
 public:
  explicit JsonFormatter(std::string program) : program_(std::move(program)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const UnixSeconds time = std::chrono::system_clock::to_time_t(message.time);
    const std::string_view text(message.payload.data(), message.payload.size());
    const auto level = spdlog::level::to_string_view(message.level);
    const Json json = {
        {"level", std::string(level.data(), level.size())},
        {"message", IsUtf8(text) ? std::string(text) : Printable(text, text.size() * 4)},
        {"program", program_},
        {"time", FormatTime(time)}};
    const std::string bytes = json.dump() + "\n";
    line.append(bytes.data(), bytes.data() + bytes.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>(program_);
  }

 private:
  const std::string program_;
};

struct Arguments {
  std::string config;
  bool die_with_parent = false;
};

// The section of CONFIGURATION.md under a heading; empty if there is none.
std::string_view ConfigurationSection(const std::string& title) {
  const std::string_view text = ConfigurationText();
  const std::string heading = "\n## " + title + "\n";
  const std::size_t begin = text.find(heading);
  if (begin == std::string_view::npos) return "";
  const std::string_view rest = text.substr(begin + heading.size());
  return rest.substr(0, rest.find("\n## "));
}

// What it says of `program`, without the marks of its examples.
std::string ConfigurationHelp(const std::string& program) {
  const std::string_view section = ConfigurationSection(program);
  if (section.empty()) return "";
  std::string help =
      "Configuration; paths are relative to the file; what stands only below the example may be "
      "left out:\n";
  for (const std::string_view line : Split(section, '\n')) {
    if (!line.starts_with("```")) help += std::string(line) + "\n";
  }
  return help;
}

// The page's own example of a key in a token.
std::string TokenHelp() {
  for (const std::string& line : Split(ConfigurationSection("Keys in tokens"), '\n')) {
    if (!line.starts_with("pkcs11:")) continue;
    return "A \"key\" (but that in \"tls\") may lie in a PKCS#11 token instead of a file, in the "
           "words of "
           "RFC 7512:\n  \"key\": \"" +
           line +
           "\"\nmodule-path is the library of the token's maker; pin-source the file of the PIN, "
           "which "
           "only its owner\nmay read (mode 0600). CONFIGURATION.md, \"Keys in tokens\", says how "
           "to make "
           "one.\n\n";
  }
  return "";
}

// An exit code instead of arguments after --help and after wrong usage.
std::optional<int> ParseArguments(int argc, char** argv, const DaemonHelp& help,
                                  Arguments& arguments) {
  CLI::App app(help.description, help.program);
  app.add_option("--config", arguments.config, "configuration, JSON \"farm-config/1\"")->required();
  app.add_flag("--die-with-parent", arguments.die_with_parent,
               "end when the program that started this one ends");
  app.footer(DaemonFooter(help));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? static_cast<int>(ExitCode::kProved)
                                : static_cast<int>(ExitCode::kUsage);
  }
  return std::nullopt;
}

}  // namespace

std::string DaemonFooter(const DaemonHelp& help) {
  return ConfigurationHelp(help.program) + (help.keys_in_tokens ? TokenHelp() : "") + help.examples;
}

void StartLogLines(const std::string& program) {
  auto logger = spdlog::stderr_logger_mt(program);
  logger->set_formatter(std::make_unique<JsonFormatter>(program));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void Daemon::Ready(const Json& facts) {
  Json line = facts;
  line["ready"] = true;
  const std::string text = line.dump() + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Daemon::WaitForTermination() {
  pollfd descriptor{termination_pipe[0], POLLIN, 0};
  while (poll(&descriptor, 1, -1) < 0 && errno == EINTR) {
  }
}

void Daemon::RequestTermination(Status status) {
  {
    MutexLock lock(TerminationReason().mutex);
    TerminationReason().status = std::move(status);
  }
  OnTermination(0);
}

void Daemon::ExitWithin(std::chrono::milliseconds time) {
  std::thread([time] {
    std::this_thread::sleep_for(time);
    Reason& reason = TerminationReason();
    MutexLock lock(reason.mutex);
    _exit(static_cast<int>(reason.status ? ExitCode::kProved : reason.status.error().Exit()));
  }).detach();
}

int DaemonMain(int argc, char** argv, const DaemonHelp& help,
               const std::function<Status(Daemon&)>& body) {
  Arguments arguments;
  if (auto exit = ParseArguments(argc, argv, help, arguments)) return *exit;
  if (pipe2(termination_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    std::perror("pipe");
    return static_cast<int>(ExitCode::kInternal);
  }
  Handle(SIGTERM, OnTermination);
  Handle(SIGINT, OnTermination);
  Handle(SIGPIPE, OnBrokenPipe);
  if (arguments.die_with_parent) {
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) return static_cast<int>(ExitCode::kCancelled);  // it has just ended
  }
  StartLogLines(help.program);
  Daemon daemon;
  daemon.config_path_ = arguments.config;
  Status status = body(daemon);
  if (status) {
    MutexLock lock(TerminationReason().mutex);
    status = TerminationReason().status;
  }
  if (status) return static_cast<int>(ExitCode::kProved);
  spdlog::error("{}", status.error().message);
  return static_cast<int>(status.error().Exit());
}

}  // namespace farm
