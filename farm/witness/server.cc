#include "farm/witness/server.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <thread>

#include "farm/base/mutex.h"
#include "farm/client/http.h"
#include "farm/client/log_reader.h"
#include "farm/client/witness_client.h"
#include "farm/sign/signer.h"
#include "farm/witness/monitor.h"
#include "farm/witness/witness.h"

namespace farm {
namespace {

constexpr std::size_t kLogsMax = 256;

// Runs a monitor's rounds in a thread of its own.
class MonitorLoop {
 public:
  MonitorLoop(std::string origin, std::unique_ptr<LogReader> reader, std::int64_t seconds)
      : origin_(std::move(origin)),
        monitor_(std::move(reader)),
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
      Say(monitor_.Round());
      const auto next = std::chrono::steady_clock::now() + pause_;
      MutexLock lock(mutex_);
      while (!ending_ && std::chrono::steady_clock::now() < next) {
        lock.WaitFor(condition_, next - std::chrono::steady_clock::now());
      }
      if (ending_) return;
    }
  }

  void Say(const Result<MonitorReport>& report) {
    if (!report) {
      spdlog::error("monitor of {}: {}", origin_, report.error().message);
      return;
    }
    for (const MonitorFinding& finding : report->findings) {
      spdlog::error("monitor of {}: entry {}: {}", origin_, finding.index, finding.problem);
    }
    for (; contradictions_said_ < report->contradictions.size(); ++contradictions_said_) {
      const MonitorFinding& finding = report->contradictions[contradictions_said_];
      spdlog::error("monitor of {}: entry {} contradicts: {}", origin_, finding.index,
                    finding.problem);
    }
    if (report->head.size != said_) {
      said_ = report->head.size;
      spdlog::info("monitor of {}: size {}, {} payloads not readable", origin_, said_,
                   report->findings.size());
    }
  }

  const std::string origin_;
  Monitor monitor_;
  const std::chrono::seconds pause_;
  std::uint64_t said_ = 0;
  std::size_t contradictions_said_ = 0;
  Mutex mutex_;
  std::condition_variable condition_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: uses all the others
};

// Members end in the reverse of this order: the door first.
class RunningWitness final : public WitnessServer {
 public:
  std::unique_ptr<WitnessCore> core;
  std::vector<std::unique_ptr<MonitorLoop>> monitors;
  std::atomic<bool> stopped{false};
  std::unique_ptr<HttpServer> http;
  const std::string& listen() const override { return http->listen(); }
};

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
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const std::string where = fields.Where("logs") + "[" + std::to_string(i) + "]";
    ASSIGN_OR_RETURN(WatchedLogConfig log, ParseWatchedLog(logs[i], where, file));
    config.logs.push_back(std::move(log));
  }
  return config;
}

Result<std::unique_ptr<WitnessServer>> StartWitness(const WitnessServerConfig& config,
                                                    FileSystem& files, const Clock& clock,
                                                    std::function<void(const Error&)> on_stopped) {
  auto running = std::make_unique<RunningWitness>();
  ASSIGN_OR_RETURN(std::unique_ptr<Signer> key, OpenSigner(config.key));
  const PublicKey public_key = key->key();
  std::vector<WitnessedLog> logs;
  for (const WatchedLogConfig& log : config.logs) logs.push_back({log.origin, log.key});
  ASSIGN_OR_RETURN(running->core, WitnessCore::Open(files, config.directory, config.name,
                                                    std::move(key), std::move(logs), clock));
  for (const WatchedLogConfig& log : config.logs) {
    if (log.url.empty()) continue;
    // What we ourselves have cosigned is the history that we watch.
    ASSIGN_OR_RETURN(
        auto reader,
        LogReader::Open(log.url, {log.origin, log.key, {{config.name, public_key}}, 1}));
    running->monitors.push_back(
        std::make_unique<MonitorLoop>(log.origin, std::move(reader), config.monitor_seconds));
  }
  RunningWitness* const witness = running.get();
  ASSIGN_OR_RETURN(running->http,
                   StartHttpServer(
                       config.listen,
                       [witness, on_stopped = std::move(on_stopped)](const HttpRequest& request) {
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
