#include "tests/attacks/mutants/meaning.h"

#include <algorithm>
#include <set>

#include "farm/base/bytes.h"

namespace farm::mutants {
namespace {

// Text that no other list of parts gives.
std::string Told(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += std::to_string(part.size()) + ":" + part;
  return text;
}

struct Meaning {
  std::string text;
  std::set<std::string> signatures;  // of the checkpoint
  friend auto operator<=>(const Meaning&, const Meaning&) = default;
};

bool IsKnown(const NoteSignature& signature, const TrustRoot& root) {
  const auto is = [&](const std::string& name, const std::string& hint) {
    return signature.name == name && signature.key_hint == hint;
  };
  if (signature.name == kConsistencyName) return true;
  for (const Log& log : root.logs) {
    if (is(log.origin, NoteKeyHint(log.origin, log.key))) return true;
    if (is(log.origin, NoteKeyHint(log.origin, log.ecdsa_key))) return true;
  }
  return std::any_of(root.witnesses.begin(), root.witnesses.end(), [&](const Witness& witness) {
    return is(witness.name, CosignatureKeyHint(witness.name, witness.key));
  });
}

Meaning MeaningOf(const Bundle& line, const TrustRoot& root) {
  Meaning meaning;
  std::vector<std::string> parts = {
      line.envelope.payload_type, line.envelope.payload,
      line.envelope.signature,    line.certificate ? line.certificate->der() : "",
      line.key().spki(),          line.timestamp.value_or("none")};
  if (line.log_entry) {
    const LogEntry& entry = *line.log_entry;
    parts.insert(parts.end(), {std::to_string(entry.index), std::to_string(entry.tree_size),
                               entry.root.Hex(), entry.canonicalized_body, entry.log_id});
    for (const Digest& hash : entry.hashes) parts.push_back(hash.Hex());
    const Note note = *ParseNote(entry.checkpoint);
    parts.push_back(note.text);
    for (const NoteSignature& signature : note.signatures) {
      if (!IsKnown(signature, root)) continue;
      meaning.signatures.insert(Told({signature.name, signature.key_hint, signature.signature}));
    }
  }
  meaning.text = Told(parts);
  return meaning;
}

// Release first, then what it names.
std::vector<Meaning> MeaningsOf(const std::vector<Bundle>& lines, const TrustRoot& root) {
  std::vector<Meaning> meanings;
  if (lines.empty()) return meanings;
  const auto release = ParseStatementAs<Release>(lines.front().envelope.payload, "");
  if (!release) return meanings;
  std::vector<Digest> named = {release->request, release->intent};
  named.insert(named.end(), release->records.begin(), release->records.end());
  named.insert(named.end(), release->approvals.begin(), release->approvals.end());
  for (const Bundle& line : lines) {
    if (std::ranges::find(named, line.PaeDigest()) == named.end()) continue;
    meanings.push_back(MeaningOf(line, root));
  }
  std::ranges::sort(meanings, {}, &Meaning::text);
  meanings.insert(meanings.begin(), MeaningOf(lines.front(), root));
  return meanings;
}

Likeness Compare(const Meaning& bent, const Meaning& good) {
  if (bent == good) return Likeness::kSame;
  const bool fewer =
      bent.text == good.text && std::ranges::includes(good.signatures, bent.signatures);
  return fewer ? Likeness::kLess : Likeness::kOther;
}

Likeness Worse(Likeness a, Likeness b) {
  if (a == Likeness::kSame) return b;
  return b == Likeness::kOther ? b : a;
}

Likeness CompareLists(const std::vector<Meaning>& bent, const std::vector<Meaning>& good) {
  if (bent.size() != good.size()) return Likeness::kOther;
  Likeness likeness = Likeness::kSame;
  for (std::size_t i = 0; i < bent.size(); ++i) {
    likeness = Worse(likeness, Compare(bent[i], good[i]));
  }
  return likeness;
}

// A replay verdict needs no time stamp.
Likeness CompareReplay(const Bundle& bent, Bundle good, const TrustRoot& root) {
  const bool less = good.timestamp && !bent.timestamp;
  if (less) good.timestamp.reset();
  const Likeness likeness = Compare(MeaningOf(bent, root), MeaningOf(good, root));
  return less ? Worse(Likeness::kLess, likeness) : likeness;
}

// Of certifiers' statements neither the order nor one that stands there twice says anything.
std::vector<Meaning> MeaningsOfAny(const std::vector<Bundle>& lines, const TrustRoot& root) {
  std::set<Meaning> meanings;
  for (const Bundle& line : lines) meanings.insert(MeaningOf(line, root));
  return {meanings.begin(), meanings.end()};
}

Likeness CompareReplays(const VerdictInput& bent, const VerdictInput& good) {
  if (bent.replays.size() != good.replays.size()) return Likeness::kOther;
  Likeness likeness = Likeness::kSame;
  for (std::size_t i = 0; i < bent.replays.size(); ++i) {
    likeness =
        Worse(likeness, CompareReplay(bent.replays[i].line, good.replays[i].line, good.root));
  }
  return likeness;
}

Likeness CompareStatus(const VerdictInput& bent, const VerdictInput& good) {
  if (bent.status.has_value() != good.status.has_value()) return Likeness::kOther;
  if (!bent.status) return Likeness::kSame;
  return Compare(MeaningOf(*bent.status, good.root), MeaningOf(*good.status, good.root));
}

}  // namespace

Likeness CompareEvidence(const VerdictInput& bent, const VerdictInput& good) {
  const std::vector<Meaning> lines = MeaningsOf(bent.lines, good.root);
  if (lines.empty()) return Likeness::kOther;
  Likeness likeness = CompareLists(lines, MeaningsOf(good.lines, good.root));
  likeness = Worse(likeness, CompareLists(MeaningsOfAny(bent.certifications, good.root),
                                          MeaningsOfAny(good.certifications, good.root)));
  likeness = Worse(likeness, CompareStatus(bent, good));
  return Worse(likeness, CompareReplays(bent, good));
}

}  // namespace farm::mutants
