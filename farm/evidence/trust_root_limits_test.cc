// Every limit of the trust root's reader: taken at it, refused one past it.
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

PublicKey NewKey(KeyKind kind) { return PrivateKey::Generate(kind).public_key(); }

class RootLimits : public testing::Test {
 protected:
  Result<TrustRoot> Read(const TrustRoot& root) const {
    return ParseTrustRoot(WriteTrustRoot(root, {maker_.Key("root")}), "root.json");
  }
  // `grow` adds to a root until the list has so many elements.
  using Grow = std::function<void(TrustRoot&, std::size_t)>;
  void ExpectLimit(const std::string& name, std::size_t limit, const Grow& grow,
                   ErrorCode past = ErrorCode::kLimitExceeded) const {
    TrustRoot root = maker_.root();
    grow(root, limit);
    const auto taken = Read(root);
    EXPECT_TRUE(taken.has_value()) << name << ": " << (taken ? "" : taken.error().message);
    grow(root, limit + 1);
    const auto refused = Read(root);
    ASSERT_FALSE(refused.has_value()) << name;
    EXPECT_EQ(refused.error().code, past) << refused.error().message;
    EXPECT_NE(refused.error().message.find(name), std::string::npos) << refused.error().message;
  }
  EvidenceMaker maker_;
};

TEST_F(RootLimits, OfPersonsAndParties) {
  const auto persons = [](std::vector<Person> TrustRoot::*list) {
    return [list](TrustRoot& root, std::size_t count) {
      while ((root.*list).size() < count) {
        (root.*list)
            .push_back({"person-" + std::to_string((root.*list).size()), "Person",
                        NewKey(KeyKind::kP256), ValidFor{0, {}}});
      }
    };
  };
  ExpectLimit("auditors", kRootListMax, persons(&TrustRoot::auditors));
  ExpectLimit("requesters", kRootListMax, persons(&TrustRoot::requesters));
  ExpectLimit("monitors", kRootListMax, persons(&TrustRoot::monitors));
  ExpectLimit("certifiers", kRootListMax, persons(&TrustRoot::certifiers));
  ExpectLimit("parties", kRootListMax, [](TrustRoot& root, std::size_t count) {
    std::vector<CertifiedParty>& parties = root.operators[0].parties;
    while (parties.size() < count) {
      parties.push_back(
          {"https://farm.example/more/" + std::to_string(parties.size()), "site", "XA"});
    }
  });
}

