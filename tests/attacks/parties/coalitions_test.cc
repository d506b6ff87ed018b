// Parties that plan together.  What the design withstands is refused by name; what it does not,
// because the parties together are what a verdict is made of, is shown to be VERIFIED, and who sees
// it afterwards, if anybody does.  README.md lists both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/draft_hooks.h"

namespace farm {
namespace {

const Digest kOther = Sha256("another");
constexpr UnixSeconds kStolen = 405;
constexpr UnixSeconds kCertified = 500;
constexpr UnixSeconds kIssued = 1000;
constexpr UnixSeconds kBeyondSkew = 61;
constexpr std::int64_t kDay = 24 * 3600;

DraftHook All(std::vector<DraftHook> hooks) {
  return [hooks = std::move(hooks)](LineDraft& draft) {
    for (const DraftHook& hook : hooks) hook(draft);
  };
}

DraftHook SiteGives(const std::string& site, const Digest& digest) {
  return OnParty<Record>(
      site, [digest](Record& record, LineDraft&) { record.outputs[0].digest = digest; });
}

DraftHook SignerGives(const Digest& digest) {
  return On<Release>([digest](Release& one, LineDraft&) { one.artifacts[0].digest = digest; });
}

void ShowOther(VerdictInput& input, EvidenceMaker&) { input.file_digest = kOther; }

// Every site's country, as the root has it, by certifier-0; and the policy asks for it.
void CertifyAll(VerdictInput& input, EvidenceMaker& maker) {
  input.policy.certified_countries = true;
  for (int site = 0; site < maker.options().sites; ++site) {
    input.certifications.push_back(maker.MakeLine(
        maker.Draft(maker.Location(site), "certifier-0", maker.options().start + kCertified)));
  }
}

void Refused(const CustomerAlone& plan) {
  const Verdict verdict = JudgeAlone(plan);
  EXPECT_FALSE(verdict.proved());
  EXPECT_EQ(static_cast<int>(verdict.exit), static_cast<int>(plan.exit)) << ExplainVerdict(verdict);
  EXPECT_THAT(BrokenRules(verdict), testing::Contains(plan.rule)) << ExplainVerdict(verdict);
}

// ---- withstood ---------------------------------------------------------------------------------

TEST(Withstood, TwoSitesOfThree) {
  const DraftHook two = All({SiteGives("site-1", kOther), SiteGives("site-2", kOther)});
  Refused({.draft = two, .exit = ExitCode::kQuorum, .rule = "outputs"});
  // Before an honest signer it ends as a dissent.
  Parties parties;
  Bend bend;
  bend.evil = {"site-1", "site-2"};
  bend.draft = two;
  Way way(parties, bend);
  const auto stop = way.Run();
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->by, "signer");
  EXPECT_EQ(stop->exit, ExitCode::kDissent);
}

TEST(Withstood, TwoSitesThatAreOneKey) {
  Refused({.draft =
               OnParty<Record>("site-2", [](Record&, LineDraft& draft) { draft.party = "site-1"; }),
           .exit = ExitCode::kQuorum,
           .rule = "sites"});
}

TEST(Withstood, SignerAndTwoSites) {
  const DraftHook three =
      All({SignerGives(kOther), SiteGives("site-1", kOther), SiteGives("site-2", kOther)});
  Refused({.draft = three, .change = ShowOther, .exit = ExitCode::kQuorum, .rule = "outputs"});
  // Nor without the honest one's record.
  Refused({.draft = All({three, On<Release>([](Release& one, LineDraft&) {
                           one.records.erase(one.records.begin());
                         })}),
           .change = ShowOther,
           .exit = ExitCode::kQuorum,
           .rule = "sites"});
  // Nor if the coordinator asks only those two.
  Refused({.draft = All({On<Intent>([](Intent& intent, LineDraft&) {
                           intent.sites.erase(intent.sites.begin());
                         }),
                         three, On<Release>([](Release& one, LineDraft&) {
                           one.records.erase(one.records.begin());
                         })}),
           .change = ShowOther,
           .exit = ExitCode::kQuorum,
           .rule = "sites"});
}

// Signer and coordinator make up a site: with the CA of one operator under another's name.
TEST(Withstood, SignerCoordinatorAndACa) {
  Refused({.draft = All({SignerGives(kOther), SiteGives("site-0", kOther),
                         SiteGives("site-1", kOther), SiteGives("site-2", kOther),
                         [](LineDraft& draft) {
                           const bool record = std::holds_alternative<Record>(draft.statement);
                           if (!record) return;
                           draft.party = "site-1";
                           draft.authority = "operator-1";
                         }}),
           .change = ShowOther,
           .exit = ExitCode::kBadSignature,
           .rule = "identities"});
}

TEST(Withstood, SignerCoordinatorAndOneAuditor) {
  Refused({.draft = All({OnParty<Approval>("auditor-0",
                                           [](Approval& one, LineDraft& draft) {
                                             one.auditor = draft.party = "auditor-1";
                                             ++one.created;
                                           })}),
           .exit = ExitCode::kApproval,
           .rule = "approvals"});
}

TEST(Withstood, RequesterAndOneAuditor) {
  Refused({.draft = OnParty<Approval>(
               "auditor-0",
               [](Approval& one, LineDraft& draft) { one.auditor = draft.party = "requester"; }),
           .exit = ExitCode::kApproval,
           .rule = "approvals"});
}

// A history of its own for one customer: lines that are in no log that anybody else reads.
void Split(VerdictInput& input, EvidenceMaker& maker, std::vector<int> witnesses) {
  EvidenceMaker fork = maker;
  // One entry before ours is another: as many entries, another tree.
  fork.Rewind(maker.options().earlier_entries - 1);
  fork.MakeLine(fork.Draft(Request{}, "requester", maker.options().start));
  const UnixSeconds start = maker.options().start;
  const auto enter = [&](std::size_t line, UnixSeconds at) {
    LineDraft draft = fork.Draft(Request{}, "requester", start + at);
    draft.witnesses = witnesses;
    fork.Enter(input.lines[line], draft);
  };
  enter(kRequestLine, 0);
  for (std::size_t i = kFirstRecordLine + 3; i < input.lines.size(); ++i) enter(i, 100);
  enter(kIntentLine, 200);
  for (std::size_t i = 0; i < 3; ++i) enter(kFirstRecordLine + i, 300);
  enter(kReleaseLine, 400);
  fork.AddConsistency(input.lines);
}

TEST(Withstood, TheLogAndOneWitnessOfTwo) {
  Refused({.change = [](VerdictInput& input, EvidenceMaker& maker) { Split(input, maker, {1}); },
           .exit = ExitCode::kWitnesses,
           .rule = "witnesses"});
}

TEST(Withstood, AStolenSignersKeyWithTimeStampAndOneWitness) {
  Refused({.draft = On<Release>([](Release&, LineDraft& draft) {
             draft.witnessed += 1000;
             draft.witnessed_by[1] = draft.token + 1;
           }),
           .change =
               [](VerdictInput& input, EvidenceMaker& maker) {
                 input.root.revocations = {{"key", maker.Key("signer").public_key().KeyId(),
                                            "stolen", maker.options().start + kStolen}};
               },
           .exit = ExitCode::kRevoked,
           .rule = "revocations"});
}

// The log signs a second tree, and a monitor tells of that one.
TEST(Withstood, AMonitorTheLogAndOneWitness) {
  Refused({.change =
               [](VerdictInput& input, EvidenceMaker& maker) {
                 EvidenceMaker fork = maker;
                 fork.Rewind(maker.Head().size - 1);
                 fork.MakeLine(fork.Draft(Request{}, "requester", maker.options().start));
                 FarmStatus status = fork.Status(maker.options().start + kIssued);
                 LineDraft draft = fork.Draft(status, status.monitor, status.issued - 10);
                 draft.witnesses = {1};
                 status.logs[0].checkpoint = fork.CheckpointNote(fork.Head().size, draft);
                 input.status = fork.StatusLine(status);
               },
           .exit = ExitCode::kWitnesses,
           .rule = "status"});
}

// What the root says of a site's country counts, whoever else agrees on another.
TEST(Withstood, TheCertifierOfASiteAndItsOperator) {
  Refused({.change =
               [](VerdictInput& input, EvidenceMaker& maker) {
                 CertifyAll(input, maker);
                 for (Operator& owner : input.root.operators) {
                   for (CertifiedParty& party : owner.parties) {
                     if (party.country == "XB") party.country = "XC";
                   }
                 }
               },
           .exit = ExitCode::kJurisdiction,
           .rule = "certifiers"});
}

// A status dated ahead of its time, with the time stamp's help, is none beyond the root's end.
TEST(Withstood, AMonitorAndTheTimeStampBeyondTheRootsEnd) {
  Refused({.change =
               [](VerdictInput& input, EvidenceMaker& maker) {
                 input.status = maker.StatusLine(maker.Status(input.root.expires + kBeyondSkew));
               },
           .exit = ExitCode::kNotValidThen,
           .rule = "status"});
}

// All sites of the quorum and the signer give other bytes.
DraftHook AllMakersGive(const Digest& digest) {
  return All({SiteGives("site-0", digest), SiteGives("site-1", digest), SiteGives("site-2", digest),
              SignerGives(digest)});
}

// The policy asks for the word of two replayers; `parties` say that they got what was released.
std::function<void(VerdictInput&, EvidenceMaker&)> Matching(std::vector<std::string> parties) {
  return [parties = std::move(parties)](VerdictInput& input, EvidenceMaker& maker) {
    input.policy.replays = 2;
    for (const std::string& party : parties) {
      HandOver(SaysMatch(input, maker, party), party, input, maker);
    }
  };
}

// A false MATCH is one of as many as the policy asks for: the others are honest.
TEST(Withstood, AllSitesTheSignerAndFewerReplayers) {
  const auto matching = Matching({"replayer-1"});
  Refused({.draft = AllMakersGive(kOther),
           .change =
               [&](VerdictInput& input, EvidenceMaker& maker) {
                 ShowOther(input, maker);
                 matching(input, maker);
               },
           .exit = ExitCode::kReplayInconclusive,
           .rule = "replays"});
  Refused({.draft = AllMakersGive(kOther),
           .change =
               [&](VerdictInput& input, EvidenceMaker& maker) {
                 ShowOther(input, maker);
                 matching(input, maker);
                 ReplayVerdict honest = SaysMatch(input, maker, "replayer-0");
                 honest.verdict = "MISMATCH";
                 HandOver(honest, "replayer-0", input, maker);
               },
           .exit = ExitCode::kReplayMismatch,
           .rule = "replays"});
}

// ---- not withstood: together they are what VERIFIED means --------------------------------------

// One fact about each: it is VERIFIED.  If one of these tests fails the design has become stronger,
// and README.md must say so.
TEST(Beyond, AllSitesOfTheQuorum) {
  const CustomerAlone plan{.draft = AllMakersGive(kOther), .change = ShowOther};
  EXPECT_TRUE(JudgeAlone(plan).proved());
  // The honest signer signs it as well; only a replay gives other bytes.
  Parties parties;
  Bend bend;
  bend.evil = {"site-0", "site-1", "site-2"};
  bend.draft =
      All({SiteGives("site-0", kOther), SiteGives("site-1", kOther), SiteGives("site-2", kOther)});
  Way way(parties, bend);
  EXPECT_FALSE(way.Run());
  VerdictInput input = way.Input();
  input.file_digest = kOther;
  EXPECT_TRUE(Judge(input).proved());
  EXPECT_EQ(JudgeRelease(way.Input(), {{"greet", Sha256("as rebuilt"), 12}}).exit,
            ExitCode::kArtifactUnknown);
}

TEST(Beyond, TheLogAndAllWitnesses) {
  EvidenceMaker maker;
  VerdictInput input = maker.Input(maker.Make());
  Split(input, maker, {0, 1});
  EXPECT_TRUE(Judge(input).proved());
  // Whoever holds this bundle's head beside the log's has the proof that it forked: one size, two
  // trees, both cosigned.
  const LogEntry& entry = *input.lines[kReleaseLine].log_entry;
  ASSERT_EQ(entry.tree_size, maker.Head().size);
  EXPECT_FALSE(
      CheckConsistency(entry.tree_size, entry.root, maker.Head().size, maker.Head().root, {}));
}

TEST(Beyond, AStolenSignersKeyWithTimeStampAndAllWitnesses) {
  // The same line as an honest one of that time: no test can tell them apart.
  const CustomerAlone plan{.change = [](VerdictInput& input, EvidenceMaker& maker) {
    input.root.revocations = {
        {"key", maker.Key("signer").public_key().KeyId(), "stolen", maker.options().start + 500}};
  }};
  EXPECT_TRUE(JudgeAlone(plan).proved());
}

// Signer and coordinator over a dissent: no bundle shows it, the monitor does.
TEST(Beyond, TheSignerOverADissentUntilTheMonitorSpeaks) {
  Parties parties;
  Bend first;
  first.draft = SiteGives("site-1", kOther);
  Way dissent(parties, first);
  const auto stop = dissent.Run();
  ASSERT_TRUE(stop && stop->exit == ExitCode::kDissent);
  ASSERT_FALSE(dissent.Publish());
  Bend blind;
  blind.evil = {"signer", "coordinator"};
  Way second(parties, blind);
  const auto stopped = second.Run();
  ASSERT_FALSE(stopped) << stopped->words;
  EXPECT_TRUE(Judge(second.Input()).proved());
  EXPECT_THAT(MonitorSays(parties), testing::HasSubstr("of which there is a dissent"));
  EXPECT_THAT(MonitorSays(parties), testing::HasSubstr("a record says something else"));
}

// Made today, it is none until the day for which it is dated, and new on that day.
TEST(Beyond, AMonitorAndTheTimeStampOnTheDayForWhichTheyDate) {
  EvidenceMaker maker = FarmOfLies();
  VerdictInput input = maker.Input(maker.Make());
  input.policy.status_max_age_seconds = kDay;
  const UnixSeconds ahead = maker.root().expires - kDay;
  input.status = maker.StatusLine(maker.Status(ahead));
  EXPECT_EQ(Judge(input).exit, ExitCode::kStatusTooOld);
  input.at = ahead + kDay;
  EXPECT_TRUE(Judge(input).proved()) << ExplainVerdict(Judge(input));
}

// A certifier who says one thing and its contrary for the same time: what fits is taken, and
// nobody looks for what does not.  Both stand in the log, signed.
TEST(Beyond, ACertifierWhoContradictsHimself) {
  const CustomerAlone plan{.change = [](VerdictInput& input, EvidenceMaker& maker) {
    CertifyAll(input, maker);
    SiteLocation contrary = maker.Location(1);
    contrary.country = "XC";
    input.certifications.push_back(
        maker.MakeLine(maker.Draft(contrary, "certifier-0", maker.options().start + kCertified)));
  }};
  EXPECT_TRUE(JudgeAlone(plan).proved());
}

// A MATCH is what is left of a quorum of replayers who have rebuilt nothing.
TEST(Beyond, AllSitesTheSignerAndAsManyReplayers) {
  const auto matching = Matching({"replayer-0", "replayer-1"});
  const CustomerAlone plan{.draft = AllMakersGive(kOther),
                           .change = [&](VerdictInput& input, EvidenceMaker& maker) {
                             ShowOther(input, maker);
                             matching(input, maker);
                           }};
  EXPECT_TRUE(JudgeAlone(plan).proved()) << ExplainVerdict(JudgeAlone(plan));
}

// Who is a replayer the customer says, by his key; a site of the release is none all the same.
TEST(Withstood, ASiteThatThePolicyNamesAsAReplayer) {
  const CustomerAlone plan{.change = [](VerdictInput& input, EvidenceMaker& maker) {
    input.policy.replays = 1;
    input.policy.replayers = {{"regulator", maker.Key("site-1").public_key()}};
    LineDraft draft =
        maker.Draft(SaysMatch(input, maker, "regulator"), "site-1", input.at - kHourSeconds);
    draft.authority.clear();  // under no certificate
    draft.uri.clear();
    input.replays.push_back({"verdict", maker.MakeLine(draft)});
  }};
  EXPECT_EQ(JudgeAlone(plan).exit, ExitCode::kReplayInconclusive)
      << ExplainVerdict(JudgeAlone(plan));
}

// A false MISMATCH blocks a good release alone, by name; where it does not block it takes nothing
// away but its own word.
TEST(Beyond, OneReplayerBlocksUnlessThePolicySaysThatNoneDoes) {
  const auto contradicted = [](bool blocks) {
    return CustomerAlone{.change =
                             [blocks](VerdictInput& input, EvidenceMaker& maker) {
                               Matching({"replayer-0"})(input, maker);
                               input.policy.replays = 1;
                               input.policy.mismatch_blocks = blocks;
                               ReplayVerdict lie = SaysMatch(input, maker, "replayer-1");
                               lie.verdict = "MISMATCH";
                               HandOver(lie, "replayer-1", input, maker);
                             },
                         .exit = ExitCode::kReplayMismatch,
                         .rule = "replays"};
  };
  Refused(contradicted(true));
  EXPECT_THAT(ExplainVerdict(JudgeAlone(contradicted(true))), testing::HasSubstr("replayer-1"));
  EXPECT_TRUE(JudgeAlone(contradicted(false)).proved());
}

// A site that builds nothing and says what another has logged: its record is as good as a true one.
// Outcomes stand in the log before the last site has answered, so that a dissent is public; what
// the record adds that only a build gives (trace, sandbox, times) is evidence for people, not
// compared.
TEST(Beyond, ALazySiteThatCopiesWhatAnotherSaid) {
  Parties parties;
  Bend lazy;
  lazy.evil = {"site-2"};
  Record copied;
  lazy.draft = [&](LineDraft& draft) {
    auto* record = std::get_if<Record>(&draft.statement);
    if (record == nullptr) return;
    if (draft.party == "site-1") copied = *record;
    if (draft.party != "site-2") return;
    const std::string builder = record->builder;
    *record = copied;
    record->builder = builder;
  };
  Way way(parties, lazy);
  ASSERT_FALSE(way.Run());
  EXPECT_TRUE(Judge(way.Input()).proved());
  EXPECT_EQ(MonitorSays(parties), "");
}
// What it cannot: be more than a copy.  It adds no bytes of its own, and where the one that it
// copied lies, the honest ones dissent.
TEST(Withstood, ALazySiteThatCopiesALiar) {
  Parties parties;
  Bend lazy;
  lazy.evil = {"site-1", "site-2"};
  lazy.draft = All({SiteGives("site-1", kOther), SiteGives("site-2", kOther)});
  Way way(parties, lazy);
  const auto stop = way.Run();
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->exit, ExitCode::kDissent);
}

}  // namespace
}  // namespace farm
