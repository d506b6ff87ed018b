// What each kind of line must say beyond the shared evidence.  Finds every problem.  Private to
// this folder: verify.cc makes Verified values of it, judge.cc the verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "farm/verify/line_checks.h"

namespace farm {

// A line that was read as a T, with what was found out about it.
template <typename T>
struct Line {
  T statement;
  const Bundle* bundle;
  std::string name;  // for messages
  LineFacts facts;

  bool sound() const { return facts.problems.empty(); }
  void Add(Rule rule, ExitCode exit, const std::string& message) {
    facts.problems.push_back(Problem{rule, exit, name + ": " + message});
  }
};

// Where a line stands in its log.  Entries are numbered as they come, and nobody gets a lower
// number later; times are others' word, and U is put off by whoever fetches the proof again.
struct LogPlace {
  std::string origin;
  std::uint64_t index = 0;
};
// Of a line whose log entry is good; `checkpoint` is the entry's.
std::optional<LogPlace> PlaceOf(const Bundle& line, const std::optional<Checkpoint>& checkpoint);

// The request and the intent as the lines that build on them see them.
struct RequestContext {
  const Request& request;
  Digest digest;
  std::string key_id;  // "" where the line was not sound
};
struct IntentContext {
  const Intent& intent;
  Digest digest;
  std::optional<UnixSeconds> witnessed;  // L; absent where the line was not sound
  std::optional<LogPlace> place;         // absent where the line has no good log entry
};

// Each reads the payload and checks the line.
// Errors: kInvalidInput (the payload is no such statement); everything else is in `problems`.
Result<Line<Request>> ReadRequestLine(const Bundle& line, LineChecks& checks);
Result<Line<Intent>> ReadIntentLine(const Bundle& line, const RequestContext& request,
                                    LineChecks& checks);
// Without `intent` the order is not checked.
Result<Line<Approval>> ReadApprovalLine(const Bundle& line, const ManifestView& manifest,
                                        const RequestContext& request,
                                        const std::optional<IntentContext>& intent,
                                        LineChecks& checks);
// An approval of an earlier manifest of the same product.
Result<Line<Approval>> ReadBaseApprovalLine(const Bundle& line, const ManifestView& manifest,
                                            const RequestContext& request,
                                            const std::optional<IntentContext>& intent,
                                            LineChecks& checks);
std::string NameOfApproval(const Approval& approval);  // for messages
Result<Line<Record>> ReadRecordLine(const Bundle& line, const IntentContext& intent,
                                    LineChecks& checks);
// Only the line and who says it; what it says of a site is for judge_certifiers.cc.
Result<Line<SiteLocation>> ReadLocationLine(const Bundle& line, LineChecks& checks);
// A status is in no log: checked as CheckStampedLine does, and that it says who signed.
Result<Line<FarmStatus>> ReadStatusLine(const Bundle& line, const TrustRoot& root,
                                        const Policy& policy);
// A release without what it says of other lines; judge.cc checks that.
Result<Line<Release>> ReadReleaseLine(const Bundle& line, LineChecks& checks);
// A release before it is signed: `line` has nothing but the leaf that will sign it, `now`.
Line<Release> ReleaseLineToSign(const Bundle& line, const Release& release, const TrustRoot& root,
                                UnixSeconds now);
// L <= T of the release, once its intent is known.
void CheckAfterIntent(const std::optional<UnixSeconds>& intent_witnessed, const Policy& policy,
                      const std::string& name, LineFacts& facts);
// `earlier` stands before `later` in the log that both are in; nothing where either place is not
// known or the logs are two (that is for another rule).  `message` says what is wrong if not.
void CheckLoggedInOrder(const std::optional<LogPlace>& earlier,
                        const std::optional<LogPlace>& later, const std::string& message,
                        LineFacts& facts);

}  // namespace farm
