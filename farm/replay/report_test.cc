#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/json/json.h"
#include "farm/replay/replay.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/signer.h"
#include "tests/support/crash_files.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

Artifact Of(const std::string& name, const std::string& bytes) {
  return {name, Sha256(bytes), bytes.size(), "0644"};
}

// What a replay that went well says.
ReplayReport Match() {
  ReplayReport report;
  report.verdict = ReplayVerdictKind::kMatch;
  report.exit = ExitCode::kProved;
  report.reason = "2 of 2 artifacts rebuilt bit for bit from the kit";
  report.product = "hello";
  report.version = "1.0";
  report.kit = Sha256("kit");
  report.release = Sha256("release");
  report.manifest = Sha256("manifest");
  report.lock = Sha256("lock");
  report.judgement.headline = "VERIFIED";
  report.judgement.rules = {
      {"sites", true, false, "3", "3", "", ExitCode::kProved},
      {"root expiry", true, true, "later", "in 3 days", "", ExitCode::kProved}};
  report.artifacts = {{Of("a", "aa"), true, Of("a", "aa")}, {Of("b", "b"), true, Of("b", "b")}};
  report.notes = {"README differs"};
  report.sandbox = {{"root_backend", "directory"}};
  report.trace = {{"build", Sha256("action"), 0, {}, 1234}};
  report.started = kNow;
  report.finished = kNow + 60;
  return report;
}

ReplayReport Mismatch() {
  ReplayReport report = Match();
  report.verdict = ReplayVerdictKind::kMismatch;
  report.exit = ExitCode::kReplayMismatch;
  report.reason = "0 of 2 artifacts are equal";
  report.artifacts[0].here = Of("a", "other");
  report.artifacts[1].rebuilt = false;
  report.artifacts[1].here = {};
  return report;
}

// What is known when the kit could not even be read.
ReplayReport Inconclusive() {
  ReplayReport report;
  report.reason = "no user namespaces; do this";
  report.started = report.finished = kNow;
  return report;
}

constexpr char kMark[] = "(development: 1 machine, 1 operator)";

ReplayReport DevelopmentMatch() {
  ReplayReport report = Match();
  report.judgement.headline = std::string("VERIFIED ") + kMark + "  hello 1.0";
  report.judgement.development = kMark;
  return report;
}

// ---- FORMAT.md --------------------------------------------------------------------------------

std::string Format() {
  const auto text = ReadFile("farm/replay/FORMAT.md", 1 << 20);
  CHECK(text.has_value());
  return *text;
}

// The block ```<kind> of FORMAT.md, without its last line break.
std::string Block(const std::string& kind) {
  const std::string format = Format();
  const std::string head = "```" + kind + "\n";
  const std::size_t begin = format.find(head);
  CHECK(begin != std::string::npos);
  return format.substr(begin + head.size(), format.find("\n```", begin) - begin - head.size());
}

// The fields that its table says are read, not ignored, by `farm-replay sign`.
std::set<std::string> FieldsRead() {
  std::set<std::string> names;
  for (const std::string& line : Split(Format(), '\n')) {
    const std::size_t end = line.find(" | reads | ");
    if (end == std::string::npos) continue;
    const std::vector<std::string> parts = Split(line.substr(0, end), '`');
    for (std::size_t i = 1; i < parts.size(); i += 2) names.insert(parts[i]);
  }
  return names;
}

