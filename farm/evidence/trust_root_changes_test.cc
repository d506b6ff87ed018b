#include "farm/evidence/trust_root_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Changes : public testing::Test {
 protected:
  std::vector<std::string> After(const std::function<void(TrustRoot&)>& bend) const {
    TrustRoot root = maker_.root();
    bend(root);
    return DescribeChanges(maker_.root(), root);
  }
  EvidenceMaker maker_;
};

TEST_F(Changes, AreNoneBetweenEquals) {
  EXPECT_THAT(After([](TrustRoot&) {}), IsEmpty());
  EXPECT_THAT(After([](TrustRoot& r) { ++r.version; }), IsEmpty());
  EXPECT_THAT(After([](TrustRoot& r) { r.created += 1; }), IsEmpty());
}

// A person who signs sees each of these.
TEST_F(Changes, SayEveryFieldThatDiffers) {
  const PublicKey p256 = PrivateKey::Generate(KeyKind::kP256).public_key();
  const PublicKey ed25519 = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  const std::pair<std::string, std::function<void(TrustRoot&)>> kRows[] = {
      {"changed: the root: expires", [](TrustRoot& r) { r.expires += 1; }},
      {"removed: DEVELOPMENT ROOT", [](TrustRoot& r) { r.development.reset(); }},
      {"machines", [](TrustRoot& r) { r.development->machines = 2; }},
      {"added: root key of", [&](TrustRoot& r) { r.root_keys.push_back(p256); }},
      {"signatures for the role root",
       [&](TrustRoot& r) {
         r.root_keys.push_back(p256);
         r.threshold = 2;
       }},
      {"added: timestamp key of", [&](TrustRoot& r) { r.timestamp.keys = {ed25519}; }},
      {"added: snapshot key of", [&](TrustRoot& r) { r.snapshot.keys = {ed25519}; }},
      {"added: targets key of", [&](TrustRoot& r) { r.targets.keys = {ed25519}; }},
      {"added: holder of key",
       [](TrustRoot& r) {
         r.key_holders = {{"ab", "Ann"}};
       }},
      {"added: operator more",
       [](TrustRoot& r) {
         r.operators.push_back(r.operators[0]);
         r.operators.back().id = "more";
       }},
      {"changed: operator operator-0", [](TrustRoot& r) { r.operators[0].name = "x"; }},
      {"changed: operator operator-0", [](TrustRoot& r) { r.operators[0].valid_for.start = 0; }},
      {"changed: operator operator-0", [](TrustRoot& r) { r.operators[0].valid_for.end.reset(); }},
      {"removed: CA of operator operator-0",
       [](TrustRoot& r) { r.operators[0].authorities.clear(); }},
      {"changed: CA of operator operator-0",
       [](TrustRoot& r) { r.operators[0].authorities[0].valid_for.end.reset(); }},
      {"added: CA of operator operator-0",
       [](TrustRoot& r) { r.operators[0].authorities = r.operators[1].authorities; }},
      {"in XQ", [](TrustRoot& r) { r.operators[0].parties[0].country = "XQ"; }},
      {"added: signer", [](TrustRoot& r) { r.operators[0].parties[0].role = "signer"; }},
      {"changed: site",
       [](TrustRoot& r) {
         r.operators[1].parties.push_back(r.operators[0].parties[0]);
         r.operators[0].parties.erase(r.operators[0].parties.begin());
       }},
      {"added: auditor auditor-0", [&](TrustRoot& r) { r.auditors[0].key = p256; }},
      {"changed: auditor auditor-0", [](TrustRoot& r) { r.auditors[0].name = "x"; }},
      {"changed: requester requester", [](TrustRoot& r) { r.requesters[0].valid_for.start = 1; }},
      {"added: monitor m",
       [&](TrustRoot& r) {
         r.monitors.push_back({"m", "M", p256, {}});
       }},
      {"added: certifier c",
       [&](TrustRoot& r) {
         r.certifiers.push_back({"c", "C", p256, {}});
       }},
      {"changed: log log.farm.example", [&](TrustRoot& r) { r.logs[0].key = ed25519; }},
      {"changed: log log.farm.example", [&](TrustRoot& r) { r.logs[0].ecdsa_key = p256; }},
      {"CLOSED at 7 entries",
       [](TrustRoot& r) {
         r.logs[0].end = LogEnd{7, Sha256(""), "next"};
       }},
      {"changed: witness", [&](TrustRoot& r) { r.witnesses[0].key = ed25519; }},
      {"changed: witness", [](TrustRoot& r) { r.witnesses[0].operator_id = "x"; }},
      {"removed: witness", [](TrustRoot& r) { r.witnesses.pop_back(); }},
      {"changed: time stamp authority",
       [](TrustRoot& r) { r.timestamp_authorities[0].chain.pop_back(); }},
      {"added: transparency key", [&](TrustRoot& r) { r.transparency_keys.push_back(p256); }},
      {"added: REVOCATION of key ab: what was attested before",
       [](TrustRoot& r) {
         r.revocations = {{"key", "ab", "stolen", 5}};
       }},
      {"because: stolen",
       [](TrustRoot& r) {
         r.revocations = {{"key", "ab", "stolen", {}}};
       }},
  };
  for (const auto& [words, bend] : kRows) {
    EXPECT_THAT(After(bend), testing::Contains(HasSubstr(words)));
  }
}

