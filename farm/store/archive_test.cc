#include "farm/store/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/store/tree.h"

namespace farm {
namespace {

// An entry as an attacker writes it.
struct RawEntry {
  std::string name;
  unsigned type = AE_IFREG;
  std::string content{};  // or the target of a link
  bool hard_link = false;
  unsigned mode = 0644;
  std::size_t hole = 0;  // at the beginning of `content`
};

class ArchiveTest : public ::testing::Test {
 protected:
  std::string At(const std::string& name) const { return temporary_.path() + "/" + name; }

  // Writes what libarchive would never refuse to write.
  std::string Write(const std::vector<RawEntry>& entries, const std::string& format = "gnutar") {
    std::string path = At("written.archive");
    struct archive* out = archive_write_new();
    EXPECT_EQ(archive_write_set_format_by_name(out, format.c_str()), ARCHIVE_OK);
    archive_write_open_filename(out, path.c_str());
    for (const RawEntry& entry : entries) {
      struct archive_entry* to = archive_entry_new();
      archive_entry_set_pathname(to, entry.name.c_str());
      archive_entry_set_mode(to, entry.type | entry.mode);
      archive_entry_set_mtime(to, 1600000000, 0);
      if (entry.hard_link) {
        archive_entry_set_hardlink(to, entry.content.c_str());
      } else if (entry.type == AE_IFLNK) {
        archive_entry_set_symlink(to, entry.content.c_str());
      } else if (entry.type == AE_IFREG) {
        const auto size = static_cast<la_int64_t>(entry.content.size());
        const auto hole = static_cast<la_int64_t>(entry.hole);
        archive_entry_set_size(to, size);
        if (hole > 0) archive_entry_sparse_add_entry(to, hole, size - hole);
      }
      EXPECT_GE(archive_write_header(out, to), ARCHIVE_WARN) << archive_error_string(out);
      if (entry.type == AE_IFREG && !entry.hard_link) {
        archive_write_data(out, entry.content.data(), entry.content.size());
      }
      archive_entry_free(to);
    }
    archive_write_close(out);
    archive_write_free(out);
    return path;
  }

  std::string EmptyDirectory(const std::string& name) {
    EXPECT_EQ(mkdir(At(name).c_str(), 0755), 0);
    return At(name);
  }

  std::string TarOf(const std::string& directory, UnixSeconds mtime = 1700000000) {
    std::string bytes;
    const auto status =
        WriteTarOfDirectory(directory, mtime, [&](std::string_view piece) -> Status {
          bytes += piece;
          return {};
        });
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    return bytes;
  }