// The report that it shows, of the kit that it shows.
ReplayReport Example() {
  ReplayReport report;
  report.verdict = ReplayVerdictKind::kMatch;
  report.exit = ExitCode::kProved;
  report.reason = "1 of 1 artifacts rebuilt bit for bit from the kit";
  report.product = "shout";
  report.version = "1.0";
  report.kit = *Digest::Parse(Block("kit-digest"));
  report.release =
      *Digest::ParseHex("36e317a355ca803cdbe6ea79711f59d297bc21fc9c5e76de9395276f6892f166");
  report.manifest =
      *Digest::ParseHex("14750668cda76db41e021fa1faa614f73c49a4d9475dbac5b8d93af8740521a4");
  report.lock =
      *Digest::ParseHex("0662390d18a6066d7877ee37243aca1e8191ef1b731bef265ce9bc1be6caeee4");
  report.judgement.headline = std::string("VERIFIED ") + kMark + "  shout 1.0";
  report.judgement.development = kMark;
  report.judgement.rules = {{"operators", true, false, "at least 3 operators",
                             "operator-0 operator-1 operator-2", "", ExitCode::kProved}};
  report.artifacts = {{Of("shout.txt", "HELLO\n"), true, Of("shout.txt", "HELLO\n")}};
  report.sandbox = {{"landlock_abi", 2}, {"limits", "kernel"}, {"root_backend", "directory"}};
  report.trace = {
      {"build",
       *Digest::ParseHex("b4eac80f818787dedef1e0f6c80f530bd8f60993f468f6dd399d9e048e527edb"),
       0,
       {},
       1234}};
  report.started = kNow + 4000;
  report.finished = kNow + 4120;
  return report;
}

TEST(ReportFormat, TheExampleIsWhatIsWrittenAndSigned) {
  const auto json = ParseJson(Block("report"), "FORMAT.md");
  ASSERT_TRUE(json) << json.error().message;
  const std::string canonical = WriteCanonicalJson(*json);
  EXPECT_EQ(WriteReportJson(Example()), canonical);
  const auto verdict = VerdictOfReport(canonical, "regulator-1", kNow);
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->statement.verdict, "MATCH");
  EXPECT_EQ(verdict->statement.rebuilt, std::vector<Artifact>{Of("shout.txt", "HELLO\n")});
  EXPECT_EQ(verdict->statement.report, Block("report-digest"));
  EXPECT_EQ(verdict->development, kMark);
  EXPECT_FALSE(VerdictOfReport(Block("report"), "regulator-1", kNow));  // blanks for reading
}

TEST(ReportFormat, TheTableSaysWhichFieldsAreRead) {
  const std::set<std::string> read = FieldsRead();
  EXPECT_EQ(read.size(), 8u);
  const Json good = *ParseJson(WriteReportJson(Example()), "report");
  for (const auto& [name, value] : good.items()) {
    Json missing = good;
    missing.erase(name);
    Json misshapen = good;
    misshapen[name] = Json::array({1});
    for (const Json& json : {missing, misshapen}) {
      const auto verdict = VerdictOfReport(WriteCanonicalJson(json), "regulator-1", kNow);
      EXPECT_EQ(verdict.has_value(), !read.contains(name)) << name;
    }
  }
}

Json Parsed(const ReplayReport& report) { return *ParseJson(WriteReportJson(report), "report"); }

// ---- report.json ------------------------------------------------------------------------------

TEST(ReportJson, SaysEverythingOfAMatch) {
  const Json json = Parsed(Match());
  EXPECT_EQ(json.at("format"), "farm-replay-report/1");
  EXPECT_EQ(json.at("verdict"), "MATCH");
  EXPECT_EQ(json.at("headline"), "MATCH  2 of 2 artifacts rebuilt bit for bit from the kit");
  EXPECT_EQ(json.at("development"), "");
  EXPECT_EQ(json.at("exit"), 0);
  EXPECT_EQ(json.at("reason"), "2 of 2 artifacts rebuilt bit for bit from the kit");
  EXPECT_EQ(json.at("product"), "hello");
  EXPECT_EQ(json.at("version"), "1.0");
  EXPECT_EQ(json.at("kit"), Sha256("kit").Text());
  EXPECT_EQ(json.at("release"), Sha256("release").Text());
  EXPECT_EQ(json.at("manifest"), Sha256("manifest").Text());
  EXPECT_EQ(json.at("lock"), Sha256("lock").Text());
  EXPECT_EQ(json.at("evidence"), "VERIFIED");
  EXPECT_EQ(json.at("rules").at(1), (Json{{"rule", "root expiry"},
                                          {"held", true},
                                          {"warning", true},
                                          {"expected", "later"},
                                          {"found", "in 3 days"}}));
  const Json a = {{"name", "a"}, {"digest", Sha256("aa").Text()}, {"size", 2}, {"mode", "0644"}};
  EXPECT_EQ(json.at("artifacts").at(0), (Json{{"released", a}, {"here", a}, {"equal", true}}));
  EXPECT_EQ(json.at("notes"), Json::array({"README differs"}));
  EXPECT_EQ(json.at("sandbox"), (Json{{"root_backend", "directory"}}));
  EXPECT_EQ(json.at("trace").at(0), (Json{{"step", "build"},
                                          {"action", Sha256("action").Text()},
                                          {"exitCode", 0},
                                          {"milliseconds", 1234}}));
  EXPECT_EQ(json.at("started"), "2027-01-15T08:00:00Z");
  EXPECT_EQ(json.at("finished"), "2027-01-15T08:01:00Z");
  EXPECT_EQ(json.size(), 20u);
}

