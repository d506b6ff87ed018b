// The checks that site, signer and auditor use one by one.
#include "farm/verify/verify.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

class Lines : public testing::Test {
 protected:
  Lines() : made_(maker_.Make()), root_(maker_.root()), policy_(maker_.policy()) {}

  Result<VerifiedIntent> Intended() {
    ASSIGN_OR_RETURN(const VerifiedRequest request,
                     VerifyRequest(made_.lines[kRequestLine], root_, policy_));
    return VerifyIntent(made_.lines[kIntentLine], request, root_, policy_);
  }

  EvidenceMaker maker_;
  MadeRelease made_;
  TrustRoot root_;
  Policy policy_;
};

TEST_F(Lines, OfAGoodReleaseVerifyOneByOne) {
  const auto request = VerifyRequest(made_.lines[kRequestLine], root_, policy_);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->identity().id, "requester");
  const auto intent = VerifyIntent(made_.lines[kIntentLine], *request, root_, policy_);
  ASSERT_TRUE(intent.has_value()) << intent.error().message;
  EXPECT_EQ(intent->identity().operator_id, "operator-0");
  EXPECT_EQ(intent->times().witnessed, intent->times().token + 10);
  const ManifestView manifest = *ViewManifest(maker_.manifest());
  EXPECT_TRUE(CheckRequestIsFor(*request, manifest).has_value());
  ManifestView other = manifest;
  other.version += "1";
  EXPECT_EQ(CheckRequestIsFor(*request, other).error().Exit(), ExitCode::kApproval);
  std::vector<VerifiedApproval> approvals;
  for (int i = 0; i < 2; ++i) {
    const Bundle& line = made_.lines[kFirstRecordLine + 3 + i];
    auto approval = VerifyApproval(line, manifest, *request, *intent, root_, policy_);
    ASSERT_TRUE(approval.has_value()) << approval.error().message;
    EXPECT_TRUE(VerifyApprovalAlone(line, manifest, *request, root_, policy_).has_value());
    approvals.push_back(*std::move(approval));
  }
  const auto check = [&](std::int64_t auditors) {
    Policy policy = policy_;
    policy.auditors = auditors;
    return CheckApprovals(approvals, manifest.digest, policy);
  };
  EXPECT_TRUE(check(2).has_value());
  EXPECT_EQ(check(3).error().Exit(), ExitCode::kApproval);
  approvals[1] = approvals[0];
  EXPECT_EQ(check(2).error().Exit(), ExitCode::kApproval);
  std::vector<VerifiedRecord> records;
  for (int i = 0; i < 3; ++i) {
    auto record = VerifyRecord(made_.lines[kFirstRecordLine + i], *intent, root_, policy_);
    ASSERT_TRUE(record.has_value()) << record.error().message;
    EXPECT_EQ(record->identity().id, EvidenceMaker::SiteId(i));
    EXPECT_EQ(record->identity().country, std::string("X") + static_cast<char>('A' + i));
    records.push_back(*std::move(record));
  }
  EXPECT_TRUE(CheckSiteQuorum(records, policy_).has_value());
  EXPECT_TRUE(CheckAgreement(records).has_value());
  records[2] = records[1];
  EXPECT_EQ(CheckSiteQuorum(records, policy_).error().Exit(), ExitCode::kQuorum);
  policy_.sites = 2;
  EXPECT_EQ(CheckSiteQuorum(records, policy_).error().Exit(), ExitCode::kJurisdiction);
}

TEST_F(Lines, AreRefusedInThePlaceOfEachOther) {
  const auto intent = Intended();
  ASSERT_TRUE(intent.has_value()) << intent.error().message;
  EXPECT_EQ(VerifyRequest(made_.lines[kIntentLine], root_, policy_).error().Exit(),
            ExitCode::kUsage);
  EXPECT_EQ(VerifyRecord(made_.lines[kIntentLine], *intent, root_, policy_).error().Exit(),
            ExitCode::kUsage);
}

TEST_F(Lines, RecordOfAnotherIntentIsRefused) {
  const auto intent = Intended();
  ASSERT_TRUE(intent.has_value());
  // The next attempt: another intent with records of its own.
  const MadeRelease other = maker_.Make([](LineDraft& draft) {
    if (auto* next = std::get_if<Intent>(&draft.statement)) next->attempt = 2;
  });
  const auto record = VerifyRecord(other.lines[kFirstRecordLine], *intent, root_, policy_);
  ASSERT_FALSE(record.has_value());
  EXPECT_EQ(record.error().Exit(), ExitCode::kQuorum);
}

