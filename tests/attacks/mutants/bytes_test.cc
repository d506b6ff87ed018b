// One bit of every byte of every binary part of the vector's bundle file flipped: certificates,
// signatures, time stamps, log entries, hashes, checkpoint and its signatures, payloads.  The same
// of a release of three sites, of approvals by diff, and of what comes after a release (status,
// certifiers' statements, replay verdicts); there a verdict costs more, and FARM_EVERY says of
// every how-many-th byte (tests/support/share.h).
#include <gtest/gtest.h>

#include "tests/attacks/mutants/bend.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/scene.h"
#include "tests/support/share.h"

namespace farm::mutants {
namespace {

constexpr Accepted kNever = Accepted::kNever;
constexpr Accepted kNoBetter = Accepted::kNoBetter;

// Of a line of the bundle.
void FlipLine(Court& court, std::size_t line, const std::string& what, const std::string& text,
              std::size_t step) {
  FlipBytes(text, what, step,
            [&](const std::string& kind, const std::string& name, const std::string& bent) {
              court.TryLine(kind, name, line, bent);
            });
}

// Of what is none, which `put` puts where it belongs.
void FlipOther(Court& court, const Bundle& line, const std::string& what, const Court::Put& put) {
  FlipBytes(WriteBundleLine(line), what, EveryHowMany(),
            [&](const std::string& kind, const std::string& name, const std::string& bent) {
              court.TryText(kind, name, bent, put);
            });
}

std::string LineName(const testing::TestParamInfo<std::size_t>& info) {
  return "line_" + std::to_string(info.param + 1);
}

class OfTheVector : public testing::TestWithParam<std::size_t> {};

TEST_P(OfTheVector, EveryByteHolds) {
  const std::size_t line = GetParam();
  Court court("bytes of line " + std::to_string(line + 1) + " of the vector", BytesTable(),
              VectorInput(), false);
  FlipLine(court, line, KindOf(court.good().lines[line]), VectorLines()[line], 1);
}

INSTANTIATE_TEST_SUITE_P(Bytes, OfTheVector, testing::Range(std::size_t{0}, std::size_t{5}),
                         LineName);

class OfThreeSites : public testing::TestWithParam<std::size_t> {};

TEST_P(OfThreeSites, BytesHold) {
  const std::size_t line = GetParam();
  const Farm farm = MakeFarm();
  const Bundle& bundle = farm.release.lines[line];
  Court court("bytes of line " + std::to_string(line + 1) + " of three sites", BytesTable(),
              farm.maker.Input(farm.release), false);
  FlipLine(court, line, KindOf(bundle), WriteBundleLine(bundle), EveryHowMany());
}

INSTANTIATE_TEST_SUITE_P(Bytes, OfThreeSites, testing::Range(std::size_t{0}, std::size_t{8}),
                         LineName);

TEST(OfApprovals, ByDiffAndOfTheirBaseBytesHold) {
  const Farm farm = MakeFarmByDiff();
  VerdictInput input = farm.maker.Input(farm.release);
  input.policy.diff_approvals = true;
  Court court("bytes of approvals by diff", BytesTable(), input, false);
  for (const auto& [line, what] : {std::pair{kFirstApprovalLine, "approval by diff"},
                                   std::pair{kFirstBaseLine, "approval of a base"}}) {
    FlipLine(court, line, what, WriteBundleLine(farm.release.lines[line]), EveryHowMany());
  }
}

// A status at hand is heeded whether or not the policy asks for one.
std::vector<Row> StatusTable() {
  return {
      {"status payload", {2, 11}, {"status"}},
      {"status signature", {11}, {"status"}},
      {"status key", {}, {}, kNever, true},
      {"status time stamp", {11}, {"status"}},
  };
}

TEST(OfAStatus, BytesHold) {
  const WatchedFarm farm;
  Court court("bytes of a status", StatusTable(), farm.Asked(), true);
  FlipOther(court, *court.good().status, "status", PutStatus);
}

TEST(OfAStatus, BytesHoldWhereNoneIsAskedFor) {
  const WatchedFarm farm;
  Court court("bytes of a status that is not asked for", StatusTable(), farm.Unasked(), true);
  FlipOther(court, *court.good().status, "status", PutStatus);
}

// Whoever cannot take away the news of a withdrawal cannot make it say something else.
TEST(OfAStatus, ThatWithdrawsBytesHold) {
  const std::vector<Row> table = {
      {"withdrawal payload", {2, 11}, {"status"}},
      {"withdrawal signature", {11}, {"status"}},
      {"withdrawal key", {}, {}, kNever, true},
      {"withdrawal time stamp", {11, 17}, {"status", "withdrawn"}},
  };
  const WatchedFarm farm;
  VerdictInput input = farm.Unasked();
  input.status.reset();
  Court court("bytes of a status that withdraws", table, input, true);
  FlipOther(court, farm.StatusLine(WriteStatement(farm.Withdrawing())), "withdrawal", PutStatus);
}

// What is no statement that counts is none.
TEST(OfACertification, BytesHold) {
  const std::vector<Row> table = {
      {"certification root hash", {}, {}, kNever, true},
      {"certification *", {13}, {"certifiers"}, kNever, true},
  };
  const WatchedFarm farm;
  Court court("bytes of a certification", table, farm.Asked(), true);
  FlipOther(court, court.good().certifications[0], "certification", PutCertification);
}

TEST(OfACertification, NoByteMattersWhereNoneIsAskedFor) {
  const std::vector<Row> table = {{"certification *", {}, {}, kNoBetter, true}};
  const WatchedFarm farm;
  Court court("bytes of a certification that is not asked for", table, farm.Unasked(), true);
  FlipOther(court, court.good().certifications[0], "certification", PutCertification);
}

// Of what holds a verdict in the log and its stamp; then `payload` first.
std::vector<Row> ReplayTable(const Row& payload, std::set<int> codes) {
  const auto with = [&](int code) {
    std::set<int> all = codes;
    all.insert(code);
    return all;
  };
  return {
      payload,
      {"replay time stamp", with(11), {"replays"}},
      {"replay log entry", {15}, {"replays"}, kNever, true},
      {"replay root hash", {}, {}, kNever, true},
      {"replay checkpoint text", {15}, {"replays"}, kNever, true},
      {"replay log's second signature", with(15), {"replays"}},
      {"replay cosignature", {16}, {"replays"}},
      {"replay signature", {11}, {"replays"}},
      {"replay *", {15}, {"replays"}},
  };
}

// A bit of the release's digest makes it a verdict on another release, which is passed over.
TEST(OfAReplay, BytesHold) {
  const Row payload{"replay payload", {2, 11, 21}, {"replays"}};
  const WatchedFarm farm;
  Court court("bytes of a MATCH", ReplayTable(payload, {}), farm.Asked(), true);
  FlipOther(court, court.good().replays[0].line, "replay", PutReplay);
}

TEST(OfAReplay, BytesHoldWhereNoneIsAskedFor) {
  const Row payload{"replay payload", {2, 11}, {"replays"}, kNoBetter};
  const WatchedFarm farm;
  Court court("bytes of a MATCH that is not asked for", ReplayTable(payload, {}), farm.Unasked(),
              true);
  FlipOther(court, court.good().replays[0].line, "replay", PutReplay);
}

// A MISMATCH refuses; no change makes it say something else about the release.
TEST(OfAReplay, ThatContradictsBytesHold) {
  const Row payload{"replay payload", {2, 11}, {"replays"}, kNoBetter};
  const WatchedFarm farm;
  VerdictInput input = farm.Unasked();
  input.replays.clear();
  Court court("bytes of a MISMATCH", ReplayTable(payload, {20}), input, true);
  FlipOther(court, farm.ReplayLineInLog(WriteStatement(farm.Says("MISMATCH"))), "replay",
            PutReplay);
}

TEST(OfAReplay, ByABareKeyBytesHold) {
  const std::vector<Row> table = {
      {"bare replay payload", {2, 11, 21}, {"replays"}},
      {"bare replay signature", {11}, {"replays"}},
      {"bare replay key", {}, {}, kNever, true},
  };
  const WatchedFarm farm;
  VerdictInput input = farm.Asked();
  PutReplay(input, farm.BareReplayLine(WriteStatement(farm.Says("MATCH"))));
  Court court("bytes of a MATCH that is in no log", table, input, true);
  FlipOther(court, court.good().replays[0].line, "bare replay", PutReplay);
}

}  // namespace
}  // namespace farm::mutants
