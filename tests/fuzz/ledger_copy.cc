// Any bytes are the copy of a release's rows, or an error; what was read is what is written of it,
// and its rows are a state with a stage, or an error.
#include "farm/release/ledger_copy.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/release/state.h"

namespace {

// As the ledger would have them.
std::vector<farm::Effect> RowsOf(const farm::CopiedRelease& copied) {
  std::vector<farm::Effect> rows;
  for (const farm::CopiedRow& row : copied.rows) {
    const auto digest = farm::Digest::Parse(row.digest);
    rows.push_back({row.kind, row.key, 1, digest ? *digest : farm::Digest(), row.note});
  }
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto copied = farm::ParseCopiedRelease(bytes, "fuzz");
  if (!copied) return 0;
  const std::string written = farm::WriteCopiedRelease(*copied);
  const auto again = farm::ParseCopiedRelease(written, "written");
  CHECK(again && *again == *copied);
  const auto state = farm::StateOf(RowsOf(*copied));
  if (!state) return 0;
  CHECK(!farm::Name(state->stage()).empty());
  CHECK(farm::IsEnd(state->stage()) == state->exit().has_value());
  return 0;
}