TEST(ReportJson, AMatchUnderADevelopmentRootIsMarked) {
  const std::string marked =
      std::string("MATCH  2 of 2 artifacts rebuilt bit for bit from the kit") + "  " + kMark;
  EXPECT_EQ(Headline(DevelopmentMatch()), marked);
  const Json json = Parsed(DevelopmentMatch());
  EXPECT_EQ(json.at("verdict"), "MATCH");
  EXPECT_EQ(json.at("headline"), marked);
  EXPECT_EQ(json.at("development"), kMark);
}

TEST(ReportJson, SaysWhatDiffersAndWhatIsMissing) {
  const Json json = Parsed(Mismatch());
  EXPECT_EQ(json.at("verdict"), "MISMATCH");
  EXPECT_EQ(json.at("exit"), 20);
  EXPECT_EQ(json.at("artifacts").at(0).at("here").at("digest"), Sha256("other").Text());
  EXPECT_EQ(json.at("artifacts").at(0).at("equal"), false);
  EXPECT_EQ(json.at("artifacts").at(1).at("here"), Json());
  EXPECT_EQ(json.at("artifacts").at(1).at("equal"), false);
}

TEST(ReportJson, IsWholeWhereNothingIsKnown) {
  const Json json = Parsed(Inconclusive());
  EXPECT_EQ(json.at("verdict"), "INCONCLUSIVE");
  EXPECT_EQ(json.at("exit"), 21);
  EXPECT_EQ(json.at("reason"), "no user namespaces; do this");
  EXPECT_EQ(json.at("artifacts"), Json::array());
  EXPECT_EQ(json.at("sandbox"), Json::object());
  EXPECT_EQ(json.size(), 20u);
}

TEST(ReplayedArtifact, IsEqualInDigestSizeAndMode) {
  const Artifact released = Of("a", "aa");
  EXPECT_TRUE((ReplayedArtifact{released, true, released}.equal()));
  EXPECT_FALSE((ReplayedArtifact{released, false, released}.equal()));
  EXPECT_FALSE((ReplayedArtifact{released, true, Of("a", "ab")}.equal()));
  Artifact executable = released;
  executable.mode = "0755";
  EXPECT_FALSE((ReplayedArtifact{released, true, executable}.equal()));
}

// ---- report.html ------------------------------------------------------------------------------

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(ReportHtml, ShowsEachVerdict) {
  const struct {
    ReplayReport report;
    const char* verdict;
  } kCases[] = {{Match(), "MATCH"}, {Mismatch(), "MISMATCH"}, {Inconclusive(), "INCONCLUSIVE"}};
  for (const auto& c : kCases) {
    const std::string html = WriteReportHtml(c.report);
    EXPECT_EQ(Count(html, std::string("<span class=\"verdict\">") + c.verdict + "</span>"), 1u);
    EXPECT_NE(html.find(std::string("<title>") + c.verdict + ": "), std::string::npos);
    EXPECT_NE(html.find("<p>" + c.report.reason + "</p>"), std::string::npos) << c.verdict;
  }
}

TEST(ReportHtml, AMatchUnderADevelopmentRootIsMarked) {
  const std::string html = WriteReportHtml(DevelopmentMatch());
  EXPECT_EQ(Count(html, std::string("<title>MATCH: hello 1.0 ") + kMark + "</title>"), 1u);
  EXPECT_EQ(Count(html, std::string("MATCH</span> hello 1.0 ") + kMark + "</h1>"), 1u);
  EXPECT_EQ(Count(WriteReportHtml(Match()), "development"), 0u);
}

