#include "tests/support/sigstore_rows.h"

#include <gtest/gtest.h>

namespace farm::sigstore_rows {
namespace {

std::vector<std::string> Broken(const SigstoreVerdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) names.push_back(outcome.rule);
  }
  return names;
}

}  // namespace

const SigstoreMaker& Maker() {
  static const SigstoreMaker maker;
  return maker;
}

Result<SigstoreInput> InputOf(const Row& row) {
  Json bundle = Maker().Bundle(row.shape, kArtifact);
  Json root = Maker().TrustedRoot();
  if (row.bend) row.bend(bundle);
  if (row.bend_root) row.bend_root(root);
  SigstoreInput input;
  ASSIGN_OR_RETURN(input.bundle, ParseForeignBundle(bundle.dump(), "bundle"));
  ASSIGN_OR_RETURN(input.trust, ParseSigstoreTrust(root.dump(), "root"));
  if (row.shape.key) {
    input.key = VerifyingKey::FromPem(row.shape.key->Pem()).value();
  } else {
    input.identity = Maker().identity();
    input.issuer = Maker().issuer();
  }
  for (const HashAlgorithm hash : WantedDigests(input.bundle, input.key)) {
    input.artifact.digests[hash] = HashOf(hash, kArtifact);
  }
  if (WantsBytes(input.bundle, input.key)) input.artifact.bytes = kArtifact;
  input.artifact.name = "artifact";
  input.now = 1'800'000'100;
  if (row.bend_input) row.bend_input(input);
  return input;
}

std::string Explain(const SigstoreVerdict& verdict) {
  std::string text = verdict.headline;
  for (const RuleOutcome& outcome : verdict.rules) {
    text += "\n" + outcome.rule + (outcome.held ? " holds: " : " does not hold: ") + outcome.found;
  }
  return text;
}

void ExpectRefused(const std::vector<BadRow>& rows) {
  for (const BadRow& bad : rows) {
    const auto input = InputOf(bad.row);
    ASSERT_TRUE(input) << bad.row.name << ": " << input.error().message;
    const SigstoreVerdict verdict = JudgeSigstore(*input);
    const std::string text = Explain(verdict);
    EXPECT_EQ(static_cast<int>(verdict.exit), static_cast<int>(bad.exit)) << bad.row.name << "\n"
                                                                          << text;
    EXPECT_EQ(Broken(verdict), bad.broken) << bad.row.name << "\n" << text;
    EXPECT_EQ(verdict.headline, "NOT VERIFIED") << bad.row.name;
    for (const RuleOutcome& outcome : verdict.rules) {
      EXPECT_EQ(outcome.remedy.empty(), outcome.held) << bad.row.name << " " << outcome.rule;
      const bool judged = outcome.held || outcome.exit != ExitCode::kProved;
      EXPECT_NE(outcome.remedy.starts_with("not judged yet; mend first what is broken: "), judged)
          << bad.row.name << " " << outcome.rule;
    }
  }
}

SigstoreShape With(const std::function<void(SigstoreShape&)>& change) {
  SigstoreShape shape;
  change(shape);
  return shape;
}

SigstoreShape Old(const std::string& kind, const std::string& version) {
  return With([&](SigstoreShape& shape) {
    shape.kind = kind;
    shape.version = version;
    shape.envelope = kind != "hashedrekord";
    shape.promise = true;
    shape.tokens = {};
  });
}

SigstoreShape Keyed(ForeignSigner::Kind kind, HashAlgorithm hash) {
  return With([&](SigstoreShape& shape) {
    shape.key = ForeignSigner(kind);
    shape.hash = hash;
  });
}

}  // namespace farm::sigstore_rows