TEST_F(Lines, SitesThatAllFailedDoNotAgreeOnARelease) {
  made_ = maker_.Make([](LineDraft& draft) {
    if (auto* record = std::get_if<Record>(&draft.statement)) {
      record->result = BuildResult::kFailed;
      record->outputs.clear();
    }
  });
  const auto intent = Intended();
  ASSERT_TRUE(intent.has_value()) << intent.error().message;
  std::vector<VerifiedRecord> records;
  for (int i = 0; i < 3; ++i) {
    auto record = VerifyRecord(made_.lines[kFirstRecordLine + i], *intent, root_, policy_);
    ASSERT_TRUE(record.has_value()) << record.error().message;
    records.push_back(*std::move(record));
  }
  EXPECT_EQ(CheckAgreement(records).error().Exit(), ExitCode::kDissent);
}

template <typename T>
std::optional<Error> ErrorOf(const Result<T>& result) {
  return result ? std::nullopt : std::optional<Error>(result.error());
}

TEST_F(Lines, EveryLineIsRefusedUnderAnotherRoot) {
  const EvidenceMaker other;
  const auto request = VerifyRequest(made_.lines[kRequestLine], root_, policy_);
  const auto intent = Intended();
  const auto manifest = ViewManifest(maker_.manifest());
  ASSERT_TRUE(request && intent && manifest);
  const TrustRoot& root = other.root();
  const std::pair<const char*, std::optional<Error>> refusals[] = {
      {"request", ErrorOf(VerifyRequest(made_.lines[kRequestLine], root, policy_))},
      {"intent", ErrorOf(VerifyIntent(made_.lines[kIntentLine], *request, root, policy_))},
      {"approval", ErrorOf(VerifyApproval(made_.lines[kFirstRecordLine + 3], *manifest, *request,
                                          *intent, root, policy_))},
      {"record", ErrorOf(VerifyRecord(made_.lines[kFirstRecordLine], *intent, root, policy_))}};
  for (const auto& [name, error] : refusals) {
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->Exit(), ExitCode::kBadSignature) << name << ": " << error->message;
  }
}

TEST_F(Lines, OfOneTheTimeStampIsJudgedAlone) {
  const Bundle& line = made_.lines[kReleaseLine];
  const auto intent = Intended();
  ASSERT_TRUE(intent.has_value()) << intent.error().message;
  const auto found = VerifyToken(line, intent->times().witnessed, root_);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  const UnixSeconds token = *found;
  EXPECT_GE(token, intent->times().witnessed);
  const std::string authority = root_.timestamp_authorities[0].chain.front().KeyId();
  const auto exit_under = [&](const Revocation& revocation, UnixSeconds witnessed) {
    TrustRoot root = root_;
    root.revocations = {revocation};
    const auto judged = VerifyToken(line, witnessed, root);
    return judged ? ExitCode::kProved : judged.error().Exit();
  };
  EXPECT_EQ(exit_under({"key", authority, "lost", {}}, token), ExitCode::kRevoked);
  EXPECT_EQ(exit_under({"key", authority, "lost", token}, token - 1), ExitCode::kRevoked);
  EXPECT_EQ(exit_under({"key", authority, "lost", token + 1}, token + 1), ExitCode::kRevoked);
  EXPECT_EQ(exit_under({"key", authority, "lost", token + 1}, token), ExitCode::kProved);
  Bundle unstamped = line;
  unstamped.timestamp.reset();
  EXPECT_EQ(VerifyToken(unstamped, token, root_).error().Exit(), ExitCode::kNotValidThen);
  root_.timestamp_authorities[0].valid_for.end = token - 1;
  EXPECT_EQ(VerifyToken(line, token, root_).error().Exit(), ExitCode::kNotValidThen);
  EXPECT_EQ(VerifyToken(line, token, EvidenceMaker().root()).error().Exit(),
            ExitCode::kBadSignature);
}

TEST(SameOutcome, ComparesWhatWasBuiltAndNotHow) {
  Record a;
  a.manifest = Sha256("manifest");
  a.result = BuildResult::kSucceeded;
  a.outputs = {{"a", Sha256("a"), 1, "0644"}};
  Record b = a;
  b.builder = "other";
  b.intent = Sha256("other");
  b.started = 77;
  b.sandbox = {{"profile", "other"}};
  EXPECT_TRUE(SameOutcome(a, b));
  const std::function<void(Record&)> changes[] = {
      [](Record& r) { r.manifest = Sha256("x"); },
      [](Record& r) { r.plan = Sha256("x"); },
      [](Record& r) { r.lock = Sha256("x"); },
      [](Record& r) { r.root_tar = Sha256("x"); },
      [](Record& r) { r.image = Sha256("x"); },
      [](Record& r) { r.outputs[0].size = 2; },
      [](Record& r) { r.outputs[0].mode = "0755"; },
      [](Record& r) { r.outputs[0].digest = Sha256("x"); },
      [](Record& r) { r.outputs[0].name = "b"; },
      [](Record& r) { r.outputs.clear(); },
      [](Record& r) { r.result = BuildResult::kFailed; }};
  for (const auto& change : changes) {
    Record changed = a;
    change(changed);
    EXPECT_FALSE(SameOutcome(a, changed)) << &change - changes;
  }
}

}  // namespace
}  // namespace farm
