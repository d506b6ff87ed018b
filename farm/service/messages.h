// Values of farm/release as messages of farm.v1.  Pure.
#pragma once

#include <string>
#include <vector>

#include "farm/proto/farm.pb.h"
#include "farm/release/releases.h"
#include "farm/release/view.h"

namespace farm {

v1::ReleaseInfo InfoOf(const ReleaseView& view);
// Of `views` those that come after `after` (all if empty), at most `count`.
v1::ListReply PageOf(const std::vector<ReleaseView>& views, const std::string& after,
                     std::size_t count);
v1::WhyReply WhyOf(const WhyView& why);
v1::WatchEvent EventOf(const ReleaseEvent& event);

}  // namespace farm