// What a monitor has said of withdrawals is forgotten with it, wherever it is remembered.
TEST_F(Changes, WarnOfAMonitorThatIsHeededNoLonger) {
  const EvidenceMaker maker({.monitors = 2});
  const UnixSeconds start = maker.root().monitors[1].valid_for.start;
  const UnixSeconds end = *maker.root().monitors[1].valid_for.end;
  const std::string key = maker.root().monitors[1].key.KeyId();
  const std::string out = "is taken out, and its key is not revoked: what it has said";
  const std::string shorter = "is shortened, and its key is not revoked: what it says in statuses";
  const auto revoke = [&](TrustRoot& r, std::optional<UnixSeconds> since) {
    r.revocations.push_back({"key", key, "stolen", since});
  };
  const struct {
    const char* name;
    std::function<void(TrustRoot&)> bend;
    std::string words;  // "": no warning
  } kRows[] = {
      {"as_it_is", [](TrustRoot&) {}, ""},
      {"taken_out", [](TrustRoot& r) { r.monitors.pop_back(); }, out},
      {"another_key",
       [](TrustRoot& r) { r.monitors[1].key = PrivateKey::Generate(KeyKind::kP256).public_key(); },
       out},
      {"another_name", [](TrustRoot& r) { r.monitors[1].id = "renamed"; }, ""},
      {"sooner", [&](TrustRoot& r) { r.monitors[1].valid_for.end = end - 1; }, shorter},
      {"later", [&](TrustRoot& r) { r.monitors[1].valid_for.start = start + 1; }, shorter},
      {"longer",
       [&](TrustRoot& r) {
         r.monitors[1].valid_for = {start - 1, std::nullopt};
       },
       ""},
      {"taken_out_and_revoked",
       [&](TrustRoot& r) {
         r.monitors.pop_back();
         revoke(r, std::nullopt);
       },
       ""},
      {"revoked", [&](TrustRoot& r) { revoke(r, std::nullopt); }, ""},
      {"revoked_since", [&](TrustRoot& r) { revoke(r, start + 100); }, ""},
      // What it said before that counts as long as it is listed.
      {"taken_out_and_revoked_since",
       [&](TrustRoot& r) {
         r.monitors.pop_back();
         revoke(r, start + 100);
       },
       out},
      {"ended_when_it_was_stolen",
       [&](TrustRoot& r) {
         r.monitors[1].valid_for.end = start + 99;
         revoke(r, start + 100);
       },
       ""},
      {"ended_before_it_was_stolen",
       [&](TrustRoot& r) {
         r.monitors[1].valid_for.end = start + 98;
         revoke(r, start + 100);
       },
       shorter},
  };
  for (const auto& row : kRows) {
    TrustRoot root = maker.root();
    row.bend(root);
    std::vector<std::string> warnings = DescribeChanges(maker.root(), root);
    std::erase_if(warnings, [](const std::string& line) { return !line.starts_with("WARNING"); });
    if (row.words.empty()) {
      EXPECT_THAT(warnings, IsEmpty()) << row.name;
      continue;
    }
    EXPECT_THAT(warnings,
                ElementsAre(testing::AllOf(
                    HasSubstr("monitor monitor-1 with key " + key.substr(0, 16)),
                    HasSubstr(row.words), HasSubstr("another monitor must have said it"))))
        << row.name;
  }
}

// What the words shorten still differs.
TEST_F(Changes, SeeWhatIsTooLongToPrint) {
  const auto named = [](std::size_t length) {
    return [length](TrustRoot& r) { r.operators[0].name = std::string(length, 'n'); };
  };
  TrustRoot before = maker_.root();
  TrustRoot after = maker_.root();
  named(500)(before);
  named(501)(after);
  EXPECT_THAT(DescribeChanges(before, after),
              ElementsAre(HasSubstr("changed: operator operator-0")));
}

TEST_F(Changes, AreFitToPrint) {
  const auto lines = After([](TrustRoot& r) { r.operators[0].name = "\x1b[2J\n"; });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find('\x1b'), std::string::npos);
  EXPECT_EQ(lines[0].find('\n'), std::string::npos);
}

TEST_F(Changes, ARootIsDescribedWhole) {
  const auto lines = DescribeTrustRoot(maker_.root());
  for (const char* words : {"the root: expires", "DEVELOPMENT ROOT", "root key of", "operator-2",
                            "auditor auditor-1", "requester requester", "log log.farm.example",
                            "witness witness.example/w1", "time stamp authority stamps"}) {
    EXPECT_THAT(lines, testing::Contains(HasSubstr(words)));
  }
}

TEST_F(Changes, NameAKeyByItsHolder) {
  TrustRoot root = maker_.root();
  const std::string key_id = root.root_keys[0].KeyId();
  EXPECT_EQ(NameOfRootKey(root, key_id), key_id.substr(0, 16) + "..");
  root.key_holders = {{key_id, "Ann"}};
  EXPECT_EQ(NameOfRootKey(root, key_id), "Ann (" + key_id.substr(0, 16) + "..)");
}

}  // namespace
}  // namespace farm
