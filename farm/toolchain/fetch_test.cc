#include "farm/toolchain/fetch.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/toolchain/resolve.h"
#include "tests/support/fake_archive.h"

namespace farm {
namespace {

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest() : archive_(TemporaryDirectory::Make("").value()) {}

  static LockRequest Request() {
    LockRequest request;
    request.architecture = "amd64";
    request.source_date_epoch = 1735689600;
    request.names = {"gcc"};
    request.suites = {"bookworm", "bookworm-security"};
    return request;
  }

  // A lock of the packages gcc and libc6, which the archive has.
  Lock SmallLock() {
    archive_.Add("http://archive.example/debian/", "gcc", "4:12.2.0-3", "amd64");
    archive_.Add("http://archive.example/debian-security/", "libc6", "2.36-9+deb12u10", "amd64");
    archive_.print_uris["install"] = archive_.Uri("gcc") + archive_.Uri("libc6");
    Result<Lock> lock = ResolveLock(Request(), archive_.Place(), {});
    EXPECT_TRUE(lock) << lock.error().message;
    return *lock;
  }

  std::string Below(const std::string& name) { return JoinPath(archive_.directory(), name); }

  FakeArchive archive_;
};

TEST_F(ArchiveTest, ResolvesNamesToASortedDraft) {
  const Lock lock = SmallLock();
  EXPECT_TRUE(lock.IsDraft());
  EXPECT_EQ(lock.requested, Request());
  ASSERT_EQ(lock.packages.size(), 2u);
  EXPECT_EQ(lock.packages[0].name, "gcc");
  EXPECT_EQ(lock.packages[0].version, "4:12.2.0-3");
  EXPECT_EQ(lock.packages[1].name, "libc6");
  EXPECT_EQ(lock.packages[1].file, "pool/main/libc/libc6/libc6_2.36-9+deb12u10_amd64.deb");
  EXPECT_EQ(lock.packages[1].sha256, Sha256("the package libc6"));
  EXPECT_EQ(archive_.asked["install"], "?essential gcc");
}

TEST_F(ArchiveTest, AsksForBuildDependenciesOnTopOfTheBase) {
  archive_.Add("http://archive.example/debian/", "gcc", "12", "amd64");
  archive_.Add("http://archive.example/debian/", "debhelper", "13", "all");
  archive_.print_uris["install"] = archive_.Uri("gcc");
  archive_.print_uris["build-dep"] = archive_.Uri("debhelper");
  LockRequest request = Request();
  request.build_depends_of = "hello=2.10-3";
  const Result<Lock> lock = ResolveLock(request, archive_.Place(), {});
  ASSERT_TRUE(lock) << lock.error().message;
  ASSERT_EQ(lock->packages.size(), 2u);
  EXPECT_EQ(lock->packages[0].name, "debhelper");
  EXPECT_EQ(archive_.asked["build-dep"], "hello=2.10-3");
  EXPECT_NE(archive_.installed["build-dep"].find("Package: gcc\nStatus: install ok installed\n"),
            std::string::npos);
  EXPECT_EQ(archive_.installed["install"], "");
}

TEST_F(ArchiveTest, LeavesOutAnArchiveThatIsNotDebians) {
  SmallLock();
  archive_.origins["http://archive.example/debian-security/"] = "Somebody";
  archive_.print_uris["install"] = archive_.Uri("gcc");
  ASSERT_TRUE(ResolveLock(Request(), archive_.Place(), {}));
  const std::string sources = ReadFile(Below("apt/sources/farm.sources"), 1 << 20).value();
  EXPECT_NE(sources.find("archive.example/debian\n"), std::string::npos);
  EXPECT_EQ(sources.find("debian-security"), std::string::npos);
}

TEST_F(ArchiveTest, ResolvingSaysWhatIsWrong) {
  struct Case {
    const char* name;
    std::function<void(FakeArchive&, LockRequest&)> break_it;
    ExitCode exit;
    const char* message;
  };
  const Case cases[] = {
      {"no_network",
       [](FakeArchive& archive, LockRequest&) {
         archive.update_error = "E: Could not resolve 'archive.example'\n";
       },
       ExitCode::kUnavailable, "Could not resolve"},
      {"no_package",
       [](FakeArchive& archive, LockRequest&) {
         archive.install_error = "E: Unable to locate package gcc\n";
       },
       ExitCode::kInputMissing, "Unable to locate package gcc"},
      {"not_in_index",
       [](FakeArchive& archive, LockRequest&) {
         archive.print_uris["install"] += "'http://archive.example/debian/pool/x.deb' x.deb 1\n";
       },
       ExitCode::kInternal, "pool/x.deb"},
      {"bad_name", [](FakeArchive&, LockRequest& request) { request.names = {"-o"}; },
       ExitCode::kUsage, "-o is no package name"},
      {"bad_source", [](FakeArchive&, LockRequest& request) { request.build_depends_of = "hello"; },
       ExitCode::kUsage, "SOURCE=VERSION"},
      {"no_suite", [](FakeArchive&, LockRequest& request) { request.suites = {"sid"}; },
       ExitCode::kInputMissing, "sid"},
  };
  for (const Case& one : cases) {
    FakeArchive archive(TemporaryDirectory::Make("").value());
    archive.Add("http://archive.example/debian/", "gcc", "12", "amd64");
    archive.print_uris["install"] = archive.Uri("gcc");
    LockRequest request = Request();
    one.break_it(archive, request);
    const Result<Lock> lock = ResolveLock(request, archive.Place(), {});
    ASSERT_FALSE(lock) << one.name;
    EXPECT_EQ(lock.error().Exit(), one.exit) << one.name << ": " << lock.error().message;
    EXPECT_NE(lock.error().message.find(one.message), std::string::npos)
        << one.name << ": " << lock.error().message;
  }
}

TEST_F(ArchiveTest, FetchesFromWhicheverArchiveHasIt) {
  const Lock lock = SmallLock();
  const Result<FetchedPackages> fetched =
      FetchPackages(lock, archive_.Place(), Below("packages"), {});
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(fetched->lost.empty());
  EXPECT_EQ(fetched->downloaded, 2u);
  EXPECT_EQ(ReadFile(fetched->paths.at(Sha256("the package libc6")), 100).value(),
            "the package libc6");

  archive_.files.clear();  // what is there is not asked for again
  const auto again = FetchPackages(lock, archive_.Place(), Below("packages"), {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->downloaded, 0u);
  EXPECT_EQ(again->paths, fetched->paths);
}

TEST_F(ArchiveTest, ReplacesAPackageThatHasBeenChangedOnDisk) {
  const Lock lock = SmallLock();
  const auto fetched = FetchPackages(lock, archive_.Place(), Below("packages"), {}).value();
  const std::string path = fetched.paths.at(Sha256("the package gcc"));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, "the package gcC"));
  const auto again = FetchPackages(lock, archive_.Place(), Below("packages"), {}).value();
  EXPECT_EQ(again.downloaded, 1u);
  EXPECT_EQ(ReadFile(path, 100).value(), "the package gcc");
}

