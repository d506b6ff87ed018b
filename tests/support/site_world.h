// A site on real values with a scripted sandbox, and what it is asked; tests break one thing of it.
// thing.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/sign/signer.h"
#include "farm/site/site.h"
#include "tests/support/crash_files.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/party_files.h"

namespace farm::at_a_site {

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr const char* kTree = "d00fedebb845861f956a5d66a35a52e873a515bdfb14787eb12ea78cc5f69bba";
constexpr const char* kSourceBytes = "the source";
constexpr const char* kPackageBytes = "the package";

inline Digest D(char digit) { return Digest::ParseHex(std::string(64, digit)).value(); }

inline std::string LockBytes() {
  Lock lock;
  lock.requested.architecture = "amd64";
  lock.requested.source_date_epoch = 1735689600;
  lock.requested.suites = {"bookworm"};
  lock.requested.names = {"gcc"};
  lock.packages = {{"gcc", "4:12.2.0-3", "amd64", Sha256(kPackageBytes),
                    static_cast<std::int64_t>(std::string(kPackageBytes).size()),
                    "pool/main/g/gcc/gcc_12.2.0-3_amd64.deb"}};
  lock.root_tar = D('2');
  lock.image = D('3');
  lock.image_size = 4096;
  return CanonicalLockJson(lock);
}

inline std::string ManifestBytes(const std::string& word) {
  const std::string text = R"(product: "hello" version: "1.0" revision: 1 architecture: "amd64"
source_date_epoch: 1735689600
source { name: "hello" tree: ")" +
                           std::string(kTree) + R"("
  file { name: "hello.tar" sha256: ")" +
                           Sha256(kSourceBytes).Hex() + R"(" size: 10 }
  directory { path: "source" } }
toolchain { name: "cc" lock: ")" +
                           Sha256(LockBytes()).Text() + R"(" }
step { name: "build" input { source: "hello" at: "hello" } argv: "cc" argv: ")" +
                           word + R"("
  output: "greet" }
artifact { step: "build" path: "greet" })";
  const auto manifest = ParseManifestText(text, "test");
  if (!manifest) ADD_FAILURE() << manifest.error().message;
  return CanonicalManifest(*manifest);
}

// What the sandbox does in these tests.
struct Script {
  std::atomic<int> runs{0};
  std::string bytes = "greeting";
  ActionEnd end = ActionEnd::kSucceeded;
  bool limits_observed = true;
  bool checks_sources = true;  // the sources' trees are computed, and right
  std::optional<Error> error;  // "no sandbox here"
  bool wait_for_cancellation = false;
  // With `gated`, an action waits until Open().
  bool gated = false;
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  void Open() {
    std::lock_guard lock(mutex);
    open = true;
    opened.notify_all();
  }
};

class ScriptedExecutor final : public Executor {
 public:
  explicit ScriptedExecutor(Script& script) : script_(script) {}
  Result<ActionResult> Execute(const Action& action, const ExecuteContext& context,
                               EventSink& events) override {
    ++script_.runs;
    if (script_.gated) {
      std::unique_lock lock(script_.mutex);
      script_.opened.wait(lock, [&] { return script_.open; });
    }
    while (script_.wait_for_cancellation && !context.cancelled()) std::this_thread::yield();
    if (context.cancelled()) {
      return Error{ErrorCode::kUnavailable, "cancelled", ExitCode::kCancelled};
    }
    if (script_.error) return *script_.error;
    events.Log(action, "compiling\n");
    ActionResult result;
    result.end = script_.end;
    result.exit_code = script_.end == ActionEnd::kSucceeded ? 0 : 2;
    result.reason = script_.end == ActionEnd::kSucceeded ? "" : "exit code 2";
    result.limits_observed = script_.limits_observed;
    if (script_.checks_sources) result.trees = action.trees;
    if (result.end != ActionEnd::kSucceeded) return result;
    for (const std::string& path : action.outputs) {
      ASSIGN_OR_RETURN(const StoredBlob blob, context.blobs.PutBytes(script_.bytes));
      result.outputs.push_back({path, blob.digest, blob.size, "0755"});
    }
    return result;
  }

 private:
  Script& script_;
};

// One site of a farm.  Its store, journal and log survive Restart().
class World {
 public:
  World() {
    root = maker.root();
    policy = maker.policy();
    EXPECT_TRUE(blobs().PutBytes(kSourceBytes));
    EXPECT_TRUE(blobs().PutBytes(kPackageBytes));
  }

  Bundle Line(const Statement& statement, const std::string& party, UnixSeconds seconds) {
    LineDraft draft = maker.Draft(statement, party, kStart + seconds);
    if (on_draft) on_draft(draft);
    return maker.MakeLine(draft);
  }

