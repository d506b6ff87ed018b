// The files of the vectors beside the release: a log proof and log policies, which `farm log
// check-proof` reads, a customer's policy and roots of the second format.  Of the small texts every
// bit of every byte, and every line; of JSON every field.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "farm/evidence/tlog_proof.h"
#include "farm/json/json.h"
#include "tests/attacks/mutants/bend.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/json_edit.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

constexpr Accepted kNever = Accepted::kNever;
constexpr Accepted kSame = Accepted::kSame;
constexpr Accepted kOwnWords = Accepted::kOwnWords;

void FlipBits(const std::string& good,
              const std::function<void(std::size_t at, const std::string& bent)>& attempt) {
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bent = good;
      bent[at] = static_cast<char>(bent[at] ^ (1 << bit));
      attempt(at, bent);
    }
  }
}

// ---- texts of lines ----------------------------------------------------------------------------

struct TextLine {
  std::string text;  // with its newline
  std::string part;  // the beginning of the kinds of its mutants
};

std::vector<TextLine> LinesOf(const std::string& text) {
  std::vector<TextLine> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    lines.push_back({text.substr(at, end - at), ""});
    at = end;
  }
  return lines;
}

std::string TextOf(const std::vector<TextLine>& lines) {
  std::string text;
  for (const TextLine& line : lines) text += line.text;
  return text;
}

// Kinds: "PART bit", "PART removed", "PART doubled", "PART reordered" (behind the next line).
void BendLines(const std::vector<TextLine>& good, const Attempt& attempt) {
  const auto edit = [&](std::size_t at, const std::string& how,
                        const std::function<void(std::vector<TextLine>&)>& change) {
    std::vector<TextLine> bent = good;
    change(bent);
    const std::string kind = good[at].part + " " + how;
    attempt(kind, kind + " in line " + std::to_string(at + 1), TextOf(bent));
  };
  for (std::size_t at = 0; at < good.size(); ++at) {
    const auto place = static_cast<std::ptrdiff_t>(at);
    FlipBits(good[at].text, [&](std::size_t, const std::string& text) {
      edit(at, "bit", [&](std::vector<TextLine>& bent) { bent[at].text = text; });
    });
    edit(at, "removed", [&](std::vector<TextLine>& bent) { bent.erase(bent.begin() + place); });
    edit(at, "doubled",
         [&](std::vector<TextLine>& bent) { bent.insert(bent.begin() + place, good[at]); });
    if (at + 1 == good.size() || good[at].text == good[at + 1].text) continue;
    edit(at, "reordered", [&](std::vector<TextLine>& bent) { std::swap(bent[at], bent[at + 1]); });
  }
}

// ---- log policies ------------------------------------------------------------------------------

std::vector<TextLine> LinesOfPolicy(const std::string& text) {
  std::vector<TextLine> lines = LinesOf(text);
  for (TextLine& line : lines) {
    line.part = line.text == "\n"            ? "empty line"
                : line.text.starts_with('#') ? "comment"
                                             : line.text.substr(0, line.text.find(' '));
  }
  return lines;
}

// And with a line more behind each that says nothing.  Kinds: "comment added", "empty line added".
void BendPolicy(const std::string& text, const Attempt& attempt) {
  const std::vector<TextLine> good = LinesOfPolicy(text);
  BendLines(good, attempt);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const TextLine& line :
         {TextLine{"# quorum none\n", "comment"}, TextLine{"\n", "empty line"}}) {
      std::vector<TextLine> bent = good;
      bent.insert(bent.begin() + static_cast<std::ptrdiff_t>(at) + 1, line);
      attempt(line.part + " added", line.part + " behind line " + std::to_string(at + 1),
              TextOf(bent));
    }
  }
}

// What a policy demands, apart from how it is written: keys say who is who.
struct Demands {
  std::set<std::string> logs;
  std::set<std::set<std::string>> sufficient;  // sets of witnesses
  std::set<std::string> addresses;
  friend bool operator==(const Demands&, const Demands&) = default;
};

