// The parties that a release needs, as farmd reaches them: farm/release/world.h over the network.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/client/closed_log.h"
#include "farm/client/log_client.h"
#include "farm/client/log_reader.h"
#include "farm/client/site_client.h"
#include "farm/evidence/trust_root.h"
#include "farm/release/world.h"
#include "farm/service/config.h"
#include "farm/sign/certified_signer.h"
#include "farm/store/blob_store.h"
#include "farm/verify/policy.h"

namespace farm {

// A site that sends nothing for `silence` is asked who it is, and has `answer` to say so.
struct SitePatience {
  std::chrono::milliseconds silence;
  std::chrono::milliseconds answer;
};
constexpr SitePatience kSitePatience{std::chrono::seconds(15), std::chrono::seconds(30)};

// Thread-safe.
class RemoteNotary final : public Notary {
 public:
  // `root` and `clock` outlive this.  Errors: unreadable key or TLS files; kNotFound (log or
  // time-stamping authority is not in the root); those of OpenLogsBefore.
  static Result<std::unique_ptr<RemoteNotary>> Open(const FarmConfig& config, const TrustRoot& root,
                                                    const Policy& policy, const Clock& clock);
  // Whether one may begin: CheckAtStart, with the clocks of the authority and of the log's
  // witnesses where they answer.
  Status Examine(const FarmConfig& config, const Clock& clock);
  // The newest checkpoint of the log that enough witnesses have cosigned, a signed note.
  // Errors: those of LogReader::Head.
  Result<std::string> NewestHead();
  Result<Bundle> Sign(const Statement& statement) override;
  Result<Bundle> Stamp(const Bundle& bundle) override;
  Result<Bundle> Append(const Bundle& bundle, std::uint64_t epoch) override;
  Result<Bundle> AddConsistency(const Bundle& release, const std::vector<Bundle>& lines) override;
  Result<NewLeaves> ReadNew() override;

 private:
  RemoteNotary() = default;
  std::unique_ptr<CertifiedSigner> signer_;
  std::unique_ptr<LogClient> log_;
  std::unique_ptr<TimestampClient> timestamp_;
  std::unique_ptr<LogReader> reader_;
  Mutex mutex_;
  std::vector<ClosedLog> not_read_ GUARDED_BY(mutex_);
};

// Thread-safe.
class RemoteSites final : public Sites {
 public:
  // `blobs` outlives this.  Errors: unreadable TLS files.
  static Result<std::unique_ptr<RemoteSites>> Open(const FarmConfig& config, BlobStore& blobs,
                                                   SitePatience patience);
  // Errors: kUnavailable also for a site that accepts the call and then hangs.
  Result<Bundle> Build(const std::string& site, const BuildOrder& order,
                       const BuildWatch& watch) override;
  Status Fetch(const std::string& site, const Digest& digest, BlobStore& to) override;

 private:
  RemoteSites(BlobStore& blobs, SitePatience patience) : blobs_(blobs), patience_(patience) {}
  Result<SiteClient*> Find(const std::string& site);
  BlobStore& blobs_;
  const SitePatience patience_;
  std::map<std::string, std::unique_ptr<SiteClient>> clients_;
};

// Thread-safe.
class RemoteDecider final : public Decider {
 public:
  static Result<std::unique_ptr<RemoteDecider>> Open(const FarmConfig& config);
  Result<Bundle> Decide(const DecisionInput& input) override;

 private:
  explicit RemoteDecider(std::unique_ptr<SignerClient> client) : client_(std::move(client)) {}
  std::unique_ptr<SignerClient> client_;
};

// Kits of farm/replay.
class ReplayKits final : public KitMaker {
 public:
  Status WriteKit(const KitOrder& order, BlobStore& blobs, const ByteSink& sink) override;
};

// Seconds of the steady clock.
class SteadySeconds final : public Clock {
 public:
  UnixSeconds Now() const override;
};

}  // namespace farm
