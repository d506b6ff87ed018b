#include "sandbox/run.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "sandbox/check.h"
#include "sandbox/inspect.h"
#include "sandbox/landlock.h"
#include "sandbox/layers.h"
#include "sandbox/limits.h"
#include "sandbox/output_writer.h"
#include "sandbox/setup.h"
#include "sandbox/supervisor.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

// The setup process and the init of a stage, under the assembly profile two, live in the cgroup
// beside the command's processes; with a level of determinism init has threads: for the notifier,
// and under full for /dev/random and the watchdog.
std::uint64_t OwnTasks(const Spec& spec) {
  std::uint64_t tasks = spec.profile == Profile::kAssembly ? 3 : 2;
  if (spec.determinism == Determinism::kFixed) tasks += 1;
  if (spec.determinism == Determinism::kFull) tasks += 3;
  return tasks;
}

// Those that a stage does not have for itself.
std::uint64_t SetupNamespaces() {
  std::uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS;
  if (!LeftOut(Layer::kNetNamespace)) flags |= CLONE_NEWNET;
  if (!LeftOut(Layer::kIpcNamespace)) flags |= CLONE_NEWIPC;
  if (!LeftOut(Layer::kUtsNamespace)) flags |= CLONE_NEWUTS;
  return flags;
}

class Launcher {
 public:
  explicit Launcher(const Spec& spec) : spec_(spec) {}
  ~Launcher();
  Outcome Run();

 private:
  Status FindHostFiles();
  Status Prepare();
  Status StartSetupProcess();
  Status GiveIdentity();
  CgroupLimits GroupLimits() const;
  void NoteCgroup(int version, const std::string& why);
  Status GiveCgroup();
  Status VerifyCgroup() const;
  Status SendInputs();
  bool RunStage(Stage stage);
  bool EndOfStage();
  bool EndForDisk();
  void NoteWalls();
  bool RunCheckProgram();
  Result<std::string> ReadCheckOutput(RunningCheck* check);
  bool Collect();
  bool Fail(const Status& status);
  bool End(Ended ended, const std::string& message);
  std::string ProcPath(const char* rest) const {
    return "/proc/" + std::to_string(setup_) + "/" + rest;
  }

  const Spec& spec_;
  Outcome outcome_;
  std::unique_ptr<Authority> authority_;
  Filter filter_;
  UniqueFd image_;
  UniqueFd check_program_;
  UniqueFd channel_;
  UniqueFd init_channel_;
  UniqueFd log_write_;
  UniqueFd signals_;
  UniqueFd user_namespace_;
  UniqueFd setup_pidfd_;
  std::unique_ptr<Supervisor> supervisor_;
  pid_t setup_ = -1;
  bool has_range_ = false;
  bool is_cgroup_asked_for_ = false;
  int cgroup_ = 0;
  std::string no_cgroup_;  // why there is none
};

