// farm release, get, list, watch, why, cancel: the ways to farmd.
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/cli/commands.h"
#include "farm/cli/inputs.h"
#include "farm/cli/person.h"
#include "farm/cli/release_view.h"
#include "farm/cli/signing_check.h"
#include "farm/cli/waiting.h"
#include "farm/client/farm_client.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"
#include "farm/sign/certified_signer.h"

namespace farm {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A farmd that is being restarted is back within seconds; after this the watcher gives up.
constexpr std::chrono::seconds kReconnectDeadline{60};
constexpr std::size_t kLogLineMax = 4096;  // of a build, as a watcher sees it

volatile std::sig_atomic_t g_interrupted = 0;
void OnInterrupt(int) { g_interrupted = 1; }

struct Session {
  PersonConfig config;
  std::unique_ptr<FarmClient> client;
};

Result<Session> OpenSession(const std::string& config_path) {
  Session session;
  ASSIGN_OR_RETURN(session.config, ReadPersonConfig(config_path));
  ASSIGN_OR_RETURN(session.client, FarmClient::Open(session.config.farm));
  return session;
}

struct WatchState {
  std::uint64_t last_number = 0;
  v1::ReleaseInfo info;
  SteadyClock::time_point started = SteadyClock::now();
  Waiting* waiting = nullptr;  // for ever without it
};

void ShowEvent(const v1::WatchEvent& event, WatchState& state, const Output& output, bool logs) {
  if (event.has_info()) {
    state.info = event.info();
    if (state.waiting != nullptr) state.waiting->See(event.info(), SteadyClock::now());
    // Without a terminal a line only when something changed, so no clock in it.
    std::optional<long long> clock;
    if (output.terminal) {
      clock = std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - state.started)
                  .count();
    }
    SayProgressInPlace(output, SitesLine(event.info(), clock));
  }
  // What a build prints is a stranger's: no byte of it steers the terminal.
  if (event.has_log() && logs) {
    SayProgress(output, PrintableLines(event.log().text(), kLogLineMax));
  }
  if (event.event_case() == v1::WatchEvent::kNote) SayProgress(output, event.note());
}

Status KeepWaiting(const WatchState& state) {
  return state.waiting != nullptr ? state.waiting->Check(SteadyClock::now()) : Status();
}

// Follows a release to its end, through restarts of farmd.  Errors: exit 26 after ^C, exit 30 when
// farmd stays away, and those of Waiting.
Status Follow(FarmClient& client, const std::string& release_id, bool logs, WatchState& state,
              const Output& output) {
  auto gone_since = SteadyClock::time_point::max();
  while (true) {
    v1::WatchRequest request;
    request.set_release_id(release_id);
    request.set_after(state.last_number);
    request.set_logs(logs);
    const Status status = client.Watch(
        request,
        [&](const v1::WatchEvent& event) {
          state.last_number = event.number();
          gone_since = SteadyClock::time_point::max();
          ShowEvent(event, state, output, logs);
          return !HasEnded(state.info.stage());
        },
        [&] { return g_interrupted != 0 || !KeepWaiting(state); });
    if (HasEnded(state.info.stage())) return {};
    if (g_interrupted != 0) {
      return Error{ErrorCode::kUnavailable, "interrupted", ExitCode::kCancelled};
    }
    RETURN_IF_ERROR(KeepWaiting(state));
    const auto now = SteadyClock::now();
    if (!status && status.error().code != ErrorCode::kUnavailable) return status.error();
    if (gone_since == SteadyClock::time_point::max()) gone_since = now;
    if (!status && now - gone_since > kReconnectDeadline) return status.error();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

// Why a release has not ended well, in farmd's words.
void SayWhy(FarmClient& client, const std::string& release_id, const Output& output) {
  auto why = client.Why(release_id);
  if (!why) return;
  for (const std::string& reason : why->reason()) SayProgress(output, "why: " + reason);
}

int EndOfRelease(FarmClient& client, const WatchState& state, const Output& output) {
  EndProgressInPlace(output);
  Say(output, InfoText(state.info));
  Answer(output, InfoJson(state.info));
  if (state.info.stage() != v1::RELEASED) SayWhy(client, state.info.release_id(), output);
  return static_cast<int>(ExitOf(state.info));
}

// `command` is the person's own: "farm watch", "farm release".
int WatchToEnd(FarmClient& client, std::string_view command, const std::string& release_id,
               bool logs, WatchState state, const Output& output) {
  g_interrupted = 0;
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  const Status status = Follow(client, release_id, logs, state, output);
  if (status) return EndOfRelease(client, state, output);
  EndProgressInPlace(output);
  if (status.error().Exit() == ExitCode::kCancelled) {
    SayProgress(output,
                "detached; the release goes on. Attach again with: farm watch " + release_id);
  } else {
    SayWhy(client, release_id, output);
  }
  return Fail(output, std::string(command) + " " + release_id, status.error());
}

// Everything farmd needs to start: inputs, manifest, lock, signed request.
Result<v1::SubmitReply> Submit(Session& session, const ReadManifest& manifest,
                               const Output& output) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Signer> signer,
                   OpenConfiguredSigner(session.config.key, session.config.owner));
  RETURN_IF_ERROR(CheckReadyToSign(*signer, session.config.farm,
                                   {session.config.root_path, session.config.policy_path},
                                   SystemClock(), output));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobStore> store,
                   BlobStore::Open(RealFileSystem(), session.config.store_path));
  const std::vector<NeededBlob> missing = MissingBlobs(manifest, *store);
  std::vector<Digest> digests;
  for (const NeededBlob& blob : NeededBlobs(manifest)) digests.push_back(blob.digest);
  ASSIGN_OR_RETURN(const std::vector<Digest> wanted, session.client->blobs().Missing(digests));
  for (const NeededBlob& blob : missing) {
    if (std::find(wanted.begin(), wanted.end(), blob.digest) != wanted.end()) {
      return InputsMissing(manifest, missing, session.config.store_path);
    }
  }
  if (!wanted.empty()) {
    SayProgress(output, "sending " + std::to_string(wanted.size()) + " inputs to farmd");
    RETURN_IF_ERROR(session.client->blobs().PutMissing(wanted, *store, {}));
  }
  const Request request{.manifest = manifest.digest,
                        .product = manifest.manifest.product,
                        .version = manifest.manifest.version,
                        .requester = session.config.id,
                        .created = SystemClock().Now()};
  ASSIGN_OR_RETURN(const Bundle line, SignStatement(Statement(request), *signer));
  v1::SubmitRequest submit;
  submit.set_manifest(manifest.canonical);
  submit.set_lock(manifest.canonical_lock);
  submit.set_request_line(WriteBundleLine(line));
  submit.set_submitted_as(manifest.text);
  return session.client->Submit(submit);
}

