#pragma once

#include <sys/types.h>

#include <string_view>

namespace sandbox {

// write(2) that waits for room in a pipe, a socket or a terminal for so many milliseconds only;
// less than all may be written. -1 and errno EINTR: nothing was. The descriptor's open file
// description, which may be somebody else's too, stays as it is, and nothing is opened anew, which
// of another user's terminal would be refused. Uses the signal SIGRTMIN; of a process with one
// thread.
ssize_t WriteWithin(int milliseconds, int fd, std::string_view bytes);

}  // namespace sandbox
