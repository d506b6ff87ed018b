#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/cli/init.h"
#include "farm/cli/output.h"
#include "farm/cli/person.h"
#include "farm/cli/ports.h"
#include "farm/cli/release_view.h"
#include "farm/cli/waiting.h"
#include "farm/client/config.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "farm/sign/signer.h"
#include "tests/support/hooked_files.h"

namespace farm {
namespace {

TEST(SubordinateIds, StayClearOfRangesThatAreGivenAway) {
  const auto directory = TemporaryDirectory::Make("");
  ASSERT_TRUE(directory);
  const std::string file = JoinPath(directory->path(), "subuid");
  EXPECT_EQ(FreeSubordinateIds({file}, 65536).value(), 1U << 30);
  ASSERT_TRUE(
      WriteDurably(RealFileSystem(), file, "a:100000:65536\nb:1073741824:65536\nbad line\n"));
  EXPECT_EQ(FreeSubordinateIds({file}, 65536).value(), (1U << 30) + 65536);
  ASSERT_TRUE(WriteDurably(RealFileSystem(), file, "a:1073741824:3200000000\n"));
  EXPECT_FALSE(FreeSubordinateIds({file}, 1 << 26));  // what is left is too small
}

TEST(PartyUids, StayClearOfAccounts) {
  EXPECT_EQ(FreePartyUids([](std::uint32_t) { return false; }).value(), kFirstPartyUid);
  const auto one = [](std::uint32_t uid) { return uid == kFirstPartyUid + 3; };
  EXPECT_EQ(FreePartyUids(one).value(), kFirstPartyUid + 4);
  const auto every_tenth = [](std::uint32_t uid) { return uid % 10 == 0; };
  EXPECT_FALSE(FreePartyUids(every_tenth));
}

TEST(Init, MakesAFarmWhoseRootParsesAndRefusesToMakeItTwice) {
  const auto directory = TemporaryDirectory::Make("");
  ASSERT_TRUE(directory);
  InitOptions options;
  options.directory = JoinPath(directory->path(), "farm");
  options.programs = "/bin";
  const FixedClock clock(1795477230);
  const auto parties = InitDevelopment(options, clock);
  ASSERT_TRUE(parties) << parties.error().message;
  const auto bytes = ReadFile(JoinPath(options.directory, "public/root.json"), 1 << 20);
  ASSERT_TRUE(bytes);
  const auto root = ParseTrustRoot(*bytes, "root.json");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_TRUE(root->development.has_value());
  EXPECT_EQ(root->auditors.size(), 2U);
  EXPECT_EQ(root->witnesses.size(), 2U);
  EXPECT_EQ(ReadParties(options.directory).value().size(), parties->size());
  EXPECT_EQ(InitDevelopment(options, clock).error().code, ErrorCode::kInvalidInput);
}

// A farm of the caller's in a temporary folder.
class InitTest : public testing::Test {
 protected:
  InitTest() {
    options_.directory = JoinPath(directory_.path(), "farm");
    options_.programs = "/bin";
    const auto made = InitDevelopment(options_, FixedClock(1795477230));
    EXPECT_TRUE(made) << made.error().message;
    if (made) parties_ = *made;
  }
  std::string File(const std::string& party, const std::string& name) {
    return JoinPath(options_.directory, "parties/" + party + "/" + name);
  }
  std::string Address(const std::string& party, const std::string& field) {
    return ReadConfig(File(party, "config.json"))->json.at(field).get<std::string>();
  }

  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  InitOptions options_;
  std::vector<Party> parties_;
};

// What init_owners_test looks at as root, here for one user.
TEST_F(InitTest, EveryFileOfAPartyIsItsOwnersAlone) {
  std::size_t keys = 0;
  for (const Party& party : parties_) {
    struct stat status = {};
    ASSERT_EQ(stat(File(party.name, "").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U) << party.name;
    for (const auto& entry : std::filesystem::directory_iterator(File(party.name, ""))) {
      ASSERT_EQ(lstat(entry.path().c_str(), &status), 0);
      EXPECT_EQ(status.st_mode & 07777, 0600U) << entry.path();
      EXPECT_EQ(status.st_uid, party.uid) << entry.path();
      keys += entry.path().string().ends_with("key.pem") ? 1 : 0;
    }
  }
  EXPECT_GE(keys, parties_.size());
  for (const char* key : {"root.key.pem", "tls.key.pem"}) {
    struct stat status = {};
    ASSERT_EQ(stat(JoinPath(options_.directory, "authority/" + std::string(key)).c_str(), &status),
              0);
    EXPECT_EQ(status.st_mode & 07777, 0600U) << key;
  }
}

// Not only in the end: whoever may open a file may read for ever what is written to it.
TEST(Init, NoKeyIsEverInAFileThatOthersMayRead) {
  const auto directory = TemporaryDirectory::Make("").value();
  HookedFiles files;
  std::size_t keys = 0;
  files.hook = [&](const std::string& step, const std::string& path) -> Status {
    if (step != "rename") return {};
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, 1 << 20));
    if (bytes.find("PRIVATE KEY") == std::string::npos) return {};
    ++keys;
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U) << path;
    return {};
  };
  const auto made = InitDevelopment(
      {.directory = JoinPath(directory.path(), "farm"), .programs = "/bin", .files = &files},
      FixedClock(1795477230));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GT(keys, 2 * made->size());  // most parties have several
}

