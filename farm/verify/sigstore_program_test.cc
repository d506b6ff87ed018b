// farm-verify sigstore as a customer runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/foreign_bundle.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/sigstore_maker.h"

namespace farm {
namespace {

constexpr char kProgram[] = "farm/verify/farm-verify";
constexpr char kWithoutSockets[] = "tests/support/without_sockets";
constexpr char kArtifact[] = "the artifact\n";

class SigstoreProgram : public testing::Test {
 protected:
  SigstoreProgram() : directory_(*TemporaryDirectory::Make(testing::TempDir())) {
    artifact_ = Write("artifact", kArtifact);
    bundle_ = Write("bundle.json", maker_.Bundle({}, kArtifact).dump());
    root_ = Write("trusted_root.json", maker_.TrustedRoot().dump());
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::string path = JoinPath(directory_.path(), name);
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes).has_value());
    return path;
  }

  ProcessResult Run(std::vector<std::string> arguments) {
    ProcessSpec spec;
    spec.argv = {std::filesystem::absolute(kWithoutSockets).string(),
                 std::filesystem::absolute(kProgram).string()};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.working_directory = directory_.path();
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result.has_value());
    return *result;
  }
  // With everything that a verdict needs, for that artifact.
  ProcessResult Verify(const std::string& artifact, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "sigstore",   "--bundle",        bundle_,    "--trusted-root", root_,
        "--identity", maker_.identity(), "--issuer", maker_.issuer(),  artifact};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }

  TemporaryDirectory directory_;
  SigstoreMaker maker_;
  std::string artifact_;
  std::string bundle_;
  std::string root_;
};

TEST_F(SigstoreProgram, SaysSoLastAndNeverAsTheFarmDoes) {
  const ProcessResult good = Verify(artifact_);
  EXPECT_EQ(good.exit_code, 0) << good.output << good.error_output;
  EXPECT_THAT(good.output,
              testing::EndsWith("\nVERIFIED (sigstore)  " + maker_.identity() + "  artifact\n"));
  const ProcessResult digest = Verify(Sha256(kArtifact).Text());
  EXPECT_EQ(digest.exit_code, 0) << digest.output << digest.error_output;
  Write("artifact", "another\n");
  const ProcessResult bad = Verify(artifact_);
  EXPECT_EQ(bad.exit_code, 10);
  EXPECT_THAT(bad.output, testing::EndsWith(
                              "\nNOT VERIFIED\nto do: do not use the file; get it again, with the "
                              "bundle that was made for it (exit 10, rule artifact)\n"));
}

TEST_F(SigstoreProgram, VerifiesWithAKey) {
  const ForeignSigner signer(ForeignSigner::Kind::kP384);
  SigstoreShape shape;
  shape.key = signer;
  shape.hash = HashAlgorithm::kSha384;
  bundle_ = Write("keyed.json", maker_.Bundle(shape, kArtifact).dump());
  const std::vector<std::string> words = {"sigstore",       "--bundle", bundle_,
                                          "--trusted-root", root_,      "--key"};
  const auto with = [&](const std::string& key, const std::string& artifact) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {Write("key.pub", key), artifact});
    return Run(all);
  };
  const ProcessResult good = with(signer.Pem(), artifact_);
  EXPECT_EQ(good.exit_code, 0) << good.output << good.error_output;
  EXPECT_THAT(good.output, testing::HasSubstr("\nVERIFIED (sigstore)  the given key  artifact\n"));
  EXPECT_EQ(with(ForeignSigner(ForeignSigner::Kind::kP384).Pem(), artifact_).exit_code, 11);
  EXPECT_EQ(with("no key", artifact_).exit_code, 2);
  // Its signature is over SHA-384: the SHA-256 alone says nothing.
  EXPECT_EQ(with(signer.Pem(), Sha256(kArtifact).Text()).exit_code, 2);
  const std::string sha384 = "sha384:" + HexEncode(HashOf(HashAlgorithm::kSha384, kArtifact));
  EXPECT_EQ(with(signer.Pem(), sha384).exit_code, 0);
  EXPECT_EQ(Verify(artifact_, {"--key", JoinPath(directory_.path(), "key.pub")}).exit_code, 2);
}

TEST_F(SigstoreProgram, TakesAFileNamedLikeADigestByItsPath) {
  const std::string name = Sha256("something else").Text();
  Write(name, kArtifact);
  EXPECT_EQ(Verify("./" + name).exit_code, 0);
}

