// What the signer reads in a log by itself.
#include "farm/gate/history_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "farm/client/tiles.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/served_log.h"

namespace farm {
namespace {

TEST(HistoryReader, ReadsALogOfAnyLength) {
  const EvidenceMaker maker;
  ServedLog log(maker.Log(), maker.Key("log"));
  std::vector<std::string> leaves;
  for (std::uint64_t i = 0; i < 2 * kReadEntriesMax + 10; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
  }
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

}  // namespace
}  // namespace farm
