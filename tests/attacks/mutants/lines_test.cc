// Whole lines of a release of five sites, removed, doubled, moved, replaced by each other and by
// those of another release; and a signer who leaves records out.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

constexpr int kSites = 5;
constexpr int kAuditors = 3;
constexpr Accepted kNever = Accepted::kNever;
constexpr Accepted kSame = Accepted::kSame;

class Lines : public testing::Test {
 protected:
  Lines()
      : farm_(MakeFarm(
            {.development = false, .sites = kSites, .auditors = kAuditors, .witnesses = 3})) {}

  VerdictInput Input() const { return farm_.maker.Input(farm_.release); }
  const std::vector<Bundle>& Good() const { return farm_.release.lines; }
  std::string Name(std::size_t line) const { return "line " + std::to_string(line + 1); }

  Farm farm_;
};

TEST_F(Lines, CountOnceEach) {
  const std::vector<Row> table = {
      {"release removed", {2}, {"release"}},
      {"record removed", {12}, {"sites"}},
      {"approval removed", {14}, {"approvals"}},
      {"* removed", {22}, {"lines"}},
      // A second line with the release counts for nothing; every other one must stand there once.
      {"release doubled", {}, {}, kSame},
      {"* doubled", {22}, {"lines"}},
      {"release moved", {2}, {"release"}},
      {"* moved to the front", {2}, {"release"}},
      {"* moved", {}, {}, kSame},
      {"release replaced by *", {2}, {"release"}},
      {"record replaced by *", {12}, {"sites"}},
      {"approval replaced by *", {14}, {"approvals"}},
      {"* replaced by *", {22}, {"lines"}},
      {"release of the other release", {10}, {"artifact"}},
      {"record of the other release", {12}, {"sites"}},
      {"approval of the other release", {14}, {"approvals"}},
      {"* of the other release", {22}, {"lines"}},
      {"* of the other release added", {}, {}, kSame},
  };
  std::vector<Row> ordered = table;
  std::rotate(ordered.begin(), ordered.end() - 1, ordered.end());  // "added" before "of the other"
  Court court("whole lines", ordered, Input(), true);
  for (std::size_t i = 0; i < Good().size(); ++i) {
    const std::string kind = KindOf(Good()[i]);
    std::vector<Bundle> bent = Good();
    bent.erase(bent.begin() + static_cast<std::ptrdiff_t>(i));
    court.TryLines(kind + " removed", Name(i), bent);
    for (std::size_t to = 0; to < Good().size(); ++to) {
      bent = Good();
      bent.insert(bent.begin() + static_cast<std::ptrdiff_t>(to + 1), Good()[i]);
      court.TryLines(kind + " doubled", Name(i) + " behind " + Name(to), bent);
      if (to == i) continue;
      bent = Good();
      bent.erase(bent.begin() + static_cast<std::ptrdiff_t>(i));
      bent.insert(bent.begin() + static_cast<std::ptrdiff_t>(to), Good()[i]);
      court.TryLines(kind + (to == 0 ? " moved to the front" : " moved"),
                     Name(i) + " to " + Name(to), bent);
      bent = Good();
      bent[i] = Good()[to];
      court.TryLines(kind + " replaced by " + KindOf(Good()[to]), Name(i) + " by " + Name(to),
                     bent);
    }
    bent = Good();
    bent[i] = farm_.other.lines[i];
    court.TryLines(kind + " of the other release", Name(i), bent);
    bent = Good();
    bent.push_back(farm_.other.lines[i]);
    court.TryLines(kind + " of the other release added", Name(i), bent);
  }
}

