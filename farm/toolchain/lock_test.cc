#include "farm/toolchain/lock.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "farm/base/files.h"

namespace farm {
namespace {

constexpr char kZero[] = "0000000000000000000000000000000000000000000000000000000000000000";

// The block of FORMAT.md that begins with ```KIND, without its last newline.
std::string Block(const std::string& kind) {
  const std::string text = ReadFile("farm/toolchain/FORMAT.md", 1 << 20).value();
  const std::string start = "```" + kind + "\n";
  const std::size_t begin = text.find(start) + start.size();
  return text.substr(begin, text.find("\n```", begin) - begin);
}

Lock Example() { return ParseLockJson(Block("json")).value(); }

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Lock, ExampleOfTheFormatHoldsInBothForms) {
  const Result<Lock> from_text = ParseLockText(Block("textproto") + "\n", "example");
  ASSERT_TRUE(from_text) << from_text.error().message;
  const Result<Lock> from_json = ParseLockJson(Block("json"));
  ASSERT_TRUE(from_json) << from_json.error().message;
  EXPECT_EQ(*from_text, *from_json);
  EXPECT_EQ(CanonicalLockJson(*from_text), Block("json"));
  EXPECT_EQ(LockText(*from_json), Block("textproto") + "\n");
  EXPECT_EQ(LockDigest(*from_json).Text(), Block("digest"));
}

TEST(Lock, EveryCheckedInLockIsReadAndWrittenUnchanged) {
  for (const char* name : {"cc", "debhelper", "dropbear"}) {
    const std::string path = "manifests/toolchains/" + std::string(name) + ".lock.textproto";
    const std::string text = ReadFile(path, kLockBytesMax).value();
    const Result<Lock> lock = ParseLockText(text, path);
    ASSERT_TRUE(lock) << lock.error().message;
    EXPECT_EQ(LockText(*lock), text) << name;
    EXPECT_EQ(ParseLockJson(CanonicalLockJson(*lock)).value(), *lock) << name;
  }
}

TEST(Lock, TextRefusesWhatIsNotALockAndNamesThePlace) {
  struct Case {
    const char* name;
    const char* from;
    const char* to;
    const char* message;
  };
  const Case cases[] = {
      {"syntax", "suite: \"bookworm\"", "suite: bookworm", "f:3:8: "},
      {"unknown_field", "assembler: 1", "assembler: 1\ncolour: 3", "f:3:7: "},
      {"twice", "assembler: 1", "assembler: 1\nassembler: 1", "f:3:10: "},
      {"other_assembler", "assembler: 1", "assembler: 2", "f:2: assembler: found 2"},
      {"no_assembler", "assembler: 1\n", "\n", "assembler: found 0"},
      {"other_suite", "suite: \"bookworm\"\narch", "suite: \"trixie\"\narch", "f:3: suite: "},
      {"architecture", "\"amd64\"\nsource", "\"all\"\nsource", "f:4: architecture: "},
      {"epoch", "1735689600", "4294967296", "f:5: source_date_epoch: "},
      {"requested_name", "\"gcc\"", "\"GCC\"", "f:8: requested.name: "},
      {"requested_source", "dropbear=", "dropbear ", "f:9: requested.build_depends_of: "},
      {"name", "\"adduser\"", "\"a\"", "f:13: package 1: name: "},
      {"not_sorted", "\"adduser\"", "\"zz\"", "f:14: package 2: name: bash is not in order"},
      {"twice_the_same", "\"adduser\"", "\"bash\"", "f:14: package 2: name: "},
      {"version", "\"3.134\"", "\"3 134\"", "f:13: package 1: version: "},
      {"foreign_package", "architecture: \"all\"", "architecture: \"i386\"",
       "f:13: package 1: architecture: want all or amd64"},
      {"short_digest", "c24fe4eb", "c24fe4e", "f:13: package 1: sha256: "},
      {"upper_digest", "c24fe4eb", "C24FE4EB", "f:13: package 1: sha256: "},
      {"size", "size: 183272", "size: 0", "f:13: package 1: size: "},
      {"escaping_path", "pool/main/a/adduser/", "pool/../", "f:13: package 1: file: "},
      {"absolute_path", "\"pool/main/a", "\"/pool/main/a", "f:13: package 1: file: "},
      {"no_tar", "root_tar: ", "# ", "f: root_tar: missing"},
      {"bare_digest", "image: \"sha256:", "image: \"", "f: image: "},
      {"zero_tar", "a7c093e99c9e03d88bf48f2396bf57bf46b0d00e5fbb381e6c002baadadee7ef", kZero,
       "f:15: root_tar: "},
      {"zero_image", "38592d6219a475453e4181091f81f96f860da7920950a80b66a9b85067f83e43", kZero,
       "f:16: image: "},
      {"no_image_size", "image_size: 369889280", "", "image_size: "},
  };
  const std::string good = Block("textproto") + "\n";
  for (const Case& one : cases) {
    const Result<Lock> lock = ParseLockText(Replaced(good, one.from, one.to), "f");
    ASSERT_FALSE(lock) << one.name;
    EXPECT_EQ(lock.error().code, ErrorCode::kInvalidInput) << one.name;
    EXPECT_NE(lock.error().message.find(one.message), std::string::npos)
        << one.name << ": " << lock.error().message;
  }
}

TEST(Lock, JsonRefusesEveryOtherText) {
  struct Case {
    const char* name;
    const char* from;
    const char* to;
  };
  const Case cases[] = {
      {"space", "{\"architecture\"", "{ \"architecture\""},
      {"unknown_field", "\"assembler\":1", "\"assembler\":1,\"colour\":3"},
      {"unknown_package_field", "\"name\":\"bash\"", "\"extra\":1,\"name\":\"bash\""},
      {"missing_field", "\"imageSize\":369889280,", ""},
      {"other_format", "farm-lock/1", "farm-lock/2"},
      {"other_assembler", "\"assembler\":1", "\"assembler\":2"},
      {"string_size", "\"size\":1490652", "\"size\":\"1490652\""},
      {"order_of_packages", "\"name\":\"adduser\"", "\"name\":\"cc\""},
      {"zero_tar", "a7c093e99c9e03d88bf48f2396bf57bf46b0d00e5fbb381e6c002baadadee7ef", kZero},
      {"zero_image", "38592d6219a475453e4181091f81f96f860da7920950a80b66a9b85067f83e43", kZero},
      {"short_digest", "c24fe4eb", "c24fe4e"},
      {"after", "\"suite\":\"bookworm\"}", "\"suite\":\"bookworm\"}\n"},
  };
  for (const Case& one : cases) {
    const Result<Lock> lock = ParseLockJson(Replaced(Block("json"), one.from, one.to));
    ASSERT_FALSE(lock) << one.name;
    EXPECT_EQ(lock.error().code, ErrorCode::kInvalidInput) << one.name;
  }
}

TEST(Lock, HasLimits) {
  const std::string good = Block("textproto") + "\n";
  EXPECT_TRUE(ParseLockText(good + std::string(kLockBytesMax - good.size(), '\n'), "f"));
  const Result<Lock> large =
      ParseLockText(good + std::string(kLockBytesMax - good.size() + 1, '\n'), "f");
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kLimitExceeded);

