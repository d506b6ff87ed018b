// The parts that are functions of their arguments only.
#include <gtest/gtest.h>

#include "sandbox/authority.h"
#include "sandbox/collect.h"
#include "sandbox/confine.h"
#include "sandbox/inspect.h"
#include "sandbox/outcome.h"
#include "sandbox/spec.h"
#include "sandbox/system.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

TEST(Processor, IsTheFirstOneWithItsFlagsSorted) {
  Processor two = ParseProcessor(
      "processor\t: 0\nmodel name\t: A: B 5\nflags\t\t: sse2 aes  fpu\nbugs\t\t: x\n\n"
      "processor\t: 1\nmodel name\t: other\nflags\t\t: zzz\n\n");
  EXPECT_EQ(two.model, "A: B 5");
  EXPECT_EQ(two.flags, "aes fpu sse2");
  EXPECT_EQ(ParseProcessor("Features\t: fp asimd\n\n").flags, "asimd fp");
  EXPECT_EQ(ParseProcessor("").model, "");
  EXPECT_EQ(ParseProcessor("\n:\nflags\n").flags, "");
}

TEST(Text, KnowsUtf8) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
  const char* bad[] = {"\xff", "\xc3",     "\xc0\x80",        "\xed\xa0\x80", "\xf4\x90\x80\x80",
                       "\x80", "\xe2\x82", "\xf0\x80\x80\x80"};
  for (const char* text : bad) EXPECT_FALSE(IsUtf8(text)) << text;
}

TEST(Text, JsonIsAscii) {
  EXPECT_EQ(JsonString("a\"\\\n\x7f"), "\"a\\\"\\\\\\u000a\\u007f\"");
  EXPECT_EQ(JsonString("\xc3\xa4\xf0\x9f\x98\x80"), "\"\\u00e4\\ud83d\\ude00\"");
  EXPECT_EQ(JsonString("\xff|"), "\"\\ufffd|\"");
}

TEST(Text, WhatGoesToATerminalIsOnlyRead) {
  struct Row {
    const char* name;
    std::string bytes;
    std::string plain;
  };
  const Row rows[] = {
      {"lines", "a\tb\r\nc\n", "a\tb\r\nc\n"},
      {"other alphabets", "\xc3\xa4\xe2\x82\xac\xc2\xa0", "\xc3\xa4\xe2\x82\xac\xc2\xa0"},
      {"an escape sequence", "\x1b]0;title\x07", "?]0;title?"},
      {"NUL and DEL", std::string("a\0b\x7f", 4), "a?b?"},
      {"an escape sequence in two bytes of UTF-8",
       "\xc2\x9b"
       "2J",
       "\xc2?2J"},
  };
  for (const Row& row : rows) {
    unsigned char before = 0;
    EXPECT_EQ(ForTerminal(row.bytes, &before), row.plain) << row.name;
    // However it is cut.
    std::string plain;
    before = 0;
    for (char byte : row.bytes) plain += ForTerminal(std::string_view(&byte, 1), &before);
    EXPECT_EQ(plain, row.plain) << row.name;
  }
}

