#include "farm/replay/kit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/store/archive.h"
#include "tests/support/kit_example.h"

namespace farm {
namespace {

using Members = std::vector<TarMember>;

constexpr char kFormat[] = "farm/replay/FORMAT.md";
constexpr char kFormatKit[] = "tests/fuzz/corpus/kit/kit";  // its example

class KitTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return JoinPath(temporary_.path(), name); }
  std::unique_ptr<BlobStore> NewStore(const std::string& name) const {
    return std::move(*BlobStore::Open(RealFileSystem(), Path(name)));
  }

  Result<WrittenKit> Write(const KitInput& input, std::string& bytes) {
    return WriteKit(input, *store_, [&](std::string_view piece) -> Status {
      bytes += piece;
      return {};
    });
  }
  std::string Written() {
    std::string bytes;
    EXPECT_TRUE(Write(example_.input, bytes));
    return bytes;
  }

  static Members MembersOf(const std::string& path) {
    Members members;
    EXPECT_TRUE(ReadArchive(path, [&](const ArchiveEntry& entry, const EntryContent& content) {
      members.push_back({entry.path, entry.executable, "", ""});
      return content([&](std::string_view piece) -> Status {
        members.back().bytes += piece;
        return {};
      });
    }));
    return members;
  }
  // The members of the good kit, by name.
  Members GoodMembers() {
    const std::string path = Path("good.farmkit");
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, Written()));
    return MembersOf(path);
  }

  // Reads bytes as a kit into a store of its own.
  Result<Kit> Read(const std::string& bytes) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path("read.farmkit"), bytes));
    return ReadKit(Path("read.farmkit"), *NewStore("regulator"));
  }
  Result<Kit> Read(const Members& members) {
    std::string bytes;
    EXPECT_TRUE(WriteTar(members, 1, [&](std::string_view piece) -> Status {
      bytes += piece;
      return {};
    }));
    return Read(bytes);
  }

  std::string Package(int number) const {
    return "packages/" + example_.lock.packages[static_cast<std::size_t>(number)].sha256.Hex() +
           ".deb";
  }
  std::string Source() const {
    return "sources/" + example_.manifest.sources[0].files[0].digest.Hex();
  }

  // In memory where there is such a place: nothing here has to survive the machine.
  TemporaryDirectory temporary_ =
      *TemporaryDirectory::Make(FileExists("/dev/shm") ? "/dev/shm" : "");
  std::unique_ptr<BlobStore> store_ = NewStore("farm");
  KitExample example_ = MakeKitExample(*store_, {});
};

TarMember& Find(Members& members, const std::string& name) {
  const auto found = std::ranges::find(members, name, &TarMember::name);
  CHECK(found != members.end());
  return *found;
}

void Drop(Members& members, const std::string& name) {
  EXPECT_EQ(std::erase_if(members, [&](const TarMember& one) { return one.name == name; }), 1u);
}

void Flip(std::string& bytes) {
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
}

// ---- FORMAT.md --------------------------------------------------------------------------------

