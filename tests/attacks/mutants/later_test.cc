// What comes after a release and is in no bundle: a monitor's status, certifiers' statements on
// where sites stand, replay verdicts.  Each field changed by an outsider and by whoever signs it,
// whole pieces left out or put in another's place: where a policy asks for them, and where it does
// not.
#include <gtest/gtest.h>

#include "farm/json/json.h"
#include "tests/attacks/mutants/bend.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/json_edit.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

constexpr Accepted kNever = Accepted::kNever;
constexpr Accepted kSame = Accepted::kSame;
constexpr Accepted kLess = Accepted::kLess;
constexpr Accepted kOwnWords = Accepted::kOwnWords;
constexpr Accepted kNoBetter = Accepted::kNoBetter;

// What every line's reader passes over, and what it does not: rows for the end of a table.
std::vector<Row> WithLineForm(std::vector<Row> rows) {
  const std::vector<Row> form = {
      {"* added", {}, {}, kSame},         {"*/keyid removed", {}, {}, kSame},
      {"*/keyid emptied", {}, {}, kSame}, {"* reordered", {}, {}, kSame},
      {"*", {}, {}, kNever, true},
  };
  rows.insert(rows.end(), form.begin(), form.end());
  return rows;
}

class Later : public testing::Test {
 protected:
  Attempt With(Court& court, const Court::Put& put) const {
    return [&court, put](const std::string& kind, const std::string& name,
                         const std::string& text) { court.TryText(kind, name, text, put); };
  }
  // Each change of a statement by whoever signs it: `sign` makes a line of it.
  template <typename Sign>
  void Lie(Court& court, const Statement& truth, const Statement& other, const Sign& sign,
           const Court::Put& put) const {
    ForEachEdit(*ParseJson(WriteStatement(truth), "truth"),
                *ParseJson(WriteStatement(other), "other"),
                [&](const std::string& kind, const std::string& name, const std::string& text) {
                  VerdictInput input = court.good();
                  put(input, sign(text));
                  court.Try(kind, name, input);
                });
  }

  const WatchedFarm farm_{};
};

// ---- the status --------------------------------------------------------------------------------

// A status at hand is heeded, asked for or not; what was changed in it is no status, and refuses.
std::vector<Row> StatusTable() {
  return WithLineForm({
      {"status statement *", {2, 11}, {"status"}},
      {"*/dsseEnvelope swapped", {11}, {"status"}},
      {"*/payload swapped", {11}, {"status"}},
      {"*/payload emptied", {2}, {"status"}},
      {"*/payloadType [ce]*", {2}, {"status"}},
      {"*/signatures* swapped", {11}, {"status"}},
      {"*/verificationMaterial swapped", {11}, {"status"}},
      {"*/timestampVerificationData* swapped", {11}, {"status"}},
      {"*/signedTimestamp *", {}, {}, kNever, true},
      {"*/rfc3161Timestamps/* emptied", {}, {}, kNever, true},
      {"*/timestampVerificationData* removed", {18}, {"status"}},
      {"*/timestampVerificationData* emptied", {18}, {"status"}},
      // It has no entry in the log, and an empty list need not stand there.
      {"*/tlogEntries removed", {}, {}, kSame},
  });
}

TEST_F(Later, OfAStatusEachFieldCounts) {
  const Bundle other = farm_.StatusLine(WriteStatement(farm_.Withdrawing()));
  for (const auto& [title, input] :
       {std::pair{"fields of a status", farm_.Asked()},
        std::pair{"fields of a status that is not asked for", farm_.Unasked()}}) {
    Court court(title, StatusTable(), input, true);
    const LineToEdit status{"status", *input.status, other};
    EditLine(status, With(court, PutStatus));
    EditStatement(status, With(court, PutStatus));
  }
}

// No change of a status that withdraws lets the release through: nothing but its absence does.
TEST_F(Later, OfAStatusThatWithdrawsEachFieldCounts) {
  const std::vector<Row> table = {
      {"withdrawal statement *", {2, 11}, {"status"}},
      {"*", {11, 17, 18, 2}, {"status", "withdrawn"}, kNever, true},
  };
  VerdictInput input = farm_.Unasked();
  const Bundle harmless = *input.status;
  input.status.reset();
  Court court("fields of a status that withdraws", table, input, true);
  const Bundle line = farm_.StatusLine(WriteStatement(farm_.Withdrawing()));
  const LineToEdit status{"withdrawal", line, harmless};
  EditLine(status, With(court, PutStatus));
  EditStatement(status, With(court, PutStatus));
}

