#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// What the processes of one run say to each other. They are forks of one program, so the layout is
// not a format for others.
enum class Kind : std::uint32_t {
  // setup process -> launcher
  kOpened,        // host paths are open; write the id maps now
  kMounted,       // text: what the root is (Isolation.root_backend); it is in place
  kInputsDone,    // all inputs are there (answer to the launcher's kInputsDone)
  kStageStarted,  // fds[0]: pidfd of the stage's init
  kStageEnded,    // numbers: CPU microseconds, largest resident set in bytes, 1 if the disk is over
  kDirectory,     // fds[0]: the directory asked for
  kEntry,         // one collected entry: numbers: type, mode, size, seconds, nanoseconds
  kCollected,     // no more entries
  kRefused,       // numbers[0]: an Ended (see Refusal); text: what
  kFailed,        // text: what could not be done, with a remedy
  // launcher -> setup process
  kMapped,         // numbers[0]: 1 if a range is mapped; fds[0]: root mount, if an image
  kInput,          // numbers[0]: index into Spec.inputs; fds[0]: the host file
  kStartStage,     // numbers[0]: a Stage
  kOpenDirectory,  // text: relative to /build
  kCollect,
  // init of a stage -> launcher
  kConfined,   // numbers: ABI of Landlock in force, 1 if the processor's counter is hidden; text:
               // Isolation.seccomp; the command runs
  kUsage,      // numbers: CPU microseconds, bytes of memory, live threads, 1 if a tmpfs is full,
               // locks of files
  kUnseen,     // text: why nobody can see what the command uses
  kExited,     // numbers: wait status of the command, 1 if a tmpfs is full
  kNotStarted  // text: why the command could not be started
};

struct Message {
  Kind kind = Kind::kFailed;
  std::int64_t numbers[5] = {};
  std::string text;
  std::vector<UniqueFd> fds;
};

// Largest text of a message: two paths and a margin.
constexpr std::size_t kMessageTextMax = 16384;

// One connected pair of SOCK_SEQPACKET sockets.
struct ChannelPair {
  UniqueFd first;
  UniqueFd second;
};
Result<ChannelPair> MakeChannel();

// `fds` are borrowed. A text longer than kMessageTextMax is cut.
Status Send(int channel, Kind kind, const std::vector<std::int64_t>& numbers = {},
            const std::string& text = "", const std::vector<int>& fds = {});
// Waits for one message. A closed peer is a failure.
Result<Message> Receive(int channel);

}  // namespace sandbox
