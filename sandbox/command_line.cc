#include "sandbox/command_line.h"

#include <climits>
#include <cstdlib>
#include <functional>
#include <map>

#include "sandbox/monitor.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kFdMax = 1 << 20;
constexpr std::uint64_t kIdMax = UINT32_MAX - 1;
constexpr std::uint64_t kSecondsMax = std::uint64_t{30} * 86400;
constexpr std::uint64_t kClockMax = std::uint64_t{1} << 32;  // the year 2106
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 50;
constexpr std::uint64_t kCountMax = 1 << 30;

// An option: how many words follow it, and what to do with them.
struct Option {
  std::size_t words;
  std::function<Status(const std::string* words)> take;
};
using Options = std::map<std::string, Option>;

template <class T>
Option Number(const std::string& name, T* target, std::uint64_t max) {
  return {1, [name, target, max](const std::string* words) {
            Result<std::uint64_t> value = ParseCount(name, words[0], max);
            if (!value.ok()) return value.status();
            *target = static_cast<T>(*value);
            return Status();
          }};
}

Option Text(std::string* target) {
  return {1, [target](const std::string* words) {
            *target = words[0];
            return Status();
          }};
}

Option Append(std::vector<std::string>* target) {
  return {1, [target](const std::string* words) {
            target->push_back(words[0]);
            return Status();
          }};
}

Option Flag(bool* target) {
  return {0, [target](const std::string*) {
            *target = true;
            return Status();
          }};
}

Option Below(const std::string& name, const std::function<void(std::string)>& put) {
  return {1, [name, put](const std::string* words) {
            Result<std::string> path = BelowBuild(words[0]);
            if (!path.ok()) return Status::Failed(name + " " + path.message());
            put(*path);
            return Status();
          }};
}

Status TakeInput(Spec* spec, const std::string* words) {
  Input input;
  input.host_file = words[0];
  Result<std::string> path = BelowBuild(words[1]);
  if (!path.ok()) return Status::Failed("--input " + path.message());
  if (*path == ".") return Status::Failed("--input: want a path below /build");
  input.inside_path = *path;
  std::uint64_t mode = 0;
  std::uint64_t mtime = 0;
  if (!ParseNumber(words[2], 07777, &mode, 8) || (mode & 07000) != 0) {
    return Status::Failed("--input " + words[1] + ": mode " + words[2] + ": want 0 to 0777, octal");
  }
  if (!ParseNumber(words[3], std::uint64_t{1} << 40, &mtime)) {
    return Status::Failed("--input " + words[1] + ": time " + words[3] +
                          ": want seconds since 1970");
  }
  input.mode = static_cast<mode_t>(mode);
  input.mtime_seconds = static_cast<std::int64_t>(mtime);
  spec->inputs.push_back(std::move(input));
  return {};
}

Status TakeProfile(Spec* spec, const std::string& word) {
  if (word != "build" && word != "assembly") {
    return Status::Failed("--profile " + word + ": want build or assembly");
  }
  spec->profile = word == "build" ? Profile::kBuild : Profile::kAssembly;
  return {};
}

Status TakeUmask(Spec* spec, const std::string& word) {
  std::uint64_t mask = 0;
  if (!ParseNumber(word, 0777, &mask, 8)) return Status::Failed("--umask " + word + ": want octal");
  spec->umask = static_cast<mode_t>(mask);
  return {};
}

void AddFileOptions(Spec* spec, Options* options) {
  Options& o = *options;
  o["--root-dir"] = Text(&spec->root_directory);
  o["--root-image"] = Text(&spec->root_image);
  o["--profile"] = {1, [spec](const std::string* w) { return TakeProfile(spec, w[0]); }};
  o["--work"] = {1, [spec](const std::string* w) {
                   spec->work_directory = w[0] == "tmpfs" ? "" : w[0];
                   return Status();
                 }};
  o["--input"] = {4, [spec](const std::string* w) { return TakeInput(spec, w); }};
  o["--bind-ro"] = {2, [spec](const std::string* w) {
                      spec->binds.push_back({w[0], w[1]});
                      return Status();
                    }};
  o["--output"] =
      Below("--output", [spec](std::string path) { spec->outputs.push_back(std::move(path)); });
  o["--output-dir"] = Text(&spec->output_directory);
}

Status TakeDeterminism(Spec* spec, const std::string& word) {
  for (Determinism level : {Determinism::kOff, Determinism::kFixed, Determinism::kFull}) {
    if (word != DeterminismName(level)) continue;
    spec->determinism = level;
    return {};
  }
  return Status::Failed("--determinism " + word + ": want off, fixed or full");
}

void AddCommandOptions(Spec* spec, Options* options) {
  Options& o = *options;
  o["--env"] = Append(&spec->environment);
  o["--cwd"] = Text(&spec->working_directory);
  o["--uid"] = Number("--uid", &spec->uid, kIdMax);
  o["--gid"] = Number("--gid", &spec->gid, kIdMax);
  o["--hostname"] = Text(&spec->hostname);
  o["--umask"] = {1, [spec](const std::string* w) { return TakeUmask(spec, w[0]); }};
  o["--loopback"] = Flag(&spec->loopback);
  o["--determinism"] = {1, [spec](const std::string* w) { return TakeDeterminism(spec, w[0]); }};
  o["--clock"] = Number("--clock", &spec->clock_seconds, kClockMax);
  o["--prepare-word"] = Append(&spec->prepare_argv);
  o["--check-word"] = Append(&spec->check.argv);
  o["--check-dir"] =
      Below("--check-dir", [spec](std::string path) { spec->check.directory = std::move(path); });
  o["--check-expect"] = {1, [spec](const std::string* w) {
                           spec->check.has_expected = true;
                           spec->check.expected = w[0];
                           return Status();
                         }};
}

