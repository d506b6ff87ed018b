#pragma once

#include <linux/capability.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/status.h"

namespace sandbox {

// CAP_SYS_PTRACE: what these need to look at the mappings of another user's processes. It is enough
// to have it permitted; it is taken for the look alone.
inline constexpr std::uint64_t kRightToLook = std::uint64_t{1} << CAP_SYS_PTRACE;

// What a look at all processes finds of one.
struct Process {
  std::string directory;  // below /proc: PID, or PID/task/TID where the first thread has ended
  int thread = 0;         // PID or TID
  int parent = 0;
  std::int64_t private_bytes = 0;  // with its page tables
  std::int64_t table_bytes = 0;    // page tables
  std::int64_t mapped_bytes = 0;   // all addresses
  std::int64_t hidden_bytes = 0;   // what may be shared memory that it is not seen to use
};

// Adds up two things. How much shared memory without a file, System V's too, the processes map,
// each once and as a whole: the kernel keeps its pages until the last process takes it off, whoever
// maps or uses them; `shared_in_use` if that is more. And what the kernel keeps for their mappings.
// Stops as soon as it is known whether that is more than `room`. Of a process that may not be
// looked into all counts that it may be. `device`: SharedMemoryDevice.
struct MappedQuery {
  int proc = -1;
  std::string device;
  std::int64_t shared_in_use = 0;
  std::int64_t room = 0;
};
std::int64_t MappedBytes(const MappedQuery& query, std::vector<Process> processes);

// Counts again, where several processes have pages in common: a part for each (Pss), and an address
// space once, whoever runs in it (vfork). False: of some process it cannot be had, and what it had
// stands.
bool ShareOutPrivate(int proc, std::vector<Process>* processes);

// A file or folder of a /proc, whatever somebody has mounted over it or over its folders: EXDEV.
// -1: errno says why.
int OpenBelow(int proc, const std::string& path, int flags);

// The device of the kernel's own mount for shared memory that has no file anywhere.
Result<std::string> SharedMemoryDevice(int proc);

// The number of kilobytes behind `name` in the text of /proc/PID/status or smaps_rollup, in bytes;
// -1 if it is not there.
std::int64_t KilobytesOf(const std::string& text, const std::string& name);

}  // namespace sandbox
