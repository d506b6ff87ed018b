// A coordinator that lies to the signer ten thousand times, through the signer's real door: a gate
// with its journal on disk, a log with tiles on disk, witnesses that keep what they have seen.
// FARM_EVERY: of these only every so-many-th is made and asked (tests/support/share.h).  What still
// says the same is none of them; it gets the answer that was given.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "farm/client/server.h"
#include "farm/client/site_client.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/gate/service.h"
#include "tests/attacks/parties/alterations.h"
#include "tests/attacks/parties/parties.h"
#include "tests/attacks/parties/way.h"
#include "tests/support/share.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

// The signer as a daemon serves it.
class Door {
 public:
  explicit Door(Parties& parties)
      : service_(parties.gate(), {"farmd"}, [this](const Status&) { broken_ = true; }),
        server_(StartServer({"127.0.0.1:0", tls_.Files("signer"), {&service_}}).value()),
        client_(SignerClient::Open({server_.listen(), "signer", tls_.Files("farmd")}).value()) {}

  Result<v1::DecideReply> Ask(const Question& question, std::uint64_t epoch) {
    v1::DecideRequest request;
    request.set_manifest(question.manifest);
    request.set_request_line(question.request_line);
    request.set_intent_line(question.intent_line);
    for (const std::string& line : question.record_lines) request.add_record_line(line);
    for (const std::string& line : question.approval_lines) request.add_approval_line(line);
    request.set_epoch(epoch);
    return client_->Decide(request);
  }
  bool broken() const { return broken_; }

 private:
  bool broken_ = false;
  TemporaryDirectory temporary_ = TemporaryDirectory::Make("").value();
  TlsMaker tls_{temporary_.path()};
  SignerService service_;
  RunningServer server_;
  std::unique_ptr<SignerClient> client_;
};

// A whole attempt, ready to be decided.
Way Ready(Parties& parties, const std::string& manifest) {
  Way way(parties, {}, manifest);
  const auto stop = way.Prepare();
  if (stop) std::fprintf(stderr, "%s: %s\n", stop->by.c_str(), stop->words.c_str());
  CHECK(!stop);
  return way;
}

// Intents that the coordinator may sign and have logged, each another than the good one.
std::vector<Bundle> OwnIntents(Way& way) {
  const auto good = ParseStatementAs<Intent>(way.attempt().intent.envelope.payload, "intent");
  std::vector<Intent> intents(9, *good);
  std::swap(intents[0].sites[0], intents[0].sites[1]);
  intents[1].sites.pop_back();
  intents[2].sites.push_back("https://farm.example/coordinator");
  intents[3].sites[2] = intents[3].sites[1];
  intents[4].attempt = 2;
  intents[4].earlier = {way.attempt().intent.PaeDigest()};
  intents[5].nonce[0] = 'f';
  intents[6].manifest = Sha256("another");
  intents[7].version = "1.1";
  intents[8].request = way.attempt().intent.PaeDigest();
  std::vector<Bundle> lines;
  for (const Intent& intent : intents) {
    // What the log does not take (a site twice) stays without its entry.
    lines.push_back(way.Line(intent, "coordinator", 350).line);
  }
  return lines;
}

class Forger {
 public:
  explicit Forger(const Parties& parties)
      : parties_(parties),
        coordinator_(
            parties.maker().Sign(parties.maker().Draft(Intent{}, "coordinator", parties.now()))) {}
  Bundle AsCoordinator(const std::string& payload) const {
    Bundle line = coordinator_;
    line.envelope.payload = payload;
    line.envelope.signature = parties_.maker().Key("coordinator").Sign(line.envelope.PaeBytes());
    return line;
  }
  // Under the name of whoever signed `line`, by a CA that is nobody's.
  Bundle AsStranger(const Bundle& line, const std::string& payload) const {
    Bundle forged = line;
    forged.envelope.payload = payload;
    forged.envelope.key_id = key_.public_key().KeyId();
    forged.envelope.signature = key_.Sign(forged.envelope.PaeBytes());
    if (!line.certificate) {
      forged.public_key = key_.public_key();
      return forged;
    }
    const std::string name = line.certificate->UriName().value();
    auto leaf = leaves_.find(name);
    if (leaf == leaves_.end()) {
      leaf = leaves_
                 .emplace(name, IssueSigningLeaf(key_, authority_, key_,
                                                 {.key = key_.public_key(),
                                                  .organization = "stranger",
                                                  .common_name = "stranger",
                                                  .uri = name,
                                                  .issuer_extension = "https://stranger.example",
                                                  .not_before = line.certificate->not_before()}))
                 .first;
    }
    forged.certificate = leaf->second;
    return forged;
  }

 private:
  const Parties& parties_;
  const Bundle coordinator_;
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ =
      IssueAuthority(key_, "stranger", "stranger CA",
                     parties_.maker().options().start - kDaySeconds, 100 * kDaySeconds);
  mutable std::map<std::string, Certificate> leaves_;
};

struct Tally {
  std::map<std::string, std::map<int, int>> by_kind;  // kind -> exit code -> how many
  std::set<std::string> signed_ones;
  std::size_t asked = 0;

