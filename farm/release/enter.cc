#include "farm/release/enter.h"

#include <string_view>
#include <utility>
#include <vector>

#include "farm/crypto/hash.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr std::string_view kWithdrawalLine = "withdrawal line";

// A withdrawal that is kept.
struct KeptWithdrawal {
  Bundle line;
  Withdrawal said;
};

Result<KeptWithdrawal> ReadKeptWithdrawal(const Ledger& ledger, const Digest& payload) {
  ASSIGN_OR_RETURN(const std::string text, ledger.Payload(payload));
  ASSIGN_OR_RETURN(Bundle line, ParseBundleLine(text, kWithdrawalLine));
  ASSIGN_OR_RETURN(Withdrawal said,
                   ParseStatementAs<Withdrawal>(line.envelope.payload, kWithdrawalLine));
  return KeptWithdrawal{std::move(line), std::move(said)};
}

Error SaidBefore(const Withdrawal& first, const LogEntry& entry) {
  return Error{ErrorCode::kMismatch,
               first.product + " " + first.version + ", release " + first.release.Text() +
                   ", is withdrawn by " + first.by + " since " + FormatTime(first.created) +
                   ", log entry " + std::to_string(entry.index) +
                   "; a second withdrawal by the same person says no more and is not taken",
               ExitCode::kRefused};
}

// Whoever has renewed his key has said it with the old one, unless that is a key that the root does
// not list any more: monitors do not count what it said.
Status CheckNotSaidBefore(const EntryContext& in, const ReleaseState& now, const Withdrawal& next) {
  for (const auto& [key, row] : now.withdrawals) {
    if (row.note != next.by || !row.logged) continue;
    ASSIGN_OR_RETURN(const KeptWithdrawal before, ReadKeptWithdrawal(in.ledger, *row.logged));
    if (before.said.release != next.release || !before.line.log_entry) continue;
    const Person* person = in.rules.root.FindWhoMayWithdraw(before.line.key());
    if (person == nullptr || person->id != next.by) continue;
    if (!person->valid_for.Contains(before.said.created)) continue;
    return SaidBefore(before.said, *before.line.log_entry);
  }
  return {};
}

// Of the kept line with this key of a row.  Answers the logged line.
Result<std::string> CarryKept(const EntryContext& in, const std::string& id, const std::string& key,
                              const Bundle& line) {
  ASSIGN_OR_RETURN(const Bundle logged, CarryEntry(in, line));
  ASSIGN_OR_RETURN(const ReleaseState after,
                   in.book.Update(id, [&](const ReleaseState&) -> Result<std::vector<NewEffect>> {
                     return std::vector<NewEffect>{{"withdrawal.logged", key,
                                                    std::to_string(logged.log_entry->index),
                                                    WriteBundleLine(logged)}};
                   }));
  return in.ledger.Payload(after.withdrawals.at(key).logged.value());
}

}  // namespace

Result<Bundle> CarryEntry(const EntryContext& in, const Bundle& line) {
  const World& world = in.world;
  const UnixSeconds asked = world.clock.Now();
  ASSIGN_OR_RETURN(const Bundle stamped, world.notary.Stamp(line));
  RETURN_IF_ERROR(
      CheckNewToken(stamped, {asked, world.clock.Now(), nullptr}, in.rules.root, in.rules.policy));
  ASSIGN_OR_RETURN(Bundle logged, world.notary.Append(stamped, in.ledger.epoch()));
  RETURN_IF_ERROR(CheckNewEntry(logged, world.clock.Now(), in.rules.root, in.rules.policy));
  return logged;
}

Result<std::string> EnterWithdrawal(const EntryContext& in, const Bundle& line,
                                    const Bundle& release) {
  ASSIGN_OR_RETURN(const Withdrawal withdrawal,
                   ParseStatementAs<Withdrawal>(line.envelope.payload, "line"));
  ASSIGN_OR_RETURN(const Release withdrawn,
                   ParseStatementAs<Release>(release.envelope.payload, "release line"));
  ASSIGN_OR_RETURN(const ManifestView manifest, ViewManifest(withdrawn.manifest));
  const std::string id = ReleaseId(manifest);
  const std::string key = withdrawal.release.Hex() + " " + line.key().KeyId();
  const std::string text = WriteBundleLine(line);
  ASSIGN_OR_RETURN(
      const ReleaseState state,
      in.book.Update(id, [&](const ReleaseState& now) -> Result<std::vector<NewEffect>> {
        if (now.withdrawals.contains(key)) return std::vector<NewEffect>();
        RETURN_IF_ERROR(CheckNotSaidBefore(in, now, withdrawal));
        return std::vector<NewEffect>{{"withdrawal.signed", key, withdrawal.by, text}};
      }));
  const LineState& first = state.withdrawals.at(key);
  CHECK(first.signed_line);
  const bool is_first = *first.signed_line == Sha256(text);
  ASSIGN_OR_RETURN(const KeptWithdrawal kept, ReadKeptWithdrawal(in.ledger, *first.signed_line));
  const auto logged =
      first.logged ? in.ledger.Payload(*first.logged) : CarryKept(in, id, key, kept.line);
  if (is_first) return logged;
  if (!logged) {
    return Wrap("the withdrawal that " + withdrawal.by + " has signed before goes first",
                logged.error());
  }
  ASSIGN_OR_RETURN(const Bundle entered, ParseBundleLine(*logged, kWithdrawalLine));
  CHECK(entered.log_entry);
  return SaidBefore(kept.said, *entered.log_entry);
}

}  // namespace farm
