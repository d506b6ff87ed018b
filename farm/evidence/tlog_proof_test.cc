#include "farm/evidence/tlog_proof.h"

#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/evidence/merkle.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

class ProofTest : public testing::Test {
 protected:
  const EvidenceOptions options_{};
  EvidenceMaker maker_{options_};
  const MadeRelease made_ = maker_.Make();
  const Bundle& line_ = made_.lines[kReleaseLine];
  const TlogPolicy policy_ = *TlogPolicyOf(maker_.root(), 2, options_.start, {});
};

TEST_F(ProofTest, OfEveryLineHolds) {
  for (const Bundle& line : made_.lines) {
    const auto proof = TlogProofOf(line);
    ASSERT_TRUE(proof) << proof.error().message;
    const std::string text = WriteTlogProof(*proof);
    const auto read = ParseTlogProof(text, "x.tlog-proof");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(WriteTlogProof(*read), text);
    EXPECT_EQ(*read->extra, line.log_entry->canonicalized_body);
    const auto verdict = CheckTlogProof(*read, *read->extra, policy_);
    ASSERT_TRUE(verdict) << verdict.error().message;
    EXPECT_EQ(verdict->checkpoint.size, line.log_entry->tree_size);
    EXPECT_EQ(verdict->cosigned.size(), 2u);
  }
  Bundle unlogged = line_;
  unlogged.log_entry.reset();
  EXPECT_FALSE(TlogProofOf(unlogged));
}

TEST_F(ProofTest, OfAnotherEntryTreeOrLogIsRefused) {
  const TlogProof good = *TlogProofOf(line_);
  const std::string leaf = *good.extra;
  TlogProof other = good;
  ++other.index;
  EXPECT_EQ(CheckTlogProof(other, leaf, policy_).error().Exit(), ExitCode::kLogProof);
  other = good;
  other.hashes.back() = LeafHash("x");
  EXPECT_EQ(CheckTlogProof(other, leaf, policy_).error().Exit(), ExitCode::kLogProof);
  other = good;
  other.hashes.pop_back();
  EXPECT_EQ(CheckTlogProof(other, leaf, policy_).error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(CheckTlogProof(good, leaf + " ", policy_).error().Exit(), ExitCode::kLogProof);
  const EvidenceMaker stranger;
  EXPECT_EQ(CheckTlogProof(good, leaf, *TlogPolicyOf(stranger.root(), 0, options_.start, {}))
                .error()
                .Exit(),
            ExitCode::kLogProof);
  // Signed by the log alone.
  Note note = *ParseNote(good.checkpoint);
  note.signatures.resize(1);
  other = good;
  other.checkpoint = WriteNote(note);
  EXPECT_EQ(CheckTlogProof(other, leaf, policy_).error().Exit(), ExitCode::kWitnesses);
}

TEST_F(ProofTest, RefusesWhatIsNotOne) {
  const std::string good = WriteTlogProof(*TlogProofOf(line_));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string index = "index " + std::to_string(line_.log_entry->index) + "\n";
  const std::string hash = Base64Encode(line_.log_entry->hashes.at(0).bytes()) + "\n";
  const std::string head = "\n\n" + maker_.Log() + "\n";
  struct Row {
    const char* name;
    std::string text;
    const char* says;
  };
  const Row rows[] = {
      {"empty", "", "line 1"},
      {"another_version", with("@v1", "@v2"), "tlog-proof@v1"},
      {"no_line_end", "c2sp.org/tlog-proof@v1", "line 1"},
      {"extra_empty", with(good.substr(23, good.find(index) - 23), "extra \n"), "line 2"},
      {"extra_no_base64", with("extra ", "extra !"), "line 2"},
      {"extra_twice", with("extra ", "extra AAAA\nextra "), "want \"index"},
      {"no_index", with(index, ""), "want \"index"},
      {"index_with_leading_zero", with("index ", "index 0"), "index"},
      {"index_negative", with("index ", "index -"), "index"},
      {"hash_too_short", with(hash, "AAAA\n"), "32 bytes"},
      {"hash_no_base64", with(hash, "!" + hash), "32 bytes"},
      {"too_many_hashes",
       with(hash,
            [&] {
              std::string many;
              for (std::size_t i = 0; i <= kProofHashesMax; ++i) many += hash;
              return many;
            }()),
       "more than 64"},
      {"no_empty_line", good.substr(0, good.find(head) + 1), "newline"},
      {"no_checkpoint", good.substr(0, good.find(head) + 2), "note"},
      {"checkpoint_without_size", with(head, "\n\n" + maker_.Log() + "\nx"), "size"},
      {"checkpoint_cut_short", good.substr(0, good.size() - 1), "note"},
  };
  for (const Row& row : rows) {
    const auto proof = ParseTlogProof(row.text, "x.tlog-proof");
    ASSERT_FALSE(proof) << row.name;
    EXPECT_EQ(proof.error().code, ErrorCode::kInvalidInput) << row.name;
    EXPECT_NE(proof.error().message.find(row.says), std::string::npos)
        << row.name << ": " << proof.error().message;
    EXPECT_NE(proof.error().message.find("x.tlog-proof"), std::string::npos) << row.name;
  }
  EXPECT_EQ(ParseTlogProof(std::string(kTlogProofBytesMax + 1, 'x'), "x").error().code,
            ErrorCode::kLimitExceeded);
}

TEST_F(ProofTest, NeedsNoExtra) {
  TlogProof proof = *TlogProofOf(line_);
  const std::string leaf = *std::exchange(proof.extra, std::nullopt);
  const auto read = ParseTlogProof(WriteTlogProof(proof), "x");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->extra);
  EXPECT_TRUE(CheckTlogProof(*read, leaf, policy_));
}

}  // namespace
}  // namespace farm
