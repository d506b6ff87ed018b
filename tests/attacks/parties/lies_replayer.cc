// Replayers, who say whether a release can be rebuilt from its kit.  Their word comes last and is
// in no bundle: the customer gathers it from those whom he believes.
#include "farm/crypto/hash.h"
#include "tests/attacks/parties/lies.h"

namespace farm {
namespace {

const Digest kOther = Sha256("another");
constexpr UnixSeconds kReplayed = 600;  // seconds of the way

using BendReplay = std::function<void(ReplayVerdict&, LineDraft&)>;
using ChangeInput = std::function<void(VerdictInput&, EvidenceMaker&)>;

// The policy asks for two replayers; the honest one is replayer-0, the word of replayer-1 is bent.
ChangeInput Replaying(const BendReplay& bend) {
  return [bend](VerdictInput& input, EvidenceMaker& maker) {
    input.policy.replays = 2;
    HandOver(SaysMatch(input, maker, "replayer-0"), "replayer-0", input, maker);
    ReplayVerdict said = SaysMatch(input, maker, "replayer-1");
    LineDraft draft = maker.Draft(said, "replayer-1", maker.options().start + kReplayed);
    bend(said, draft);
    draft.statement = said;
    input.replays.push_back({"verdict of replayer-1", maker.MakeLine(draft)});
  };
}

void AsItIs(ReplayVerdict&, LineDraft&) {}

Lie ReplayerLie(std::string name, ChangeInput change, ExitCode exit) {
  Lie lie = {.party = "replayer", .name = std::move(name)};
  lie.caught = Customer(exit, "replays");
  lie.alone = CustomerAlone{.change = std::move(change), .exit = exit, .rule = "replays"};
  return lie;
}

// What is wrong with the finished line of replayer-1, or with what the customer has beside it.
ChangeInput WithLine(const std::function<void(Bundle&, VerdictInput&, EvidenceMaker&)>& change) {
  return [change](VerdictInput& input, EvidenceMaker& maker) {
    Replaying(AsItIs)(input, maker);
    change(input.replays.back().line, input, maker);
  };
}

void SpeaksForTwo(VerdictInput& input, EvidenceMaker& maker) {
  input.policy.replays = 2;
  for (const char* name : {"replayer-0", "replayer-1"}) {
    HandOver(SaysMatch(input, maker, name), "replayer-1", input, maker);
  }
}

// Where a MISMATCH does not block.
void SaysBoth(VerdictInput& input, EvidenceMaker& maker) {
  Replaying(AsItIs)(input, maker);
  input.policy.mismatch_blocks = false;
  ReplayVerdict contrary = SaysMatch(input, maker, "replayer-1");
  contrary.verdict = "MISMATCH";
  HandOver(contrary, "replayer-1", input, maker);
}

std::vector<Lie> OfTheRelease() {
  return {
      ReplayerLie("says_a_mismatch_that_is_none",
                  Replaying([](ReplayVerdict& said, LineDraft&) { said.verdict = "MISMATCH"; }),
                  ExitCode::kReplayMismatch),
      ReplayerLie("says_match_of_other_bytes", Replaying([](ReplayVerdict& said, LineDraft&) {
                    for (Artifact& artifact : said.rebuilt) artifact.digest = kOther;
                  }),
                  ExitCode::kReplayMismatch),
      ReplayerLie("says_match_of_an_artifact_less", Replaying([](ReplayVerdict& said, LineDraft&) {
                    if (!said.rebuilt.empty()) said.rebuilt.pop_back();
                  }),
                  ExitCode::kReplayMismatch),
      ReplayerLie("says_match_of_another_release",
                  Replaying([](ReplayVerdict& said, LineDraft&) { said.release = kOther; }),
                  ExitCode::kReplayInconclusive),
      ReplayerLie(
          "is_silent", [](VerdictInput& input, EvidenceMaker&) { input.policy.replays = 2; },
          ExitCode::kReplayInconclusive),
      ReplayerLie("says_the_contrary_too", SaysBoth, ExitCode::kReplayInconclusive),
  };
}

std::vector<Lie> OfHimself() {
  return {
      ReplayerLie("speaks_for_two", SpeaksForTwo, ExitCode::kReplayInconclusive),
      // By a key of the farm's, which no customer has named as a replayer's.
      ReplayerLie("is_an_auditor_whom_the_policy_does_not_name",
                  Replaying([](ReplayVerdict&, LineDraft& draft) { draft.party = "auditor-0"; }),
                  ExitCode::kReplayInconclusive),
      ReplayerLie("is_a_site_under_its_certificate",
                  Replaying([](ReplayVerdict&, LineDraft& draft) {
                    draft.party = "site-1";
                    draft.authority = "operator-1";
                    draft.uri = EvidenceMaker::SiteId(1);
                  }),
                  ExitCode::kBadSignature),
      ReplayerLie("signs_as_another",
                  WithLine([](Bundle& line, VerdictInput&, EvidenceMaker& maker) {
                    line.public_key = maker.Key("replayer-0").public_key();
                  }),
                  ExitCode::kBadSignature),
      ReplayerLie("speaks_with_a_revoked_key",
                  WithLine([](Bundle& line, VerdictInput& input, EvidenceMaker&) {
                    input.root.revocations.push_back({"key", line.key().KeyId(), "stolen", {}});
                  }),
                  ExitCode::kReplayInconclusive),
      ReplayerLie("proves_that_another_word_is_in_the_log",
                  WithLine([](Bundle& line, VerdictInput& input, EvidenceMaker&) {
                    line.log_entry = input.replays.front().line.log_entry;
                  }),
                  ExitCode::kLogProof),
      ReplayerLie("dates_its_word_after_its_witnesses",
                  Replaying([](ReplayVerdict&, LineDraft& draft) {
                    draft.witnessed = draft.token - kHourSeconds;
                  }),
                  ExitCode::kNotValidThen),
  };
}

}  // namespace

ReplayVerdict SaysMatch(const VerdictInput& input, const EvidenceMaker& maker,
                        const std::string& replayer) {
  ReplayVerdict said;
  said.verdict = "MATCH";
  said.kit = Sha256("kit");
  said.replayer = replayer;
  said.report = Sha256("report").Text();
  said.created = maker.options().start + kReplayed;
  if (input.lines.empty()) return said;
  said.release = input.lines.front().PaeDigest();
  const auto release = ParseStatementAs<Release>(input.lines.front().envelope.payload, "release");
  if (release) said.rebuilt = release->artifacts;
  return said;
}

void HandOver(const ReplayVerdict& said, const std::string& party, VerdictInput& input,
              EvidenceMaker& maker) {
  const LineDraft draft = maker.Draft(said, party, maker.options().start + kReplayed);
  input.replays.push_back({"verdict of " + party, maker.MakeLine(draft)});
}

std::vector<Lie> LiesOfReplayers() {
  std::vector<Lie> all;
  for (const auto& lies : {OfTheRelease(), OfHimself()}) {
    all.insert(all.end(), lies.begin(), lies.end());
  }
  return all;
}

}  // namespace farm