Demands DemandsOf(const TlogPolicy& policy) {
  constexpr std::size_t kWitnessesMax = 8;  // every set of them is tried
  Demands demands;
  for (const TlogPolicy::KnownLog& log : policy.logs) {
    demands.logs.insert(WriteVerifierKey(log.key, VerifierKeyUse::kLog));
    demands.addresses.insert("log " + log.url);
  }
  for (const TlogPolicy::KnownWitness& witness : policy.witnesses) {
    demands.addresses.insert(witness.key.name + " " + witness.url);
  }
  CHECK(policy.witnesses.size() <= kWitnessesMax);
  for (std::size_t chosen = 0; chosen < std::size_t{1} << policy.witnesses.size(); ++chosen) {
    std::set<std::size_t> places;
    std::set<std::string> keys;
    for (std::size_t i = 0; i < policy.witnesses.size(); ++i) {
      if ((chosen >> i & 1) == 0) continue;
      places.insert(i);
      keys.insert(WriteVerifierKey(policy.witnesses[i].key, VerifierKeyUse::kWitness));
    }
    if (QuorumMet(policy, places)) demands.sufficient.insert(keys);
  }
  return demands;
}

// Another policy that is read as such is the customer's own word, for he has written it; but none
// of a changed bit or line knows another log or asks for fewer witnesses.
Likeness Compare(const TlogPolicy& bent, const TlogPolicy& good, const std::string& name) {
  const Demands asked = DemandsOf(bent);
  const Demands wanted = DemandsOf(good);
  EXPECT_TRUE(std::ranges::includes(wanted.logs, asked.logs)) << name;
  EXPECT_TRUE(std::ranges::includes(wanted.sufficient, asked.sufficient)) << name;
  return asked == wanted ? Likeness::kSame : Likeness::kOther;
}

// ---- a log proof -------------------------------------------------------------------------------

// As `farm log check-proof` does it with a policy and no bundle.
Result<TlogProof> CheckProof(const std::string& text, const TlogPolicy& policy) {
  ASSIGN_OR_RETURN(TlogProof proof, ParseTlogProof(text, "proof"));
  if (!proof.extra) return Error{ErrorCode::kInvalidInput, "proof: has no leaf in it"};
  const auto verdict = CheckTlogProof(proof, *proof.extra, policy);
  if (!verdict) return verdict.error();
  const auto leaf = ParseCanonicalizedBody(*proof.extra);
  if (!leaf) return leaf.error();
  return proof;
}

std::vector<TextLine> LinesOfProof(const std::string& text) {
  const Note note = *ParseNote(ParseTlogProof(text, "proof")->checkpoint);
  std::vector<TextLine> lines = LinesOf(text);
  std::size_t empty = 0;
  std::size_t signature = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i].text;
    std::string& part = lines[i].part;
    if (line == "\n") {
      part = "empty line";
      ++empty;
    } else if (empty > 0) {
      part = empty == 1 ? "checkpoint text" : PartOfNote(note, signature++);
    } else if (i == 0) {
      part = "header";
    } else {
      part = line.starts_with("extra ") ? "leaf" : line.starts_with("index ") ? "index" : "hash";
    }
  }
  CHECK(signature == note.signatures.size());
  return lines;
}

// Signatures by keys that the policy does not know say nothing; of the others their order does not,
// nor how often one stands there.
std::set<std::string> KnownSignatures(const Note& note, const TlogPolicy& policy) {
  std::set<std::string> known;
  const auto add = [&](const std::string& name, const std::string& hint) {
    for (const NoteSignature& one : note.signatures) {
      if (one.name == name && one.key_hint == hint) known.insert(name + " " + one.signature);
    }
  };
  for (const TlogPolicy::KnownLog& log : policy.logs) {
    add(log.key.name, NoteKeyHint(log.key.name, log.key.key));
  }
  for (const TlogPolicy::KnownWitness& witness : policy.witnesses) {
    add(witness.key.name, CosignatureKeyHint(witness.key.name, witness.key.key));
  }
  return known;
}

Likeness Compare(const TlogProof& bent, const TlogProof& good, const TlogPolicy& policy) {
  const Note says = *ParseNote(bent.checkpoint);
  const Note said = *ParseNote(good.checkpoint);
  const bool same = bent.extra == good.extra && bent.index == good.index &&
                    bent.hashes == good.hashes && says.text == said.text &&
                    KnownSignatures(says, policy) == KnownSignatures(said, policy);
  return same ? Likeness::kSame : Likeness::kOther;
}

class LogFiles : public testing::Test {
 protected:
  const std::string proof_ = ReadVector("hello.tar.tlog-proof");
  const std::string policy_ = ReadVector("root-file.tlog-policy");
  const TlogPolicy known_ = *ParseTlogPolicy(policy_, "policy");
};

