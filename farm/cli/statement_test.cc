// `farm release withdraw` at a farmd that lies: nobody is told "withdrawn" of what is in no log, or
// of a release that nobody has.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/client/server.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/manifest_view.h"
#include "farm/proto/farm.grpc.pb.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

// Its answers may be bent on their way.
class FakeFarm final : public v1::Farm::Service {
 public:
  explicit FakeFarm(EvidenceMaker& given_maker) : maker(given_maker) {}
  grpc::Status Get(grpc::ServerContext*, const v1::GetReleaseRequest*,
                   v1::ReleaseInfo* reply) override {
    reply->set_release_line(release_line);
    return grpc::Status::OK;
  }
  grpc::Status Head(grpc::ServerContext*, const v1::HeadRequest*, v1::HeadReply* reply) override {
    if (head.empty()) return {grpc::StatusCode::UNAVAILABLE, "the log is away"};
    reply->set_checkpoint(head);
    return grpc::Status::OK;
  }
  grpc::Status Enter(grpc::ServerContext*, const v1::EnterRequest* request,
                     v1::EnterReply* reply) override {
    Bundle line = *ParseBundleLine(request->line(), "line");
    entered_for.push_back(request->release_line());
    entered.push_back(*ParseStatement(line.envelope.payload, "line"));
    const UnixSeconds now = SystemClock().Now();
    LineDraft draft = maker.Draft(entered.back(), "auditor-0", now - 20);
    maker.Stamp(line, draft.token);
    bend(line, draft);
    maker.Enter(line, draft);
    after(line);
    reply->set_line(WriteBundleLine(line));
    return grpc::Status::OK;
  }

  EvidenceMaker& maker;
  std::string release_line;
  std::string head;
  std::function<void(Bundle&, LineDraft&)> bend = [](Bundle&, LineDraft&) {};
  std::function<void(Bundle&)> after = [](Bundle&) {};
  std::vector<Statement> entered;
  std::vector<std::string> entered_for;  // lines of releases
};

class WithdrawTest : public testing::Test {
 protected:
  WithdrawTest() : made_(maker_.Make()) {
    auto server =
        StartServer({.listen = "127.0.0.1:0", .tls = tls_.Files("farmd"), .services = {&farm_}});
    EXPECT_TRUE(server) << server.error().message;
    server_.emplace(*std::move(server));
    Write("root.json", maker_.RootBytes());
    Write("policy.json", WritePolicy(maker_.policy()));
    Write("key.pem", maker_.Key("auditor-0").Pem());
    const TlsFiles tls = tls_.Files("auditor-0");
    Write("config.json",
          R"({"format": "farm-config/1", "id": "auditor-0", "key": "key.pem", "root": "root.json",
              "policy": "policy.json", "store": "store", "tls": {"certificate": ")" +
              tls.certificate + R"(", "key": ")" + tls.key + R"(", "authority": ")" +
              tls.authority + R"("}, "farm": {"serverName": "farmd", "address": ")" +
              server_->listen() + R"("}})");
  }
  std::string Path(const std::string& name) { return JoinPath(directory_.path(), name); }
  void Write(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
    EXPECT_EQ(chmod(Path(name).c_str(), 0600), 0);
  }
  // Exit code of `farm release withdraw`; what it said is in `said_`.
  int Withdraw(const std::string& release) {
    WithdrawArguments arguments;
    arguments.release = release;
    arguments.product = product_;
    arguments.version = version_;
    arguments.reason = "it is rude";
    arguments.config = Path("config.json");
    arguments.out = Path("withdrawal.jsonl");
    testing::internal::CaptureStderr();
    const int exit = RunWithdrawCommand(arguments, Output());
    said_ = testing::internal::GetCapturedStderr();
    return exit;
  }
  int WithdrawFile(const std::vector<Bundle>& lines) {
    std::string text;
    for (const Bundle& line : lines) text += WriteBundleLine(line) + "\n";
    Write("hello.tar.sigstore.jsonl", text);
    return Withdraw(Path("hello.tar.sigstore.jsonl"));
  }
  int WithdrawAtFarm(const Bundle& line) {
    farm_.release_line = WriteBundleLine(line);
    return Withdraw(Id());
  }
  std::string Id() {
    const ManifestView view = *ViewManifest(maker_.manifest());
    return "hello/1.0/r" + std::to_string(view.revision) + "/" + view.digest.Hex().substr(0, 12);
  }
  // A log's head as these witnesses cosign it so many seconds from now.
  static std::string HeadOf(const EvidenceMaker& maker, std::int64_t seconds,
                            const std::vector<int>& witnesses) {
    LineDraft draft;
    draft.witnesses = witnesses;
    draft.witnessed = SystemClock().Now() + seconds;
    return maker.CheckpointNote(maker.Head().size, draft);
  }
  const Bundle& Line() const { return made_.lines[kReleaseLine]; }
  bool Said(const std::string& words) const { return said_.find(words) != std::string::npos; }

  EvidenceMaker maker_{EvidenceOptions{.start = SystemClock().Now() - 3600}};
  MadeRelease made_;
  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  std::string product_ = "hello";  // which release is meant
  std::string version_ = "1.0";
  TlsMaker tls_{directory_.path()};
  FakeFarm farm_{maker_};
  std::optional<RunningServer> server_;
  std::string said_;
};