TEST_F(ArchiveTest, NamesThePackagesThatHaveLeftTheArchive) {
  const Lock lock = SmallLock();
  archive_.files.erase(archive_.UrlOf("libc6"));
  const auto fetched = FetchPackages(lock, archive_.Place(), Below("packages"), {});
  ASSERT_TRUE(fetched) << fetched.error().message;
  ASSERT_EQ(fetched->lost.size(), 1u);
  EXPECT_EQ(fetched->lost[0].package.name, "libc6");
  EXPECT_EQ(fetched->paths.size(), 1u);
  EXPECT_NE(DescribeLost(fetched->lost).find("libc6 2.36-9+deb12u10 (404  Not Found)"),
            std::string::npos);
}

TEST_F(ArchiveTest, TreatsOtherBytesUnderTheSameNameAsLost) {
  const Lock lock = SmallLock();
  archive_.files[archive_.UrlOf("libc6")] = "the package libC6";
  for (const bool apt_notices : {true, false}) {
    archive_.checks_digests = apt_notices;
    const auto fetched = FetchPackages(lock, archive_.Place(), Below("packages"), {});
    ASSERT_TRUE(fetched) << fetched.error().message;
    ASSERT_EQ(fetched->lost.size(), 1u) << apt_notices;
    EXPECT_FALSE(FileExists(Below("packages/" + lock.packages[1].sha256.Hex() + ".deb")));
  }
}

TEST_F(ArchiveTest, ASilentArchiveLosesNothing) {
  const Lock lock = SmallLock();
  archive_.silent = true;
  const auto fetched = FetchPackages(lock, archive_.Place(), Below("packages"), {});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(fetched.error().message.find("Could not connect"), std::string::npos);
}

TEST_F(ArchiveTest, FetchesADebianSourceAndNamesTheFilesThatAreLost) {
  const std::string pool = "http://archive.example/debian/pool/main/libf/libfoo/";
  archive_.files[pool + "libfoo_1.dsc"] = "dsc";
  archive_.files
      ["http://archive.example/debian-security/pool/updates/main/libf/libfoo/"
       "libfoo_1.tar.xz"] = "tar";
  DebianSourceRequest request{"libfoo", "1", {"bookworm", "bookworm-security"}, "amd64", {}};
  request.files = {{"libfoo_1.dsc", Sha256("dsc"), 3}, {"libfoo_1.tar.xz", Sha256("tar"), 3}};
  const Status fetched = FetchDebianSource(request, archive_.Place(), Below("src"), {});
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(ReadFile(Below("src/libfoo_1.tar.xz"), 10).value(), "tar");

  request.files.push_back({"libfoo_1.debian.tar.xz", Sha256("debian"), 6});
  const Status lost = FetchDebianSource(request, archive_.Place(), Below("src"), {});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(lost.error().message.find("libfoo_1.debian.tar.xz (404"), std::string::npos);

  request.files = {{"../x", Sha256("dsc"), 3}};
  EXPECT_EQ(FetchDebianSource(request, archive_.Place(), Below("src"), {}).error().Exit(),
            ExitCode::kUsage);
}

TEST_F(ArchiveTest, ListsTheFilesOfADebianSource) {
  archive_.sources = "Package: libfoo\nVersion: 1\nChecksums-Sha256:\n " + Sha256("tar").Hex() +
                     " 3 libfoo_1.tar.xz\n " + Sha256("dsc").Hex() + " 3 libfoo_1.dsc\n\n";
  DebianSourceRequest request{"libfoo", "1", {"bookworm"}, "amd64", {}};
  const auto files = ListDebianSource(request, archive_.Place(), {});
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(*files, (std::vector<DebianSourceFile>{{"libfoo_1.dsc", Sha256("dsc"), 3},
                                                   {"libfoo_1.tar.xz", Sha256("tar"), 3}}));
  request.version = "2";
  EXPECT_EQ(ListDebianSource(request, archive_.Place(), {}).error().Exit(),
            ExitCode::kInputMissing);
}

}  // namespace
}  // namespace farm
