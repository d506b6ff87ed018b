#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/file_lock.h"
#include "farm/base/files.h"
#include "farm/base/found_file.h"
#include "farm/base/parallel.h"
#include "farm/base/process.h"
#include "tests/support/hooked_files.h"

namespace farm {
namespace {

TEST(Hex, RoundTripsAndRefusesOtherDigits) {
  EXPECT_EQ(HexEncode(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(HexDecode("00ff1a").value(), std::string("\x00\xff\x1a", 3));
  for (const char* bad : {"0", "0G", "FF", "0x"}) EXPECT_FALSE(HexDecode(bad)) << bad;
}

TEST(Base64, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)).value(), bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64, HasOneTextForOneByteString) {
  EXPECT_EQ(Base64Encode("ab"), "YWI=");
  for (const char* bad : {"YWI", "YWJ=", "YW==YWI=", "YWI-", "=AAA", "YW I", "Y===", "YR=="}) {
    EXPECT_FALSE(Base64Decode(bad)) << bad;
  }
}

TEST(Decimal, RefusesSignsLeadingZerosAndOverflow) {
  EXPECT_EQ(ParseDecimal("0", 10).value(), 0U);
  EXPECT_EQ(ParseDecimal("18446744073709551615", ~0ULL).value(), ~0ULL);
  for (const char* bad : {"", "01", "-1", "+1", "11", "18446744073709551616", " 1"}) {
    EXPECT_FALSE(ParseDecimal(bad, 10)) << bad;
  }
}

TEST(Utf8, RefusesOverlongSurrogateAndTruncated) {
  EXPECT_TRUE(IsUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xff", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(Digest, ParsesOnlyItsOwnText) {
  const std::string hex(64, 'a');
  EXPECT_EQ(Digest::Parse("sha256:" + hex).value().Text(), "sha256:" + hex);
  for (const std::string& bad : {hex, "sha256:" + hex + "a", "sha256:" + hex.substr(1),
                                 "sha256:" + std::string(64, 'A'), "sha512:" + hex}) {
    EXPECT_FALSE(Digest::Parse(bad)) << bad;
  }
}

TEST(Time, NeverStopsTheProgram) {
  EXPECT_EQ(FormatTime(kUnixSecondsMax), "9999-12-31T23:59:59Z");
  EXPECT_EQ(FormatTime(-62'167'219'200), "0000-01-01T00:00:00Z");
  for (const UnixSeconds time : {kUnixSecondsMax + 1, UnixSeconds{1} << 62, INT64_MAX,
                                 UnixSeconds{-62'167'219'201}, INT64_MIN}) {
    EXPECT_EQ(FormatTime(time), std::to_string(time) + " s");
    EXPECT_FALSE(ParseTime(FormatTime(time)));
  }
}

TEST(Time, RoundTrips) {
  for (const UnixSeconds time : {0LL, 951782399LL, 951782400LL, 1795477230LL, 4102444800LL}) {
    EXPECT_EQ(ParseTime(FormatTime(time)).value(), time);
  }
  for (const char* bad : {"2026-02-30T00:00:00Z", "2026-11-23 23:40:30Z", "2026-11-23T24:00:00Z",
                          "2026-11-23T23:40:30+00:00", ""}) {
    EXPECT_FALSE(ParseTime(bad)) << bad;
  }
}

TEST(Files, WriteDurablyReplacesWholeContent) {
  const auto directory = TemporaryDirectory::Make("");
  ASSERT_TRUE(directory);
  const std::string path = JoinPath(directory->path(), "a");
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "one"));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "two"));
  EXPECT_EQ(ReadFile(path, 3).value(), "two");
  EXPECT_EQ(ReadFile(path, 2).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(ReadFile(path + "x", 2).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ListDirectory(directory->path()).value(), std::vector<std::string>{"a"});
}

TEST(Files, WriteDurablyTakesNoNameThatOthersCouldKnow) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "a");
  const std::string start = path + ".part.";
  std::set<std::string> names;
  HookedFiles files;
  files.hook = [&](const std::string& step, const std::string& name) -> Status {
    if (step != "create") return {};
    EXPECT_TRUE(name.starts_with(start)) << name;
    const std::string random = name.substr(std::min(start.size(), name.size()));
    EXPECT_TRUE(random.size() == 16 && HexDecode(random)) << name;
    EXPECT_TRUE(names.insert(random).second) << name;
    return {};
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(WriteDurably(files, path, "bytes"));
  EXPECT_EQ(names.size(), 20u);
  // In no order that could be continued: those of a counter would share their beginning.
  std::set<std::string> beginnings;
  for (const std::string& name : names) beginnings.insert(name.substr(0, 8));
  EXPECT_GT(beginnings.size(), 15u);
}

// Even for somebody who knew the name: what lies there is not written to, nor what a link names.
TEST(Files, WriteDurablyWritesToNothingThatWasThereBefore) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "a");
  const std::string other = JoinPath(directory.path(), "other");
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "old"));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), other, "other"));
  const std::function<int(const std::string&)> deeds[] = {
      [&](const std::string& name) { return symlink(other.c_str(), name.c_str()); },
      [&](const std::string& name) { return symlink("none", name.c_str()); },
      [&](const std::string& name) { return link(other.c_str(), name.c_str()); },
      [&](const std::string& name) { return mkfifo(name.c_str(), 0600); },
  };
  for (const auto& deed : deeds) {
    HookedFiles files;
    files.hook = [&](const std::string& step, const std::string& name) -> Status {
      if (step != "create") return {};
      EXPECT_EQ(deed(name), 0);
      return {};
    };
    const Status written = WriteDurably(files, path, "new");
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find("File exists"), std::string::npos)
        << written.error().message;
    EXPECT_EQ(ReadFile(path, 10).value(), "old");
    EXPECT_EQ(ReadFile(other, 10).value(), "other");
    EXPECT_FALSE(FileExists(JoinPath(directory.path(), "none")));
  }
}