TEST_F(WithdrawTest, NamesTheReleaseThatTheFileOrTheFarmHas) {
  EXPECT_EQ(WithdrawFile(made_.lines), 0) << said_;
  EXPECT_EQ(WithdrawAtFarm(Line()), 0) << said_;
  ASSERT_EQ(farm_.entered.size(), 2u);
  EXPECT_EQ(farm_.entered_for, std::vector<std::string>(2, WriteBundleLine(Line())));
  for (const Statement& said : farm_.entered) {
    EXPECT_EQ(std::get<Withdrawal>(said).release, Line().PaeDigest());
    EXPECT_EQ(std::get<Withdrawal>(said).product, "hello");
  }
  EXPECT_TRUE(FileExists(Path("withdrawal.jsonl")));
}

TEST_F(WithdrawTest, SaysWhichReleaseItIsBeforeItIsWithdrawn) {
  ASSERT_EQ(WithdrawFile(made_.lines), 0) << said_;
  EXPECT_TRUE(Said("withdrawing hello 1.0, release " + Line().PaeDigest().Text())) << said_;
}

// Each row: what is said to be meant, of a file and of an id, where the release is hello 1.0.
TEST_F(WithdrawTest, OnlyTheReleaseThatIsMeant) {
  constexpr int kWithdrawn = static_cast<int>(ExitCode::kProved);
  constexpr int kUsage = static_cast<int>(ExitCode::kUsage);
  constexpr int kOther = static_cast<int>(ExitCode::kInputMissing);
  const struct {
    std::string name;
    std::string product;
    std::string version;
    int of_a_file;
    int of_an_id;
  } kRows[] = {
      {"both", "hello", "1.0", kWithdrawn, kWithdrawn},
      {"none", "", "", kUsage, kWithdrawn},
      {"no_version", "hello", "", kUsage, kWithdrawn},
      {"no_product", "", "1.0", kUsage, kWithdrawn},
      {"another_product", "hallo", "1.0", kOther, kOther},
      {"another_version", "hello", "1.1", kOther, kOther},
      {"another_version_alone", "", "1.1", kUsage, kOther},
  };
  for (const auto& row : kRows) {
    product_ = row.product;
    version_ = row.version;
    for (const auto& [exit, of_a_file] :
         {std::pair{row.of_a_file, true}, std::pair{row.of_an_id, false}}) {
      farm_.entered.clear();
      EXPECT_EQ(of_a_file ? WithdrawFile(made_.lines) : WithdrawAtFarm(Line()), exit)
          << row.name << said_;
      EXPECT_EQ(farm_.entered.size(), exit == kWithdrawn ? 1u : 0u) << row.name;
      if (exit == kUsage) {
        EXPECT_TRUE(Said("--product and --version are required")) << said_;
      }
      if (exit != kOther) continue;
      const std::string asked = (row.product.empty() ? "hello" : row.product) + " " + row.version;
      EXPECT_TRUE(Said("is the release hello 1.0, asked to withdraw " + asked)) << said_;
    }
  }
}

// Each row: a line that is no release of the farm's signer, or is in no log.  Nothing is signed.
TEST_F(WithdrawTest, NothingOfAReleaseThatNobodyHas) {
  const auto bent = [&](const std::function<void(Bundle&)>& bend) {
    Bundle line = Line();
    bend(line);
    return line;
  };
  Release later = *ParseStatementAs<Release>(Line().envelope.payload, "release");
  later.created += 1;
  const struct {
    std::string name;
    Bundle line;
    ExitCode exit;
  } kRows[] = {
      {"created_changed", bent([&](Bundle& b) { b.envelope.payload = WriteStatement(later); }),
       ExitCode::kBadSignature},
      {"no_log_entry", bent([](Bundle& b) { b.log_entry.reset(); }), ExitCode::kLogProof},
      {"no_stamp", bent([](Bundle& b) { b.timestamp.reset(); }), ExitCode::kNotValidThen},
      {"by_a_site", maker_.MakeLine(maker_.Draft(later, "site-0", later.created)),
       ExitCode::kBadSignature},
      {"a_request", made_.lines[kRequestLine], ExitCode::kUsage},
  };
  for (const auto& row : kRows) {
    EXPECT_NE(WithdrawFile({row.line}), 0) << row.name;
    const std::string said_of_file = said_;
    EXPECT_EQ(WithdrawAtFarm(row.line), static_cast<int>(row.exit)) << row.name << said_;
    EXPECT_TRUE(Said("farmd's release line")) << row.name << said_;
    EXPECT_NE(said_of_file.find("hello.tar.sigstore.jsonl"), std::string::npos) << said_of_file;
  }
  EXPECT_TRUE(farm_.entered.empty());
}

