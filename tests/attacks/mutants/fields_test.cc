// What an outsider can do to each field of each line of a release of three sites, at every depth:
// of the line itself, of the statement in its payload, and of its leaf in the log.
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/json/json.h"
#include "tests/attacks/mutants/bend.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

using Pointer = Json::json_pointer;

constexpr char kPayload[] = "/dsseEnvelope/payload";

// Of lines: removed and so on from "KIND PLACE EDIT".
std::vector<Row> LineTable() {
  constexpr Accepted kNever = Accepted::kNever;
  constexpr Accepted kSame = Accepted::kSame;
  return {
      // The format is Sigstore's: what it does not know is passed over.
      {"* added", {}, {}, kSame},
      {"*/hashes* removed", {15}, {"log"}},
      {"*/hashes/* doubled", {15}, {"log"}},
      {"*/hashes/* reordered", {15}, {"log"}},
      {"*/hashes* swapped", {15}, {"log"}},
      {"*/hashes emptied", {15}, {"log"}},
      {"* reordered", {}, {}, kSame},
      {"* doubled", {}, {}, kNever, true},
      {"* nulled", {}, {}, kNever, true},
      {"*/logIndex retyped", {}, {}, kSame},
      {"*/treeSize retyped", {}, {}, kSame},
      {"* retyped", {}, {}, kNever, true},
      {"*/keyid removed", {}, {}, kSame},
      {"*/keyid emptied", {}, {}, kSame},
      // Of another payload the line is no longer one that the release names.
      {"release */dsseEnvelope swapped", {10}, {"artifact"}},
      {"release */payload swapped", {10}, {"artifact"}},
      {"release */payload emptied", {2}, {"release"}},
      {"release */payloadType [ce]*", {2}, {"statements"}},
      {"record */dsseEnvelope swapped", {12}, {"sites"}},
      {"record */payload swapped", {12}, {"sites"}},
      {"record */payload emptied", {12}, {"sites"}},
      {"record */payloadType [ce]*", {12}, {"sites"}},
      {"approval */dsseEnvelope swapped", {14}, {"approvals"}},
      {"approval */payload swapped", {14}, {"approvals"}},
      {"approval */payload emptied", {14}, {"approvals"}},
      {"approval */payloadType [ce]*", {14}, {"approvals"}},
      {"*/dsseEnvelope swapped", {22}, {"lines"}},
      {"*/payload swapped", {22}, {"lines"}},
      {"*/payload emptied", {22}, {"lines"}},
      {"*/payloadType [ce]*", {22}, {"lines"}},
      {"*/signatures* swapped", {11}, {"signatures"}},
      {"*/verificationMaterial swapped", {11}, {"time-stamps"}},
      {"*/certificate* swapped", {15}, {"log"}},
      {"*/timestampVerificationData* swapped", {11}, {"time-stamps"}},
      {"*/signedTimestamp *", {}, {}, kNever, true},
      {"*/rfc3161Timestamps/* emptied", {}, {}, kNever, true},
      {"*/timestampVerificationData* removed", {18}, {"time-stamps"}},
      {"*/timestampVerificationData* emptied", {18}, {"time-stamps"}},
      // Without the leaf nobody knows the key that a hint means.
      {"request */tlogEntries removed", {}, {}, kNever, true},
      {"request */tlogEntries emptied", {}, {}, kNever, true},
      {"request */tlogEntries/* removed", {}, {}, kNever, true},
      {"approval */tlogEntries removed", {}, {}, kNever, true},
      {"approval */tlogEntries emptied", {}, {}, kNever, true},
      {"approval */tlogEntries/* removed", {}, {}, kNever, true},
      {"*/tlogEntries removed", {15}, {"log"}},
      {"*/tlogEntries emptied", {15}, {"log"}},
      {"*/tlogEntries/[*] removed", {15}, {"log"}},
      {"*/tlogEntries swapped", {15}, {"log"}},
      {"*/tlogEntries/[*] swapped", {15}, {"log"}},
      {"*/canonicalizedBody swapped", {15}, {"log"}},
      // Twice the same, and now they contradict each other; or a field that must be there.
      {"* swapped", {}, {}, kNever, true},
      {"* changed", {}, {}, kNever, true},
      {"* emptied", {}, {}, kNever, true},
      {"* removed", {}, {}, kNever, true},
  };
}

std::vector<Row> StatementTable() {
  return {
      {"release statement *", {2, 10, 11}, {"release", "artifact", "signatures"}},
      {"record statement *", {12}, {"sites"}},
      {"approval* statement *", {14}, {"approvals"}},
      {"* statement *", {22}, {"lines"}},
  };
}

std::vector<Row> LeafTable() {
  return {
      {"* swapped", {15}, {"log"}},
      {"*/content emptied", {15}, {"log"}},
      {"*", {}, {}, Accepted::kNever, true},
  };
}

// One line after the other, with its like of the other release.
using EditOf = void (*)(const LineToEdit&, const Attempt&);

