// What the signer reads in a log by itself.
#include "farm/gate/history_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "farm/client/tiles.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/served_log.h"

namespace farm {
namespace {

Bundle RequestBy(const EvidenceMaker& maker) {
  return maker.Sign(
      maker.Draft(Request{Sha256("manifest"), "hello", "1.0", "requester", 1'800'000'000},
                  "requester", 1'800'000'000));
}

TEST(HistoryReader, ReadsALogOfAnyLength) {
  const EvidenceMaker maker;
  ServedLog log(maker.Log(), maker.Key("log"));
  const Bundle request = RequestBy(maker);
  log.Put("/payload/" + request.PaeDigest().Hex(), request.envelope.PaeBytes());
  const std::vector<std::string> leaves(
      2 * kReadEntriesMax + 10,
      CanonicalizedBody(request.envelope, request.certificate, request.key()));
  log.Serve(leaves);
  HistoryReader reader(HistorySources{log.url(), "", {}});
  const HistoryQuery query{maker.root(), 0, {{maker.Log(), leaves.size()}}};
  // A bundle of the second portion is not there yet: the first one stays read.
  const std::string path =
      "/" + TilePath({TileId::kEntries, kReadEntriesMax / kTileWidth + 3, kTileWidth});
  const std::string bundle = log.Remove(path);
  EXPECT_EQ(reader.Read(query).error().Exit(), ExitCode::kUnavailable);
  log.Put(path, bundle);
  for (const char* time : {"first", "second"}) {
    const auto histories = reader.Read(query);
    ASSERT_TRUE(histories) << time << histories.error().message;
    ASSERT_EQ(histories->open->size(), leaves.size()) << time;
    EXPECT_EQ(histories->open->RootAt(leaves.size()), log.head().root) << time;
  }
}

// What cannot be read is kept, to be asked for again: not without an end.
TEST(HistoryReader, GoesNotOnInALogThatCannotBeRead) {
  const EvidenceMaker maker;
  ServedLog log(maker.Log(), maker.Key("log"));
  std::vector<std::string> leaves;
  for (std::uint64_t i = 0; i < 2 * kReadEntriesMax; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
  }
  log.Serve(leaves);
  HistoryReader reader(HistorySources{log.url(), "", {}});
  const HistoryQuery query{maker.root(), 0, {{maker.Log(), leaves.size()}}};
  for (const char* time : {"first", "second"}) {
    const auto histories = reader.Read(query);
    ASSERT_FALSE(histories) << time;
    EXPECT_EQ(histories.error().code, ErrorCode::kLimitExceeded) << histories.error().message;
  }
}

// Nothing of what could not be read is lost, and no restart is needed.  A log that does not answer
// is not asked for one payload after another: whoever waits for it waits for each.
TEST(HistoryReader, GoesOnWhenThePayloadsAreThere) {
  const EvidenceMaker maker;
  const Bundle request = RequestBy(maker);
  const std::vector<std::string> leaves(
      2 * kReadEntriesMax, CanonicalizedBody(request.envelope, request.certificate, request.key()));
  const struct {
    int status;
    ErrorCode refusal;
    int asked;
  } kRows[] = {{404, ErrorCode::kLimitExceeded, kReadEntriesMax},
               {503, ErrorCode::kUnavailable, 1}};
  for (const auto& row : kRows) {
    ServedLog log(maker.Log(), maker.Key("log"));
    log.Put("/payload/" + request.PaeDigest().Hex(), request.envelope.PaeBytes());
    log.Serve(leaves);
    log.AnswerPayloadsWith(row.status);
    HistoryReader reader(HistorySources{log.url(), "", {}});
    const HistoryQuery query{maker.root(), 0, {{maker.Log(), leaves.size()}}};
    for (int time = 1; time <= 2; ++time) {
      const auto refused = reader.Read(query);
      ASSERT_FALSE(refused) << row.status;
      EXPECT_EQ(refused.error().code, row.refusal) << refused.error().message;
      EXPECT_EQ(log.payloads_asked(), time * row.asked) << row.status;
    }
    log.AnswerPayloadsWith(200);
    const auto histories = reader.Read(query);
    ASSERT_TRUE(histories) << row.status << histories.error().message;
    EXPECT_EQ(histories->open->size(), leaves.size());
    EXPECT_TRUE(CheckReadable(*histories, maker.root()));
  }
}

}  // namespace
}  // namespace farm
