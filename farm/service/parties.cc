#include "farm/service/parties.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>

#include "farm/base/files.h"
#include "farm/client/blob_client.h"
#include "farm/client/start_check.h"
#include "farm/replay/kit.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

// The one of this name, or the only one.
template <typename T>
Result<const T*> Choose(const std::vector<T>& list, std::string T::*name, const std::string& wanted,
                        const std::string& what) {
  if (wanted.empty() && list.size() == 1) return &list.front();
  for (const T& one : list) {
    if (one.*name == wanted) return &one;
  }
  return Error{ErrorCode::kNotFound,
               wanted.empty() ? "the trust root lists " + std::to_string(list.size()) + " of " +
                                    what + "; say which one in the configuration"
                              : what + " \"" + wanted + "\" is not in the trust root"};
}

constexpr std::chrono::milliseconds kLookAgain{1000};

// Asks a silent site whether it lives; one that does not answer ends the wait.  A stopped process
// keeps its connections, so silence alone says nothing.
class SilenceGuard {
 public:
  SilenceGuard(SiteClient& client, SitePatience patience)
      : client_(client), patience_(patience), thread_([this] { Watch(); }) {}
  ~SilenceGuard() {
    {
      MutexLock lock(mutex_);
      over_ = true;
      woken_.notify_all();
    }
    thread_.join();
  }
  void Heard() {
    MutexLock lock(mutex_);
    heard_ = std::chrono::steady_clock::now();
  }
  bool dead() const { return dead_; }

 private:
  void Watch() {
    for (;;) {
      {
        MutexLock lock(mutex_);
        if (over_) return;
        lock.WaitFor(woken_, std::min(patience_.silence, kLookAgain));
        if (over_) return;
        if (std::chrono::steady_clock::now() - heard_ < patience_.silence) continue;
      }
      if (!client_.DescribeWithin(patience_.answer)) {
        dead_ = true;
        return;
      }
      Heard();
    }
  }

  SiteClient& client_;
  const SitePatience patience_;
  Mutex mutex_;
  std::condition_variable woken_;
  bool over_ GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point heard_ GUARDED_BY(mutex_) =
      std::chrono::steady_clock::now();
  std::atomic<bool> dead_ = false;
  std::thread thread_;
};

using ReadPae = std::function<Result<std::string>(const Digest&)>;

v1::BuildRequest RequestOf(const BuildOrder& order) {
  v1::BuildRequest request;
  request.set_manifest(order.manifest);
  request.set_lock(order.lock);
  request.set_request_line(order.request_line);
  request.set_intent_line(order.intent_line);
  for (const std::string& line : order.approval_lines) request.add_approval_line(line);
  request.set_epoch(order.epoch);
  return request;
}

Result<Bundle> SendAndBuild(SiteClient& client, BlobStore& blobs, const BuildOrder& order,
                            const BuildWatch& watch, SilenceGuard& guard,
                            const Cancelled& cancelled) {
  RETURN_IF_ERROR(client.blobs().PutMissing(order.blobs, blobs, cancelled));
  return client.Build(
      RequestOf(order),
      [&](const v1::BuildEvent& event) {
        guard.Heard();
        if (event.has_phase()) {
          const v1::BuildPhase& phase = event.phase();
          watch.on_progress(
              {phase.name(), phase.actions_done(), phase.actions_total(), phase.detail()});
        } else if (event.event_case() == v1::BuildEvent::kLog) {
          watch.on_log(event.log());
        }
      },
      cancelled);
}

}  // namespace

Result<std::unique_ptr<RemoteNotary>> RemoteNotary::Open(const FarmConfig& config,
                                                         const TrustRoot& root,
                                                         const Policy& policy, const Clock& clock) {
  std::unique_ptr<RemoteNotary> notary(new RemoteNotary);
  ASSIGN_OR_RETURN(std::unique_ptr<Signer> key, OpenSigner(config.coordinator_key));
  ASSIGN_OR_RETURN(
      notary->signer_,
      CertifiedSigner::Open(
          std::move(key), config.coordinator_authority,
          CertifiedIdentity{config.coordinator_id, BaseName(config.coordinator_id)}, clock));
  ASSIGN_OR_RETURN(notary->log_, LogClient::Open(config.log));
  ASSIGN_OR_RETURN(const TimestampAuthority* authority,
                   Choose(root.timestamp_authorities, &TimestampAuthority::name,
                          config.timestamp_authority, "time-stamping authority"));
  ASSIGN_OR_RETURN(notary->timestamp_,
                   TimestampClient::Open(config.timestamp_url, authority->chain));
  ASSIGN_OR_RETURN(const Log* log, Choose(root.logs, &Log::origin, config.log_origin, "log"));
  ASSIGN_OR_RETURN(LogTrust trust,
                   LogTrustOf(root, log->origin, static_cast<std::size_t>(policy.witnesses)));
  ASSIGN_OR_RETURN(notary->reader_, LogReader::Open(config.log_url, std::move(trust)));
  MutexLock lock(notary->mutex_);
  ASSIGN_OR_RETURN(notary->not_read_, OpenLogsBefore(root, log->origin, config.closed_logs));
  return notary;
}

Status RemoteNotary::Examine(const FarmConfig& config, const Clock& clock) {
  return CheckAtStart(
      {.certified = signer_.get(),
       .root = config.root,
       .tls_certificate = config.tls.certificate,
       .clocks = {{"the time-stamping authority", [&] { return timestamp_->Now(); }},
                  {"the witnesses of the log at " + config.log_url,
                   [&] { return WitnessedTime(config.log_url, reader_->trust()); }, true}}},
      clock);
}

