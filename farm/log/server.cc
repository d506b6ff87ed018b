#include "farm/log/server.h"

#include <spdlog/spdlog.h>

#include "farm/base/bytes.h"
#include "farm/client/server.h"
#include "farm/log/appender.h"
#include "farm/log/sequencer.h"
#include "farm/proto/farm.grpc.pb.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

constexpr std::size_t kWitnessesMax = 32;
constexpr std::size_t kPeersMax = 256;
constexpr std::size_t kRequestBytesMax = 4096;  // reading takes no body
constexpr int kAppendBytesMax = 9 << 20;        // a bundle line (8 MiB) and its frame

class LogService final : public v1::Log::Service {
 public:
  LogService(Appender& appender, std::vector<std::string> peers)
      : appender_(appender), peers_(std::move(peers)) {}

  grpc::Status Append(grpc::ServerContext* context, const v1::AppendRequest* request,
                      v1::AppendReply* reply) override {
    auto peer = RequirePeer(*context, peers_, "append to this log");
    if (!peer) return Refuse(PeerName(*context), peer.error());
    auto line = appender_.Append(*peer, request->epoch(), request->bundle_line());
    if (!line) return Refuse(*peer, line.error());
    reply->set_bundle_line(*line);
    return grpc::Status::OK;
  }

 private:
  static grpc::Status Refuse(const std::string& peer, const Error& error) {
    spdlog::warn("append by \"{}\": {}", peer, error.message);
    return ToGrpc(error);
  }

  Appender& appender_;
  const std::vector<std::string> peers_;
};

HttpReply ServeResource(const TileLog& log, const HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return {405, "text/plain", "this door is for reading\n", false};
  }
  auto resource = log.Read(std::string_view(request.path).substr(1));
  if (resource) {
    return {200, resource->content_type, std::move(resource->bytes), resource->immutable};
  }
  const bool missing = resource.error().code == ErrorCode::kNotFound;
  if (!missing) spdlog::error("reading {}: {}", request.path, resource.error().message);
  return {missing ? 404 : 500, "text/plain", missing ? "not found\n" : "not readable\n", false};
}

// Members end in the reverse of this order: doors first.
class RunningLog final : public LogServer {
 public:
  std::unique_ptr<TileLog> log;
  std::unique_ptr<Epochs> epochs;
  std::unique_ptr<Sequencer> sequencer;
  std::unique_ptr<Appender> appender;
  std::unique_ptr<LogService> service;
  std::unique_ptr<HttpServer> http;
  std::optional<RunningServer> grpc;

  // Wakes the callers that wait for witnesses before the doors wait for them.
  ~RunningLog() override {
    if (sequencer) sequencer->Shutdown();
    grpc.reset();
  }
  const std::string& listen() const override { return grpc->listen(); }
  const std::string& http_listen() const override { return http->listen(); }
};

Result<WitnessConfig> ParseWitness(const Json& json, const std::string& where,
                                   const ConfigFile& file) {
  JsonFields fields(json, where);
  const std::string name = fields.String("name");
  const std::string url = fields.String("url");
  const std::string key_path = file.Resolve(fields.String("publicKey"));
  RETURN_IF_ERROR(fields.Finish());
  auto key = ReadPublicKeyFile(key_path);
  if (!key) return Wrap(where + ".publicKey", key.error());
  return WitnessConfig{{name, *key}, url};
}

// The witnesses of a log policy, each of which the log can ask.
Status ReadWitnessPolicy(const std::string& path, const std::string& where, LogConfig& config) {
  auto text = ReadFile(path, kTlogPolicyBytesMax);
  if (!text) return Wrap(where, text.error());
  auto policy = ParseTlogPolicy(*text, path);
  if (!policy) return Wrap(where, policy.error());
  if (policy->witnesses.size() > kWitnessesMax) {
    return Error{ErrorCode::kLimitExceeded, where + ": " + path + " has more than " +
                                                std::to_string(kWitnessesMax) + " witnesses"};
  }
  for (const TlogPolicy::KnownWitness& witness : policy->witnesses) {
    if (witness.url.empty()) {
      return Error{ErrorCode::kInvalidInput, where + ": " + path + ": witness " +
                                                 Printable(witness.name, 80) +
                                                 " has no URL; write it behind the key"};
    }
    config.witnesses.push_back({{witness.key.name, witness.key.key}, witness.url});
  }
  config.quorum = std::move(*policy);
  return {};
}

// A policy that lists logs is for those.
Status CheckPolicyIsForLog(const TlogPolicy& policy, const std::string& origin,
                           const PublicKey& key) {
  for (const TlogPolicy::KnownLog& log : policy.logs) {
    if (log.key.name == origin && log.key.key == key) return {};
  }
  if (policy.logs.empty()) return {};
  return Error{ErrorCode::kInvalidInput,
               "witnessPolicy: lists other logs than " + origin + " with the key it has here"};
}

}  // namespace

