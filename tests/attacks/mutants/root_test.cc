// The customer's own files: the trust root (changed by an outsider, and anew by its own signers),
// the policy, and what --state remembers.
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/verify/memory.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/json_edit.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

constexpr Accepted kNever = Accepted::kNever;
constexpr Accepted kSame = Accepted::kSame;
constexpr Accepted kOwnWords = Accepted::kOwnWords;

class Root : public testing::Test {
 protected:
  Root() : farm_(MakeFarm()) {}

  VerdictInput Input() const { return farm_.maker.Input(farm_.release); }

  Result<VerdictInput> WithRoot(const std::string& text) const {
    VerdictInput input = Input();
    ASSIGN_OR_RETURN(input.root, ParseTrustRoot(text, "root"));
    return input;
  }

  // The root's signed part `text`, signed with its own key whatever it says.
  std::string Signed(const std::string& text) const {
    const auto json = ParseJson(text, "signed");
    // What is no JSON of ours cannot be signed; it is refused as it stands.
    const std::string to_sign = json ? WriteCanonicalJson(*json) : text;
    const PrivateKey& key = farm_.maker.Key("root");
    return "{\"signatures\":[{\"keyid\":\"" + key.public_key().KeyId() + "\",\"sig\":\"" +
           HexEncode(key.Sign(to_sign)) + "\"}],\"signed\":" + text + "}";
  }

  Farm farm_;
};

TEST_F(Root, ChangedByOutsidersIsNoRoot) {
  const std::vector<Row> table = {
      {"*/[*] reordered", {11}, {}},
      {"* reordered", {}, {}, kSame},
      {"/signatures/[*] doubled", {}, {}, kSame},
      {"*", {11}, {}, kNever, true},
  };
  Court court("fields of the root, unsigned", table, Input(), true);
  const Json root = *ParseJson(farm_.maker.RootBytes(), "root");
  const Json other = *ParseJson(EvidenceMaker(farm_.maker.options()).RootBytes(), "root");
  ForEachEdit(root, other,
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                court.Try(kind, name, WithRoot(text));
              });
}

