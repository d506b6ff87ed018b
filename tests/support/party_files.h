// The files of a party that signs, as its program has them; its operator is the maker's first.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>

#include "farm/base/files.h"
#include "farm/sign/certified_signer.h"
#include "tests/support/evidence_maker.h"

namespace farm {

// For its owner's eyes alone.  Its path.
inline std::string WritePrivate(const std::string& path, const std::string& bytes) {
  EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
  EXPECT_EQ(chmod(path.c_str(), 0600), 0);
  return path;
}

// Writes the operator's CA into `directory`.  Null, and the test has failed, where it does not
// open.
inline std::unique_ptr<CertifiedSigner> OpenSignerOf(const EvidenceMaker& maker,
                                                     const CertifiedIdentity& party,
                                                     const std::string& directory,
                                                     const Clock& clock) {
  const AuthorityFiles authority{
      WritePrivate(directory + "/ca.pem", maker.root().operators[0].authorities[0].chain[0].Pem()),
      WritePrivate(directory + "/ca.key.pem", maker.Key("ca-operator-0").Pem()),
      WritePrivate(directory + "/transparency.key.pem", maker.Key("transparency").Pem())};
  auto signer =
      CertifiedSigner::Open(NewMemorySigner(maker.Key(party.common_name)), authority, party, clock);
  EXPECT_TRUE(signer) << signer.error().message;
  return signer ? *std::move(signer) : nullptr;
}

}  // namespace farm