Result<LogConfig> ParseLogConfig(const ConfigFile& file) {
  JsonFields fields(file.json, file.path);
  LogConfig config;
  fields.Format(kConfigFormat);
  config.listen = fields.String("listen");
  config.http_listen = fields.String("httpListen");
  const Json& tls = fields.Object("tls");
  config.directory = file.Resolve(fields.String("directory"));
  config.root = file.Resolve(fields.String("root"));
  config.origin = fields.String("origin");
  config.key = file.ResolveKey(fields.String("key"));
  config.ecdsa_key = file.ResolveKey(fields.String("ecdsaKey"));
  // One way or the other: the fields of the other are unknown then.
  const bool by_policy = fields.Has("witnessPolicy");
  const std::string policy_path = by_policy ? file.Resolve(fields.String("witnessPolicy")) : "";
  const Json none = Json::array();
  const Json& witnesses = by_policy ? none : fields.Array("witnesses", kWitnessesMax);
  if (!by_policy) config.cosignatures = fields.Integer("cosignatures", 0, kWitnessesMax);
  config.peers = fields.Strings("peers", kPeersMax);
  if (fields.Has("floorBytes")) {
    config.disk.floor_bytes =
        static_cast<std::uint64_t>(fields.Integer("floorBytes", 0, kJsonIntegerMax));
  }
  if (fields.Has("reserveBytes")) {
    config.disk.reserve_bytes =
        static_cast<std::uint64_t>(fields.Integer("reserveBytes", 0, kJsonIntegerMax));
  }
  RETURN_IF_ERROR(fields.Finish());
  if (config.origin.empty() || config.origin.find_first_of(" +/:\n") != std::string::npos) {
    return Error{ErrorCode::kInvalidInput,
                 fields.Where("origin") + ": want a host name without path and port"};
  }
  ASSIGN_OR_RETURN(config.tls, ParseTlsFiles(tls, fields.Where("tls"), file.directory));
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    const std::string where = fields.Where("witnesses") + "[" + std::to_string(i) + "]";
    ASSIGN_OR_RETURN(WitnessConfig witness, ParseWitness(witnesses[i], where, file));
    config.witnesses.push_back(std::move(witness));
  }
  if (by_policy) {
    RETURN_IF_ERROR(ReadWitnessPolicy(policy_path, fields.Where("witnessPolicy"), config));
  }
  return config;
}

Result<std::unique_ptr<LogServer>> StartLog(const LogConfig& config, FileSystem& files,
                                            std::function<void(const Error&)> on_stopped) {
  auto running = std::make_unique<RunningLog>();
  SequencerOptions options;
  ASSIGN_OR_RETURN(options.key, OpenSigner(config.key));
  ASSIGN_OR_RETURN(options.ecdsa_key, OpenSigner(config.ecdsa_key));
  for (const WitnessConfig& witness : config.witnesses) {
    ASSIGN_OR_RETURN(WitnessDoor door, OpenWitness(witness.url, witness.identity.name));
    options.witnesses.push_back({witness.identity, std::move(door.post), std::move(door.get)});
  }
  if (config.quorum) {
    RETURN_IF_ERROR(CheckPolicyIsForLog(*config.quorum, config.origin, options.key->key()));
    options.quorum = config.quorum;
  }
  options.cosignatures_needed = static_cast<std::size_t>(config.cosignatures);
  options.report = [](const std::string& sentence) { spdlog::warn("{}", sentence); };
  ASSIGN_OR_RETURN(
      running->log,
      TileLog::Open(files, config.directory, {config.origin, config.disk, std::move(on_stopped)}));
  ASSIGN_OR_RETURN(running->epochs,
                   Epochs::Open(files, JoinPath(config.directory, "epochs.json"), SystemClock()));
  ASSIGN_OR_RETURN(running->sequencer, Sequencer::Start(*running->log, std::move(options)));
  running->appender = std::make_unique<Appender>(
      *running->log, *running->sequencer, *running->epochs,
      [path = config.root]() -> Result<TrustRoot> {
        ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kTrustRootBytesMax));
        return ParseTrustRoot(text, path);
      },
      SystemClock());
  running->service = std::make_unique<LogService>(*running->appender, config.peers);
  const TileLog& log = *running->log;
  ASSIGN_OR_RETURN(running->http,
                   StartHttpServer(
                       config.http_listen,
                       [&log](const HttpRequest& request) { return ServeResource(log, request); },
                       kRequestBytesMax));
  ASSIGN_OR_RETURN(running->grpc, StartServer({.listen = config.listen,
                                               .tls = config.tls,
                                               .services = {running->service.get()},
                                               .message_bytes_max = kAppendBytesMax,
                                               .health = [sequencer = running->sequencer.get()] {
                                                 return sequencer->health();
                                               }}));
  spdlog::info("log {} with {} entries", config.origin, log.head().size);
  return std::unique_ptr<LogServer>(std::move(running));
}

}  // namespace farm
