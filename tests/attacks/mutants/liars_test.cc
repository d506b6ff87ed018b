// A party that lies: each field of each statement changed before the party signs it with its own
// key, time-stamped and logged; everything that comes later built upon it, or told later instead of
// the truth.
#include <gtest/gtest.h>

#include "farm/json/json.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/json_edit.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

constexpr Accepted kNever = Accepted::kNever;
constexpr Accepted kOwnWords = Accepted::kOwnWords;

// What the rows before do not name.  Statements are written in one way only: what is in another
// order, stands there twice, is missing, empty, of another type or not known is no statement.
std::vector<Row> WithForm(std::vector<Row> rows) {
  rows.push_back({"*", {2}, {"statements", "release"}});
  return rows;
}

std::vector<Row> RequesterTable() {
  return WithForm({
      {"*/created changed", {}, {}, kOwnWords},
      {"*/product changed", {22}, {"manifest"}},
      {"*/version [cs]*", {22}, {"manifest"}},
      {"/predicate swapped", {22}, {"manifest"}},
      {"*/requester changed", {11}, {"identities"}},
      {"*/sha256 changed", {14}, {"approvals"}},
      {"/subject* swapped", {14}, {"approvals"}},
  });
}

std::vector<Row> CoordinatorTable() {
  return WithForm({
      {"*/created changed", {}, {}, kOwnWords},
      {"*/attempt changed", {}, {}, kOwnWords},
      {"*/nonce swapped", {}, {}, kOwnWords},
      {"*/sites/[*] reordered", {}, {}, kOwnWords},
      {"*/sites/[*] changed", {12}, {"sites"}},
      {"*/sites/[*] removed", {12}, {"sites"}},
      {"*/product changed", {22}, {"manifest"}},
      {"*/version [cs]*", {22}, {"manifest"}},
      {"*/request [cs]*", {22}, {"manifest"}},
      {"/predicate swapped", {22}, {"manifest"}},
      // The records, which say another manifest than the intent, do not count.
      {"*/sha256 changed", {12}, {"sites"}},
      {"/subject* swapped", {12}, {"sites"}},
  });
}

// What is only evidence, and nobody compares: the sandbox, the trace, the site's programs, times.
std::vector<Row> SiteTable() {
  return WithForm({
      {"*/sandbox/* doubled", {2}, {"statements"}},
      {"*/sandbox/* reordered", {2}, {"statements"}},
      {"*/sandbox/* nulled", {2}, {"statements"}},
      {"*/sandbox/* *", {}, {}, kOwnWords},
      {"*/sandbox emptied", {}, {}, kOwnWords},
      {"*/sandbox added", {}, {}, kOwnWords},
      {"*/trace emptied", {}, {}, kOwnWords},
      {"*/trace/[*] removed", {}, {}, kOwnWords},
      {"*/trace/[*] doubled", {}, {}, kOwnWords},
      {"*/trace/[*]/outputs emptied", {}, {}, kOwnWords},
      {"*/trace/[*]/outputs/[*] removed", {}, {}, kOwnWords},
      {"*/trace/[*]/outputs/[*] doubled", {}, {}, kOwnWords},
      {"*/trace/[*]/outputs/[*] reordered", {}, {}, kOwnWords},
      {"*/trace/* changed", {}, {}, kOwnWords},
      {"*/trace/*/size emptied", {}, {}, kOwnWords},
      {"*/trace/*/milliseconds emptied", {}, {}, kOwnWords},
      {"*/trace* swapped", {}, {}, kOwnWords},
      {"*/internalParameters swapped", {}, {}, kOwnWords},
      {"*/builderDependencies emptied", {}, {}, kOwnWords},
      {"*/builderDependencies/[*] removed", {}, {}, kOwnWords},
      {"*/builderDependencies/* changed", {}, {}, kOwnWords},
      {"*/finishedOn changed", {}, {}, kOwnWords},
      {"*/startedOn changed", {}, {}, kOwnWords},
      // The sources may be left out, the toolchain not.
      {"*/resolvedDependencies/[*] removed", {2}, {"statements"}, kOwnWords},
      {"*/resolvedDependencies/[*] doubled", {2, 22}, {"statements", "manifest"}},
      {"*/resolvedDependencies/[*]/name changed", {2, 22}, {"statements", "manifest"}},
      {"*/resolvedDependencies/*/gitTree changed", {22}, {"manifest"}},
      {"*/resolvedDependencies/*/sha256 changed", {22, 23}, {"manifest", "agreement"}},
      {"*/plan changed", {23}, {"agreement"}},
      {"*/limits changed", {13}, {"limits"}},
      {"*/id changed", {11}, {"identities"}},
      {"*/manifest [cs]*", {12}, {"sites"}},
      {"*/invocationId [cs]*", {12}, {"sites"}},
      {"/subject* changed", {12}, {"outputs"}},
      {"/subject* swapped", {12}, {"outputs"}},
      {"/subject/[*] removed", {12}, {"outputs"}},
      {"/subject/*/size emptied", {12}, {"outputs"}},
      {"* swapped", {12}, {"sites"}},
  });
}