// The first column of the table of members.
std::set<std::string> NamesOfFormat(const std::string& format) {
  const std::size_t begin = format.find("| member |");
  CHECK(begin != std::string::npos);
  std::set<std::string> names;
  for (const std::string& line :
       Split(format.substr(begin, format.find("\n\n", begin) - begin), '\n')) {
    if (line.starts_with("| `")) names.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return names;
}

// The members' names as that table has them: "<sha256>" where a digest stands.
std::set<std::string> NamesOf(const Members& members) {
  std::set<std::string> names;
  for (const TarMember& member : members) {
    std::string name = member.name;
    const std::size_t digest = name.find('/') + 1;  // 0 without a slash
    if (Digest::ParseHex(name.substr(digest, 64))) name.replace(digest, 64, "<sha256>");
    names.insert(name);
  }
  return names;
}

TEST_F(KitTest, HoldsTheMembersOfFormatAndNoOther) {
  const auto format = ReadFile(kFormat, 1 << 20);
  ASSERT_TRUE(format) << format.error().message;
  const std::set<std::string> names = NamesOfFormat(*format);
  EXPECT_EQ(NamesOf(MembersOf(kFormatKit)), names);
  EXPECT_EQ(NamesOf(GoodMembers()), names);
}

TEST_F(KitTest, TheExampleOfFormatIsRead) {
  const auto regulator = NewStore("regulator");
  const auto kit = ReadKit(kFormatKit, *regulator);
  ASSERT_TRUE(kit) << kit.error().message;
  // Its texts are those of the version that wrote it: kit->other_texts may name some.
  const auto format = ReadFile(kFormat, 1 << 20);
  ASSERT_TRUE(format) << format.error().message;
  EXPECT_NE(format->find("```kit-digest\n" + kit->digest.Text() + "\n```"), std::string::npos)
      << kit->digest.Text();
  Members members = MembersOf(kFormatKit);
  const std::pair<const char*, const std::string&> kRead[] = {
      {"manifest.json", kit->input.manifest},
      {"lock.json", kit->input.lock},
      {"evidence/release.sigstore.jsonl", kit->input.bundle_file},
      {"evidence/root.json", kit->input.root}};
  for (const auto& [name, bytes] : kRead) {
    EXPECT_FALSE(bytes.empty()) << name;
    EXPECT_EQ(bytes, Find(members, name).bytes) << name;
  }
  std::size_t raw = 0;
  for (const TarMember& member : members) {
    if (!member.name.starts_with("sources/") && !member.name.ends_with(".deb")) continue;
    ++raw;
    EXPECT_TRUE(regulator->Has(Sha256(member.bytes))) << member.name;
  }
  EXPECT_EQ(regulator->List()->size(), raw);
}

// ---- writing ----------------------------------------------------------------------------------

TEST_F(KitTest, TheSameInputsMakeTheSameBytes) {
  std::string bytes;
  const auto written = Write(example_.input, bytes);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->file_name, "shout-1.0.farmkit");
  EXPECT_EQ(written->digest, Sha256(bytes));
  EXPECT_EQ(written->size, bytes.size());
  EXPECT_EQ(Written(), bytes);
  const auto elsewhere = NewStore("elsewhere");
  const KitExample again = MakeKitExample(*elsewhere, {});
  std::string more;
  ASSERT_TRUE(WriteKit(example_.input, *elsewhere, [&](std::string_view piece) -> Status {
    more += piece;
    return {};
  }));
  EXPECT_EQ(more, bytes);
}

TEST_F(KitTest, HoldsWhatTheHeaderLists) {
  Members members = GoodMembers();
  std::vector<std::string> names;
  for (const TarMember& member : members) names.push_back(member.name);
  std::vector<std::string> want = {"README",
                                   "artifacts.txt",
                                   "assemble.sh",
                                   "evidence/release.sigstore.jsonl",
                                   "evidence/root.json",
                                   "lock.json",
                                   "manifest.json",
                                   Package(0),
                                   Package(1),
                                   "packages/packages.list",
                                   "replay.sh",
                                   Source()};
  std::ranges::sort(want);
  EXPECT_EQ(names, want);
  EXPECT_EQ(Find(members, "manifest.json").bytes, example_.input.manifest);
  EXPECT_EQ(Find(members, "lock.json").bytes, example_.input.lock);
  EXPECT_EQ(Find(members, "evidence/root.json").bytes, example_.input.root);
  EXPECT_EQ(Find(members, "artifacts.txt").bytes, Sha256("HELLO\n").Hex() + "  shout.txt\n");
  EXPECT_EQ(Find(members, Package(0)).bytes, "the package gcc");
  EXPECT_TRUE(Find(members, "replay.sh").executable);
  const auto entries = ListArchive(Path("good.farmkit"));
  ASSERT_TRUE(entries);
  for (const ArchiveEntry& entry : *entries) {
    EXPECT_EQ(entry.mtime, example_.manifest.source_date_epoch) << entry.path;
  }
}

TEST_F(KitTest, IsNotWrittenWithoutItsInputs) {
  const Digest package = example_.lock.packages[1].sha256;
  ASSERT_TRUE(WriteDurably(RealFileSystem(), store_->PathOf(package), "the package libc7"));
  std::string bytes;
  const auto changed = Write(example_.input, bytes);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::kMismatch);
  ASSERT_TRUE(store_->Remove(package));
  const auto missing = Write(example_.input, bytes);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(missing.error().message.find("package libc6 12.2.0 " + package.Text()),
            std::string::npos)
      << missing.error().message;
  EXPECT_EQ(bytes, "");  // nothing left before every input was checked
}

