#include "farm/ceremony/signatures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/bent_signer.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Root 1: two of Ann, Ben, Cid.  Root 2: two of Ann, Ben, Dan.
class Ceremony : public testing::Test {
 protected:
  Ceremony() : first_(maker_.root()) {
    for (const char* name : {"Ann", "Ben", "Cid", "Dan"}) {
      keys_.push_back(PrivateKey::Generate(name[0] == 'B' ? KeyKind::kP256 : KeyKind::kEd25519));
      signers_.push_back(NewMemorySigner(keys_.back()));
    }
    first_.root_keys = {Public(0), Public(1), Public(2)};
    first_.threshold = 2;
    first_.key_holders = {{Public(0).KeyId(), "Ann"}, {Public(2).KeyId(), "Cid"}};
    second_ = first_;
    second_.version = 2;
    second_.root_keys = {Public(0), Public(1), Public(3)};
    second_.key_holders = {{Public(0).KeyId(), "Ann"}, {Public(3).KeyId(), "Dan"}};
  }
  PublicKey Public(int number) const { return keys_[number].public_key(); }
  // A copy of the second root, signed by these.
  TrustRoot SignedBy(const std::vector<int>& numbers) const {
    TrustRoot root = second_;
    for (const int number : numbers) {
      EXPECT_TRUE(AddSignature(root, *signers_[number], &first_).has_value());
    }
    return root;
  }
  EvidenceMaker maker_;
  std::vector<PrivateKey> keys_;
  std::vector<std::unique_ptr<Signer>> signers_;
  TrustRoot first_;
  TrustRoot second_;
};

TEST_F(Ceremony, EndsWhenBothRootsHaveTheirThresholds) {
  const auto missing = [&](const std::vector<int>& numbers) {
    return MissingSignatures(QuorumsOf(SignedBy(numbers), &first_));
  };
  EXPECT_THAT(missing({}),
              ElementsAre(HasSubstr("this root: 2 of Ann"), HasSubstr("root 1: 2 of")));
  EXPECT_THAT(missing({0}), ElementsAre(HasSubstr("this root: 1 of"), HasSubstr("root 1: 1 of")));
  EXPECT_THAT(missing({0, 2}),
              ElementsAre(testing::AllOf(HasSubstr("this root: 1 of"), HasSubstr("Dan"))));
  EXPECT_THAT(missing({0, 3}),
              ElementsAre(testing::AllOf(HasSubstr("root 1: 1 of"), HasSubstr("Cid"))));
  EXPECT_THAT(missing({0, 1}), IsEmpty());
  EXPECT_THAT(missing({0, 2, 3}), IsEmpty());
  const auto read = ParseTrustRoot(WriteTrustRoot(SignedBy({0, 2, 3})), "root.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_TRUE(CheckNextRoot(*read, first_));
}

TEST_F(Ceremony, TheFirstRootAsksForItsOwnKeysAlone) {
  TrustRoot root = first_;
  EXPECT_EQ(QuorumsOf(root, nullptr).size(), 1u);
  EXPECT_TRUE(AddSignature(root, *signers_[0], nullptr));
  EXPECT_TRUE(AddSignature(root, *signers_[2], nullptr));
  EXPECT_THAT(MissingSignatures(QuorumsOf(root, nullptr)), IsEmpty());
}

TEST_F(Ceremony, OnlyNamedKeysSign) {
  TrustRoot root = second_;
  const auto stranger = NewMemorySigner(PrivateKey::Generate(KeyKind::kEd25519));
  const Status refused = AddSignature(root, *stranger, &first_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused);
  EXPECT_THAT(refused.error().message, HasSubstr("Dan"));
  EXPECT_TRUE(root.signatures.empty());
  // Cid is of the root before only.
  EXPECT_FALSE(AddSignature(root, *signers_[2], nullptr).has_value());
  EXPECT_TRUE(AddSignature(root, *signers_[2], &first_).has_value());
}

// Each row: which signatures of Ben's token are wrong, what says so, and how often it was asked.
TEST_F(Ceremony, WhoseSignatureDoesNotVerifyHearsOfIt) {
  const struct {
    std::string name;
    std::function<bool(std::string_view)> spoils;
    std::string says;
    std::size_t asked;
  } kRows[] = {
      {"all", [](std::string_view) { return true; }, "does not verify by its own public half", 1},
      {"that_of_a_canary", IsCanary, "does not verify by its own public half", 1},
      {"that_of_the_root", [](std::string_view message) { return !IsCanary(message); },
       "nothing is signed", 2},
  };
  for (const auto& row : kRows) {
    TrustRoot root = SignedBy({0});
    BentSigner broken(keys_[1], row.spoils);
    const Status refused = AddSignature(root, broken, &first_);
    ASSERT_FALSE(refused.has_value()) << row.name;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kBadSignature) << row.name;
    EXPECT_THAT(refused.error().message, HasSubstr(row.says)) << row.name;
    EXPECT_THAT(refused.error().message, HasSubstr(Public(1).KeyId().substr(0, 8))) << row.name;
    EXPECT_EQ(broken.asked().size(), row.asked) << row.name;
    EXPECT_EQ(WriteTrustRoot(root), WriteTrustRoot(SignedBy({0}))) << row.name;
  }
  // The same signer without a fault.
  TrustRoot root = SignedBy({0});
  BentSigner whole(keys_[1], [](std::string_view) { return false; });
  EXPECT_TRUE(AddSignature(root, whole, &first_));
  EXPECT_EQ(root.signatures.size(), 2u);
  ASSERT_EQ(whole.asked().size(), 2u);
  EXPECT_TRUE(IsCanary(whole.asked().front()));
  EXPECT_EQ(whole.asked().back(), WriteTrustRootSigned(second_));
}

