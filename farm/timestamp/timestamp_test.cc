#include "farm/crypto/timestamp.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "farm/base/files.h"
#include "farm/timestamp/server.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'700'000'000;
constexpr std::int64_t kYear = 366 * kDaySeconds;

class TimestampTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write("tsa.key", key_.Pem());
    Write("tsa.pem", leaf_.Pem());
    Write("root.pem", root_.Pem());
    Write("tsa.json", R"({"format": "farm-config/1", "listen": "127.0.0.1:0", "key": "tsa.key",
                          "certificate": "tsa.pem", "authority": "root.pem"})");
  }
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), Path(name), text));
    ASSERT_EQ(chmod(Path(name).c_str(), 0600), 0);
  }
  Result<std::unique_ptr<HttpServer>> Start() {
    ASSIGN_OR_RETURN(const ConfigFile file, ReadConfig(Path("tsa.json")));
    ASSIGN_OR_RETURN(const TimestampConfig config, ParseTimestampConfig(file));
    ASSIGN_OR_RETURN(const StampKey stamp, ReadStampKey(config));
    return StartTimestampServer(config.listen, stamp, clock_);
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  FixedClock clock_{kNow};
  const PrivateKey root_key_ = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate root_ = IssueAuthority(root_key_, "tsa", "tsa root", kNow, kYear);
  const Certificate leaf_ =
      IssueTimestampLeaf(root_key_, root_, key_.public_key(), "tsa", kNow, kYear);
};

TEST_F(TimestampTest, AnswersATokenOverTheMessage) {
  auto server = Start();
  ASSERT_TRUE(server) << server.error().message;
  HttpClient http = *HttpClient::Open("http://" + (*server)->listen(), "tsa");
  auto reply =
      http.Post("/", MakeTimestampRequest("message"), "application/timestamp-query", 1 << 16);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->content_type, "application/timestamp-reply");
  EXPECT_EQ(*CheckTimestamp(reply->body, "message", {leaf_, root_}), kNow);
  EXPECT_FALSE(CheckTimestamp(reply->body, "other", {leaf_, root_}));
}

TEST_F(TimestampTest, RefusesWhatIsNoQuery) {
  auto server = Start();
  ASSERT_TRUE(server);
  HttpClient http = *HttpClient::Open("http://" + (*server)->listen(), "tsa");
  EXPECT_EQ(http.Get("/", 1000)->status, 405);
  EXPECT_EQ(http.Post("/", MakeTimestampRequest("m"), "text/plain", 1000)->status, 415);
  EXPECT_EQ(http.Post("/", "nonsense", "application/timestamp-query", 1000)->status, 400);
  EXPECT_EQ(http.Post("/", std::string(kTimestampQueryBytesMax + 1, 'x'),
                      "application/timestamp-query", 1000)
                ->status,
            413);
}

TEST_F(TimestampTest, RefusesAKeyOfAnotherCertificateOrKind) {
  for (const KeyKind kind : {KeyKind::kP256, KeyKind::kEd25519}) {
    Write("tsa.key", PrivateKey::Generate(kind).Pem());
    auto server = Start();
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().Exit(), ExitCode::kUsage);
    EXPECT_NE(server.error().message.find("tsa.key"), std::string::npos) << server.error().message;
  }
}

}  // namespace
}  // namespace farm