// A mirror may name its own file by the digest of the one that was signed.
TEST_F(SigstoreProgram, AFileIsNeverTakenForTheDigestInItsName) {
  const std::string name = Sha256(kArtifact).Text();
  EXPECT_EQ(Verify(name).exit_code, 0);
  Write(name, "another\n");
  const ProcessResult refused = Verify(name);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.output, "");
  EXPECT_THAT(refused.error_output, testing::HasSubstr("./" + name));
  EXPECT_EQ(Verify("./" + name).exit_code, 10);
}

TEST_F(SigstoreProgram, NamesWhatIsMissingOrMalformed) {
  EXPECT_EQ(Verify(artifact_ + ".missing").exit_code, 22);
  const std::string good = bundle_;
  bundle_ = good + ".missing";
  EXPECT_EQ(Verify(artifact_).exit_code, 22);
  bundle_ = Write("bad.json", "{}");
  const ProcessResult bad = Verify(artifact_);
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_EQ(bad.output, "");
  EXPECT_THAT(bad.error_output, testing::HasSubstr("bad.json.mediaType"));
  bundle_ = good;
  root_ = Write("bad_root.json", "{}");
  EXPECT_EQ(Verify(artifact_).exit_code, 2);
}

TEST_F(SigstoreProgram, WantsToKnowWhoseSignature) {
  const std::vector<std::vector<std::string>> rows = {
      {"sigstore", "--bundle", bundle_, "--trusted-root", root_, artifact_},
      {"sigstore", "--bundle", bundle_, "--trusted-root", root_, "--identity", "x", artifact_},
      {"sigstore", "--bundle", bundle_, "--trusted-root", root_, "--issuer", "x", artifact_},
      {"sigstore", "--bundle", bundle_, "--trusted-root", root_, "--identity", "", "--issuer", "",
       artifact_},
      {"sigstore", "--bundle", bundle_, "--trusted-root", root_, "--key", "", artifact_},
      {"sigstore", "--bundle", bundle_, "--identity", "x", "--issuer", "x", artifact_},
      {"sigstore", "--trusted-root", root_, "--identity", "x", "--issuer", "x", artifact_},
      {"sigstore", "--bundle", bundle_, "--trusted-root", root_, "--identity", "x", "--issuer",
       "x"},
      {"sigstore", "--trusted-root", "--help"},
  };
  for (const auto& row : rows) {
    const ProcessResult result = Run(row);
    EXPECT_EQ(result.exit_code, 2) << Join(row, " ") << result.output;
    EXPECT_EQ(result.output, "") << Join(row, " ");
  }
}

TEST_F(SigstoreProgram, PrintsJsonForScripts) {
  const auto json = ParseJson(Verify(artifact_, {"--json"}).output, "verdict");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ((*json)["format"], "farm-sigstore-verdict/1");
  EXPECT_EQ((*json)["verified"], true);
  EXPECT_EQ((*json)["exit"], 0);
  EXPECT_EQ((*json)["file"], "artifact");
  const auto error = ParseJson(Verify(artifact_ + ".missing", {"--json"}).output, "verdict");
  ASSERT_TRUE(error) << error.error().message;
  EXPECT_EQ((*error)["verified"], false);
  EXPECT_EQ((*error)["exit"], 22);
}

// A JSON list of so many `items` as fit into `bytes`, from `open` to `close`.
std::string FilledList(std::size_t bytes, std::string_view open, std::string_view close,
                       const std::function<std::string(std::size_t)>& item) {
  std::string list(open);
  for (std::size_t i = 0;; ++i) {
    const std::string next = (i == 0 ? "" : ",") + item(i);
    if (list.size() + next.size() + close.size() > bytes) break;
    list += next;
  }
  return list + std::string(close);
}

// What costs most to read and judge, of the greatest size that is read, on a small machine and in
// bounded time.
class WorstBundles : public SigstoreProgram {
 protected:
  static constexpr int kMemoryMegabytes = 1024;           // 650 are needed
  static constexpr std::chrono::seconds kTimeLimit{120};  // 3 are needed

