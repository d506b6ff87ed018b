#include "farm/client/http.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

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

// Whoever is asked answers what he likes: sends bytes until it has no more of them, or nobody takes
// them.
class LyingServer {
 public:
  // Called again and again; "" ends.
  using Piece = std::function<std::string()>;

  LyingServer(std::string start, Piece piece)
      : start_(std::move(start)),
        piece_(std::move(piece)),
        socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~LyingServer() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  LyingServer(const LyingServer&) = delete;

  const std::string& url() const { return url_; }

 private:
  static bool Send(int to, const std::string& bytes) {
    return send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  void Serve() {
    for (int peer = accept(socket_, nullptr, nullptr); peer >= 0;
         peer = accept(socket_, nullptr, nullptr)) {
      const timeval patience{10, 0};
      setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
      char request[4096];
      bool more = recv(peer, request, sizeof(request), 0) > 0 && Send(peer, start_);
      while (more) {
        const std::string piece = piece_();
        more = !piece.empty() && Send(peer, piece);
      }
      close(peer);
    }
  }

  const std::string start_;
  const Piece piece_;
  const int socket_;
  std::string url_;
  std::thread thread_;
};

TEST(Http, AnAnswerWithoutEndIsRefused) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const auto endless = [](const std::string& text) { return [text] { return text; }; };
  const auto dribble = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return std::string("a");
  };
  const struct {
    const char* what;
    std::string start;
    LyingServer::Piece piece;
    ErrorCode code;
  } answers[] = {
      {"words beside the status", "HTTP/1.1 200 ", endless(std::string(1000, 'a')),
       ErrorCode::kUnavailable},
      {"a long header", ok + "X: ", endless(std::string(1000, 'a')), ErrorCode::kUnavailable},
      {"many headers", ok, endless("a: b\r\n"), ErrorCode::kLimitExceeded},
      {"a dribbled header", ok + "X: ", dribble, ErrorCode::kUnavailable},
      {"a dribbled body", ok + "\r\n", dribble, ErrorCode::kUnavailable},
      {"a body", ok + "\r\n", endless(std::string(1000, 'a')), ErrorCode::kLimitExceeded},
      {"a body in pieces", ok + "Transfer-Encoding: chunked\r\n\r\n", endless("5\r\nabcde\r\n"),
       ErrorCode::kLimitExceeded},
      {"the length of a piece", ok + "Transfer-Encoding: chunked\r\n\r\n",
       endless(std::string(1000, '0')), ErrorCode::kUnavailable},
      {"words after a length", ok + "Transfer-Encoding: chunked\r\n\r\n1;",
       endless(std::string(1000, 'a')), ErrorCode::kUnavailable},
      {"no HTTP", "", endless(std::string(1000, 'a')), ErrorCode::kUnavailable},
  };
  for (const auto& [what, start, piece, code] : answers) {
    const LyingServer server(start, piece);
    HttpClient http = *HttpClient::Open(server.url(), "peer",
                                        {.connect = std::chrono::seconds(5),
                                         .silence = std::chrono::seconds(5),
                                         .total = std::chrono::seconds(2)});
    const auto reply = http.Get("/", 4000);
    ASSERT_FALSE(reply) << what;
    EXPECT_EQ(reply.error().code, code) << what << ": " << reply.error().message;
  }
}

TEST(Http, ALongReasonIsNoHarm) {
  const LyingServer server("HTTP/1.1 200 " + std::string(50000, 'a') + "\r\n\r\nbody",
                           [] { return std::string(); });
  const auto reply = HttpClient::Open(server.url(), "peer")->Get("/", 1000);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "body");
}

TEST(Http, WhatIsSentPackedStaysPacked) {
  const LyingServer server(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\npacked",
      [] { return std::string(); });
  EXPECT_EQ(HttpClient::Open(server.url(), "peer")->Get("/", 1000)->body, "packed");
}

