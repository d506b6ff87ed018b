#include "farm/client/witness_client.h"

#include <gtest/gtest.h>

#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr char kWitnessedOrigin[] = "log.farm.example";

PostToWitness Answering(HttpReply reply) {
  return [reply](const std::string&) -> Result<HttpReply> { return reply; };
}

TEST(AskWitness, ReadsEveryAnswerOfTheProtocol) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  const std::string text = CheckpointText({kWitnessedOrigin, 1, LeafHash("leaf")});
  const std::string line = WriteNote({"x\n", {Cosign(text, "w1", key, 1)}}).substr(3);
  struct Row {
    const char* name;
    HttpReply reply;
    std::optional<ExitCode> refused;
    std::size_t lines = 0;
    std::optional<std::uint64_t> size = {};
  };
  constexpr char kSize[] = "text/x.tlog.size";
  const Row rows[] = {
      {"cosigned", {200, "text/plain", line, false}, {}, 1},
      {"cosigned_by_two_keys", {200, "text/plain", line + line, false}, {}, 2},
      {"cosigned_by_nobody", {200, "text/plain", "", false}, ExitCode::kUsage},
      {"malformed_line", {200, "text/plain", "nonsense\n", false}, ExitCode::kUsage},
      {"malformed_request", {400, "text/plain", "why", false}, ExitCode::kUsage},
      {"unknown_key", {403, "text/plain", "", false}, ExitCode::kRefused},
      {"unknown_log", {404, "text/plain", "", false}, ExitCode::kRefused},
      {"has_seen_7", {409, kSize, "7\n", false}, {}, 0, 7},
      {"has_seen_nothing", {409, kSize, "0\n", false}, {}, 0, 0},
      {"size_without_type", {409, "", "7\n", false}, ExitCode::kUsage},
      {"size_of_another_type", {409, "text/plain", "7\n", false}, ExitCode::kUsage},
      {"size_without_newline", {409, kSize, "7", false}, ExitCode::kUsage},
      {"size_with_two_newlines", {409, kSize, "7\n\n", false}, ExitCode::kUsage},
      {"size_with_leading_zero", {409, kSize, "07\n", false}, ExitCode::kUsage},
      {"size_missing", {409, kSize, "", false}, ExitCode::kUsage},
      {"size_too_large", {409, kSize, "9223372036854775808\n", false}, ExitCode::kUsage},
      {"inconsistent", {422, "text/plain", "proof", false}, ExitCode::kLogProof},
      {"stopped", {500, "text/plain", "", false}, ExitCode::kUnavailable},
      {"moved", {302, "text/plain", "", false}, ExitCode::kUsage},
  };
  for (const Row& row : rows) {
    const auto answer = AskWitness(Answering(row.reply), {0, {}, text}, "w1");
    ASSERT_EQ(answer.has_value(), !row.refused) << row.name;
    if (!answer) {
      EXPECT_EQ(answer.error().Exit(), *row.refused) << row.name << answer.error().message;
      EXPECT_NE(answer.error().message.find("w1"), std::string::npos) << answer.error().message;
      continue;
    }
    EXPECT_EQ(answer->lines.size(), row.lines) << row.name;
    EXPECT_EQ(answer->has_size, row.size) << row.name;
  }
}

TEST(AskWitness, SendsOldSizeProofAndNote) {
  std::string sent;
  const PostToWitness post = [&](const std::string& body) -> Result<HttpReply> {
    sent = body;
    return HttpReply{404, "", "", false};
  };
  const Digest hash = LeafHash("leaf");
  EXPECT_FALSE(AskWitness(post, {3, {hash}, "note"}, "w1"));
  const auto request = ParseAddCheckpoint(sent);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->old_size, 3u);
  EXPECT_EQ(request->proof, std::vector<Digest>{hash});
  EXPECT_EQ(request->note, "note");
}

TEST(LatestOfWitness, NeedsBothSignatures) {
  const PrivateKey log_key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey other = PrivateKey::Generate(KeyKind::kEd25519);
  const Checkpoint seen{kWitnessedOrigin, 7, LeafHash("x")};
  const std::string text = CheckpointText(seen);
  const auto note = [&](const PrivateKey& by_log, const PrivateKey& by_witness) {
    return WriteNote(
        {text, {SignNote(text, kWitnessedOrigin, by_log), Cosign(text, "w1", by_witness, 1)}});
  };
  const auto latest = [&](int status, const std::string& body) {
    return LatestOfWitness(
        [&](const std::string& path) -> Result<HttpReply> {
          EXPECT_EQ(path, "/" + Sha256(kWitnessedOrigin).Hex() + "/checkpoint");
          return HttpReply{status, "text/plain", body, false};
        },
        kWitnessedOrigin, log_key.public_key(), {"w1", key.public_key()});
  };
  const auto good = latest(200, note(log_key, key));
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->checkpoint.size, 7u);
  EXPECT_EQ(latest(200, note(other, key)).error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(latest(200, note(log_key, other)).error().Exit(), ExitCode::kWitnesses);
  EXPECT_EQ(latest(200, "nonsense").error().code, ErrorCode::kInvalidInput);
  EXPECT_EQ(latest(404, "").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(latest(500, "").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace farm