  Lock many = Example();
  const LockedPackage first = many.packages[0];
  many.packages.clear();
  for (std::size_t i = 0; i < kLockPackagesMax; ++i) {
    many.packages.push_back(first);
    many.packages.back().name = "p" + std::to_string(100000 + i);
  }
  EXPECT_TRUE(ParseLockText(LockText(many), "f"));
  many.packages.push_back(first);
  many.packages.back().name = "q9";
  const Result<Lock> more = ParseLockText(LockText(many), "f");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kLimitExceeded);
  EXPECT_FALSE(ParseLockJson(CanonicalLockJson(many)));
}

TEST(LockDifference, SaysNothingOfEqualLocks) {
  EXPECT_EQ(DescribeLockDifference(Example(), Example()), "");
}

TEST(LockDifference, SaysNothingOfTheRootThatADraftDoesNotHaveYet) {
  Lock draft = Example();
  draft.root_tar = Digest();
  draft.image = Digest();
  draft.image_size = 0;
  EXPECT_EQ(DescribeLockDifference(Example(), draft), "");
  draft.packages[1].version = "5.3-1";
  EXPECT_EQ(DescribeLockDifference(Example(), draft), "~ bash 5.2.15-2+b13 -> 5.3-1\n");
}

TEST(LockDifference, NamesEveryKindOfChange) {
  const Lock before = Example();
  Lock after = before;
  after.packages[0].sha256 = before.image;
  after.packages[1].version = "5.3-1";
  LockedPackage added = before.packages[0];
  added.name = "zlib1g";
  added.version = "1:1.2.13";
  after.packages.push_back(added);
  after.requested.suites = {"bookworm"};
  after.image = before.root_tar;
  EXPECT_EQ(DescribeLockDifference(before, after),
            "~ suites bookworm bookworm-security -> bookworm\n"
            "~ adduser 3.134: same version, other bytes\n"
            "~ bash 5.2.15-2+b13 -> 5.3-1\n"
            "+ zlib1g 1:1.2.13\n"
            "~ image " +
                before.image.Short() + " -> " + after.image.Short() + "\n");
  EXPECT_NE(DescribeLockDifference(after, before).find("- zlib1g 1:1.2.13\n"), std::string::npos);
}

}  // namespace
}  // namespace farm
