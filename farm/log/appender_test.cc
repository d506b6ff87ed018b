#include "farm/log/appender.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/statement.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/doctor.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";

Statement SomeRequest(const std::string& product) {
  Request request;
  request.manifest = Sha256("manifest");
  request.product = product;
  request.version = "1";
  request.requester = "requester-1";
  request.created = 1'700'000'000;
  return request;
}

// A token is opaque to the log but for the imprint in it.
std::string FakeToken(std::string_view signature) {
  return "token \x04\x20" + std::string(Sha256(signature).bytes()) + " end";
}

Bundle Signed(Signer& signer, const std::string& product) {
  Bundle bundle = *SignStatement(SomeRequest(product), signer);
  bundle.timestamp = FakeToken(bundle.envelope.signature);
  return bundle;
}

class AppenderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string directory = temporary_.path() + "/log";
    log_ = *TileLog::Open(RealFileSystem(), directory, {kOrigin, {0, 0, {}}, {}});
    SequencerOptions options;
    options.key = NewMemorySigner(PrivateKey::Generate(KeyKind::kEd25519));
    options.ecdsa_key = NewMemorySigner(PrivateKey::Generate(KeyKind::kP256));
    sequencer_ = *Sequencer::Start(*log_, std::move(options));
    epochs_ = *Epochs::Open(RealFileSystem(), directory + "/epochs.json", clock_);
    appender_ = std::make_unique<Appender>(
        *log_, *sequencer_, *epochs_, [this]() -> Result<TrustRoot> { return maker_.root(); },
        clock_);
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  const FixedClock clock_{1'800'000'000};
  EvidenceMaker maker_;
  std::unique_ptr<Signer> person_ = NewMemorySigner(PrivateKey::Generate(KeyKind::kP256));
  std::unique_ptr<TileLog> log_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<Epochs> epochs_;
  std::unique_ptr<Appender> appender_;
};

TEST_F(AppenderTest, AnswersTheLineWithItsProofAndServesThePayload) {
  const Bundle bundle = Signed(*person_, "zlib");
  auto line = appender_->Append("farmd", 1, WriteBundleLine(bundle));
  ASSERT_TRUE(line) << line.error().message;
  const Bundle answered = *ParseBundleLine(*line, "line");
  ASSERT_TRUE(answered.log_entry);
  const LogEntry& entry = *answered.log_entry;
  EXPECT_EQ(answered.timestamp, bundle.timestamp);
  EXPECT_TRUE(CheckInclusion(LeafHash(entry.canonicalized_body), entry.index, entry.tree_size,
                             entry.hashes, entry.root));
  EXPECT_EQ(ParseCanonicalizedBody(entry.canonicalized_body)->pae_digest, bundle.PaeDigest());
  EXPECT_EQ(log_->Read("payload/" + bundle.PaeDigest().Hex())->bytes, bundle.envelope.PaeBytes());
}

TEST_F(AppenderTest, TheSameEnvelopeTwiceIsOneEntry) {
  const Bundle bundle = Signed(*person_, "zlib");
  ASSERT_TRUE(appender_->Append("farmd", 1, WriteBundleLine(bundle)));
  ASSERT_TRUE(appender_->Append("farmd", 1, WriteBundleLine(Signed(*person_, "other"))));
  auto again = appender_->Append("site-xa", 1, WriteBundleLine(bundle));
  ASSERT_TRUE(again);
  EXPECT_EQ(ParseBundleLine(*again, "line")->log_entry->index, 0u);
  EXPECT_EQ(ParseBundleLine(*again, "line")->log_entry->tree_size, 2u);
}

