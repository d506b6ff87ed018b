// The second half of an Advance: from a logged release to published files and their kit.
#include "farm/release/advance.h"

namespace farm {

// The lines as they will be published, the release line with its consistency proofs.
Result<bool> Advance::Prove() {
  ASSIGN_OR_RETURN(const Bundle logged, Line(*state_.release.logged, "release line"));
  ASSIGN_OR_RETURN(const Release release,
                   ParseStatementAs<Release>(logged.envelope.payload, "release line"));
  std::vector<Bundle> others = {request_->bundle(), intent_->bundle()};
  std::size_t missing = 0;
  const auto add = [&](const Digest& digest, const auto& verified) {
    for (const auto& one : verified) {
      if (one.digest() != digest) continue;
      others.push_back(one.bundle());
      return;
    }
    ++missing;
  };
  for (const Digest& digest : release.records) add(digest, records_);
  for (const Digest& digest : release.approvals) add(digest, approvals_in_time_);
  if (missing != 0 || release.request != request_->digest()) {
    return Stop(StopCause::kSigner,
                Error{ErrorCode::kMismatch,
                      "the signer's release names lines that it was not shown; stop the signer and "
                      "look at its journal"});
  }
  if (!state_.proved) {
    ASSIGN_OR_RETURN(const Bundle proved, in_.world.notary.AddConsistency(logged, others));
    RETURN_IF_ERROR(Record({{"release.proved", "", "", WriteBundleLine(proved)}}));
  }
  ASSIGN_OR_RETURN(const Bundle proved, Line(*state_.proved, "release line"));
  published_lines_ = {proved};
  published_lines_.insert(published_lines_.end(), others.begin(), others.end());
  bundle_file_.clear();
  for (const Bundle& line : published_lines_) bundle_file_ += WriteBundleLine(line) + "\n";
  return true;
}

Result<bool> Advance::CheckOwnVerdict() {
  if (state_.published) return true;
  ASSIGN_OR_RETURN(const Release release,
                   ParseStatementAs<Release>(published_lines_[0].envelope.payload, "release line"));
  VerdictInput input;
  ASSIGN_OR_RETURN(input.lines, ParseBundleFile(bundle_file_, "the bundle to be published"));
  input.root = in_.rules.root;
  input.policy = WithoutLaterDemands(in_.rules.policy);  // no status knows of it yet
  input.at = in_.world.clock.Now();
  input.allow_development_root = true;  // whether to trust it is for each customer to say
  std::vector<ReleaseFile> files;
  for (const Artifact& one : release.artifacts) files.push_back({one.name, one.digest, one.size});
  const Verdict verdict = JudgeRelease(input, files);
  if (verdict.proved()) return true;
  std::string message = "the release would not verify, so it is not published:";
  for (const RuleOutcome& rule : verdict.rules) {
    if (rule.held || rule.warning) continue;
    message += "\n  " + rule.rule + ": expected " + rule.expected + ", found " + rule.found;
    if (!rule.remedy.empty()) message += "; " + rule.remedy;
  }
  return Stop(StopCause::kEvidence, Error{ErrorCode::kMismatch, message, verdict.exit});
}

Status Advance::FetchArtifacts(const std::vector<Artifact>& artifacts) {
  for (const Artifact& artifact : artifacts) {
    if (in_.store.Has(artifact.digest)) continue;
    Status status = Error{ErrorCode::kUnavailable, "no site"};
    for (const std::string& site : state_.Current().sites) {
      status = in_.world.sites.Fetch(site, artifact.digest, in_.store);
      if (status) break;
    }
    if (!status) {
      return Error{ErrorCode::kUnavailable,
                   "no site gives artifact " + artifact.name + " (" + artifact.digest.Text() +
                       "): " + status.error().message + "; start one of the sites that built it"};
    }
  }
  return {};
}

Publication Advance::PublicationOf(const Release& release) const {
  return {manifest_->view.product, manifest_->view.version, release.artifacts, bundle_file_};
}

Result<bool> Advance::Publish() {
  if (state_.published) return true;
  ASSIGN_OR_RETURN(const Release release,
                   ParseStatementAs<Release>(published_lines_[0].envelope.payload, "release line"));
  RETURN_IF_ERROR(FetchArtifacts(release.artifacts));
  RETURN_IF_ERROR(in_.published.WriteRoots(in_.rules.root, in_.rules.root_bytes));
  RETURN_IF_ERROR(in_.published.Publish(PublicationOf(release)));
  RETURN_IF_ERROR(Record({{"published", "", WriteArtifactList(release.artifacts), ""}}));
  return true;
}

Result<bool> Advance::AddKit() {
  ASSIGN_OR_RETURN(const Release release,
                   ParseStatementAs<Release>(published_lines_[0].envelope.payload, "release line"));
  const Publication publication = PublicationOf(release);
  if (!state_.kit) {
    const KitOrder order{manifest_bytes_, lock_bytes_, bundle_file_, in_.rules.root_bytes};
    ASSIGN_OR_RETURN(const KitFacts kit, in_.published.AddKit(publication, order, in_.world.kits));
    RETURN_IF_ERROR(Record({{"kit", kit.digest.Text(), WriteKitFacts(kit), ""}}));
  }
  if (!state_.kit_entry.signed_line) {
    KitEntry entry;
    entry.release = published_lines_[0].PaeDigest();
    entry.file = state_.kit->name;
    entry.digest = state_.kit->digest;
    entry.size = state_.kit->size;
    entry.created = in_.world.clock.Now();
    ASSIGN_OR_RETURN(const Bundle line, in_.world.notary.Sign(entry));
    RETURN_IF_ERROR(Record({{"kit-entry.signed", "", "", WriteBundleLine(line)}}));
  }
  ASSIGN_OR_RETURN(const Bundle line, Carry("kit-entry", "", state_.kit_entry));
  RETURN_IF_ERROR(in_.published.AddKitLine(publication, *state_.kit, WriteBundleLine(line)));
  RETURN_IF_ERROR(Record({{"done", "", "", ""}}));
  return true;
}

}  // namespace farm