TEST_F(KitTest, IsNotWrittenFromPartsThatDoNotFit) {
  Lock other = example_.lock;
  other.packages[0].version = "12.3.0";
  const std::string request = Split(example_.input.bundle_file, '\n')[kRequestLine];
  const struct {
    const char* name;
    std::function<void(KitInput&)> bend;
    ErrorCode code;
  } kCases[] = {
      {"manifest_not_canonical", [](KitInput& in) { in.manifest += "\n"; },
       ErrorCode::kInvalidInput},
      {"lock_not_canonical", [](KitInput& in) { in.lock += " "; }, ErrorCode::kInvalidInput},
      {"another_lock", [&](KitInput& in) { in.lock = CanonicalLockJson(other); },
       ErrorCode::kMismatch},
      {"no_lines", [](KitInput& in) { in.bundle_file.clear(); }, ErrorCode::kInvalidInput},
      {"request_first", [&](KitInput& in) { in.bundle_file = request + "\n"; },
       ErrorCode::kInvalidInput},
  };
  for (const auto& c : kCases) {
    KitInput input = example_.input;
    c.bend(input);
    std::string bytes;
    const auto written = Write(input, bytes);
    ASSERT_FALSE(written) << c.name;
    EXPECT_EQ(written.error().code, c.code) << c.name << ": " << written.error().message;
  }
}

TEST_F(KitTest, EndsWhereTheSinkEnds) {
  const auto written = WriteKit(example_.input, *store_, [](std::string_view) {
    return Error{ErrorCode::kUnavailable, "disk full"};
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kUnavailable);
}

// ---- reading ----------------------------------------------------------------------------------

TEST_F(KitTest, GivesBackWhatWasWritten) {
  const std::string bytes = Written();
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("a.farmkit"), bytes));
  const auto regulator = NewStore("regulator");
  const auto kit = ReadKit(Path("a.farmkit"), *regulator);
  ASSERT_TRUE(kit) << kit.error().message;
  EXPECT_EQ(kit->input.manifest, example_.input.manifest);
  EXPECT_EQ(kit->input.lock, example_.input.lock);
  EXPECT_EQ(kit->input.bundle_file, example_.input.bundle_file);
  EXPECT_EQ(kit->input.root, example_.input.root);
  EXPECT_EQ(kit->digest, Sha256(bytes));
  EXPECT_TRUE(kit->other_texts.empty());
  EXPECT_EQ(regulator->List()->size(), 3u);
  EXPECT_TRUE(regulator->Has(example_.lock.packages[0].sha256));
  EXPECT_TRUE(regulator->Has(example_.manifest.sources[0].files[0].digest));
}

TEST_F(KitTest, AByteFlippedAnywhereIsSeen) {
  const Members good = GoodMembers();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Members bent = good;
    Flip(bent[i].bytes);
    const auto kit = Read(bent);
    const std::string& name = good[i].name;
    if (name == "README" || name.ends_with(".sh") || name.ends_with(".txt") ||
        name.ends_with(".list")) {
      // Nothing here relies on them: a line for people.
      ASSERT_TRUE(kit) << name << ": " << kit.error().message;
      EXPECT_EQ(kit->other_texts, std::vector<std::string>{name});
    } else if (name.starts_with("evidence/")) {
      // Judged by the reader: what he judges is what stands there.
      if (kit) {
        EXPECT_NE(kit->input.bundle_file + kit->input.root,
                  example_.input.bundle_file + example_.input.root);
      }
    } else {
      ASSERT_FALSE(kit) << name;
      EXPECT_EQ(kit.error().code,
                name.ends_with(".json") ? ErrorCode::kInvalidInput : ErrorCode::kMismatch)
          << name << ": " << kit.error().message;
    }
  }
}

