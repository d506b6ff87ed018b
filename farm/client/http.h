// HTTP/1.1 as the standards of logs, witnesses and time stamps use it: small whole messages.
// Over libcurl, which only http_client.cc sees, and GNU libmicrohttpd, which only http_server.cc
// sees.  Neither side believes the other: nothing that it sends takes more memory, or more time,
// than is said here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

struct HttpDeadlines {
  std::chrono::seconds connect{5};
  std::chrono::seconds silence{10};  // without a byte read or written
  std::chrono::seconds total{60};    // 24 MiB at 400 kB/s: a slow line, not none
};
constexpr std::size_t kHttpBodyBytesMax = 24 << 20;  // an entry bundle: 256 entries of 64 KiB

// "host:port" or "[::1]:port".  Errors: kInvalidInput naming the text.
struct HostPort {
  std::string host;
  int port = 0;
};
Result<HostPort> ParseHostPort(std::string_view text);

struct HttpRequest {
  std::string method;  // "GET", "POST"
  std::string path;    // decoded, begins with '/'
  std::string body;
  std::string content_type;
};

struct HttpReply {
  int status = 200;
  std::string content_type;
  std::string body;
  bool immutable = false;  // server side: may be cached for ever (tiles, payloads)
};

// Thread-safe; keeps one connection.
class HttpClient {
 public:
  // "http://host:port/prefix" or https.  `peer` names the other side in messages: "witness w1".
  // Errors: kInvalidInput.
  static Result<HttpClient> Open(const std::string& url, const std::string& peer,
                                 const HttpDeadlines& deadlines = {});
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any HTTP status is a reply; no redirection is followed, no variable of the environment names a
  // proxy.  Errors: kUnavailable exit 30 (no connection, no answer in time), kLimitExceeded (more
  // than `bytes_max`, or than 64 KiB of headers); peer and URL named.
  Result<HttpReply> Get(const std::string& path, std::size_t bytes_max);
  Result<HttpReply> Post(const std::string& path, const std::string& body,
                         const std::string& content_type, std::size_t bytes_max);
  const std::string& url() const;
  const std::string& peer() const;

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Called from several threads.
using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

// Serves until destroyed.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual const std::string& listen() const = 0;  // with the real port
};
// Requests with a body above `body_bytes_max` get 413, with a head above 32 KiB 431 or 414; where
// 256 MiB of bodies and replies are on their way, 503.  At most 256 connections, 32 handlers.
// Errors: kUnavailable exit 30.
Result<std::unique_ptr<HttpServer>> StartHttpServer(const std::string& listen, HttpHandler handler,
                                                    std::size_t body_bytes_max,
                                                    const HttpDeadlines& deadlines = {});

}  // namespace farm
