#pragma once

#include <string>

#include "tests/attacks/scene.h"

namespace attacks {

// Looks for the harm that a behaviour did to the host. `look` is one of
//   process              a process named place.tag lives on
//   shared_memory, semaphores, messages    of System V, with the key place.number
//   message_queue        of POSIX, named place.tag
//   shared_memory_file, temporary_file     named place.tag in /dev/shm, /tmp
//   abstract_socket      somebody answers at place.tag
//   input, bound, link_target              the host's file was changed
//   mount                something is mounted in place.work()
//   log_flags            the open file `log` does not block any more
//   datagram             one came to the host
//   victim               the victim of `user` is dead
// What was found, and takes it away; empty: no harm was done.
std::string LookAtHost(const std::string& look, Scene& scene, const Place& place, uid_t user,
                       int log);

bool HasProcess(const std::string& name);

// Kills what a behaviour left.
void KillByName(const std::string& name);

}  // namespace attacks
