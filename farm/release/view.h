// What people see of a release: facts, sites and their progress, files, and why it stands where it
// stands.  Plain values; farm/service turns them into messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/exit_code.h"
#include "farm/evidence/statement.h"
#include "farm/release/state.h"

namespace farm {

enum class SiteStage { kWaiting, kUnreachable, kBuilding, kSucceeded, kFailed, kRefused };
// "waiting", "unreachable", "building", "succeeded", "failed", "refused".
std::string_view Name(SiteStage stage);

struct SiteView {
  std::string id;
  SiteStage stage = SiteStage::kWaiting;
  std::int32_t actions_done = 0;
  std::int32_t actions_total = 0;
  std::string detail;                 // the phase, or what went wrong
  ExitCode exit = ExitCode::kProved;  // of a refusal
  friend bool operator==(const SiteView&, const SiteView&) = default;
};

struct ReleaseView {
  std::string id;
  std::string product;
  std::string version;
  Digest manifest;
  Stage stage = Stage::kUnknown;
  std::optional<ExitCode> exit;  // once it has ended
  UnixSeconds created = 0;
  std::int64_t sequence = 0;
  std::uint64_t log_index = 0;
  std::int64_t attempt = 0;
  std::vector<SiteView> sites;
  std::vector<Artifact> files;
  std::string published_directory;  // relative to the published tree; "" before it is there
  friend bool operator==(const ReleaseView&, const ReleaseView&) = default;
};

// Without sites, whose progress is not in the ledger.
ReleaseView ViewOf(const std::string& id, const ReleaseState& state);

struct SiteLog {
  std::string site;
  std::string text;
};
// A view whenever anything in it changed, pieces of build logs, sentences for people.
using EventBody = std::variant<ReleaseView, SiteLog, std::string>;
struct ReleaseEvent {
  std::uint64_t number = 0;
  UnixSeconds time = 0;
  EventBody body;
};

}  // namespace farm
