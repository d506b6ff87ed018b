#include "farm/client/channel.h"

#include <thread>

#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/client/grpc_log.h"
#include "farm/sign/secret_file.h"

namespace farm {
namespace {

constexpr int kKeepaliveMilliseconds = 60000;  // notices a peer whose machine has gone
constexpr int kReconnectMillisecondsMax = 5000;
constexpr std::chrono::milliseconds kCancellationPoll{100};

}  // namespace

Result<std::shared_ptr<grpc::Channel>> Connect(const Endpoint& endpoint) {
  QuietGrpcLog();
  RETURN_IF_ERROR(CheckTlsFiles(endpoint.tls, SystemClock().Now()));
  grpc::SslCredentialsOptions options;
  ASSIGN_OR_RETURN(options.pem_root_certs, ReadFile(endpoint.tls.authority, kPemFileBytesMax));
  ASSIGN_OR_RETURN(const Secret key,
                   ReadSecretFileOf(SecretOwners(endpoint.tls.configured_by), endpoint.tls.key,
                                    kPemFileBytesMax, "TLS key"));
  options.pem_private_key = key.view();
  ASSIGN_OR_RETURN(options.pem_cert_chain, ReadFile(endpoint.tls.certificate, kPemFileBytesMax));
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(endpoint.server_name);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMillisecondsMax);
  // One connection a channel, with its own certificate: never shared with another party's.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // No proxy of the environment stands between two parties.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(endpoint.address, grpc::SslCredentials(options), arguments);
}

std::string PeerText(const Endpoint& endpoint) {
  return endpoint.server_name + " at " + endpoint.address;
}

struct CancellationWatch::State {
  Mutex mutex;
  std::condition_variable condition;
  bool done GUARDED_BY(mutex) = false;
  std::thread thread;
};

CancellationWatch::CancellationWatch(grpc::ClientContext& context, Cancelled cancelled) {
  if (!cancelled) return;
  state_ = std::make_unique<State>();
  state_->thread = std::thread([state = state_.get(), &context, cancelled = std::move(cancelled)] {
    MutexLock lock(state->mutex);
    while (!state->done) {
      if (cancelled()) {
        context.TryCancel();
        return;
      }
      lock.WaitFor(state->condition, kCancellationPoll);
    }
  });
}

CancellationWatch::~CancellationWatch() {
  if (!state_) return;
  {
    MutexLock lock(state_->mutex);
    state_->done = true;
  }
  state_->condition.notify_all();
  state_->thread.join();
}

}  // namespace farm