TEST(Collect, SymlinkStaysInside) {
  struct Row {
    const char* target;
    std::size_t depth;
    bool inward;
  };
  const Row rows[] = {
      {"a", 0, true},
      {"a/b", 0, true},
      {"./a", 0, true},
      {"../a", 1, true},
      {"../../a", 2, true},
      {"..", 1, true},
      {"/etc/passwd", 9, false},
      {"", 0, false},
      {"../a", 0, false},
      {"../../a", 1, false},
      // Through a link, ".." after a name leads elsewhere than it seems to.
      {"a/../b", 5, false},
      {"a/..", 5, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(IsInwardTarget(row.target, row.depth), row.inward) << row.target << row.depth;
  }
}

TEST(Collect, NamesArePlain) {
  EXPECT_TRUE(IsPlainText("a b\xc3\xa4 \xe2\x80\xa6"));
  // U+009B, which some terminals take for an escape sequence; U+2028; U+202E and U+2067, which show
  // the rest from right to left.
  for (const char* name : {"a\nb", "a\x1b[2J", "\x7f", "\xff",
                           "a\xc2\x9b"
                           "b",
                           "a\xe2\x80\xa8",
                           "txt.\xe2\x80\xae"
                           "exe",
                           "\xe2\x81\xa7x"}) {
    EXPECT_FALSE(IsPlainText(name)) << name;
  }
}

TEST(Spec, PathsBelowBuild) {
  EXPECT_EQ(*BelowBuild("/build/a/b"), "a/b");
  EXPECT_EQ(*BelowBuild("/build"), ".");
  for (const char* path : {"/build/", "/build//a", "/build/./a", "/build/../a", "/buildx",
                           "build/a", "", "/", "/etc"}) {
    EXPECT_FALSE(BelowBuild(path).ok()) << path;
  }
  EXPECT_FALSE(BelowBuild("/build/" + std::string(256, 'x')).ok());
}

TEST(IdMap, NeverGivesAwayHostRoot) {
  EXPECT_TRUE(VerifyIdMap("         0    1000000      65536\n").ok());
  EXPECT_FALSE(VerifyIdMap("         0          0          1\n").ok());
  EXPECT_FALSE(VerifyIdMap("0 1000 1\n1 0 1\n").ok());
  EXPECT_FALSE(VerifyIdMap("").ok());
  EXPECT_FALSE(VerifyIdMap("nonsense\n").ok());
}

TEST(Namespaces, ThoseOfAnOrdinaryChildAreNotNew) {
  Status status = VerifyNamespaces(getpid());
  EXPECT_EQ(status.message(), "a wall is missing: user namespace");
}

TEST(Namespaces, ACgroupIsTheRootOfWhatItsProcessSees) {
  EXPECT_TRUE(VerifyCgroupNamespace("0::/\n").ok());
  EXPECT_TRUE(VerifyCgroupNamespace("4:memory:/\n1:name=systemd:/\n0::/\n").ok());
  for (const char* text :
       {"0::/user.slice\n", "4:memory:/farm/a\n0::/\n", "0::/../b\n", "0::\n", "", "nonsense\n"}) {
    EXPECT_FALSE(VerifyCgroupNamespace(text).ok()) << text;
  }
}

// As where the host's was only covered: a wall of which the first look at /proc says nothing.
TEST(Namespaces, TheHostsProcIsNotBeneathOurs) {
  const std::string root = "1 0 0:1 / / ro - overlay overlay ro\n";
  const std::string own = "2 1 0:2 / /proc rw,nosuid - proc proc rw\n";
  const std::string masked = "3 2 0:3 /file /proc/kcore ro - tmpfs tmpfs ro\n";
  const std::string bound = "4 1 0:4 / /build/proc ro - proc proc rw\n";
  const std::string hosts = "5 1 0:4 / /tmp rw - proc proc rw\n6 1 0:3 /tmp /tmp rw - tmpfs t rw\n";
  EXPECT_TRUE(VerifyProcMounts(root + own + masked + bound, 1).ok());
  EXPECT_FALSE(VerifyProcMounts(root + own + masked + hosts, 1).ok());
  EXPECT_FALSE(VerifyProcMounts(root + own + own + masked, 1).ok());
  EXPECT_TRUE(VerifyProcMounts(root + own + own, 2).ok());
  EXPECT_FALSE(VerifyProcMounts(root, 1).ok());
}

TEST(Authority, FindsTheCallersRange) {
  const std::string text = "other:100:10\nme:200000:65536\nme:1:1\n";
  EXPECT_EQ(FindSubordinateRange(text, "me", 7).base, 200000u);
  EXPECT_EQ(FindSubordinateRange(text, "", 7).count, 0u);
  EXPECT_EQ(FindSubordinateRange("7:300:5\n", "", 7).base, 300u);
  for (const char* bad : {"me:0:65536", "me:1", "me:x:1", "me:1:0", "me:4294967295:2", ""}) {
    EXPECT_EQ(FindSubordinateRange(bad, "me", 7).count, 0u) << bad;
  }
}

TEST(Authority, GivesAwayOnlyWhatIsMappedHere) {
  EXPECT_TRUE(IsMapped("0 0 4294967295\n", {200000, 65536}));
  EXPECT_FALSE(IsMapped("0 0 1\n", {200000, 65536}));
  EXPECT_FALSE(IsMapped("0 0 200001\n", {200000, 65536}));
  EXPECT_FALSE(IsMapped("0 0 4294967295\n", {}));
}

TEST(Numbers, AreDigitsWithinTheirLimit) {
  std::uint64_t value = 0;
  EXPECT_TRUE(ParseNumber("0", 0, &value));
  EXPECT_TRUE(ParseNumber("18446744073709551615", UINT64_MAX, &value));
  EXPECT_FALSE(ParseNumber("18446744073709551616", UINT64_MAX, &value));
  EXPECT_FALSE(ParseNumber("11", 10, &value));
  EXPECT_TRUE(ParseNumber("10", 10, &value));
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "1e3"}) {
    EXPECT_FALSE(ParseNumber(bad, 1000, &value)) << bad;
  }
  EXPECT_TRUE(ParseNumber("0755", 07777, &value, 8));
  EXPECT_EQ(value, 0755u);
  EXPECT_FALSE(ParseNumber("8", 07777, &value, 8));
}

