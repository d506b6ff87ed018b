#include "farm/release/ledger.h"

#include <gtest/gtest.h>

#include "farm/crypto/hash.h"
#include "farm/release/harness.h"

namespace farm {
namespace {

LedgerOptions In(const std::string& directory, UnixSeconds now = 100) {
  return LedgerOptions{directory, now, {}};
}

TEST(Ledger, RowsAreInsertedOnceAndTheFirstOneStays) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const auto ledger = Must(Ledger::Open(RealFileSystem(), In(directory.path() + "/l")));
  Must(ledger->Insert("r", {{"request.signed", "", "note", "first"}}));
  Must(ledger->Insert("r", {{"request.signed", "", "other", "second"}, {"lock", "", "", "x"}}));
  const auto rows = Must(ledger->Rows("r"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].note, "note");
  EXPECT_EQ(Must(ledger->Payload(rows[1].digest)), "first");
  EXPECT_EQ(rows[1].epoch, ledger->epoch());
  EXPECT_EQ(Must(ledger->Releases()), std::vector<std::string>{"r"});
}

TEST(Ledger, WhatWasInsertedIsThereAfterAStart) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const std::string path = directory.path() + "/l";
  const std::string bytes("nul \0 and more", 14);
  std::uint64_t epoch = 0;
  {
    const auto ledger = Must(Ledger::Open(RealFileSystem(), In(path)));
    Must(ledger->Insert("r", {{"lock", "", "", bytes}}));
    epoch = ledger->epoch();
  }
  const auto ledger = Must(Ledger::Open(RealFileSystem(), In(path)));
  EXPECT_EQ(Must(ledger->Payload(Sha256(bytes))), bytes);
  EXPECT_GT(ledger->epoch(), epoch);
}

TEST(Ledger, EpochGrowsEvenIfTheDatabaseOrTheWholeDirectoryIsGone) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const std::string path = directory.path() + "/l";
  const auto epoch_of_start = [&](UnixSeconds now) {
    return Must(Ledger::Open(RealFileSystem(), In(path, now)))->epoch();
  };
  EXPECT_EQ(epoch_of_start(1000), 1000u);
  EXPECT_EQ(epoch_of_start(900), 1001u);  // the clock went back
  Must(RealFileSystem().Remove(path + "/farm.db"));
  EXPECT_EQ(epoch_of_start(900), 1002u);
  Must(RemoveTree(path));
  EXPECT_EQ(epoch_of_start(2000), 2000u);
}

TEST(Ledger, RefusesASecondFarmdOnOneDirectory) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const std::string path = directory.path() + "/l";
  const auto first = Must(Ledger::Open(RealFileSystem(), In(path)));
  const auto second = Ledger::Open(RealFileSystem(), In(path));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(second.error().message.find("another farmd"), std::string::npos);
}

TEST(Ledger, InsertIsAllOrNothing) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  LedgerOptions options = In(directory.path() + "/l");
  bool fail = false;
  options.fault_for_test = [&](LedgerMoment moment) -> Status {
    if (fail && moment == LedgerMoment::kBeforeCommit) {
      return Error{ErrorCode::kUnavailable, "disk"};
    }
    return {};
  };
  const auto ledger = Must(Ledger::Open(RealFileSystem(), options));
  fail = true;
  EXPECT_FALSE(ledger->Insert("r", {{"a", "", "", "1"}, {"b", "", "", "2"}}));
  fail = false;
  EXPECT_TRUE(Must(ledger->Rows("r")).empty());
  const std::string large(kPayloadBytesMaxInLedger + 1, 'x');
  EXPECT_EQ(ledger->Insert("r", {{"a", "", "", large}}).error().code, ErrorCode::kLimitExceeded);
}

TEST(Ledger, RefusesADatabaseOfAnotherFormat) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const std::string path = directory.path() + "/l";
  Must(RealFileSystem().MakeDirectory(path));
  Must(WriteDurably(RealFileSystem(), path + "/farm.db", std::string(4096, 'x')));
  EXPECT_FALSE(Ledger::Open(RealFileSystem(), In(path)));
}

}  // namespace
}  // namespace farm
