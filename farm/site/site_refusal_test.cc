// What a site refuses before it builds, or cannot attempt: no record.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "farm/site/site.h"
#include "tests/support/site_world.h"

namespace farm::at_a_site {
namespace {

struct Row {
  const char* name;
  ExitCode exit;
  std::function<BuildQuestion(World&)> make;
};

BuildQuestion Asked(World& world) { return world.Ask(); }

// By diff since another manifest, with the approvals of that one.
BuildQuestion AskedSince(World& world) {
  const Digest base = Sha256(ManifestBytes("-O3"));
  world.on_draft = [base](LineDraft& draft) {
    auto* approval = std::get_if<Approval>(&draft.statement);
    if (approval == nullptr || approval->manifest == base) return;
    approval->scope = kScopeDiff;
    approval->base = base;
  };
  const BuildQuestion earlier = world.AskFor(ManifestBytes("-O3"), [](Intent&) {});
  BuildQuestion question = world.Ask();
  for (const std::string& line : earlier.approval_lines) question.approval_lines.push_back(line);
  return question;
}

const Row kRows[] = {
    {"expired_root", ExitCode::kNotValidThen,
     [](World& world) {
       world.root.expires = kStart + 10;
       return Asked(world);
     }},
    {"root_does_not_know_this_site", ExitCode::kBadSignature,
     [](World& world) {
       world.root.operators[0].parties.erase(world.root.operators[0].parties.begin());
       return Asked(world);
     }},
    {"manifest_not_canonical", ExitCode::kUsage,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.manifest += " ";
       return question;
     }},
    {"manifest_with_lint", ExitCode::kUsage,
     [](World& world) {
       std::string manifest = ManifestBytes("-O2");
       manifest.replace(manifest.find("-O2"), 3, "-march=native");
       return world.AskFor(manifest, [](Intent&) {});
     }},
    {"another_manifest_than_requested", ExitCode::kApproval,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.manifest = ManifestBytes("-O3");
       return question;
     }},
    {"request_by_nobody", ExitCode::kBadSignature,
     [](World& world) {
       world.root.requesters.clear();
       return Asked(world);
     }},
    {"intent_by_a_site", ExitCode::kBadSignature,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (!std::holds_alternative<Intent>(draft.statement)) return;
         draft.party = "site-1";
         draft.authority = "operator-1";
         draft.uri = EvidenceMaker::SiteId(1);
       };
       return Asked(world);
     }},
    {"intent_does_not_name_this_site", ExitCode::kRefused,
     [](World& world) {
       return world.AskFor(ManifestBytes("-O2"),
                           [](Intent& intent) { intent.sites.erase(intent.sites.begin()); });
     }},
    {"intent_with_an_attempt_out_of_thin_air", ExitCode::kUsage,
     [](World& world) {
       return world.AskFor(ManifestBytes("-O2"), [](Intent& intent) { intent.attempt = 2; });
     }},
    {"intent_that_one_witness_saw", ExitCode::kWitnesses,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "coordinator") draft.witnesses = {1};
       };
       return Asked(world);
     }},
    {"intent_not_in_the_log", ExitCode::kLogProof,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) { draft.logged = draft.party != "coordinator"; };
       return Asked(world);
     }},
    {"request_that_one_witness_saw", ExitCode::kWitnesses,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "requester") draft.witnesses = {1};
       };
       return Asked(world);
     }},
    {"request_not_in_the_log", ExitCode::kLogProof,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) { draft.logged = draft.party != "requester"; };
       return Asked(world);
     }},
    {"one_approval_of_two", ExitCode::kApproval,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.approval_lines.pop_back();
       return question;
     }},
    {"requester_as_auditor", ExitCode::kApproval,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         auto* approval = std::get_if<Approval>(&draft.statement);
         if (approval != nullptr && approval->auditor == "auditor-1") {
           approval->auditor = draft.party = "requester";
         }
       };
       return Asked(world);
     }},
    {"approval_of_another_manifest", ExitCode::kApproval,
     [](World& world) {
       const BuildQuestion other = world.AskFor(ManifestBytes("-O3"), [](Intent&) {});
       BuildQuestion question = world.Ask();
       question.approval_lines = other.approval_lines;
       return question;
     }},
    {"approvals_by_diff_where_only_trees_count", ExitCode::kApproval, AskedSince},
    {"approvals_by_diff_without_their_bases", ExitCode::kApproval,
     [](World& world) {
       world.policy.diff_approvals = true;
       BuildQuestion question = AskedSince(world);
       question.approval_lines.resize(2);
       return question;
     }},
    {"approval_after_the_intent", ExitCode::kNotValidThen,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "auditor-1") draft.token = kStart + 1000;
         if (draft.party == "auditor-1") draft.witnessed = kStart + 1010;
       };
       return Asked(world);
     }},
    {"another_lock", ExitCode::kInputMissing,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.lock.replace(question.lock.find("4096"), 4, "8192");
       return question;
     }},
    {"source_file_missing", ExitCode::kInputMissing,
     [](World& world) {
       EXPECT_TRUE(world.blobs().Remove(Sha256(kSourceBytes)));
       return Asked(world);
     }},
    {"package_missing", ExitCode::kInputMissing,
     [](World& world) {
       EXPECT_TRUE(world.blobs().Remove(Sha256(kPackageBytes)));
       return Asked(world);
     }},
    {"limits_observed_under_a_production_root", ExitCode::kJurisdiction,
     [](World& world) {
       world.root.development.reset();
       return Asked(world);
     }},
    {"assembled_root_is_another", ExitCode::kInputMissing,
     [](World& world) {
       world.root_error = Error{ErrorCode::kMismatch, "another image", ExitCode::kInputMissing};
       return Asked(world);
     }},
    {"root_tar_made_here_is_another", ExitCode::kInputMissing,
     [](World& world) {
       world.root_tar = D('7');
       return Asked(world);
     }},
    {"image_made_here_is_another", ExitCode::kInputMissing,
     [](World& world) {
       world.image = D('7');
       return Asked(world);
     }},
    {"no_sandbox_here", ExitCode::kUnavailable,
     [](World& world) {
       world.script.error = Error{ErrorCode::kUnavailable, "no user namespaces"};
       return Asked(world);
     }},
    {"source_tree_is_not_the_approved_one", ExitCode::kInputMissing,
     [](World& world) {
       world.script.error = Error{ErrorCode::kMismatch, "tree", ExitCode::kInputMissing};
       return Asked(world);
     }},
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Refusal : public ::testing::TestWithParam<Row> {};

TEST_P(Refusal, MakesNoRecord) {
  World world;
  const BuildQuestion question = GetParam().make(world);
  const auto line = world.Build(question);
  ASSERT_FALSE(line) << "recorded " << *line;
  EXPECT_EQ(line.error().Exit(), GetParam().exit) << line.error().message;
  EXPECT_FALSE(world.Kept(question));
  EXPECT_TRUE(world.log.empty());
}

INSTANTIATE_TEST_SUITE_P(Rows, Refusal, ::testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace farm::at_a_site
