// Releases: what farmd does, without its door.  Takes requests and approvals, drives each release
// to its end on one thread, says how it stands.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/release/admission.h"
#include "farm/release/driver.h"
#include "farm/release/ledger.h"
#include "farm/release/view.h"
#include "farm/release/world.h"
#include "farm/store/blob_store.h"

namespace farm {

struct SubmitOutcome {
  std::string id;
  bool already_there = false;
};

struct WhyView {
  ReleaseView view;
  std::vector<std::string> reasons;
};

// Thread-safe.  Errors of calls that name a release: kNotFound exit 22.
class Releases {
 public:
  // Everything given outlives this.  Errors: those of reading the ledger.
  static Result<std::unique_ptr<Releases>> Open(ReleasesOptions options, World world,
                                                Ledger& ledger, BlobStore& store);
  // Ends the thread and all calls to sites; nothing is lost.
  ~Releases();

  // Starts the driving thread.  Once.
  void Start();
  // One pass over all releases that have something to do, on the caller's thread; true if any row
  // was added.  Not together with Start.
  bool DriveOnce();

  // Admission, then the request is stored.  A release that was cancelled or refused is taken up
  // again, by the one who requested it.  Errors: those of admission.h; kMismatch exit 23 (dissent
  // of this manifest), exit 25 (that version is released with another manifest); kUntrusted exit 25
  // (stopped, and another's); kLimitExceeded exit 25 (stopped kStopsMax times).
  Result<SubmitOutcome> Submit(const Submission& submission);
  // Stores an approval; answers how many auditors have approved the manifest.
  Result<std::int64_t> Approve(const std::string& manifest, const std::string& line);
  Result<ReleaseView> Get(const std::string& id) const;
  // Of a product, or all if empty; the newest first.
  std::vector<ReleaseView> List(const std::string& product) const;
  Result<WhyView> Why(const std::string& id) const;
  // `caller`: who asks; must be the one who requested it.
  // Errors: kUntrusted exit 25 (somebody else); kMismatch exit 25 (the signer has been asked, or it
  // has ended).
  Result<ReleaseView> Cancel(const std::string& id, const std::string& caller);
  // Events after number `after`, waiting up to `patience` for the first; see events.h.
  Result<std::vector<ReleaseEvent>> Watch(const std::string& id, std::uint64_t after,
                                          std::chrono::milliseconds patience);
  // Lets those who wait in Watch go.
  void CloseWatches();

  // Stamps and logs a person's line (AdmitEntry); answers it with both.  `release_line`: beside a
  // withdrawal that of the release which it names, else "".  The same line again is the same entry.
  // Errors: those of AdmitEntry; kMismatch exit 25 (that person has withdrawn that release already,
  // in other words); kUnavailable exit 30 (ask again), those of the log.
  Result<std::string> Enter(const std::string& line, const std::string& release_line);
  // The release's own line, as published.  Errors: kNotFound exit 22 (not published), kInvalidInput
  // (what has its name is no file).
  Result<Bundle> PublishedLine(const std::string& id) const;

  // How many auditors have approved this manifest.
  std::int64_t ApprovalsOf(const std::string& id) const;
  const Rules& rules() const;
  // How many releases are in which stage.
  std::vector<std::pair<Stage, std::int64_t>> CountStages() const;

 private:
  struct State;
  explicit Releases(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm
