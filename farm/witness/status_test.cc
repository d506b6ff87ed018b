// From the log to the status, and from there to the customer's verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/dsse.h"
#include "farm/verify/verify.h"
#include "farm/witness/status_maker.h"
#include "farm/witness/status_publisher.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kMadeAt = 1'800'000'000;
constexpr UnixSeconds kNoted = kMadeAt + 1000;

// A log of a maker's lines, as a monitor reads it.
class StatusTest : public testing::Test {
 protected:
  StatusTest() : made_(maker_.Make()) {
    for (const Bundle& line : made_.lines) Read(line);
  }

  void Read(const Bundle& line) { ReadInto(facts_, line, line.envelope.PaeBytes()); }
  static void ReadInto(LogFacts& facts, const Bundle& line, const Result<std::string>& pae) {
    (void)facts.Take(line.log_entry->index, line.log_entry->canonicalized_body, pae);
  }
  Bundle Enter(const Statement& statement, const std::string& party) {
    return maker_.MakeLine(maker_.Draft(statement, party, kMadeAt + 500));
  }
  std::string Note() const { return maker_.Status(kNoted).logs[0].checkpoint; }
  Result<FarmStatus> Make(const TrustRoot& root) const {
    return MakeStatus({{&facts_, Note()}}, root, {"monitor-0", kNoted, 3600, 2});
  }
  FarmStatus Made() const {
    auto status = Make(maker_.root());
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    return status ? *status : FarmStatus{};
  }
  Withdrawal WithdrawnBy(const std::string& who) const {
    return {Release(), "hello", "1.0", "it eats files", who, kMadeAt + 500};
  }
  Digest Release() const { return made_.lines[kReleaseLine].PaeDigest(); }

  EvidenceMaker maker_{EvidenceOptions{.monitors = 1}};
  MadeRelease made_;
  LogFacts facts_;
};

TEST_F(StatusTest, TellsOfTheNewestRelease) {
  const FarmStatus status = Made();
  EXPECT_EQ(status.monitor, "monitor-0");
  EXPECT_EQ(status.issued, kNoted);
  EXPECT_EQ(status.next_update, kNoted + 3600);
  ASSERT_EQ(status.logs.size(), 1u);
  EXPECT_EQ(status.logs[0].head.size, maker_.Head().size);
  ASSERT_EQ(status.newest.size(), 1u);
  EXPECT_EQ(status.newest[0].product, "hello");
  EXPECT_EQ(status.newest[0].release, Release());
  EXPECT_TRUE(status.withdrawn.empty());
  EXPECT_TRUE(status.dissents.empty());
  EXPECT_TRUE(status.revoked_keys.empty());
}

TEST_F(StatusTest, AnAuditorOrARequesterWithdrawsAndNobodyElse) {
  for (const std::string who : {"auditor-0", "requester"}) {
    LogFacts before = facts_;
    Read(Enter(WithdrawnBy(who), who));
    const FarmStatus status = Made();
    ASSERT_EQ(status.withdrawn.size(), 1u) << who;
    EXPECT_EQ(status.withdrawn[0].release, Release());
    EXPECT_EQ(status.withdrawn[0].by, who);
    EXPECT_EQ(status.withdrawn[0].since, kMadeAt + 500);
    EXPECT_TRUE(status.newest.empty()) << "a withdrawn release is nobody's newest";
    facts_ = before;
  }
  Read(Enter(WithdrawnBy("auditor-0"), "auditor-1"));  // in another's name
  Read(Enter(WithdrawnBy("monitor-0"), "monitor-0"));
  Read(Enter(WithdrawnBy("site-0"), "site-0"));
  Bundle forged = Enter(WithdrawnBy("requester"), "requester");
  forged.envelope.signature = made_.lines[0].envelope.signature;
  forged.log_entry->canonicalized_body =
      CanonicalizedBody(forged.envelope, forged.certificate, forged.key());
  Read(forged);
  EXPECT_TRUE(Made().withdrawn.empty());
}

