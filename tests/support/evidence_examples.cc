#include "tests/support/evidence_examples.h"

#include "farm/crypto/hash.h"
#include "farm/evidence/tlog_proof.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

// Small, so that people can read it: one site, one auditor, one witness, one artifact.
EvidenceOptions SmallOptions() {
  EvidenceOptions options;
  options.sites = 1;
  options.auditors = 1;
  options.witnesses = 1;
  options.artifacts = {{"hello.tar", "the program\n"}};
  return options;
}

std::map<std::string, std::string> StatementsOf(const EvidenceMaker& maker,
                                                const MadeRelease& made) {
  std::map<std::string, std::string> files;
  const auto add = [&](const std::string& name, const Statement& statement) {
    files[name + ".json"] = WriteStatement(statement) + "\n";
  };
  const char* const kNames[] = {"release", "request", "intent", "record", "approval"};
  for (std::size_t i = 0; i < made.lines.size(); ++i) {
    files[std::string(kNames[i]) + ".json"] = made.lines[i].envelope.payload + "\n";
  }
  const UnixSeconds created = maker.options().start + 500;
  const Release release = *ParseStatementAs<Release>(made.lines[0].envelope.payload, "release");
  Record failed = *ParseStatementAs<Record>(made.lines[3].envelope.payload, "record");
  failed.result = BuildResult::kFailed;
  failed.outputs.clear();
  failed.trace[0].exit_code = 2;
  failed.trace[0].outputs.clear();
  add("record-failed", failed);
  Approval diff = *ParseStatementAs<Approval>(made.lines[4].envelope.payload, "approval");
  diff.scope = kScopeDiff;
  diff.base = Sha256("the manifest before");
  add("approval-diff", diff);
  add("dissent", Dissent{Sha256(maker.manifest()), "hello", "1.0", release.intent, release.records,
                         "hello.tar differs at site/0", created});
  add("kit",
      KitEntry{made.lines[0].PaeDigest(), "hello-1.0.farmkit", Sha256("kit"), 4096, created});
  add("replay", ReplayVerdict{made.lines[0].PaeDigest(), Sha256("kit"), "MATCH", release.artifacts,
                              "regulator.example", Sha256("report").Text(), created});
  add("withdrawal", Withdrawal{made.lines[0].PaeDigest(), "hello", "1.0",
                               "hello.tar does not say hello", "auditor-0", created});
  add("site-location", maker.Location(0));
  files["manifest.json"] = maker.manifest() + "\n";
  return files;
}

// Of a release that was withdrawn, with one of each thing that a status says.
FarmStatus ExampleStatus(const EvidenceMaker& maker, const MadeRelease& made) {
  FarmStatus status = maker.Status(maker.options().start + 1000);
  const Digest release = made.lines[0].PaeDigest();
  status.revoked_keys = {{maker.Key("site-0").public_key().KeyId(), "the key was stolen",
                          maker.options().start + 900}};
  status.withdrawn = {{release, "hello", "1.0", "hello.tar does not say hello", "auditor-0",
                       maker.options().start + 500}};
  status.newest = {{"hello", "1.1", Sha256("release 1.1"), 2}};
  status.dissents = {{Sha256("dissent"), Sha256("another manifest"), "hello", "1.1"}};
  return status;
}

}  // namespace

std::map<std::string, std::string> StatementExamples() {
  EvidenceMaker maker(SmallOptions());
  const MadeRelease made = maker.Make();
  return StatementsOf(maker, made);
}

std::map<std::string, std::string> EvidenceExamples() {
  EvidenceMaker maker(SmallOptions());
  const MadeRelease made = maker.Make();
  std::map<std::string, std::string> files = StatementsOf(maker, made);
  TrustRoot first_format = maker.root();
  first_format.format = 1;
  files["root-file.json"] = WriteTrustRoot(first_format, {maker.Key("root")});
  files["root-2.json"] = maker.RootBytes();
  files["hello.tar"] = made.artifacts[0].second;
  files["hello.tar.sigstore.jsonl"] = made.FileText();
  files["request-line.jsonl"] = WriteBundleLine(made.lines[kRequestLine]) + "\n";
  files["leaf.json"] = made.lines[kRequestLine].log_entry->canonicalized_body + "\n";
  files["release.note"] = made.lines[kReleaseLine].log_entry->checkpoint;
  EvidenceOptions watched_options = SmallOptions();
  watched_options.monitors = 1;
  watched_options.certifiers = 1;
  EvidenceMaker watched(watched_options);
  const MadeRelease seen = watched.Make();
  const Bundle status = watched.StatusLine(ExampleStatus(watched, seen));
  files["root-watched.json"] = watched.RootBytes();
  files["status.json"] = status.envelope.payload + "\n";
  files["status-line.json"] = WriteBundleLine(status) + "\n";
  files["policy-2.json"] = WritePolicy(maker.policy());
  files["hello.tar.tlog-proof"] = WriteTlogProof(*TlogProofOf(made.lines[kReleaseLine]));
  files["root-file.tlog-policy"] =
      WriteTlogPolicy(*TlogPolicyOf(first_format, 1, maker.options().start, {}));
  files["policy.json"] = WritePolicy(maker.policy());
  return files;
}

}  // namespace farm