TEST(Files, WriteDurablyLeavesNothingWhereItFails) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "a");
  ASSERT_TRUE(MakeDirectories(path + "/full", 0755));
  EXPECT_FALSE(WriteDurably(RealFileSystem(), path, "bytes"));  // a folder has the name
  EXPECT_EQ(ListDirectory(directory.path()).value(), std::vector<std::string>{"a"});
}

TEST(Files, ASecretIsItsOwnersAloneFromTheFirstMoment) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "key.pem");
  const auto mode_of = [](const std::string& name) {
    struct stat status = {};
    EXPECT_EQ(stat(name.c_str(), &status), 0) << name;
    return status.st_mode & 07777;
  };
  const mode_t mask = umask(0);  // it does not depend on the caller's
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "open"));
  EXPECT_EQ(mode_of(path), 0644U);
  const int reader = open(path.c_str(), O_RDONLY | O_CLOEXEC);  // somebody who waits for the key
  ASSERT_GE(reader, 0);
  HookedFiles files;
  std::vector<mode_t> modes;
  files.hook = [&](const std::string& step, const std::string& name) -> Status {
    if (step == "secret created" || step == "rename") modes.push_back(mode_of(name));
    return {};
  };
  EXPECT_TRUE(WriteSecretDurably(files, path, "secret"));
  umask(mask);
  EXPECT_EQ(modes, (std::vector<mode_t>{0600, 0600}));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(ReadFile(path, 10).value(), "secret");
  char bytes[10] = {};
  EXPECT_EQ(read(reader, bytes, sizeof bytes), 4);
  EXPECT_EQ(std::string(bytes), "open");
  close(reader);
  EXPECT_EQ(ListDirectory(directory.path()).value(), std::vector<std::string>{"key.pem"});
  // What has the name that is written to first is not touched.
  files.hook = [&](const std::string& step, const std::string& name) -> Status {
    if (step != "create") return {};
    EXPECT_EQ(symlink(path.c_str(), name.c_str()), 0);
    return {};
  };
  EXPECT_FALSE(WriteSecretDurably(files, path, "another"));
  EXPECT_EQ(ReadFile(path, 10).value(), "secret");
}