TEST(Outcome, IsOneLineOfJson) {
  Outcome outcome;
  outcome.ended = Ended::kOutputRefused;
  outcome.stage = Stage::kCollect;
  outcome.message = "/build/x: is a FIFO";
  outcome.limits_are_kernel_enforced = true;
  outcome.isolation.root_backend = "image";
  outcome.isolation.uid_map = "range";
  outcome.isolation.landlock_abi = 7;
  outcome.isolation.seccomp = "allow-list";
  outcome.isolation.kernel = "6.18";
  outcome.isolation.cpu_model = "M";
  outcome.isolation.cpu_flags = "aes sse2";
  outcome.outputs.push_back({"a", "file", 0644, 3});
  EXPECT_EQ(
      ToJson(outcome),
      "{\"format\":\"farm-sandbox-result/1\",\"ended\":\"output_refused\",\"stage\":\"collect\","
      "\"exit_code\":0,\"signal\":0,\"limit\":\"\",\"message\":\"/build/x: is a FIFO\","
      "\"check_output\":\"\",\"usage\":{\"wall_milliseconds\":0,\"cpu_milliseconds\":0,"
      "\"memory_bytes_max\":0,\"log_bytes\":0},\"limits\":{\"enforcement\":\"kernel\","
      "\"disk_enforcement\":\"observed\",\"wall_seconds\":7200,\"cpu_seconds\":28800,"
      "\"memory_bytes\":4294967296,\"pids\":4096,\"disk_bytes\":8589934592,"
      "\"disk_inodes\":1000000,\"log_bytes\":67108864,\"output_bytes\":4294967296,"
      "\"silence_seconds\":1800},\"isolation\":{\"root_backend\":\"image\",\"uid_map\":\"range\","
      "\"landlock_abi\":7,\"seccomp\":\"allow-list\",\"determinism\":\"off\",\"processor_counter\":"
      "\"visible\",\"kernel\":\"6.18\",\"cgroup\":\"none\","
      "\"cpu_model\":\"M\",\"cpu_flags\":\"aes sse2\"},"
      "\"outputs\":[{\"path\":\"a\",\"type\":\"file\",\"mode\":\"0644\",\"size\":3}]}\n");
}

TEST(Confined, IsReadAsItIsWrittenAndNothingElse) {
  std::string report = ConfinedText({6, "allow-list", 7, true}) + "executing x: No such file\n";
  Confined confined;
  ASSERT_TRUE(TakeConfined(&report, &confined));
  EXPECT_EQ(confined.landlock_abi, 6);
  EXPECT_EQ(confined.seccomp, "allow-list");
  EXPECT_EQ(confined.listener, 7);
  EXPECT_TRUE(confined.counter_is_hidden);
  EXPECT_EQ(report, "executing x: No such file\n");
  for (const char* bad :
       {"", "confined 6 allow-list", "a wall is missing: x\n", "confined x y 0 0\n",
        "confined 6 allow-list\n", "confined 6 allow-list 0\n", "confined 6 allow-list 0 2\n"}) {
    report = bad;
    EXPECT_FALSE(TakeConfined(&report, &confined)) << bad;
    EXPECT_EQ(report, bad);
  }
}

TEST(Outcome, ExitCodeIsZeroOnlyForSuccess) {
  Outcome outcome;
  outcome.ended = Ended::kExited;
  EXPECT_EQ(ExitCode(outcome), 0);
  outcome.exit_code = 1;
  EXPECT_EQ(ExitCode(outcome), 40);
  outcome.exit_code = 0;
  for (Ended ended : {Ended::kSignaled, Ended::kLimit, Ended::kCheckRefused, Ended::kOutputMissing,
                      Ended::kOutputRefused}) {
    outcome.ended = ended;
    EXPECT_EQ(ExitCode(outcome), 40);
  }
  outcome.ended = Ended::kCancelled;
  EXPECT_EQ(ExitCode(outcome), 26);
  outcome.ended = Ended::kError;
  EXPECT_EQ(ExitCode(outcome), 70);
  outcome.cause = Cause::kMissing;
  EXPECT_EQ(ExitCode(outcome), 22);
  outcome.cause = Cause::kMachine;
  EXPECT_EQ(ExitCode(outcome), 30);
}

}  // namespace
}  // namespace sandbox
