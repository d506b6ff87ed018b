#include "farm/evidence/tlog_policy.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr char kPolicyOrigin[] = "log.example";
constexpr char kWhere[] = "p.tlog-policy";

std::string Vkey(const std::string& name, const PrivateKey& key,
                 VerifierKeyUse use = VerifierKeyUse::kWitness) {
  return WriteVerifierKey({name, key.public_key()}, use);
}

// A log and six witnesses of two owners.
class PolicyTest : public testing::Test {
 protected:
  std::string Keys() const {
    std::string text = "log " + Vkey(kPolicyOrigin, log_, VerifierKeyUse::kLog) + "\n";
    for (std::size_t i = 0; i < 6; ++i) {
      text += "witness " + Name(i) + " " + Vkey("w.example/" + Name(i), witnesses_[i]) + "\n";
    }
    return text;
  }
  static std::string Name(std::size_t i) { return (i < 3 ? "X" : "Y") + std::to_string(i % 3 + 1); }
  std::string Groups() const {
    return Keys() + "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup both all X Y\nquorum both\n";
  }
  Note Signed(const std::vector<std::size_t>& cosigned) const {
    Note note{CheckpointText({kPolicyOrigin, 7, Sha256("root")}), {}};
    note.signatures.push_back(SignNote(note.text, kPolicyOrigin, log_));
    for (const std::size_t i : cosigned) {
      note.signatures.push_back(Cosign(note.text, "w.example/" + Name(i), witnesses_[i],
                                       1'800'000'000 + static_cast<UnixSeconds>(i)));
    }
    return note;
  }

  PrivateKey log_ = PrivateKey::Generate(KeyKind::kEd25519);
  std::vector<PrivateKey> witnesses_ = [] {
    std::vector<PrivateKey> keys;
    for (int i = 0; i < 6; ++i) keys.push_back(PrivateKey::Generate(KeyKind::kEd25519));
    return keys;
  }();
};

TEST_F(PolicyTest, ComesBackAsWritten) {
  const auto policy = ParseTlogPolicy(Groups(), kWhere);
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(WriteTlogPolicy(*policy), Groups());
  // The same with everything that the syntax allows around it.
  const std::string loose = "\n# \xe2\x84\xaa comment\n \t # another\n" + Keys() +
                            "\tgroup\tX  2 X1 X2 X3 \ngroup Y 1 Y1 Y2 Y3\ngroup both 2 X Y\n"
                            "  quorum both\t\n";
  const auto same = ParseTlogPolicy(loose, kWhere);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(WriteTlogPolicy(*same), Groups());
}

TEST_F(PolicyTest, KeepsUrls) {
  const std::string text = "log " + Vkey("a", log_, VerifierKeyUse::kLog) +
                           " https://a/\nwitness w " + Vkey("w", witnesses_[0]) +
                           " https://w/\nquorum w\n";
  const auto policy = ParseTlogPolicy(text, kWhere);
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->logs[0].url, "https://a/");
  EXPECT_EQ(policy->witnesses[0].url, "https://w/");
  EXPECT_EQ(WriteTlogPolicy(*policy), text);
}

TEST_F(PolicyTest, TheQuorumIsMetByTheRightWitnessesOnly) {
  struct Row {
    const char* name;
    std::string rule;
    std::vector<std::size_t> cosigned;
    bool met;
  };
  const std::string groups = Groups().substr(Keys().size());
  const Row rows[] = {
      {"none_asks_for_nobody", "quorum none\n", {}, true},
      {"one_witness", "quorum X1\n", {0}, true},
      {"another_than_the_one", "quorum X1\n", {1, 2, 3}, false},
      {"both_groups", groups, {0, 2, 5}, true},
      {"one_group_too_few", groups, {0, 4, 5}, false},
      {"one_group_missing", groups, {0, 1, 2}, false},
      {"nobody", groups, {}, false},
      {"all_of_three", "group g all X1 X2 X3\nquorum g\n", {0, 1}, false},
      {"any_of_three", "group g any X1 X2 X3\nquorum g\n", {2}, true},
      {"a_group_beside_the_quorum", "group g any X1 X2\nquorum X3\n", {0, 1}, false},
  };
  for (const Row& row : rows) {
    const auto policy = ParseTlogPolicy(Keys() + row.rule, kWhere);
    ASSERT_TRUE(policy) << row.name << ": " << policy.error().message;
    EXPECT_EQ(QuorumMet(*policy, {row.cosigned.begin(), row.cosigned.end()}), row.met) << row.name;
    const auto verdict = CheckUnderPolicy(Signed(row.cosigned), *policy);
    ASSERT_EQ(verdict.has_value(), row.met) << row.name;
    if (row.met) continue;
    EXPECT_EQ(verdict.error().Exit(), ExitCode::kWitnesses) << row.name;
  }
}

TEST_F(PolicyTest, SaysSinceWhenTheQuorumIsMet) {
  const auto policy = ParseTlogPolicy(Groups(), kWhere);
  EXPECT_EQ(CheckUnderPolicy(Signed({5, 1, 0, 4}), *policy)->witnessed_at, 1'800'000'004);
  EXPECT_EQ(CheckUnderPolicy(Signed({0, 2, 5}), *policy)->witnessed_at, 1'800'000'005);
  const auto none = ParseTlogPolicy(Keys() + "quorum none\n", kWhere);
  EXPECT_EQ(CheckUnderPolicy(Signed({1}), *none)->witnessed_at, 0);
  EXPECT_EQ(CheckUnderPolicy(Signed({1}), *none)->cosigned, std::set<std::size_t>{1});
}

TEST_F(PolicyTest, ACheckpointOfAnotherLogIsRefused) {
  const auto policy = ParseTlogPolicy(Groups(), kWhere);
  Note note = Signed({0, 1, 3});
  note.signatures.erase(note.signatures.begin());
  EXPECT_EQ(CheckUnderPolicy(note, *policy).error().Exit(), ExitCode::kLogProof);
  const auto unknown = ParseTlogPolicy(Groups().substr(Groups().find('\n') + 1), kWhere);
  ASSERT_TRUE(unknown) << unknown.error().message;
  EXPECT_EQ(CheckUnderPolicy(Signed({0, 1, 3}), *unknown).error().Exit(), ExitCode::kLogProof);
}

TEST_F(PolicyTest, AnyOfTwoLogsOfOneOriginSuffices) {
  const PrivateKey old = PrivateKey::Generate(KeyKind::kEd25519);
  const auto policy = ParseTlogPolicy(
      "log " + Vkey(kPolicyOrigin, old, VerifierKeyUse::kLog) + "\n" + Groups(), kWhere);
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_TRUE(CheckUnderPolicy(Signed({0, 1, 3}), *policy));
  // A line of a known key that does not verify spoils the note, whoever else has signed it.
  Note note = Signed({0, 1, 3});
  note.signatures.push_back(SignNote("another text\n", kPolicyOrigin, old));
  EXPECT_EQ(CheckUnderPolicy(note, *policy).error().Exit(), ExitCode::kLogProof);
  note = Signed({0, 1, 3});
  note.signatures[1].signature[9] ^= 1;
  EXPECT_EQ(CheckUnderPolicy(note, *policy).error().Exit(), ExitCode::kWitnesses);
}

TEST_F(PolicyTest, RefusesWhatTheSpecificationRefuses) {
  const std::string keys = Keys();
  const std::string good = keys + "quorum none\n";
  const std::string x1 = Vkey("w.example/X1", witnesses_[0]);
  const std::string fresh = Vkey("w", PrivateKey::Generate(KeyKind::kEd25519));
  struct Row {
    const char* name;
    std::string text;
    const char* says;
  };
  const Row rows[] = {
      {"empty", "", "no quorum"},
      {"no_quorum", keys, "no quorum"},
      {"two_quorums", good + "quorum none\n", "second quorum"},
      {"quorum_undefined", keys + "quorum Z\n", "not defined before"},
      {"quorum_before_its_witness", "quorum X1\n" + keys, "not defined before"},
      {"quorum_of_two", keys + "quorum X1 X2\n", "want \"quorum"},
      {"unknown_word", "wittness\n" + good, "line 1"},
      {"no_line_end", good + "# x", "newline"},
      {"carriage_return", keys + "quorum none\r\n", "control character"},
      {"nul", std::string("# \0\n", 4) + good, "control character"},
      {"delete", "# \x7f\n" + good, "control character"},
      {"log_twice", good + "log " + Vkey("other", log_, VerifierKeyUse::kLog) + "\n", "already"},
      {"witness_key_twice", good + "witness other " + x1 + "\n", "already"},
      {"witness_name_twice", good + "witness X1 " + fresh + "\n", "defined already"},
      {"witness_none", good + "witness none " + fresh + "\n", "none"},
      {"group_with_a_witness_name", good + "group X1 any X2\n", "defined already"},
      {"group_none", good + "group none any X2\n", "none"},
      {"member_none", good + "group g any none\n", "not defined before"},
      {"member_of_itself", good + "group g any g\n", "not defined before"},
      {"member_later", good + "group g any h\ngroup h any X1\n", "not defined before"},
      {"member_twice", good + "group g any X1 X1\n", "in a group already"},
      {"member_of_two_groups", good + "group g any X1\ngroup h any X1\n", "in a group already"},
      {"no_members", good + "group g any\n", "want \"group"},
      {"threshold_0", good + "group g 0 X1\n", "threshold"},
      {"threshold_above", good + "group g 2 X1\n", "threshold"},
      {"threshold_with_leading_zero", good + "group g 01 X1\n", "threshold"},
      {"threshold_some", good + "group g some X1\n", "threshold"},
      {"log_without_key", good + "log\n", "want \"log"},
      {"log_with_too_much", good + "log " + fresh + " u v\n", "want \"log"},
      {"log_with_a_witness_key", good + "log " + fresh + "\n", "signature type 4, want 1"},
      {"witness_with_a_log_key",
       good + "witness w " +
           Vkey("w", PrivateKey::Generate(KeyKind::kEd25519), VerifierKeyUse::kLog) + "\n",
       "signature type 1, want 4"},
      {"key_id_of_another_name", good + "witness w v" + fresh + "\n", "key id"},
      {"key_cut_short", good + "witness w " + fresh.substr(0, fresh.size() - 4) + "\n", "line 9"},
      {"key_without_id", good + "witness w w+AAAA\n", "want <name>"},
  };
  for (const Row& row : rows) {
    const auto policy = ParseTlogPolicy(row.text, kWhere);
    ASSERT_FALSE(policy) << row.name;
    EXPECT_EQ(policy.error().Exit(), ExitCode::kUsage) << row.name;
    EXPECT_NE(policy.error().message.find(row.says), std::string::npos)
        << row.name << ": " << policy.error().message;
    EXPECT_NE(policy.error().message.find(kWhere), std::string::npos) << policy.error().message;
  }
}

TEST_F(PolicyTest, HasLimits) {
  std::string text;
  std::string names;
  for (std::size_t i = 0; i < kTlogPolicyLinesMax; ++i) {
    const std::string name = "w" + std::to_string(i);
    text += "witness " + name + " " + Vkey(name, PrivateKey::Generate(KeyKind::kEd25519)) + "\n";
    names += " " + name;
  }
  const std::string rule = "group g all" + names + "\nquorum g\n";
  EXPECT_TRUE(ParseTlogPolicy(text + rule, kWhere));
  const std::string one_more = "witness more " + Vkey("more", witnesses_[0]) + "\n";
  EXPECT_EQ(ParseTlogPolicy(text + one_more + rule, kWhere).error().code,
            ErrorCode::kLimitExceeded);
  const std::string comment(kTlogPolicyBytesMax - Groups().size() - 2, 'x');
  EXPECT_TRUE(ParseTlogPolicy("#" + comment + "\n" + Groups(), kWhere));
  EXPECT_EQ(ParseTlogPolicy("#x" + comment + "\n" + Groups(), kWhere).error().code,
            ErrorCode::kLimitExceeded);
}

// The example of the specification of verifier keys.
TEST(VerifierKey, IsThatOfTheSpecification) {
  const std::string text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  const auto key = ParseVerifierKey(text, VerifierKeyUse::kLog);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->name, "example.com/foo");
  EXPECT_EQ(WriteVerifierKey(*key, VerifierKeyUse::kLog), text);
  EXPECT_FALSE(ParseVerifierKey(text, VerifierKeyUse::kWitness));
  const auto note = ParseNote(
      "This is an example message.\n\n\xe2\x80\x94 example.com/foo "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
      "\n");
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_TRUE(CheckNoteSignature(*note, key->name, key->key));
}

class RootPolicyTest : public testing::Test {
 protected:
  static EvidenceOptions Options() {
    EvidenceOptions options;
    options.witnesses = 3;
    options.development = false;
    return options;
  }
  EvidenceMaker maker_{Options()};
  const UnixSeconds at_ = EvidenceOptions{}.start;
};

TEST_F(RootPolicyTest, HasTheRootsLogsAndWitnesses) {
  const MadeRelease made = maker_.Make();
  const Note note = *ParseNote(made.lines[0].log_entry->checkpoint);
  const std::string name = maker_.root().witnesses[0].name;
  for (std::size_t needed = 0; needed <= 3; ++needed) {
    const auto policy = TlogPolicyOf(maker_.root(), needed, at_, {{name, "https://w0.example"}});
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->witnesses[0].url, "https://w0.example");
    const auto verdict = CheckUnderPolicy(note, *policy);
    ASSERT_TRUE(verdict) << verdict.error().message;
    EXPECT_EQ(verdict->cosigned.size(), 3u);
  }
  EXPECT_EQ(TlogPolicyOf(maker_.root(), 4, at_, {}).error().Exit(), ExitCode::kUsage);
  EXPECT_EQ(TlogPolicyOf(maker_.root(), 1, at_, {{"nobody", "u"}}).error().Exit(),
            ExitCode::kUsage);
  EXPECT_EQ(TlogPolicyOf(maker_.root(), 1, at_, {{name, "u\nquorum none"}}).error().Exit(),
            ExitCode::kUsage);
  EXPECT_EQ(TlogPolicyOf(maker_.root(), 1, at_, {{name, "u #"}}).error().Exit(), ExitCode::kUsage);
}

TEST_F(RootPolicyTest, WitnessesOfOneOperatorCountOnce) {
  TrustRoot root = maker_.root();
  root.witnesses[1].operator_id = root.witnesses[0].operator_id;
  const auto policy = TlogPolicyOf(root, 2, at_, {});
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_FALSE(QuorumMet(*policy, {0, 1}));
  EXPECT_TRUE(QuorumMet(*policy, {0, 2}));
  EXPECT_TRUE(QuorumMet(*policy, {1, 2}));
  EXPECT_FALSE(TlogPolicyOf(root, 3, at_, {}));
  root.development = Development{};
  const auto development = TlogPolicyOf(root, 2, at_, {});
  ASSERT_TRUE(development) << development.error().message;
  EXPECT_TRUE(QuorumMet(*development, {0, 1}));
}

TEST_F(RootPolicyTest, LeavesOutWhoIsNotInForce) {
  TrustRoot root = maker_.root();
  root.revocations.push_back({"key", root.witnesses[0].key.KeyId(), "stolen", std::nullopt});
  root.witnesses[1].valid_for.end = at_ - 1;
  const auto policy = TlogPolicyOf(root, 1, at_, {});
  ASSERT_TRUE(policy) << policy.error().message;
  ASSERT_EQ(policy->witnesses.size(), 1u);
  EXPECT_EQ(policy->witnesses[0].key.key, root.witnesses[2].key);
  root.revocations.push_back({"key", root.logs[0].key.KeyId(), "stolen", std::nullopt});
  EXPECT_TRUE(TlogPolicyOf(root, 1, at_, {})->logs.empty());
}

TEST_F(RootPolicyTest, ARenewedWitnessKeepsItsNameInNotes) {
  TrustRoot root = maker_.root();
  root.witnesses[1].name = root.witnesses[0].name;
  root.witnesses[1].operator_id = root.witnesses[0].operator_id;
  const auto policy = TlogPolicyOf(root, 2, at_, {});
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_NE(policy->witnesses[0].name, policy->witnesses[1].name);
  EXPECT_EQ(policy->witnesses[0].key.name, policy->witnesses[1].key.name);
}

}  // namespace
}  // namespace farm
