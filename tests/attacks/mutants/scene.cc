#include "tests/attacks/mutants/scene.h"

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"

namespace farm::mutants {

std::string ReadVector(const std::string& name) {
  const auto bytes = ReadFile(JoinPath("tests/vectors/v1/evidence", name), 1 << 20);
  CHECK(bytes.has_value());
  return *bytes;
}

VerdictInput VectorInput() {
  const std::string file = ReadVector("hello.tar");
  VerdictInput input;
  input.file_name = "hello.tar";
  input.file_digest = Sha256(file);
  input.file_size = file.size();
  input.lines = *ParseBundleFile(ReadVector("hello.tar.sigstore.jsonl"), "bundle");
  input.root = *ParseTrustRoot(ReadVector("root-file.json"), "root");
  input.policy = *ParsePolicy(ReadVector("policy.json"), "policy");
  input.at = 1'800'004'000;
  input.allow_development_root = true;
  return input;
}

std::vector<std::string> VectorLines() {
  std::vector<std::string> lines = Split(ReadVector("hello.tar.sigstore.jsonl"), '\n');
  lines.pop_back();  // the nothing behind the last newline
  return lines;
}

Farm MakeFarm(const EvidenceOptions& options) {
  Farm farm{EvidenceMaker(options), {}, {}};
  farm.release = farm.maker.Make();
  EvidenceMaker next = farm.maker;  // which goes on in the same log
  next.Turn("1.1", {{"hello.tar", "the next program\n"}, {"hello.txt", "the next manual\n"}});
  farm.other = next.Make([](LineDraft& draft) {
    draft.token += 10'000;
    draft.witnessed += 10'000;
    draft.leaf_start += 10'000;
    if (auto* intent = std::get_if<Intent>(&draft.statement)) {
      intent->nonce = "ffeeddccbbaa99887766554433221100";
    }
    if (auto* release = std::get_if<Release>(&draft.statement)) release->sequence = 2;
  });
  return farm;
}

std::string KindOf(const Bundle& line) {
  const auto statement = ParseStatement(line.envelope.payload, "line");
  CHECK(statement.has_value());
  return std::string(KindName(*statement));
}

}  // namespace farm::mutants