// A query by id that answers a ReleaseInfo.
template <typename Call>
int ShowInfo(const QueryArguments& arguments, const Output& output, std::string_view command,
             Call call) {
  auto session = OpenSession(arguments.config);
  if (!session) return Fail(output, command, session.error());
  const Result<v1::ReleaseInfo> info = call(*session->client);
  if (!info) return Fail(output, command, info.error());
  Say(output, InfoText(*info));
  Answer(output, InfoJson(*info));
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace

int RunReleaseCommand(const ReleaseArguments& arguments, const Output& output) {
  constexpr std::string_view kCommand = "farm release";
  const auto manifest = ReadManifestFile(arguments.manifest.manifest, arguments.manifest.lock);
  if (!manifest) return Fail(output, kCommand, manifest.error());
  auto session = OpenSession(arguments.config);
  if (!session) return Fail(output, kCommand, session.error());
  const auto reply = Submit(*session, *manifest, output);
  if (!reply) return Fail(output, kCommand, reply.error());
  SayProgress(output, std::string(reply->already_there() ? "already submitted: " : "submitted: ") +
                          reply->release_id());
  if (!arguments.wait) {
    Say(output, reply->release_id());
    Answer(output, {{"release", reply->release_id()}, {"alreadyThere", reply->already_there()}});
    return static_cast<int>(ExitCode::kProved);
  }
  Waiting waiting({std::chrono::seconds(arguments.timeout_seconds), kSilenceOfParties},
                  SteadyClock::now());
  WatchState state;
  state.waiting = &waiting;
  return WatchToEnd(*session->client, kCommand, reply->release_id(), false, state, output);
}

int RunGetCommand(const QueryArguments& arguments, const Output& output) {
  return ShowInfo(arguments, output, "farm get",
                  [&](FarmClient& client) { return client.Get(arguments.release_id); });
}

int RunCancelCommand(const QueryArguments& arguments, const Output& output) {
  return ShowInfo(arguments, output, "farm cancel",
                  [&](FarmClient& client) { return client.Cancel(arguments.release_id); });
}

int RunListCommand(const QueryArguments& arguments, const Output& output) {
  auto session = OpenSession(arguments.config);
  if (!session) return Fail(output, "farm list", session.error());
  const auto list = session->client->List(arguments.release_id);
  if (!list) return Fail(output, "farm list", list.error());
  Json json = Json::array();
  for (const v1::ReleaseInfo& info : list->release()) {
    Say(output, info.created() + "  " + StageName(info.stage()) + "  " + info.release_id());
    json.push_back(InfoJson(info));
  }
  Answer(output, {{"releases", json}});
  return static_cast<int>(ExitCode::kProved);
}

int RunWatchCommand(const QueryArguments& arguments, const Output& output) {
  constexpr std::string_view kCommand = "farm watch";
  auto session = OpenSession(arguments.config);
  if (!session) return Fail(output, kCommand, session.error());
  WatchState state;
  state.last_number = arguments.after;
  return WatchToEnd(*session->client, kCommand, arguments.release_id, arguments.logs, state,
                    output);
}

int RunWhyCommand(const QueryArguments& arguments, const Output& output) {
  auto session = OpenSession(arguments.config);
  if (!session) return Fail(output, "farm why", session.error());
  const auto why = session->client->Why(arguments.release_id);
  if (!why) return Fail(output, "farm why", why.error());
  Say(output, InfoText(why->info()));
  Json reasons = Json::array();
  for (const std::string& reason : why->reason()) {
    Say(output, "why: " + reason);
    reasons.push_back(reason);
  }
  Json json = InfoJson(why->info());
  json["reasons"] = reasons;
  Answer(output, json);
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace farm
