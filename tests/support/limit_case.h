// A limit of a reader: what has exactly that size is read, or refused for something else; one more
// is refused, and the message says by which field.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "farm/base/result.h"

namespace farm {

struct Limit {
  std::string name;
  std::size_t max;
  std::string says;  // in the message of one more
  std::function<Status(std::size_t size)> read;
  bool read_at_max = true;  // false: nothing good can have that size
};

inline void PrintTo(const Limit& limit, std::ostream* out) { *out << limit.name; }

inline void ExpectBothSidesOf(const Limit& limit) {
  const Status at = limit.read(limit.max);
  EXPECT_EQ(at.has_value(), limit.read_at_max) << (at ? "" : at.error().message);
  if (!at) {
    EXPECT_THAT(at.error().message, testing::Not(testing::HasSubstr(limit.says)));
  }
  const Status past = limit.read(limit.max + 1);
  ASSERT_FALSE(past.has_value());
  EXPECT_THAT(past.error().message, testing::HasSubstr(limit.says));
}

template <typename T>
Status StatusOf(const Result<T>& result) {
  if (!result) return result.error();
  return {};
}

}  // namespace farm