TEST_F(AppenderTest, RefusesWhatDoesNotHold) {
  const Bundle good = Signed(*person_, "zlib");
  struct Row {
    const char* name;
    std::function<void(Bundle&)> change;
    ExitCode exit;
  };
  const Row rows[] = {
      {"signature_changed", [](Bundle& b) { b.envelope.signature.back() ^= 1; },
       ExitCode::kBadSignature},
      {"payload_changed", [](Bundle& b) { b.envelope.payload = WriteStatement(SomeRequest("x")); },
       ExitCode::kBadSignature},
      {"no_keyid", [](Bundle& b) { b.envelope.key_id.clear(); }, ExitCode::kUsage},
      {"keyid_in_base64",
       [](Bundle& b) { b.envelope.key_id = Base64Encode(Sha256(b.key().spki()).bytes()); },
       ExitCode::kUsage},
      {"no_time_stamp", [](Bundle& b) { b.timestamp.reset(); }, ExitCode::kUsage},
      {"token_over_something_else", [](Bundle& b) { b.timestamp = FakeToken("other"); },
       ExitCode::kUsage},
      {"foreign_payload",
       [this](Bundle& b) {
         b.envelope.payload = "{}";
         b.envelope.signature = *person_->Sign(b.envelope.PaeBytes());
         b.timestamp = FakeToken(b.envelope.signature);
       },
       ExitCode::kUsage},
      {"foreign_payload_type",
       [this](Bundle& b) {
         b.envelope.payload_type = "text/plain";
         b.envelope.signature = *person_->Sign(b.envelope.PaeBytes());
         b.timestamp = FakeToken(b.envelope.signature);
       },
       ExitCode::kUsage},
      {"another_key",
       [](Bundle& b) { b.public_key = PrivateKey::Generate(KeyKind::kP256).public_key(); },
       ExitCode::kUsage},
  };
  for (const Row& row : rows) {
    Bundle bundle = good;
    row.change(bundle);
    auto leaf = CheckForAppend(bundle, maker_.root(), clock_.Now());
    ASSERT_FALSE(leaf) << row.name;
    EXPECT_EQ(leaf.error().Exit(), row.exit) << row.name << ": " << leaf.error().message;
    EXPECT_FALSE(appender_->Append("farmd", 1, WriteBundleLine(bundle))) << row.name;
  }
  EXPECT_FALSE(appender_->Append("farmd", 1, "not a bundle"));
  EXPECT_FALSE(appender_->Append("farmd", 1, ""));
  EXPECT_EQ(log_->head().size, 0u);
}

TEST_F(AppenderTest, WhatOnlyAPartySaysNeedsALeafOfThatPartysOperator) {
  const auto exit_of = [&](Bundle line) {
    line.log_entry.reset();
    const auto leaf = CheckForAppend(line, maker_.root(), clock_.Now());
    return leaf ? ExitCode::kProved : leaf.error().Exit();
  };
  const MadeRelease made = maker_.Make();
  for (const Bundle& line : made.lines) EXPECT_EQ(exit_of(line), ExitCode::kProved);

  EvidenceMaker stranger;  // the same names under CAs and keys of his own making
  for (const std::size_t line : {kReleaseLine, kIntentLine, kFirstRecordLine}) {
    EXPECT_EQ(exit_of(stranger.Make().lines[line]), ExitCode::kBadSignature) << line;
  }
  const auto bent = [&](const std::string& party, const std::function<void(LineDraft&)>& bend) {
    const MadeRelease other = maker_.Make([&](LineDraft& draft) {
      if (draft.party == party) bend(draft);
    });
    const std::size_t line = party == "signer" ? kReleaseLine : kFirstRecordLine;
    return exit_of(other.lines[line]);
  };
  EXPECT_EQ(bent("site-0", [](LineDraft& d) { d.authority = "operator-1"; }),
            ExitCode::kBadSignature);
  EXPECT_EQ(bent("signer", [](LineDraft& d) { d.authority = "operator-1"; }),
            ExitCode::kBadSignature);
  EXPECT_EQ(bent("signer",
                 [](LineDraft& d) {  // a site signs a release under its own name
                   d.party = "site-0";
                   d.authority = "operator-0";
                   d.uri = EvidenceMaker::SiteId(0);
                 }),
            ExitCode::kBadSignature);
  EXPECT_EQ(bent("signer",
                 [](LineDraft& d) {  // a person signs a release
                   d.party = "requester";
                   d.authority = "";
                   d.uri = "";
                 }),
            ExitCode::kBadSignature);
}