// Every set of records, one to all, left out after the intent; and every pair of other lines.
TEST_F(Lines, WithoutAnyRecordAreNoRelease) {
  const std::vector<Row> table = {
      {"records removed", {12}, {"sites"}},
      // Without the intent nobody knows who was asked.
      {"records removed and other lines *", {2, 12, 22}, {"release", "sites", "lines"}},
      {"pair removed", {2, 14, 22}, {"release", "approvals", "lines"}},
      {"records that the signer does not name", {12}, {"sites"}},
      {"record of one site named for another", {12}, {"sites"}},
      {"record of the other release named", {12}, {"sites"}},
  };
  Court court("records left out", table, Input(), true);
  const auto is_record = [&](std::size_t line) {
    return line >= kFirstRecordLine && line < kFirstRecordLine + kSites;
  };
  const auto without = [&](const std::function<bool(std::size_t)>& left_out) {
    std::vector<Bundle> kept;
    for (std::size_t i = 0; i < Good().size(); ++i) {
      if (!left_out(i)) kept.push_back(Good()[i]);
    }
    return kept;
  };
  for (unsigned set = 1; set < (1U << kSites); ++set) {
    const auto in_set = [&](std::size_t line) {
      return is_record(line) && (set >> (line - kFirstRecordLine) & 1) != 0;
    };
    const std::string name = "records " + std::to_string(set);
    court.TryLines("records removed", name, without(in_set));
    for (std::size_t other = 0; other < Good().size(); ++other) {
      if (is_record(other)) continue;
      court.TryLines("records removed and other lines of " + KindOf(Good()[other]),
                     name + " and " + Name(other),
                     without([&](std::size_t line) { return in_set(line) || line == other; }));
    }
    EvidenceMaker maker = farm_.maker;
    const MadeRelease made = maker.Make([&](LineDraft& draft) {
      auto* const release = std::get_if<Release>(&draft.statement);
      if (release == nullptr) return;
      std::vector<Digest> named;
      for (std::size_t i = 0; i < release->records.size(); ++i) {
        if ((set >> i & 1) == 0) named.push_back(release->records[i]);
      }
      release->records = named;
    });
    court.TryLines("records that the signer does not name", name, made.lines);
  }
  for (std::size_t a = 0; a < Good().size(); ++a) {
    for (std::size_t b = a + 1; b < Good().size(); ++b) {
      if (is_record(a) || is_record(b)) continue;
      court.TryLines("pair removed", Name(a) + " and " + Name(b),
                     without([&](std::size_t line) { return line == a || line == b; }));
    }
  }
  for (int to = 0; to < kSites; ++to) {
    for (int from = 0; from < kSites; ++from) {
      if (from == to) continue;
      EvidenceMaker maker = farm_.maker;
      const MadeRelease made = maker.Make([&](LineDraft& draft) {
        auto* const release = std::get_if<Release>(&draft.statement);
        if (release != nullptr) release->records[to] = release->records[from];
      });
      court.TryLines("record of one site named for another",
                     std::to_string(from) + " for " + std::to_string(to), made.lines);
    }
    const Bundle& foreign = farm_.other.lines[kFirstRecordLine + static_cast<std::size_t>(to)];
    EvidenceMaker maker = farm_.maker;
    MadeRelease made = maker.Make([&](LineDraft& draft) {
      auto* const release = std::get_if<Release>(&draft.statement);
      if (release != nullptr) release->records[to] = foreign.PaeDigest();
    });
    made.lines.push_back(foreign);
    court.TryLines("record of the other release named", std::to_string(to), made.lines);
  }
}

TEST_F(Lines, OfAFileThatIsCutAreNoFile) {
  const std::vector<Row> table = {
      {"cut behind a line", {2, 12, 14, 22}, {"release", "sites", "approvals", "lines"}},
      {"*", {}, {}, kNever, true},
  };
  Court court("the file cut", table, Input(), true);
  const std::string file = farm_.release.FileText();
  std::size_t begin = 0;
  for (std::size_t end = file.find('\n'); end + 1 < file.size(); end = file.find('\n', end + 1)) {
    court.TryLines("cut behind a line", "at " + std::to_string(end),
                   ParseBundleFile(file.substr(0, end + 1), "file"));
    const std::pair<const char*, std::string> kBents[] = {
        {"cut before a newline", file.substr(0, end)},
        {"cut in a line", file.substr(0, (begin + end) / 2)},
        {"with an empty line", std::string(file).insert(end + 1, "\n")},
        {"with a null byte", std::string(file).insert(end, 1, '\0')},
        {"with a byte order mark", std::string(file).insert(begin, "\xef\xbb\xbf")},
    };
    for (const auto& [kind, text] : kBents) {
      court.TryLines(kind, "at " + std::to_string(end), ParseBundleFile(text, "file"));
    }
    begin = end + 1;
  }
  court.TryLines("empty", "", ParseBundleFile("", "file"));
}

}  // namespace
}  // namespace farm::mutants