TEST(Http, FollowsNobodyElsewhere) {
  std::atomic<int> asked = 0;
  auto other = StartHttpServer(
      "127.0.0.1:0",
      [&](const HttpRequest&) -> HttpReply {
        ++asked;
        return {};
      },
      100);
  ASSERT_TRUE(other);
  const LyingServer server("HTTP/1.1 302 Found\r\nLocation: http://" + (*other)->listen() +
                               "/\r\nContent-Length: 0\r\n\r\n",
                           [] { return std::string(); });
  EXPECT_EQ(HttpClient::Open(server.url(), "peer")->Get("/", 1000)->status, 302);
  EXPECT_EQ(asked, 0);
}

// A door and somebody before it who writes what he likes.
class OpenDoor : public testing::Test {
 protected:
  void SetUp() override {
    auto server = StartHttpServer(
        "127.0.0.1:0",
        [this](const HttpRequest& request) -> HttpReply {
          ++asked_;
          return {200, "text/plain", request.body.empty() ? "hello" : request.body, false};
        },
        100,
        {.connect = std::chrono::seconds(5),
         .silence = std::chrono::seconds(2),
         .total = std::chrono::seconds(2)});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }

  // All that comes back on a connection of its own until the server closes it.
  std::string Answers(const std::string& start, const LyingServer::Piece& piece) {
    const HostPort where = *ParseHostPort(server_->listen());
    const int peer = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(where.port));
    EXPECT_EQ(connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    std::string bytes = start;
    while (!bytes.empty() && send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) {
      bytes = piece();
    }
    std::string answer;
    char buffer[4096];
    for (ssize_t got = 1; got > 0;) {
      got = recv(peer, buffer, sizeof(buffer), 0);
      if (got > 0) answer.append(buffer, static_cast<std::size_t>(got));
    }
    close(peer);
    return answer;
  }
  static std::string Nothing() { return ""; }

  std::atomic<int> asked_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(OpenDoor, TakesNoBodyAboveItsLimitHoweverItComes) {
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  int pieces = 0;
  const auto many = [&] {
    return ++pieces < 1000  ? "3e8\r\n" + std::string(1000, 'x') + "\r\n"
           : pieces == 1000 ? std::string("0\r\n\r\n")
                            : "";
  };
  EXPECT_TRUE(
      Answers(post + "Transfer-Encoding: chunked\r\n\r\n", many).starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(Answers(post + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'), Nothing)
                  .starts_with("HTTP/1.1 413"));
  EXPECT_EQ(asked_, 0);
  // A few bytes that would become many are a few bytes.
  const std::string packed =
      Answers(post + "Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\npacked", Nothing);
  EXPECT_TRUE(packed.ends_with("\r\n\r\npacked")) << packed;
}

TEST_F(OpenDoor, AnswersOnceHoweverManyRangesAreAskedFor) {
  std::string ranges = "0-";
  for (int i = 0; i < 1000; ++i) ranges += ",0-";
  const std::string answer = Answers(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes=" + ranges + "\r\n\r\n",
      Nothing);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nhello")) << answer;
}

TEST_F(OpenDoor, AHeadHasAnEnd) {
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
  const auto endless = [](const std::string& text) { return [text] { return text; }; };
  Answers("GET /", endless(std::string(1000, 'a')));
  Answers(get + "X: ", endless(std::string(1000, 'a')));
  Answers(get, endless("a: b\r\n"));
  EXPECT_EQ(asked_, 0);
  EXPECT_TRUE(HttpClient::Open("http://" + server_->listen(), "peer")->Get("/", 100));
}

TEST_F(OpenDoor, WhoSendsAByteNowAndThenIsNotWaitedFor) {
  const auto dribble = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return std::string("a");
  };
  Answers("GET / HTTP/1.1\r\nHost: x\r\nX: ", dribble);  // comes back
  Answers("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n", dribble);
  EXPECT_EQ(asked_, 0);
}

TEST_F(OpenDoor, ALongPathIsAPath) {
  const std::string path(8000, '/');
  const auto reply = HttpClient::Open("http://" + server_->listen(), "peer")->Get(path, 100);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "hello");
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
  struct stat status = {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(file.owner, status.st_uid);
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
