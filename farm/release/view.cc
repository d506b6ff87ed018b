#include "farm/release/view.h"

namespace farm {

std::string_view Name(SiteStage stage) {
  switch (stage) {
    case SiteStage::kWaiting:
      return "waiting";
    case SiteStage::kUnreachable:
      return "unreachable";
    case SiteStage::kBuilding:
      return "building";
    case SiteStage::kSucceeded:
      return "succeeded";
    case SiteStage::kFailed:
      return "failed";
    case SiteStage::kRefused:
      return "refused";
  }
  return "waiting";
}

ReleaseView ViewOf(const std::string& id, const ReleaseState& state) {
  ReleaseView view;
  view.id = id;
  const RebuiltFacts* rebuilt = state.rebuilt_release   ? &*state.rebuilt_release
                                : state.rebuilt_dissent ? &*state.rebuilt_dissent
                                                        : nullptr;
  const SubmittedFacts facts =
      state.submitted.value_or(rebuilt != nullptr ? rebuilt->submitted : SubmittedFacts());
  view.product = facts.product;
  view.version = facts.version;
  view.created = facts.created;
  view.manifest = rebuilt != nullptr ? rebuilt->manifest : state.manifest;
  view.stage = state.stage();
  view.exit = state.exit();
  view.sequence = rebuilt != nullptr ? rebuilt->sequence : state.sequence;
  view.log_index = rebuilt != nullptr ? rebuilt->log_index : state.log_index;
  view.attempt = state.Current().attempt;
  if (state.published)
    view.files = *state.published;
  else if (state.rebuilt_release && state.done)
    view.files = state.rebuilt_release->artifacts;
  if (state.published || state.done) view.published_directory = view.product + "/" + view.version;
  return view;
}

}  // namespace farm