TEST(Files, WhatACrashLeftIsRemovedAndNothingElse) {
  const auto directory = *TemporaryDirectory::Make("");
  const auto path = [&](const std::string& name) { return JoinPath(directory.path(), name); };
  const std::string random = "0123456789abcdef";
  std::vector<std::string> others = {".part." + random,         "a",
                                     "a.part.0123456789abcdeF", "a.part.0123456789abcde",
                                     "a.part." + random + "0",  "a.part." + random + ".txt",
                                     "a.part" + random};
  for (const std::string older : {".part.4711.1", "a.part.4711", "a.part.4711.", "a.part..1",
                                  "a.part.4711.1x", "a.part.4711.1.1"}) {
    others.push_back(older);
  }
  for (const std::string& name : others) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), path(name), "x"));
  }
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path("a.part." + random), "x"));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path("b.part.1.part.fedcba9876543210"), "x"));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path("c.part.4711.1"), "x"));
  ASSERT_TRUE(MakeDirectories(path("folder.part." + random), 0755));
  ASSERT_TRUE(RemoveUnfinished(RealFileSystem(), directory.path()));
  std::vector<std::string> left = others;
  left.push_back("folder.part." + random);
  std::sort(left.begin(), left.end());
  EXPECT_EQ(ListDirectory(directory.path()).value(), left);
  EXPECT_EQ(RemoveUnfinished(RealFileSystem(), path("none")).error().code, ErrorCode::kNotFound);
}

TEST(Files, TwoDirectoriesChangePlaces) {
  const auto directory = *TemporaryDirectory::Make("");
  const auto path = [&](const std::string& name) { return JoinPath(directory.path(), name); };
  ASSERT_TRUE(RealFileSystem().MakeDirectory(path("a")));
  ASSERT_TRUE(RealFileSystem().MakeDirectory(path("b")));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path("a/one"), "1"));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path("b/two"), "2"));
  ASSERT_TRUE(RealFileSystem().Exchange(path("a"), path("b")));
  EXPECT_EQ(ReadFile(path("a/two"), 1).value(), "2");
  EXPECT_EQ(ReadFile(path("b/one"), 1).value(), "1");
  EXPECT_EQ(RealFileSystem().Exchange(path("a"), path("c")).error().code, ErrorCode::kNotFound);
}

TEST(Files, ATreeIsRemovedThroughTheSeamWithoutFollowingLinks) {
  const auto directory = *TemporaryDirectory::Make("");
  const auto path = [&](const std::string& name) { return JoinPath(directory.path(), name); };
  EXPECT_TRUE(RemoveTree(RealFileSystem(), path("none")));
  ASSERT_TRUE(MakeDirectories(path("tree/a/b"), 0755));
  ASSERT_TRUE(MakeDirectories(path("tree/c"), 0755));
  ASSERT_TRUE(MakeDirectories(path("other"), 0755));
  for (const char* name : {"tree/a/b/file", "tree/file", "other/file", "single"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), path(name), "x"));
  }
  ASSERT_EQ(symlink(path("other").c_str(), path("tree/a/link").c_str()), 0);
  EXPECT_TRUE(RemoveTree(RealFileSystem(), path("tree")));
  EXPECT_TRUE(RemoveTree(RealFileSystem(), path("single")));
  EXPECT_EQ(ListDirectory(directory.path()).value(), std::vector<std::string>{"other"});
  EXPECT_TRUE(FileExists(path("other/file")));
}

// What cannot be synced is refused, so the kernel has been asked.
TEST(Files, SyncAsksTheKernel) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  auto file = RealFileSystem().Create(path, true);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE((*file)->Append("x"));
  const Status synced = (*file)->Sync();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(synced.error().message, "syncing " + path + ": Invalid argument");
  close(reader);
}

TEST(Files, WhatIsFoundInAFolderKeepsNobodyWaiting) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "found");
  EXPECT_EQ(ReadFoundFile(path, 5).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "bytes"));
  EXPECT_EQ(ReadFoundFile(path, 5).value(), "bytes");
  EXPECT_EQ(ReadFoundFile(path, 4).error().code, ErrorCode::kLimitExceeded);
  const std::string pipe_path = JoinPath(directory.path(), "pipe");
  const std::string link = JoinPath(directory.path(), "link");
  ASSERT_EQ(mkfifo(pipe_path.c_str(), 0600), 0);
  ASSERT_EQ(symlink("pipe", link.c_str()), 0);
  for (const std::string& bad : {pipe_path, link, directory.path(), std::string("/dev/null")}) {
    const auto read = ReadFoundFile(bad, 5);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().Exit(), ExitCode::kUsage) << bad;
    EXPECT_EQ(read.error().message, bad + ": is a pipe, a device or a folder, want a regular file");
    const Status pieces = ReadFoundFileInPieces(bad, [](std::string_view) { return Status(); });
    ASSERT_FALSE(pieces) << bad;
    EXPECT_EQ(pieces.error().message, read.error().message);
  }
}

