// Advance: takes one release as far as it can go now, from whatever its rows say.  Each step finds
// what it already caused, or causes it and records it; so it can be stopped and started anywhere:
//   request, approvals -> log; intent -> log; sites -> records; signer -> release or dissent ->
//   log; consistency proofs; own verdict on exactly what will be published; published tree; kit ->
//   log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/release/admission.h"
#include "farm/release/book.h"
#include "farm/release/history.h"
#include "farm/release/ledger.h"
#include "farm/release/publish.h"
#include "farm/release/site_calls.h"
#include "farm/release/world.h"
#include "farm/store/blob_store.h"
#include "farm/verify/verify.h"

namespace farm {

// What every step needs; all of it outlives the Advance.
struct AdvanceContext {
  const Rules& rules;
  World& world;
  Ledger& ledger;
  Book& book;
  BlobStore& store;
  SiteCalls& calls;
  History& history;
  PublishedTree& published;
  std::function<Status()> check_disk;  // an error: no new intent now
};

// Of the driving thread.
class Advance {
 public:
  Advance(AdvanceContext& context, std::string id) : in_(context), id_(std::move(id)) {}

  // What the release waits for now, each with the remedy; empty if it has ended or only sites are
  // still building.  An error is a reason too: kUnavailable goes away by itself.
  Result<std::vector<std::string>> Run();

 private:
  // Each answers whether to go on with the next step.
  Result<bool> Load();
  Result<bool> CarryRequest();
  Result<bool> CarryApprovals();
  Result<bool> CarryIntent();
  Result<bool> CollectRecords();
  Result<bool> AskSigner();
  Result<bool> Prove();
  Result<bool> CheckOwnVerdict();
  Result<bool> Publish();
  Result<bool> AddKit();

  Result<bool> MakeIntent();
  Result<bool> ChooseApprovals();
  // Those of `approvals` that count, with what they lead back to in bases_; why not the others.
  Result<std::vector<VerifiedApproval>> Counting(std::vector<VerifiedApproval> approvals,
                                                 std::vector<std::string>& refused);
  // approvals_ and bases_.
  std::vector<VerifiedApproval> AllApprovals() const;
  Result<bool> AskSites();
  Result<bool> ReadRecords();
  Result<bool> TakeDecision(const Bundle& line);
  Status FetchArtifacts(const std::vector<Artifact>& artifacts);

  Status Record(std::vector<NewEffect> effects);
  Result<bool> Stop(StopCause cause, const Error& error);
  Result<Bundle> Line(const Digest& payload, const std::string& what) const;
  // Shows the signer everything; it answers the same as before.
  Result<Bundle> Decide();
  // The line as it was signed or, where its leaf has ended since, the same statement signed again:
  // no time stamp could say any more that the first signature is of the leaf's time.
  Result<Bundle> SignedInTime(const Digest& signed_line, const std::string& what);
  // CarryLine with what this release demands.
  Result<Bundle> Carry(const std::string& kind, const std::string& key, const LineState& line);
  Publication PublicationOf(const Release& release) const;

  AdvanceContext& in_;
  const std::string id_;
  std::vector<std::string> waits_;
  ReleaseState state_;
  std::string manifest_bytes_;
  std::string lock_bytes_;
  std::optional<AdmittedManifest> manifest_;
  std::optional<VerifiedRequest> request_;
  std::vector<VerifiedApproval> approvals_;  // after the intent: one of each auditor
  std::vector<VerifiedApproval> bases_;      // what those by diff lead back to
  std::vector<VerifiedApproval>
      approvals_in_time_;  // of the intent; all of each auditor, and bases
  std::optional<VerifiedIntent> intent_;
  std::vector<VerifiedRecord> records_;
  std::vector<Bundle> published_lines_;  // the release first
  std::string bundle_file_;
};

}  // namespace farm