TEST_F(KitTest, RefusesWhatManifestAndLockDoNotSay) {
  Lock other = example_.lock;
  other.packages[0].version = "12.3.0";
  const std::string stranger = "sources/" + Sha256("stranger").Hex();
  const struct {
    const char* name;
    std::function<void(Members&)> bend;
    ErrorCode code;
    ExitCode exit;
    std::string message;
  } kCases[] = {
      {"package_changed", [&](Members& m) { Find(m, Package(0)).bytes += "!"; },
       ErrorCode::kMismatch, ExitCode::kInputMissing, Package(0) + " (package gcc 12.2.0)"},
      {"source_changed", [&](Members& m) { Flip(Find(m, Source()).bytes); }, ErrorCode::kMismatch,
       ExitCode::kInputMissing, Source() + " (source shout: shout.tar)"},
      {"packages_exchanged",
       [&](Members& m) { std::swap(Find(m, Package(0)).bytes, Find(m, Package(1)).bytes); },
       ErrorCode::kMismatch, ExitCode::kInputMissing, "the kit has been changed"},
      {"package_missing", [&](Members& m) { Drop(m, Package(1)); }, ErrorCode::kNotFound,
       ExitCode::kInputMissing, "the kit has no " + Package(1) + " (package libc6 12.2.0)"},
      {"source_missing", [&](Members& m) { Drop(m, Source()); }, ErrorCode::kNotFound,
       ExitCode::kInputMissing, "the kit has no " + Source()},
      {"manifest_missing", [](Members& m) { Drop(m, "manifest.json"); }, ErrorCode::kNotFound,
       ExitCode::kInputMissing, "the kit has no manifest.json"},
      {"lock_missing", [](Members& m) { Drop(m, "lock.json"); }, ErrorCode::kNotFound,
       ExitCode::kInputMissing, "the kit has no lock.json"},
      {"evidence_missing", [](Members& m) { Drop(m, "evidence/release.sigstore.jsonl"); },
       ErrorCode::kNotFound, ExitCode::kInputMissing, "release.sigstore.jsonl"},
      {"root_missing", [](Members& m) { Drop(m, "evidence/root.json"); }, ErrorCode::kNotFound,
       ExitCode::kInputMissing, "evidence/root.json"},
      {"another_lock", [&](Members& m) { Find(m, "lock.json").bytes = CanonicalLockJson(other); },
       ErrorCode::kMismatch, ExitCode::kInputMissing, ""},
      {"evidence_empty", [](Members& m) { Find(m, "evidence/release.sigstore.jsonl").bytes = ""; },
       ErrorCode::kInvalidInput, ExitCode::kUsage, "release.sigstore.jsonl: empty"},
      {"a_text_more",
       [](Members& m) {
         m.push_back({"notes.txt", false, "", "x"});
       },
       ErrorCode::kInvalidInput, ExitCode::kUsage, "notes.txt is no member of a kit"},
      {"a_source_more",
       [&](Members& m) {
         m.push_back({stranger, false, "", "stranger"});
       },
       ErrorCode::kInvalidInput, ExitCode::kUsage, stranger + " belongs to neither"},
      {"a_package_more",
       [](Members& m) {
         m.push_back({"packages/" + Sha256("x").Hex() + ".deb", false, "", "x"});
       },
       ErrorCode::kInvalidInput, ExitCode::kUsage, "belongs to neither"},
      {"a_source_without_digest",
       [](Members& m) {
         m.push_back({"sources/shout.tar", false, "", "x"});
       },
       ErrorCode::kInvalidInput, ExitCode::kUsage, "sources/shout.tar is no member of a kit"},
      {"a_package_below",
       [&](Members& m) {
         m.push_back({"packages/x/" + Package(0), false, "", "x"});
       },
       ErrorCode::kInvalidInput, ExitCode::kUsage, "packages/x/"},
      {"a_program_of_theirs",
       [](Members& m) {
         m.push_back({"farm-replay", true, "", "x"});
       },
       ErrorCode::kInvalidInput, ExitCode::kUsage, "farm-replay is no member of a kit"},
      {"manifest_too_large",
       [](Members& m) { Find(m, "manifest.json").bytes.assign(kManifestBytesMax + 1, ' '); },
       ErrorCode::kLimitExceeded, ExitCode::kUsage, "manifest.json"},
  };
  const Members good = GoodMembers();
  for (const auto& c : kCases) {
    Members members = good;
    c.bend(members);
    const auto kit = Read(members);
    ASSERT_FALSE(kit) << c.name;
    EXPECT_EQ(kit.error().code, c.code) << c.name << ": " << kit.error().message;
    EXPECT_EQ(kit.error().Exit(), c.exit) << c.name;
    EXPECT_NE(kit.error().message.find(c.message), std::string::npos)
        << c.name << ": " << kit.error().message;
  }
}

