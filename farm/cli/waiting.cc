#include "farm/cli/waiting.h"

#include <algorithm>
#include <string>

#include "farm/cli/output.h"
#include "farm/cli/release_view.h"

namespace farm {
namespace {

bool IsDone(const v1::SiteInfo& site) {
  return site.state() == "succeeded" || site.state() == "failed";
}

// Somebody who answers is at work: a command may print nothing and take hours, and people think.
bool IsAtWork(const v1::ReleaseInfo& info) {
  if (info.stage() == v1::WAITING_APPROVALS) return true;
  return info.stage() == v1::BUILDING && std::ranges::any_of(info.site(), [](const auto& site) {
           return site.state() == "building";
         });
}

// That a site was asked once more, in vain, is no progress.
bool HasGoneOn(const v1::ReleaseInfo& before, const v1::ReleaseInfo& after) {
  if (before.stage() != after.stage() || before.attempt() != after.attempt() ||
      before.site_size() != after.site_size()) {
    return true;
  }
  for (int i = 0; i < after.site_size(); ++i) {
    if (IsDone(before.site(i)) != IsDone(after.site(i)) ||
        before.site(i).actions_done() < after.site(i).actions_done()) {
      return true;
    }
  }
  return false;
}

// "; site-xc is unreachable: connection refused"
std::string WhoIsMissing(const v1::ReleaseInfo& info) {
  std::string text;
  for (const v1::SiteInfo& site : info.site()) {
    if (IsDone(site)) continue;
    text += "; " + SiteName(site) + " is " + site.state() +
            (site.detail().empty() ? "" : ": " + site.detail());
  }
  return text;
}

}  // namespace

void Waiting::See(const v1::ReleaseInfo& info, SteadyTime now) {
  MutexLock lock(mutex_);
  if (!info_ || IsAtWork(*info_) || HasGoneOn(*info_, info)) last_progress_ = now;
  info_ = info;
}

Status Waiting::Check(SteadyTime now) const {
  MutexLock lock(mutex_);
  const std::string missing = info_ ? WhoIsMissing(*info_) : "";
  if (now - start_ > limits_.all) {
    const std::string words =
        " in the time given by --timeout (" + FormatDuration(limits_.all.count()) + ")";
    if (info_ && info_->stage() == v1::WAITING_APPROVALS) {
      return Error{ErrorCode::kUntrusted, "approvals are missing; they did not come" + words,
                   ExitCode::kApproval};
    }
    return Error{ErrorCode::kUnavailable, "no end" + words + missing};
  }
  if (info_ && !IsAtWork(*info_) && now - last_progress_ > limits_.silence) {
    return Error{ErrorCode::kUnavailable, "nothing has gone on for " +
                                              FormatDuration(limits_.silence.count()) + " while " +
                                              StageName(info_->stage()) + missing};
  }
  return {};
}

}  // namespace farm
