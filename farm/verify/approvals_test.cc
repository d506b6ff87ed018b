// Approvals by diff: a chain that leads back to trees counts, and every way to break it is refused
// by the rule `approvals`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/verdict_case.h"

namespace farm {
namespace {

constexpr UnixSeconds kStart = 1'800'000'000;

// The manifests before the released one: number 1 is its base, 2 that of 1, and so on.
Digest Before(int number) { return Sha256("manifest " + std::to_string(number)); }

Approval OfTree(int number, const std::string& auditor) {
  return {Before(number),
          "hello",
          "0." + std::to_string(number),
          {{"hello", Sha256("tree " + std::to_string(number)).Hex()}},
          auditor,
          std::string(kScopeTree),
          kStart};
}

Approval ByDiff(int number, const std::string& auditor, const Digest& base) {
  Approval approval = OfTree(number, auditor);
  approval.scope = kScopeDiff;
  approval.base = base;
  return approval;
}

// Both auditors approve 1 since 2, 2 since 3, ... and the last one by tree.
std::vector<Approval> Chain(int length) {
  std::vector<Approval> approvals;
  for (const char* auditor : {"auditor-0", "auditor-1"}) {
    for (int i = 1; i < length; ++i) approvals.push_back(ByDiff(i, auditor, Before(i + 1)));
    approvals.push_back(OfTree(length, auditor));
  }
  return approvals;
}

bool IsOfRelease(const Approval& approval) { return approval.version == "1.0"; }

// The approvals of the released manifest itself are by diff since `base`; of `auditor` only if one
// is named.
DraftHook Since(const Digest& base, const std::string& auditor = "") {
  return [=](LineDraft& draft) {
    auto* approval = std::get_if<Approval>(&draft.statement);
    if (approval == nullptr || !IsOfRelease(*approval)) return;
    if (!auditor.empty() && approval->auditor != auditor) return;
    approval->scope = kScopeDiff;
    approval->base = base;
  };
}

// Bends the line of an approval of an earlier manifest, beside Since(Before(1)).
DraftHook Bent(const std::function<void(Approval&, LineDraft&)>& bend) {
  return [=](LineDraft& draft) {
    Since(Before(1))(draft);
    auto* approval = std::get_if<Approval>(&draft.statement);
    if (approval != nullptr && !IsOfRelease(*approval) && approval->auditor == "auditor-1") {
      bend(*approval, draft);
    }
  };
}

struct Row {
  std::string name;
  ExitCode exit;
  std::string rule;   // that does not hold; "" if all do
  std::string words;  // among what it found
  std::vector<Approval> earlier;
  DraftHook draft = Since(Before(1));
  std::function<void(VerdictInput&)> change = [](VerdictInput&) {};
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::vector<Approval> Without(std::vector<Approval> approvals, const std::string& auditor) {
  std::erase_if(approvals, [&](const Approval& one) { return one.auditor == auditor; });
  return approvals;
}

std::vector<Approval> With(std::vector<Approval> approvals, const Approval& one) {
  approvals.push_back(one);
  return approvals;
}

void TreesOnly(VerdictInput& input) { input.policy.diff_approvals = false; }

const Row kApprovalRows[] = {
    {"since_a_tree", ExitCode::kProved, "", " (by diff), with 2 approvals of earlier", Chain(1)},
    {"since_a_diff_since_a_tree", ExitCode::kProved, "", "with 4", Chain(2)},
    {"as_many_steps_as_may_be", ExitCode::kProved, "", "", Chain(kDiffLinksMax)},
    {"one_by_tree_one_by_diff", ExitCode::kProved, "", "", Chain(1), Since(Before(1), "auditor-1")},
    {"since_another_base_each", ExitCode::kProved, "", "", Chain(2),
     [](LineDraft& draft) {
       Since(Before(1), "auditor-0")(draft);
       Since(Before(2), "auditor-1")(draft);
     }},
    // Where trees are enough, who looked at a diff too does no harm.
    {"by_diff_beside_enough_trees", ExitCode::kProved, "", "", Chain(1),
     Since(Before(1), "auditor-1"),
     [](VerdictInput& input) {
       TreesOnly(input);
       input.policy.auditors = 1;
     }},
    {"the_key_of_a_base_ended_since", ExitCode::kProved, "", "", Chain(1), Since(Before(1)),
     [](VerdictInput& input) { input.root.auditors[1].valid_for.end = kStart + 200; }},

    {"the_policy_counts_trees_only", ExitCode::kApproval, "approvals",
     "is by diff, which the policy does not count", Chain(1), Since(Before(1)), TreesOnly},
    {"no_approval_of_the_base", ExitCode::kApproval, "approvals", "no approval of its base", {}},
    {"no_approval_of_the_base_of_the_base",
     ExitCode::kApproval,
     "approvals",
     "no approval of its base",
     {ByDiff(1, "auditor-0", Before(2)), ByDiff(1, "auditor-1", Before(2))}},
    {"the_base_is_approved_by_one", ExitCode::kApproval, "approvals", "which has 1 auditor itself",
     Without(Chain(1), "auditor-1")},
    {"one_looked_at_the_tree_for_all", ExitCode::kApproval, "approvals", "0 distinct auditors",
     With(Without(Chain(2), "auditor-1"), ByDiff(1, "auditor-1", Before(2)))},
    {"its_own_base",
     ExitCode::kApproval,
     "approvals",
     "leads back to itself",
     {},
     [](LineDraft& draft) {
       const auto* approval = std::get_if<Approval>(&draft.statement);
       if (approval != nullptr) Since(Digest(approval->manifest))(draft);
     }},
    {"a_circle",
     ExitCode::kApproval,
     "approvals",
     "leads back to itself",
     {ByDiff(1, "auditor-0", Before(2)), ByDiff(1, "auditor-1", Before(2)),
      ByDiff(2, "auditor-0", Before(1)), ByDiff(2, "auditor-1", Before(1))}},
    {"more_steps_than_may_be", ExitCode::kApproval, "approvals",
     "no approval of a tree in 16 steps", Chain(kDiffLinksMax + 1)},
    {"a_base_of_another_product", ExitCode::kApproval, "approvals", "is of product \"goodbye\"",
     Chain(1), Bent([](Approval& approval, LineDraft&) { approval.product = "goodbye"; })},
    {"a_base_that_nothing_leads_to", ExitCode::kApproval, "approvals", "leads back to it", Chain(1),
     Since(Before(2))},
    {"one_auditor_twice_by_diff", ExitCode::kApproval, "approvals", "1 distinct auditor ", Chain(1),
     [](LineDraft& draft) {
       Since(Before(1))(draft);
       auto* approval = std::get_if<Approval>(&draft.statement);
       if (approval == nullptr || !IsOfRelease(*approval)) return;
       if (approval->auditor == "auditor-1") ++approval->created;
       approval->auditor = draft.party = "auditor-0";
     }},
    {"the_base_approved_by_one_twice", ExitCode::kApproval, "approvals",
     "which has 1 auditor itself", Chain(1), Bent([](Approval& approval, LineDraft& draft) {
       approval.auditor = draft.party = "auditor-0";
       ++approval.created;
     })},
    {"the_requester_approved_the_base", ExitCode::kApproval, "approvals", "signed by a requester",
     Chain(1), Bent([](Approval& approval, LineDraft& draft) {
       approval.auditor = draft.party = "requester";
     })},
    {"a_base_without_a_good_signature", ExitCode::kBadSignature, "signatures", "does not match",
     Chain(1), Since(Before(1)),
     [](VerdictInput& input) { input.lines.back().envelope.signature.back() ^= 1; }},
    {"a_base_by_somebody_unknown", ExitCode::kBadSignature, "identities", "", Chain(1),
     Bent([](Approval&, LineDraft& draft) { draft.party = "tsa"; })},
    {"a_base_that_says_another_auditor", ExitCode::kBadSignature, "identities", "", Chain(1),
     Bent([](Approval& approval, LineDraft&) {
       approval.auditor = "auditor-0";
       ++approval.created;
     })},
    {"a_base_without_a_log_entry", ExitCode::kLogProof, "log", "", Chain(1),
     Bent([](Approval&, LineDraft& draft) { draft.logged = false; })},
    {"a_base_that_too_few_have_witnessed", ExitCode::kWitnesses, "witnesses", "", Chain(1),
     Bent([](Approval&, LineDraft& draft) { draft.witnesses = {0}; })},
    {"a_base_by_a_revoked_key", ExitCode::kRevoked, "revocations", "", Chain(1), Since(Before(1)),
     [](VerdictInput& input) {
       input.root.revocations.push_back(
           {"key", input.root.auditors[1].key.KeyId(), "lost", std::nullopt});
     }},
    {"a_base_before_its_auditor_was_one", ExitCode::kNotValidThen, "validity", "", Chain(1),
     Bent([](Approval&, LineDraft& draft) { draft.token = kStart + 20; }),
     [](VerdictInput& input) { input.root.auditors[1].valid_for.start = kStart + 50; }},
    {"a_base_approved_after_the_intent", ExitCode::kNotValidThen, "order", "", Chain(1),
     Bent([](Approval&, LineDraft& draft) { draft.token = draft.witnessed = kStart + 271; })},
};

class ApprovalsByDiff : public testing::TestWithParam<Row> {};

TEST_P(ApprovalsByDiff, CountOrAreRefusedByName) {
  const Row& row = GetParam();
  EvidenceOptions options;
  options.earlier_approvals = row.earlier;
  EvidenceMaker maker(options);
  const MadeRelease made = maker.Make(row.draft);
  VerdictInput input = maker.Input(made);
  input.policy.diff_approvals = true;
  row.change(input);
  WriteVerdictCase("by_diff_" + row.name, input, made, maker);  // for another verifier
  const Verdict verdict = Judge(input);
  std::string all;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) all += outcome.rule + ": " + outcome.found + "\n";
    if (outcome.rule != (row.rule.empty() ? "approvals" : row.rule)) continue;
    EXPECT_EQ(outcome.held, row.rule.empty());
    EXPECT_THAT(outcome.found, testing::HasSubstr(row.words));
  }
  EXPECT_EQ(verdict.exit, row.exit) << all;
}

INSTANTIATE_TEST_SUITE_P(Verdict, ApprovalsByDiff, testing::ValuesIn(kApprovalRows),
                         [](const auto& row) { return row.param.name; });

// The signer's way to the same rule.
TEST(CheckApprovalCounts, WantsAllOfItsWayAndNothingElse) {
  EvidenceOptions options;
  options.earlier_approvals = Chain(2);
  EvidenceMaker maker(options);
  const MadeRelease made = maker.Make(Since(Before(1)));
  Policy policy = maker.policy();
  policy.diff_approvals = true;
  const ManifestView manifest = *ViewManifest(maker.manifest());
  const auto request = VerifyRequest(made.lines[kRequestLine], maker.root(), policy);
  const auto intent = VerifyIntent(made.lines[kIntentLine], *request, maker.root(), policy);
  const std::vector<Bundle> lines(made.lines.begin() + kFirstRecordLine + 3, made.lines.end());
  auto all = VerifyApprovals(lines, manifest, *request, *intent, maker.root(), policy);
  ASSERT_TRUE(all.has_value()) << all.error().message;
  ASSERT_EQ(all->size(), 6u);
  EXPECT_TRUE(CheckApprovals(*all, manifest.digest, policy).has_value());
  std::vector<VerifiedApproval> bases(all->begin() + 2, all->end());
  EXPECT_TRUE(CheckApprovalCounts(all->front(), bases, policy).has_value());
  bases.push_back(all->at(1));  // of the manifest itself: counts beside the first
  EXPECT_TRUE(CheckApprovalCounts(all->front(), bases, policy).has_value());
  bases = {all->at(2), all->at(4)};
  EXPECT_EQ(CheckApprovalCounts(all->front(), bases, policy).error().Exit(), ExitCode::kApproval);
  policy.diff_approvals = false;
  EXPECT_EQ(CheckApprovals(*all, manifest.digest, policy).error().Exit(), ExitCode::kApproval);
  // The same line twice is one.
  std::vector<Bundle> twice = lines;
  twice.push_back(lines.front());
  all = VerifyApprovals(twice, manifest, *request, *intent, maker.root(), policy);
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->size(), 6u);
}

}  // namespace
}  // namespace farm
