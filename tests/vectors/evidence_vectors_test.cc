// What version 1 has ever written stays readable, and the manuals quote exactly these files.
#include <gtest/gtest.h>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/verify/memory.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_examples.h"

namespace farm {
namespace {

const std::string kFolder = "tests/vectors/v1/evidence";

std::string Vector(const std::string& name) {
  const auto bytes = ReadFile(JoinPath(kFolder, name), 1 << 20);
  EXPECT_TRUE(bytes.has_value()) << name;
  return bytes ? *bytes : "";
}

// Files end with a newline that is not part of the value.
std::string Value(const std::string& name) {
  std::string text = Vector(name);
  EXPECT_TRUE(text.ends_with('\n')) << name;
  text.pop_back();
  return text;
}

TEST(EvidenceVectors, StatementsAreReadAndWritten) {
  for (const std::string name :
       {"release", "request", "intent", "record", "record-failed", "approval", "approval-diff",
        "dissent", "kit", "replay", "withdrawal", "site-location", "status"}) {
    const std::string payload = Value(name + ".json");
    const auto statement = ParseStatement(payload, name);
    ASSERT_TRUE(statement.has_value()) << statement.error().message;
    EXPECT_EQ(WriteStatement(*statement), payload) << name;
  }
  EXPECT_TRUE(ViewManifest(Value("manifest.json")).has_value());
}

TEST(EvidenceVectors, StatementsAreWrittenTheSameToday) {
  for (const auto& [name, bytes] : StatementExamples()) EXPECT_EQ(Vector(name), bytes) << name;
}

TEST(EvidenceVectors, BundleLineLeafAndNoteAreReadAndWritten) {
  const std::string line = Value("request-line.jsonl");
  const auto bundle = ParseBundleLine(line, "request-line.jsonl");
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message;
  EXPECT_EQ(WriteBundleLine(*bundle), line);
  EXPECT_EQ(CanonicalizedBody(bundle->envelope, bundle->certificate, bundle->key()),
            Value("leaf.json"));
  EXPECT_EQ(bundle->envelope.payload, Value("request.json"));

  const std::string bytes = Vector("release.note");
  const auto note = ParseNote(bytes);
  ASSERT_TRUE(note.has_value()) << note.error().message;
  EXPECT_EQ(WriteNote(*note), bytes);
  const auto head = ParseCheckpoint(note->text);
  ASSERT_TRUE(head.has_value());
  const auto proofs = ConsistencyProofsOf(*note);
  ASSERT_FALSE(proofs.empty());
  const LogEntry& request = *bundle->log_entry;
  EXPECT_EQ(proofs[0].old_size, request.tree_size);
  EXPECT_TRUE(
      CheckConsistency(request.tree_size, request.root, head->size, head->root, proofs[0].hashes)
          .has_value());
}

TEST(EvidenceVectors, ReleaseIsStillVerified) {
  VerdictInput input;
  const std::string file = Vector("hello.tar");
  input.file_name = "hello.tar";
  input.file_digest = Sha256(file);
  input.file_size = file.size();
  auto lines = ParseBundleFile(Vector("hello.tar.sigstore.jsonl"), "bundle");
  ASSERT_TRUE(lines.has_value()) << lines.error().message;
  input.lines = *std::move(lines);
  auto root = ParseTrustRoot(Vector("root-file.json"), "root");
  ASSERT_TRUE(root.has_value()) << root.error().message;
  input.root = *std::move(root);
  const auto policy = ParsePolicy(Vector("policy.json"), "policy");
  ASSERT_TRUE(policy.has_value()) << policy.error().message;
  input.policy = *policy;
  input.at = 1'800'004'000;
  input.allow_development_root = true;
  const Verdict verdict = Judge(input);
  EXPECT_TRUE(verdict.proved()) << static_cast<int>(verdict.exit);
}

TEST(EvidenceVectors, PoliciesOfBothFormatsAreRead) {
  const auto first = ParsePolicy(Vector("policy.json"), "policy.json");
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto second = ParsePolicy(Vector("policy-2.json"), "policy-2.json");
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(WritePolicy(*second), Vector("policy-2.json"));
  EXPECT_EQ(WritePolicy(*first), WritePolicy(*second));  // nothing more is demanded
}

TEST(EvidenceVectors, RootsOfBothFormatsAreRead) {
  for (const auto& [name, format] :
       {std::pair{"root-file.json", 1}, {"root-2.json", 2}, {"root-watched.json", 2}}) {
    const auto root = ParseTrustRoot(Vector(name), name);
    ASSERT_TRUE(root.has_value()) << root.error().message;
    EXPECT_EQ(root->format, format);
    EXPECT_EQ(root->operators[0].authorities.size(), 1u);
  }
}

// The line of the vector is by the monitor of the root beside it, and of what the vector says.
TEST(EvidenceVectors, StatusLineIsReadAndWritten) {
  const std::string text = Value("status-line.json");
  const auto line = ParseBundleLine(text, "status-line.json");
  ASSERT_TRUE(line.has_value()) << line.error().message;
  EXPECT_EQ(WriteBundleLine(*line), text);
  EXPECT_EQ(line->envelope.payload, Value("status.json"));
  const auto root = ParseTrustRoot(Vector("root-watched.json"), "root");
  ASSERT_TRUE(root.has_value()) << root.error().message;
  ASSERT_NE(root->FindMonitor(line->key()), nullptr);
  EXPECT_TRUE(line->key().Verify(line->envelope.PaeBytes(), line->envelope.signature));
}

TEST(EvidenceVectors, MemoryIsReadAndWritten) {
  for (const std::string name : {"memory.json", "memory-logs.json"}) {
    const std::string json = Vector(name);
    const auto memory = ParseMemory(json, name);
    ASSERT_TRUE(memory.has_value()) << memory.error().message;
    EXPECT_EQ(WriteMemory(*memory), json);
  }
}

TEST(EvidenceVectors, ManualsQuoteThem) {
  const std::pair<std::string, std::vector<std::string>> kManuals[] = {
      {"farm/evidence/FORMAT.md",
       {"release.json",       "request.json",       "intent.json",        "record.json",
        "record-failed.json", "approval.json",      "approval-diff.json", "dissent.json",
        "kit.json",           "replay.json",        "withdrawal.json",    "site-location.json",
        "status.json",        "status-line.json",   "manifest.json",      "root-file.json",
        "root-2.json",        "request-line.jsonl", "leaf.json",          "release.note"}},
      {"farm/verify/FORMAT.md",
       {"policy.json", "policy-2.json", "memory.json", "memory-logs.json"}},
  };
  for (const auto& [path, names] : kManuals) {
    const auto manual = ReadFile(path, 1 << 20);
    ASSERT_TRUE(manual.has_value()) << path;
    for (const std::string& name : names) {
      EXPECT_NE(manual->find("```\n" + Vector(name) + "```\n"), std::string::npos)
          << path << " does not quote " << name;
    }
  }
}

}  // namespace
}  // namespace farm