std::vector<Row> AuditorTable() {
  return WithForm({
      {"*/created changed", {}, {}, kOwnWords},
      {"*/auditor changed", {11}, {"identities"}},
      {"*/product changed", {14}, {"approvals"}},
      {"*/version [cs]*", {14}, {"approvals"}},
      {"*/sha256 changed", {14}, {"approvals"}},
      {"*/gitTree changed", {14}, {"approvals"}},
      {"* swapped", {14}, {"approvals"}},
      {"/subject/[*]/name changed", {2, 14}, {"statements", "approvals"}},
      {"/subject/[*] removed", {2, 14}, {"statements", "approvals"}},
      {"/subject/[*] doubled", {2, 14}, {"statements", "approvals"}},
  });
}

std::vector<Row> SignerTable() {
  return WithForm({
      // Whatever its manifest says, it is none that anybody approved.
      {"manifest * *", {2, 12, 14}, {"release", "outputs", "sites", "approvals"}},
      {"*/created changed", {}, {}, kOwnWords},
      {"*/sequence changed", {}, {}, kOwnWords},
      {"*/sequence swapped", {}, {}, kOwnWords},
      {"*/records/[*] reordered", {}, {}, kOwnWords},
      {"*/records/[*] doubled", {12}, {"sites"}},
      {"*/records/[*] removed", {12}, {"sites"}},
      {"*/records/[*] changed", {12}, {"sites"}},
      {"*/records emptied", {12}, {"sites"}},
      {"*/records* swapped", {12}, {"sites"}},
      {"*/approvals/[*] doubled", {2, 22}, {"release", "lines"}},
      {"*/approvals/[*] removed", {14}, {"approvals"}},
      {"*/approvals/[*] changed", {14}, {"approvals"}},
      {"*/approvals emptied", {14}, {"approvals"}},
      {"*/approvals* swapped", {2, 14}, {"release", "approvals"}},
      {"*/intent [cs]*", {22}, {"lines"}},
      {"*/request [cs]*", {22}, {"lines"}},
      {"*/manifest swapped", {14}, {"approvals"}},
      {"*/signer changed", {11}, {"identities"}},
      {"/predicate swapped", {22}, {"lines"}},
      // Of the first artifact, which is the file, or of the second.
      {"/subject* changed", {10, 12}, {"artifact", "outputs"}},
      {"/subject* swapped", {10, 12}, {"artifact", "outputs"}},
      {"/subject/[*] removed", {10, 12}, {"artifact", "outputs"}},
      {"/subject/*/size emptied", {10, 12}, {"artifact", "outputs"}},
  });
}

// By diff, and of the base: who approves a base is compared with nobody but the auditors who build
// upon it.  Nobody here knows the base's version and sources.
std::vector<Row> DiffTable() {
  std::vector<Row> rows = AuditorTable();
  rows.insert(rows.begin(), {"*/base changed", {14}, {"approvals"}});
  return rows;
}

std::vector<Row> BaseTable() {
  return WithForm({
      {"*/created [cs]*", {}, {}, kOwnWords},
      {"/predicate swapped", {}, {}, kOwnWords},
      {"*/auditor changed", {11}, {"identities"}},
      {"*/product changed", {14}, {"approvals"}},
      {"*/version changed", {}, {}, kOwnWords},
      {"*/sha256 changed", {14}, {"approvals"}},
      {"*/gitTree changed", {}, {}, kOwnWords},
      {"/subject/[*]/name changed", {2}, {"statements"}, kOwnWords},
      {"/subject/[*] removed", {2}, {"statements"}, kOwnWords},
      {"/subject/[*] doubled", {2}, {"statements"}, kOwnWords},
  });
}

struct Liar {
  std::string party;
  std::size_t line;  // of the release
  std::vector<Row> table;
};

void PrintTo(const Liar& liar, std::ostream* out) { *out << liar.party; }

std::vector<Liar> Liars() {
  return {
      {"requester", kRequestLine, RequesterTable()},
      {"coordinator", kIntentLine, CoordinatorTable()},
      {"site-1", kFirstRecordLine + 1, SiteTable()},
      {"auditor-0", kFirstRecordLine + 3, AuditorTable()},
      {"signer", kReleaseLine, SignerTable()},
  };
}

class EachParty : public testing::TestWithParam<Liar> {
 protected:
  EachParty() : farm_(MakeFarm()) {}

  static Json StatementOf(const Bundle& line) { return *ParseJson(line.envelope.payload, "line"); }