// There is no end to what is in no log: whoever could fill a status with it would silence monitors.
TEST_F(StatusTest, AWithdrawalOfWhatIsInNoLogIsLeftOut) {
  for (int i = 0; i < 20; ++i) {
    Withdrawal of_nothing = WithdrawnBy("auditor-0");
    of_nothing.release = Sha256(std::to_string(i));
    Read(Enter(of_nothing, "auditor-0"));
  }
  Withdrawal long_winded = WithdrawnBy("auditor-0");
  long_winded.product = long_winded.version = long_winded.reason = std::string(1024, 'x');
  Read(Enter(long_winded, "auditor-0"));
  const FarmStatus status = Made();
  ASSERT_EQ(status.withdrawn.size(), 1u);
  EXPECT_EQ(status.withdrawn[0].release, Release());
  EXPECT_EQ(status.withdrawn[0].product, "hello");
  EXPECT_EQ(status.withdrawn[0].version, "1.0");
  EXPECT_LT(status.withdrawn[0].reason.size(), 210u);
  // Also of a release whose signer the root has forgotten: who has an older one may count it still.
  TrustRoot forgetful = maker_.root();
  forgetful.operators[0].parties = {};
  EXPECT_EQ(Make(forgetful)->withdrawn.size(), 1u);
  EXPECT_TRUE(Make(forgetful)->newest.empty());
}

TEST_F(StatusTest, AWithdrawalStandsWhateverBecomesOfTheKey) {
  Read(Enter(WithdrawnBy("auditor-0"), "auditor-0"));
  TrustRoot root = maker_.root();
  root.revocations.push_back({"key", root.auditors[0].key.KeyId(), "lost", {}});
  root.auditors[0].valid_for.end = kMadeAt + 500;
  EXPECT_EQ(Make(root)->withdrawn.size(), 1u);
  root.auditors[0].valid_for.end = kMadeAt + 499;  // it was nobody's when it was written
  EXPECT_TRUE(Make(root)->withdrawn.empty());
}

TEST_F(StatusTest, TellsOfTheSignersDissentsOfReleasedManifests) {
  const Digest manifest = Sha256(maker_.manifest());
  const Dissent dissent{manifest, "hello", "1.1", Sha256("intent"), {}, "", kMadeAt + 500};
  const Bundle line = Enter(dissent, "signer");
  Read(line);
  Read(Enter(Dissent{manifest, "hello", "1.2", Sha256("i"), {}, "", kMadeAt}, "site-0"));
  Read(Enter(Dissent{Sha256("x"), "hello", "1.2", Sha256("i"), {}, "", kMadeAt}, "signer"));
  const FarmStatus status = Made();
  ASSERT_EQ(status.dissents.size(), 1u);
  EXPECT_EQ(status.dissents[0].dissent, line.PaeDigest());
  EXPECT_EQ(status.dissents[0].manifest, manifest);
  TrustRoot renewed = maker_.root();  // the CA was renewed since, and the old one is not listed
  EvidenceMaker other;
  renewed.operators[0].authorities = other.root().operators[0].authorities;
  EXPECT_EQ(Make(renewed)->dissents.size(), 1u);
}

// One is as much in the way as many: else who has a signer's leaf could silence every monitor.
TEST_F(StatusTest, TellsOfTheFirstDissentOfAManifestAlone) {
  const auto dissent_of = [&](const std::string& intent) {
    return Enter(
        Dissent{Sha256(maker_.manifest()), "hello", "1.0", Sha256(intent), {}, "", kMadeAt},
        "signer");
  };
  const std::vector<Bundle> lines = {dissent_of("a"), dissent_of("b"), dissent_of("c")};
  for (const std::vector<std::size_t>& order :
       {std::vector<std::size_t>{0, 1, 2}, {2, 0, 1}, {1, 2, 0}}) {
    const LogFacts before = facts_;
    for (const std::size_t line : order) Read(lines[line]);
    const FarmStatus status = Made();
    ASSERT_EQ(status.dissents.size(), 1u);
    EXPECT_EQ(status.dissents[0].dissent, lines[0].PaeDigest());
    facts_ = before;
  }
}

// ---- what does not fit --------------------------------------------------------------------------