TEST(Files, ALinkThatLeadsNowhereIsNotNothing) {
  const auto directory = *TemporaryDirectory::Make("");
  const auto path = [&](const std::string& name) { return JoinPath(directory.path(), name); };
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path("file"), "bytes"));
  const struct {
    const char* name;
    const char* to;
    bool leads_nowhere;
  } kRows[] = {{"to_a_file", "file", false},
               {"to_a_folder", ".", false},
               {"to_nothing", "nothing", true},
               {"below_a_file", "file/nothing", true},
               {"to_itself", "to_itself", true}};
  for (const auto& row : kRows) {
    ASSERT_EQ(symlink(row.to, path(row.name).c_str()), 0);
    const auto is_there = IsThere(path(row.name));
    ASSERT_EQ(is_there.has_value(), !row.leads_nowhere) << row.name;
    if (is_there) {
      EXPECT_TRUE(*is_there) << row.name;
      continue;
    }
    EXPECT_EQ(is_there.error().Exit(), ExitCode::kUsage) << row.name;
    EXPECT_EQ(is_there.error().message,
              path(row.name) + ": is a link that leads nowhere; mend it or take it away");
  }
  EXPECT_TRUE(IsThere(path("file")).value());
  EXPECT_FALSE(IsThere(path("nothing")).value());
  EXPECT_FALSE(IsThere(path("file/nothing")).value());
}

TEST(Files, SyncDirectoryAsksTheKernel) {
  const auto directory = *TemporaryDirectory::Make("");
  EXPECT_TRUE(RealFileSystem().SyncDirectory(directory.path()));
  const Status synced = RealFileSystem().SyncDirectory("/proc/self");
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().message, "syncing directory /proc/self: Invalid argument");
}

TEST(FileLock, IsHeldByOneAtATime) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "lock");
  {
    const auto lock = FileLock::Take(path, "held");
    ASSERT_TRUE(lock) << lock.error().message;
    const auto second = FileLock::Take(path, "held by another");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message, path + ": held by another");
    EXPECT_EQ(second.error().Exit(), ExitCode::kUnavailable);
  }
  EXPECT_TRUE(FileLock::Take(path, "held"));
  EXPECT_EQ(FileLock::Take(path + "/x", "held").error().code, ErrorCode::kUnavailable);
}

TEST(FileLock, FollowsNoLink) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "lock");
  ASSERT_EQ(symlink("elsewhere", path.c_str()), 0);
  EXPECT_EQ(FileLock::Take(path, "held").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(FileLock::WaitFor(path, std::chrono::milliseconds(0)).error().code,
            ErrorCode::kUnavailable);
  EXPECT_FALSE(FileExists(JoinPath(directory.path(), "elsewhere")));
}

TEST(FileLock, WaitsNoLongerThanItMay) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(directory.path(), "lock");
  const std::chrono::milliseconds none{0};
  {
    const auto lock = FileLock::WaitFor(path, none);
    ASSERT_TRUE(lock) << lock.error().message;
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);  // nobody else's to open
    const auto second = FileLock::WaitFor(path, none);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().Exit(), ExitCode::kUnavailable);
    EXPECT_NE(second.error().message.find("another process has held its lock"), std::string::npos);
  }
  EXPECT_TRUE(FileLock::WaitFor(path, none));
}

// Descriptors of this process on the file that has the name, or that had it and is removed.
std::size_t OpenOn(const std::string& path) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) == path) ++count;
  }
  return count;
}