TEST(ReportHtml, ShowsArtifactsRulesAndSteps) {
  ReplayReport report = Mismatch();
  report.judgement.rules.push_back(
      {"witnesses", false, false, "2", "1", "ask", ExitCode::kWitnesses});
  const std::string html = WriteReportHtml(report);
  const auto row = [](std::initializer_list<std::string> cells) {
    std::string text = "<tr>";
    for (const std::string& cell : cells) text += "<td>" + cell + "</td>";
    return text + "</tr>";
  };
  for (const std::string& want :
       {row({"a", Sha256("aa").Hex() + " 0644", Sha256("other").Hex() + " 0644", "NOT EQUAL"}),
        row({"b", Sha256("b").Hex() + " 0644", "not rebuilt", "NOT EQUAL"}),
        row({"sites", "3", "3", "held"}), row({"witnesses", "2", "1", "FAILED"}),
        row({"build", Sha256("action").Text(), "0", "1234"}), row({"kit", Sha256("kit").Text()}),
        row({"toolchain lock", Sha256("lock").Text()}), std::string("<li>README differs</li>")}) {
    EXPECT_EQ(Count(html, want), 1u) << want;
  }
  EXPECT_EQ(Count(WriteReportHtml(Match()), "<td>equal</td>"), 2u);
}

// Of a kit that somebody else has made; a terminal may show it.
TEST(ReportText, IsPrintableWhateverAKitSays) {
  const std::string hostile =
      "a\n\xc2\x9b"
      "31m\xe2\x80\xae\x1b[32m";
  ReplayReport report = Match();
  report.product = report.artifacts[0].released.name = report.judgement.rules[1].found = hostile;
  report.reason = "no file " + hostile.substr(2);
  const std::string text = ReportText(report);
  EXPECT_EQ(PrintableLines(text, text.size()), text);
  EXPECT_EQ(Count(text, "\n"), 4u) << text;
  EXPECT_EQ(Count(text, "DIFFERENT  a\\x0a\\xc2\\x9b31m"), 1u) << text;
  const std::string line = ReportJsonLine(report);
  EXPECT_EQ(PrintableLines(line, line.size()), line);
  EXPECT_EQ(Count(line, "\n"), 1u);
  EXPECT_EQ(*ParseJson(line, "report"), *ParseJson(WriteReportJson(report), "report"));
}

TEST(ReportText, EndsWithTheVerdict) {
  EXPECT_EQ(ReportText(Mismatch()),
            "root expiry: expected later, found in 3 days; \n"
            "DIFFERENT  a\n"
            "DIFFERENT  b\n"
            "MISMATCH  0 of 2 artifacts are equal\n");
}

TEST(ReportHtml, HostileNamesStayText) {
  const std::string hostile = "</td><script>alert('1')</script><img src=x onerror=\"a()\">&amp;";
  const std::string escaped =
      "&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&lt;img src=x "
      "onerror=&quot;a()&quot;&gt;&amp;amp;";
  const struct {
    const char* name;
    std::function<void(ReplayReport&)> bend;
    std::size_t shown;
  } kCases[] = {
      {"product", [&](ReplayReport& r) { r.product = hostile; }, 2},
      {"version", [&](ReplayReport& r) { r.version = hostile; }, 2},
      {"reason", [&](ReplayReport& r) { r.reason = hostile; }, 1},
      {"headline", [&](ReplayReport& r) { r.judgement.headline = hostile; }, 1},
      {"mark", [&](ReplayReport& r) { r.judgement.development = hostile; }, 2},
      {"artifact", [&](ReplayReport& r) { r.artifacts[0].released.name = hostile; }, 1},
      {"mode", [&](ReplayReport& r) { r.artifacts[0].here.mode = hostile; }, 1},
      {"rule", [&](ReplayReport& r) { r.judgement.rules[0].rule = hostile; }, 1},
      {"expected", [&](ReplayReport& r) { r.judgement.rules[0].expected = hostile; }, 1},
      {"found", [&](ReplayReport& r) { r.judgement.rules[0].found = hostile; }, 1},
      {"step", [&](ReplayReport& r) { r.trace[0].step = hostile; }, 1},
      {"note", [&](ReplayReport& r) { r.notes[0] = hostile; }, 1},
  };
  const std::size_t tags = Count(WriteReportHtml(Match()), "<");
  for (const auto& c : kCases) {
    ReplayReport report = Match();
    c.bend(report);
    const std::string html = WriteReportHtml(report);
    EXPECT_EQ(Count(html, escaped), c.shown) << c.name;
    EXPECT_EQ(Count(html, "<"), tags) << c.name;
    EXPECT_EQ(Count(html, "onerror=\""), 0u) << c.name;
  }
  // Quotes are JSON's there, and each is escaped on the way into the page.
  ReplayReport report = Match();
  report.sandbox["root_backend"] = hostile;
  EXPECT_EQ(Count(WriteReportHtml(report), "<"), tags);
}