TEST_F(LogFiles, ProofIsHeldByEveryBitAndLine) {
  const std::vector<Row> table = {
      {"header *", {}, {}, kNever, true},
      {"leaf *", {15}, {}, kNever, true},
      {"index *", {15}, {}, kNever, true},
      {"hash *", {15}, {}, kNever, true},
      {"empty line *", {15}, {}, kNever, true},
      {"checkpoint text *", {15}, {}, kNever, true},
      {"log's signature doubled", {}, {}, kSame},
      {"log's signature reordered", {}, {}, kSame},
      {"log's signature *", {15}, {}, kNever, true},
      {"cosignature doubled", {}, {}, kSame},
      {"cosignature reordered", {}, {}, kSame},
      {"cosignature *", {16}, {}, kNever, true},
      // By a key that no log policy can have, and for readers of bundles: here they say nothing.
      {"log's second signature *", {}, {}, kSame, true},
      {"consistency proof *", {}, {}, kSame, true},
  };
  const auto good = CheckProof(proof_, known_);
  ASSERT_TRUE(good) << good.error().message;
  Ledger ledger("bits and lines of a log proof", table, true);
  BendLines(LinesOfProof(proof_), [&](const std::string& kind, const std::string& name,
                                      const std::string& text) {
    const auto bent = CheckProof(text, known_);
    ledger.Enter(kind, name, bent ? Result<Likeness>(Compare(*bent, *good, known_)) : bent.error());
  });
}

// By the policy of the vector's root the vector's proof holds.
TEST_F(LogFiles, PolicyIsHeldByEveryBitAndLine) {
  const std::vector<Row> table = {
      {"log removed", {15}, {}},        {"log reordered", {}, {}, kSame},
      {"comment added", {}, {}, kSame}, {"empty line added", {}, {}, kSame},
      {"*", {}, {}, kNever, true},
  };
  Ledger ledger("bits and lines of a log policy", table, true);
  BendPolicy(policy_,
             [&](const std::string& kind, const std::string& name, const std::string& text) {
               const auto bent = ParseTlogPolicy(text, "policy");
               if (!bent) return ledger.Enter(kind, name, bent.error());
               const auto proof = CheckProof(proof_, *bent);
               ledger.Enter(kind, name,
                            proof ? Result<Likeness>(Compare(*bent, known_, name)) : proof.error());
             });
}

// With a comment, addresses and groups.  What is read says the same, or is another policy and no
// laxer: another address, a greater threshold, a log that is gone (as where the comment before it
// has lost its end).
TEST_F(LogFiles, PolicyWithGroupsIsReadAsItStands) {
  const std::vector<Row> table = {
      {"comment bit", {}, {}, kOwnWords, true},
      {"comment *", {}, {}, kSame},
      {"empty line bit", {}, {}, kNever, true},
      {"empty line *", {}, {}, kSame},
      {"log removed", {}, {}, kOwnWords},
      {"log reordered", {}, {}, kSame},
      {"log bit", {}, {}, kOwnWords, true},
      {"witness reordered", {}, {}, kSame},
      {"witness bit", {}, {}, kOwnWords, true},
      {"group bit", {}, {}, kOwnWords, true},
      {"*", {}, {}, kNever, true},
  };
  const std::string text = ReadVector("groups.tlog-policy");
  const auto good = ParseTlogPolicy(text, "policy");
  ASSERT_TRUE(good) << good.error().message;
  Ledger ledger("bits and lines of a log policy with groups", table, true);
  BendPolicy(text, [&](const std::string& kind, const std::string& name, const std::string& bent) {
    const auto read = ParseTlogPolicy(bent, "policy");
    ledger.Enter(kind, name, read ? Result<Likeness>(Compare(*read, *good, name)) : read.error());
  });
}

// ---- a customer's policy -----------------------------------------------------------------------

VerdictInput UnderTheNewerPolicy() {
  VerdictInput input = VectorInput();
  input.policy = *ParsePolicy(ReadVector("policy-2.json"), "policy");
  return input;
}

