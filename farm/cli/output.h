// What commands print: lines for people, or one JSON document with --json; errors with a remedy.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/json/json_fwd.h"

namespace farm {

// Where a command's words go.  Standard output carries the answer, standard error the progress.
struct Output {
  bool json = false;
  bool terminal = false;  // standard error is a terminal: progress may be redrawn
};

// A line of the answer; nothing with --json.
void Say(const Output& output, std::string_view line);
// The JSON answer; nothing without --json.
void Answer(const Output& output, const Json& json);
// A line of progress on standard error.
void SayProgress(const Output& output, std::string_view line);
// Redraws the last line of progress (plain lines where there is no terminal, and only if changed).
// On a terminal it is cut to one line: a line that wraps is not the last one any more, and the next
// redraw would leave its beginning there.
void SayProgressInPlace(const Output& output, std::string_view line);
void EndProgressInPlace(const Output& output);
// For work that tells many lines: each redraws the last one on a terminal; elsewhere they are not
// shown, as hundreds of them would hide the others.  `output` outlives it.
std::function<void(std::string_view)> ProgressOf(const Output& output);

// What of `line`, which is ASCII, a terminal of so many columns shows in one line without wrapping.
// The last column stays free: some terminals begin the next line once it is written.
std::string_view CutToColumns(std::string_view line, std::size_t columns);

// Prints the error ("farm release: ...", or {"error":{"code","exit","message"}}) and returns its
// exit code.
int Fail(const Output& output, std::string_view command, const Error& error);
// The same, and what to do as the last line ("to do: ...").
int FailAndSayWhatToDo(const Output& output, std::string_view command, const Error& error);

// "1:05", "2:10:00".
std::string FormatDuration(long long seconds);
// "[########------------]".
std::string ProgressBar(int done, int total);

}  // namespace farm
