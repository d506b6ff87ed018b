#include "farm/witness/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"
#include "farm/client/http.h"
#include "farm/client/log_reader.h"
#include "farm/client/timestamp_client.h"
#include "farm/client/witness_client.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "farm/sign/signer.h"
#include "farm/witness/monitor.h"
#include "farm/witness/status_publisher.h"
#include "farm/witness/witness.h"

namespace farm {
namespace {

constexpr std::size_t kLogsMax = 256;

// A log that is monitored.
struct MonitoredLog {
  std::string origin;
  std::unique_ptr<Monitor> monitor;
  std::uint64_t said = 0;  // the size told of last
  std::size_t contradictions_said = 0;
  std::set<std::uint64_t> unread_said = {};  // entries told of as not readable, and still not read
};

// Runs the monitor's rounds in a thread of its own: reads each log, then says how all stand.
class MonitorLoop {
 public:
  // `publisher` may be null; it outlives this.
  MonitorLoop(std::vector<MonitoredLog> logs, StatusPublisher* publisher, std::int64_t seconds)
      : logs_(std::move(logs)),
        publisher_(publisher),
        pause_(seconds),
        thread_([this] { Run(); }) {}

  ~MonitorLoop() {
    {
      MutexLock lock(mutex_);
      ending_ = true;
    }
    condition_.notify_all();
    thread_.join();
  }

 private:
  void Run() {
    while (true) {
      const auto next = std::chrono::steady_clock::now() + pause_;
      bool all_read = true;
      for (MonitoredLog& log : logs_) all_read = Say(log.monitor->Round(), log) && all_read;
      if (all_read && publisher_ != nullptr) Publish();
      MutexLock lock(mutex_);
      while (!ending_ && std::chrono::steady_clock::now() < next) {
        lock.WaitFor(condition_, next - std::chrono::steady_clock::now());
      }
      if (ending_) return;
    }
  }

  static bool Say(const Result<MonitorReport>& report, MonitoredLog& log) {
    if (!report) {
      spdlog::error("monitor of {}: {}", log.origin, report.error().message);
      return false;
    }
    std::set<std::uint64_t> unread;
    for (const MonitorFinding& finding : report->findings) {
      unread.insert(finding.index);
      if (log.unread_said.contains(finding.index)) continue;
      spdlog::error("monitor of {}: entry {}: {}", log.origin, finding.index, finding.problem);
    }
    log.unread_said = std::move(unread);
    for (; log.contradictions_said < report->contradictions.size(); ++log.contradictions_said) {
      const MonitorFinding& finding = report->contradictions[log.contradictions_said];
      spdlog::error("monitor of {}: entry {} contradicts: {}", log.origin, finding.index,
                    finding.problem);
    }
    if (report->head.size != log.said) {
      log.said = report->head.size;
      spdlog::info("monitor of {}: size {}, {} payloads not readable", log.origin, log.said,
                   report->findings.size());
    }
    return true;
  }

  void Publish() {
    std::vector<WatchedLog> watched;
    for (const MonitoredLog& log : logs_) {
      watched.push_back({&log.monitor->facts(), log.monitor->checkpoint()});
    }
    const auto published = publisher_->Publish(watched);
    if (!published) {
      spdlog::error("status: {}", published.error().message);
    } else if (*published) {
      spdlog::info("status: a new one is published");
    }
  }