// Somebody waits for the lock while `path` is changed by `replace`, which gives who holds the new
// file, if anybody does; then the old one is let go of.
struct Replaced {
  bool waited_for_the_new = false;
  bool taken = false;
  bool shuts_out = false;
};
Replaced WaitWhileReplaced(const std::string& path,
                           const std::function<std::optional<FileLock>()>& replace) {
  Replaced seen;
  std::optional<FileLock> old = *FileLock::Take(path, "held");
  std::atomic<bool> done{false};
  std::optional<FileLock> taken;
  std::thread waiter([&] {
    auto lock = FileLock::WaitFor(path, kLockWaitMax);
    if (lock) taken = *std::move(lock);
    done = true;
  });
  while (OpenOn(path) < 2 && !done) std::this_thread::yield();
  std::optional<FileLock> holder = replace();
  old.reset();
  if (holder) {
    while (OpenOn(path) < 2 && !done) std::this_thread::yield();
    seen.waited_for_the_new = !done;
    holder.reset();
  }
  waiter.join();
  seen.taken = taken.has_value();
  seen.shuts_out = !FileLock::Take(path, "held");
  return seen;
}

TEST(FileLock, IsNotThatOfAFileThatHasLostItsName) {
  const auto directory = *TemporaryDirectory::Make("");
  const std::string path = JoinPath(std::filesystem::canonical(directory.path()).string(), "lock");
  const Replaced held = WaitWhileReplaced(path, [&]() -> std::optional<FileLock> {
    EXPECT_EQ(unlink(path.c_str()), 0);
    return *FileLock::Take(path, "held");  // of another file: nobody sees that the old one is held
  });
  EXPECT_TRUE(held.waited_for_the_new);
  EXPECT_TRUE(held.taken);
  EXPECT_TRUE(held.shuts_out);
  const Replaced removed = WaitWhileReplaced(path, [&]() -> std::optional<FileLock> {
    EXPECT_EQ(unlink(path.c_str()), 0);
    return std::nullopt;
  });
  EXPECT_TRUE(removed.taken);
  EXPECT_TRUE(removed.shuts_out);
  const Replaced made_anew = WaitWhileReplaced(path, [&]() -> std::optional<FileLock> {
    const std::string other = path + ".other";
    EXPECT_TRUE(FileLock::Take(other, "held"));
    EXPECT_EQ(rename(other.c_str(), path.c_str()), 0);
    return std::nullopt;
  });
  EXPECT_TRUE(made_anew.taken);
  EXPECT_TRUE(made_anew.shuts_out);
}

TEST(Process, GivesOutputExitCodeAndNothingOfOurEnvironment) {
  ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c", "cat; echo \"$HOME$A\"; echo bad >&2; exit 3"};
  spec.environment = {"A=b"};
  spec.standard_input = std::string(200000, 'x');
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, std::string(200000, 'x') + "b\n");
  EXPECT_EQ(result->error_output, "bad\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST(Process, EndsWhenCancelledAndNamesAMissingProgram) {
  ProcessSpec spec;
  spec.argv = {"/bin/sleep", "1000"};
  spec.cancelled = [] { return true; };
  EXPECT_TRUE(RunProcess(spec).value().cancelled);
  spec.argv = {"no-such-program-here"};
  EXPECT_EQ(RunProcess(spec).error().code, ErrorCode::kNotFound);
}

TEST(Error, MapsToTheExitCodesOfTheDesign) {
  EXPECT_EQ((Error{ErrorCode::kInvalidInput, ""}.Exit()), ExitCode::kUsage);
  EXPECT_EQ((Error{ErrorCode::kMismatch, "", ExitCode::kApproval}.Exit()), ExitCode::kApproval);
  EXPECT_EQ(Worse(ExitCode::kProved, ExitCode::kDissent), ExitCode::kDissent);
  EXPECT_EQ(Worse(ExitCode::kDissent, ExitCode::kQuorum), ExitCode::kQuorum);
}

TEST(ForEachInParallel, DoesEachPieceOnceAndNumbersItsThreads) {
  for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
    std::vector<std::atomic<int>> done(count);
    std::array<int, kParallelThreadsMax> of_thread = {};  // each thread has its own
    ForEachInParallel(count, [&](std::size_t index, std::size_t thread) {
      ++done.at(index);
      ++of_thread.at(thread);
    });
    int all = 0;
    for (const int number : of_thread) all += number;
    EXPECT_EQ(all, static_cast<int>(count));
    for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
  }
}

}  // namespace
}  // namespace farm
