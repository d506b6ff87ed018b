// Way: one release on its way through the parties, from the request to the customer's verdict, with
// every check that an honest party makes, and with what liars change.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "farm/evidence/bundle.h"
#include "farm/gate/case.h"
#include "farm/site/admission.h"
#include "farm/verify/verify.h"
#include "tests/attacks/parties/parties.h"
#include "tests/support/evidence_maker.h"

namespace farm {

// What is carried about one attempt at a manifest.
struct Attempt {
  std::string manifest;
  Bundle request;
  std::vector<Bundle> approvals;
  Bundle intent;
  std::vector<Bundle> records;

  Question ToQuestion() const;
  BuildQuestion ToBuildQuestion() const;
};

struct Bend {
  // "requester", "coordinator", "site-1", "signer", "auditor-0", ...: these check nothing of what
  // they sign or carry.
  std::set<std::string> evil = {};
  // Of any line before it is signed.  A statement of a party that is not evil stays as it is: what
  // counts then are the times, which are others' word.
  DraftHook draft = [](LineDraft&) {};
  // What the coordinator shows to sites and to the signer.
  std::function<void(Attempt&)> to_sites = [](Attempt&) {};
  std::function<void(Attempt&)> to_signer = [](Attempt&) {};
  std::function<void(VerdictInput&)> to_customer = [](VerdictInput&) {};
};

// Who did not go along, and with which words.
struct Stop {
  std::string by;  // "site-1", "signer", "log", "coordinator"
  ExitCode exit = ExitCode::kProved;
  std::string words;
};

// One attempt of one version.  Each step says who stops it, if anybody does; they come in this
// order.  Not thread-safe.
class Way {
 public:
  // `parties` outlives this.  The way begins at their clock's time and takes 420 s of it.
  Way(Parties& parties, Bend bend, const std::string& manifest = "");

  std::optional<Stop> Ask();  // request, approvals
  std::optional<Stop> Announce(int number = 1, const std::vector<Digest>& earlier = {});
  std::optional<Stop> Build();
  std::optional<Stop> Decide();
  std::optional<Stop> Publish();  // the release line, logged, with consistency proofs
  // The first three: up to a question to the signer.
  std::optional<Stop> Prepare();
  // All of it.
  std::optional<Stop> Run();

  Attempt& attempt() { return attempt_; }
  const Bundle& release() const { return release_; }
  // Of the first artifact, as published.
  VerdictInput Input() const;
  // Signs, stamps, logs `statement` by `party` at `at` seconds of the way.
  struct Made {
    std::optional<Stop> stop;
    Bundle line;
  };
  Made Line(const Statement& statement, const std::string& party, UnixSeconds at);
  Record RecordOf(int site) const;

 private:
  bool IsEvil(const std::string& party) const { return bend_.evil.contains(party); }
  LineDraft Drafted(const Statement& statement, const std::string& party, UnixSeconds at) const;
  Made Carry(Bundle line, const LineDraft& draft, UnixSeconds at);
  Release ReleaseUnasked() const;

  Parties& parties_;
  const Bend bend_;
  const UnixSeconds start_;
  Attempt attempt_;
  Bundle release_;
};

}  // namespace farm
