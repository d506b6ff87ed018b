// Releases of 2026 and 2027 as a customer judges them on 2036-12-11: every key of their time has
// ended; the root has been rotated five times, among other people, two of three of whom sign for
// most; one rotation renewed an operator's CA and an auditor's key; their log was closed, as `farm
// log close` closes one, and another goes on; some keys are revoked.  A monitor of today tells of
// both logs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/log_of_maker.h"

namespace farm {
namespace {

constexpr char kToday[] = "2036-12-11T12:00:00Z";
constexpr UnixSeconds kFirstTime = 1'796'976'000;   // 2026-12-11T08:00:00Z
constexpr UnixSeconds kSecondTime = 1'935'388'800;  // 2031-05-01T08:00:00Z
constexpr std::int64_t kYears = 2;                  // of every key and certificate
constexpr std::int64_t kRoots = 6;                  // 1 and five rotations
// After 1.0 another CA and another auditor's key are listed (root 2), then 1.1 is released.
constexpr std::int64_t kRenewedAfter = 200 * kDaySeconds;
constexpr std::int64_t kReleasedAfter = 300 * kDaySeconds;

// Who holds root keys, by number, how many of them must sign, and who has signed: enough of this
// root's and of those of the one before it, and not one more than both need.
struct RootRow {
  const char* created;
  std::vector<std::size_t> holders;
  std::int64_t threshold;
  std::vector<std::size_t> signers;
};
const std::vector<RootRow> kRootRows = {
    {"2026-12-11", {0, 1, 2}, 2, {0, 1}},
    {"2027-06-29", {0, 1, 3}, 2, {1, 3, 2}},  // 2 has gone: 1 and 2 sign for root 1
    {"2029-02-01", {3, 4, 5}, 2, {3, 0, 4}},  // two have gone at once
    {"2031-04-01", {6}, 1, {4, 5, 6}},        // one person's farm, for two years
    {"2033-03-01", {6, 7, 8}, 2, {6, 7}},
    {"2036-06-01", {7, 8, 9}, 2, {6, 8, 9}},
};
constexpr std::size_t kRootKeys = 10;

UnixSeconds Day(std::string_view day) { return ParseTime(std::string(day) + "T00:00:00Z").value(); }

Revocation LostKey(const PublicKey& key, std::optional<UnixSeconds> since) {
  return {"key", key.KeyId(), "lost", since};
}

// What two times made, as one root lists it, each key beside the one that it renews; the monitor
// and the time stamps are of a third.
TrustRoot BothTimes(const TrustRoot& first, const TrustRoot& second, const TrustRoot& today,
                    const LogEnd& end) {
  TrustRoot root = first;
  const auto add = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (std::size_t i = 0; i < root.operators.size(); ++i) {
    add(root.operators[i].authorities, second.operators[i].authorities);
    root.operators[i].valid_for.end = second.operators[i].valid_for.end;
  }
  add(root.auditors, second.auditors);
  add(root.certifiers, second.certifiers);
  add(root.monitors, today.monitors);
  add(root.requesters, second.requesters);
  root.logs[0].end = end;
  add(root.logs, second.logs);
  add(root.witnesses, second.witnesses);
  add(root.timestamp_authorities, second.timestamp_authorities);
  add(root.timestamp_authorities, today.timestamp_authorities);
  add(root.transparency_keys, second.transparency_keys);
  return root;
}

class TenYears : public testing::Test {
 protected:
  TenYears()
      : first_({.start = kFirstTime,
                .development = false,
                .witnesses = 3,
                .certifiers = 1,
                .years = kYears}),
        second_({.start = kSecondTime,
                 .development = false,
                 .witnesses = 3,
                 .certifiers = 1,
                 .years = kYears,
                 .log = "log2.farm.example",
                 .witness_prefix = "witness2.example/w",
                 .stamps = "stamps-2031",
                 .version = "5.0"}),
        today_({.start = ParseTime(kToday).value(),
                .development = false,
                .monitors = 1,
                .years = kYears,
                .stamps = "stamps-2036"}),
        directory_(*TemporaryDirectory::Make(testing::TempDir())),
        old_release_(first_.Make()) {
    Certify(first_, kFirstTime, "2026");
    before_renewal_ = first_;
    first_.Turn("1.1", {{"hello.tar", "the next program\n"}, {"hello.txt", "the manual\n"}});
    const DraftHook later = [](LineDraft& draft) { Shift(draft, kReleasedAfter); };
    release_by_old_keys_ = first_.Make(later);
    first_.Renew({.operator_number = 1, .auditor = 1, .at = kFirstTime + kRenewedAfter});
    renewed_release_ = first_.Make(later);
    end_ = CloseLogOf({first_, Path("log"), second_.Log(), kFirstTime + kReleasedAfter + 500});
    new_release_ = second_.Make();
    Certify(second_, kSecondTime, "2031");
    both_ = BothTimes(first_.root(), second_.root(), today_.root(), end_);
    Policy neutral =
        ParsePolicy(ReadFile("manifests/policies/neutral-country.json", 1 << 16).value(), "neutral")
            .value();
    neutral.countries_any = {"XA"};
    Write("neutral.json", WritePolicy(neutral));
    for (std::size_t i = 0; i < kRootKeys; ++i) {
      root_keys_.push_back(PrivateKey::Generate(i % 2 == 0 ? KeyKind::kEd25519 : KeyKind::kP256));
    }
    Write("config/farm/policy.json", WritePolicy(first_.policy()));
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  void Write(const std::string& name, const std::string& bytes) const {
    EXPECT_TRUE(MakeDirectories(DirectoryName(Path(name)), 0755).has_value());
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes).has_value());
  }
  // A certifier says where each site stands, in the log of its time; customers keep it.
  void Certify(EvidenceMaker& maker, UnixSeconds time, const std::string& year) const {
    std::string lines;
    for (int i = 0; i < maker.options().sites; ++i) {
      const Bundle line = maker.MakeLine(maker.Draft(maker.Location(i), "certifier-0", time + 50));
      lines += WriteBundleLine(line) + "\n";
    }
    Write("config/farm/certifications/" + year + ".jsonl", lines);
  }
  // The last head of a log of `maker`, cosigned when `time` was.
  static StatusLog LastHead(const EvidenceMaker& maker, UnixSeconds time) {
    const LineDraft draft = maker.Draft(maker.Location(0), "certifier-0", time + 500);
    return {maker.CheckpointNote(maker.Head().size, draft), maker.Head()};
  }
  // What a monitor says today.
  FarmStatus Status() const {
    FarmStatus status = today_.Status(ParseTime(kToday).value());
    status.logs = {LastHead(first_, kFirstTime), LastHead(second_, kSecondTime)};
    status.root_version = kRoots;
    return status;
  }
  using Words = std::vector<std::string>;
  Words WithStatus(const FarmStatus& status) const {
    Write("status.json", WriteBundleLine(today_.StatusLine(status)) + "\n");
    return {"--policy", Path("neutral.json"), "--status", Path("status.json")};
  }
  ProcessResult Run(const std::vector<std::string>& arguments) const {
    ProcessSpec spec;
    spec.argv = {"tests/support/without_sockets", "farm/verify/farm-verify"};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = {"XDG_CONFIG_HOME=" + Path("config")};
    return RunProcess(spec).value();
  }

