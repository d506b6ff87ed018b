#include "farm/release/enter.h"

#include <string_view>
#include <utility>
#include <vector>

#include "farm/crypto/hash.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"

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
Status CheckNotSaidBefore(const CarryContext& in, const ReleaseState& now, const Withdrawal& next) {
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

}  // namespace

Result<std::string> EnterWithdrawal(const CarryContext& in, const Bundle& line,
                                    const Bundle& release) {
  ASSIGN_OR_RETURN(const Withdrawal withdrawal,
                   ParseStatementAs<Withdrawal>(line.envelope.payload, "line"));
  ASSIGN_OR_RETURN(const Release withdrawn,
                   ParseStatementAs<Release>(release.envelope.payload, "release line"));
  ASSIGN_OR_RETURN(const ManifestView manifest, ViewManifest(withdrawn.manifest));
  const std::string id = ReleaseId(manifest);
  const std::string key = withdrawal.release.Hex() + " " + line.key().KeyId() + " " + withdrawal.by;
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
  const auto logged = CarryLine(in, {.release = id,
                                     .kind = "withdrawal",
                                     .key = key,
                                     .state = first,
                                     .plain = [&] { return Result<Bundle>(kept.line); },
                                     .policy = in.rules.policy});
  if (is_first && !logged) return logged.error();
  if (is_first) return WriteBundleLine(*logged);
  if (!logged) {
    return Wrap("the withdrawal that " + withdrawal.by + " has signed before goes first",
                logged.error());
  }
  CHECK(logged->log_entry);
  return SaidBefore(kept.said, *logged->log_entry);
}

}  // namespace farm
