#include "farm/service/messages.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"

namespace farm {
namespace {

v1::Stage StageOf(Stage stage) {
  switch (stage) {
    case Stage::kUnknown:
      return v1::STAGE_UNKNOWN;
    case Stage::kSubmitted:
      return v1::SUBMITTED;
    case Stage::kWaitingApprovals:
      return v1::WAITING_APPROVALS;
    case Stage::kBuilding:
      return v1::BUILDING;
    case Stage::kDeciding:
      return v1::DECIDING;
    case Stage::kPublishing:
      return v1::PUBLISHING;
    case Stage::kReleased:
      return v1::RELEASED;
    case Stage::kDissent:
      return v1::DISSENT;
    case Stage::kBuildFailed:
      return v1::BUILD_FAILED;
    case Stage::kCancelled:
      return v1::CANCELLED;
    case Stage::kRefused:
      return v1::REFUSED;
  }
  return v1::STAGE_UNKNOWN;
}

// Words of others, as protobuf takes them.
std::string Text(const std::string& words) {
  return IsUtf8(words) ? words : Printable(words, words.size() * 4);
}

}  // namespace

v1::ReleaseInfo InfoOf(const ReleaseView& view) {
  v1::ReleaseInfo info;
  info.set_release_id(view.id);
  info.set_product(view.product);
  info.set_version(view.version);
  info.set_manifest_digest(view.manifest.Text());
  info.set_stage(StageOf(view.stage));
  if (view.exit) info.set_exit_code(static_cast<int>(*view.exit));
  info.set_created(FormatTime(view.created));
  info.set_sequence(view.sequence);
  info.set_log_index(view.log_index);
  info.set_attempt(static_cast<std::int32_t>(view.attempt));
  for (const SiteView& one : view.sites) {
    v1::SiteInfo& site = *info.add_site();
    site.set_builder_id(one.id);
    site.set_state(std::string(Name(one.stage)));
    site.set_actions_done(one.actions_done);
    site.set_actions_total(one.actions_total);
    site.set_detail(Text(one.detail));
  }
  for (const Artifact& one : view.files) {
    v1::PublishedFile& file = *info.add_file();
    file.set_name(one.name);
    file.set_digest(one.digest.Text());
    file.set_size(one.size);
  }
  info.set_published_directory(view.published_directory);
  return info;
}

v1::ListReply PageOf(const std::vector<ReleaseView>& views, const std::string& after,
                     std::size_t count) {
  v1::ListReply reply;
  auto next = views.begin();
  if (!after.empty()) {
    next = std::ranges::find(views, after, &ReleaseView::id);
    if (next != views.end()) ++next;
  }
  for (; next != views.end(); ++next) {
    if (static_cast<std::size_t>(reply.release_size()) == count) {
      reply.set_more(true);
      break;
    }
    *reply.add_release() = InfoOf(*next);
  }
  return reply;
}

v1::WhyReply WhyOf(const WhyView& why) {
  v1::WhyReply reply;
  *reply.mutable_info() = InfoOf(why.view);
  for (const std::string& reason : why.reasons) reply.add_reason(Text(reason));
  return reply;
}

v1::WatchEvent EventOf(const ReleaseEvent& event) {
  v1::WatchEvent message;
  message.set_number(event.number);
  message.set_time(FormatTime(event.time));
  if (const auto* view = std::get_if<ReleaseView>(&event.body)) {
    *message.mutable_info() = InfoOf(*view);
  } else if (const auto* log = std::get_if<SiteLog>(&event.body)) {
    message.mutable_log()->set_builder_id(log->site);
    message.mutable_log()->set_text(log->text);
  } else {
    message.set_note(Text(std::get<std::string>(event.body)));
  }
  return message;
}

}  // namespace farm
