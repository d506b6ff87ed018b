// Harness: a farmd without its door over a FakeWorld, on real files, that can "crash" and start
// again.  For tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "farm/base/files.h"
#include "farm/release/ledger.h"
#include "farm/release/releases.h"
#include "tests/support/fake_world.h"
#include "tests/support/hooked_files.h"

namespace farm {

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  return *std::move(result);
}
inline void Must(const Status& status) {
  if (!status) {
    ADD_FAILURE() << status.error().message;
    std::abort();
  }
}

class Harness {
 public:
  explicit Harness(SiteThreads threads = SiteThreads::kNone)
      // In memory where there is such a place: a crash here is farmd's, not the machine's, and
      // thousands of syncs take minutes.
      : threads_(threads),
        directory_(Must(TemporaryDirectory::Make(FileExists("/dev/shm") ? "/dev/shm" : ""))) {
    store_ = Must(BlobStore::Open(RealFileSystem(), path("store")));
    Start();
  }

  std::string path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  FakeWorld& world() { return world_; }
  Releases& farm() { return *releases_; }
  BlobStore& store() { return *store_; }
  Ledger& ledger() { return *ledger_; }
  HookedFiles& files() { return files_; }

  void Start() {
    LedgerOptions options;
    options.directory = path("state");
    options.now = world_.clock.Now();
    options.fault_for_test = ledger_fault;
    ledger_ = Must(Ledger::Open(RealFileSystem(), options));
    ReleasesOptions release_options;
    release_options.rules = world_.rules();
    release_options.published = path("published");
    release_options.copy = path("copy");
    release_options.site_threads = threads_;
    release_options.check_disk = [this] { return disk; };
    releases_ = Must(Releases::Open(release_options, world_.world(files_), *ledger_, *store_));
  }
  // What was in memory is gone; what was on disk and in the world stays.
  void Stop() {
    releases_.reset();
    ledger_.reset();
    world_.Restart();
  }
  void Restart() {
    Stop();
    Start();
  }

  // The database is gone; its copy, log, stores and published tree stay.
  void LoseDatabase() {
    Stop();
    Must(RemoveTree(path("state")));
    Start();
  }
  void LoseDatabaseAndCopy() {
    Stop();
    Must(RemoveTree(path("copy")));
    LoseDatabase();
  }

  // Drives until nothing moves, with the clocks going on.
  void Drive(int rounds = 12) {
    for (int i = 0; i < rounds; ++i) {
      farm().DriveOnce();
      world_.steady.Set(world_.steady.Now() + 61);
      world_.clock.Set(world_.clock.Now() + 1);
    }
  }

  Submission Make(const std::string& version, std::int64_t revision = 1) {
    return world_.MakeSubmission(version, revision, *store_);
  }
  void Approve(const Submission& submission, int auditors = 2) {
    for (int i = 0; i < auditors; ++i) {
      Must(farm().Approve(submission.manifest, world_.MakeApproval(submission.manifest, i)));
    }
  }
  // Submits, approves, drives to the end.
  std::string Release(const Submission& submission) {
    const std::string id = Must(farm().Submit(submission)).id;
    Approve(submission);
    Drive();
    return id;
  }
  ReleaseView Get(const std::string& id) { return Must(farm().Get(id)); }
  std::string Why(const std::string& id) {
    std::string text;
    for (const std::string& reason : Must(farm().Why(id)).reasons) text += reason + "\n";
    return text;
  }

  std::function<Status(LedgerMoment)> ledger_fault;
  Status disk;

 private:
  const SiteThreads threads_;
  TemporaryDirectory directory_;
  FakeWorld world_;
  HookedFiles files_;
  std::unique_ptr<BlobStore> store_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Releases> releases_;
};

}  // namespace farm
