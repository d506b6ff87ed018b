// Each rule is what refuses: a release that breaks this rule alone is accepted by a verifier that
// leaves out this rule, and by none that leaves out another.  Of rules that ask for what comes
// after a release there is nothing at hand here; bad evidence for them is in later_rules_test.cc.
#include "farm/verify/rules.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/verify/holes.h"
#include "farm/verify/rule_case.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

const Digest kOther = Sha256("another");
constexpr UnixSeconds kStart = 1'800'000'000;
constexpr UnixSeconds kBeyondSkew = 61;

struct Case {
  Rule rule;
  EvidenceOptions options = {};
  DraftHook draft = [](LineDraft&) {};
  std::function<void(VerdictInput&, EvidenceMaker&)> change = [](VerdictInput&, EvidenceMaker&) {};
  // The rule refuses nothing: what makes a root untrusted shows when it is read, and of one that
  // was read the rule only warns.
  bool warns = false;
};

// A statement whose drafts are bent before they are signed.
template <typename T>
DraftHook On(const std::function<void(T&, LineDraft&)>& bend) {
  return [bend](LineDraft& draft) {
    if (T* statement = std::get_if<T>(&draft.statement)) bend(*statement, draft);
  };
}

// The line signed, stamped and logged anew after `bend`, at the times that it had.  It must be one
// that no other line names: the release.
void MakeReleaseAnew(VerdictInput& input, EvidenceMaker& maker,
                     const std::function<void(Bundle&, const LineDraft&)>& bend) {
  const Release release =
      *ParseStatementAs<Release>(input.lines[kReleaseLine].envelope.payload, "release");
  const LineDraft draft = maker.Draft(release, "signer", release.created);
  Bundle line = maker.Sign(draft);
  bend(line, draft);
  maker.Stamp(line, draft.token);
  maker.Enter(line, draft);
  input.lines[kReleaseLine] = line;
  maker.AddConsistency(input.lines);
}