// Each row: the newest head of the log that the farm shows.  What its witnesses have said has been;
// what the speaker's own root does not bear out says nothing.
TEST_F(WithdrawTest, IsNotSignedByAClockBehindTheWitnesses) {
  constexpr int kDone = static_cast<int>(ExitCode::kProved);
  constexpr int kBehind = static_cast<int>(ExitCode::kUnavailable);
  constexpr std::int64_t kHour = 3600;
  const EvidenceMaker strangers;
  const EvidenceMaker another_log{EvidenceOptions{.log = "log2.farm.example"}};
  const struct {
    std::string name;
    std::string head;
    int exit;
    std::string says;
  } kRows[] = {
      {"now", HeadOf(maker_, 0, {0, 1}), kDone, ""},
      {"an_hour_ago", HeadOf(maker_, -kHour, {0, 1}), kDone, ""},
      {"within_the_skew", HeadOf(maker_, 50, {0, 1}), kDone, ""},
      {"in_an_hour", HeadOf(maker_, kHour, {0, 1}), kBehind, "set the clock"},
      {"in_an_hour_says_one_of_two", HeadOf(maker_, kHour, {0}), kDone, "was not compared"},
      {"in_an_hour_say_strangers", HeadOf(strangers, kHour, {0, 1}), kDone, "was not compared"},
      {"of_another_log", HeadOf(another_log, kHour, {0, 1}), kDone, "was not compared"},
      {"no_note", "no note", kDone, "was not compared"},
      {"no_answer", "", kDone, "the log is away"},
  };
  for (const auto& row : kRows) {
    farm_.head = row.head;
    farm_.entered.clear();
    EXPECT_EQ(WithdrawFile(made_.lines), row.exit) << row.name << said_;
    EXPECT_EQ(farm_.entered.size(), row.exit == kDone ? 1u : 0u) << row.name;
    EXPECT_TRUE(Said(row.says)) << row.name << said_;
    EXPECT_EQ(Said("warning"), row.exit == kDone && !row.says.empty()) << row.name << said_;
  }
}

TEST_F(WithdrawTest, NotAnotherReleaseThanTheOneAskedFor) {
  maker_.Turn("1.1", {{"hello.tar", "the next program\n"}, {"hello.txt", "the manual\n"}});
  const Bundle next = maker_.Make().lines[kReleaseLine];
  farm_.release_line = WriteBundleLine(next);
  EXPECT_EQ(Withdraw("hello/1.0/r1/000000000000"), static_cast<int>(ExitCode::kLogProof)) << said_;
  EXPECT_TRUE(Said("asked for hello/1.0/r1/")) << said_;
  EXPECT_TRUE(farm_.entered.empty());
}

TEST_F(WithdrawTest, AKeyRevokedSinceIsNoReasonToLetItsReleaseStand) {
  TrustRoot root = maker_.root();
  root.revocations.push_back(
      {"key", maker_.Key("signer").public_key().KeyId(), "stolen", std::nullopt});
  Write("root.json", WriteTrustRoot(root, {maker_.Key("root")}));
  EXPECT_EQ(WithdrawFile(made_.lines), 0) << said_;
}

// Each row: an answer of farmd's that is not one for everybody.
TEST_F(WithdrawTest, IsNotDoneUntilFarmdShowsItInTheLog) {
  const PrivateKey another = PrivateKey::Generate(KeyKind::kP256);
  const struct {
    std::string name;
    std::function<void(Bundle&, LineDraft&)> bend;
    std::function<void(Bundle&)> after;
  } kRows[] = {
      {"in_no_log", {}, [](Bundle& b) { b.log_entry.reset(); }},
      {"a_log_entry_of_another_line", {}, [&](Bundle& b) { b.log_entry = Line().log_entry; }},
      {"no_stamp", {}, [](Bundle& b) { b.timestamp.reset(); }},
      {"no_witnesses", [](Bundle&, LineDraft& draft) { draft.witnesses.clear(); }, {}},
      {"signed_by_farmd_instead",
       [&](Bundle& b, LineDraft& draft) {
         b.public_key = another.public_key();
         b.envelope.key_id = another.public_key().KeyId();
         b.envelope.signature = another.Sign(b.envelope.PaeBytes());
         maker_.Stamp(b, draft.token);
       },
       {}},
  };
  for (const auto& row : kRows) {
    farm_.bend = row.bend ? row.bend : [](Bundle&, LineDraft&) {};
    farm_.after = row.after ? row.after : [](Bundle&) {};
    EXPECT_NE(WithdrawFile(made_.lines), 0) << row.name;
    EXPECT_TRUE(Said("farmd")) << row.name << said_;
    EXPECT_FALSE(FileExists(Path("withdrawal.jsonl"))) << row.name;
  }
}

}  // namespace
}  // namespace farm