TEST(ReportHtml, LoadsAndRunsNothing) {
  const std::string html = WriteReportHtml(Match());
  EXPECT_EQ(Count(html, "content=\"default-src 'none'; style-src 'unsafe-inline'\""), 1u);
  for (const char* part : {"<script", "<link", "<img", "<iframe", "src=", "href=", "url(", "://"}) {
    EXPECT_EQ(Count(html, part), 0u) << part;
  }
}

// ---- the verdict to sign ----------------------------------------------------------------------

// ---- on disk ----------------------------------------------------------------------------------

TEST(WriteReports, AFullDiskIsExit30AndLeavesEachReportWholeOrAsItWas) {
  const TemporaryDirectory temporary = *TemporaryDirectory::Make("");
  const std::string directory = temporary.path() + "/replay";
  const std::string html = WriteReportHtml(Match());
  const std::string json = WriteReportJson(Match());
  const auto held = [&](const std::string& name) {
    return ReadFile(directory + "/" + name, 1 << 20).value();
  };
  const struct {
    std::uint64_t fits;
    const char* file;  // for which there is no room
  } cases[] = {{0, "report.html"},
               {html.size() - 1, "report.html"},
               {html.size(), "report.json"},
               {html.size() + json.size() - 1, "report.json"}};
  for (const auto& one : cases) {
    CrashFiles files;
    ASSERT_TRUE(WriteReports(files, Mismatch(), directory));
    files.FillAfter(one.fits);
    const Status written = WriteReports(files, Match(), directory);
    ASSERT_FALSE(written) << one.fits;
    EXPECT_EQ(written.error().Exit(), ExitCode::kUnavailable);
    for (const char* word : {one.file, "No space left"}) {
      EXPECT_NE(written.error().message.find(word), std::string::npos) << written.error().message;
    }
    EXPECT_EQ(held("report.json"), WriteReportJson(Mismatch())) << one.fits;
    const bool html_fits = one.fits >= html.size();
    EXPECT_EQ(held("report.html"), html_fits ? html : WriteReportHtml(Mismatch())) << one.fits;
    EXPECT_EQ(ListDirectory(directory)->size(), 2U) << "nothing half-written lies there";
    files.Revive();
    ASSERT_TRUE(WriteReports(files, Match(), directory));
    EXPECT_EQ(held("report.html"), html);
    EXPECT_EQ(held("report.json"), json);
  }
}

TEST(VerdictOfReport, SaysWhatTheReportSays) {
  const std::string report = WriteReportJson(Match());
  const auto match = VerdictOfReport(report, "regulator-1", kNow);
  ASSERT_TRUE(match) << match.error().message;
  EXPECT_EQ(match->statement.verdict, "MATCH");
  EXPECT_EQ(match->statement.kit, Sha256("kit"));
  EXPECT_EQ(match->statement.release, Sha256("release"));
  EXPECT_EQ(match->statement.replayer, "regulator-1");
  EXPECT_EQ(match->statement.report, Sha256(report).Text());
  EXPECT_EQ(match->statement.created, kNow);
  EXPECT_EQ(match->statement.rebuilt, (std::vector<Artifact>{Of("a", "aa"), Of("b", "b")}));

  const auto mismatch = VerdictOfReport(WriteReportJson(Mismatch()), "regulator-1", kNow);
  ASSERT_TRUE(mismatch) << mismatch.error().message;
  EXPECT_EQ(mismatch->statement.verdict, "MISMATCH");
  EXPECT_EQ(mismatch->statement.rebuilt, std::vector<Artifact>{Of("a", "other")});

  const auto inconclusive = VerdictOfReport(WriteReportJson(Inconclusive()), "regulator-1", kNow);
  ASSERT_TRUE(inconclusive) << inconclusive.error().message;
  EXPECT_EQ(inconclusive->statement.verdict, "INCONCLUSIVE");
  EXPECT_TRUE(inconclusive->statement.rebuilt.empty());
}

