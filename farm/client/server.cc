#include "farm/client/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/client/grpc_log.h"
#include "farm/client/http.h"
#include "farm/sign/secret_file.h"

namespace farm {
namespace {

constexpr int kConcurrentStreamsMax = 256;  // of one connection

// gRPC's plugins are global and may be registered once.
void RegisterPlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    ServerGrpcLog();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

}  // namespace

// Tells gRPC's health service what the program says of itself.
class HealthWatch {
 public:
  HealthWatch(grpc::HealthCheckServiceInterface& service, std::function<Status()> health)
      : service_(service), health_(std::move(health)), thread_([this] { Watch(); }) {}
  ~HealthWatch() {
    {
      MutexLock lock(mutex_);
      over_ = true;
      woken_.notify_all();
    }
    thread_.join();
  }

 private:
  void Watch() {
    for (;;) {
      service_.SetServingStatus(health_().has_value());
      MutexLock lock(mutex_);
      if (!over_) lock.WaitFor(woken_, kHealthPoll);
      if (over_) return;
    }
  }

  grpc::HealthCheckServiceInterface& service_;
  const std::function<Status()> health_;
  Mutex mutex_;
  std::condition_variable woken_;
  bool over_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

RunningServer::RunningServer(std::unique_ptr<grpc::Server> server, std::string listen,
                             std::function<Status()> health)
    : server_(std::move(server)), listen_(std::move(listen)) {
  grpc::HealthCheckServiceInterface* service = server_->GetHealthCheckService();
  CHECK(service != nullptr);
  if (health) health_ = std::make_unique<HealthWatch>(*service, std::move(health));
}

RunningServer::RunningServer(RunningServer&&) noexcept = default;
RunningServer::~RunningServer() { Stop(); }

RunningServer& RunningServer::operator=(RunningServer&& other) noexcept {
  Stop();
  server_ = std::move(other.server_);
  health_ = std::move(other.health_);
  listen_ = std::move(other.listen_);
  return *this;
}

void RunningServer::Stop() {
  health_.reset();
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
  server_->Wait();
  server_.reset();
}

Result<RunningServer> StartServer(const ServerConfig& config) {
  ASSIGN_OR_RETURN(const HostPort where, ParseHostPort(config.listen));
  RETURN_IF_ERROR(CheckTlsFiles(config.tls, SystemClock().Now()));
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  ASSIGN_OR_RETURN(options.pem_root_certs, ReadFile(config.tls.authority, kPemFileBytesMax));
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  ASSIGN_OR_RETURN(const Secret key, ReadSecretFile(config.tls.key, kPemFileBytesMax, "TLS key"));
  pair.private_key = key.view();
  ASSIGN_OR_RETURN(pair.cert_chain, ReadFile(config.tls.certificate, kPemFileBytesMax));
  options.pem_key_cert_pairs.push_back(std::move(pair));
  RegisterPlugins();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(config.listen, grpc::SslServerCredentials(options), &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two servers never share a port
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kConcurrentStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30000);
  builder.SetMaxReceiveMessageSize(config.message_bytes_max);
  builder.SetMaxSendMessageSize(config.message_bytes_max);
  for (grpc::Service* service : config.services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return Error{ErrorCode::kUnavailable,
                 "listening on " + config.listen +
                     ": the address is in use or not this machine's, or certificate and key of " +
                     config.tls.certificate + " do not fit",
                 ExitCode::kUnavailable};
  }
  const std::string host = config.listen.substr(0, config.listen.rfind(':'));
  return RunningServer(std::move(server), host + ":" + std::to_string(port), config.health);
}

std::string PeerName(const grpc::ServerContext& context) {
  const auto authentication = context.auth_context();
  if (!authentication || !authentication->IsPeerAuthenticated()) return "";
  const auto names = authentication->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  if (names.size() != 1) return "";
  return std::string(names[0].data(), names[0].size());
}

Result<std::string> RequirePeer(const grpc::ServerContext& context,
                                const std::vector<std::string>& allowed, std::string_view action) {
  std::string name = PeerName(context);
  if (!name.empty()) {
    for (const std::string& one : allowed) {
      if (one == name) return name;
    }
  }
  return Error{ErrorCode::kUntrusted,
               "\"" + Printable(name, 64) + "\" may not " + std::string(action) + "; only " +
                   (allowed.empty() ? "nobody" : Join(allowed, ", ")) +
                   " may (see the server's configuration)",
               ExitCode::kRefused};
}

}  // namespace farm