void EditLines(Court& court, const Farm& farm, EditOf edit, const std::vector<std::size_t>& lines,
               const std::function<std::string(std::size_t)>& what_of) {
  for (const std::size_t line : lines) {
    edit({what_of(line), farm.release.lines[line], farm.other.lines[line]},
         [&](const std::string& kind, const std::string& name, const std::string& text) {
           court.TryLine(kind, name, line, text);
         });
  }
}

class Fields : public testing::Test {
 protected:
  Fields() : farm_(MakeFarm()) {
    for (std::size_t i = 0; i < farm_.release.lines.size(); ++i) all_.push_back(i);
  }

  std::string KindOfLine(std::size_t line) const { return KindOf(farm_.release.lines[line]); }
  VerdictInput Input() const { return farm_.maker.Input(farm_.release); }
  void EditAll(Court& court, EditOf edit) {
    EditLines(court, farm_, edit, all_, [&](std::size_t line) { return KindOfLine(line); });
  }

  Farm farm_;
  std::vector<std::size_t> all_;
};

TEST_F(Fields, OfEachLineCount) {
  Court court("fields of lines", LineTable(), Input(), true);
  EditAll(court, EditLine);
}

TEST_F(Fields, OfEachStatementCount) {
  Court court("fields of statements, unsigned", StatementTable(), Input(), true);
  EditAll(court, EditStatement);
}

TEST_F(Fields, OfEachLeafCount) {
  Court court("fields of leaves", LeafTable(), Input(), true);
  EditAll(court, EditLeaf);
}

// An approval by diff and one of its base count like any other.
TEST(FieldsOfApprovals, ByDiffAndOfTheirBaseCount) {
  const Farm farm = MakeFarmByDiff();
  VerdictInput input = farm.maker.Input(farm.release);
  input.policy.diff_approvals = true;
  std::vector<Row> table = StatementTable();
  for (const Row& row : LineTable()) table.push_back(row);
  Court court("fields of approvals by diff", table, input, false);
  const auto what_of = [](std::size_t line) -> std::string {
    return line == kFirstBaseLine ? "approval of a base" : "approval by diff";
  };
  for (const EditOf edit : {EditLine, EditStatement}) {
    EditLines(court, farm, edit, {kFirstApprovalLine, kFirstBaseLine}, what_of);
  }
}

// Where trees alone are enough, an approval by diff beside them proves nothing; but the release
// names it and those of its base, so that it must be what it was.
TEST(FieldsOfApprovals, ThatNobodyNeedsCount) {
  const Farm farm = MakeFarmByDiff([](LineDraft& draft) {
    auto* approval = std::get_if<Approval>(&draft.statement);
    if (approval == nullptr || approval->auditor == "auditor-1") return;
    approval->scope = kScopeTree;
    approval->base.reset();
  });
  VerdictInput input = farm.maker.Input(farm.release);
  input.policy.auditors = 1;
  std::vector<Row> table = StatementTable();
  for (const Row& row : LineTable()) table.push_back(row);
  Court court("fields of approvals that nobody needs", table, input, false);
  const auto what_of = [](std::size_t) -> std::string { return "approval that nobody needs"; };
  for (const EditOf edit : {EditLine, EditStatement}) {
    EditLines(court, farm, edit, {kFirstApprovalLine + 1}, what_of);
  }
}

// What only writes the same otherwise is accepted; a reader that refused it would refuse what
// Sigstore's own tools write.
TEST_F(Fields, WrittenInAnotherWaySayTheSame) {
  Court court("other writings of a line", {{"*", {}, {}, Accepted::kSame}}, Input(), true);
  for (const std::size_t line : all_) {
    const Json json = *ParseForeignJson(WriteBundleLine(farm_.release.lines[line]), "line");
    court.TryLine("with white space", KindOfLine(line), line, json.dump(2));
    std::string escaped = json.dump();
    escaped.replace(escaped.find("hashedrekord\""), 1, "\\u0068");
    court.TryLine("with an escape", KindOfLine(line), line, escaped);
    for (const char* place : {kPayload, "/dsseEnvelope/signatures/0/sig"}) {
      Json bent = json;
      std::string text = bent.at(Pointer(place)).get<std::string>();
      std::ranges::replace(text, '+', '-');
      std::ranges::replace(text, '/', '_');
      text.erase(std::min(text.find('='), text.size()));
      bent.at(Pointer(place)) = text;
      court.TryLine("in base64 for addresses", KindOfLine(line), line, bent.dump());
    }
    Json older = json;
    older["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.3";
    court.TryLine("with the older media type", KindOfLine(line), line, older.dump());
    Json named = json;
    named["dsseEnvelope"]["signatures"][0]["keyid"] =
        Base64Encode(*HexDecode(farm_.release.lines[line].key().KeyId()));
    court.TryLine("with the key id in base64", KindOfLine(line), line, named.dump());
  }
}

}  // namespace
}  // namespace farm::mutants