TEST_F(InitTest, PortsLieBelowThoseThatClientsGet) {
  std::set<std::string> addresses;
  for (const Party& party : parties_) {
    if (party.program.empty()) continue;
    addresses.insert(Address(party.name, "listen"));
  }
  addresses.insert(Address("log", "httpListen"));
  EXPECT_EQ(addresses.size(), 10U);
  for (const std::string& address : addresses) {
    const auto port = ParseDecimal(Split(address, ':').back(), 65535);
    ASSERT_TRUE(port) << address;
    EXPECT_GE(*port, static_cast<std::uint64_t>(kFirstPort)) << address;
    EXPECT_LE(*port, static_cast<std::uint64_t>(kLastPort)) << address;
  }
}

// Listens on a port of the loopback interface.
class Listener {
 public:
  explicit Listener(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
  }
  ~Listener() { close(socket_); }

 private:
  int socket_;
};

TEST(Ports, AreNotThoseThatSomebodyHas) {
  const std::vector<int> free = FreePorts(3, 24000).value();
  EXPECT_EQ(std::set<int>(free.begin(), free.end()).size(), 3U);
  const Listener listener(free[1]);
  const std::vector<int> now = FreePorts(2, free[0]).value();
  EXPECT_EQ(now[0], free[0]);
  EXPECT_NE(now[1], free[1]);
  EXPECT_GE(FreePorts(2, kLastPort).value()[1], kFirstPort);  // it goes around
  EXPECT_EQ(FreePorts(20000, kFirstPort).error().Exit(), ExitCode::kUnavailable);
}

TEST_F(InitTest, ATakenPortIsNamedWithTheRemedy) {
  const std::string config = File("log", "config.json");
  EXPECT_TRUE(CheckPortsFree(config, "log", options_.directory));
  for (const char* field : {"listen", "httpListen"}) {
    const std::string address = Address("log", field);
    const Listener listener(
        static_cast<int>(ParseDecimal(Split(address, ':').back(), 65535).value()));
    const Status taken = CheckPortsFree(config, "log", options_.directory);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().Exit(), ExitCode::kUnavailable);
    for (const std::string& word : {address, std::string(field), std::string("farm init")}) {
      EXPECT_NE(taken.error().message.find(word), std::string::npos) << taken.error().message;
    }
  }
}

TEST_F(InitTest, AnAuditorIsFoundByHisKey) {
  const std::string bytes =
      ReadFile(JoinPath(options_.directory, "public/root.json"), 1 << 20).value();
  const TrustRoot root = ParseTrustRoot(bytes, "root.json").value();
  const auto key_of = [&](const std::string& party) {
    return OpenFileSigner(File(party, "key.pem")).value()->key();
  };
  EXPECT_EQ(AuditorOfKey(root, key_of("auditor-2")).value(), "auditor-2");
  const auto requester = AuditorOfKey(root, key_of("requester-1"));
  ASSERT_FALSE(requester);
  EXPECT_EQ(requester.error().Exit(), ExitCode::kApproval);
  const auto nobody = AuditorOfKey(root, key_of("replayer-1"));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().Exit(), ExitCode::kRefused);
  EXPECT_NE(nobody.error().message.find("auditor-1"), std::string::npos);
}

TEST_F(InitTest, APersonsKeyMayLieInAToken) {
  const std::string path = File("auditor-1", "config.json");
  EXPECT_EQ(ReadPersonConfig(path).value().key, File("auditor-1", "key.pem"));
  Json json = ReadConfig(path).value().json;
  json["key"] = "pkcs11:token=a;object=b";
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path, WriteReadableJson(json)));
  EXPECT_EQ(ReadPersonConfig(path).value().key, "pkcs11:token=a;object=b");
}