  std::vector<MonitoredLog> logs_;
  StatusPublisher* const publisher_;
  const std::chrono::seconds pause_;
  Mutex mutex_;
  std::condition_variable condition_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: uses all the others
};

struct OtherWitness {
  WitnessKey identity;
  GetFromWitness get;
};

// The largest tree of the log that its witnesses have cosigned, as far as they tell.  One that does
// not answer is not waited for: it would silence the monitor.
std::uint64_t LargestCosigned(const WitnessedLog& log, const WitnessCore& core,
                              const std::vector<OtherWitness>& others) {
  std::uint64_t size = core.CosignedSize(log.origin);
  for (const OtherWitness& other : others) {
    const auto head = LatestOfWitness(other.get, log.origin, log.key, other.identity);
    if (head) {
      size = std::max(size, head->checkpoint.size);
    } else if (head.error().code != ErrorCode::kNotFound) {
      spdlog::warn("monitor of {}: {}", log.origin, head.error().message);
    }
  }
  return size;
}

// Members end in the reverse of this order: the door first.
class RunningWitness final : public WitnessServer {
 public:
  std::unique_ptr<WitnessCore> core;
  std::vector<OtherWitness> others;
  std::unique_ptr<StatusPublisher> publisher;
  std::unique_ptr<MonitorLoop> monitors;
  std::atomic<bool> stopped{false};
  std::unique_ptr<HttpServer> http;
  const std::string& listen() const override { return http->listen(); }
};

Result<OtherWitnessConfig> ParseOtherWitness(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  OtherWitnessConfig witness{fields.String("name"), fields.String("url")};
  RETURN_IF_ERROR(fields.Finish());
  return witness;
}

Result<WatchedLogConfig> ParseWatchedLog(const Json& json, const std::string& where,
                                         const ConfigFile& file) {
  JsonFields fields(json, where);
  const std::string origin = fields.String("origin");
  const std::string key_path = file.Resolve(fields.String("publicKey"));
  const std::string url = fields.Has("url") ? fields.String("url") : "";
  RETURN_IF_ERROR(fields.Finish());
  auto key = ReadPublicKeyFile(key_path);
  if (!key) return Wrap(where + ".publicKey", key.error());
  return WatchedLogConfig{origin, *key, url};
}

Status ParseStatusConfig(const Json& json, const std::string& where, const ConfigFile& file,
                         WitnessServerConfig& config) {
  JsonFields fields(json, where);
  StatusConfig status;
  status.id = fields.String("id");
  status.key = file.ResolveKey(fields.String("key"));
  status.file = file.Resolve(fields.String("file"));
  status.cosignatures = fields.Integer("cosignatures", 1, kRootKeysMax);
  if (fields.Has("nextUpdateSeconds")) {
    status.period_seconds = fields.Integer("nextUpdateSeconds", 60, 366 * kDaySeconds);
  }
  const Json& timestamp = fields.Object("timestamp");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields stamp(timestamp, fields.Where("timestamp"));
  status.timestamp_url = stamp.String("url");
  if (stamp.Has("authority")) status.timestamp_authority = stamp.String("authority");
  RETURN_IF_ERROR(stamp.Finish());
  if (config.root.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 where + ": a status needs the trust root; name it in \"root\""};
  }
  const bool monitors = std::any_of(config.logs.begin(), config.logs.end(),
                                    [](const WatchedLogConfig& log) { return !log.url.empty(); });
  if (!monitors) {
    return Error{ErrorCode::kInvalidInput, where + ": a status needs a log with a \"url\""};
  }
  config.status = std::move(status);
  return {};
}

Result<TrustRoot> ReadRootFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kTrustRootBytesMax));
  return ParseTrustRoot(text, path);
}

// The authority that is named, or the root's only one.
Result<TimestampAuthority> StampAuthorityOf(const TrustRoot& root, const std::string& name) {
  if (name.empty() && root.timestamp_authorities.size() == 1) {
    return root.timestamp_authorities.front();
  }
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    if (authority.name == name) return authority;
  }
  return Error{ErrorCode::kNotFound, "status.timestamp.authority: the trust root lists " +
                                         std::to_string(root.timestamp_authorities.size()) +
                                         " time stamp authorities; name one of them"};
}