Launcher::~Launcher() {
  channel_.reset();
  if (setup_ <= 0) return;
  if (setup_pidfd_.valid()) PidfdSendSignal(setup_pidfd_.get(), SIGKILL);
  while (waitpid(setup_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Launcher::End(Ended ended, const std::string& message) {
  outcome_.ended = ended;
  outcome_.message = message;
  return false;
}

// Something did not work. If the supervisor stopped the run, its reason is the reason.
bool Launcher::Fail(const Status& status) {
  if (supervisor_ == nullptr || !supervisor_->stopped()) {
    if (outcome_.cause == Cause::kInternal) outcome_.cause = Cause::kMachine;
    return End(Ended::kError, status.message());
  }
  outcome_.limit = supervisor_->limit();
  return End(supervisor_->ended(), supervisor_->message());
}

// Everything of the host that was named, before anything is made.
Status Launcher::FindHostFiles() {
  std::vector<std::pair<std::string, std::string>> wanted = {
      {"--root-dir", spec_.root_directory},
      {"--root-image", spec_.root_image},
      {"--work", spec_.work_directory},
      {"--output-dir", spec_.output_directory},
      {"--check-word", spec_.check.argv.empty() ? "" : spec_.check.argv[0]}};
  for (const Bind& bind : spec_.binds) wanted.push_back({"--bind-ro", bind.host_path});
  for (const Input& input : spec_.inputs) wanted.push_back({"--input", input.host_file});
  for (const auto& [option, path] : wanted) {
    struct stat status = {};
    if (path.empty() || stat(path.c_str(), &status) == 0) continue;
    bool missing = errno == ENOENT || errno == ENOTDIR;
    Status failed = SystemError(option + " " + path);
    if (missing) outcome_.cause = Cause::kMissing;
    return failed;
  }
  return {};
}

Status Launcher::Prepare() {
  utsname kernel = {};
  uname(&kernel);
  outcome_.isolation.kernel = kernel.release;
  Processor processor = FirstProcessor();
  outcome_.isolation.cpu_model = processor.model;
  outcome_.isolation.cpu_flags = processor.flags;
  outcome_.limits = spec_.limits;
  if (Status status = RaiseFileSize(spec_); !status.ok()) return status;
  if (LandlockAbi() < kLandlockAbiMin) {
    return Status::Failed(
        "this kernel has no Landlock of ABI 2 or newer: Linux 5.19 with lsm=landlock");
  }
  Result<std::unique_ptr<Authority>> authority = OpenAuthority(spec_);
  if (!authority.ok()) return authority.status();
  authority_ = std::move(*authority);
  is_cgroup_asked_for_ = !LeftOut(Layer::kCgroup) && authority_->AskForCgroup(GroupLimits());
  Result<Filter> filter = MakeFilter(spec_);
  if (!filter.ok()) return filter.status();
  filter_ = std::move(*filter);
  if (!spec_.root_image.empty()) {
    image_ = UniqueFd(open(spec_.root_image.c_str(), O_RDONLY | O_CLOEXEC));
    if (!image_.valid()) return SystemError("--root-image " + spec_.root_image);
  }
  if (!spec_.check.argv.empty()) {
    Result<UniqueFd> program = LoadCheckProgram(spec_.check.argv[0]);
    if (!program.ok()) return program.status();
    check_program_ = std::move(*program);
  }
  return {};
}

Status Launcher::StartSetupProcess() {
  sigset_t handled;
  sigemptyset(&handled);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&handled, signal);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // Inherited as ignored, the end of a child would be nobody's to see.
  signal(SIGCHLD, SIG_DFL);
  signals_ = UniqueFd(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  Result<ChannelPair> channel = MakeChannel();
  Result<ChannelPair> init = MakeChannel();
  int log[2];
  if (!signals_.valid() || !channel.ok() || !init.ok() || pipe2(log, O_CLOEXEC) != 0) {
    return SystemError("making pipes");
  }
  UniqueFd log_read(log[0]);
  log_write_ = UniqueFd(log[1]);
  // Whoever runs inside may open /dev/stderr anew; it is a pipe of another owner.
  if (fcntl(log[0], F_SETFL, O_NONBLOCK) != 0 || fchmod(log[1], 0666) != 0) {
    return SystemError("arranging the log pipe");
  }
  std::vector<int> groups;
  if (is_cgroup_asked_for_) {
    std::string why;
    NoteCgroup(authority_->TakeCgroup(&why, &groups), why);
  }
  int birthplace = groups.empty() ? -1 : groups.front();
  if (!groups.empty()) groups.erase(groups.begin());
  int pidfd = -1;
  setup_ = Clone(SetupNamespaces() | CLONE_PIDFD, &pidfd, birthplace);
  if (setup_ < 0) {
    return SystemError(
        "making the namespaces (see farm-sandbox doctor; user namespaces must be "
        "allowed: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns)");
  }
  if (setup_ == 0) {
    RunSetup(spec_, filter_, {channel->second.get(), init->second.get(), log_write_.get(), groups});
  }
  setup_pidfd_ = UniqueFd(pidfd);
  channel_ = std::move(channel->first);
  init_channel_ = std::move(init->first);
  Watched watched;
  watched.setup = channel_.get();
  watched.setup_pidfd = pidfd;
  watched.init = init_channel_.get();
  watched.log_pipe = std::move(log_read);
  watched.log = spec_.log_fd;
  watched.signals = signals_.get();
  supervisor_ = std::make_unique<Supervisor>(spec_.limits, std::move(watched), *authority_);
  return {};
}

Status Launcher::GiveIdentity() {
  Result<Message> opened = supervisor_->Next();
  if (!opened.ok()) return opened.status();
  if (Status status = VerifyNamespaces(setup_); !status.ok()) return status;
  user_namespace_ = UniqueFd(open(ProcPath("ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  if (!user_namespace_.valid()) return SystemError("opening the user namespace");
  Result<bool> range = authority_->MapIds({setup_, setup_pidfd_.get()});
  if (!range.ok()) return range.status();
  has_range_ = *range;
  outcome_.isolation.uid_map = has_range_ ? "range" : "single";
  Result<std::string> map = ReadFile(ProcPath("uid_map").c_str(), 4096);
  if (!map.ok()) return map.status();
  if (spec_.allow_host_root_unsafe || LeftOut(Layer::kVerifyIdMap)) return {};
  return VerifyIdMap(*map);
}

CgroupLimits Launcher::GroupLimits() const {
  CgroupLimits limits;
  limits.memory_bytes = spec_.limits.memory_bytes;
  if (spec_.limits.pids != 0) limits.pids = spec_.limits.pids + OwnTasks(spec_);
  return limits;
}

void Launcher::NoteCgroup(int version, const std::string& why) {
  cgroup_ = version;
  no_cgroup_ = why;
  if (version == 0) return;
  outcome_.isolation.cgroup = version == 2 ? "v2" : "v1";
  outcome_.limits_are_kernel_enforced = true;
}

Status Launcher::GiveCgroup() {
  if (is_cgroup_asked_for_ || LeftOut(Layer::kCgroup)) return {};
  std::string why;
  Result<int> version = authority_->MakeCgroup({setup_, setup_pidfd_.get()}, GroupLimits(), &why);
  if (!version.ok()) return version.status();
  NoteCgroup(*version, why);
  return {};
}

Status Launcher::VerifyCgroup() const {
  if (cgroup_ != 0 || !spec_.limits.require_kernel) return {};
  return Status::Failed("--require-kernel-limits: no cgroup for memory and pids: " + no_cgroup_);
}

Status Launcher::SendInputs() {
  if (spec_.inputs.empty()) return {};
  for (std::size_t i = 0; i < spec_.inputs.size(); ++i) {
    const std::string& path = spec_.inputs[i].host_file;
    UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status = {};
    if (!file.valid()) return SystemError("--input " + path);
    if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return Status::Failed("--input " + path + ": not a regular file");
    }
    if (Status ready = supervisor_->WaitUntilWritable(); !ready.ok()) return ready;
    Status sent =
        Send(channel_.get(), Kind::kInput, {static_cast<std::int64_t>(i)}, "", {file.get()});
    if (!sent.ok()) break;  // the reason waits in the channel
  }
  Status asked = Send(channel_.get(), Kind::kInputsDone);
  Result<Message> done = supervisor_->Next();
  return done.ok() ? asked : done.status();
}

// What the command of the stage was confined by, as it said itself when all walls stood.
void Launcher::NoteWalls() {
  for (const Message& report : supervisor_->stage_reports()) {
    if (report.kind != Kind::kConfined) continue;
    outcome_.isolation.landlock_abi = static_cast<int>(report.numbers[0]);
    outcome_.isolation.seccomp = report.text;
    outcome_.isolation.determinism = DeterminismName(spec_.determinism);
    outcome_.isolation.processor_counter = report.numbers[1] != 0 ? "hidden" : "visible";
  }
}

bool Launcher::RunStage(Stage stage) {
  outcome_.stage = stage;
  supervisor_->stage_reports().clear();
  Status asked = Send(channel_.get(), Kind::kStartStage, {static_cast<std::int64_t>(stage)});
  Result<Message> started = supervisor_->Next();
  if (!started.ok()) return Fail(started.status());
  if (!asked.ok() || started->kind != Kind::kStageStarted || started->fds.size() != 1) {
    if (supervisor_->stopped()) return Fail({});
    return End(Ended::kError, "the setup process does not answer");
  }
  supervisor_->StageStarted(std::move(started->fds[0]), cgroup_ != 0);
  Result<Message> ended = supervisor_->Next();
  if (!ended.ok()) {
    NoteWalls();
    return Fail(ended.status());
  }
  supervisor_->StageEnded(ended->numbers[0], ended->numbers[1]);
  NoteWalls();
  if (supervisor_->stopped()) return Fail({});
  if (ended->numbers[2] != 0) return EndForDisk();
  return EndOfStage();
}

bool Launcher::EndForDisk() {
  outcome_.limit = "disk";
  return End(Ended::kLimit, kDiskIsFull);
}

bool Launcher::EndOfStage() {
  bool confined = false;
  for (const Message& report : supervisor_->stage_reports()) {
    if (report.kind == Kind::kConfined) {
      confined = true;
      continue;
    }
    if (report.kind == Kind::kNotStarted) {
      // All walls stood: it is the program that cannot be had.
      outcome_.cause = confined ? Cause::kMissing : Cause::kMachine;
      return End(Ended::kError, report.text);
    }
    if (report.numbers[1] != 0) return EndForDisk();
    int status = static_cast<int>(report.numbers[0]);
    if (WIFSIGNALED(status)) {
      outcome_.signal = WTERMSIG(status);
      // Of RLIMIT_FSIZE, which stands where no tmpfs bounds the files.
      if (outcome_.signal == SIGXFSZ && !spec_.work_directory.empty()) return EndForDisk();
      return End(Ended::kSignaled, "killed by signal " + std::to_string(outcome_.signal));
    }
    outcome_.exit_code = WEXITSTATUS(status);
    outcome_.ended = Ended::kExited;
    return outcome_.exit_code == 0;
  }
  return End(Ended::kError, "the init of the sandbox was killed from outside");
}

Result<std::string> Launcher::ReadCheckOutput(RunningCheck* check) {
  std::string text;
  std::vector<pollfd> extra = {{check->output.get(), POLLIN, 0}};
  char buffer[4096];
  while (true) {
    extra[0].revents = 0;
    if (!supervisor_->Turn(&extra)) return Status::Failed(supervisor_->message());
    if (extra[0].revents == 0) continue;
    ssize_t count = read(check->output.get(), buffer, sizeof buffer);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return SystemError("reading the check's output");
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kCheckOutputBytesMax) {
      return Status::Failed("the check wrote more than 64 KiB");
    }
  }
}

bool Launcher::RunCheckProgram() {
  outcome_.stage = Stage::kCheck;
  Status asked = Send(channel_.get(), Kind::kOpenDirectory, {}, spec_.check.directory);
  Result<Message> answer = supervisor_->Next();
  if (!answer.ok()) return Fail(answer.status());
  if (!asked.ok() || answer->fds.size() != 1) {
    return End(Ended::kCheckRefused,
               "--check-dir /build/" + spec_.check.directory + ": " + answer->text);
  }
  Result<RunningCheck> check = StartCheck(spec_.check, check_program_.get(), user_namespace_.get(),
                                          has_range_, answer->fds[0].get(), log_write_.get());
  if (!check.ok()) return Fail(check.status());
  Result<std::string> output = ReadCheckOutput(&*check);
  if (!output.ok()) PidfdSendSignal(check->pidfd.get(), SIGKILL);
  // The output's end is not the program's; the limits go on.
  std::vector<pollfd> extra = {{check->pidfd.get(), POLLIN, 0}};
  while (extra[0].revents == 0 && supervisor_->Turn(&extra)) {
  }
  if (supervisor_->stopped()) PidfdSendSignal(check->pidfd.get(), SIGKILL);
  int status = 0;
  while (waitpid(check->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (supervisor_->stopped()) return Fail({});
  if (!output.ok()) return End(Ended::kCheckRefused, output.message());
  outcome_.check_output = Trim(*output);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return End(Ended::kCheckRefused,
               WIFEXITED(status)
                   ? "the check exited with " + std::to_string(WEXITSTATUS(status))
                   : "the check was killed by signal " + std::to_string(WTERMSIG(status)));
  }
  if (spec_.check.has_expected && outcome_.check_output != Trim(spec_.check.expected)) {
    return End(Ended::kCheckRefused, "the check found \"" + outcome_.check_output +
                                         "\", expected \"" + Trim(spec_.check.expected) + "\"");
  }
  outcome_.ended = Ended::kExited;
  return true;
}

bool Launcher::Collect() {
  outcome_.stage = Stage::kCollect;
  Result<OutputWriter> writer =
      OutputWriter::Open(spec_.output_directory, spec_.limits.output_bytes);
  if (!writer.ok()) return Fail(writer.status());
  Status asked = Send(channel_.get(), Kind::kCollect);
  Status failed;
  bool over_limit = false;
  while (failed.ok() && !over_limit) {
    Result<Message> message = supervisor_->Next();
    if (!message.ok()) {
      failed = message.status();
    } else if (message->kind == Kind::kEntry) {
      failed = writer->Take(*message, &over_limit);
    } else if (message->kind == Kind::kRefused) {
      writer->Discard();
      Ended ended = static_cast<Ended>(message->numbers[0]);
      if (ended == Ended::kLimit) outcome_.limit = "output";
      return End(ended, message->text);
    } else {
      break;
    }
  }
  if (failed.ok() && !over_limit) failed = writer->Finish();
  if (failed.ok() && asked.ok() && !over_limit) {
    outcome_.outputs = writer->outputs();
    outcome_.stage = spec_.argv.empty() ? Stage::kCollect : Stage::kMain;
    return true;
  }
  writer->Discard();
  if (!over_limit) return Fail(failed.ok() ? asked : failed);
  outcome_.limit = "output";
  return End(Ended::kLimit, "the outputs are larger than " +
                                std::to_string(spec_.limits.output_bytes) +
                                " bytes, or more than " +
                                std::to_string(OutputEntriesMax(spec_.limits.output_bytes)) +
                                " files, folders and links");
}

Outcome Launcher::Run() {
  auto run = [this] {
    if (Status status = FindHostFiles(); !status.ok()) return Fail(status);
    if (Status status = Prepare(); !status.ok()) return Fail(status);
    if (Status status = StartSetupProcess(); !status.ok()) return Fail(status);
    // While the setup process opens what it needs of the host. If it dies, the next line says why.
    if (Status status = GiveCgroup(); !status.ok()) return Fail(status);
    if (Status status = GiveIdentity(); !status.ok()) return Fail(status);
    if (Status status = VerifyCgroup(); !status.ok()) return Fail(status);
    std::vector<int> fds;
    UniqueFd root;
    if (image_.valid()) {
      Result<UniqueFd> mount = authority_->MountRootImage(image_.get(), user_namespace_.get());
      if (!mount.ok()) return Fail(mount.status());
      root = std::move(*mount);
      fds.push_back(root.get());
    }
    Status sent = Send(channel_.get(), Kind::kMapped, {has_range_, cgroup_ == 0}, "", fds);
    Result<Message> mounted = supervisor_->Next();
    if (!mounted.ok()) return Fail(mounted.status());
    if (!sent.ok()) return Fail(sent);
    outcome_.isolation.root_backend = mounted->text;
    outcome_.disk_is_kernel_enforced = spec_.work_directory.empty();
    if (Status status = SendInputs(); !status.ok()) return Fail(status);
    if (!spec_.prepare_argv.empty() && !RunStage(Stage::kPrepare)) return false;
    if (!spec_.check.argv.empty() && !RunCheckProgram()) return false;
    if (!spec_.argv.empty() && !RunStage(Stage::kMain)) return false;
    return spec_.outputs.empty() || Collect();
  };
  run();
  if (supervisor_ != nullptr) {
    supervisor_->KillAll();
    supervisor_->FlushLog();
    outcome_.usage = supervisor_->UsageSoFar();
  }
  return outcome_;
}

}  // namespace

Outcome Run(const Spec& spec) { return Launcher(spec).Run(); }

}  // namespace sandbox
