// For tests: a release, and what is said after it.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "farm/crypto/hash.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/known_codes.h"

namespace farm {

inline constexpr UnixSeconds kMade = 1'800'000'000;
inline constexpr UnixSeconds kReleased = kMade + 400;
inline constexpr UnixSeconds kIssued = kMade + 1000;
inline constexpr std::int64_t kDay = 24 * 3600;
inline constexpr std::string_view kFirstWitness = "witness.example/w0";

inline std::vector<std::string> BrokenRules(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) names.push_back(outcome.rule);
  }
  return names;
}

inline const RuleOutcome& RuleOf(const Verdict& verdict, const std::string& name) {
  for (const RuleOutcome& outcome : verdict.rules) {
    if (outcome.rule == name) return outcome;
  }
  throw std::runtime_error("no rule " + name);
}

inline std::string Words(const Verdict& verdict) {
  std::string text = verdict.headline + "\n";
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) text += outcome.rule + ": " + outcome.found + "\n";
  }
  return text;
}

// A release, and a status issued after it; policies ask for one of at most a day.
class StatusVerdict : public testing::Test {
 protected:
  StatusVerdict() : made_(maker_.Make()), status_(maker_.Status(kIssued)) {}

  VerdictInput Input() const {
    VerdictInput input = maker_.Input(made_);
    input.policy.status_max_age_seconds = kDay;
    input.at = kIssued + 100;
    input.root_is_known = true;
    return input;
  }
  Verdict With(const FarmStatus& status) const { return With(maker_.StatusLine(status)); }
  Verdict With(const Bundle& line) const {
    VerdictInput input = Input();
    input.status = line;
    Verdict verdict = Judge(input);
    ExpectKnownCodes(verdict);
    return verdict;
  }
  // A second log of the farm, with the keys of the first, which has no entries yet.  Its origin
  // comes after that of the first.
  StatusLog EmptyLog(const std::string& origin) const {
    Note note;
    note.text = CheckpointText({origin, 0, maker_.TreeRoot(0)});
    note.signatures = {SignNote(note.text, origin, maker_.Key("log")),
                       SignNote(note.text, origin, maker_.Key("log-ecdsa"))};
    for (int i = 0; i < 2; ++i) {
      note.signatures.push_back(Cosign(note.text,
                                       maker_.root().witnesses[static_cast<std::size_t>(i)].name,
                                       maker_.Key("witness-" + std::to_string(i)), kIssued));
    }
    return {WriteNote(note), *ParseCheckpoint(note.text)};
  }
  Digest Release() const { return made_.lines[kReleaseLine].PaeDigest(); }
  Digest Manifest() const { return Sha256(maker_.manifest()); }

  EvidenceMaker maker_{EvidenceOptions{.monitors = 2, .certifiers = 1}};
  MadeRelease made_;
  FarmStatus status_;
};

}  // namespace farm