  void Print() const {
    for (const auto& [kind, exits] : by_kind) {
      std::printf("  %-10s", kind.c_str());
      int all = 0;
      for (const auto& [exit, count] : exits) all += count;
      std::printf(" %6d:", all);
      for (const auto& [exit, count] : exits) std::printf("  exit %d x %d", exit, count);
      std::printf("\n");
    }
  }
};

// What a coordinator has who wants `good` decided: see Material.
Material MaterialOf(Parties& parties, Way& good, const Forger& forger) {
  Material material;
  material.good = good.attempt();
  Way second = good;
  CHECK(!second.Announce(2, {good.attempt().intent.PaeDigest()}));
  CHECK(!second.Build());
  material.others = {second.attempt()};
  for (const BuildableOptions& other : std::vector<BuildableOptions>{
           {.version = "1.0", .revision = 2}, {.version = "1.1"}, {.version = "0.9"}}) {
    material.others.push_back(Ready(parties, BuildableManifest(other)).attempt());
  }
  material.intents = OwnIntents(good);
  material.sign_as_coordinator = [&](const std::string& payload) {
    return forger.AsCoordinator(payload);
  };
  material.sign_as_stranger = [&](const Bundle& line, const std::string& payload) {
    return forger.AsStranger(line, payload);
  };
  material.token_time = [&](const Bundle& line) {
    return CheckTimestamp(*line.timestamp, line.envelope.signature,
                          parties.root().timestamp_authorities[0].chain);
  };
  parties.clock().Set(parties.maker().options().start + kHourSeconds);  // after all of them
  return material;
}

void ExpectSigned(Parties& parties, Door& door, Way& good, const std::vector<Altered>& same_words) {
  const std::size_t files = parties.JournalFiles().size();
  const auto reply = door.Ask(good.attempt().ToQuestion(), 1);
  ASSERT_TRUE(reply) << reply.error().message;
  const auto line = ParseBundleLine(reply->release_line(), "release");
  ASSERT_TRUE(line) << line.error().message;
  const auto release = ParseStatementAs<Release>(line->envelope.payload, "release");
  ASSERT_TRUE(release) << release.error().message;
  EXPECT_EQ(release->intent, good.attempt().intent.PaeDigest());
  EXPECT_EQ(release->sequence, 2);
  EXPECT_EQ(parties.JournalFiles().size(), files + 1);
  for (const Altered& altered : same_words) {
    const auto again = door.Ask(altered.question, altered.epoch);
    ASSERT_TRUE(again) << altered.what << ": " << again.error().message;
    EXPECT_EQ(again->release_line(), reply->release_line()) << altered.what;
  }
  EXPECT_EQ(parties.JournalFiles().size(), files + 1);
}

constexpr std::size_t kAlterations = 10'000;
constexpr std::size_t kParts = 4;  // of the test, for as many processors
constexpr std::size_t kSameKept = 25;

class LyingCoordinator : public testing::TestWithParam<std::size_t> {};

TEST_P(LyingCoordinator, GetsNoSignatureAndTheTruthStillDoes) {
  spdlog::set_level(spdlog::level::off);  // the signer says why it refuses, each time
  const Share share{GetParam(), kParts * EveryHowMany()};
  const std::size_t count = kAlterations / share.parts;
  Parties parties;
  Door door(parties);
  Way good = Ready(parties, BuildableManifest({.version = "1.0"}));
  const Forger forger(parties);
  const Material material = MaterialOf(parties, good, forger);
  // The last of the others was released: the journal holds an answer, and the log's head.
  const auto first = door.Ask(material.others.back().ToQuestion(), 1);
  ASSERT_TRUE(first) << first.error().message;

  const auto before = parties.JournalFiles();
  ASSERT_EQ(before.size(), 2U);
  Tally tally;
  std::size_t same = 0;
  std::vector<Altered> same_words;
  const auto ask = [&](const Altered& altered) {
    ++tally.asked;
    const auto reply = door.Ask(altered.question, altered.epoch);
    if (reply) {
      tally.signed_ones.insert(altered.kind + ": " + altered.what);
      return;
    }
    ++tally.by_kind[altered.kind][static_cast<int>(reply.error().Exit())];
    // A refusal of the signer's, not of the transport or of a program that ended.
    EXPECT_NE(reply.error().Exit(), ExitCode::kInternal) << altered.what;
    EXPECT_NE(reply.error().Exit(), ExitCode::kUnavailable)
        << altered.what << ": " << reply.error().message;
  };
  ForEachAlteration(material, share, count, ask, [&](const Altered& altered) {
    if (same++ % kSameKept == 0) same_words.push_back(altered);
  });
  for (const std::string& what : tally.signed_ones) ADD_FAILURE() << "signed: " << what;
  EXPECT_EQ(tally.asked, count);
  EXPECT_EQ(parties.JournalFiles(), before);
  EXPECT_FALSE(door.broken());
  ExpectSigned(parties, door, good, same_words);
  std::printf("%zu altered requests, %zu signatures; %zu of %zu that say the same\n", tally.asked,
              tally.signed_ones.size(), same_words.size(), same);
  tally.Print();
}

INSTANTIATE_TEST_SUITE_P(Part, LyingCoordinator, testing::Range(std::size_t{0}, kParts));

}  // namespace
}  // namespace farm
