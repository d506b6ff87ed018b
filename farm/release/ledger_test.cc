#include "farm/release/ledger.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>

#include "farm/crypto/hash.h"
#include "tests/support/release_harness.h"

namespace farm {
namespace {

LedgerOptions In(const std::string& directory, UnixSeconds now = 100) {
  return LedgerOptions{directory, now, {}};
}

// The connection that a ledger opens while this lives: only on it can be seen, and bounded, how
// SQLite writes.
class Connection {
 public:
  Connection() {
    opened_ = nullptr;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&Opened));
  }
  ~Connection() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&Opened)); }
  Connection(const Connection&) = delete;

  // The first value that an SQL text answers with.
  std::string Ask(const std::string& sql) const {
    std::string answer;
    const auto keep = [](void* text, int, char** values, char**) {
      *static_cast<std::string*>(text) = values[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(opened_, sql.c_str(), keep, &answer, nullptr), SQLITE_OK) << sql;
    return answer;
  }

 private:
  static int Opened(sqlite3* database, char**, const sqlite3_api_routines*) {
    opened_ = database;
    return SQLITE_OK;
  }
  static sqlite3* opened_;
};
sqlite3* Connection::opened_ = nullptr;

TEST(Ledger, WritesAsItsHeaderSays) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const Connection connection;
  const auto ledger = Must(Ledger::Open(RealFileSystem(), In(directory.path() + "/l")));
  EXPECT_EQ(connection.Ask("PRAGMA synchronous"), "3");  // EXTRA
  EXPECT_EQ(connection.Ask("PRAGMA journal_mode"), "delete");
  EXPECT_EQ(connection.Ask("PRAGMA locking_mode"), "exclusive");
}

TEST(Ledger, RemovesWhatACrashLeftOfItsEpoch) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const std::string path = directory.path() + "/l";
  (void)Must(Ledger::Open(RealFileSystem(), In(path)));
  const std::vector<std::string> names = Must(ListDirectory(path));
  for (const std::string name : {"/epoch.part.0123456789abcdef", "/epoch.part.4711.1"}) {
    Must(WriteDurably(RealFileSystem(), path + name, "half"));
  }
  (void)Must(Ledger::Open(RealFileSystem(), In(path)));
  EXPECT_EQ(Must(ListDirectory(path)), names);
}

TEST(Ledger, AFullDiskIsAnErrorAndLeavesNothing) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const std::string path = directory.path() + "/l";
  const std::string large(100'000, 'x');
  {
    const Connection connection;
    const auto ledger = Must(Ledger::Open(RealFileSystem(), In(path)));
    Must(ledger->Insert("r", {{"lock", "", "", "before"}}));
    connection.Ask("PRAGMA max_page_count = 1");  // never below what is there
    const Status full = ledger->Insert("r", {{"a", "", "", "1"}, {"b", "", "", large}});
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().Exit(), ExitCode::kUnavailable);
    EXPECT_NE(full.error().message.find(path + "/farm.db: database or disk is full"),
              std::string::npos)
        << full.error().message;
    EXPECT_EQ(Must(ledger->Rows("r")).size(), 1u);
    EXPECT_FALSE(ledger->broken());  // what is on the disk is known
  }
  const auto ledger = Must(Ledger::Open(RealFileSystem(), In(path)));
  EXPECT_EQ(Must(ledger->Rows("r")).size(), 1u);
  EXPECT_FALSE(ledger->Payload(Sha256("1")));
  Must(ledger->Insert("r", {{"a", "", "", "1"}, {"b", "", "", large}}));
  EXPECT_EQ(Must(ledger->Rows("r")).size(), 3u);
}

// The kernel cuts a write short: nobody knows what is on the disk until the next start.
TEST(Ledger, AFailedWriteStopsItAndLeavesNothing) {
  const TemporaryDirectory directory = Must(TemporaryDirectory::Make(""));
  const std::string path = directory.path() + "/l";
  const std::string large(4 << 20, 'x');
  {
    const auto ledger = Must(Ledger::Open(RealFileSystem(), In(path)));
    Must(ledger->Insert("r", {{"lock", "", "", "before"}}));
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit = {};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlimit small = {1 << 20, limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const Status failed = ledger->Insert("r", {{"a", "", "", "1"}, {"b", "", "", large}});
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    std::signal(SIGXFSZ, before);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().Exit(), ExitCode::kUnavailable);
    EXPECT_TRUE(ledger->broken());
    EXPECT_FALSE(ledger->Insert("r", {{"c", "", "", "2"}}));
  }
  const auto ledger = Must(Ledger::Open(RealFileSystem(), In(path)));
  EXPECT_EQ(Must(ledger->Rows("r")).size(), 1u);
  EXPECT_FALSE(ledger->Payload(Sha256("1")));
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
