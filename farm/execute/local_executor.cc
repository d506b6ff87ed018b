#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/execute/execute.h"
#include "farm/execute/launcher.h"

namespace farm {
namespace {

// A file without a name, to hand words to the launcher and to get its result.
class MemoryFile {
 public:
  static Result<MemoryFile> Make(std::string_view bytes) {
    MemoryFile file(memfd_create("farm", MFD_CLOEXEC));
    if (file.number() < 0) {
      return Error{ErrorCode::kUnavailable, std::string("memfd_create: ") + std::strerror(errno)};
    }
    while (!bytes.empty()) {
      const ssize_t count = write(file.number(), bytes.data(), bytes.size());
      if (count <= 0) {
        return Error{ErrorCode::kUnavailable, std::string("memory file: ") + std::strerror(errno)};
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    lseek(file.number(), 0, SEEK_SET);
    return file;
  }
  MemoryFile(MemoryFile&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  MemoryFile& operator=(MemoryFile&&) = delete;
  ~MemoryFile() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

  std::string ReadBack() const {
    std::string bytes;
    std::string piece(65536, '\0');
    while (true) {
      const ssize_t count =
          pread(number_, piece.data(), piece.size(), static_cast<off_t>(bytes.size()));
      if (count <= 0) return bytes;
      bytes.append(piece, 0, static_cast<std::size_t>(count));
    }
  }

 private:
  explicit MemoryFile(int number) : number_(number) {}
  int number_;
};

// The last bytes of a stream.
class Tail {
 public:
  void Add(std::string_view bytes) {
    text_ += bytes;
    if (text_.size() > 4 * kLogTailBytes) text_.erase(0, text_.size() - kLogTailBytes);
  }
  std::string Text() const {
    return text_.size() <= kLogTailBytes ? text_ : text_.substr(text_.size() - kLogTailBytes);
  }

 private:
  std::string text_;
};

// Each input is there and is what its name says: what a bad disk changed must not be built.
Status CheckInputs(const Action& action, const BlobStore& blobs) {
  for (const ActionInput& input : action.inputs) {
    auto status = blobs.Get(input.digest, [](std::string_view) -> Status { return {}; });
    if (!status) return Wrap("input " + input.at, status.error());
  }
  return {};
}

struct Launched {
  LauncherResult result;
  std::string log_tail;
};

struct LaunchRequest {
  const Action& action;
  const ExecuteContext& context;
  EventSink& events;
  std::string output_directory;  // empty: none
  bool expect = true;
};

Result<Launched> Launch(const SandboxSetup& setup, const LaunchRequest& request) {
  RETURN_IF_ERROR(CheckInputs(request.action, request.context.blobs));
  ASSIGN_OR_RETURN(const MemoryFile answer, MemoryFile::Make(""));
  std::string words;
  for (const std::string& word :
       LauncherWords({setup, request.action, request.context.blobs, request.output_directory,
                      request.expect, answer.number()})) {
    words += word + '\0';
  }
  ASSIGN_OR_RETURN(const MemoryFile arguments, MemoryFile::Make(words));

  Launched launched;
  Tail tail;
  ProcessSpec spec =
      LauncherProcess(setup, {"run", "--args-fd", std::to_string(arguments.number())});
  spec.inherited_descriptors.push_back(arguments.number());
  spec.inherited_descriptors.push_back(answer.number());
  // The launcher keeps the limits; this is for one that hangs.
  spec.timeout = std::chrono::seconds(2 * request.action.limits.wall_seconds + 600);
  spec.cancelled = request.context.cancelled;
  spec.on_output = [&](std::string_view bytes) {
    tail.Add(bytes);
    request.events.Log(request.action, bytes);
  };
  auto process = RunProcess(spec);
  if (!process) {
    return Error{ErrorCode::kUnavailable,
                 "the sandbox's launcher cannot be started: " + process.error().message};
  }
  if (process->cancelled) {
    return Error{ErrorCode::kUnavailable, "cancelled", ExitCode::kCancelled};
  }
  const std::string line = answer.ReadBack();
  if (line.empty()) {
    return Error{ErrorCode::kInternal, setup.launcher + ": " + LauncherFailure(*process)};
  }
  ASSIGN_OR_RETURN(launched.result, ParseLauncherResult(line));
  launched.log_tail = tail.Text();
  return launched;
}

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? std::to_string(signal) : "SIG" + std::string(name);
}

// What the launcher says of a run that gave nothing to learn about the build.
Status ErrorOf(const Action& action, const LauncherResult& result) {
  const std::string step = "step " + action.step + ": ";
  if (result.ended == "check_refused") {
    return Error{ErrorCode::kMismatch, step +
                                           "the unpacked source is not the approved one: want\n" +
                                           ExpectedTreesText(action.trees) + "found\n" +
                                           Printable(result.check_output, kErrorTextMax) +
                                           (result.message.empty() ? "" : "\n" + result.message)};
  }
  if (result.ended == "cancelled") {
    return Error{ErrorCode::kUnavailable, step + "cancelled", ExitCode::kCancelled};
  }
  if (result.ended == "error") {
    return Error{ErrorCode::kUnavailable, step + "no sandbox: " + result.message};
  }
  return {};
}

// "<at> <64 hex>" lines, as the check program prints them and the launcher hands them on.
std::vector<ExpectedTree> FoundTrees(const std::string& check_output) {
  std::vector<ExpectedTree> trees;
  for (const std::string& line : Split(check_output, '\n')) {
    const std::size_t space = line.rfind(' ');
    if (space == std::string::npos || line.size() - space - 1 != 64) continue;
    trees.push_back({line.substr(0, space), line.substr(space + 1)});
  }
  return trees;
}

// "exited" with 0 is success; anything else is told in words.
ActionResult Judge(const Launched& launched) {
  const LauncherResult& from = launched.result;
  ActionResult result;
  result.log_tail = launched.log_tail;
  result.milliseconds = from.milliseconds;
  result.sandbox = from.facts;
  result.trees = FoundTrees(from.check_output);
  result.limits_observed = !from.limits_are_kernel_enforced;
  if (from.ended == "limit") {
    result.end = ActionEnd::kLimit;
    result.reason = "the limit on " + from.limit + " was reached" +
                    (from.message.empty() ? "" : ": " + from.message);
    return result;
  }
  const bool prepared = from.stage != "prepare";
  result.end = prepared ? ActionEnd::kFailed : ActionEnd::kPrepareFailed;
  const std::string who = prepared ? "" : "unpacking the sources: ";
  if (from.ended == "signaled") {
    result.signal = from.signal;
    result.reason = who + "ended by " + SignalName(from.signal);
  } else if (from.ended == "exited" && from.exit_code != 0) {
    result.exit_code = from.exit_code;
    result.reason = who + "exit code " + std::to_string(from.exit_code);
  } else if (from.ended == "exited") {
    result.end = ActionEnd::kSucceeded;
    result.exit_code = 0;
  } else {
    result.exit_code = 0;
    result.reason =
        (from.ended == "output_missing" ? "output missing: " : "output refused: ") + from.message;
  }
  return result;
}

// From the launcher's folder into the store.
Status TakeOutputs(const Action& action, const LauncherResult& from, const std::string& directory,
                   BlobStore& blobs, ActionResult& result) {
  for (const std::string& path : action.outputs) {
    const auto found =
        std::find_if(from.outputs.begin(), from.outputs.end(),
                     [&](const CollectedOutput& output) { return output.path == path; });
    if (found == from.outputs.end()) {
      return Error{ErrorCode::kInternal, "the launcher has not collected " + path};
    }
    if (found->type != "file") {
      result.end = ActionEnd::kFailed;
      result.reason = "output " + path + " is a " + found->type + ", want a file";
      result.outputs.clear();
      return {};
    }
    ASSIGN_OR_RETURN(const StoredBlob blob, blobs.PutFile(JoinPath(directory, path)));
    result.outputs.push_back({path, blob.digest, blob.size, found->executable ? "0755" : "0644"});
  }
  return {};
}

class LocalExecutor final : public Executor {
 public:
  explicit LocalExecutor(SandboxSetup setup) : setup_(std::move(setup)) {}

  Result<ActionResult> Execute(const Action& action, const ExecuteContext& context,
                               EventSink& events) override {
    ASSIGN_OR_RETURN(const TemporaryDirectory scratch,
                     TemporaryDirectory::Make(setup_.scratch_directory));
    const LaunchRequest request{action, context, events, scratch.path(), true};
    ASSIGN_OR_RETURN(const Launched launched, Launch(setup_, request));
    RETURN_IF_ERROR(ErrorOf(action, launched.result));
    ActionResult result = Judge(launched);
    if (result.end == ActionEnd::kSucceeded) {
      RETURN_IF_ERROR(TakeOutputs(action, launched.result, scratch.path(), context.blobs, result));
    }
    return result;
  }

 private:
  SandboxSetup setup_;
};

class NullEvents final : public EventSink {
 public:
  void ActionStarted(const Action&, std::size_t, std::size_t) override {}
  void Log(const Action&, std::string_view) override {}
  void ActionEnded(const Action&, const ActionResult&) override {}
};

constexpr const char* kUnpackPlace = "source";

// "source <64 hex> <40 hex>", as the launcher hands it on: without the line break.
Result<TreeIdentity> ParseIdentity(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ' ');
  if (parts.size() != 3 || parts[0] != kUnpackPlace || parts[1].size() != 64 ||
      parts[2].size() != 40 || !HexDecode(parts[1]) || !HexDecode(parts[2])) {
    return Error{ErrorCode::kInternal,
                 "the check program answered " + Printable(text, 200) + ", want a tree"};
  }
  return TreeIdentity{parts[1], parts[2]};
}

Action UnpackAction(const ManifestSource& source) {
  Action action;
  action.step = "unpack-" + source.name;
  action.environment = {{"HOME", "/nonexistent"},
                        {"LC_ALL", "C.UTF-8"},
                        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                        {"TZ", "UTC"}};
  for (const SourceFile& file : source.files) {
    ActionInput input;
    input.at = RawFilePlace(source.name, file.name);
    input.digest = file.digest;
    input.size = file.size;
    action.inputs.push_back(std::move(input));
  }
  action.prepare = PrepareCommand({{&source, kUnpackPlace}});
  return action;
}

// `directory`: for the action's outputs, if it has any.
Result<LauncherResult> Unpack(const SandboxSetup& setup, const ManifestSource& source,
                              const Action& action, BlobStore& blobs,
                              const std::string& directory) {
  const ExecuteContext context{blobs, setup.cancelled};
  ASSIGN_OR_RETURN(const Launched launched,
                   Launch(setup, {action, context, NoEvents(), directory, false}));
  const LauncherResult& result = launched.result;
  RETURN_IF_ERROR(ErrorOf(action, result));
  if (result.ended != "exited" || result.exit_code != 0 ||
      (!action.trees.empty() && result.check_output.empty())) {
    const ActionResult judged = Judge(launched);
    return Error{ErrorCode::kInvalidInput,
                 "source " + source.name + ": " + judged.reason + "\n" + judged.log_tail};
  }
  return result;
}

}  // namespace

Result<int> MonitorDescriptor() {
  const char* text = std::getenv(kMonitorVariable);
  if (text == nullptr) return -1;
  const auto number = ParseDecimal(text, 1 << 20);
  if (!number) return Wrap(kMonitorVariable, number.error());
  return static_cast<int>(*number);
}

EventSink& NoEvents() {
  static NullEvents events;
  return events;
}

std::unique_ptr<Executor> NewLocalExecutor(const SandboxSetup& setup) {
  return std::make_unique<LocalExecutor>(setup);
}

std::function<Result<TreeIdentity>(const ManifestSource&)> SandboxUnpacker(
    const SandboxSetup& setup, BlobStore& blobs) {
  return [setup, &blobs](const ManifestSource& source) -> Result<TreeIdentity> {
    Action action = UnpackAction(source);
    action.trees = {{kUnpackPlace, ""}};
    ASSIGN_OR_RETURN(const LauncherResult result, Unpack(setup, source, action, blobs, ""));
    return ParseIdentity(result.check_output);
  };
}

Result<std::string> UnpackSource(const SandboxSetup& setup, const ManifestSource& source,
                                 BlobStore& blobs, const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectories(directory, 0755));
  Action action = UnpackAction(source);
  action.outputs = {kUnpackPlace};
  RETURN_IF_ERROR(Unpack(setup, source, action, blobs, directory));
  return JoinPath(directory, kUnpackPlace);
}

}  // namespace farm
