// Site: the way from a question to a record.  Checks, builds from raw inputs, signs "built by me",
// keeps, stamps, logs, answers; asked again it answers the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/execute/execute.h"
#include "farm/sign/certified_signer.h"
#include "farm/site/admission.h"
#include "farm/site/events.h"
#include "farm/site/journal.h"
#include "farm/store/blob_store.h"

namespace farm {

// True when the work should end: the site stops.
using Stopped = std::function<bool()>;

// A root file system that this site assembled itself.
struct ReadyRoot {
  std::string directory;  // exactly one of these two
  std::string image;
  // As hashed here, never as the lock says: they go into the record.
  Digest root_tar;
  Digest image_digest;
};

// Where the site's own files are, read again for every build, so that a new root counts at once.
struct SiteFiles {
  std::string root;
  std::string policy;
};

// The hands of a site.  main.cc wires the real ones; a test may wrap one.  Everything borrowed
// outlives the site.
struct SiteParts {
  std::string builder;  // builder id
  SiteFiles files;
  bool kernel_limits = true;  // "limits": "kernel" of the configuration
  BlobStore& blobs;
  SiteJournal& journal;
  CertifiedSigner& signer;
  const Clock& clock;
  // Assembles the lock's root from packages in the store, or finds it done; says what it does.
  std::function<Result<ReadyRoot>(const Lock&, const Stopped&,
                                  const std::function<void(std::string_view)>&)>
      root;
  std::function<std::unique_ptr<Executor>(const ReadyRoot&)> executor;
  // Time stamp and log entry for a signed record; `keep` is told the stamped one first.
  struct Publication {
    Bundle record;
    std::uint64_t epoch = 0;
    std::function<Status(const Bundle&)> keep;
    TrustRoot root;  // the site's own, of now
  };
  std::function<Result<Bundle>(const Publication&)> publish;
  // The programs that made the record, by name.
  std::function<Result<std::map<std::string, Digest>>()> programs;
};

// Thread-safe.
class Site {
 public:
  explicit Site(SiteParts parts);
  // Stops first.
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Joins the build of the question's intent, or starts it in a thread of its own, which goes on
  // when nobody watches.  One build runs at a time, others wait.  The end is the record's bundle
  // line with time stamp and log entry, or an error; an error makes no record, except that a record
  // which could not be stamped or logged (exit 30) is kept, and asking again takes it further.
  // Errors of the call itself: kInvalidInput (intent line), exit 25 (epoch older than seen),
  // exit 30 (too many builds, or stopping).
  // Errors of the end: those of Admit and CheckInputs; 13 (limits of the kernel are needed); 22
  // (the assembled root is another than the lock says); 26 (stopped); 30 (sandbox, disk, time
  // stamp, log).
  Result<std::shared_ptr<BuildEvents>> Build(const BuildQuestion& question);

  // Ends what runs, without records.  Idempotent.
  void Stop();

  // Not success once a record could not be kept: the program must end.
  Status Health() { return parts_.journal.Health(); }

 private:
  struct Running {
    // Shared with every watcher: it outlives the build as long as somebody reads the end.
    std::shared_ptr<BuildEvents> events;
    std::thread thread;
    bool ended = false;
  };
  void Run(const BuildQuestion& question, const Digest& intent, BuildEvents& events);
  Result<std::string> MakeLine(const BuildQuestion& question, const Digest& intent,
                               BuildEvents& events);
  Result<SiteRules> ReadRules();
  Result<Record> BuildRecord(const Admitted& admitted, const SiteRules& rules, BuildEvents& events);
  Result<std::string> Publish(KeptRecord kept, const Digest& intent, const BuildQuestion& question);
  void ForgetEnded() REQUIRES(mutex_);
  bool stopping();

  const SiteParts parts_;
  Mutex building_;  // held by the one build that runs
  Mutex mutex_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::map<Digest, Running> running_ GUARDED_BY(mutex_);  // by intent
};
constexpr std::size_t kBuildsMax = 64;  // waiting ones hold a thread and their question each

}  // namespace farm