TEST(NewerPolicy, IsReadFieldByField) {
  const std::vector<Row> table = {
      {"/sites [cs]*", {12}, {"sites"}},
      {"/operators [cs]*", {13}, {"operators"}},
      {"/countries [cs]*", {13}, {"countries"}},
      {"/auditors [cs]*", {14}, {"approvals"}},
      {"/witnesses [cs]*", {16}, {"witnesses"}},
      {"/countriesAny* swapped", {13}, {"countries"}},
      {"/certifiedCountries changed", {13}, {"certifiers"}},
      {"/replays changed", {}, {}, kNever, true},  // it names no replayer
      {"/statusMaxAgeSeconds changed", {19}, {"status"}},
      {"/refuseDevelopmentRoot changed", {13}, {"development-root"}},
      // Other demands of the customer's own, which this release meets.
      {"/auditors emptied", {}, {}, kOwnWords},
      {"/clockSkewSeconds [ce]*", {}, {}, kOwnWords},
      {"/diffApprovals changed", {}, {}, kOwnWords},
      {"/mismatchBlocks [ce]*", {}, {}, kOwnWords},
      {"/requireKernelLimits [ce]*", {}, {}, kOwnWords},
      {"* reordered", {}, {}, kSame},
      {"*", {}, {}, kNever, true},
  };
  Court court("fields of the vector's newer policy", table, UnderTheNewerPolicy(), true);
  Policy other = court.good().policy;
  other.sites = other.operators = other.countries = 4;
  other.auditors = other.witnesses = 5;
  other.countries_any = {"CH"};
  ForEachEdit(*ParseJson(ReadVector("policy-2.json"), "policy"),
              *ParseJson(WritePolicy(other), "policy"),
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                court.TryPolicy(kind, name, text);
              });
}

// It has no signature: another figure is another demand.
TEST(NewerPolicy, IsReadBitByBit) {
  const std::vector<Row> table = {
      {"bit",
       {12, 13, 14, 16, 19},
       {"approvals", "countries", "operators", "sites", "status", "witnesses"},
       kOwnWords,
       true},
  };
  Court court("bits of the vector's newer policy", table, UnderTheNewerPolicy(), true);
  FlipBits(ReadVector("policy-2.json"), [&](std::size_t at, const std::string& bent) {
    court.TryPolicy("bit", "bit of byte " + std::to_string(at), bent);
  });
}

// ---- roots of the newer format -----------------------------------------------------------------

// The vectors have one whose watchers it names, and one without; keys of their own, both.
struct NewerRoot {
  std::string name;
  std::string other;  // where kSwapped takes from
};

void PrintTo(const NewerRoot& root, std::ostream* out) { *out << root.name; }

class NewerRoots : public testing::TestWithParam<NewerRoot> {
 protected:
  const std::string good_ = ReadVector(GetParam().name);
  const std::string says_ = WriteTrustRootSigned(*ParseTrustRoot(good_, "root"));

  Result<Likeness> Read(const std::string& text) const {
    const auto root = ParseTrustRoot(text, "root");
    if (!root) return root.error();
    return WriteTrustRootSigned(*root) == says_ ? Likeness::kSame : Likeness::kOther;
  }
};

TEST_P(NewerRoots, AreHeldByEveryField) {
  const std::vector<Row> table = {
      {"*/[*] reordered", {11}, {}},
      {"* reordered", {}, {}, kSame},
      {"/signatures/[*] doubled", {}, {}, kSame},
      {"*", {11}, {}, kNever, true},
  };
  Ledger ledger("fields of " + GetParam().name, table, true);
  ForEachEdit(*ParseJson(good_, "root"), *ParseJson(ReadVector(GetParam().other), "root"),
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                ledger.Enter(kind, name, Read(text));
              });
}

// One bit of every byte.
TEST_P(NewerRoots, AreHeldByEveryByte) {
  Ledger ledger("bytes of " + GetParam().name, {{"*", {11}, {}, kSame, true}}, true);
  for (std::size_t at = 0; at < good_.size(); ++at) {
    std::string bent = good_;
    bent[at] = static_cast<char>(bent[at] ^ (1 << (at % 7)));
    ledger.Enter("byte", "byte " + std::to_string(at), Read(bent));
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, NewerRoots,
                         testing::Values(NewerRoot{"root-2.json", "root-watched.json"},
                                         NewerRoot{"root-watched.json", "root-2.json"}),
                         [](const auto& one) {
                           std::string name = one.param.name.substr(0, one.param.name.find('.'));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace farm::mutants
