#include "farm/release/why.h"

#include <utility>

#include "farm/base/files.h"
#include "farm/compare/compare.h"
#include "farm/evidence/bundle.h"

namespace farm {
namespace {

// What the records of the current round say, compared.
std::string WhatRecordsSay(const ReleaseState& state, const Ledger& ledger) {
  std::vector<Record> records;
  for (const auto& [site, stored] : state.Current().records) {
    const auto line = ledger.Payload(stored.line);
    if (!line) return line.error().message;
    const auto bundle = ParseBundleLine(*line, "record of " + site);
    if (!bundle) return bundle.error().message;
    auto record = ParseStatementAs<Record>(bundle->envelope.payload, "record of " + site);
    if (!record) return record.error().message;
    records.push_back(*std::move(record));
  }
  return records.empty() ? "" : Words(CompareStatements(records));
}

// Begins with the site's name.
std::string SiteReason(const SiteView& site) {
  const std::string name = BaseName(site.id);
  switch (site.stage) {
    case SiteStage::kUnreachable:
      return name + " does not answer (" + site.id + "): " + site.detail +
             "; its operator starts it, or cancel the release and submit it again without that "
             "site (farmd's \"sites\")";
    case SiteStage::kRefused:
      return name + " refuses (" + site.id + "): " + site.detail +
             "; it is asked again every minute; or cancel the release and submit it again";
    case SiteStage::kBuilding:
      return name + " is building" +
             (site.actions_total > 0 ? ", " + std::to_string(site.actions_done) + " of " +
                                           std::to_string(site.actions_total) + " actions done"
                                     : "") +
             (site.detail.empty() ? "" : " (" + site.detail + ")") + "; wait";
    default:
      return name + " has not been asked yet; wait";
  }
}

}  // namespace

std::vector<std::string> ReasonsOf(const ReleaseState& state, const ReleaseView& view,
                                   const std::vector<std::string>& waits, const Ledger& ledger) {
  std::vector<std::string> reasons;
  switch (view.stage) {
    case Stage::kReleased:
      reasons.push_back("released: " + view.product + " " + view.version + ", sequence " +
                        std::to_string(view.sequence) + ", entry " +
                        std::to_string(view.log_index) + " of the log");
      if (!state.submitted) {
        reasons.push_back(
            "farmd's database was made anew: this much stands in the log and in the published "
            "tree");
      }
      return reasons;
    case Stage::kDissent:
      reasons.push_back(
          "dissent, entry " + std::to_string(view.log_index) + " of the log: " +
          (state.rebuilt_dissent ? state.rebuilt_dissent->summary : state.dissent.note));
      if (const std::string words = WhatRecordsSay(state, ledger); !words.empty()) {
        reasons.push_back(words);
      }
      reasons.push_back(
          "this manifest is refused for ever; find the cause, then submit it with a "
          "higher revision");
      return reasons;
    case Stage::kBuildFailed:
      return {
          "the build failed at every site: " + WhatRecordsSay(state, ledger),
          "look at the build's log (farm watch --logs), mend the recipe and raise its revision"};
    case Stage::kCancelled:
    case Stage::kRefused:
      return {state.stop->message,
              state.stop->exit == ExitCode::kDissent
                  ? "this manifest is refused for ever"
                  : "when the cause is gone, submit it again: a new attempt names this one"};
    case Stage::kBuilding:
      for (const SiteView& site : view.sites) {
        if (site.stage == SiteStage::kSucceeded || site.stage == SiteStage::kFailed) continue;
        reasons.push_back(SiteReason(site));
      }
      break;
    case Stage::kPublishing:
      if (state.submitted) break;
      return {"entry " + std::to_string(view.log_index) + " of the log is this release, but the " +
                  "published tree does not hold all of it, and what it was made of is lost with " +
                  "farmd's database",
              "bring " + view.product + "/" + view.version + " and by-digest/ back from a mirror " +
                  "of the published tree and start farmd again; if there is none, release it " +
                  "under another version"};
    default:
      break;
  }
  reasons.insert(reasons.end(), waits.begin(), waits.end());
  if (reasons.empty()) {
    const bool looked_at = view.stage > Stage::kWaitingApprovals;  // else farmd said what it wants
    reasons.push_back(std::string(Name(view.stage)) +
                      (looked_at ? "; nothing is missing" : "; farmd is about to look at it"));
  }
  return reasons;
}

}  // namespace farm