TEST(CheckMayBeSigned, WantsADevelopmentRootAllowed) {
  const auto production = VerdictOfReport(WriteReportJson(Match()), "regulator-1", kNow);
  ASSERT_TRUE(production) << production.error().message;
  EXPECT_EQ(production->development, "");
  EXPECT_TRUE(CheckMayBeSigned(*production, false));

  ReplayReport refused = Inconclusive();
  refused.judgement.headline = "NOT VERIFIED";
  refused.judgement.development = kMark;
  for (const ReplayReport& report : {DevelopmentMatch(), refused}) {
    const auto verdict = VerdictOfReport(WriteReportJson(report), "regulator-1", kNow);
    ASSERT_TRUE(verdict) << verdict.error().message;
    EXPECT_EQ(verdict->development, kMark) << report.reason;
    const Status not_allowed = CheckMayBeSigned(*verdict, false);
    ASSERT_FALSE(not_allowed) << report.reason;
    EXPECT_EQ(not_allowed.error().Exit(), ExitCode::kJurisdiction) << report.reason;
    EXPECT_NE(not_allowed.error().message.find("--allow-development-root"), std::string::npos);
    EXPECT_TRUE(CheckMayBeSigned(*verdict, true)) << report.reason;
  }
}

TEST(VerdictOfReport, NoOtherReportBecomesAMatch) {
  const struct {
    const char* name;
    ReplayReport report;
    std::function<void(Json&)> bend;
  } kCases[] = {
      {"mismatch", Mismatch(), [](Json&) {}},
      {"mismatch_said_to_be_proved", Mismatch(), [](Json& j) { j["exit"] = 0; }},
      {"inconclusive_without_artifacts", Inconclusive(), [](Json& j) { j["exit"] = 0; }},
      {"proved_by_word_only", Match(), [](Json& j) { j["exit"] = 21; }},
      {"not_rebuilt", Match(),
       [](Json& j) {
         j["artifacts"][1]["here"] = Json();
         j["artifacts"][1]["equal"] = false;
       }},
      {"not_rebuilt_but_equal", Match(), [](Json& j) { j["artifacts"][1]["here"] = Json(); }},
      {"other_digest", Match(),
       [](Json& j) { j["artifacts"][0]["here"]["digest"] = Sha256("other").Text(); }},
      {"other_digest_not_equal", Match(),
       [](Json& j) {
         j["artifacts"][0]["here"]["digest"] = Sha256("other").Text();
         j["artifacts"][0]["equal"] = false;
       }},
      {"other_mode", Match(), [](Json& j) { j["artifacts"][0]["here"]["mode"] = "0755"; }},
      {"other_released", Match(),
       [](Json& j) { j["artifacts"][0]["released"]["digest"] = Sha256("other").Text(); }},
      {"no_artifacts", Match(), [](Json& j) { j["artifacts"] = Json::array(); }},
  };
  for (const auto& c : kCases) {
    Json json = Parsed(c.report);
    json["verdict"] = "MATCH";
    c.bend(json);
    const auto verdict = VerdictOfReport(WriteCanonicalJson(json), "regulator-1", kNow);
    ASSERT_FALSE(verdict) << c.name;
    EXPECT_EQ(verdict.error().code, ErrorCode::kInvalidInput) << c.name;
  }
}