TEST_F(Ceremony, CopiesMergeInAnyOrderIntoOneFile) {
  const std::vector<TrustRoot> copies = {SignedBy({0}), SignedBy({1}), SignedBy({2, 3}),
                                         SignedBy({1, 0})};
  std::vector<std::size_t> order = {0, 1, 2, 3};
  std::string merged;
  do {
    TrustRoot root = second_;
    for (const std::size_t copy : order) {
      ASSERT_TRUE(MergeSignatures(root, copies[copy], &first_));
    }
    EXPECT_EQ(root.signatures.size(), 4u);
    const std::string bytes = WriteTrustRoot(root);
    EXPECT_TRUE(merged.empty() || merged == bytes);
    merged = bytes;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_TRUE(ParseTrustRoot(merged, "root.json"));
}

TEST_F(Ceremony, SigningTwiceIsSigningOnce) {
  EXPECT_EQ(SignedBy({0, 0, 1, 1}).signatures.size(), 2u);
}

TEST_F(Ceremony, AnotherRootDoesNotMerge) {
  TrustRoot root = SignedBy({0});
  TrustRoot other = second_;
  other.operators[0].name = "somebody else";
  ASSERT_TRUE(AddSignature(other, *signers_[1], &first_));
  const Status refused = MergeSignatures(root, other, &first_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().Exit(), ExitCode::kInputMissing);
  EXPECT_THAT(refused.error().message, HasSubstr("somebody else"));
  EXPECT_EQ(root.signatures.size(), 1u);
}

// A bad signature by somebody's key does not take the place of his good one.
TEST_F(Ceremony, BadSignaturesAreDroppedAndGoodOnesStay) {
  TrustRoot root = SignedBy({0, 3});
  TrustRoot spoilt = root;
  for (TrustRoot::Signature& signature : spoilt.signatures) signature.bytes.back() ^= 1;
  spoilt.signatures.push_back({PrivateKey::Generate(KeyKind::kEd25519).public_key().KeyId(), "x"});
  EXPECT_TRUE(MergeSignatures(root, spoilt, &first_));
  EXPECT_EQ(root.signatures.size(), 2u);
  EXPECT_EQ(CountSignatures(root, second_.root_keys), 2);
  EXPECT_EQ(TidySignatures(spoilt, &first_), 3u);
  EXPECT_TRUE(spoilt.signatures.empty());
}

}  // namespace
}  // namespace farm