  // A release in which the party says what `lie` makes of its statement.
  VerdictInput Told(const std::function<std::string(const Json&)>& lie) {
    EvidenceMaker maker = farm_.maker;
    const MadeRelease made = maker.Make([&](LineDraft& draft) {
      if (draft.party != GetParam().party) return;
      draft.payload = lie(*ParseJson(WriteStatement(draft.statement), "statement"));
    });
    return maker.Input(made);
  }

  Farm farm_;
};

TEST_P(EachParty, ProvesNothingByLying) {
  const Liar& liar = GetParam();
  Court court("lies of " + liar.party, liar.table, farm_.maker.Input(farm_.release), true);
  const Json truth = StatementOf(farm_.release.lines[liar.line]);
  const Json other = StatementOf(farm_.other.lines[liar.line]);
  ForEachEdit(truth, other,
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                court.Try(kind, name, Told([&](const Json&) { return text; }));
              });
  if (liar.party != "signer") return;
  const Json::json_pointer at("/predicate/manifest");
  const Json manifest = *ParseJson(truth.at(at).get<std::string>(), "manifest");
  const Json next = *ParseJson(other.at(at).get<std::string>(), "manifest");
  ForEachEdit(manifest, next,
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                court.Try("manifest " + kind, "manifest " + name, Told([&](Json statement) {
                            statement.at(at) = text;
                            return statement.dump();
                          }));
              });
}

// But the signer, whose statement is the release itself.
class EachPartyBefore : public EachParty {};

// What it says later is no line that the release names.
TEST_P(EachPartyBefore, ProvesNothingByTakingItsWordsBack) {
  const Liar& liar = GetParam();
  const std::vector<Row> table = {
      {"request *", {22}, {"lines"}},
      {"intent *", {22}, {"lines"}},
      {"record *", {12}, {"sites"}},
      {"approval *", {14}, {"approvals"}},
  };
  Court court("words taken back by " + liar.party, table, farm_.maker.Input(farm_.release), false);
  const std::string line_kind = KindOf(farm_.release.lines[liar.line]);
  const Json truth = StatementOf(farm_.release.lines[liar.line]);
  const Json other = StatementOf(farm_.other.lines[liar.line]);
  ForEachEdit(
      truth, other, [&](const std::string& kind, const std::string& name, const std::string& text) {
        EvidenceMaker maker = farm_.maker;
        LineDraft draft =
            maker.Draft(*ParseStatement(farm_.release.lines[liar.line].envelope.payload, "line"),
                        liar.party, maker.options().start + 300);
        draft.payload = text;
        std::vector<Bundle> lines = farm_.release.lines;
        lines[liar.line] = maker.MakeLine(draft);
        court.TryLines(line_kind + " " + kind, name, lines);
      });
}

std::vector<Liar> LiarsBefore() {
  std::vector<Liar> liars = Liars();
  std::erase_if(liars, [](const Liar& liar) { return liar.line == kReleaseLine; });
  return liars;
}

// An auditor who lies about the manifest, or about the one before, which he and another approved.
void LieInAChain(std::size_t line, Court& court, const Farm& farm) {
  const Json truth = *ParseJson(farm.release.lines[line].envelope.payload, "line");
  const Json other = *ParseJson(farm.other.lines[line].envelope.payload, "line");
  ForEachEdit(truth, other,
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                EvidenceMaker maker = farm.maker;
                const MadeRelease made = maker.Make([&](LineDraft& draft) {
                  ByDiff()(draft);
                  const auto* approval = std::get_if<Approval>(&draft.statement);
                  if (approval == nullptr || approval->auditor != "auditor-0") return;
                  if (IsOfBase(*approval) == (line == kFirstBaseLine)) draft.payload = text;
                });
                VerdictInput input = maker.Input(made);
                input.policy.diff_approvals = true;
                court.Try(kind, name, input);
              });
}

class Chain : public testing::Test {
 protected:
  VerdictInput Input() const {
    VerdictInput input = farm_.maker.Input(farm_.release);
    input.policy.diff_approvals = true;
    return input;
  }
  const Farm farm_ = MakeFarmByDiff();
};

TEST_F(Chain, ProvesNothingByALieAboutTheManifest) {
  Court court("lies of auditor-0 by diff", DiffTable(), Input(), true);
  LieInAChain(kFirstApprovalLine, court, farm_);
}

TEST_F(Chain, ProvesNothingByALieAboutItsBase) {
  Court court("lies of auditor-0 about the base", BaseTable(), Input(), true);
  LieInAChain(kFirstBaseLine, court, farm_);
}

std::string PartyName(const testing::TestParamInfo<Liar>& info) {
  std::string name = info.param.party;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Mutants, EachParty, testing::ValuesIn(Liars()), PartyName);
INSTANTIATE_TEST_SUITE_P(Mutants, EachPartyBefore, testing::ValuesIn(LiarsBefore()), PartyName);

}  // namespace
}  // namespace farm::mutants
