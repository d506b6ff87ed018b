#include "farm/client/http.h"

#include <gtest/gtest.h>

#include <atomic>

#include "farm/base/files.h"
#include "farm/client/config.h"
#include "farm/client/tls.h"

namespace farm {
namespace {

TEST(HostPort, ReadsAddressesAndRefusesTheRest) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:80")->port, 80);
  EXPECT_EQ(ParseHostPort("[::1]:0")->host, "::1");
  EXPECT_EQ(ParseHostPort("log.example:4711")->host, "log.example");
  for (const char* text : {"", ":80", "host", "host:", "host:65536", "host:-1", "host:080"}) {
    EXPECT_FALSE(ParseHostPort(text)) << text;
  }
}

TEST(Http, CarriesMethodPathBodyTypeAndStatus) {
  auto server = StartHttpServer(
      "127.0.0.1:0",
      [](const HttpRequest& request) -> HttpReply {
        return {
            request.method == "POST" ? 201 : 200, "text/x.test",
            request.method + " " + request.path + " " + request.content_type + " " + request.body,
            false};
      },
      100);
  ASSERT_TRUE(server) << server.error().message;
  HttpClient http = *HttpClient::Open("http://" + (*server)->listen() + "/prefix/", "peer");
  auto get = http.Get("/a/b", 1000);
  ASSERT_TRUE(get) << get.error().message;
  EXPECT_EQ(get->status, 200);
  EXPECT_EQ(get->content_type, "text/x.test");
  EXPECT_EQ(get->body, "GET /prefix/a/b  ");
  auto post = http.Post("/c", "body", "text/y", 1000);
  ASSERT_TRUE(post);
  EXPECT_EQ(post->status, 201);
  EXPECT_EQ(post->body, "POST /prefix/c text/y body");
}

TEST(Http, HoldsBothSidesToTheirLimits) {
  auto server = StartHttpServer(
      "127.0.0.1:0",
      [](const HttpRequest&) -> HttpReply {
        return {200, "", std::string(1000, 'x'), false};
      },
      100);
  ASSERT_TRUE(server);
  HttpClient http = *HttpClient::Open("http://" + (*server)->listen(), "peer");
  EXPECT_TRUE(http.Get("/", 1000));
  EXPECT_EQ(http.Get("/", 999).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(http.Post("/", std::string(100, 'x'), "a/b", 1000)->status, 200);
  EXPECT_EQ(http.Post("/", std::string(101, 'x'), "a/b", 1000)->status, 413);
}

TEST(Http, AClientOutlivesARestartOfItsServer) {
  const auto hello = [](const HttpRequest&) -> HttpReply { return {200, "", "hello", false}; };
  auto server = StartHttpServer("127.0.0.1:0", hello, 100);
  ASSERT_TRUE(server);
  const std::string listen = (*server)->listen();
  HttpClient http = *HttpClient::Open("http://" + listen, "peer");
  ASSERT_TRUE(http.Get("/", 1000));
  server->reset();
  auto gone = http.Get("/", 1000);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(gone.error().message.find("peer at http://" + listen), std::string::npos);
  server = StartHttpServer(listen, hello, 100);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_TRUE(http.Get("/", 1000));
}

TEST(Http, TwoServersNeverShareAPort) {
  const auto hello = [](const HttpRequest&) -> HttpReply { return {}; };
  auto first = StartHttpServer("127.0.0.1:0", hello, 100);
  ASSERT_TRUE(first);
  auto second = StartHttpServer((*first)->listen(), hello, 100);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().Exit(), ExitCode::kUnavailable);
}

TEST(Http, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "host:80", "ftp://host", "http://", "http:///path"}) {
    EXPECT_FALSE(HttpClient::Open(url, "peer")) << url;
  }
}

TEST(Config, PathsAreRelativeToTheFile) {
  TemporaryDirectory temporary = *TemporaryDirectory::Make("");
  const std::string path = temporary.path() + "/c.json";
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path,
                           R"({"certificate": "a.pem", "key": "/b.key", "authority": "d/c.pem"})"));
  const ConfigFile file = *ReadConfig(path);
  EXPECT_EQ(file.Resolve("x/y"), temporary.path() + "/x/y");
  EXPECT_EQ(file.Resolve("/x/y"), "/x/y");
  EXPECT_EQ(file.ResolveKey("x/y"), temporary.path() + "/x/y");
  EXPECT_EQ(file.ResolveKey("/x/y"), "/x/y");
  EXPECT_EQ(file.ResolveKey("pkcs11:token=a"), "pkcs11:token=a");
  const Json authority = {
      {"certificate", "ca.pem"}, {"key", "pkcs11:token=a;object=ca"}, {"transparencyKey", "t.key"}};
  const AuthorityFiles files = *ParseAuthorityFiles(authority, "authority", file.directory);
  EXPECT_EQ(files.certificate, temporary.path() + "/ca.pem");
  EXPECT_EQ(files.key, "pkcs11:token=a;object=ca");
  EXPECT_EQ(files.transparency_key, temporary.path() + "/t.key");
  const TlsFiles tls = *ParseTlsFiles(file.json, "tls", file.directory);
  EXPECT_EQ(tls.certificate, temporary.path() + "/a.pem");
  EXPECT_EQ(tls.key, "/b.key");
  EXPECT_EQ(tls.authority, temporary.path() + "/d/c.pem");
  EXPECT_EQ(ReadConfig(temporary.path() + "/none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace farm
