#include "farm/base/amount.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace farm {
namespace {

TEST(Amount, OneThingIsNotMany) {
  EXPECT_EQ(Amount(std::size_t{0}, "line"), "0 lines");
  EXPECT_EQ(Amount(1, "line"), "1 line");
  EXPECT_EQ(Amount(std::int64_t{2}, "line"), "2 lines");
  EXPECT_EQ(Amount(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(Amount(12, "entry", "entries"), "12 entries");
}

}  // namespace
}  // namespace farm