// Of a signer who says more than a status may hold; in no tree, for nobody here asks for that.
class FullStatusTest : public StatusTest {
 protected:
  void Say(const Statement& statement) {
    Envelope envelope{std::string(kInTotoPayloadType), WriteStatement(statement), "", ""};
    envelope.signature = maker_.Key("signer").Sign(envelope.PaeBytes());
    const Bundle& signed_by = made_.lines[kReleaseLine];
    ASSERT_TRUE(facts_.Take(++last_,
                            CanonicalizedBody(envelope, signed_by.certificate, signed_by.key()),
                            envelope.PaeBytes()));
  }
  // A release of a product of its own; its manifest.
  Digest SayRelease(const std::string& product) {
    auto release =
        *ParseStatementAs<farm::Release>(made_.lines[kReleaseLine].envelope.payload, "release");
    release.manifest = TestManifest({.product = product});
    Say(release);
    return Sha256(release.manifest);
  }

  std::uint64_t last_ = 1000;  // index
};

TEST_F(FullStatusTest, TheNewestAreLeftOutWhereTheyAreTooMany) {
  for (std::size_t i = 1; i < kStatusListMax; ++i) SayRelease("product-" + std::to_string(i));
  EXPECT_EQ(Made().newest.size(), kStatusListMax);
  SayRelease("one-more");
  Read(Enter(WithdrawnBy("auditor-0"), "auditor-0"));  // not of that one: it is no newest any more
  EXPECT_EQ(Made().newest.size(), kStatusListMax);
  SayRelease("another");
  const FarmStatus status = Made();
  EXPECT_TRUE(status.newest.empty());
  EXPECT_EQ(status.withdrawn.size(), 1u);
}

TEST_F(FullStatusTest, TheNewestAreLeftOutWhereTheyDoNotReadOrAreTooLong) {
  SayRelease(std::string(2000, 'x'));
  EXPECT_TRUE(Made().newest.empty());
  facts_ = LogFacts();
  // Each of these takes two bytes in a statement; as many dissents as there may be fit all the
  // same.
  const std::string long_text(1024, '"');
  for (std::size_t i = 0; i < kStatusListMax; ++i) {
    const Digest manifest = SayRelease(std::to_string(i) + std::string(700, '\\'));
    Say(Dissent{manifest, long_text, long_text, Sha256("intent"), {}, "", kMadeAt});
  }
  const FarmStatus status = Made();
  EXPECT_TRUE(status.newest.empty());
  EXPECT_EQ(status.dissents.size(), kStatusListMax);
  EXPECT_LE(WriteStatement(status).size(), kPayloadBytesMax);
}

// A signer's release has what names it likes, and somebody withdraws it: that must be told.
TEST_F(FullStatusTest, AWithdrawnReleasesNamesAreFitToStandInAStatus) {
  const std::pair<std::string, std::string> kNames[] = {
      {std::string(2000, 'x'), std::string(128, 'x') + "..."},
      {"two\nlines", "two\\x0alines"},
      {"", "no name"},
      {std::string(128, 'y'), std::string(128, 'y')}};
  const LogFacts before = facts_;
  for (const auto& [name, want] : kNames) {
    facts_ = before;
    auto release =
        *ParseStatementAs<farm::Release>(made_.lines[kReleaseLine].envelope.payload, "release");
    release.manifest = TestManifest({.product = name, .version = name});
    const Bundle line = Enter(release, "signer");
    Read(line);
    Withdrawal withdrawal = WithdrawnBy("auditor-0");
    withdrawal.release = line.PaeDigest();
    Read(Enter(withdrawal, "auditor-0"));
    const FarmStatus status = Made();
    ASSERT_EQ(status.withdrawn.size(), 1u) << name;
    EXPECT_EQ(status.withdrawn[0].product, want);
    EXPECT_EQ(status.withdrawn[0].version, want);
    TrustRoot root = maker_.root();
    root.revocations = {{"release", line.PaeDigest().Text(), "bad", {}}};
    facts_ = before;
    Read(line);
    const auto by_root = Make(root);
    ASSERT_TRUE(by_root) << by_root.error().message;
    ASSERT_EQ(by_root->withdrawn.size(), 1u) << name;
    EXPECT_EQ(by_root->withdrawn[0].product, want);
  }
}

TEST_F(FullStatusTest, ItIsSilentWhereDissentsAreTooMany) {
  for (std::size_t i = 0; i <= kStatusListMax; ++i) {
    const Digest manifest = SayRelease("product-" + std::to_string(i));
    Say(Dissent{manifest, "hello", "1.0", Sha256("intent"), {}, "", kMadeAt});
  }
  const auto status = Make(maker_.root());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kLimitExceeded);
}

// ---- what the root says -------------------------------------------------------------------------

