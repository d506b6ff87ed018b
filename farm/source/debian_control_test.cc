#include "farm/source/debian_control.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"

namespace farm {
namespace {

const std::string kSha(64, 'a');

std::string Plain() {
  return "Format: 3.0 (quilt)\n"
         "Source: mxml\n"
         "Binary: libmxml1,\n"
         " libmxml-dev\n"
         "Version: 1:3.3.1-1+deb12u1\n"
         "Checksums-Sha1:\n"
         " 0123456789012345678901234567890123456789 5 mxml_3.3.1.orig.tar.gz\n"
         "Checksums-Sha256:\n " +
         kSha + " 5 mxml_3.3.1.orig.tar.gz\n " + kSha + " 7 mxml_3.3.1-1.debian.tar.xz\n" +
         "Files:\n 01234567890123456789012345678901 5 mxml_3.3.1.orig.tar.gz\n";
}

std::string Signed(const std::string& body) {
  return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + body +
         "\n-----BEGIN PGP SIGNATURE-----\n\niQabc\n=1234\n-----END PGP SIGNATURE-----\n";
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Dsc, IsReadPlainAndClearSigned) {
  for (const std::string& text : {Plain(), Signed(Plain()), "\n\n" + Plain() + "\n"}) {
    const auto control = ParseDsc(text, "x.dsc");
    ASSERT_TRUE(control) << control.error().message;
    EXPECT_EQ(control->source, "mxml");
    EXPECT_EQ(control->version, "1:3.3.1-1+deb12u1");
    EXPECT_EQ(control->format, "3.0 (quilt)");
    ASSERT_EQ(control->files.size(), 2u);
    EXPECT_EQ(control->files[1].name, "mxml_3.3.1-1.debian.tar.xz");
    EXPECT_EQ(control->files[1].digest.Hex(), kSha);
    EXPECT_EQ(control->files[1].size, 7u);
  }
}

TEST(Dsc, RefusesWhatIsNone) {
  const struct {
    const char* name;
    std::string text;
    const char* message;
  } kCases[] = {
      {"empty", "", "no field Source"},
      {"no_sha256", Replaced(Plain(), "Checksums-Sha256", "Checksums-Sha512"), "Checksums-Sha256"},
      {"no_colon", Replaced(Plain(), "Source: mxml", "Source mxml"), "x.dsc:2: found"},
      {"field_twice", Plain() + "Source: other\n", "x.dsc:13: field Source a second time"},
      {"two_paragraphs", Plain() + "\nSource: other\n", "x.dsc:14: a second paragraph"},
      {"starts_with_continuation", " x\n" + Plain(), "x.dsc:1: a continuation line"},
      {"short_digest", Replaced(Plain(), kSha + " 5", "aaaa 5"), "x.dsc:9: "},
      {"size", Replaced(Plain(), kSha + " 5", kSha + " -5"), "x.dsc:9: size"},
      {"missing_word", Replaced(Plain(), kSha + " 5", kSha), "x.dsc:9: want SHA256 SIZE FILE"},
      {"path", Replaced(Plain(), "5 mxml_3.3.1.orig.tar.gz\n " + kSha, "5 ../x\n " + kSha),
       "x.dsc:9: file name \"../x\""},
      {"file_twice", Replaced(Plain(), "7 mxml_3.3.1-1.debian.tar.xz", "7 mxml_3.3.1.orig.tar.gz"),
       "x.dsc:10: file name"},
      {"another_dsc", Replaced(Plain(), "mxml_3.3.1-1.debian.tar.xz", "x.dsc"),
       "x.dsc:10: file name"},
      {"no_signature", Replaced(Signed(Plain()), "-----BEGIN PGP SIGNATURE-----", "Comment: x"),
       "x.dsc"},
      {"no_end", Replaced(Signed(Plain()), "-----END PGP SIGNATURE-----", ""), "no end"},
      {"after_the_signature", Signed(Plain()) + "Source: other\n", "text after the signature"},
      {"before_the_signature", "Source: other\n" + Signed(Plain()), "x.dsc:2: "},
  };
  for (const auto& c : kCases) {
    const auto control = ParseDsc(c.text, "x.dsc");
    ASSERT_FALSE(control) << c.name;
    EXPECT_EQ(control.error().code, ErrorCode::kInvalidInput) << c.name;
    EXPECT_NE(control.error().message.find(c.message), std::string::npos)
        << c.name << ": " << control.error().message;
  }
}

TEST(Dsc, RefusesMoreThanTheLimit) {
  std::string text = Plain() + "X-Long: ";
  text.append(kDscBytesMax - text.size(), 'x');
  EXPECT_TRUE(ParseDsc(text, "x"));
  EXPECT_EQ(ParseDsc(text + "x", "x").error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace farm
