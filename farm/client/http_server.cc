#include <microhttpd.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <semaphore>
#include <set>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"
#include "farm/client/http.h"

namespace farm {
namespace {

// Whoever can reach the door can use it: each of these bounds is for all strangers together, or for
// a connection that one of them holds.
constexpr unsigned kConnectionsMax = 256;
constexpr std::size_t kHeadBytesMax = 32 << 10;     // request line and headers
constexpr std::ptrdiff_t kHandlersMax = 32;         // at work at once
constexpr std::size_t kBodiesBytesMax = 256 << 20;  // that come and go, in memory at once
constexpr int kBacklog = 128;

class Budget {
 public:
  bool Take(std::size_t bytes) {
    if (taken_.fetch_add(bytes) + bytes <= kBodiesBytesMax) return true;
    taken_.fetch_sub(bytes);
    return false;
  }
  void Give(std::size_t bytes) { taken_.fetch_sub(bytes); }

 private:
  std::atomic<std::size_t> taken_ = 0;
};

// The body of a request, as far as it has come.
struct Incoming {
  std::string body;
  std::size_t taken = 0;  // of the budget
  int refused = 0;        // the status, if it is: then the rest is read and thrown away
};

// The body of a reply, until it has gone.
struct Outgoing {
  std::string body;
  Budget* budget = nullptr;  // that it is taken from, if it is
};

struct Connection {
  int socket = -1;
  std::chrono::steady_clock::time_point since;  // it was opened, or its last request was done
};

Result<int> Listen(const HostPort& where) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int known =
      getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &wanted, &found);
  int socket_here = -1;
  for (const addrinfo* one = known == 0 ? found : nullptr; one != nullptr && socket_here < 0;
       one = one->ai_next) {
    const int made = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (made < 0) continue;
    const int yes = 1;
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(made, one->ai_addr, one->ai_addrlen) == 0 && listen(made, kBacklog) == 0) {
      socket_here = made;
    } else {
      close(made);
    }
  }
  if (known == 0) freeaddrinfo(found);
  if (socket_here >= 0) return socket_here;
  return Error{ErrorCode::kUnavailable, "listening on " + where.host + ":" +
                                            std::to_string(where.port) +
                                            ": the address is in use or not this machine's"};
}