TEST_F(StatusTest, CarriesWhatTheRootRevokes) {
  TrustRoot root = maker_.root();
  const std::string key = Sha256("key").Hex();
  root.revocations = {{"key", key, "stolen", kMadeAt + 9},
                      {"key", key, "stolen before", kMadeAt + 5},
                      {"release", Release().Text(), "", {}},
                      {"release", Sha256("never logged").Text(), "", {}}};
  const FarmStatus status = *Make(root);
  ASSERT_EQ(status.revoked_keys.size(), 1u);
  EXPECT_EQ(status.revoked_keys[0].key_id, key);
  EXPECT_EQ(status.revoked_keys[0].compromised_since, kMadeAt + 5);
  ASSERT_EQ(status.withdrawn.size(), 1u);
  EXPECT_EQ(status.withdrawn[0].by, "the trust root");
  EXPECT_EQ(status.withdrawn[0].reason, "no reason given");
  EXPECT_TRUE(ParseStatement(WriteStatement(status), "status").has_value());
}

TEST_F(StatusTest, IsSilentWhileAnythingIsUnreadThatCouldMatter) {
  const Bundle withdrawal = Enter(WithdrawnBy("auditor-0"), "auditor-0");
  const Error missing{ErrorCode::kNotFound, "no payload"};
  ReadInto(facts_, withdrawal, missing);
  const auto status = Make(maker_.root());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kLogProof);
  EXPECT_THAT(status.error().message, testing::HasSubstr("no payload"));
  ReadInto(facts_, withdrawal, withdrawal.envelope.PaeBytes());  // it has come
  EXPECT_EQ(Made().withdrawn.size(), 1u);

  // A kind that this program does not know, by somebody whose word could count, and by nobody.
  const auto unknown = [&](const std::string& party) {
    Bundle line = maker_.Sign(maker_.Draft(WithdrawnBy(party), party, kMadeAt));
    line.envelope.payload = "{}";
    line.envelope.signature = maker_.Key(party).Sign(line.envelope.PaeBytes());
    maker_.Enter(line, maker_.Draft(WithdrawnBy(party), party, kMadeAt));
    return line;
  };
  Read(unknown("site-0"));
  EXPECT_TRUE(Make(maker_.root())) << Make(maker_.root()).error().message;
  Read(unknown("requester"));
  EXPECT_FALSE(Make(maker_.root()));
}

// Each signer counts for himself, and one key in certificates of two CAs is two of them.
TEST_F(StatusTest, HeedsAnUnknownKindBehindManyThatNobodyCounts) {
  const auto unknown = [&](const std::string& party, const std::string& payload,
                           const std::string& authority) {
    LineDraft draft = maker_.Draft(WithdrawnBy("requester"), party, kMadeAt);
    draft.payload = payload;
    if (!authority.empty()) draft.authority = authority;
    Bundle line = maker_.Sign(draft);
    maker_.Enter(line, draft);
    return line;
  };
  const Bundle first = unknown("site-0", "{}", "");
  for (int i = 0; i < 20; ++i) {
    ReadInto(facts_, first, first.envelope.PaeBytes());
    EXPECT_EQ(facts_.unknown().size(), 1u);
  }
  Read(unknown("signer", "{}", "operator-1"));  // another operator's CA says so
  EXPECT_EQ(facts_.unknown().size(), 2u);
  EXPECT_TRUE(Make(maker_.root())) << Make(maker_.root()).error().message;
  const LogFacts before = facts_;
  for (const std::string who : {"requester", "auditor-0", "signer"}) {
    facts_ = before;
    const Bundle line = unknown(who, "{}", "");
    Read(line);
    const auto status = Make(maker_.root());
    ASSERT_FALSE(status) << who;
    EXPECT_EQ(status.error().Exit(), ExitCode::kLogProof) << who;
    EXPECT_THAT(status.error().message,
                testing::HasSubstr("entry " + std::to_string(line.log_entry->index)));
  }
  facts_ = before;
  Read(unknown("site-1", "{}", ""));
  TrustRoot root = maker_.root();  // whom the root of the day lists counts
  ASSERT_TRUE(Make(root));
  root.operators[1].parties[0].role = "signer";
  EXPECT_FALSE(Make(root));
}