// What a monitor says with its own key: it can be silent on what it knows, and say of a release
// that it was withdrawn.  It can make no release look better than without its word.
TEST_F(Later, AMonitorThatLiesProvesNothing) {
  const std::vector<Row> table = {
      {"*/withdrawn swapped", {17}, {"withdrawn"}},
      {"*/withdrawn/[*] swapped", {17}, {"withdrawn"}},
      {"*/withdrawn/[*]/release swapped", {17}, {"withdrawn"}},
      {"*/dissents swapped", {23}, {"agreement"}},
      {"*/dissents/[*] swapped", {23}, {"agreement"}},
      {"*/dissents/[*]/manifest swapped", {23}, {"agreement"}},
      {"*/revokedKeys swapped", {17}, {"revocations"}},
      {"*/revokedKeys/[*] swapped", {17}, {"revocations"}},
      {"*/revokedKeys/[*]/key swapped", {}, {}, kOwnWords},
      {"*/revokedKeys/[*]/compromisedSince removed", {}, {}, kOwnWords},
      {"*/withdrawn* [rce]*", {2}, {"status"}, kOwnWords},
      {"*/dissents* [rce]*", {2}, {"status"}, kOwnWords},
      {"*/revokedKeys* [rce]*", {2}, {"status"}, kOwnWords},
      {"*/newest* [rce]*", {2}, {"status"}, kOwnWords},
      {"*/newest* swapped", {}, {}, kOwnWords},
      {"*/withdrawn* swapped", {}, {}, kOwnWords},
      {"*/dissents* swapped", {}, {}, kOwnWords},
      {"*/nextUpdate [cs]*", {}, {}, kOwnWords},
      {"*/rootVersion changed", {}, {}, kOwnWords},
      {"*/issued changed", {}, {}, kOwnWords},
      {"*/issued swapped", {18}, {"status"}},
      {"/predicate swapped", {18}, {"status"}},
      {"*/checkpoints* swapped", {18}, {"status"}},
      {"*/monitor changed", {11}, {"status"}},
      {"*", {2}, {"status"}},
  };
  Court court("lies of a monitor", table, farm_.Asked(), true);
  Lie(
      court, farm_.status(), farm_.bad_status(),
      [&](const std::string& text) { return farm_.StatusLine(text); }, PutStatus);
}

// ---- certifiers' statements ---------------------------------------------------------------------

// What was changed is no statement that counts; it is passed over, and then one is missing.
std::vector<Row> CertificationTable() {
  return {
      {"*/hashes/* reordered", {13}, {"certifiers"}},
      // Of the line itself; of statement and leaf they are what "*" is.
      {"* added", {13}, {"certifiers"}, kSame, true},
      {"* reordered", {13}, {"certifiers"}, kSame, true},
      {"*/logIndex retyped", {}, {}, kSame},
      {"*/treeSize retyped", {}, {}, kSame},
      {"*/keyid removed", {}, {}, kSame},
      {"*/keyid emptied", {}, {}, kSame},
      {"*", {13}, {"certifiers"}, kNever, true},
  };
}

TEST_F(Later, OfACertificationEachFieldCounts) {
  const VerdictInput input = farm_.Asked();
  Court court("fields of a certification", CertificationTable(), input, true);
  const LineToEdit line{"certification", input.certifications[0], input.certifications[1]};
  for (const auto edit : {EditLine, EditStatement, EditLeaf}) {
    edit(line, With(court, PutCertification));
  }
}

TEST_F(Later, OfACertificationThatIsNotAskedForNoFieldCounts) {
  const std::vector<Row> table = {{"certification *", {}, {}, kNoBetter, true}};
  const VerdictInput input = farm_.Unasked();
  Court court("fields of a certification that is not asked for", table, input, true);
  const LineToEdit line{"certification", input.certifications[0], input.certifications[1]};
  for (const auto edit : {EditLine, EditStatement, EditLeaf}) {
    edit(line, With(court, PutCertification));
  }
}

TEST_F(Later, ACertifierThatLiesProvesNothing) {
  const std::vector<Row> table = {
      {"*/created changed", {}, {}, kOwnWords},
      // A second later, with no record near.
      {"*/validFor/* changed", {}, {}, kOwnWords},
      {"*", {13}, {"certifiers"}},
  };
  Court court("lies of a certifier", table, farm_.Asked(), true);
  Lie(
      court, farm_.Location(0), farm_.Location(1),
      [&](const std::string& text) { return farm_.LocationLine(text); }, PutCertification);
}

// ---- replay verdicts ----------------------------------------------------------------------------

