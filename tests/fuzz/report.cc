// No bytes make farm-replay sign a verdict that its own reader would not take, or a MATCH of
// nothing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/evidence/statement.h"
#include "farm/replay/replay.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto verdict = farm::VerdictOfReport(bytes, "regulator", 1'800'000'000);
  if (!verdict) return 0;
  const farm::ReplayVerdict& statement = verdict->statement;
  CHECK(farm::ParseStatementAs<farm::ReplayVerdict>(farm::WriteStatement(statement), "fuzz"));
  CHECK(statement.verdict != "MATCH" || !statement.rebuilt.empty());
  CHECK(farm::CheckMayBeSigned(*verdict, false).has_value() == verdict->development.empty());
  return 0;
}