int PortOf(int socket_here) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  CHECK(getsockname(socket_here, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  char port[NI_MAXSERV] = "";
  CHECK(getnameinfo(reinterpret_cast<sockaddr*>(&address), size, nullptr, 0, port, sizeof(port),
                    NI_NUMERICSERV) == 0);
  return std::stoi(port);
}

class Server final : public HttpServer {
 public:
  Server(HttpHandler handler, std::size_t body_bytes_max, const HttpDeadlines& deadlines)
      : handler_(std::move(handler)), body_bytes_max_(body_bytes_max), deadlines_(deadlines) {}

  ~Server() override {
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);  // ends every connection
    {
      MutexLock lock(mutex_);
      ending_ = true;
    }
    condition_.notify_all();
    if (watcher_.joinable()) watcher_.join();
  }

  Status Start(const HostPort& where) {
    ASSIGN_OR_RETURN(const int socket_here, Listen(where));
    listen_ = (where.host.find(':') == std::string::npos ? where.host : "[" + where.host + "]") +
              ":" + std::to_string(PortOf(socket_here));
    daemon_ = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, nullptr,
        nullptr, &OnData, this, MHD_OPTION_LISTEN_SOCKET, socket_here, MHD_OPTION_CONNECTION_LIMIT,
        kConnectionsMax, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kHeadBytesMax,
        MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(deadlines_.silence.count()),
        MHD_OPTION_NOTIFY_CONNECTION, &OnConnection, this, MHD_OPTION_NOTIFY_COMPLETED, &OnDone,
        this, MHD_OPTION_END);
    if (daemon_ == nullptr) {
      close(socket_here);
      return Error{ErrorCode::kUnavailable, "listening on " + listen_ + ": no thread for it"};
    }
    watcher_ = std::thread([this] { EndSlowConnections(); });
    return {};
  }

  const std::string& listen() const override { return listen_; }

 private:
  static MHD_Result OnData(void* self, MHD_Connection* connection, const char* path,
                           const char* method, const char*, const char* bytes, std::size_t* size,
                           void** state) {
    auto& server = *static_cast<Server*>(self);
    if (*state == nullptr) {  // the head has come
      *state = new Incoming();
      return MHD_YES;
    }
    auto& incoming = *static_cast<Incoming*>(*state);
    if (*size > 0) {
      server.TakePiece({bytes, *size}, incoming);
      *size = 0;
      return MHD_YES;
    }
    return server.Send(server.ReplyTo(connection, path, method, incoming), connection);
  }

  void TakePiece(std::string_view piece, Incoming& incoming) {
    if (incoming.refused != 0) return;
    if (piece.size() > body_bytes_max_ - incoming.body.size()) {
      incoming.refused = MHD_HTTP_CONTENT_TOO_LARGE;
    } else if (!budget_.Take(piece.size())) {
      incoming.refused = MHD_HTTP_SERVICE_UNAVAILABLE;
    } else {
      incoming.body.append(piece);
      incoming.taken += piece.size();
    }
  }

  HttpReply ReplyTo(MHD_Connection* connection, const char* path, const char* method,
                    Incoming& incoming) {
    if (incoming.refused == MHD_HTTP_CONTENT_TOO_LARGE) {
      return Say(incoming.refused,
                 "the body has more than " + std::to_string(body_bytes_max_) + " bytes");
    }
    if (incoming.refused != 0) return Busy();
    const char* const type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    at_work_.acquire();
    HttpReply reply =
        handler_({method, path, std::move(incoming.body), type == nullptr ? "" : type});
    at_work_.release();
    return reply;
  }

  static HttpReply Say(int status, const std::string& why) {
    return {status, "text/plain; charset=utf-8", why + "\n", false};
  }
  static HttpReply Busy() {
    return Say(MHD_HTTP_SERVICE_UNAVAILABLE, "too much is being sent at once; ask again");
  }

  MHD_Result Send(HttpReply reply, MHD_Connection* connection) {
    const bool fits = budget_.Take(reply.body.size());
    if (!fits) reply = Busy();
    auto* const outgoing = new Outgoing{std::move(reply.body), fits ? &budget_ : nullptr};
    MHD_Response* const response = MHD_create_response_from_buffer_with_free_callback_cls(
        outgoing->body.size(), outgoing->body.data(), &OnSent, outgoing);
    CHECK(response != nullptr);
    if (!reply.content_type.empty()) {
      MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply.content_type.c_str());
    }
    if (reply.immutable) {
      MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                              "public, max-age=31536000, immutable");
    }
    const MHD_Result queued =
        MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
    MHD_destroy_response(response);  // the connection holds it now
    return queued;
  }

  static void OnSent(void* sent) {
    const std::unique_ptr<Outgoing> outgoing(static_cast<Outgoing*>(sent));
    if (outgoing->budget != nullptr) outgoing->budget->Give(outgoing->body.size());
  }

  static void OnDone(void* self, MHD_Connection* connection, void** state,
                     MHD_RequestTerminationCode) {
    auto& server = *static_cast<Server*>(self);
    const std::unique_ptr<Incoming> incoming(static_cast<Incoming*>(*state));
    if (incoming) server.budget_.Give(incoming->taken);
    *state = nullptr;
    const auto* const context =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (context == nullptr || context->socket_context == nullptr) return;
    MutexLock lock(server.mutex_);
    static_cast<Connection*>(context->socket_context)->since = std::chrono::steady_clock::now();
  }

  static void OnConnection(void* self, MHD_Connection* connection, void** context,
                           MHD_ConnectionNotificationCode what) {
    auto& server = *static_cast<Server*>(self);
    MutexLock lock(server.mutex_);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
      const int socket_here =
          MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
      auto* const opened = new Connection{socket_here, std::chrono::steady_clock::now()};
      server.connections_.insert(opened);
      *context = opened;
    } else {  // before its socket is closed, so that nobody else's has that number yet
      const std::unique_ptr<Connection> closed(static_cast<Connection*>(*context));
      server.connections_.erase(closed.get());
      *context = nullptr;
    }
  }

  // The library's own limit is for silence; who sends a byte now and then would stay for ever.
  void EndSlowConnections() {
    MutexLock lock(mutex_);
    while (!ending_) {
      // The wait before a request counts as well.
      const auto oldest = std::chrono::steady_clock::now() - deadlines_.total - deadlines_.silence;
      for (const Connection* connection : connections_) {
        if (connection->since < oldest) shutdown(connection->socket, SHUT_RDWR);
      }
      lock.WaitFor(condition_, std::chrono::seconds(1));
    }
  }

  const HttpHandler handler_;
  const std::size_t body_bytes_max_;
  const HttpDeadlines deadlines_;
  std::string listen_;
  Budget budget_;
  std::counting_semaphore<kHandlersMax> at_work_{kHandlersMax};
  Mutex mutex_;
  std::condition_variable condition_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::set<Connection*> connections_ GUARDED_BY(mutex_);
  MHD_Daemon* daemon_ = nullptr;
  std::thread watcher_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> StartHttpServer(const std::string& listen, HttpHandler handler,
                                                    std::size_t body_bytes_max,
                                                    const HttpDeadlines& deadlines) {
  ASSIGN_OR_RETURN(const HostPort where, ParseHostPort(listen));
  auto server = std::make_unique<Server>(std::move(handler), body_bytes_max, deadlines);
  RETURN_IF_ERROR(server->Start(where));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace farm
