// FakeWorld: a whole farm in memory for tests: persons, operators, three sites, signer, log with
// two witnesses, time stamp, with real keys and real proofs, so that what comes out really
// verifies, and a log that refuses of a line what the real one refuses.  What it remembers survives
// a "crash" of farmd.  Every call can be made to fail, or to fail after it took effect, by `fault`.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"
#include "farm/evidence/trust_root.h"
#include "farm/release/admission.h"
#include "farm/release/world.h"

namespace farm {

enum class SiteMood { kHonest, kLies, kFails, kDown, kRefuses, kHangs, kAnswersForAnother };

class FakeWorld final : public Notary, public Sites, public Decider, public KitMaker {
 public:
  FakeWorld();

  // ---- what tests look at and change ----
  // Called with the name of each step ("append", "append done", ...); an error makes the call fail.
  std::function<Status(const std::string&)> fault;
  std::map<std::string, SiteMood> moods;  // by site id; honest if not there
  UnixSeconds token_ahead = 0;            // the time stamp authority's clock before ours
  std::size_t cosigners = 2;              // witnesses that are awake
  std::size_t leaves_at_once = 1000;      // that the log gives to its reader
  UnixSeconds cosigned_ahead = 0;         // their clocks before ours
  FixedClock clock{1'800'000'000};
  FixedClock steady{1000};

  const Rules& rules() const { return rules_; }
  Policy& policy() { return rules_.policy; }  // of the next farmd
  TrustRoot& root() { return rules_.root; }   // of the next farmd
  World world(FileSystem& files) { return World{*this, *this, *this, *this, files, clock, steady}; }
  static std::string SiteId(int number);  // 0, 1, 2
  // farmd starts again: its view of the log is gone.
  void Restart() { read_ = 0; }

  // A manifest of one source and two artifacts, its lock, and their raw inputs in `store`.
  Submission MakeSubmission(const std::string& version, std::int64_t revision, BlobStore& store);
  std::string MakeApproval(const std::string& manifest, int auditor) const;  // 0, 1, 2
  std::string MakeApprovalBy(const std::string& manifest, const PrivateKey& key,
                             const std::string& id) const;
  // By diff since another manifest.
  std::string MakeApprovalSince(const std::string& manifest, int auditor, const Digest& base) const;
  const PrivateKey& requester_key() const { return requester_key_; }
  const PrivateKey& auditor_key(int auditor) const {
    return auditor_keys_.at(static_cast<std::size_t>(auditor));
  }

  // Distinct leaves of the log whose statement is of this kind ("release", "intent", ...).
  int Logged(const std::string& kind) const;
  std::size_t log_size() const { return leaves_.size(); }
  int signed_releases() const { return signed_releases_; }
  int builds() const { return builds_; }

  // ---- Notary ----
  Result<Bundle> Sign(const Statement& statement) override;
  Result<Bundle> Stamp(const Bundle& bundle) override;
  Result<Bundle> Append(const Bundle& bundle, std::uint64_t epoch) override;
  Result<Bundle> AddConsistency(const Bundle& release, const std::vector<Bundle>& lines) override;
  Result<NewLeaves> ReadNew() override;
  // ---- Sites ----
  Result<Bundle> Build(const std::string& site, const BuildOrder& order,
                       const BuildWatch& watch) override;
  Status Fetch(const std::string& site, const Digest& digest, BlobStore& to) override;
  // ---- Decider ----
  Result<Bundle> Decide(const DecisionInput& input) override;
  // ---- KitMaker ----
  Status WriteKit(const KitOrder& order, BlobStore& blobs, const ByteSink& sink) override;

 private:
  struct Party {
    std::string id;
    std::string operator_id;
    std::string role;
    PrivateKey authority_key;
    Certificate authority;
    PrivateKey key;
  };
  Party MakeParty(const std::string& operator_id, const std::string& id, const std::string& role,
                  const std::string& country);
  // With a leaf of 24 hours from now.
  Bundle SignBy(const Party& party, const Statement& statement) const;
  Bundle SignByPerson(const PrivateKey& key, const Statement& statement) const;
  Bundle AppendLocked(const Bundle& bundle) REQUIRES(mutex_);
  std::string HeadLocked(std::uint64_t size, const Digest& root) REQUIRES(mutex_);
  Bundle StampIt(const Bundle& bundle) const;
  Status Pass(const std::string& name) { return fault ? fault(name) : Status(); }
  Record MakeRecord(const Party& party, SiteMood mood, const std::string& manifest,
                    const Digest& intent) const;

  Rules rules_;
  PrivateKey transparency_key_;
  PrivateKey requester_key_;
  std::vector<PrivateKey> auditor_keys_;
  std::map<std::string, Party> sites_;
  std::optional<Party> signer_;
  std::optional<Party> coordinator_;
  PrivateKey log_key_;
  PrivateKey log_ecdsa_key_;
  std::vector<PrivateKey> witness_keys_;
  PrivateKey tsa_key_;
  std::optional<Certificate> tsa_;
  std::optional<Certificate> tsa_authority_;

  mutable Mutex mutex_;
  std::vector<std::string> leaves_;
  std::map<std::string, std::uint64_t> by_leaf_ GUARDED_BY(mutex_);  // leaf -> index
  std::map<Digest, std::string> payloads_ GUARDED_BY(mutex_);        // PAE digest -> PAE
  // The checkpoint of a size is cosigned once, as in a real log; but anew where a test has changed
  // who cosigns and how: size, cosigners, cosigned_ahead -> note.
  std::map<std::tuple<std::uint64_t, std::size_t, UnixSeconds>, std::string> heads_
      GUARDED_BY(mutex_);
  std::size_t read_ = 0;
  std::map<std::string, Bundle> records_ GUARDED_BY(mutex_);  // site + intent -> logged record
  std::map<Digest, Bundle> answers_ GUARDED_BY(mutex_);       // intent -> decision
  std::atomic<int> signed_releases_ = 0;
  std::atomic<int> builds_ = 0;
};

}  // namespace farm