TEST(Person, AFarmIsGivenAsUrl) {
  const TlsFiles tls = TlsFilesBeside("/keys/mine.pem");
  EXPECT_EQ(tls.key, "/keys/tls.key.pem");
  for (const char* good :
       {"https://farm.example:4711", "farm.example:4711", "https://farm.example:4711/"}) {
    const auto farm = FarmOfUrl(good, tls);
    ASSERT_TRUE(farm) << good;
    EXPECT_EQ(farm->address, "farm.example:4711");
    EXPECT_EQ(farm->server_name, "farmd");
    EXPECT_EQ(farm->tls.certificate, "/keys/tls.pem");
  }
  for (const char* bad : {"", "farm.example", "http://farm.example:1", "https://farm.example:1/x",
                          ":1", "farm:0", "farm:65536", "farm:x"}) {
    EXPECT_EQ(FarmOfUrl(bad, tls).error().Exit(), ExitCode::kUsage) << bad;
  }
}

TEST(ToolchainLock, ARefreshWithoutAFileAnswersInJson) {
  Lock before;
  Lock after = before;
  after.packages = {{"gcc", "1", "amd64", Digest(), 1, "pool/gcc.deb"}};
  ToolchainLockArguments arguments;
  arguments.refresh = "cc.lock.textproto";
  const auto answer = [&](const Lock& now) {
    testing::internal::CaptureStdout();
    SayLockDifference(before, now, arguments, Output{true, false});
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(ParseJson(answer(after), "answer")->at("changes"), Json::array({"+ gcc 1"}));
  EXPECT_EQ(ParseJson(answer(before), "answer")->at("changes"), Json::array());
  arguments.out = "new.lock.textproto";  // the answer comes when it is written
  EXPECT_EQ(answer(after), "");
}

v1::ReleaseInfo Info(v1::Stage stage, const std::vector<std::string>& sites = {}) {
  v1::ReleaseInfo info;
  info.set_release_id("greeting/1/r1/5e1c2a90b7f1");
  info.set_stage(stage);
  char name = 'a';
  for (const std::string& state : sites) {
    v1::SiteInfo& site = *info.add_site();
    site.set_builder_id(std::string("https://farm.example/sites/site-x") + name++);
    site.set_state(state);
  }
  return info;
}

using std::chrono::hours;
using std::chrono::minutes;
const SteadyTime kStart{hours(1)};
constexpr WaitLimits kLimits{hours(24), minutes(15)};

TEST(Waiting, EndsWith30AndNamesTheSiteThatDoesNotAnswer) {
  Waiting waiting(kLimits, kStart);
  v1::ReleaseInfo info = Info(v1::BUILDING, {"succeeded", "building", "unreachable"});
  info.mutable_site(2)->set_detail("connection refused");
  waiting.See(info, kStart);
  EXPECT_TRUE(waiting.Check(kStart + hours(5)));  // xb builds, for hours
  info.mutable_site(1)->set_state("succeeded");
  waiting.See(info, kStart + hours(5));
  EXPECT_TRUE(waiting.Check(kStart + hours(5) + minutes(15)));
  info.mutable_site(2)->set_detail("connection refused again");  // is no progress
  waiting.See(info, kStart + hours(5) + minutes(15));
  const Status over = waiting.Check(kStart + hours(5) + minutes(16));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(over.error().message.find("site-xc is unreachable: connection refused"),
            std::string::npos)
      << over.error().message;
  EXPECT_EQ(over.error().message.find("site-xa"), std::string::npos) << over.error().message;
}

TEST(Waiting, EndsWith30WhenSignerOrLogDoNotAnswer) {
  for (const v1::Stage stage : {v1::SUBMITTED, v1::DECIDING, v1::PUBLISHING}) {
    Waiting waiting(kLimits, kStart);
    waiting.See(Info(stage), kStart);
    waiting.See(Info(stage), kStart + minutes(15));
    EXPECT_TRUE(waiting.Check(kStart + minutes(15))) << v1::Stage_Name(stage);
    EXPECT_EQ(waiting.Check(kStart + minutes(16)).error().Exit(), ExitCode::kUnavailable);
  }
}

TEST(Waiting, AfterTheTimeoutMissingApprovalsAre14AndEverythingElse30) {
  struct Case {
    v1::ReleaseInfo info;
    ExitCode exit;
  };
  for (const Case& one : {Case{Info(v1::WAITING_APPROVALS), ExitCode::kApproval},
                          Case{Info(v1::BUILDING, {"building"}), ExitCode::kUnavailable},
                          Case{Info(v1::DECIDING), ExitCode::kUnavailable}}) {
    Waiting waiting({minutes(10), minutes(15)}, kStart);
    waiting.See(one.info, kStart);
    EXPECT_TRUE(waiting.Check(kStart + minutes(10)));
    EXPECT_EQ(waiting.Check(kStart + minutes(11)).error().Exit(), one.exit)
        << v1::Stage_Name(one.info.stage());
  }
  Waiting patient(kLimits, kStart);  // people are given the whole day
  patient.See(Info(v1::WAITING_APPROVALS), kStart);
  EXPECT_TRUE(patient.Check(kStart + hours(24)));
}

TEST(ReleaseView, ExitIsThereAtTheEndAndZeroOnlyIfReleased) {
  EXPECT_FALSE(InfoJson(Info(v1::BUILDING)).contains("exit"));
  EXPECT_EQ(InfoJson(Info(v1::RELEASED))["exit"], 0);
  v1::ReleaseInfo failed = Info(v1::BUILD_FAILED);
  EXPECT_EQ(ExitOf(failed), ExitCode::kInternal);  // no reason given
  failed.set_exit_code(40);
  EXPECT_EQ(ExitOf(failed), ExitCode::kBuildFailed);
  EXPECT_EQ(InfoJson(failed)["exit"], 40);
}

TEST(ReleaseView, HasAClockOnlyOnATerminal) {
  const v1::ReleaseInfo info = Info(v1::BUILDING, {"building"});
  EXPECT_EQ(SitesLine(info, 5), "building  0:05   site-xa building");
  EXPECT_EQ(SitesLine(info, std::nullopt), "building   site-xa building");
}

TEST(Output, DurationsAndBars) {
  EXPECT_EQ(FormatDuration(65), "1:05");
  EXPECT_EQ(FormatDuration(7800), "2:10:00");
  EXPECT_EQ(ProgressBar(1, 2), "[##########----------]");
  EXPECT_EQ(ProgressBar(0, 0), "[--------------------]");
}

TEST(Output, ALineIsCutToTheTerminalsWidthWithoutItsLastColumn) {
  const struct {
    const char* name;
    std::string line;
    std::size_t columns;
    std::size_t shown;
  } rows[] = {
      {"empty", "", 80, 0},
      {"fits", std::string(79, 'x'), 80, 79},
      {"one_too_long", std::string(80, 'x'), 80, 79},
      {"much_too_long", std::string(500, 'x'), 80, 79},
      {"wide_terminal", std::string(100, 'x'), 200, 100},
      {"one_column", "x", 1, 0},
      {"no_column", "x", 0, 0},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(CutToColumns(row.line, row.columns), row.line.substr(0, row.shown)) << row.name;
  }
}

// What is redrawn on a terminal of $COLUMNS columns; a file, as the test's standard error is, has
// no width of its own.
std::string Redrawn(const char* columns, std::string_view line) {
  const Output output{.json = false, .terminal = true};
  EXPECT_EQ(setenv("COLUMNS", columns, 1), 0);
  testing::internal::CaptureStderr();
  SayProgressInPlace(output, line);
  std::string shown = testing::internal::GetCapturedStderr();
  testing::internal::CaptureStderr();
  EndProgressInPlace(output);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\n");
  return shown;
}

TEST(Output, ARedrawnLineNeverWraps) {
  const std::string line(300, 'x');
  EXPECT_EQ(Redrawn("20", line), "\r\x1b[K" + std::string(19, 'x'));
  EXPECT_EQ(Redrawn("120", line), "\r\x1b[K" + std::string(119, 'x'));
  for (const char* nothing : {"", "0", "wide", "-5"}) {
    EXPECT_EQ(Redrawn(nothing, line), "\r\x1b[K" + std::string(79, 'x')) << nothing;
  }
  testing::internal::CaptureStderr();
  SayProgressInPlace(Output(), line);  // a file has no last column
  EndProgressInPlace(Output());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), line + "\n");
}

TEST(Output, ManyLinesAreForATerminalOnly) {
  const Output terminal{.json = false, .terminal = true};
  const Output file;
  testing::internal::CaptureStderr();
  ProgressOf(file)("one of many");
  ProgressOf(terminal)("one");
  ProgressOf(terminal)("two");
  EndProgressInPlace(terminal);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\r\x1b[Kone\r\x1b[Ktwo\n");
}

TEST(SitesLine, SaysWhatEachSiteDoes) {
  v1::ReleaseInfo info;
  info.set_stage(v1::BUILDING);
  v1::SiteInfo* one = info.add_site();
  one->set_builder_id("https://farm.example/sites/site-xa");
  one->set_state("building");
  one->set_actions_total(2);
  one->set_actions_done(1);
  one->set_detail("action: test");
  v1::SiteInfo* two = info.add_site();
  two->set_builder_id("https://farm.example/sites/site-xb");
  two->set_state("unreachable");
  EXPECT_EQ(SitesLine(info, 65),
            "building  1:05   site-xa [##########----------] 1/2 actions (action: test)   site-xb "
            "unreachable");
}

}  // namespace
}  // namespace farm
