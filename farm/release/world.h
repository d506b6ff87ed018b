// World: everything outside farmd that a release touches, as four small interfaces.  The real ones
// are wired in farm/service; tests have one in memory whose every call can fail, fail after it has
// taken effect, or never answer.
// Errors everywhere: kUnavailable means "ask again later"; anything else is an answer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/store/blob_store.h"

namespace farm {

// A leaf of the log as it was read, with the way to its payload.
struct LoggedLeaf {
  std::uint64_t index = 0;
  LeafFacts facts;
  std::function<Result<std::string>()> pae;  // fetches the PAE bytes, digest checked
  std::string log = "the log";               // that it is entry `index` of, for people
};

// Some of the leaves that are new in a log.
struct NewLeaves {
  std::vector<LoggedLeaf> leaves;
  bool more = false;  // there are others
};

// Puts signed things where others can see them.  Thread-safe.
class Notary {
 public:
  virtual ~Notary() = default;
  // A bundle by the coordinator's key: intents and kit entries only.
  virtual Result<Bundle> Sign(const Statement& statement) = 0;
  // `bundle` with a time stamp.
  virtual Result<Bundle> Stamp(const Bundle& bundle) = 0;
  // `bundle`, which has its time stamp, with its log entry.  Idempotent by leaf; one that was there
  // already comes under the newest head, which may be older than this call.
  virtual Result<Bundle> Append(const Bundle& bundle, std::uint64_t epoch) = 0;
  // `release` with a consistency proof from the checkpoint of each of `lines` to its own.
  virtual Result<Bundle> AddConsistency(const Bundle& release,
                                        const std::vector<Bundle>& lines) = 0;
  // Leaves that no earlier call has given, verified, some thousands of them, up to the head the log
  // has now; at first all of the closed logs that it goes on from.
  virtual Result<NewLeaves> ReadNew() = 0;
};

// What a site is asked to build.
struct BuildOrder {
  std::string manifest;  // canonical
  std::string lock;      // canonical
  std::string request_line;
  std::string intent_line;
  std::vector<std::string> approval_lines;
  std::vector<Digest> blobs;  // raw inputs, to be there before the site is asked
  std::uint64_t epoch = 0;
};

struct BuildProgress {
  std::string phase;  // "sending", "checking", "image", "action", "record"
  std::int32_t actions_done = 0;
  std::int32_t actions_total = 0;
  std::string detail;
};

struct BuildWatch {
  std::function<void(const BuildProgress&)> on_progress;  // only of a site that has answered
  std::function<void(std::string_view)> on_log;
  std::function<bool()> cancelled;  // true: come back soon with any error
};

// The builders.  Thread-safe; Build is called from one thread per site.
class Sites {
 public:
  virtual ~Sites() = default;
  // The record line that `site` (a builder id) has logged for this intent; asked again, the same.
  virtual Result<Bundle> Build(const std::string& site, const BuildOrder& order,
                               const BuildWatch& watch) = 0;
  // Brings an output of one of its builds into `to`, digest checked.
  virtual Status Fetch(const std::string& site, const Digest& digest, BlobStore& to) = 0;
};

struct DecisionInput {
  std::string manifest;
  std::string request_line;
  std::string intent_line;
  std::vector<std::string> record_lines;  // in the order of the intent's sites
  std::vector<std::string> approval_lines;
  std::uint64_t epoch = 0;
};

// The signer.  Thread-safe.
class Decider {
 public:
  virtual ~Decider() = default;
  // A release or a dissent line, without time stamp and log entry; asked again, the same.
  virtual Result<Bundle> Decide(const DecisionInput& input) = 0;
};

struct KitOrder {
  std::string manifest;
  std::string lock;
  std::string bundle_file;  // as published beside each artifact
  std::string root;         // the root file's bytes
};

// Thread-safe.
class KitMaker {
 public:
  virtual ~KitMaker() = default;
  // Streams the kit; the same bytes for the same order.
  virtual Status WriteKit(const KitOrder& order, BlobStore& blobs, const ByteSink& sink) = 0;
};

struct World {
  Notary& notary;
  Sites& sites;
  Decider& decider;
  KitMaker& kits;
  FileSystem& files;
  const Clock& clock;
  const Clock& steady;  // seconds that never go back: for "ask again in"
};

}  // namespace farm
