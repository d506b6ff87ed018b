// What an outsider can do to each field of each line of a release of three sites, at every depth:
// of the line itself, of the statement in its payload, and of its leaf in the log.
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/json/json.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/json_edit.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

using Pointer = Json::json_pointer;

constexpr char kPayload[] = "/dsseEnvelope/payload";
constexpr char kBody[] = "/verificationMaterial/tlogEntries/0/canonicalizedBody";

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
      {"approval statement *", {14}, {"approvals"}},
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

class Fields : public testing::Test {
 protected:
  Fields() : farm_(MakeFarm()) {
    for (const Bundle& line : farm_.release.lines) lines_.push_back(JsonOf(line));
    for (const Bundle& line : farm_.other.lines) others_.push_back(JsonOf(line));
  }

  static Json JsonOf(const Bundle& line) {
    return *ParseForeignJson(WriteBundleLine(line), "line");
  }
  std::string KindOfLine(std::size_t line) const { return KindOf(farm_.release.lines[line]); }
  VerdictInput Input() const { return farm_.maker.Input(farm_.release); }

  // Each edit at each place of what stands in base64 at `part` of each line.
  void EditInside(Court& court, const std::string& part, const std::string& name) {
    for (std::size_t line = 0; line < lines_.size(); ++line) {
      const Json inner = InsideOf(lines_[line], part);
      const Json other = InsideOf(others_[line], part);
      for (const std::string& place : PlacesOf(inner)) {
        for (const Edit edit : kEdits) {
          const auto text = Edited(inner, place, edit, &other);
          if (!text) continue;
          Json bent = lines_[line];
          bent.at(Pointer(part)) = Base64Encode(*text);
          Try(court, line, name, place, edit, bent.dump());
        }
      }
    }
  }

  void Try(Court& court, std::size_t line, const std::string& name, const std::string& place,
           Edit edit, const std::string& text) {
    const std::string what = KindOfLine(line) + (name.empty() ? "" : " " + name) + " ";
    const std::string how = " " + std::string(EditName(edit));
    court.TryLine(what + KindOfPlace(place) + how, what + place + how, line, text);
  }

  static Json InsideOf(const Json& line, const std::string& part) {
    const auto text = Base64Decode(line.at(Pointer(part)).get<std::string>());
    return *ParseJson(*text, "part");
  }

  Farm farm_;
  std::vector<Json> lines_;
  std::vector<Json> others_;
};

TEST_F(Fields, OfEachLineCount) {
  Court court("fields of lines", LineTable(), Input(), true);
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    for (const std::string& place : PlacesOf(lines_[line])) {
      for (const Edit edit : kEdits) {
        const auto text = Edited(lines_[line], place, edit, &others_[line]);
        if (text) Try(court, line, "", place, edit, *text);
      }
    }
  }
}

TEST_F(Fields, OfEachStatementCount) {
  Court court("fields of statements, unsigned", StatementTable(), Input(), true);
  EditInside(court, kPayload, "statement");
}

TEST_F(Fields, OfEachLeafCount) {
  Court court("fields of leaves", LeafTable(), Input(), true);
  EditInside(court, kBody, "leaf");
}

// What only writes the same otherwise is accepted; a reader that refused it would refuse what
// Sigstore's own tools write.
TEST_F(Fields, WrittenInAnotherWaySayTheSame) {
  Court court("other writings of a line", {{"*", {}, {}, Accepted::kSame}}, Input(), true);
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    const Json& json = lines_[line];
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