  // A tree with everything that is admissible and awkward.
  std::string AwkwardTree() {
    std::string top = EmptyDirectory("awkward");
    mkdir((top + "/empty").c_str(), 0700);
    mkdir((top + "/a").c_str(), 0755);
    std::ofstream(top + "/a/x") << "x";
    std::ofstream(top + "/a-b") << "between a and a/x in plain byte order";
    std::ofstream(top + "/caf\xc3\xa9") << "name";
    std::ofstream(top + "/line\nbreak") << "name";
    std::ofstream(top + "/zero") << "";
    std::ofstream(top + "/run") << "#!/bin/sh\n";
    chmod((top + "/run").c_str(), 0700);
    EXPECT_EQ(symlink("../run", (top + "/a/link").c_str()), 0);
    EXPECT_EQ(symlink(std::string(150, 'l').c_str(), (top + "/long_link").c_str()), 0);
    std::string deep = top;
    for (int i = 0; i < 4; ++i) {
      deep += "/" + std::string(60, static_cast<char>('d' + i));
      mkdir(deep.c_str(), 0755);
    }
    std::ofstream(deep + "/" + std::string(120, 'f')) << "in pax";
    std::ofstream(top + "/" + std::string(60, 'd') + "/" + std::string(90, 's')) << "in prefix";
    return top;
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
};

TEST_F(ArchiveTest, ATarOfADirectoryUnpacksToTheSameTree) {
  const std::string top = AwkwardTree();
  const std::string tar = At("a.tar");
  std::ofstream(tar, std::ios::binary) << TarOf(top);
  const std::string mine = EmptyDirectory("mine");
  const auto status = UnpackArchive(tar, mine, 0);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*IdentifyTreeAt(mine), *IdentifyTreeAt(top));
}

TEST_F(ArchiveTest, GnuTarUnpacksItToTheSameTree) {
  const std::string top = AwkwardTree();
  const std::string tar = At("a.tar");
  std::ofstream(tar, std::ios::binary) << TarOf(top);
  ProcessSpec spec;
  spec.argv = {"tar", "-xf", tar, "-C", EmptyDirectory("theirs")};
  spec.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"};
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result);
  ASSERT_TRUE(result->ok()) << result->error_output;
  EXPECT_EQ(result->error_output, "");
  EXPECT_EQ(*IdentifyTreeAt(At("theirs")), *IdentifyTreeAt(top));
  struct stat status {};
  ASSERT_EQ(stat((At("theirs") + "/a/x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 1700000000);
}

TEST_F(ArchiveTest, CanonicalBytesDependOnNothingButTheTree) {
  const std::string top = AwkwardTree();
  const std::string before = TarOf(top);
  struct timespec times[2] = {{5, 5}, {6, 6}};
  utimensat(AT_FDCWD, (top + "/a/x").c_str(), times, 0);
  chmod((top + "/a/x").c_str(), 0600);
  rename((top + "/zero").c_str(), (top + "/other").c_str());
  rename((top + "/other").c_str(), (top + "/zero").c_str());
  EXPECT_EQ(TarOf(top), before);
  EXPECT_NE(TarOf(top, 1700000001), before);
}

TEST_F(ArchiveTest, TheCanonicalFormNeverMoves) {
  const std::string top = EmptyDirectory("t");
  std::ofstream(top + "/hello") << "hello\n";
  const std::string bytes = TarOf(top);
  EXPECT_EQ(bytes.size(), 4u * 512);
  EXPECT_EQ(bytes.substr(100, 8), std::string("0000644\0", 8));
  EXPECT_EQ(bytes.substr(124, 12), std::string("00000000006\0", 12));
  EXPECT_EQ(bytes.substr(257, 8), std::string("ustar\0"
                                              "00",
                                              8));
  EXPECT_EQ(Sha256(bytes).Hex(),
            "99eb5aa4ae7adedf4fdc57f1d04ccea7a16ec801ee648cc9d36aa7218531f1d3");
}

TEST_F(ArchiveTest, MembersAreSortedAsAWalkWouldFindThem) {
  std::ofstream(At("host")) << "from a file";
  std::string bytes;
  const auto status =
      WriteTar({{"z", false, "", "1"}, {"a-b", false, "", "2"}, {"a/x", true, At("host"), ""}}, 0,
               [&](std::string_view piece) -> Status {
                 bytes += piece;
                 return {};
               });
  ASSERT_TRUE(status) << status.error().message;
  std::ofstream(At("m.tar"), std::ios::binary) << bytes;
  const auto entries = ListArchive(At("m.tar"));
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].path, "a/x");
  EXPECT_TRUE((*entries)[0].executable);
  EXPECT_EQ((*entries)[0].size, 11u);
  EXPECT_EQ((*entries)[1].path, "a-b");
  EXPECT_EQ((*entries)[2].path, "z");
}

TEST_F(ArchiveTest, RefusesMembersTwiceOrNotInNormalForm) {
  const auto nothing = [](std::string_view) -> Status { return {}; };
  EXPECT_FALSE(WriteTar({{"a", false, "", "1"}, {"a", false, "", "2"}}, 0, nothing));
  EXPECT_FALSE(WriteTar({{"./a", false, "", "1"}}, 0, nothing));
  EXPECT_FALSE(WriteTar({{"../a", false, "", "1"}}, 0, nothing));
  EXPECT_FALSE(WriteTar({{"a", false, "", "1"}}, -1, nothing));
  EXPECT_EQ(WriteTar({{"a", false, At("none"), ""}}, 0, nothing).error().code,
            ErrorCode::kNotFound);
}

TEST_F(ArchiveTest, ReadsTheUsualFormats) {
  for (const char* format : {"gnutar", "ustar", "pax", "zip"}) {
    const std::string path = Write({{"d", AE_IFDIR, "", false, 0755},
                                    {"d/caf\xc3\xa9", AE_IFREG, "hello", false, 0755},
                                    {"d/link", AE_IFLNK, "caf\xc3\xa9"}},
                                   format);
    const auto entries = ListArchive(path);
    ASSERT_TRUE(entries) << format << ": " << entries.error().message;
    ASSERT_EQ(entries->size(), 3u) << format;
    EXPECT_EQ((*entries)[1].path, "d/caf\xc3\xa9") << format;
    EXPECT_EQ((*entries)[1].mtime, 1600000000) << format;
    EXPECT_TRUE((*entries)[1].executable) << format;
  }
}

TEST_F(ArchiveTest, UnpacksWithoutTheFirstDirectory) {
  const std::string path = Write({{"p-1.0/", AE_IFDIR},
                                  {"p-1.0/src/a", AE_IFREG, "a"},
                                  {"p-1.0/b", AE_IFREG, "p-1.0/src/a", true},
                                  {"p-1.0/run", AE_IFREG, "r", false, 0750}},
                                 "gnutar");
  const std::string to = EmptyDirectory("to");
  const auto status = UnpackArchive(path, to, 1);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*ReadFile(to + "/src/a", 10), "a");
  EXPECT_EQ(*ReadFile(to + "/b", 10), "a");
  struct stat run {};
  ASSERT_EQ(stat((to + "/run").c_str(), &run), 0);
  EXPECT_EQ(run.st_mode & 07777, 0755u);
  EXPECT_EQ(run.st_mtime, 1600000000);
}

TEST_F(ArchiveTest, RefusesByNameWhatLeadsOut) {
  const struct {
    const char* name;
    std::vector<RawEntry> entries;
    const char* message;
  } kCases[] = {
      {"traversal", {{"../evil", AE_IFREG, "x"}}, "../evil: a name that leads out"},
      {"traversal_inside", {{"a/../../evil", AE_IFREG, "x"}}, "a/../../evil"},
      {"absolute", {{"/etc/evil", AE_IFREG, "x"}}, "/etc/evil: an absolute name"},
      {"absolute_link", {{"l", AE_IFLNK, "/etc/passwd"}}, "l: a link to /etc/passwd"},
      {"escaping_link", {{"d/l", AE_IFLNK, "../../x"}}, "d/l: a link to ../../x"},
      {"through_a_link",
       {{"d", AE_IFLNK, "."}, {"d/evil", AE_IFREG, "x"}},
       "d: has entries below it but is no directory"},
      {"hard_link_out", {{"h", AE_IFREG, "../../etc/passwd", true}}, "h: a hard link to"},
      {"hard_link_absolute", {{"h", AE_IFREG, "/etc/passwd", true}}, "h: a hard link to"},
      {"hard_link_to_nothing", {{"h", AE_IFREG, "none", true}}, "h: a hard link to none"},
      {"character_device", {{"null", AE_IFCHR}}, "null: a device"},
      {"block_device", {{"sda", AE_IFBLK}}, "sda: a device"},
      {"fifo", {{"pipe", AE_IFIFO}}, "pipe: a device"},
      {"twice", {{"a", AE_IFREG, "1"}, {"a", AE_IFREG, "2"}}, "a: stands in the archive twice"},
      {"case", {{"Readme", AE_IFREG, "1"}, {"README", AE_IFREG, "2"}}, "tell it from Readme"},
      {"case_of_directory", {{"A/x", AE_IFREG, "1"}, {"a/y", AE_IFREG, "2"}}, "tell it from A"},
      {"normalisation",
       {{"caf\xc3\xa9", AE_IFREG, "1"}, {"cafe\xcc\x81", AE_IFREG, "2"}},
       "cafe\\xcc\\x81"},
      {"not_utf8", {{"\xff\xfe", AE_IFREG, "x"}}, "\\xff\\xfe: the name is not UTF-8"},
  };
  int serial = 0;
  for (const auto& c : kCases) {
    const std::string path = Write(c.entries);
    const auto listed = ListArchive(path);
    ASSERT_FALSE(listed) << c.name;
    EXPECT_EQ(listed.error().code, ErrorCode::kInvalidInput) << c.name;
    EXPECT_NE(listed.error().message.find(c.message), std::string::npos)
        << c.name << ": " << listed.error().message;
    EXPECT_FALSE(UnpackArchive(path, EmptyDirectory("out" + std::to_string(++serial)), 0))
        << c.name;
    EXPECT_FALSE(FileExists(At("evil"))) << c.name;
  }
}

TEST_F(ArchiveTest, RefusesWhatIsNoArchive) {
  std::ofstream(At("text")) << "hello, this is no archive at all\n";
  std::ofstream(At("empty")) << "";
  std::ofstream(At("gzip_of_nothing"), std::ios::binary) << "\x1f\x8b\x08";
  for (const char* name : {"text", "empty", "gzip_of_nothing"}) {
    const auto entries = ListArchive(At(name));
    ASSERT_FALSE(entries) << name;
    EXPECT_EQ(entries.error().code, ErrorCode::kInvalidInput) << name;
  }
  EXPECT_EQ(ListArchive(At("none")).error().code, ErrorCode::kNotFound);
}

TEST_F(ArchiveTest, RefusesATruncatedArchive) {
  const std::string path = Write({{"a", AE_IFREG, std::string(4000, 'x')}}, "ustar");
  ASSERT_EQ(truncate(path.c_str(), 1024), 0);
  EXPECT_FALSE(UnpackArchive(path, EmptyDirectory("out"), 0));
}

TEST_F(ArchiveTest, AMapOfHolesThatLiesIsRefusedAndNotReadForEver) {
  RawEntry entry{"a", AE_IFREG, std::string(49152, '\0') + std::string(4096, 'x')};
  entry.hole = 49152;
  const std::string path = Write({entry}, "pax");
  ASSERT_TRUE(UnpackArchive(path, EmptyDirectory("out"), 0));
  std::string bytes = *ReadFile(path, 1 << 20);
  // The length of a record that now reaches into the next one, so that the real size is lost.
  const std::size_t at = bytes.find(" GNU.sparse.realsize=");
  ASSERT_NE(at, std::string::npos);
  ++bytes[at - 1];
  std::ofstream(path, std::ios::binary) << bytes;
  const Status status = UnpackArchive(path, EmptyDirectory("lies"), 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput);
}

TEST_F(ArchiveTest, UnpacksOnlyIntoAnEmptyDirectory) {
  const std::string path = Write({{"a", AE_IFREG, "x"}});
  std::ofstream(EmptyDirectory("out") + "/there") << "x";
  EXPECT_EQ(UnpackArchive(path, At("out"), 0).error().code, ErrorCode::kInvalidInput);
}

TEST(EntryName, HasOneNormalForm) {
  EXPECT_EQ(*NormalEntryName("./a//b/./c/"), "a/b/c");
  EXPECT_EQ(*NormalEntryName("a..b/...c"), "a..b/...c");
  for (const char* bad : {"", ".", "/", "/a", "..", "a/..", "a/../b", "./../a"}) {
    EXPECT_FALSE(NormalEntryName(bad)) << bad;
  }
  EXPECT_FALSE(NormalEntryName(std::string("a\0b", 3)));
  EXPECT_TRUE(NormalEntryName(std::string(4096, 'a')));
  EXPECT_FALSE(NormalEntryName(std::string(4097, 'a')));
}

}  // namespace
}  // namespace farm