void AddLimitOptions(Limits* limits, Options* options) {
  Options& o = *options;
  o["--wall-seconds"] = Number("--wall-seconds", &limits->wall_seconds, kSecondsMax);
  o["--cpu-seconds"] = Number("--cpu-seconds", &limits->cpu_seconds, kSecondsMax * 256);
  o["--memory-bytes"] = Number("--memory-bytes", &limits->memory_bytes, kBytesMax);
  o["--pids"] = Number("--pids", &limits->pids, kCountMax);
  o["--disk-bytes"] = Number("--disk-bytes", &limits->disk_bytes, kBytesMax);
  o["--disk-inodes"] = Number("--disk-inodes", &limits->disk_inodes, kCountMax);
  o["--log-bytes"] = Number("--log-bytes", &limits->log_bytes, kBytesMax);
  o["--output-bytes"] = Number("--output-bytes", &limits->output_bytes, kBytesMax);
  o["--silence-seconds"] = Number("--silence-seconds", &limits->silence_seconds, kSecondsMax);
  o["--require-kernel-limits"] = Flag(&limits->require_kernel);
}

Options MakeOptions(RunRequest* request) {
  Spec* spec = &request->spec;
  Options options;
  AddFileOptions(spec, &options);
  AddCommandOptions(spec, &options);
  AddLimitOptions(&spec->limits, &options);
  options["--monitor-fd"] = Number("--monitor-fd", &spec->monitor_fd, kFdMax);
  options["--subids"] = {1, [spec](const std::string* w) {
                           Result<IdRange> range = ParseIdRange(w[0]);
                           if (!range.ok()) return range.status();
                           spec->subids = *range;
                           return Status();
                         }};
  options["--log-fd"] = Number("--log-fd", &spec->log_fd, kFdMax);
  options["--result-fd"] = Number("--result-fd", &request->result_fd, kFdMax);
  return options;
}

// Replaces each "--args-fd N" by what can be read there.
Result<std::vector<std::string>> Expand(const std::vector<std::string>& words) {
  std::vector<std::string> expanded;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      expanded.insert(expanded.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      return expanded;
    }
    if (words[i] != "--args-fd") {
      expanded.push_back(words[i]);
      continue;
    }
    if (++i == words.size()) return Status::Failed("--args-fd: want a number");
    Result<std::uint64_t> fd = ParseCount("--args-fd", words[i], kFdMax);
    if (!fd.ok()) return fd.status();
    Result<std::string> text = ReadAll(static_cast<int>(*fd), kArgumentBytesMax);
    if (!text.ok()) return Status::Failed("--args-fd: " + text.message());
    if (text->empty()) continue;
    if (text->back() != '\0') return Status::Failed("--args-fd: the last word has no NUL");
    text->pop_back();
    for (std::string& word : Split(*text, '\0')) expanded.push_back(std::move(word));
  }
  return expanded;
}

}  // namespace

Status TakeMonitorFromEnvironment(Spec* spec) {
  const char* text = std::getenv(kMonitorVariable);
  if (text == nullptr || spec->monitor_fd >= 0) return {};
  Result<std::uint64_t> fd = ParseCount(kMonitorVariable, text, kFdMax);
  if (!fd.ok()) return fd.status();
  spec->monitor_fd = static_cast<int>(*fd);
  return {};
}

Result<IdRange> ParseIdRange(const std::string& text) {
  std::vector<std::string> parts = Split(text, ':');
  std::uint64_t base = 0;
  std::uint64_t count = 0;
  if (parts.size() != 2 || !ParseNumber(parts[0], kIdMax, &base) || base == 0 ||
      !ParseNumber(parts[1], kIdMax - base, &count) || count == 0) {
    return Status::Failed("--subids " + text + ": want BASE:COUNT with BASE > 0");
  }
  return IdRange{static_cast<std::uint32_t>(base), static_cast<std::uint32_t>(count)};
}

Result<std::uint64_t> ParseCount(const std::string& option, const std::string& text,
                                 std::uint64_t max) {
  std::uint64_t value = 0;
  if (ParseNumber(text, max, &value)) return value;
  return Status::Failed(option + " " + text + ": want a number from 0 to " + std::to_string(max));
}

Result<RunRequest> ParseRun(const std::vector<std::string>& given) {
  Result<std::vector<std::string>> words = Expand(given);
  if (!words.ok()) return words.status();
  RunRequest request;
  Options options = MakeOptions(&request);
  std::size_t i = 0;
  while (i < words->size() && (*words)[i] != "--") {
    const std::string& name = (*words)[i];
    auto option = options.find(name);
    if (option == options.end()) return Status::Failed(name + ": no such option (see --help)");
    if (words->size() - i - 1 < option->second.words) {
      return Status::Failed(name + ": want " + std::to_string(option->second.words) + " words");
    }
    Status taken = option->second.take(words->data() + i + 1);
    if (!taken.ok()) return taken;
    i += 1 + option->second.words;
  }
  if (i < words->size()) {
    request.spec.argv.assign(words->begin() + static_cast<std::ptrdiff_t>(i) + 1, words->end());
  }
  if (Status status = TakeMonitorFromEnvironment(&request.spec); !status.ok()) return status;
  if (Status status = ValidateSpec(request.spec); !status.ok()) return status;
  return request;
}

}  // namespace sandbox
