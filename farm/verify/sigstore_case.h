// Everything that is found out about one Sigstore bundle, rule by rule.  Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "farm/verify/sigstore.h"

namespace farm {

// In the order in which people read them.
enum class SigstoreRule {
  kArtifact,
  kSignature,
  kSigner,
  kIdentity,
  kCertificate,
  kTransparency,
  kTimes,
  kLog,
  kEntry,
};
constexpr int kSigstoreRuleCount = static_cast<int>(SigstoreRule::kEntry) + 1;

struct SigstoreCase {
  const SigstoreInput& input;
  std::optional<VerifyingKey> key = {};    // whose signature it must be
  std::vector<UnixSeconds> tokens = {};    // times of the tokens that hold
  std::vector<UnixSeconds> promises = {};  // times at which logs took the entry in, signed by them
  bool signature_held = false;
  std::vector<std::string> found[kSigstoreRuleCount] = {};     // what holds, in words
  std::vector<std::string> warnings[kSigstoreRuleCount] = {};  // holds, but worth reading
  struct Problem {
    SigstoreRule rule;
    ExitCode exit;
    std::string message;
  };
  std::vector<Problem> problems = {};

  void Add(SigstoreRule rule, ExitCode exit, std::string message) {
    problems.push_back({rule, exit, std::move(message)});
  }
  void Add(SigstoreRule rule, const Error& error) { Add(rule, error.Exit(), error.message); }
  // Not judged, because something that it builds on is missing; the code comes from that.
  void Skip(SigstoreRule rule, const std::string& why) {
    Add(rule, ExitCode::kProved, "not judged: " + why);
  }
  void Found(SigstoreRule rule, std::string words) {
    found[static_cast<int>(rule)].push_back(std::move(words));
  }
  void Warn(SigstoreRule rule, std::string words) {
    warnings[static_cast<int>(rule)].push_back(std::move(words));
  }
  bool IsCertified() const { return !input.bundle.certificates.empty(); }
  // All times at which others saw the signature.
  std::vector<UnixSeconds> Times() const;
};

// The rules, in the order in which they build on each other.
void JudgeSigner(SigstoreCase& facts);       // who: sigstore_signer.cc
void JudgeTokens(SigstoreCase& facts);       // when: sigstore_log.cc
void JudgeEntries(SigstoreCase& facts);      // logged: sigstore_log.cc
void JudgeTimes(SigstoreCase& facts);        // sigstore_log.cc
void JudgeCertificate(SigstoreCase& facts);  // sigstore_signer.cc
void JudgeContent(SigstoreCase& facts);      // sigstore_content.cc
void JudgeEntryFacts(SigstoreCase& facts);   // sigstore_content.cc
std::string SigstoreWords(SigstoreRule rule, const SigstoreInput& input);  // what is expected

}  // namespace farm