// With a time stamp and an entry in the log.  It needs neither: but those that it has must be good.
std::vector<Row> ReplayTable(const Row& statement, const Row& other_release) {
  Row payload = other_release;
  payload.kinds = "*/payload swapped";
  Row envelope = other_release;
  envelope.kinds = "*/dsseEnvelope swapped";
  return WithLineForm({
      {"*/hashes* removed", {15}, {"replays"}},
      {"*/hashes/* doubled", {15}, {"replays"}},
      {"*/hashes emptied", {15}, {"replays"}},
      statement,
      {"*/logIndex retyped", {}, {}, kSame},
      {"*/treeSize retyped", {}, {}, kSame},
      payload,
      envelope,
      {"*/payload emptied", {2}, {"replays"}},
      {"*/payloadType [ce]*", {2}, {"replays"}},
      {"*/signatures* swapped", {11}, {"replays"}},
      {"*/verificationMaterial swapped", {11}, {"replays"}},
      {"*/signedTimestamp [rdnec]*", {}, {}, kNever, true},
      {"*/timestampVerificationData* swapped", {11}, {"replays"}},
      {"*/rfc3161Timestamps/* emptied", {}, {}, kNever, true},
      {"*/timestampVerificationData removed", {}, {}, kLess},
      {"*/timestampVerificationData emptied", {}, {}, kLess},
      {"*/rfc3161Timestamps removed", {}, {}, kLess},
      {"*/rfc3161Timestamps emptied", {}, {}, kLess},
      {"*/rfc3161Timestamps/[*] removed", {}, {}, kLess},
      {"*/tlogEntries swapped", {15}, {"replays"}},
      {"*/tlogEntries/[*] swapped", {15}, {"replays"}},
      {"*/canonicalizedBody swapped", {15}, {"replays"}},
      {"*/inclusionProof swapped", {15}, {"replays"}},
  });
}

TEST_F(Later, OfAReplayEachFieldCounts) {
  const Bundle other = farm_.ReplayLineInLog(WriteStatement(farm_.SaysOfTheOther()));
  const Row asked{"replay statement *", {2, 11, 21}, {"replays"}};
  const Row unasked{"replay statement *", {2, 11}, {"replays"}, kNoBetter};
  const Row missing{"", {21}, {"replays"}};
  const Row left_out{"", {}, {}, kNoBetter};
  for (const auto& [title, table, input] :
       {std::tuple{"fields of a MATCH", ReplayTable(asked, missing), farm_.Asked()},
        std::tuple{"fields of a MATCH that is not asked for", ReplayTable(unasked, left_out),
                   farm_.Unasked()}}) {
    Court court(title, table, input, true);
    const LineToEdit line{"replay", input.replays[0].line, other};
    EditLine(line, With(court, PutReplay));
    EditStatement(line, With(court, PutReplay));
  }
}

// No change of a MISMATCH lets the release through, but the one to another release's verdict, which
// says no more than its absence.
TEST_F(Later, OfAReplayThatContradictsEachFieldCounts) {
  const std::vector<Row> table = {
      {"replay statement */release [cs]*", {}, {}, kNoBetter},
      {"replay statement /predicate swapped", {}, {}, kNoBetter},
      {"replay statement *", {2, 11}, {"replays"}},
      {"*/payload swapped", {}, {}, kNoBetter},
      {"*/dsseEnvelope swapped", {}, {}, kNoBetter},
      {"*", {2, 11, 15, 20}, {"replays"}, kNever, true},
  };
  VerdictInput input = farm_.Unasked();
  input.replays.clear();
  Court court("fields of a MISMATCH", table, input, true);
  const Bundle mismatch = farm_.ReplayLineInLog(WriteStatement(farm_.Says("MISMATCH")));
  const Bundle other = farm_.ReplayLineInLog(WriteStatement(farm_.SaysOfTheOther()));
  const LineToEdit line{"replay", mismatch, other};
  EditLine(line, With(court, PutReplay));
  EditStatement(line, With(court, PutReplay));
}

TEST_F(Later, AReplayerThatLiesProvesNothing) {
  const std::vector<Row> table = {
      {"*/created [cs]*", {}, {}, kOwnWords},
      {"*/report changed", {}, {}, kOwnWords},
      {"*/replayer changed", {}, {}, kOwnWords},
      {"*/replayer emptied", {2}, {"replays"}, kOwnWords},
      {"*/release [cs]*", {21}, {"replays"}},
      {"/predicate swapped", {21}, {"replays"}},
      {"*/verdict swapped", {20}, {"replays"}},
      // Of the first subject, which is the kit, or of what was rebuilt.
      {"/subject/[*]/digest* [cs]*", {20}, {"replays"}, kOwnWords},
      {"/subject* [cdrse]*", {2, 20}, {"replays"}},
      {"*", {2}, {"replays"}},
  };
  Court court("lies of a replayer", table, farm_.Asked(), true);
  Lie(
      court, farm_.Says("MATCH"), farm_.SaysOfTheOther(),
      [&](const std::string& text) { return farm_.ReplayLineInLog(text); }, PutReplay);
}