std::vector<Case> Cases() {
  using Input = VerdictInput;
  return {
      {.rule = Rule::kRoot,
       .change = [](Input& input, auto&) { input.at = input.root.expires + 1; },
       .warns = true},
      {.rule = Rule::kRootVersion,
       .change = [](Input& input, auto&) { input.newest_root_version = 2; }},
      {.rule = Rule::kDevelopmentRoot,
       .change = [](Input& input, auto&) { input.allow_development_root = false; }},
      {.rule = Rule::kRelease, .change = [](Input& input, auto&) { input.version = "1.1"; }},
      {.rule = Rule::kStatements,
       .change =
           [](Input& input, EvidenceMaker& maker) {
             MakeReleaseAnew(input, maker, [&](Bundle& line, const LineDraft& draft) {
               line.envelope.payload_type = "text/plain";
               line.envelope.signature = maker.Key(draft.party).Sign(line.envelope.PaeBytes());
             });
           }},
      {.rule = Rule::kArtifact, .change = [](Input& input, auto&) { input.file_name = "other"; }},
      {.rule = Rule::kSignatures,
       .change =
           [](Input& input, EvidenceMaker& maker) {
             MakeReleaseAnew(input, maker, [&](Bundle& line, const LineDraft& draft) {
               line.envelope.signature = maker.Key(draft.party).Sign("something else");
             });
           }},
      {.rule = Rule::kIdentities,
       .change = [](Input& input, auto&) { input.root.requesters.clear(); }},
      {.rule = Rule::kTimeStamps,
       .change =
           [](Input& input, auto&) {
             input.root.timestamp_authorities = EvidenceMaker().root().timestamp_authorities;
           }},
      {.rule = Rule::kSites, .change = [](Input& input, auto&) { input.policy.sites = 4; }},
      {.rule = Rule::kOutputs,
       .draft = On<Release>([](Release& release, auto&) { release.artifacts[1].digest = kOther; })},
      {.rule = Rule::kOperators, .change = [](Input& input, auto&) { input.policy.operators = 4; }},
      {.rule = Rule::kCountries,
       .change = [](Input& input, auto&) { input.policy.countries_any = {"CH"}; }},
      {.rule = Rule::kCertifiers,
       .change = [](Input& input, auto&) { input.policy.certified_countries = true; }},
      {.rule = Rule::kLimits,
       .options = {.development = false},
       .draft = On<Record>([](Record& record, auto&) { record.limits_observed = true; })},
      {.rule = Rule::kApprovals, .change = [](Input& input, auto&) { input.policy.auditors = 3; }},
      {.rule = Rule::kLog,
       .change = [](Input& input,
                    auto&) { input.lines[kIntentLine].log_entry->hashes[0] = kOther; }},
      {.rule = Rule::kConsistency,
       .change =
           [](Input& input, auto&) {
             LogEntry& entry = *input.lines[kReleaseLine].log_entry;
             Note note = *ParseNote(entry.checkpoint);
             note.signatures.pop_back();
             entry.checkpoint = WriteNote(note);
           }},
      {.rule = Rule::kWitnesses, .change = [](Input& input, auto&) { input.policy.witnesses = 3; }},
      {.rule = Rule::kRevocations,
       .change =
           [](Input& input, EvidenceMaker& maker) {
             const std::string key_id = maker.Key("site-1").public_key().KeyId();
             input.root.revocations = {{"key", key_id, "test", std::nullopt}};
           }},
      {.rule = Rule::kStatus,
       .change = [](Input& input, auto&) { input.policy.status_max_age_seconds = 24 * 3600; }},
      {.rule = Rule::kWithdrawn,
       .options = {.monitors = 1},
       .change =
           [](Input& input, EvidenceMaker& maker) {
             FarmStatus status = maker.Status(kStart + 1000);
             status.withdrawn = {{input.lines[kReleaseLine].PaeDigest(), "hello", "1.0", "test",
                                  "requester", kStart + 900}};
             input.status = maker.StatusLine(status);
           }},
      {.rule = Rule::kValidity,
       .change =
           [](Input& input, auto&) {
             input.root.auditors[0].valid_for = {0, kStart};
           }},
      {.rule = Rule::kOrder, .draft = On<Release>([](Release&, LineDraft& draft) {
                               draft.witnessed = draft.token - kBeyondSkew;
                             })},
      {.rule = Rule::kLines,
       .change = [](Input& input, auto&) { input.lines.push_back(input.lines[kFirstRecordLine]); }},
      {.rule = Rule::kManifest,
       .draft = On<Record>([](Record& record, auto&) { record.lock = kOther; })},
      {.rule = Rule::kAgreement, .draft = On<Record>([](Record& record, auto&) {
                                   if (record.builder == EvidenceMaker::SiteId(2))
                                     record.image = kOther;
                                 })},
      {.rule = Rule::kReplays, .change = [](Input& input, auto&) { input.policy.replays = 1; }},
      {.rule = Rule::kSequence, .change = [](Input& input, auto&) { input.newest_sequence = 2; }},
  };
}

VerdictInput InputOf(const Case& given) {
  EvidenceMaker maker(given.options);
  VerdictInput input = maker.Input(maker.Make(given.draft));
  given.change(input, maker);
  return input;
}

TEST(EveryRule, HasACase) {
  for (const Rule rule : AllRules()) {
    const std::vector<Case> cases = Cases();
    EXPECT_EQ(std::ranges::count(cases, rule, &Case::rule), 1)
        << "rule " << RuleName(rule) << ": want one case here that this rule alone refuses";
  }
}

class EachRule : public testing::TestWithParam<Case> {};

TEST_P(EachRule, IsWhatRefuses) {
  const Case& given = GetParam();
  const VerdictInput input = InputOf(given);
  if (!given.warns) return ExpectItAloneRefuses(given.rule, input);
  for (const Rule rule : AllRules()) {
    const Verdict verdict = JudgeWithout(input, rule);
    EXPECT_TRUE(verdict.proved()) << "without " << RuleName(rule);
    EXPECT_EQ(OutcomeOf(verdict, given.rule).warning, rule != given.rule)
        << "without " << RuleName(rule);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, EachRule, testing::ValuesIn(Cases()), [](const auto& info) {
  std::string name(RuleName(info.param.rule));
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Holes, AreNotInTheProduct) {
  const auto product = ReadFile("farm/verify/farm-verify", 256 << 20);
  ASSERT_TRUE(product.has_value()) << product.error().message;
  const auto with_holes = ReadFile("/proc/self/exe", 256 << 20);
  ASSERT_TRUE(with_holes.has_value()) << with_holes.error().message;
  const std::string mark = HolesMark();
  ASSERT_NE(product->find("farm-verdict/1"), std::string::npos);
  EXPECT_EQ(product->find(mark), std::string::npos);
  EXPECT_NE(with_holes->find(mark), std::string::npos);
}

}  // namespace
}  // namespace farm
