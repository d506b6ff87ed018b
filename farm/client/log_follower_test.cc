#include "farm/client/log_follower.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "farm/evidence/bundle.h"
#include "tests/support/served_log.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";

class LogFollowerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    envelope_.payload_type = "text";
    envelope_.payload = "what was said";
    envelope_.signature = person_.Sign(envelope_.PaeBytes());
    log_.Put("/payload/" + envelope_.PaeDigest().Hex(), envelope_.PaeBytes());
  }

  // Entries with a payload, but for those whose bytes name none.
  void Serve(std::size_t size, const std::vector<std::size_t>& nameless = {}) {
    std::vector<std::string> leaves(
        size, CanonicalizedBody(envelope_, std::nullopt, person_.public_key()));
    for (const std::size_t index : nameless) leaves.at(index) = "no entry of the farm's";
    log_.Serve(leaves);
  }

  // What one call gives: indices, those without a payload as ~index.
  Status Follow(LogFollower::Take take) {
    given_.clear();
    ASSIGN_OR_RETURN(const WitnessedHead head, follower_.reader().Head());
    return follower_.Follow(head, [&](std::uint64_t index, const std::string& leaf,
                                      const Result<std::string>& payload) {
      given_.push_back(payload ? index : ~index);
      EXPECT_EQ(payload.value_or(envelope_.PaeBytes()), envelope_.PaeBytes());
      return take(index, leaf, payload);
    });
  }
  static bool WithPayload(std::uint64_t, const std::string&, const Result<std::string>& payload) {
    return payload.has_value();
  }

  const PrivateKey person_ = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kEd25519);
  Envelope envelope_;
  ServedLog log_{kOrigin, key_};
  LogFollower follower_{*LogReader::Open(log_.url(), {kOrigin, key_.public_key(), {}, 0})};
  std::vector<std::uint64_t> given_;
};

using Indices = std::vector<std::uint64_t>;

TEST_F(LogFollowerTest, GivesEachOnceAndTheRefusedAgain) {
  Serve(3);
  const auto refuse_one = [](std::uint64_t index, auto&&...) { return index != 1; };
  ASSERT_TRUE(Follow(refuse_one));
  EXPECT_EQ(given_, (Indices{0, 1, 2}));
  Serve(5);
  ASSERT_TRUE(Follow(refuse_one));
  EXPECT_EQ(given_, (Indices{1, 3, 4}));
  ASSERT_TRUE(Follow([](auto&&...) { return true; }));
  EXPECT_EQ(given_, Indices{1});
  ASSERT_TRUE(Follow(refuse_one));
  EXPECT_EQ(given_, Indices{});
  EXPECT_EQ(follower_.entries_read(), 5u);
}

TEST_F(LogFollowerTest, AnEntryWithoutAPayloadIsGivenAndComesAgain) {
  Serve(3, {1});
  for (const Indices& want : {Indices{0, ~std::uint64_t{1}, 2}, Indices{~std::uint64_t{1}}}) {
    ASSERT_TRUE(Follow(WithPayload));
    EXPECT_EQ(given_, want);
  }
}

// All of the portion are given, for the reader gives none twice; one is asked for.
TEST_F(LogFollowerTest, ALogThatDoesNotAnswerIsAskedOnce) {
  Serve(3);
  log_.AnswerPayloadsWith(503);
  EXPECT_EQ(Follow(WithPayload).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(given_, (Indices{~std::uint64_t{0}, ~std::uint64_t{1}, ~std::uint64_t{2}}));
  EXPECT_EQ(Follow(WithPayload).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(given_, Indices{});
  EXPECT_EQ(log_.payloads_asked(), 2);
  log_.AnswerPayloadsWith(200);
  ASSERT_TRUE(Follow(WithPayload));
  EXPECT_EQ(given_, (Indices{0, 1, 2}));
}

TEST_F(LogFollowerTest, WhatIsKeptHasAnEnd) {
  Serve(kReadEntriesMax + 10);
  const Status full = Follow([](auto&&...) { return false; });
  EXPECT_EQ(full.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(full.error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(given_.size(), kReadEntriesMax);
  ASSERT_TRUE(Follow([](auto&&...) { return true; }));
  EXPECT_EQ(given_.size(), kReadEntriesMax + 10);
}

}  // namespace
}  // namespace farm