Result<std::string> RemoteNotary::NewestHead() {
  ASSIGN_OR_RETURN(WitnessedHead head, reader_->Head());
  return std::move(head.note);
}

Result<Bundle> RemoteNotary::Sign(const Statement& statement) {
  return SignStatement(statement, *signer_);
}

Result<Bundle> RemoteNotary::Stamp(const Bundle& bundle) {
  if (bundle.timestamp) return bundle;
  Bundle stamped = bundle;
  ASSIGN_OR_RETURN(stamped.timestamp, timestamp_->Stamp(bundle.envelope.signature));
  return stamped;
}

Result<Bundle> RemoteNotary::Append(const Bundle& bundle, std::uint64_t epoch) {
  return log_->Append(bundle, epoch);
}

Result<Bundle> RemoteNotary::AddConsistency(const Bundle& release,
                                            const std::vector<Bundle>& lines) {
  return AddConsistencyProofs(release, lines, *reader_);
}

Result<NewLeaves> RemoteNotary::ReadNew() {
  MutexLock lock(mutex_);
  NewLeaves read_now;
  const auto add = [&](LoggedLeaf leaf, const std::string& bytes, const ReadPae& read) {
    auto facts = ParseCanonicalizedBody(bytes);
    // Signed by nobody that this farm knows of, in a form that it does not: not a dissent.
    if (!facts) return;
    leaf.pae = [read, digest = facts->pae_digest] { return read(digest); };
    leaf.facts = *std::move(facts);
    read_now.leaves.push_back(std::move(leaf));
  };
  for (const ClosedLog& closed : not_read_) {
    const ReadPae read = [from = closed.read](const Digest& digest) {
      return ReadPayload(from, digest);
    };
    RETURN_IF_ERROR(ReadClosedLog(closed, [&](std::uint64_t index, const std::string& leaf) {
      add({index, {}, {}, "the closed log " + closed.log->origin}, leaf, read);
      return Status();
    }));
  }
  ASSIGN_OR_RETURN(const WitnessedHead head, reader_->Head());
  ASSIGN_OR_RETURN(const std::vector<VerifiedEntry> entries, reader_->ReadNew(head));
  const ReadPae read = [reader = reader_.get()](const Digest& digest) {
    return reader->Payload(digest);
  };
  for (const VerifiedEntry& entry : entries) add({entry.index, {}, {}}, entry.leaf, read);
  not_read_.clear();
  read_now.more = !entries.empty() && entries.back().index + 1 < head.checkpoint.size;
  return read_now;
}

Result<std::unique_ptr<RemoteSites>> RemoteSites::Open(const FarmConfig& config, BlobStore& blobs,
                                                       SitePatience patience) {
  std::unique_ptr<RemoteSites> sites(new RemoteSites(blobs, patience));
  for (const SiteAddress& site : config.sites) {
    ASSIGN_OR_RETURN(sites->clients_[site.id], SiteClient::Open(site.endpoint));
  }
  return sites;
}

Result<SiteClient*> RemoteSites::Find(const std::string& site) {
  const auto found = clients_.find(site);
  if (found == clients_.end()) {
    return Error{ErrorCode::kUnavailable,
                 "farmd's configuration no longer lists this site; put it back under \"sites\", or "
                 "cancel the release and submit it again"};
  }
  return found->second.get();
}

Result<Bundle> RemoteSites::Build(const std::string& site, const BuildOrder& order,
                                  const BuildWatch& watch) {
  ASSIGN_OR_RETURN(SiteClient * client, Find(site));
  RETURN_IF_ERROR(client->DescribeWithin(patience_.answer));  // before gigabytes are sent
  SilenceGuard guard(*client, patience_);
  const Cancelled cancelled = [&] { return watch.cancelled() || guard.dead(); };
  watch.on_progress({"sending", 0, 0, ""});
  auto record = SendAndBuild(*client, blobs_, order, watch, guard, cancelled);
  if (!record && guard.dead()) {
    return Error{
        ErrorCode::kUnavailable,
        "it hangs: nothing for " +
            std::to_string(std::chrono::ceil<std::chrono::seconds>(patience_.silence).count()) +
            " seconds, and it does not answer when asked who it is"};
  }
  return record;
}

Status RemoteSites::Fetch(const std::string& site, const Digest& digest, BlobStore& to) {
  ASSIGN_OR_RETURN(SiteClient * client, Find(site));
  return client->blobs().Get(digest, to, {});
}

Result<std::unique_ptr<RemoteDecider>> RemoteDecider::Open(const FarmConfig& config) {
  ASSIGN_OR_RETURN(std::unique_ptr<SignerClient> client, SignerClient::Open(config.signer));
  return std::unique_ptr<RemoteDecider>(new RemoteDecider(std::move(client)));
}

Result<Bundle> RemoteDecider::Decide(const DecisionInput& input) {
  v1::DecideRequest request;
  request.set_manifest(input.manifest);
  request.set_request_line(input.request_line);
  request.set_intent_line(input.intent_line);
  for (const std::string& line : input.record_lines) request.add_record_line(line);
  for (const std::string& line : input.approval_lines) request.add_approval_line(line);
  request.set_epoch(input.epoch);
  ASSIGN_OR_RETURN(const v1::DecideReply reply, client_->Decide(request));
  return ParseBundleLine(reply.has_release_line() ? reply.release_line() : reply.dissent_line(),
                         "the signer's answer");
}

Status ReplayKits::WriteKit(const KitOrder& order, BlobStore& blobs, const ByteSink& sink) {
  const KitInput input{order.manifest, order.lock, order.bundle_file, order.root};
  RETURN_IF_ERROR(farm::WriteKit(input, blobs, sink));
  return {};
}

UnixSeconds SteadySeconds::Now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace farm