Result<std::unique_ptr<StatusPublisher>> OpenPublisher(const WitnessServerConfig& config,
                                                       const TrustRoot& root, FileSystem& files,
                                                       const Clock& clock) {
  const StatusConfig& status = *config.status;
  ASSIGN_OR_RETURN(const TimestampAuthority authority,
                   StampAuthorityOf(root, status.timestamp_authority));
  ASSIGN_OR_RETURN(std::unique_ptr<TimestampClient> client,
                   TimestampClient::Open(status.timestamp_url, authority.chain));
  StatusPublisherOptions options;
  options.id = status.id;
  ASSIGN_OR_RETURN(options.signer, OpenSigner(status.key));
  options.file = status.file;
  options.cosignatures = static_cast<std::size_t>(status.cosignatures);
  options.period_seconds = status.period_seconds;
  options.root = [path = config.root] { return ReadRootFile(path); };
  options.stamp = [stamps = std::shared_ptr<TimestampClient>(std::move(client))](  // is copied
                      std::string_view signature) { return stamps->Stamp(signature); };
  return StatusPublisher::Open(std::move(options), files, clock);
}

// What we ourselves have cosigned is the history that we watch; of a closed log, which nobody
// cosigns any more, what the root's witnesses have.
Result<LogTrust> TrustOf(const WitnessServerConfig& config, const WatchedLogConfig& log,
                         const PublicKey& own_key, const std::optional<TrustRoot>& root) {
  if (root) {
    const Log* known = root->FindLog(log.origin);
    if (known != nullptr && known->end) {
      const std::int64_t cosignatures = config.status ? config.status->cosignatures : 1;
      return LogTrustOf(*root, log.origin, static_cast<std::size_t>(cosignatures));
    }
  }
  return LogTrust{log.origin, log.key, {{config.name, own_key}}, 1};
}

Result<std::vector<OtherWitness>> OpenOthers(const WitnessServerConfig& config,
                                             const TrustRoot& root) {
  std::vector<OtherWitness> others;
  for (const OtherWitnessConfig& other : config.witnesses) {
    const auto listed =
        std::find_if(root.witnesses.begin(), root.witnesses.end(),
                     [&](const Witness& witness) { return witness.name == other.name; });
    if (listed == root.witnesses.end()) {
      return Error{ErrorCode::kNotFound,
                   "witnesses: the trust root lists no witness " + Printable(other.name, 120)};
    }
    ASSIGN_OR_RETURN(WitnessDoor door, OpenWitness(other.url, other.name));
    others.push_back({{other.name, listed->key}, std::move(door.get)});
  }
  return others;
}

std::optional<LogEnd> EndOf(const TrustRoot& root, const std::string& origin) {
  const Log* log = root.FindLog(origin);
  return log == nullptr ? std::nullopt : log->end;
}

HttpReply ServeStatus(const RunningWitness& witness, const HttpRequest& request) {
  if (request.method != "GET") return {405, "text/plain; charset=utf-8", "want GET\n", false};
  const std::string bytes = witness.publisher ? witness.publisher->bytes() : "";
  if (bytes.empty()) return {404, "text/plain; charset=utf-8", "no status\n", false};
  return {200, "application/json", bytes, false};
}

}  // namespace

