// Each case of ../shared/conformance beside the checkout, used in place (its README.md says what
// the files are), by file and by digest, as a customer runs farm-verify: refused with the code and
// for the reason that is named here, or accepted.  Fails where the cases are not there: tests/run
// has a part of its own for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "farm/base/exit_code.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr char kProgram[] = "farm/verify/farm-verify";
constexpr char kWithoutSockets[] = "tests/support/without_sockets";
constexpr char kIdentity[] =
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/"
    "workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
constexpr char kIssuer[] = "https://token.actions.githubusercontent.com";

std::filesystem::path Folder() {
  const auto checkout = std::filesystem::canonical("WORKSPACE").parent_path();
  return checkout.parent_path() / "shared/conformance";
}

// The file of a case, or where it has none, that of all cases.
std::string FileOf(const std::filesystem::path& folder, const char* name,
                   const std::filesystem::path& common) {
  return std::filesystem::exists(folder / name) ? (folder / name).string() : common.string();
}

std::string TextOf(const std::filesystem::path& folder, const char* name, const char* common) {
  std::ifstream file(folder / name);
  if (!file) return common;
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// What the suite's command line says for a case, but for the artifact.
std::vector<std::string> WordsFor(const std::filesystem::path& folder) {
  std::vector<std::string> words = {
      kWithoutSockets,
      kProgram,
      "sigstore",
      "--bundle",
      (folder / "bundle.sigstore.json").string(),
      "--trusted-root",
      FileOf(folder, "trusted_root.json", Folder() / "trusted_root.public.json")};
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  if (std::filesystem::exists(folder / "key.pub")) {
    add({"--key", (folder / "key.pub").string()});
  } else {
    add({"--identity", TextOf(folder, "identity", kIdentity), "--issuer",
         TextOf(folder, "issuer", kIssuer)});
  }
  return words;
}

// How a case ends.  `reason`: the rule that refuses it, or what is named that cannot be read (2).
struct Row {
  std::string name;
  ExitCode exit;
  std::string reason;
};

const Row kRows[] = {
    {"bundle-empty-certificate-chain_fail", ExitCode::kUsage,
     ".x509CertificateChain.certificates: "},
    {"bundle-invalid-base64-signature_fail", ExitCode::kUsage, ".messageSignature.signature: "},
    {"bundle-negative-log-index_fail", ExitCode::kUsage, ".tlogEntries[0].logIndex: "},
    {"bundle-unknown-version_fail", ExitCode::kUsage, ".mediaType: "},
    {"bundle-with-root-cert_fail", ExitCode::kUsage,
     ".x509CertificateChain.certificates[1]: is a root"},
    {"checkpoint-bad-keyhint_fail", ExitCode::kLogProof, "log"},
    {"dsse-mismatch-envelope_fail", ExitCode::kLogProof, "entry"},
    {"dsse-mismatch-sig_fail", ExitCode::kLogProof, "entry"},
    {"happy-path-v0.1", ExitCode::kProved, ""},
    {"happy-path-v0.3", ExitCode::kProved, ""},
    {"inclusion-proof-corrupted-hash_fail", ExitCode::kLogProof, "log"},
    {"incorrect-public-key_fail", ExitCode::kLogProof, "log"},
    {"intoto-expired-certificate_fail", ExitCode::kNotValidThen, "certificate"},
    {"intoto-missing-inclusion-proof_fail", ExitCode::kUsage, ".tlogEntries[0].inclusionProof: "},
    {"intoto-tsa-timestamp-outside-cert-validity_fail", ExitCode::kNotValidThen, "certificate"},
    {"intoto-with-custom-trust-root", ExitCode::kProved, ""},
    {"invalid-checkpoint-signature_fail", ExitCode::kLogProof, "log"},
    {"invalid-ct-key_fail", ExitCode::kLogProof, "transparency"},
    {"invalid-inclusion-proof_fail", ExitCode::kUsage, ".tlogEntries[0].inclusionProof: "},
    {"managed-key-happy-path", ExitCode::kProved, ""},
    {"managed-key-no-key_fail", ExitCode::kBadSignature, "signer"},
    {"managed-key-wrong-key_fail", ExitCode::kUsage, "key.pub: "},
    {"message-digest-mismatch_fail", ExitCode::kArtifactUnknown, "artifact"},
    {"rekor2-checkpoint-cosigned", ExitCode::kProved, ""},
    {"rekor2-checkpoint-missing-log-signature_fail", ExitCode::kLogProof, "log"},
    {"rekor2-checkpoint-missing-origin_fail", ExitCode::kLogProof, "log"},
    {"rekor2-checkpoint-missing-size_fail", ExitCode::kLogProof, "log"},
    {"rekor2-checkpoint-multiple-cosigs", ExitCode::kProved, ""},
    {"rekor2-checkpoint-no-matching-signature_fail", ExitCode::kLogProof, "log"},
    {"rekor2-checkpoint-two-sigs-from-origin", ExitCode::kProved, ""},
    {"rekor2-dsse-happy-path", ExitCode::kProved, ""},
    {"rekor2-dsse-invalid-sig_fail", ExitCode::kBadSignature, "signature"},
    {"rekor2-dsse-mismatch-envelope_fail", ExitCode::kLogProof, "entry"},
    {"rekor2-happy-path", ExitCode::kProved, ""},
    {"rekor2-no-inclusion-proof_fail", ExitCode::kUsage, ".tlogEntries[0].inclusionProof: "},
    {"rekor2-no-timestamp_fail", ExitCode::kNotValidThen, "times"},
    {"rekor2-timestamp-outside-trust-root-tsa-validity_fail", ExitCode::kNotValidThen, "times"},
    {"rekor2-timestamp-outside-tsa-cert-validity_fail", ExitCode::kNotValidThen, "times"},
    {"rekor2-timestamp-with-incorrect-time_fail", ExitCode::kNotValidThen, "certificate"},
    {"rekor2-timestamp-without-embedded-cert", ExitCode::kProved, ""},
    {"signature-mismatch_fail", ExitCode::kBadSignature, "signature"},
    {"trust-root-tlog-missing-validity-start_fail", ExitCode::kUsage,
     "trusted_root.json.tlogs[1].publicKey.validFor.start: "},
    {"trust-root-tlog-validity-end-inclusive", ExitCode::kProved, ""},
    {"wrong-hashedrekord-artifact_fail", ExitCode::kLogProof, "entry"},
    {"wrong-material_fail", ExitCode::kArtifactUnknown, "artifact"},
};

// What is printed, among other words, for such an end.
std::string WordsOf(const Row& row) {
  if (row.exit == ExitCode::kProved) return "\nVERIFIED (sigstore)  ";
  if (row.exit == ExitCode::kUsage) return row.reason;
  return "(exit " + std::to_string(static_cast<int>(row.exit)) + ", rule " + row.reason + ")";
}

void ExpectEnd(const Row& row, const std::filesystem::path& cases) {
  const std::filesystem::path folder = cases / row.name;
  const std::string artifact = FileOf(folder, "artifact", cases / "a.txt");
  for (const std::string& word : {artifact, DigestOfFile(artifact).value().digest.Text()}) {
    ProcessSpec spec;
    spec.argv = WordsFor(folder);
    spec.argv.push_back(word);
    const auto result = RunProcess(spec);
    ASSERT_TRUE(result) << row.name << ": " << result.error().message;
    const std::string all = result->output + result->error_output;
    EXPECT_EQ(result->exit_code, static_cast<int>(row.exit)) << row.name << " " << word << "\n"
                                                             << all;
    EXPECT_THAT(all, testing::HasSubstr(WordsOf(row))) << row.name << " " << word;
    EXPECT_EQ(result->output.find("\nVERIFIED") != std::string::npos, row.exit == ExitCode::kProved)
        << row.name << "\n"
        << all;
  }
}

TEST(Conformance, JudgesEveryCaseRight) {
  const auto cases = Folder() / "bundle-verify";
  ASSERT_TRUE(std::filesystem::is_directory(cases))
      << cases << " is missing: the cases lie in a folder beside the checkout";
  std::vector<std::string> there;
  for (const auto& entry : std::filesystem::directory_iterator(cases)) {
    if (entry.is_directory()) there.push_back(entry.path().filename().string());
  }
  std::vector<std::string> known;
  for (const Row& row : kRows) {
    known.push_back(row.name);
    EXPECT_EQ(row.name.ends_with("_fail"), row.exit != ExitCode::kProved) << row.name;
    ExpectEnd(row, cases);
  }
  EXPECT_THAT(known, testing::UnorderedElementsAreArray(there));
}

}  // namespace
}  // namespace farm