TEST_F(Root, SignedAnewDecidesByItsWords) {
  const std::vector<Row> table = {
      {"/farm/auditors/[*] removed", {11}, {"identities"}},
      {"/farm/auditors emptied", {11}, {"identities"}},
      {"/farm/auditors/[*]/id changed", {11}, {"identities"}},
      {"/farm/auditors/[*]/key swapped", {11}, {"identities"}},
      {"/farm/requesters/[*] removed", {11}, {"identities"}},
      {"/farm/requesters emptied", {11}, {"identities"}},
      {"/farm/requesters/[*]/id changed", {11}, {"identities"}},
      {"/farm/requesters/[*]/key swapped", {11}, {"identities"}},
      {"/farm/logs/[*] removed", {15}, {"log"}},
      {"/farm/logs emptied", {15}, {"log"}},
      {"/farm/logs/[*]/origin changed", {15}, {"log"}},
      {"/farm/logs/[*]/key swapped", {15}, {"log"}},
      {"/farm/logs/[*]/ecdsaKey swapped", {15}, {"log"}},
      {"/farm/operators/[*] removed", {11}, {"identities"}, kNever, true},
      {"/farm/operators emptied", {11}, {"identities"}, kNever, true},
      {"/farm/operators/[*]/authorities/[*] removed", {11}, {"identities"}, kNever, true},
      {"/farm/operators/[*]/authorities emptied", {11}, {"identities"}, kNever, true},
      {"/farm/operators/[*]/authorities/[*] doubled", {}, {}, kOwnWords},
      {"/farm/operators/[*]/authorities/[*]/chain/[*] doubled", {11}, {"identities"}},
      {"/farm/operators/[*]/parties/[*] removed", {11}, {"identities"}},
      {"/farm/operators/[*]/parties emptied", {11}, {"identities"}},
      {"/farm/operators/[*]/parties/[*]/id changed", {11}, {"identities"}},
      {"/farm/operators/[*]/parties/[*]/role changed", {11}, {"identities"}, kNever, true},
      {"/farm/operators/[*]/parties/[*]/country changed", {}, {}, kOwnWords, true},
      {"/farm/operators/* swapped", {11}, {"identities"}},
      {"/farm/operators swapped", {11}, {"identities"}},
      {"/farm/timestampAuthorities/[*] removed", {11}, {"time-stamps"}},
      {"/farm/timestampAuthorities emptied", {11}, {"time-stamps"}},
      // A chain may begin with the leaf's issuer, but must end in it.
      {"/farm/timestampAuthorities/[*]/chain/[*] removed", {11}, {"time-stamps"}, kOwnWords},
      {"/farm/timestampAuthorities/[*]/chain/[*] doubled", {11}, {"time-stamps"}},
      {"/farm/timestampAuthorities/[*]/chain/[*] reordered", {11}, {"time-stamps"}},
      {"/farm/timestampAuthorities/* swapped", {11}, {"time-stamps"}},
      {"/farm/timestampAuthorities swapped", {11}, {"time-stamps"}},
      {"/farm/witnesses/[*] removed", {16}, {"witnesses"}},
      {"/farm/witnesses emptied", {16}, {"witnesses"}},
      {"/farm/witnesses/[*]/name changed", {16}, {"witnesses"}},
      {"/farm/witnesses/[*]/key swapped", {16}, {"witnesses"}},
      {"/farm/transparencyKeys* removed", {}, {}, kOwnWords, true},
      {"/farm/transparencyKeys emptied", {}, {}, kOwnWords},
      {"/farm/transparencyKeys* swapped", {}, {}, kOwnWords},
      {"*/auditors swapped", {11}, {"identities"}},
      {"*/auditors/[*] swapped", {11}, {"identities"}},
      {"*/requesters swapped", {11}, {"identities"}},
      {"*/requesters/[*] swapped", {11}, {"identities"}},
      {"*/logs swapped", {15}, {"log"}},
      {"*/logs/[*] swapped", {15}, {"log"}},
      {"*/witnesses swapped", {16}, {"witnesses"}},
      {"*/witnesses/[*] swapped", {16}, {"witnesses"}},
      {"/farm swapped", {11}, {"identities"}},
      // Times, names and numbers a second, a letter or one further; no time of the release is near.
      {"*/created changed", {}, {}, kOwnWords},
      {"*/expires changed", {}, {}, kOwnWords},
      {"/version changed", {}, {}, kOwnWords},
      {"*/name changed", {}, {}, kOwnWords},
      {"*/name emptied", {}, {}, kOwnWords, true},
      {"*/operator changed", {}, {}, kOwnWords, true},
      {"/farm/operators/[*]/id changed", {}, {}, kOwnWords, true},
      {"*/validFor/* changed", {}, {}, kOwnWords},
      {"*/validFor/end removed", {}, {}, kOwnWords},
      // An order of a list that says nothing.
      {"*/[*] reordered", {}, {}, kOwnWords, true},
      {"* reordered", {}, {}, kSame},
      {"*/threshold changed", {11}, {}, kNever, true},
      {"*", {11}, {}, kNever, true},
  };
  Court court("fields of the root, signed anew", table, Input(), true);
  const Json root = ParseJson(farm_.maker.RootBytes(), "root")->at("signed");
  const Json other =
      ParseJson(EvidenceMaker(farm_.maker.options()).RootBytes(), "root")->at("signed");
  ForEachEdit(root, other,
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                court.Try(kind, name, WithRoot(Signed(text)));
              });
}

// Every byte of the vector's root file, which is text.
TEST_F(Root, OfTheVectorIsHeldByEveryByte) {
  Court court("bytes of the vector's root", {{"*", {11}, {}, kSame, true}}, VectorInput(), true);
  const std::string good = ReadVector("root-file.json");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bent = good;
    bent[at] = static_cast<char>(bent[at] ^ (1 << (at % 7)));
    VerdictInput input = court.good();
    auto root = ParseTrustRoot(bent, "root");
    if (root) input.root = *std::move(root);
    court.Try("byte", "byte " + std::to_string(at),
              root ? Result<VerdictInput>(input) : root.error());
  }
}