  // The root of 2036, with these revocations.
  TrustRoot Newest(std::vector<Revocation> revocations = {}) const {
    TrustRoot root = both_;
    root.version = kRoots;
    root.created = Day("2036-06-01");
    root.expires = Day("2037-06-01");
    root.revocations = std::move(revocations);
    return root;
  }
  // What root `version` lists, but its own keys.
  TrustRoot ListedIn(std::int64_t version) const {
    if (version == 1) return before_renewal_->root();
    return version < 4 ? first_.root() : both_;
  }
  static const RootRow& RowOf(std::int64_t version) {
    return kRootRows.at(static_cast<std::size_t>(version - 1));
  }
  void WriteRoot(std::int64_t version, TrustRoot root,
                 const std::vector<std::size_t>& signers) const {
    const RootRow& row = RowOf(version);
    root.version = version;
    root.threshold = row.threshold;
    root.root_keys.clear();
    for (const std::size_t holder : row.holders) {
      root.root_keys.push_back(root_keys_[holder].public_key());
    }
    std::vector<PrivateKey> keys;
    for (const std::size_t signer : signers) keys.push_back(root_keys_[signer]);
    Write("tree/root/" + std::to_string(version) + ".json", WriteTrustRoot(root, keys));
  }
  TrustRoot RootOfItsTime(std::int64_t version) const {
    TrustRoot root = ListedIn(version);
    root.created = version == 1 ? kFirstTime : Day(RowOf(version).created);
    root.expires = root.created + 366 * kDaySeconds;
    return root;
  }
  // A tree with every root from 2026 to `newest`.
  void WriteTree(const TrustRoot& newest) const {
    for (std::int64_t version = 1; version < kRoots; ++version) {
      WriteRoot(version, RootOfItsTime(version), RowOf(version).signers);
    }
    WriteRoot(kRoots, newest, RowOf(kRoots).signers);
  }
  // From the root of 2026, which a customer pinned then, to the newest in the tree.
  ProcessResult Follow() const {
    std::remove(Path("config/farm/root.json").c_str());
    std::remove(Path("config/farm/trust.json").c_str());
    const std::string first = Path("tree/root/1.json");
    const std::string pin = Sha256(ReadFile(first, 1 << 22).value()).Hex();
    const ProcessResult pinned =
        Run({"trust", "init", first, "--fingerprint", pin, "--at", "2026-12-12T00:00:00Z"});
    EXPECT_EQ(pinned.exit_code, 0) << pinned.error_output;
    return Run({"trust", "update", Path("tree"), "--at", kToday});
  }
  // What farm-verify says of `release` today, under the root that it was led to from that of 2026.
  struct Said {
    int exit = 0;
    std::vector<std::string> broken;  // rules
    std::string text;
  };
  Said Judge(const MadeRelease& release, const std::vector<Revocation>& revocations,
             const Words& more = {}) const {
    WriteTree(Newest(revocations));
    const ProcessResult updated = Follow();
    EXPECT_EQ(updated.exit_code, 0) << updated.error_output;
    Write("hello.tar", release.artifacts[0].second);
    Write("hello.tar.sigstore.jsonl", release.FileText());
    Words words = {Path("hello.tar"), "--at", kToday, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const ProcessResult result = Run(words);
    Said said;
    said.exit = result.exit_code;
    said.text = result.output + result.error_output;
    const auto verdict = ParseJson(result.output, "verdict");
    EXPECT_TRUE(verdict.has_value()) << said.text;
    if (!verdict || !verdict->contains("rules")) return said;
    for (const Json& rule : (*verdict)["rules"]) {
      if (!rule["held"]) said.broken.push_back(rule["rule"]);
    }
    return said;
  }
  // Everything that says a time in `draft` moves.
  static void Shift(LineDraft& draft, std::int64_t seconds) {
    draft.leaf_start += seconds;
    draft.token += seconds;
    draft.witnessed += seconds;
  }

  EvidenceMaker first_;
  EvidenceMaker second_;
  EvidenceMaker today_;
  TemporaryDirectory directory_;
  MadeRelease old_release_;
  std::optional<EvidenceMaker> before_renewal_;  // the farm of 2026 after its first release
  MadeRelease release_by_old_keys_;              // after their renewal
  MadeRelease renewed_release_;
  LogEnd end_;  // of the first log
  MadeRelease new_release_;
  TrustRoot both_;
  std::vector<PrivateKey> root_keys_;
};

TEST_F(TenYears, EveryKeyOfTheReleaseHasEnded) {
  const UnixSeconds today = ParseTime(kToday).value();
  const TrustRoot& root = first_.root();
  for (const Operator& owner : root.operators) {
    for (const DatedAuthority& authority : owner.authorities) {
      EXPECT_LT(authority.chain[0].not_after(), today);
      EXPECT_LT(*authority.valid_for.end, today);
    }
  }
  for (const Person& person : root.auditors) EXPECT_LT(*person.valid_for.end, today);
  for (const Witness& witness : root.witnesses) EXPECT_LT(*witness.valid_for.end, today);
  for (const Log& log : root.logs) EXPECT_LT(*log.valid_for.end, today);
  for (const Certificate& certificate : root.timestamp_authorities[0].chain) {
    EXPECT_LT(certificate.not_after(), today);
  }
  EXPECT_LT(root.expires, today);
}

TEST_F(TenYears, EveryReleaseStillVerifies) {
  Said said = Judge(old_release_, {});
  EXPECT_EQ(said.exit, 0) << said.text;
  EXPECT_THAT(said.text, testing::HasSubstr("VERIFIED  hello 1.0  hello.tar"));
  said = Judge(renewed_release_, {});
  EXPECT_EQ(said.exit, 0) << said.text;
  EXPECT_THAT(said.text, testing::HasSubstr("VERIFIED  hello 1.1  hello.tar"));
  said = Judge(new_release_, {});
  EXPECT_EQ(said.exit, 0) << said.text;
  EXPECT_THAT(said.text, testing::HasSubstr("VERIFIED  hello 5.0  hello.tar"));
}

// The operator's old CA and the auditor's old key count for what they signed before, and no more.
TEST_F(TenYears, WhatWasRenewedSignsNoMore) {
  ASSERT_EQ(first_.root().operators[1].authorities.size(), 2u);
  ASSERT_EQ(first_.root().auditors.size(), 3u);
  const Said said = Judge(release_by_old_keys_, {});
  EXPECT_EQ(said.exit, 18) << said.text;
  EXPECT_THAT(said.broken, testing::Contains("validity"));
  const PublicKey old_auditor = before_renewal_->Key("auditor-1").public_key();
  const PublicKey old_authority = before_renewal_->Key("ca-operator-1").public_key();
  EXPECT_FALSE(old_auditor == first_.Key("auditor-1").public_key());
  // Lost since: the release of before stands, and that of after is not of them.
  const std::vector<Revocation> lost = {LostKey(old_auditor, kFirstTime + kRenewedAfter),
                                        LostKey(old_authority, kFirstTime + kRenewedAfter)};
  EXPECT_EQ(Judge(old_release_, lost).exit, 0);
  EXPECT_EQ(Judge(renewed_release_, lost).exit, 0);
  EXPECT_EQ(Judge(old_release_, {LostKey(old_authority, std::nullopt)}).exit, 17);
}

// Of each root one signature is left out after the other, and each time it is not followed: there
// is none too many, of its own holders or of those before.
TEST_F(TenYears, NoRootIsFollowedThatOneOfItsSignersHasNotSigned) {
  WriteTree(Newest());
  ASSERT_EQ(Follow().exit_code, 0);
  for (std::int64_t version = 2; version <= kRoots; ++version) {
    const std::vector<std::size_t>& all = RowOf(version).signers;
    const TrustRoot root = version == kRoots ? Newest() : RootOfItsTime(version);
    for (const std::size_t missing : all) {
      std::vector<std::size_t> others = all;
      std::erase(others, missing);
      WriteRoot(version, root, others);
      const ProcessResult followed = Follow();
      EXPECT_EQ(followed.exit_code, 11)
          << "root " << version << " without " << missing << followed.error_output;
    }
    WriteRoot(version, root, all);
  }
  EXPECT_EQ(Follow().exit_code, 0);
}

TEST_F(TenYears, RevocationsAreJudgedAtTheTimeThatWasAttested) {
  const auto key = [this](const std::string& party) { return first_.Key(party).public_key(); };
  const UnixSeconds before = Day("2026-12-01");
  const UnixSeconds after = Day("2029-03-01");
  const struct {
    const char* name;
    int exit;
    std::vector<Revocation> revocations;
  } kRows[] = {
      {"site_key_lost_later", 0, {LostKey(key("site-1"), after)}},
      {"site_key_lost_before", 17, {LostKey(key("site-1"), before)}},
      {"site_key_lost_nobody_knows_when", 17, {LostKey(key("site-1"), std::nullopt)}},
      {"signer_key_lost_later", 0, {LostKey(key("signer"), after)}},
      {"signer_key_lost_before", 17, {LostKey(key("signer"), before)}},
      {"authority_lost_later", 0, {LostKey(key("ca-operator-0"), after)}},
      {"authority_lost_before", 17, {LostKey(key("ca-operator-0"), before)}},
      {"auditor_key_lost_later", 0, {LostKey(key("auditor-0"), after)}},
      {"auditor_key_lost_before", 17, {LostKey(key("auditor-0"), before)}},
      {"log_key_lost_later", 0, {LostKey(key("log"), after)}},
      {"log_key_lost_before", 17, {LostKey(key("log"), before)}},
      {"stamp_key_lost_later", 0, {LostKey(key("tsa"), after)}},
      {"stamp_key_lost_before", 17, {LostKey(key("tsa"), before)}},
      {"witness_key_lost_later", 0, {LostKey(key("witness-0"), after)}},
      {"witness_key_lost_before", 17, {LostKey(key("witness-0"), before)}},
      {"all_lost_later",
       0,
       {LostKey(key("site-0"), after), LostKey(key("site-1"), after), LostKey(key("site-2"), after),
        LostKey(key("signer"), after), LostKey(key("log"), after), LostKey(key("tsa"), after),
        LostKey(key("witness-0"), after), LostKey(key("witness-1"), after)}},
      {"withdrawn",
       17,
       {{"release", old_release_.lines[kReleaseLine].PaeDigest().Text(), "bad", std::nullopt}}},
      {"another_withdrawn", 0, {{"release", Sha256("x").Text(), "bad", std::nullopt}}},
  };
  for (const auto& row : kRows) {
    const Said said = Judge(old_release_, row.revocations);
    EXPECT_EQ(said.exit, row.exit) << row.name << ": " << said.text;
  }
}

TEST_F(TenYears, ANeutralCustomerHearsOfBothLogs) {
  for (const MadeRelease* release : {&old_release_, &renewed_release_, &new_release_}) {
    const Said said = Judge(*release, {}, WithStatus(Status()));
    EXPECT_EQ(said.exit, 0) << said.text;
  }
  EXPECT_EQ(Judge(old_release_, {}, {"--policy", Path("neutral.json")}).exit, 19);
  FarmStatus status = Status();
  status.logs.erase(status.logs.begin());
  Said said = Judge(old_release_, {}, WithStatus(status));
  EXPECT_EQ(said.exit, 19) << said.text;
  EXPECT_EQ(Judge(new_release_, {}, WithStatus(status)).exit, 0);
  status = Status();
  status.logs.pop_back();
  said = Judge(old_release_, {}, WithStatus(status));
  EXPECT_EQ(said.exit, 19) << said.text;
  status = Status();
  status.withdrawn = {{old_release_.lines[kReleaseLine].PaeDigest(), "hello", "1.0",
                       "it eats files", "auditor-0", Day("2036-12-01")}};
  said = Judge(old_release_, {}, WithStatus(status));
  EXPECT_EQ(said.exit, 17) << said.text;
  EXPECT_EQ(Judge(new_release_, {}, WithStatus(status)).exit, 0);
  // Without the certifiers' words of 2026.
  std::remove(Path("config/farm/certifications/2026.jsonl").c_str());
  said = Judge(old_release_, {}, WithStatus(Status()));
  EXPECT_EQ(said.exit, 13) << said.text;
}

// The keys that closed the log were lost since: the root's end is worth more.
TEST_F(TenYears, AStatusTellsOfAClosedLogWhateverBecameOfItsKeys) {
  const UnixSeconds after = Day("2029-03-01");
  std::vector<Revocation> lost = {LostKey(first_.Key("log").public_key(), after)};
  for (const char* witness : {"witness-0", "witness-1", "witness-2"}) {
    lost.push_back(LostKey(first_.Key(witness).public_key(), after));
  }
  Said said = Judge(old_release_, lost, WithStatus(Status()));
  EXPECT_EQ(said.exit, 0) << said.text;
  // Of the log that is open a head counts that was witnessed before, and no later one.
  lost = {LostKey(second_.Key("log").public_key(), Day("2032-01-01"))};
  said = Judge(new_release_, lost, WithStatus(Status()));
  EXPECT_EQ(said.exit, 0) << said.text;
  lost = {LostKey(second_.Key("log").public_key(), second_.options().start)};
  said = Judge(new_release_, lost, WithStatus(Status()));
  EXPECT_THAT(said.broken, testing::IsSupersetOf({"revocations", "status"})) << said.text;
}

// With all keys of 2026 but the honest witnesses' clocks, ten years late.
TEST_F(TenYears, WhatIsForgedInTheClosedLogIsRefused) {
  const std::int64_t ten_years = 10 * 365 * kDaySeconds;
  const MadeRelease late = first_.Make([&](LineDraft& draft) { Shift(draft, ten_years); });
  Said said = Judge(late, {});
  EXPECT_EQ(said.exit, 15) << said.text;  // beyond the end of the log
  EXPECT_THAT(said.broken, testing::IsSupersetOf({"log", "validity"}));
  // The time stamps say 2026; the witnesses were asked in 2036.
  const MadeRelease backdated = first_.Make([&](LineDraft& draft) {
    Shift(draft, kReleasedAfter);
    draft.witnessed += ten_years;
  });
  said = Judge(backdated, {});
  EXPECT_EQ(said.exit, 15) << said.text;
  EXPECT_THAT(said.broken, testing::Contains("log"));
}

// Another history of the same length, with every key of 2026 and every time right.
TEST_F(TenYears, AForkOfTheClosedLogIsRefused) {
  EvidenceMaker& forker = *before_renewal_;
  forker.Rewind(forker.options().earlier_entries);
  Certify(forker, kFirstTime, "fork");
  const DraftHook later = [](LineDraft& draft) { Shift(draft, kDaySeconds); };
  for (int i = 0; i < 2; ++i) (void)forker.Make(later);
  const MadeRelease fork = forker.Make();
  ASSERT_EQ(forker.Head().size, end_.size);
  ASSERT_NE(forker.Head().root, end_.root_hash);
  const Said said = Judge(fork, {});
  EXPECT_EQ(said.exit, 15) << said.text;
}

// FORMAT.md, "A closed log": what no bundle can show, and what ends it.
TEST_F(TenYears, AForkBelowTheEndIsEndedByARevocationOfTheLogAlone) {
  EvidenceMaker& forker = *before_renewal_;
  forker.Rewind(forker.options().earlier_entries - 1);
  const MadeRelease fork = forker.Make();
  ASSERT_LT(forker.Head().size, end_.size);
  const PublicKey key = first_.Key("log").public_key();
  EXPECT_EQ(Judge(fork, {}).exit, 0);
  EXPECT_EQ(Judge(fork, {LostKey(key, kFirstTime + kDaySeconds)}).exit, 0);
  const Revocation revocation = LostKey(key, std::nullopt);
  EXPECT_EQ(Judge(fork, {revocation}).exit, 17);
  EXPECT_EQ(Judge(old_release_, {revocation}).exit, 17);
}

// In the log that is open the times alone have to tell.
TEST_F(TenYears, WhatIsForgedWithALostKeyIsRefused) {
  const UnixSeconds lost = Day("2032-01-01");
  const std::int64_t later = Day("2032-03-01") - kSecondTime;
  const std::vector<Revocation> revocations = {LostKey(second_.Key("signer").public_key(), lost)};
  EXPECT_EQ(Judge(new_release_, revocations).exit, 0);
  const MadeRelease forged = second_.Make([&](LineDraft& draft) { Shift(draft, later); });
  EXPECT_EQ(Judge(forged, {}).exit, 0);  // nothing but the revocation tells
  Said said = Judge(forged, revocations);
  EXPECT_EQ(said.exit, 17) << said.text;
  EXPECT_THAT(said.broken, testing::ElementsAre("revocations"));
  // A time stamp of before the loss does not help: the witnesses saw it after.
  const MadeRelease backdated = second_.Make([&](LineDraft& draft) {
    if (draft.party == "signer") draft.witnessed += later;
  });
  EXPECT_EQ(Judge(backdated, {}).exit, 0);
  EXPECT_EQ(Judge(backdated, revocations).exit, 17);
}

// The second after, the second before.
TEST_F(TenYears, TheBoundIsTheSecondOfTheLoss) {
  const UnixSeconds witnessed = kFirstTime + 410;  // of the release
  const PublicKey key = first_.Key("signer").public_key();
  EXPECT_EQ(Judge(old_release_, {LostKey(key, witnessed + 1)}).exit, 0);
  EXPECT_EQ(Judge(old_release_, {LostKey(key, witnessed)}).exit, 17);
}

// After their own time the keys of 2026 sign nothing, in whatever log.
TEST_F(TenYears, KeysThatHaveEndedSignNothing) {
  const std::int64_t three_years = 3 * 366 * kDaySeconds;
  const MadeRelease late = second_.Make([&](LineDraft& draft) { Shift(draft, three_years); });
  const Said said = Judge(late, {});
  EXPECT_NE(said.exit, 0);
  EXPECT_THAT(said.broken, testing::Contains("validity"));
}

}  // namespace
}  // namespace farm