  BuildQuestion Ask() {
    return AskFor(ManifestBytes("-O2"), [](Intent&) {});
  }
  BuildQuestion AskFor(const std::string& manifest, const std::function<void(Intent&)>& change) {
    BuildQuestion question;
    question.manifest = manifest;
    question.lock = LockBytes();
    question.epoch = 1;
    const Bundle request =
        Line(Request{Sha256(manifest), "hello", "1.0", "requester", kStart}, "requester", 0);
    question.request_line = WriteBundleLine(request);
    for (const char* auditor : {"auditor-0", "auditor-1"}) {
      question.approval_lines.push_back(WriteBundleLine(Line(
          Approval{Sha256(manifest), "hello", "1.0", {{"hello", kTree}}, auditor, "tree", kStart},
          auditor, 100)));
    }
    Intent intent;
    intent.request = request.PaeDigest();
    intent.manifest = Sha256(manifest);
    intent.product = "hello";
    intent.version = "1.0";
    for (int i = 0; i < 3; ++i) intent.sites.push_back(EvidenceMaker::SiteId(i));
    intent.nonce = "00112233445566778899aabbccddeeff";
    intent.created = kStart + 200;
    change(intent);
    question.intent_line = WriteBundleLine(Line(intent, "coordinator", 200));
    return question;
  }

  BlobStore& blobs() {
    if (!blobs_) blobs_ = BlobStore::Open(disk, temporary_.path() + "/store").value();
    return *blobs_;
  }
  Site& site() {
    if (!site_) Open();
    return *site_;
  }
  void Restart() {
    site_.reset();
    journal_.reset();
    signer_.reset();
  }

  Result<std::string> End(BuildEvents& events) {
    std::uint64_t position = 0;
    for (;;) {
      const BuildEvents::Next next = events.Wait(&position);
      if (next.end) return *next.end;
    }
  }
  Result<std::string> Build(const BuildQuestion& question) {
    ASSIGN_OR_RETURN(const auto events, site().Build(question));
    return End(*events);
  }
  // The record under the question's intent that the journal holds.
  std::optional<KeptRecord> Kept(const BuildQuestion& question) {
    site();
    return journal_->Find(ParseBundleLine(question.intent_line, "intent")->PaeDigest()).value();
  }

  // As the log client does it: idempotent, but it can fail before the stamp, before the append, or
  // after it ("failed but persisted").
  Result<Bundle> Publish(const SiteParts::Publication& publication) {
    Bundle bundle = publication.record;
    if (publish_fails == 1) return Lost();
    if (!bundle.timestamp) {
      maker.Stamp(bundle, clock.Now() + token_ahead);
      RETURN_IF_ERROR(publication.keep(bundle));
    }
    if (publish_fails == 2) return Lost();
    const std::string leaf = CanonicalizedBody(bundle.envelope, bundle.certificate, bundle.key());
    if (!log.contains(leaf)) {
      LineDraft draft = maker.Draft(Request{}, "site-0", clock.Now());
      draft.witnesses.resize(cosigners);
      draft.witnessed += cosigned_ahead;
      maker.Enter(bundle, draft);
      log.insert({leaf, bundle});
    }
    bundle.log_entry = log.at(leaf).log_entry;
    if (publish_fails == 3) return Lost();
    return bundle;
  }

  EvidenceMaker maker;
  TrustRoot root;
  Policy policy;
  std::function<void(LineDraft&)> on_draft;
  bool kernel_limits = false;
  Script script;
  CrashFiles files;  // the journal's
  CrashFiles disk;   // the store's
  int publish_fails = 0;
  UnixSeconds token_ahead = 0;  // the authority's clock before ours
  std::size_t cosigners = 2;
  UnixSeconds cosigned_ahead = 0;     // the witnesses' clocks before ours
  std::map<std::string, Bundle> log;  // leaf -> line, in nobody's order
  std::optional<Error> root_error;
  std::optional<Digest> root_tar;  // as assembled here; else what the lock says
  std::optional<Digest> image;
  FixedClock clock{kStart + 300};

 private:
  static Error Lost() { return Error{ErrorCode::kUnavailable, "the log does not answer"}; }

  void Open() {
    const std::string& directory = temporary_.path();
    signer_ = OpenSignerOf(maker, {EvidenceMaker::SiteId(0), "site-0"}, directory, clock);
    ASSERT_NE(signer_, nullptr);
    auto journal = SiteJournal::Open(files, directory + "/records");
    ASSERT_TRUE(journal) << journal.error().message;
    journal_ = *std::move(journal);
    site_ = std::make_unique<Site>(SiteParts{
        .builder = EvidenceMaker::SiteId(0),
        .files = {WritePrivate(directory + "/root.json", WriteTrustRoot(root, {maker.Key("root")})),
                  WritePrivate(directory + "/policy.json", WritePolicy(policy))},
        .kernel_limits = kernel_limits,
        .blobs = blobs(),
        .journal = *journal_,
        .signer = *signer_,
        .clock = clock,
        .root = [this](const Lock& lock, const Stopped&, const auto&) -> Result<ReadyRoot> {
          if (root_error) return *root_error;
          return ReadyRoot{"/nowhere", "", root_tar.value_or(lock.root_tar),
                           image.value_or(lock.image)};
        },
        .executor = [this](const ReadyRoot&) { return std::make_unique<ScriptedExecutor>(script); },
        .publish =
            [this](const SiteParts::Publication& publication) { return Publish(publication); },
        .programs =
            [] {
              return std::map<std::string, Digest>{{"farm-site", D('5')}};
            }});
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<CertifiedSigner> signer_;
  std::unique_ptr<SiteJournal> journal_;
  std::unique_ptr<Site> site_;  // last: it stops before what it borrows goes
};

}  // namespace farm::at_a_site
