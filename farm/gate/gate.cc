#include "farm/gate/gate.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "farm/base/files.h"
#include "farm/gate/decision.h"
#include "farm/gate/limits.h"

namespace farm {
namespace {

// Time stamp and log come after the answer, and farmd may have to ask them twice.
constexpr UnixSeconds kLeafMarginSeconds = 30 * kMinuteSeconds;

// How much of each log must be read so that every line of the question is in it, with the tree that
// it was proved under.
std::map<std::string, std::uint64_t> EntriesCovering(const ParsedQuestion& question) {
  std::map<std::string, std::uint64_t> entries;
  for (const Bundle* line : question.Lines()) {
    if (!line->log_entry) continue;
    const std::string& note = line->log_entry->checkpoint;
    std::uint64_t& most = entries[note.substr(0, note.find('\n'))];
    most = std::max(most, line->log_entry->tree_size);
  }
  return entries;
}

}  // namespace

Result<RootAndPolicy> ReadRootAndPolicy(const GateFiles& files) {
  ASSIGN_OR_RETURN(const std::string root_bytes, ReadFile(files.root, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(TrustRoot root, ParseTrustRoot(root_bytes, files.root));
  ASSIGN_OR_RETURN(const std::string policy_bytes, ReadFile(files.policy, kPolicyBytesMax));
  ASSIGN_OR_RETURN(Policy policy, ParsePolicy(policy_bytes, files.policy));
  return RootAndPolicy{std::move(root), std::move(policy)};
}

Gate::Gate(GateFiles files, Journal& journal, CertifiedSigner& signer, ReadHistory history,
           const Clock& clock)
    : files_(std::move(files)),
      signer_(signer),
      clock_(clock),
      journal_(journal),
      history_(std::move(history)) {}

Result<GateRules> Gate::ReadRules() {
  ASSIGN_OR_RETURN(RootAndPolicy read, ReadRootAndPolicy(files_));
  RETURN_IF_ERROR(journal_.AdmitRoot(read.root));
  return GateRules{signer_.identity().builder_id, std::move(read.root), std::move(read.policy),
                   clock_.Now()};
}

Status Gate::CheckVerifiable(const Release& release, const ProvedCase& proved,
                             const GateRules& rules) {
  ASSIGN_OR_RETURN(const Certificate leaf, signer_.Leaf());
  ReleaseToSign to_sign{
      release, leaf, {proved.request.bundle(), proved.intent.bundle()}, rules.now};
  for (const VerifiedRecord& record : proved.records) to_sign.lines.push_back(record.bundle());
  for (const VerifiedApproval& approval : proved.approvals) {
    to_sign.lines.push_back(approval.bundle());
  }
  Status status = CheckBeforeSigning(to_sign, rules.root, rules.policy);
  if (!status) return Wrap("every verifier would refuse this release", status.error());
  return {};
}

Result<Bundle> Gate::SignAndKeep(const Statement& statement) {
  ASSIGN_OR_RETURN(const Bundle line, SignStatement(statement, signer_));
  ASSIGN_OR_RETURN(const GivenAnswer* answer, journal_.Append(line));
  return answer->line;
}

Result<Bundle> Gate::GiveAgain(const GivenAnswer& answer) {
  if (answer.line.certificate &&
      clock_.Now() + kLeafMarginSeconds <= answer.line.certificate->not_after()) {
    return answer.line;
  }
  const Statement statement =
      std::visit([](const auto& value) { return Statement(value); }, answer.statement);
  ASSIGN_OR_RETURN(Bundle line, SignStatement(statement, signer_));
  CHECK(line.PaeDigest() == answer.line.PaeDigest());
  return line;
}

Result<Bundle> Gate::Decide(const Question& question, std::uint64_t epoch) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const GateRules rules, ReadRules());
  RETURN_IF_ERROR(journal_.CheckEpoch(epoch, rules.now));
  ASSIGN_OR_RETURN(const ParsedQuestion parsed, ParseQuestion(question));
  ASSIGN_OR_RETURN(const ProvedCase proved, ProveCase(parsed, rules));
  RETURN_IF_ERROR(journal_.AdmitEpoch(epoch, rules.now));
  ASSIGN_OR_RETURN(
      const Histories histories,
      history_(HistoryQuery{rules.root, proved.policy.witnesses, EntriesCovering(parsed)}));
  RETURN_IF_ERROR(journal_.AdmitHistory(histories));
  ASSIGN_OR_RETURN(const Decision decision,
                   farm::Decide(proved, parsed, histories, journal_.given(), rules));
  if (const auto* same = std::get_if<SameAnswer>(&decision)) {
    const GivenAnswer& answer = journal_.Get(same->number);
    const auto* release = std::get_if<Release>(&answer.statement);
    // Of another attempt's answer only the digests of its lines are known here.
    if (release != nullptr && release->intent == proved.intent.digest()) {
      RETURN_IF_ERROR(CheckVerifiable(*release, proved, rules));
    }
    return GiveAgain(answer);
  }
  if (const auto* release = std::get_if<Release>(&decision)) {
    RETURN_IF_ERROR(CheckVerifiable(*release, proved, rules));
    RETURN_IF_ERROR(CheckPublishable(*release, parsed.Lines(), rules.root, histories.open->size()));
    return SignAndKeep(*release);
  }
  return SignAndKeep(std::get<Dissent>(decision));
}

Status Gate::Health() {
  MutexLock lock(mutex_);
  return journal_.health();
}

}  // namespace farm
