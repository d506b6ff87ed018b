#pragma once

#include <sys/types.h>

#include <memory>

#include "sandbox/confine.h"
#include "sandbox/family.h"
#include "sandbox/file_view.h"
#include "sandbox/machine_view.h"
#include "sandbox/notifier.h"
#include "sandbox/tracer.h"

namespace sandbox {

// The world of a stage with a level of determinism: all that answers and follows its command. Made
// and used by the stage's init.
class FixedWorld {
 public:
  // With the stage's file systems in place. Errors: the kernel does not give what the level needs.
  static Result<std::unique_ptr<FixedWorld>> Make(const Spec& spec, const Command& command);

  // Takes on `child`, which has loaded a filter that notifies `listener`, a descriptor of its own,
  // and waits to execute the command. Gives up all capabilities of the caller but those that
  // looking into the command's processes, and choosing their ids, takes.
  Status Take(pid_t child, int listener);
  // Null for kFixed, which needs no following.
  Tracer* tracer() { return tracer_.get(); }

 private:
  FixedWorld(const Spec& spec, const Command& command);
  Status OpenTracer(int log);
  std::uint64_t Capabilities() const;

  const Spec& spec_;
  MachineFacts facts_;
  std::unique_ptr<Family> family_;  // kFull only
  FileView files_;
  std::unique_ptr<Tracer> tracer_;  // kFull only
  std::unique_ptr<Notifier> notifier_;
};

}  // namespace sandbox