Result<WitnessServerConfig> ParseWitnessConfig(const ConfigFile& file) {
  JsonFields fields(file.json, file.path);
  WitnessServerConfig config;
  fields.Format(kConfigFormat);
  config.listen = fields.String("listen");
  config.name = fields.String("name");
  config.key = file.ResolveKey(fields.String("key"));
  config.directory = file.Resolve(fields.String("directory"));
  const Json& logs = fields.Array("logs", kLogsMax);
  if (fields.Has("monitorSeconds")) {
    config.monitor_seconds = fields.Integer("monitorSeconds", 1, kDaySeconds);
  }
  if (fields.Has("root")) config.root = file.Resolve(fields.String("root"));
  const Json none = Json::array();
  const Json& witnesses = fields.Has("witnesses") ? fields.Array("witnesses", kRootKeysMax) : none;
  const Json* status = fields.Has("status") ? &fields.Object("status") : nullptr;
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const std::string where = fields.Where("logs") + "[" + std::to_string(i) + "]";
    ASSIGN_OR_RETURN(WatchedLogConfig log, ParseWatchedLog(logs[i], where, file));
    config.logs.push_back(std::move(log));
  }
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    const std::string where = fields.Where("witnesses") + "[" + std::to_string(i) + "]";
    ASSIGN_OR_RETURN(OtherWitnessConfig witness, ParseOtherWitness(witnesses[i], where));
    config.witnesses.push_back(std::move(witness));
  }
  if (!config.witnesses.empty() && config.root.empty()) {
    return Error{
        ErrorCode::kInvalidInput,
        fields.Where("witnesses") + ": their keys are the trust root's; name it in \"root\""};
  }
  if (status != nullptr) {
    RETURN_IF_ERROR(ParseStatusConfig(*status, fields.Where("status"), file, config));
  }
  return config;
}

Result<std::unique_ptr<WitnessServer>> StartWitness(const WitnessServerConfig& config,
                                                    FileSystem& files, const Clock& clock,
                                                    std::function<void(const Error&)> on_stopped) {
  auto running = std::make_unique<RunningWitness>();
  ASSIGN_OR_RETURN(std::unique_ptr<Signer> key, OpenSigner(config.key));
  const PublicKey public_key = key->key();
  std::optional<TrustRoot> root;
  if (!config.root.empty()) {
    ASSIGN_OR_RETURN(root, ReadRootFile(config.root));
  }
  if (root) {
    ASSIGN_OR_RETURN(running->others, OpenOthers(config, *root));
  }
  std::vector<WitnessedLog> logs;
  for (const WatchedLogConfig& log : config.logs) {
    logs.push_back({log.origin, log.key, root ? EndOf(*root, log.origin) : std::nullopt});
  }
  ASSIGN_OR_RETURN(running->core, WitnessCore::Open(files, config.directory, config.name,
                                                    std::move(key), std::move(logs), clock));
  if (config.status) {
    ASSIGN_OR_RETURN(running->publisher, OpenPublisher(config, *root, files, clock));
  }
  std::vector<MonitoredLog> monitored;
  for (const WatchedLogConfig& log : config.logs) {
    if (log.url.empty()) continue;
    ASSIGN_OR_RETURN(LogTrust trust, TrustOf(config, log, public_key, root));
    ASSIGN_OR_RETURN(auto reader, LogReader::Open(log.url, std::move(trust)));
    CosignedHeads cosigned{[witness = running.get(), known = WitnessedLog{log.origin, log.key}] {
                             return LargestCosigned(known, *witness->core, witness->others);
                           },
                           clock};
    monitored.push_back(
        {log.origin, std::make_unique<Monitor>(std::move(reader), std::move(cosigned)), 0});
  }
  if (!monitored.empty()) {
    running->monitors = std::make_unique<MonitorLoop>(
        std::move(monitored), running->publisher.get(), config.monitor_seconds);
  }
  RunningWitness* const witness = running.get();
  ASSIGN_OR_RETURN(running->http,
                   StartHttpServer(
                       config.listen,
                       [witness, on_stopped = std::move(on_stopped)](const HttpRequest& request) {
                         if (request.path == "/status.json") return ServeStatus(*witness, request);
                         HttpReply reply = witness->core->Handle(request);
                         if (reply.status >= 500) {
                           const Status health = witness->core->Health();
                           if (!health && !witness->stopped.exchange(true)) {
                             on_stopped(health.error());
                           }
                         }
                         if (reply.status != 200) {
                           spdlog::warn("{} {}: {} {}", request.method, request.path, reply.status,
                                        reply.body.substr(0, reply.body.find('\n')));
                         }
                         return reply;
                       },
                       kAddCheckpointBytesMax));
  return std::unique_ptr<WitnessServer>(std::move(running));
}

}  // namespace farm
