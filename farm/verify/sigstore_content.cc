// What was signed, by the signer's key: the artifact itself, or a statement about it; and that the
// log's entry says the same.
#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/foreign_entry.h"
#include "farm/evidence/foreign_statement.h"
#include "farm/verify/sigstore_case.h"

namespace farm {
namespace {

// The key's own hash first.  Tools have used others with it, SHA-256 above all.
std::vector<HashAlgorithm> HashesOf(const VerifyingKey& key,
                                    const std::optional<HashAlgorithm>& said) {
  std::vector<HashAlgorithm> hashes = {key.hash()};
  for (const HashAlgorithm other : {said.value_or(key.hash()), HashAlgorithm::kSha256}) {
    if (std::find(hashes.begin(), hashes.end(), other) == hashes.end()) hashes.push_back(other);
  }
  return hashes;
}

void SayWhetherSigned(bool good, SigstoreCase& facts) {
  facts.signature_held = good;
  if (good) {
    facts.Found(SigstoreRule::kSignature, "good, " + facts.key->Kind());
  } else {
    facts.Add(SigstoreRule::kSignature, ExitCode::kBadSignature,
              "the signature does not match what is signed and the " + facts.key->Kind() + " key");
  }
}

// Whether the signature is over one of the digests that are known; absent if there is none to try.
std::optional<bool> IsOverADigest(const MessageSignature& message, const SigstoreCase& facts) {
  const ArtifactDigests& digests = facts.input.artifact.digests;
  std::optional<bool> good;
  for (const HashAlgorithm hash : HashesOf(*facts.key, message.algorithm)) {
    const auto digest = digests.find(hash);
    if (digest == digests.end()) continue;
    good = facts.key->WithHash(hash).VerifyDigest(digest->second, message.signature).has_value();
    if (*good) break;
  }
  return good;
}

void JudgeMessageSignature(const MessageSignature& message, SigstoreCase& facts) {
  constexpr SigstoreRule kRule = SigstoreRule::kSignature;
  const VerifyingKey& key = *facts.key;
  if (!key.NeedsMessage()) {
    if (const std::optional<bool> good = IsOverADigest(message, facts)) {
      SayWhetherSigned(*good, facts);
    } else {
      facts.Add(kRule, ExitCode::kUsage,
                "the signature is over the file's " + std::string(HashName(key.hash())) +
                    ": give the file, or that digest");
    }
  } else if (facts.input.artifact.bytes) {
    const bool good = key.Verify(*facts.input.artifact.bytes, message.signature).has_value();
    SayWhetherSigned(good, facts);
    if (!good) {
      facts.Add(kRule, ExitCode::kBadSignature,
                "Ed25519ph, over the file's SHA-512, is not known here");
    }
  } else {
    facts.Add(kRule, ExitCode::kUsage,
              "an Ed25519 key signs the file itself: give it, not its digest, and of at most 64 "
              "MiB");
  }
}

void JudgeMessageArtifact(const MessageSignature& message, SigstoreCase& facts) {
  constexpr SigstoreRule kRule = SigstoreRule::kArtifact;
  if (message.algorithm) {
    const ArtifactDigests& digests = facts.input.artifact.digests;
    const auto digest = digests.find(*message.algorithm);
    if (digest == digests.end()) {
      facts.Add(kRule, ExitCode::kUsage,
                "the bundle has the file's " + std::string(HashName(*message.algorithm)) +
                    ": give the file, or that digest");
    } else if (digest->second != message.digest) {
      facts.Add(kRule, ExitCode::kArtifactUnknown,
                "the bundle is for " + std::string(HashName(*message.algorithm)) + ":" +
                    HexEncode(message.digest) + ", the file has " + HexEncode(digest->second));
    } else {
      facts.Found(kRule,
                  std::string(HashName(*message.algorithm)) + ":" + HexEncode(message.digest));
    }
  } else if (facts.signature_held) {
    facts.Found(kRule, "the signature covers it");
  } else {
    facts.Skip(kRule, "only the signature says which file it is for");
  }
}

void JudgeEnvelopeSignature(const Envelope& envelope, SigstoreCase& facts) {
  const std::string pae = envelope.PaeBytes();
  bool good = false;
  for (const HashAlgorithm hash : HashesOf(*facts.key, std::nullopt)) {
    good = good || facts.key->WithHash(hash).Verify(pae, envelope.signature).has_value();
  }
  SayWhetherSigned(good, facts);
}

// Some subject has the artifact's digest, and none other of its digests is not the artifact's.
bool IsSubject(const ForeignSubject& subject, const ArtifactDigests& artifact) {
  bool same = false;
  for (const auto& [algorithm, hex] : subject.digests) {
    const auto digest = artifact.find(algorithm);
    if (digest == artifact.end()) continue;
    if (HexEncode(digest->second) != hex) return false;
    same = true;
  }
  return same;
}

void JudgeSubject(const Envelope& envelope, SigstoreCase& facts) {
  constexpr SigstoreRule kRule = SigstoreRule::kArtifact;
  const auto statement = ParseForeignStatement(envelope);
  if (!statement) {
    facts.Add(kRule, statement.error());
    return;
  }
  const ArtifactDigests& digests = facts.input.artifact.digests;
  for (const ForeignSubject& subject : statement->subjects) {
    if (!IsSubject(subject, digests)) continue;
    facts.Found(kRule, "subject " + Printable(subject.name, 120) + " of a statement of type " +
                           Printable(statement->predicate_type, 120));
    return;
  }
  facts.Add(kRule, ExitCode::kArtifactUnknown,
            "none of the statement's " + std::to_string(statement->subjects.size()) +
                " subjects has the file's digest");
}

// What the entry must have the digest of.
std::optional<std::string> EnteredDigest(const ForeignEntryFacts& entry,
                                         const SigstoreInput& input) {
  if (const auto* const envelope = std::get_if<Envelope>(&input.bundle.content)) {
    return HashOf(entry.algorithm, entry.of_payload ? envelope->payload : envelope->PaeBytes());
  }
  const auto digest = input.artifact.digests.find(entry.algorithm);
  if (entry.of_payload || digest == input.artifact.digests.end()) return std::nullopt;
  return digest->second;
}

bool IsSigner(const ForeignEntryFacts& entry, const SigstoreCase& facts) {
  if (facts.IsCertified()) {
    return entry.is_certificate && entry.signer == facts.input.bundle.certificates.front().der();
  }
  if (entry.is_certificate || !facts.key) return false;
  const auto key = VerifyingKey::FromSpki(entry.signer);
  return key && *key == *facts.key;
}

void JudgeEntryFactsOf(const ForeignLogEntry& entry, SigstoreCase& facts) {
  constexpr SigstoreRule kRule = SigstoreRule::kEntry;
  const auto said = ParseForeignEntry(entry);
  if (!said) {
    facts.Add(kRule, said.error());
    return;
  }
  const auto want = EnteredDigest(*said, facts.input);
  if (!want) {
    facts.Add(kRule, ExitCode::kLogProof,
              entry.where + ": it has no digest that can be compared with the file's");
  } else if (*want != said->digest) {
    facts.Add(kRule, ExitCode::kLogProof,
              entry.where + ": it was made for " +
                  (said->of_payload ? "another payload" : "something else"));
  }
  if (said->signature != facts.input.bundle.signature()) {
    facts.Add(kRule, ExitCode::kLogProof, entry.where + ": it has another signature");
  }
  if (!IsSigner(*said, facts)) {
    facts.Add(kRule, ExitCode::kLogProof, entry.where + ": it has another certificate or key");
  }
  facts.Found(kRule, entry.kind + " " + entry.version);
}

}  // namespace

std::set<HashAlgorithm> WantedDigests(const ForeignBundle& bundle,
                                      const std::optional<VerifyingKey>& key) {
  std::set<HashAlgorithm> wanted = {HashAlgorithm::kSha256};
  if (const auto* const envelope = std::get_if<Envelope>(&bundle.content)) {
    const auto statement = ParseForeignStatement(*envelope);
    if (!statement) return wanted;
    for (const ForeignSubject& subject : statement->subjects) {
      for (const auto& [algorithm, unused] : subject.digests) wanted.insert(algorithm);
    }
    return wanted;
  }
  const auto& message = std::get<MessageSignature>(bundle.content);
  if (message.algorithm) wanted.insert(*message.algorithm);
  if (key) wanted.insert(key->hash());
  if (!bundle.certificates.empty()) {
    const auto leaf = VerifyingKey::OfCertificate(bundle.certificates.front());
    if (leaf) wanted.insert(leaf->hash());
  }
  for (const ForeignLogEntry& entry : bundle.entries) {
    const auto facts = ParseForeignEntry(entry);
    if (facts) wanted.insert(facts->algorithm);
  }
  return wanted;
}

bool WantsBytes(const ForeignBundle& bundle, const std::optional<VerifyingKey>& key) {
  if (!std::holds_alternative<MessageSignature>(bundle.content)) return false;
  if (key) return key->NeedsMessage();
  if (bundle.certificates.empty()) return false;
  const auto leaf = VerifyingKey::OfCertificate(bundle.certificates.front());
  return leaf && leaf->NeedsMessage();
}

void JudgeContent(SigstoreCase& facts) {
  const auto* const envelope = std::get_if<Envelope>(&facts.input.bundle.content);
  if (!facts.key) {
    facts.Skip(SigstoreRule::kSignature, "no key is known");
  } else if (envelope != nullptr) {
    JudgeEnvelopeSignature(*envelope, facts);
  } else {
    JudgeMessageSignature(std::get<MessageSignature>(facts.input.bundle.content), facts);
  }
  if (envelope != nullptr) {
    JudgeSubject(*envelope, facts);
  } else {
    JudgeMessageArtifact(std::get<MessageSignature>(facts.input.bundle.content), facts);
  }
}

void JudgeEntryFacts(SigstoreCase& facts) {
  if (facts.input.bundle.entries.empty()) facts.Skip(SigstoreRule::kEntry, "there is none");
  for (const ForeignLogEntry& entry : facts.input.bundle.entries) JudgeEntryFactsOf(entry, facts);
}

}  // namespace farm