TEST_F(StatusTest, IsSilentWhereMoreSignAnUnknownKindThanAreRemembered) {
  const auto unknown_by_somebody = [&] {
    const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
    Envelope envelope{std::string(kInTotoPayloadType), "{}", "", ""};
    envelope.signature = key.Sign(envelope.PaeBytes());
    (void)facts_.Take(1000 + facts_.unknown().size(),
                      CanonicalizedBody(envelope, std::nullopt, key.public_key()),
                      envelope.PaeBytes());
  };
  for (std::size_t i = 0; i < kUnknownSignersMax; ++i) unknown_by_somebody();
  EXPECT_TRUE(Make(maker_.root()));
  unknown_by_somebody();
  EXPECT_EQ(facts_.unknown().size(), kUnknownSignersMax);
  const auto status = Make(maker_.root());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(status.error().code, ErrorCode::kLimitExceeded);
}

// Who has a signer's leaf and an older log's door could silence every monitor with one entry.
TEST_F(StatusTest, WhatNobodyCountsSilencesNobody) {
  const auto release_of = [&](const std::string& manifest) {
    auto release =
        *ParseStatementAs<farm::Release>(made_.lines[kReleaseLine].envelope.payload, "release");
    release.manifest = manifest;
    release.sequence = 9;
    return release;
  };
  for (const std::string manifest : {"{}", "no manifest"})
    Read(Enter(release_of(manifest), "signer"));
  // Not by the key of its leaf, whatever it is.
  LineDraft draft = maker_.Draft(WithdrawnBy("requester"), "requester", kMadeAt);
  draft.payload = "{}";
  Bundle forged = maker_.Sign(draft);
  forged.envelope.signature.back() ^= 1;
  maker_.Enter(forged, draft);
  Read(forged);
  const auto status = Make(maker_.root());
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(status->newest.size(), 1u);
  EXPECT_EQ(status->newest[0].release, Release());
  // But a newer program may count what this one does not know.
  Read(Enter(release_of(R"({"format":"farm-manifest/2"})"), "signer"));
  EXPECT_EQ(Make(maker_.root()).error().Exit(), ExitCode::kLogProof);
}

TEST_F(StatusTest, TellsOnlyOfAWitnessedHeadOfALogOfTheRoot) {
  TrustRoot root = maker_.root();
  root.witnesses.pop_back();
  EXPECT_EQ(Make(root).error().Exit(), ExitCode::kWitnesses);
  root = maker_.root();
  root.logs[0].end = LogEnd{maker_.Head().size - 1, Sha256("x"), "log2.farm.example"};
  EXPECT_EQ(Make(root).error().Exit(), ExitCode::kLogProof);
  root.logs[0].end = LogEnd{maker_.Head().size, maker_.Head().root, "log2.farm.example"};
  EXPECT_TRUE(Make(root));
  root.logs[0].origin = "other.example";
  EXPECT_EQ(Make(root).error().code, ErrorCode::kNotFound);
}

// Whoever carries a closed log's mirror could end it before a withdrawal.
TEST_F(StatusTest, TellsOfAClosedLogOnlyAsAWhole) {
  Read(Enter(WithdrawnBy("auditor-0"), "auditor-0"));
  const Checkpoint end = maker_.Head();
  TrustRoot root = maker_.root();
  root.logs[0].end = LogEnd{end.size, end.root, "log2.farm.example"};
  const LogFacts whole = facts_;
  const auto made_at = [&](std::uint64_t size) {
    const std::string note = maker_.CheckpointNote(
        size, maker_.Draft(WithdrawnBy("auditor-0"), "auditor-0", kNoted - 100));
    return MakeStatus({{&whole, note}}, root, {"monitor-0", kNoted, 3600, 2});
  };
  const auto cut = made_at(end.size - 1);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().Exit(), ExitCode::kLogProof);
  EXPECT_THAT(cut.error().message, testing::HasSubstr("was closed with"));
  const auto status = made_at(end.size);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->withdrawn.size(), 1u);
}

// A log whose key is lost silences nobody, as long as nothing is said of it that came after.
TEST_F(StatusTest, TellsOfAHeadThatIsOlderThanTheLossOfItsKey) {
  TrustRoot root = maker_.root();
  root.revocations = {{"key", root.logs[0].key.KeyId(), "stolen", kNoted + 1}};
  const auto status = Make(root);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->revoked_keys.size(), 1u);
  root.revocations[0].compromised_since = kNoted;
  EXPECT_EQ(Make(root).error().Exit(), ExitCode::kRevoked);
}