TEST(VerdictOfReport, RefusesWhatFarmReplayDidNotWrite) {
  const Json good = Parsed(Match());
  const auto bent = [&](const std::function<void(Json&)>& bend) {
    Json json = good;
    bend(json);
    return WriteCanonicalJson(json);
  };
  const struct {
    const char* name;
    std::string report;
  } kCases[] = {
      {"empty", ""},
      {"no_json", "MATCH"},
      {"spaces", good.dump(1)},
      {"newline_after", WriteCanonicalJson(good) + "\n"},
      {"other_format", bent([](Json& j) { j["format"] = "farm-replay-report/2"; })},
      {"unknown_field", bent([](Json& j) { j["surprise"] = 1; })},
      {"no_kit", bent([](Json& j) { j.erase("kit"); })},
      {"no_mark", bent([](Json& j) { j.erase("development"); })},
      {"mark_without_evidence", bent([](Json& j) { j["development"] = kMark; })},
      {"evidence_without_mark",
       bent([](Json& j) { j["evidence"] = std::string("VERIFIED ") + kMark + "  hello 1.0"; })},
      {"no_exit", bent([](Json& j) { j.erase("exit"); })},
      {"short_digest", bent([](Json& j) { j["release"] = "sha256:00"; })},
      {"other_word", bent([](Json& j) { j["verdict"] = "VERIFIED"; })},
      {"lower_case", bent([](Json& j) { j["verdict"] = "match"; })},
      {"artifact_field", bent([](Json& j) { j["artifacts"][0]["more"] = 1; })},
      {"artifact_path", bent([](Json& j) {
         j["artifacts"][0]["here"]["name"] = j["artifacts"][0]["released"]["name"] = "a/b";
       })},
      {"equal_contradicts", bent([](Json& j) {
         j["verdict"] = "MISMATCH";
         j["artifacts"][0]["equal"] = false;
       })},
      {"negative_size", bent([](Json& j) { j["artifacts"][0]["here"]["size"] = -1; })},
  };
  for (const auto& c : kCases) {
    const auto verdict = VerdictOfReport(c.report, "regulator-1", kNow);
    ASSERT_FALSE(verdict) << c.name;
    EXPECT_EQ(verdict.error().code, ErrorCode::kInvalidInput) << c.name;
  }
}

TEST(VerdictOfReport, RefusesANameThatNoStatementTakes) {
  const std::string report = WriteReportJson(Match());
  for (const std::string name : {"", "two\nlines", "\xff", "\x7f\x01"}) {
    const auto verdict = VerdictOfReport(report, name, kNow);
    ASSERT_FALSE(verdict) << name;
    EXPECT_EQ(verdict.error().code, ErrorCode::kInvalidInput);
  }
}

TEST(VerdictOfReport, SignedAndWrittenItIsReadAndItsSignatureHolds) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const auto signer = NewMemorySigner(key);
  for (const ReplayReport& report : {Match(), Mismatch(), Inconclusive()}) {
    const auto verdict = VerdictOfReport(WriteReportJson(report), "regulator-1", kNow);
    ASSERT_TRUE(verdict) << verdict.error().message;
    const auto bundle = SignStatement(Statement(verdict->statement), *signer);
    ASSERT_TRUE(bundle) << bundle.error().message;
    const auto line = ParseBundleLine(WriteBundleLine(*bundle), "verdict.jsonl");
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_TRUE(line->key().Verify(line->envelope.PaeBytes(), line->envelope.signature));
    EXPECT_EQ(line->key(), key.public_key());
    EXPECT_EQ(line->envelope.key_id, key.public_key().KeyId());
    const auto read = ParseStatementAs<ReplayVerdict>(line->envelope.payload, "verdict");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->verdict, Name(report.verdict));
    EXPECT_EQ(read->kit, report.kit);
    EXPECT_EQ(read->report, Sha256(WriteReportJson(report)).Text());

    // The same words with another verdict are not what was signed.
    std::string payload = line->envelope.payload;
    const std::string word(Name(report.verdict));
    payload.replace(payload.rfind("\"" + word + "\""), word.size() + 2, "\"MATCH\"");
    Envelope other = line->envelope;
    other.payload = payload;
    EXPECT_EQ(line->key().Verify(other.PaeBytes(), other.signature).has_value(), word == "MATCH");
  }
}

}  // namespace
}  // namespace farm
