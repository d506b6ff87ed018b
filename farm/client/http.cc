#include "farm/client/http.h"

#include <httplib.h>

#include <thread>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr int kServerThreads = 32;    // a reader holds one while its connection idles (1 s at most)
constexpr int kKeepAliveSeconds = 1;  // so that a daemon ends within a second

struct ParsedUrl {
  std::string origin;  // "http://host:port"
  std::string prefix;  // "/prefix" or ""
};

Result<ParsedUrl> ParseUrl(const std::string& url) {
  const std::size_t scheme_end = url.find("://");
  const std::string scheme = url.substr(0, scheme_end == std::string::npos ? 0 : scheme_end);
  if (scheme != "http" && scheme != "https") {
    return Error{ErrorCode::kInvalidInput,
                 "not a URL: " + Printable(url, 80) + ", want http://host:port or https://host"};
  }
  const std::size_t path = url.find('/', scheme_end + 3);
  ParsedUrl parsed{url.substr(0, path), path == std::string::npos ? "" : url.substr(path)};
  while (parsed.prefix.ends_with("/")) parsed.prefix.pop_back();
  if (parsed.origin.size() == scheme_end + 3) {
    return Error{ErrorCode::kInvalidInput, "not a URL: " + Printable(url, 80) + ": no host"};
  }
  return parsed;
}

class Server final : public HttpServer {
 public:
  Server(HttpHandler handler, std::size_t body_bytes_max) : handler_(std::move(handler)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kServerThreads); };
    // The library's default lets two servers share a port; ours must not.
    server_.set_socket_options([](socket_t socket) {
      int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    server_.set_tcp_nodelay(true);
    server_.set_keep_alive_timeout(kKeepAliveSeconds);
    server_.set_read_timeout(kHttpDeadline);
    server_.set_write_timeout(kHttpDeadline);
    server_.set_payload_max_length(body_bytes_max);
    const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
      const HttpReply reply = handler_(
          {request.method, request.path, request.body, request.get_header_value("Content-Type")});
      response.status = reply.status;
      if (reply.immutable) {
        response.set_header("Cache-Control", "public, max-age=31536000, immutable");
      }
      response.set_content(reply.body, reply.content_type);
    };
    server_.Get(".*", serve);
    server_.Post(".*", serve);
  }

  ~Server() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Status Start(const HostPort& where) {
    int port = where.port;
    if (port == 0) {
      port = server_.bind_to_any_port(where.host);
    } else if (!server_.bind_to_port(where.host, port)) {
      port = -1;
    }
    if (port < 0) {
      return Error{ErrorCode::kUnavailable, "listening on " + where.host + ":" +
                                                std::to_string(where.port) +
                                                ": the address is in use or not this machine's"};
    }
    listen_ = (where.host.find(':') == std::string::npos ? where.host : "[" + where.host + "]") +
              ":" + std::to_string(port);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    return {};
  }

  const std::string& listen() const override { return listen_; }

 private:
  const HttpHandler handler_;
  httplib::Server server_;
  std::thread thread_;
  std::string listen_;
};

}  // namespace

Result<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon > 0) {
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
    }
    auto port = ParseDecimal(text.substr(colon + 1), 65535);
    if (port) return HostPort{std::string(host), static_cast<int>(*port)};
  }
  return Error{ErrorCode::kInvalidInput,
               "not an address: " + Printable(text, 80) + ", want host:port"};
}

struct HttpClient::State {
  std::string url;
  std::string peer;
  std::string prefix;
  httplib::Client client;

  State(std::string u, std::string p, const ParsedUrl& parsed)
      : url(std::move(u)), peer(std::move(p)), prefix(parsed.prefix), client(parsed.origin) {
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_connection_timeout(kHttpConnectDeadline);
    client.set_read_timeout(kHttpDeadline);
    client.set_write_timeout(kHttpDeadline);
  }

  Result<HttpReply> Send(const httplib::Request& request, std::size_t bytes_max) {
    auto reply = SendOnce(request, bytes_max);
    // The server may have closed the idle connection just now.  All our requests can be repeated.
    if (!reply && reply.error().code == ErrorCode::kUnavailable) {
      reply = SendOnce(request, bytes_max);
    }
    return reply;
  }

  Result<HttpReply> SendOnce(httplib::Request request, std::size_t bytes_max) {
    const auto deadline = std::chrono::steady_clock::now() + kHttpTotalDeadline;
    std::string body;
    bool too_long = false;
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t,
                                   std::uint64_t) {
      if (body.size() + size > bytes_max) {
        too_long = true;
        return false;
      }
      body.append(data, size);
      return std::chrono::steady_clock::now() < deadline;
    };
    const httplib::Result result = client.send(request);
    if (too_long) {
      return Error{ErrorCode::kLimitExceeded, peer + " at " + url + ": " + request.path +
                                                  " has more than " + std::to_string(bytes_max) +
                                                  " bytes"};
    }
    if (!result) {
      return Error{ErrorCode::kUnavailable,
                   peer + " at " + url + ": no answer to " + request.method + " " + request.path +
                       " (" + httplib::to_string(result.error()) +
                       "); check that it runs and that the address is right",
                   ExitCode::kUnavailable};
    }
    return HttpReply{result->status, result->get_header_value("Content-Type"), std::move(body),
                     false};
  }
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;
const std::string& HttpClient::url() const { return state_->url; }
const std::string& HttpClient::peer() const { return state_->peer; }

Result<HttpClient> HttpClient::Open(const std::string& url, const std::string& peer) {
  auto parsed = ParseUrl(url);
  if (!parsed) return Wrap(peer, parsed.error());
  auto state = std::make_unique<State>(url, peer, *parsed);
  if (!state->client.is_valid()) {
    return Error{ErrorCode::kInvalidInput, peer + ": not a URL: " + Printable(url, 80)};
  }
  return HttpClient(std::move(state));
}

Result<HttpReply> HttpClient::Get(const std::string& path, std::size_t bytes_max) {
  httplib::Request request;
  request.method = "GET";
  request.path = state_->prefix + path;
  return state_->Send(request, bytes_max);
}

Result<HttpReply> HttpClient::Post(const std::string& path, const std::string& body,
                                   const std::string& content_type, std::size_t bytes_max) {
  httplib::Request request;
  request.method = "POST";
  request.path = state_->prefix + path;
  request.body = body;
  request.set_header("Content-Type", content_type);
  return state_->Send(request, bytes_max);
}

Result<std::unique_ptr<HttpServer>> StartHttpServer(const std::string& listen, HttpHandler handler,
                                                    std::size_t body_bytes_max) {
  ASSIGN_OR_RETURN(const HostPort where, ParseHostPort(listen));
  auto server = std::make_unique<Server>(std::move(handler), body_bytes_max);
  RETURN_IF_ERROR(server->Start(where));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace farm