TEST_F(RootLimits, OfOperatorsAndTheirAuthorities) {
  ExpectLimit("operators", kRootListMax, [](TrustRoot& root, std::size_t count) {
    while (root.operators.size() < count) {
      Operator owner = root.operators[0];
      owner.id = "more-" + std::to_string(root.operators.size());
      owner.parties.clear();
      owner.authorities = {{{IssueAuthority(PrivateKey::Generate(KeyKind::kP256), "more", owner.id,
                                            1'800'000'000, 3600)},
                            owner.valid_for}};
      root.operators.push_back(std::move(owner));
    }
  });
  ExpectLimit("authorities", kAuthoritiesMax, [](TrustRoot& root, std::size_t count) {
    std::vector<DatedAuthority>& authorities = root.operators[0].authorities;
    while (authorities.size() < count) authorities.push_back(authorities[0]);
  });
  ExpectLimit("chain", kChainLengthMax, [](TrustRoot& root, std::size_t count) {
    std::vector<Certificate>& chain = root.operators[0].authorities[0].chain;
    while (chain.size() < count) chain.push_back(chain[0]);
  });
  ExpectLimit("chain", kChainLengthMax, [](TrustRoot& root, std::size_t count) {
    std::vector<Certificate>& chain = root.timestamp_authorities[0].chain;
    while (chain.size() < count) chain.push_back(chain[0]);
  });
}

TEST_F(RootLimits, OfLogsWitnessesAndStamps) {
  ExpectLimit("logs", kRootListMax, [](TrustRoot& root, std::size_t count) {
    while (root.logs.size() < count) {
      root.logs.push_back({"log" + std::to_string(root.logs.size()) + ".example",
                           NewKey(KeyKind::kEd25519), NewKey(KeyKind::kP256), ValidFor{0, {}}});
    }
  });
  ExpectLimit("witnesses", kRootListMax, [](TrustRoot& root, std::size_t count) {
    while (root.witnesses.size() < count) {
      root.witnesses.push_back({"witness-" + std::to_string(root.witnesses.size()), "somebody",
                                NewKey(KeyKind::kEd25519), ValidFor{0, {}}});
    }
  });
  ExpectLimit("timestampAuthorities", kRootListMax, [](TrustRoot& root, std::size_t count) {
    while (root.timestamp_authorities.size() < count) {
      TimestampAuthority authority = root.timestamp_authorities[0];
      authority.name += std::to_string(root.timestamp_authorities.size());
      root.timestamp_authorities.push_back(std::move(authority));
    }
  });
  ExpectLimit("transparencyKeys", kRootKeysMax, [](TrustRoot& root, std::size_t count) {
    while (root.transparency_keys.size() < count) {
      root.transparency_keys.push_back(NewKey(KeyKind::kP256));
    }
  });
  ExpectLimit("revocations", kRootListMax, [](TrustRoot& root, std::size_t count) {
    while (root.revocations.size() < count) {
      root.revocations.push_back(
          {"release", Sha256(std::to_string(root.revocations.size())).Text(), "", {}});
    }
  });
}

TEST_F(RootLimits, OfKeysOfARole) {
  ExpectLimit("keyids", kRootKeysMax, [](TrustRoot& root, std::size_t count) {
    while (root.root_keys.size() < count) root.root_keys.push_back(NewKey(KeyKind::kEd25519));
  });
  ExpectLimit("keyids", kRootKeysMax, [](TrustRoot& root, std::size_t count) {
    while (root.targets.keys.size() < count) root.targets.keys.push_back(NewKey(KeyKind::kEd25519));
    root.timestamp.keys = root.snapshot.keys = {root.targets.keys[0]};
  });
}

TEST_F(RootLimits, OfTexts) {
  ExpectLimit(
      "operator-0", 1024,
      [](TrustRoot& root, std::size_t count) { root.operators[0].name = std::string(count, 'n'); },
      ErrorCode::kInvalidInput);
  ExpectLimit(
      "origin", 1024,
      [](TrustRoot& root, std::size_t count) { root.logs[0].origin = std::string(count, 'o'); },
      ErrorCode::kInvalidInput);
}

TEST_F(RootLimits, OfNumbers) {
  ExpectLimit(
      "machines", kRootListMax,
      [](TrustRoot& root, std::size_t count) {
        root.development = Development{static_cast<std::int64_t>(count), 1};
      },
      ErrorCode::kInvalidInput);
  ExpectLimit(
      "version", static_cast<std::size_t>(kJsonIntegerMax),
      [](TrustRoot& root, std::size_t count) {
        // One more is no number that this JSON writes as one.
        root.version = static_cast<std::int64_t>(std::min(count, std::size_t{kJsonIntegerMax}));
        if (count > static_cast<std::size_t>(kJsonIntegerMax)) root.version = 0;
      },
      ErrorCode::kInvalidInput);
}

// A successor is signed by every key of two roots.
TEST_F(RootLimits, OfSignatures) {
  TrustRoot root = maker_.root();
  const std::string signature = maker_.Key("root").Sign(WriteTrustRootSigned(root));
  root.signatures.assign(kRootSignaturesMax, {root.root_keys[0].KeyId(), signature});
  EXPECT_TRUE(ParseTrustRoot(WriteTrustRoot(root), "root.json"));
  root.signatures.push_back(root.signatures[0]);
  const auto refused = ParseTrustRoot(WriteTrustRoot(root), "root.json");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded) << refused.error().message;
}

}  // namespace
}  // namespace farm
