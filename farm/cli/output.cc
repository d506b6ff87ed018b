#include "farm/cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "farm/base/terminal.h"
#include "farm/json/json.h"

namespace farm {
namespace {

// The only state of this folder: what stands on the terminal's last line.
std::string& LastLine() {
  static std::string line;
  return line;
}

void WriteLine(std::FILE* file, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), file);
  std::fputc('\n', file);
  std::fflush(file);
}

// By the code alone: what is named above is not said again.
std::string_view WhatToDo(ExitCode exit) {
  switch (exit) {
    case ExitCode::kUsage:
      return "mend or get again what is named above; --help has an example";
    case ExitCode::kBadSignature:
      return "get the trust root again from whom you trust, and compare its digest";
    case ExitCode::kLogProof:
      return "keep what you have, it is evidence; get it again from another place, and tell the "
             "log's witnesses if it stays so";
    case ExitCode::kWitnesses:
      return "try again later, or ask the witnesses why their cosignatures are missing";
    case ExitCode::kRevoked:
      return "get the newest trust root, and what was witnessed by keys that it does not revoke";
    case ExitCode::kNotValidThen:
      return "get the newest trust root, and set this machine's clock";
    case ExitCode::kInputMissing:
      return "get what is missing, or name where it lies";
    case ExitCode::kRefused:
      return "ask whoever refused it, who is named above";
    case ExitCode::kInternal:
      return "tell the makers of the program";
    default:
      return "try again when that is mended";
  }
}

}  // namespace

void Say(const Output& output, std::string_view line) {
  if (!output.json) WriteLine(stdout, line);
}

void Answer(const Output& output, const Json& json) {
  if (!output.json) return;
  const std::string text = WriteReadableJson(json);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void SayProgress(const Output& output, std::string_view line) {
  EndProgressInPlace(output);
  WriteLine(stderr, line);
}

void SayProgressInPlace(const Output& output, std::string_view line) {
  if (LastLine() == line) return;
  LastLine() = line;
  if (!output.terminal) return WriteLine(stderr, line);
  // Asked each time: people resize their terminals.
  const std::string_view shown = CutToColumns(line, TerminalColumns(STDERR_FILENO));
  std::fprintf(stderr, "\r\x1b[K%.*s", static_cast<int>(shown.size()), shown.data());
  std::fflush(stderr);
}

void EndProgressInPlace(const Output& output) {
  if (LastLine().empty()) return;
  LastLine().clear();
  if (output.terminal) std::fputc('\n', stderr);
}

std::function<void(std::string_view)> ProgressOf(const Output& output) {
  return [&output](std::string_view line) {
    if (output.terminal) SayProgressInPlace(output, line);
  };
}

std::string_view CutToColumns(std::string_view line, std::size_t columns) {
  return line.substr(0, columns == 0 ? 0 : columns - 1);
}

int Fail(const Output& output, std::string_view command, const Error& error) {
  EndProgressInPlace(output);
  if (output.json) {
    Answer(output, {{"error",
                     {{"code", std::string(Name(error.code))},
                      {"exit", static_cast<int>(error.Exit())},
                      {"message", error.message}}}});
  }
  WriteLine(stderr, std::string(command) + ": " + error.message);
  return static_cast<int>(error.Exit());
}

int FailAndSayWhatToDo(const Output& output, std::string_view command, const Error& error) {
  const int code = Fail(output, command, error);
  WriteLine(stderr, "to do: " + std::string(WhatToDo(error.Exit())));
  return code;
}

std::string FormatDuration(long long seconds) {
  char text[40];
  if (seconds >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60,
                  seconds % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", seconds / 60, seconds % 60);
  }
  return text;
}

std::string ProgressBar(int done, int total) {
  constexpr int kWidth = 20;
  const int filled = total <= 0 ? 0 : std::clamp(done * kWidth / total, 0, kWidth);
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '-') + "]";
}

}  // namespace farm
