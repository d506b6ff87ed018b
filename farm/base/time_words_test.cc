#include "farm/base/time_words.h"

#include <gtest/gtest.h>

namespace farm {
namespace {

TEST(TimeWords, AtIsNowWhereNothingElseIsSaid) {
  const FixedClock clock(1'800'000'000);
  EXPECT_EQ(AtOrNow("", clock).value(), 1'800'000'000);
  EXPECT_EQ(AtOrNow("1970-01-01T00:01:00Z", clock).value(), 60);
  const auto bad = AtOrNow("tomorrow", clock);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidInput);
  EXPECT_TRUE(bad.error().message.starts_with("--at")) << bad.error().message;
}

TEST(TimeWords, DurationsHaveTheGreatestWholeUnit) {
  EXPECT_EQ(DurationWords(0), "0 seconds");
  EXPECT_EQ(DurationWords(1), "1 second");
  EXPECT_EQ(DurationWords(90), "90 seconds");
  EXPECT_EQ(DurationWords(3600), "1 hour");
  EXPECT_EQ(DurationWords(36 * 3600), "36 hours");
  EXPECT_EQ(DurationWords(86400), "1 day");
  EXPECT_EQ(DurationWords(14 * 86400), "14 days");
  EXPECT_EQ(DurationWords(86401), "86401 seconds");
}

}  // namespace
}  // namespace farm