  // The good bundle with another member, whose value fills it up.
  std::string Filled(std::string_view open, std::string_view close,
                     const std::function<std::string(std::size_t)>& item) const {
    std::string bundle = maker_.Bundle({}, kArtifact).dump();
    bundle.back() = ',';
    bundle += "\"more\":";
    return bundle + FilledList(kForeignBundleBytesMax - bundle.size() - 1, open, close, item) + "}";
  }
  std::string FilledWith(const std::string& item) const {
    return Filled("[", "]", [&](std::size_t) { return item; });
  }
  // The same within a statement, which is signed.
  std::string Signed(const std::string& item) const {
    SigstoreShape shape;
    shape.envelope = true;
    shape.payload = SigstoreMaker::Statement("https://in-toto.io/Statement/v1",
                                             HashAlgorithm::kSha256, kArtifact);
    shape.payload.back() = ',';
    shape.payload += "\"more\":";
    const std::size_t rest = (kForeignBundleBytesMax - (64 << 10)) / 4 * 3 - shape.payload.size();
    shape.payload += FilledList(rest, "[", "]", [&](std::size_t) { return item; }) + "}";
    return maker_.Bundle(shape, kArtifact).dump();
  }
  std::string FullLists() const {
    SigstoreShape shape;
    shape.tokens.assign(kForeignTokensMax, shape.tokens.front());
    Json bundle = maker_.Bundle(shape, kArtifact);
    Json& entries = bundle["verificationMaterial"]["tlogEntries"];
    entries = std::vector<Json>(kForeignEntriesMax, Json(entries[0]));
    return bundle.dump();
  }

  ProcessResult VerifyWithin(int megabytes, const std::string& bundle) {
    ProcessSpec spec;
    spec.argv = {"/bin/bash",
                 "-c",
                 "ulimit -c 0 -v \"$0\" && exec \"$@\"",
                 std::to_string(megabytes * 1024),
                 std::filesystem::absolute(kWithoutSockets).string(),
                 std::filesystem::absolute(kProgram).string(),
                 "sigstore",
                 "--bundle",
                 Write("worst.json", bundle),
                 "--trusted-root",
                 root_,
                 "--identity",
                 maker_.identity(),
                 "--issuer",
                 maker_.issuer(),
                 artifact_};
    spec.working_directory = directory_.path();
    spec.timeout = kTimeLimit;
    return RunProcess(spec).value();
  }
};

TEST_F(WorstBundles, AreJudgedInBoundedTimeAndMemory) {
  const std::string deep = std::string(30, '[') + std::string(30, ']');
  const struct {
    const char* name;
    std::string bundle;
    int exit;
  } rows[] = {
      {"empty_objects", FilledWith("{}"), 0},
      {"empty_arrays", FilledWith("[]"), 0},
      {"empty_strings", FilledWith("\"\""), 0},
      {"as_deep_as_is_read", FilledWith(deep), 0},
      {"members", Filled("{", "}", [](std::size_t i) { return "\"" + std::to_string(i) + "\":0"; }),
       0},
      {"too_deep", std::string(kForeignBundleBytesMax, '['), 2},
      {"white_space", std::string(kForeignBundleBytesMax, ' '), 2},
      {"too_long", std::string(kForeignBundleBytesMax + 1, '['), 2},
      {"signed_objects", Signed("{}"), 0},
      {"full_lists", FullLists(), 15},  // one entry as often as it may be there
  };
  for (const auto& row : rows) {
    const ProcessResult result = VerifyWithin(kMemoryMegabytes, row.bundle);
    EXPECT_FALSE(result.timed_out) << row.name;
    EXPECT_EQ(result.exit_code, row.exit) << row.name << result.output << result.error_output;
  }
  // The limit is alive.
  EXPECT_NE(VerifyWithin(kMemoryMegabytes / 4, FilledWith("{}")).exit_code, 0);
}

TEST_F(SigstoreProgram, ExplainsUsage) {
  for (const char* help : {"--help", "-h"}) {
    const ProcessResult result = Run({"sigstore", help});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, testing::HasSubstr("farm-verify sigstore --bundle"));
  }
}

// A file may have the name of the command: it is judged as any other file.
TEST_F(SigstoreProgram, AFileNamedSigstoreIsAFile) {
  EvidenceMaker farm;
  const MadeRelease made = farm.Make();
  Write("sigstore", made.artifacts[0].second);
  Write("sigstore.sigstore.jsonl", made.FileText());
  Write("root.json", farm.RootBytes());
  Write("policy.json", WritePolicy(farm.policy()));
  const std::vector<std::string> rest = {"--root", "root.json", "--allow-development-root",
                                         "--renamed"};
  for (const bool first : {true, false}) {
    std::vector<std::string> words = rest;
    words.insert(first ? words.begin() : words.end(), "sigstore");
    const ProcessResult good = Run(words);
    EXPECT_EQ(good.exit_code, 0) << good.output << good.error_output;
    EXPECT_THAT(good.output, testing::HasSubstr("\nVERIFIED (development: 1 machine"));
    Write("bundle.jsonl", farm.Make().FileText());
    words.insert(words.end(), {"--bundle", "bundle.jsonl"});
    EXPECT_EQ(Run(words).exit_code, 0);
  }
  EXPECT_EQ(Run({"sigstore"}).exit_code, 22);  // no root: as for any file
}

}  // namespace
}  // namespace farm