TEST_F(KitTest, RefusesAStrangeMemberBeforeTheRest) {
  // A sorted kit that is cut short behind its first member.
  for (const char* name : {"0", "sources", "packages/x.deb"}) {
    Members members = {{name, false, "", "x"}, {"z", false, "", std::string(10000, 'z')}};
    std::string bytes;
    ASSERT_TRUE(WriteTar(members, 1, [&](std::string_view piece) -> Status {
      bytes += piece;
      return {};
    }));
    const auto kit = Read(bytes.substr(0, 2048));
    ASSERT_FALSE(kit) << name;
    EXPECT_EQ(kit.error().code, ErrorCode::kInvalidInput);
    EXPECT_EQ(kit.error().message, std::string(name) + " is no member of a kit");
  }
}

// The first 512-byte header whose name is `name`, with another type, link target and a good sum.
std::string WithHeader(std::string tar, const std::string& name, const std::string& new_name,
                       char type, const std::string& target) {
  std::size_t at = 0;
  while (std::string_view(tar).substr(at, name.size() + 1) != name + '\0') at += 512;
  tar.replace(at, 100, new_name + std::string(100 - new_name.size(), '\0'));
  tar[at + 156] = type;
  tar.replace(at + 157, 100, target + std::string(100 - target.size(), '\0'));
  tar.replace(at + 148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(tar[at + i]);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  tar.replace(at + 148, 7, std::string(text, 7));
  return tar;
}

TEST_F(KitTest, HoldsPlainFilesBelowItselfOnly) {
  // The last text is the README of nobody: what it becomes is refused before it is looked at.
  Members members = GoodMembers();
  Find(members, "README").bytes = "";
  std::string tar;
  ASSERT_TRUE(WriteTar(members, 1, [&](std::string_view piece) -> Status {
    tar += piece;
    return {};
  }));
  ASSERT_TRUE(Read(tar));
  const struct {
    const char* name;
    std::string new_name;
    char type;
    std::string target;
    const char* message;
  } kCases[] = {
      {"link", "README", '2', "manifest.json", "README: a kit holds plain files only"},
      {"link_out", "README", '2', "../../etc/passwd", "outside"},
      {"device", "README", '3', "", "a device, socket or FIFO"},
      {"fifo", "README", '6', "", "a device, socket or FIFO"},
      {"up", "../README", '0', "", "leads out of the archive"},
      {"absolute", "/README", '0', "", "an absolute name"},
      {"twice", "zz/../README", '0', "", ".."},
  };
  for (const auto& c : kCases) {
    const auto kit = Read(WithHeader(tar, "README", c.new_name, c.type, c.target));
    ASSERT_FALSE(kit) << c.name;
    EXPECT_EQ(kit.error().code, ErrorCode::kInvalidInput) << c.name;
    EXPECT_NE(kit.error().message.find(c.message), std::string::npos)
        << c.name << ": " << kit.error().message;
  }
}

TEST_F(KitTest, RefusesAMemberTwice) {
  const std::string bytes = Written();
  // A kit without its end, and the same again.
  const std::string body = bytes.substr(0, bytes.size() - 1024);
  const auto kit = Read(body + bytes);
  ASSERT_FALSE(kit);
  EXPECT_EQ(kit.error().code, ErrorCode::kInvalidInput);
  EXPECT_NE(kit.error().message.find("twice"), std::string::npos) << kit.error().message;
}

TEST_F(KitTest, RefusesWhatIsNoArchive) {
  const std::string bytes = Written();
  EXPECT_EQ(Read(std::string()).error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(Read("no archive at all").error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(Read(bytes.substr(0, bytes.size() / 2)).error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(ReadKit(Path("none"), *store_).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace farm
