#include "farm/release/carry.h"

#include <algorithm>
#include <vector>

#include "farm/verify/verify.h"

namespace farm {
namespace {

Result<Bundle> Stamp(const CarryContext& in, const Bundle& plain, const Policy& policy,
                     const Bundle* intent) {
  TokenBounds bounds{in.world.clock.Now(), 0, intent};
  ASSIGN_OR_RETURN(Bundle stamped, in.world.notary.Stamp(plain));
  bounds.now = in.world.clock.Now();
  RETURN_IF_ERROR(CheckNewToken(stamped, bounds, in.rules.root, policy));
  return stamped;
}

Result<Bundle> Append(const CarryContext& in, const Bundle& stamped, const Policy& policy) {
  ASSIGN_OR_RETURN(Bundle logged, in.world.notary.Append(stamped, in.ledger.epoch()));
  RETURN_IF_ERROR(CheckNewEntry(logged, in.world.clock.Now(), in.rules.root, policy));
  return logged;
}

Result<Bundle> ReadKept(const CarryContext& in, const LineOnItsWay& line, const Digest& payload) {
  ASSIGN_OR_RETURN(const std::string text, in.ledger.Payload(payload));
  return ParseBundleLine(text, line.kind + " line");
}

// What is kept of this step from here on: somebody else's line, if that came first.
Result<Bundle> Keep(const CarryContext& in, const LineOnItsWay& line, const std::string& step,
                    const std::string& note, const Bundle& bundle) {
  const std::string kind = line.kind + "." + step;
  RETURN_IF_ERROR(in.book.Update(line.release, [&](const ReleaseState&) {
    return Result<std::vector<NewEffect>>(
        std::vector<NewEffect>{{kind, line.key, note, WriteBundleLine(bundle)}});
  }));
  ASSIGN_OR_RETURN(const std::vector<Effect> rows, in.ledger.Rows(line.release));
  const auto row = std::ranges::find_if(
      rows, [&](const Effect& one) { return one.kind == kind && one.key == line.key; });
  CHECK(row != rows.end());
  return ReadKept(in, line, row->digest);
}

Result<Bundle> StampAndKeep(const CarryContext& in, const LineOnItsWay& line) {
  ASSIGN_OR_RETURN(const Bundle plain, line.plain());
  ASSIGN_OR_RETURN(const Bundle stamped, Stamp(in, plain, line.policy, line.intent));
  return Keep(in, line, "stamped", "", stamped);
}

}  // namespace

Result<Bundle> CarryLine(const CarryContext& in, const LineOnItsWay& line) {
  if (line.state.logged) return ReadKept(in, line, *line.state.logged);
  ASSIGN_OR_RETURN(Bundle stamped, line.state.stamped ? ReadKept(in, line, *line.state.stamped)
                                                      : StampAndKeep(in, line));
  // A row older than ReadPersonLine may have no key id, or one in base64; the log refuses both.
  stamped.envelope.key_id = stamped.key().KeyId();
  ASSIGN_OR_RETURN(const Bundle logged, Append(in, stamped, line.policy));
  return Keep(in, line, "logged", std::to_string(logged.log_entry->index), logged);
}

Result<Bundle> CarryOnce(const CarryContext& in, const Bundle& line) {
  ASSIGN_OR_RETURN(const Bundle stamped, Stamp(in, line, in.rules.policy, nullptr));
  return Append(in, stamped, in.rules.policy);
}

}  // namespace farm
