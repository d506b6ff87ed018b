// Driver: the one thread that takes open releases on, looks again where something has happened or a
// retry is due, reads back from the log what the ledger has forgotten, and tells watchers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/release/admission.h"
#include "farm/release/book.h"
#include "farm/release/events.h"
#include "farm/release/history.h"
#include "farm/release/ledger.h"
#include "farm/release/publish.h"
#include "farm/release/site_calls.h"
#include "farm/release/view.h"
#include "farm/release/world.h"
#include "farm/store/blob_store.h"

namespace farm {

struct ReleasesOptions {
  Rules rules;
  std::string published;  // directory
  std::string copy;       // directory of the ledger's copy, apart from the ledger's own
  SiteThreads site_threads = SiteThreads::kOnePerCall;
  std::function<Status()> check_disk;  // an error: no new intent now
  // For log lines; from any thread; may be empty.
  std::function<void(const ReleaseView&)> on_change;
  std::function<void(const Error&)> on_broken;  // the ledger is broken: end the program
};

// Thread-safe but for DriveOnce.  Everything given outlives this.
class Driver {
 public:
  Driver(ReleasesOptions options, World world, Ledger& ledger, BlobStore& store, Book& book);
  // Ends the thread and all calls to sites.
  ~Driver();

  void Start();  // once
  // One pass over all open releases; true if one of them has another stage now.  For the thread, or
  // for a test that has not started it.
  bool DriveOnce();

  // Something about this release has changed: tell watchers, and look at it.
  void Touch(const std::string& id);
  // Cancels its calls to sites.
  void ForgetCalls(const std::string& id) { calls_.Forget(id); }

  // With the sites' progress.
  ReleaseView View(const std::string& id, const ReleaseState& release) const;
  // What the last pass gave; see Advance.
  std::vector<std::string> WaitsOf(const std::string& id) const;

  const ReleasesOptions& options() const { return options_; }
  const Clock& clock() const { return world_.clock; }
  Events& events() { return events_; }

 private:
  // What is remembered of a release between two passes.
  struct Memory {
    std::vector<std::string> waits;
    int failures = 0;
    std::int64_t due = 0;  // steady seconds
    bool touched = true;   // something has happened: look at it now
  };

  void Announce(const std::string& id);
  bool Drive(const std::string& id);
  void Remember(const std::string& id, Result<std::vector<std::string>> waits);
  bool Rebuild();
  bool AddRebuilt(const ManifestView& view, const std::string& kind, RebuiltFacts facts,
                  const std::string& payload);
  bool RebuildRelease(const InLog<Release>& release);
  void Loop();

  const ReleasesOptions options_;
  World world_;
  Ledger& ledger_;
  BlobStore& store_;
  Book& book_;
  Events events_;
  // Of the driving thread.
  History history_;
  bool rebuilt_ = false;
  std::int64_t rebuild_due_ = 0;
  PublishedTree published_;

  mutable Mutex mutex_;
  std::condition_variable woken_;
  std::map<std::string, Memory> memories_ GUARDED_BY(mutex_);
  std::map<std::string, ReleaseView> announced_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool poked_ GUARDED_BY(mutex_) = false;

  SiteCalls calls_;  // after everything that its threads touch
  std::thread thread_;
};

}  // namespace farm