// ---- publishing ---------------------------------------------------------------------------------

class PublisherTest : public StatusTest {
 protected:
  Result<std::unique_ptr<StatusPublisher>> Open(const std::string& id) {
    StatusPublisherOptions options;
    options.id = id;
    options.signer = NewMemorySigner(maker_.Key("monitor-0"));
    options.file = path_;
    options.cosignatures = cosignatures_;
    options.period_seconds = 3600;
    options.root = [this]() -> Result<TrustRoot> { return root_; };
    options.stamp = [this](std::string_view signature) -> Result<std::string> {
      Bundle line;
      line.envelope.signature = signature;
      maker_.Stamp(line, clock_.Now() + stamps_ahead_);
      return *line.timestamp;
    };
    return StatusPublisher::Open(std::move(options), RealFileSystem(), clock_);
  }
  Result<bool> Publish(StatusPublisher& publisher) {
    return publisher.Publish({{&facts_, Note()}});
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  const std::string path_ = temporary_.path() + "/status.json";
  FixedClock clock_{kNoted};
  std::size_t cosignatures_ = 2;
  std::int64_t stamps_ahead_ = 0;  // of the authority's clock
  TrustRoot root_ = maker_.root();
};

TEST_F(PublisherTest, ACustomerHeedsWhatItPublishes) {
  auto publisher = Open("monitor-0");
  ASSERT_TRUE(publisher) << publisher.error().message;
  EXPECT_EQ((*publisher)->bytes(), "");
  VerdictInput input = maker_.Input(made_);
  input.policy.status_max_age_seconds = 3600;
  input.at = kNoted + 10;
  const auto judge = [&] {
    auto lines = ParseBundleFile(*ReadFile(path_, 1 << 20), path_);
    EXPECT_TRUE(lines);
    input.status = lines->front();
    return Judge(input);
  };
  ASSERT_TRUE(*Publish(**publisher));
  EXPECT_TRUE(judge().proved());
  EXPECT_EQ((*publisher)->bytes(), *ReadFile(path_, 1 << 20));

  Read(Enter(WithdrawnBy("requester"), "requester"));
  ASSERT_TRUE(*Publish(**publisher));
  EXPECT_EQ(judge().exit, ExitCode::kRevoked);
}

TEST_F(PublisherTest, SpeaksWhenSomethingHasHappenedOrHalfThePeriodIsOver) {
  auto publisher = Open("monitor-0");
  ASSERT_TRUE(*Publish(**publisher));
  const std::string note = Note();  // ECDSA makes another signature each time
  ASSERT_TRUE(*(*publisher)->Publish({{&facts_, note}}));
  const auto again = [&] { return *(*publisher)->Publish({{&facts_, note}}); };
  EXPECT_FALSE(again());
  clock_.Set(kNoted + 1799);
  EXPECT_FALSE(again());
  clock_.Set(kNoted + 1800);
  EXPECT_TRUE(again());
  root_.revocations.push_back({"key", Sha256("key").Hex(), "stolen", {}});
  EXPECT_TRUE(again());
}

TEST_F(PublisherTest, NeverGoesBackNotEvenAfterARestart) {
  auto publisher = Open("monitor-0");
  ASSERT_TRUE(*Publish(**publisher));
  publisher = Open("monitor-0");
  ASSERT_TRUE(publisher) << publisher.error().message;
  EXPECT_NE((*publisher)->bytes(), "");
  const std::uint64_t size = maker_.Head().size;
  maker_.Rewind(size - 1);
  EXPECT_EQ(Publish(**publisher).error().Exit(), ExitCode::kLogProof);
  (void)Enter(WithdrawnBy("auditor-1"), "auditor-1");
  ASSERT_EQ(maker_.Head().size, size);  // the same size, another tree
  EXPECT_EQ(Publish(**publisher).error().Exit(), ExitCode::kLogProof);
}

// A log that forked is ended where all agree, which may be before what a status has told of.
TEST_F(PublisherTest, GoesOnFromTheEndThatTheRootGivesALog) {
  auto publisher = Open("monitor-0");
  ASSERT_TRUE(*Publish(**publisher));
  maker_.Rewind(maker_.Head().size - 1);
  EXPECT_EQ(Publish(**publisher).error().Exit(), ExitCode::kLogProof);
  const Checkpoint head = maker_.Head();
  root_.logs[0].end = LogEnd{head.size, head.root, "next.farm.example"};
  const auto published = Publish(**publisher);
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_TRUE(*published);
}

// What the reader of a log takes and a verdict does not: a log, its mirror, a time stamp authority
// or the network could put a status in the place of the good one that everybody refuses.
TEST_F(PublisherTest, KeepsTheStatusBeforeWhereAVerdictWouldRefuseTheNewOne) {
  const std::string ecdsa_hint = NoteKeyHint(maker_.Log(), maker_.root().logs[0].ecdsa_key);
  const auto ecdsa_line = [&](farm::Note& note) {
    return std::find_if(note.signatures.begin(), note.signatures.end(),
                        [&](const NoteSignature& one) { return one.key_hint == ecdsa_hint; });
  };
  const std::string revoked = maker_.root().witnesses[1].name;
  const struct {
    std::string name;
    std::function<void(farm::Note&)> bend;
    std::int64_t stamps_ahead;
    ExitCode exit;
  } kRows[] = {
      {"without_the_second_line_of_the_log",
       [&](farm::Note& note) { note.signatures.erase(ecdsa_line(note)); }, 0, ExitCode::kLogProof},
      {"with_a_bad_line_after_the_good_one",
       [&](farm::Note& note) {
         NoteSignature bad = *ecdsa_line(note);
         bad.signature.back() ^= 1;
         note.signatures.push_back(bad);
       },
       0, ExitCode::kLogProof},
      {"with_a_bad_line_of_a_witness_that_is_revoked",
       [&](farm::Note& note) {
         for (NoteSignature& one : note.signatures) {
           if (one.name == revoked) one.signature.back() ^= 1;
         }
       },
       0, ExitCode::kWitnesses},
      {"stamped_by_a_clock_that_is_wrong", [](farm::Note&) {}, 120, ExitCode::kNotValidThen},
  };
  cosignatures_ = 1;
  auto publisher = Open("monitor-0");
  ASSERT_TRUE(*Publish(**publisher));
  const std::string before = (*publisher)->bytes();
  root_.revocations = {{"key", maker_.Key("witness-1").public_key().KeyId(), "stolen", {}}};
  clock_.Set(kNoted + 1800);
  const auto publish = [&](const std::function<void(farm::Note&)>& bend) {
    farm::Note note = *ParseNote(StatusTest::Note());
    bend(note);
    return (*publisher)->Publish({{&facts_, WriteNote(note)}});
  };
  for (const auto& row : kRows) {
    stamps_ahead_ = row.stamps_ahead;
    const auto published = publish(row.bend);
    ASSERT_FALSE(published) << row.name;
    EXPECT_EQ(published.error().Exit(), row.exit) << row.name << ": " << published.error().message;
    EXPECT_THAT(published.error().message, testing::HasSubstr("nobody would believe")) << row.name;
    EXPECT_EQ((*publisher)->bytes(), before) << row.name;
    EXPECT_EQ(*ReadFile(path_, 1 << 20), before) << row.name;
  }
  stamps_ahead_ = 0;
  const auto published = publish([](farm::Note&) {});
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_TRUE(*published);
}

TEST_F(PublisherTest, SaysNothingThatNobodyWouldBelieve) {
  EXPECT_EQ(Publish(**Open("monitor-1")).error().Exit(), ExitCode::kRefused);
  auto publisher = Open("monitor-0");
  root_.monitors[0].valid_for.end = kNoted - 1;
  EXPECT_EQ(Publish(**publisher).error().Exit(), ExitCode::kNotValidThen);
  root_ = maker_.root();
  root_.expires = kNoted - 1;
  EXPECT_EQ(Publish(**publisher).error().Exit(), ExitCode::kNotValidThen);
  root_ = maker_.root();
  ASSERT_TRUE(*Publish(**publisher));
  EXPECT_FALSE(Open("monitor-1"));  // the file is another one's
  ASSERT_TRUE(WriteDurably(RealFileSystem(), path_, "{}\n"));
  EXPECT_FALSE(Open("monitor-0"));  // damaged, not forgotten
}

}  // namespace
}  // namespace farm