TEST_F(Root, PolicyIsReadAsItStands) {
  const std::vector<Row> table = {
      {"/sites [cs]*", {12}, {"sites"}},
      {"/operators [cs]*", {13}, {"operators"}},
      {"/countries [cs]*", {13}, {"countries"}},
      {"/auditors [cs]*", {14}, {"approvals"}},
      {"/witnesses [cs]*", {16}, {"witnesses"}},
      {"/countriesAny/[*] changed", {13}, {"countries"}},
      {"/countriesAny* swapped", {13}, {"countries"}},
      {"/certifiedCountries changed", {13}, {"certifiers"}},
      {"/replays changed", {}, {}, kNever, true},  // it names no replayer
      {"/statusMaxAgeSeconds changed", {19}, {"status"}},
      // Other demands of the customer's own, which this release meets.
      {"/countriesAny/[*] removed", {}, {}, kOwnWords},
      {"/countriesAny/[*] doubled", {}, {}, kOwnWords},
      {"/countriesAny emptied", {}, {}, kOwnWords},
      {"/auditors emptied", {}, {}, kOwnWords},
      {"/clockSkewSeconds emptied", {}, {}, kOwnWords},
      {"/clockSkewSeconds changed", {}, {}, kOwnWords},
      {"/diffApprovals changed", {}, {}, kOwnWords},
      {"/mismatchBlocks [ce]*", {}, {}, kOwnWords},
      {"/re* changed", {}, {}, kOwnWords},
      {"/re* emptied", {}, {}, kOwnWords},
      {"* reordered", {}, {}, kSame},
      {"*", {}, {}, kNever, true},
  };
  VerdictInput good = Input();
  good.policy.countries_any = {"XA"};
  Court court("fields of the policy", table, good, true);
  const Json policy = *ParseJson(WritePolicy(good.policy), "policy");
  Policy other_policy;
  other_policy.sites = other_policy.operators = other_policy.countries = 4;
  other_policy.auditors = other_policy.witnesses = 5;
  other_policy.countries_any = {"CH"};
  const Json other = *ParseJson(WritePolicy(other_policy), "policy");
  ForEachEdit(policy, other,
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                court.TryPolicy(kind, name, text);
              });
}

// What the verifier remembers, with what main.cc makes of it.
TEST_F(Root, MemoryIsReadAsItStands) {
  const std::vector<Row> table = {
      {"*/rootVersion changed", {24}, {"root-version"}},
      {"*/sequence changed", {24}, {"sequence"}},
      {"*/release changed", {24}, {"sequence"}},
      {"*/release swapped", {24}, {"sequence"}},
      // Of another product, of none, or by a version that kept less.
      {"*/product changed", {}, {}, kOwnWords},
      {"*/product emptied", {}, {}, kOwnWords},
      {"*/release removed", {}, {}, kOwnWords},
      {"/sequences/[*] removed", {}, {}, kOwnWords},
      {"/sequences emptied", {}, {}, kOwnWords},
      {"/rootVersion emptied", {}, {}, kOwnWords},
      {"/sequences* swapped", {24}, {"sequence"}},
      {"* reordered", {}, {}, kSame},
      {"*", {}, {}, kNever, true},
  };
  Court court("fields of the memory", table, Input(), true);
  const auto memory_of = [](const MadeRelease& made, std::int64_t sequence) {
    Memory memory{1, {{"hello", {sequence, made.lines[kReleaseLine].PaeDigest()}}}};
    return *ParseJson(WriteMemory(memory), "memory");
  };
  const Json memory = memory_of(farm_.release, 1);
  const Json other = memory_of(farm_.other, 1);
  ForEachEdit(memory, other,
              [&](const std::string& kind, const std::string& name, const std::string& text) {
                VerdictInput input = court.good();
                const auto read = ParseMemory(text, "memory");
                if (read) {
                  if (read->root_version > 0) input.newest_root_version = read->root_version;
                  if (const auto known = read->releases.find("hello");
                      known != read->releases.end()) {
                    input.newest_sequence = known->second.sequence;
                    input.newest_release = known->second.release;
                  }
                }
                court.Try(kind, name, read ? Result<VerdictInput>(input) : read.error());
              });
}

TEST_F(Root, StatementVectorsAreWrittenInOneWay) {
  std::size_t mutants = 0;
  std::size_t read = 0;
  for (const std::string name : {"release", "request", "intent", "record", "record-failed",
                                 "approval", "dissent", "kit", "replay"}) {
    std::string good = ReadVector(name + ".json");
    good.pop_back();
    for (std::size_t at = 0; at < good.size(); ++at, ++mutants) {
      std::string bent = good;
      bent[at] = static_cast<char>(bent[at] ^ (1 << (at % 7)));
      const auto statement = ParseStatement(bent, name);
      if (!statement) continue;
      ++read;
      // Another statement, with another digest: the signature is not of it.
      EXPECT_EQ(WriteStatement(*statement), bent) << name << " " << at;
    }
  }
  std::printf("bytes of statement vectors: %zu mutants, %zu another statement\n", mutants, read);
}

}  // namespace
}  // namespace farm::mutants