// Whoever reads the whole log would stop there.
TEST_F(AppenderTest, RefusesAReleaseWhoseManifestDoesNotRead) {
  const std::string good = maker_.manifest();
  for (const std::string& manifest :
       {good, good + "\n", std::string("{}"), std::string("no manifest")}) {
    Bundle line = maker_
                      .Make([&](LineDraft& draft) {
                        if (auto* release = std::get_if<Release>(&draft.statement)) {
                          release->manifest = manifest;
                        }
                      })
                      .lines[kReleaseLine];
    line.log_entry.reset();
    const auto leaf = CheckForAppend(line, maker_.root(), clock_.Now());
    EXPECT_EQ(leaf.has_value(), manifest == good) << manifest;
    if (leaf) continue;
    EXPECT_EQ(leaf.error().Exit(), ExitCode::kUsage) << leaf.error().message;
    EXPECT_NE(leaf.error().message.find("manifest"), std::string::npos) << leaf.error().message;
  }
}

TEST_F(AppenderTest, WhatComesAfterAReleaseIsSaidByWhoMaySayIt) {
  EvidenceMaker maker({.monitors = 1, .certifiers = 1});
  const auto exit_of = [&](const Statement& statement, const std::string& party) {
    Bundle line = maker.Sign(maker.Draft(statement, party, 1'800'000'000));
    line.timestamp = FakeToken(line.envelope.signature);
    const auto leaf = CheckForAppend(line, maker.root(), clock_.Now());
    return leaf ? ExitCode::kProved : leaf.error().Exit();
  };
  Withdrawal withdrawal{Sha256("release"), "hello", "1.0", "bad", "auditor-1", 1'800'000'000};
  EXPECT_EQ(exit_of(withdrawal, "auditor-1"), ExitCode::kProved);
  EXPECT_EQ(exit_of(withdrawal, "auditor-0"), ExitCode::kBadSignature);  // in another's name
  for (const std::string party : {"site-0", "signer", "coordinator", "monitor-0", "certifier-0"}) {
    withdrawal.by = party;
    EXPECT_EQ(exit_of(withdrawal, party), ExitCode::kBadSignature) << party;
  }
  withdrawal.by = "requester";
  EXPECT_EQ(exit_of(withdrawal, "requester"), ExitCode::kProved);
  SiteLocation location = maker.Location(0);
  EXPECT_EQ(exit_of(location, "certifier-0"), ExitCode::kProved);
  EXPECT_EQ(exit_of(location, "auditor-0"), ExitCode::kBadSignature);
  location.certifier = "site-0";
  EXPECT_EQ(exit_of(location, "site-0"), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of(maker.Status(1'800'000'000), "monitor-0"), ExitCode::kBadSignature);
}

// farmd asks the same; but the log has other peers, too, and what it takes every monitor tells of.
TEST_F(AppenderTest, APersonSpeaksOnlyWithAKeyThatIsGoodNow) {
  EvidenceMaker maker({.certifiers = 1});
  const UnixSeconds now = clock_.Now();
  const Withdrawal withdrawal{Sha256("release"), "hello", "1.0", "bad", "auditor-1", now - 100};
  struct Row {
    const char* name;
    std::function<void(TrustRoot&, Person&)> bend;
    ExitCode exit;
  };
  const auto revoke = [](std::optional<UnixSeconds> since) {
    return [since](TrustRoot& root, Person& person) {
      root.revocations.push_back({"key", person.key.KeyId(), "stolen", since});
    };
  };
  const Row rows[] = {
      {"as_it_is", [](TrustRoot&, Person&) {}, ExitCode::kProved},
      {"revoked", revoke(std::nullopt), ExitCode::kRevoked},
      {"revoked_since_now", revoke(now), ExitCode::kRevoked},
      {"revoked_from_later_on", revoke(now + 1), ExitCode::kProved},
      {"ended", [&](TrustRoot&, Person& person) { person.valid_for.end = now - 1; },
       ExitCode::kNotValidThen},
      {"ends_now", [&](TrustRoot&, Person& person) { person.valid_for.end = now; },
       ExitCode::kProved},
      {"begins_later", [&](TrustRoot&, Person& person) { person.valid_for.start = now + 1; },
       ExitCode::kNotValidThen},
  };
  for (const Row& row : rows) {
    for (const std::string who : {"auditor-1", "certifier-0"}) {
      const bool auditor = who == "auditor-1";
      TrustRoot root = maker.root();
      row.bend(root, auditor ? root.auditors.at(1) : root.certifiers.at(0));
      const Statement statement = auditor ? Statement(withdrawal) : Statement(maker.Location(0));
      Bundle line = maker.Sign(maker.Draft(statement, who, now));
      line.timestamp = FakeToken(line.envelope.signature);
      const auto leaf = CheckForAppend(line, root, now);
      EXPECT_EQ(leaf ? ExitCode::kProved : leaf.error().Exit(), row.exit)
          << row.name << " " << who << (leaf ? "" : leaf.error().message);
    }
  }
}

// With the key of an old leaf somebody could fill the log with dissents that every monitor heeds.
TEST_F(AppenderTest, APartySpeaksOnlyWithALeafThatCountsWhenItIsStamped) {
  const UnixSeconds start = maker_.options().start;  // leaves are of that hour
  const UnixSeconds ended = start + 2 * kDaySeconds;
  const TimestampAuthority& stamps = maker_.root().timestamp_authorities.at(0);
  struct Case {
    TrustRoot root;
    UnixSeconds stamped;
    UnixSeconds now;
    std::string party;
    std::string leaf;  // key id
    std::string authority;
    bool fake_token = false;
  };
  struct Row {
    const char* name;
    std::function<void(Case&)> bend;
    ExitCode exit;
  };
  const auto revoke = [](std::string Case::*key, std::optional<UnixSeconds> since) {
    return [key, since](Case& c) {
      c.root.revocations.push_back({"key", c.*key, "stolen", since});
    };
  };
  const auto revoked_stamps = [&](const Certificate& certificate) {
    return [&, certificate](Case& c) {
      c.now = ended;
      c.root.revocations.push_back({"key", certificate.KeyId(), "stolen", std::nullopt});
    };
  };
  const auto owner = [](Case& c) -> Operator& {
    const Operator* found = c.root.FindParty(c.party)->owner;
    return c.root.operators.at(static_cast<std::size_t>(found - c.root.operators.data()));
  };
  const Row rows[] = {
      {"as_it_is", [](Case&) {}, ExitCode::kProved},
      // What waited for the log; a verdict takes it.
      {"comes_late", [&](Case& c) { c.now = start + 300 * kDaySeconds; }, ExitCode::kProved},
      {"leaf_ended", [&](Case& c) { c.stamped = c.now = ended; }, ExitCode::kNotValidThen},
      {"leaf_of_later_on", [&](Case& c) { c.stamped = c.now = start - kDaySeconds; },
       ExitCode::kNotValidThen},
      {"another_stamp", [](Case& c) { c.fake_token = true; }, ExitCode::kProved},
      {"another_stamp_leaf_ended",
       [&](Case& c) {
         c.fake_token = true;
         c.now = ended;
       },
       ExitCode::kNotValidThen},
      {"stamps_not_vouched_for",
       [&](Case& c) {
         c.now = ended;
         c.root.timestamp_authorities[0].valid_for.end = start - 1;
       },
       ExitCode::kNotValidThen},
      {"stamps_revoked", revoked_stamps(stamps.chain.front()), ExitCode::kNotValidThen},
      {"stamps_ca_revoked", revoked_stamps(stamps.chain.back()), ExitCode::kNotValidThen},
      {"leaf_revoked", revoke(&Case::leaf, std::nullopt), ExitCode::kRevoked},
      {"leaf_revoked_since_its_stamp", revoke(&Case::leaf, start), ExitCode::kRevoked},
      {"leaf_revoked_from_later_on", revoke(&Case::leaf, start + 1), ExitCode::kProved},
      {"late_and_revoked_between",
       [&](Case& c) {
         c.now = ended;
         revoke(&Case::leaf, ended - kClockSkewSecondsMax)(c);
       },
       ExitCode::kRevoked},
      // Witnesses whose clocks are behind could have cosigned before.
      {"late_and_revoked_within_the_skew",
       [&](Case& c) {
         c.now = ended;
         revoke(&Case::leaf, ended - kClockSkewSecondsMax + 1)(c);
       },
       ExitCode::kProved},
      {"ca_revoked", revoke(&Case::authority, std::nullopt), ExitCode::kRevoked},
      {"ca_revoked_since_its_stamp", revoke(&Case::authority, start), ExitCode::kRevoked},
      {"ca_not_vouched_for", [&](Case& c) { owner(c).authorities[0].valid_for.end = start - 1; },
       ExitCode::kNotValidThen},
      {"ca_vouched_for_until_then",
       [&](Case& c) {
         c.now = ended;
         owner(c).authorities[0].valid_for.end = start;
       },
       ExitCode::kProved},
      {"operator_not_vouched_for", [&](Case& c) { owner(c).valid_for.end = start - 1; },
       ExitCode::kNotValidThen},
      {"operator_vouched_for_until_then",
       [&](Case& c) {
         c.now = ended;
         owner(c).valid_for.end = start;
       },
       ExitCode::kProved},
  };
  const MadeRelease made = maker_.Make();
  for (const Row& row : rows) {
    for (const std::size_t kind : {kReleaseLine, kIntentLine, kFirstRecordLine}) {
      Bundle line = made.lines[kind];
      line.log_entry.reset();
      const Certificate leaf = *line.certificate;
      Case c{maker_.root(), start, start, *leaf.UriName(), leaf.KeyId(), "", false};
      c.authority = owner(c).authorities[0].chain.front().KeyId();
      row.bend(c);
      maker_.Stamp(line, c.stamped);
      if (c.fake_token) line.timestamp = FakeToken(line.envelope.signature);
      const auto taken = CheckForAppend(line, c.root, c.now);
      EXPECT_EQ(taken ? ExitCode::kProved : taken.error().Exit(), row.exit)
          << row.name << " " << c.party << (taken ? "" : taken.error().message);
      if (taken) continue;
      for (const std::string& words :
           {c.party, c.leaf.substr(0, 16), std::string("sign with a new leaf")}) {
        EXPECT_NE(taken.error().message.find(words), std::string::npos) << taken.error().message;
      }
      if (row.exit != ExitCode::kNotValidThen) continue;
      const UnixSeconds at = c.fake_token || c.stamped == start ? c.now : c.stamped;
      EXPECT_NE(taken.error().message.find(FormatTime(at)), std::string::npos)
          << taken.error().message;
    }
  }
}

TEST_F(AppenderTest, RefusesAnOlderEpochOfTheSamePeerOnly) {
  ASSERT_TRUE(epochs_->Admit("farmd", 3));
  ASSERT_TRUE(epochs_->Admit("farmd", 3));
  ASSERT_TRUE(epochs_->Admit("site-xa", 0));
  const Status old = epochs_->Admit("farmd", 2);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().Exit(), ExitCode::kRefused);
  auto reopened = Epochs::Open(RealFileSystem(), temporary_.path() + "/log/epochs.json", clock_);
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_FALSE((*reopened)->Admit("farmd", 2));
  EXPECT_TRUE((*reopened)->Admit("farmd", 4));
}

TEST_F(AppenderTest, RemembersNoEpochOfADayToCome) {
  const auto now = static_cast<std::uint64_t>(clock_.Now());
  const Status to_come = epochs_->Admit("farmd", now + 3650 * kDaySeconds);
  ASSERT_FALSE(to_come);
  EXPECT_EQ(to_come.error().Exit(), ExitCode::kRefused);
  EXPECT_TRUE(epochs_->Admit("farmd", now));
}

}  // namespace
}  // namespace farm