// ---- whole pieces -------------------------------------------------------------------------------

void TryPieces(Court& court, const WatchedFarm& farm) {
  const auto attempt = [&](const std::string& kind,
                           const std::function<void(VerdictInput&)>& bend) {
    VerdictInput input = court.good();
    bend(input);
    court.Try(kind, kind, input);
  };
  using Input = VerdictInput;
  attempt("status removed", [](Input& input) { input.status.reset(); });
  attempt("status of before the release", [&](Input& input) {
    input.status = farm.StatusLine(WriteStatement(farm.BeforeTheRelease()));
  });
  attempt("status of another farm",
          [&](Input& input) { input.status = WatchedFarm().Asked().status; });
  attempt("status that is too old", [](Input& input) { input.at += 10 * 24 * 3600; });
  attempt("status that withdraws", [&](Input& input) {
    input.status = farm.StatusLine(WriteStatement(farm.Withdrawing()));
  });
  for (std::size_t site = 0; site < 3; ++site) {
    const auto at = static_cast<std::ptrdiff_t>(site);
    attempt("certification removed",
            [&](Input& input) { input.certifications.erase(input.certifications.begin() + at); });
    attempt("certification doubled",
            [&](Input& input) { input.certifications.push_back(input.certifications[site]); });
    attempt("certification of another site", [&](Input& input) {
      input.certifications[site] = input.certifications[(site + 1) % 3];
    });
  }
  attempt("certifications reordered",
          [](Input& input) { std::swap(input.certifications[0], input.certifications[2]); });
  attempt("certifications of another farm",
          [](Input& input) { input.certifications = WatchedFarm().Asked().certifications; });
  attempt("replay removed", [](Input& input) { input.replays.clear(); });
  attempt("replay doubled as if by two", [](Input& input) {
    input.replays.push_back(input.replays[0]);
    input.policy.replays *= 2;
  });
  attempt("replay of the other release", [&](Input& input) {
    PutReplay(input, farm.BareReplayLine(WriteStatement(farm.SaysOfTheOther())));
  });
  attempt("replay of another farm",
          [](Input& input) { input.replays = WatchedFarm().Asked().replays; });
  attempt("replay by nobody of the policy", [&](Input& input) {
    PutReplay(input, WatchedFarm().BareReplayLine(WriteStatement(farm.Says("MATCH"))));
  });
  attempt("replay that contradicts", [&](Input& input) {
    input.replays.push_back({"other", farm.BareReplayLine(WriteStatement(farm.Says("MISMATCH")))});
  });
  attempt("replay that is inconclusive", [&](Input& input) {
    PutReplay(input, farm.BareReplayLine(WriteStatement(farm.Says("INCONCLUSIVE"))));
  });
}

std::vector<Row> PiecesTable(bool asked) {
  // Where it is not asked for, it is as good as none.
  const auto needed = [&](const std::string& kinds, int code, const std::string& rule) -> Row {
    if (asked) return {kinds, {code}, {rule}};
    return {kinds, {}, {}, kNoBetter};
  };
  return {
      needed("status removed", 19, "status"),
      needed("status of before the release", 19, "status"),
      {"status of another farm", {11}, {"status"}},
      needed("status that is too old", 19, "status"),
      {"status that withdraws", {17}, {"withdrawn"}},
      needed("certification removed", 13, "certifiers"),
      {"certification doubled", {}, {}, kSame},
      needed("certification of another site", 13, "certifiers"),
      {"certifications reordered", {}, {}, kSame},
      needed("certifications of another farm", 13, "certifiers"),
      needed("replay removed", 21, "replays"),
      needed("replay doubled as if by two", 21, "replays"),
      needed("replay of the other release", 21, "replays"),
      {"replay of another farm", {11}, {"replays"}},
      needed("replay by nobody of the policy", 21, "replays"),
      {"replay that contradicts", {20}, {"replays"}},
      needed("replay that is inconclusive", 21, "replays"),
  };
}

TEST_F(Later, WholePiecesCountWhereTheyAreAskedFor) {
  Court court("whole pieces", PiecesTable(true), farm_.Asked(), true);
  TryPieces(court, farm_);
}

TEST_F(Later, WholePiecesAreNoBetterThanNoneWhereTheyAreNot) {
  Court court("whole pieces that are not asked for", PiecesTable(false), farm_.Unasked(), true);
  TryPieces(court, farm_);
}

}  // namespace
}  // namespace farm::mutants
