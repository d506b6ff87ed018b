#include "farm/ceremony/weak_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

PublicKey Fresh(KeyKind kind) { return PrivateKey::Generate(kind).public_key(); }

class WeakRoot : public testing::Test {
 protected:
  WeakRoot() : root_(maker_.root()) {
    for (int i = 0; i < 2; ++i) root_.root_keys.push_back(Fresh(KeyKind::kEd25519));
    root_.threshold = 2;
    root_.monitors = {{"m", "M", Fresh(KeyKind::kP256), ValidFor{0, {}}}};
    root_.witnesses[0].operator_id = "university";
    root_.witnesses[1].operator_id = "newspaper";
  }
  std::vector<std::string> Found(const std::function<void(TrustRoot&)>& bend) const {
    TrustRoot root = root_;
    bend(root);
    return WeakPoints(root, root_.created + 3600);
  }
  EvidenceMaker maker_{{.development = false}};
  TrustRoot root_;
};

TEST_F(WeakRoot, AGoodRootHasNone) {
  EXPECT_THAT(Found([](TrustRoot&) {}), IsEmpty());
}

TEST_F(WeakRoot, EachIsNamed) {
  const std::pair<const char*, std::function<void(TrustRoot&)>> kRows[] = {
      {"a development root", [](TrustRoot& r) { r.development = Development{}; }},
      {"one root key alone", [](TrustRoot& r) { r.threshold = 1; }},
      {"every root key is needed", [](TrustRoot& r) { r.threshold = 3; }},
      {"the keys of targets are those of timestamp",
       [](TrustRoot& r) {
         r.timestamp = r.snapshot = r.targets = {{Fresh(KeyKind::kEd25519)}, 1};
       }},
      {"lasts more than", [](TrustRoot& r) { r.expires = r.created + 3 * 366 * kDaySeconds + 1; }},
      {"expires in less than", [](TrustRoot& r) { r.expires = r.created + 59 * kDaySeconds; }},
      {"ends before the root does: operator operator-1",
       [](TrustRoot& r) { r.operators[1].valid_for.end = r.expires - 1; }},
      {"CA of operator-1",
       [](TrustRoot& r) { r.operators[1].authorities[0].valid_for.end = r.expires - 1; }},
      {"log log.farm.example", [](TrustRoot& r) { r.logs[0].valid_for.end = r.expires - 1; }},
      {"time stamp authority stamps",
       [](TrustRoot& r) { r.timestamp_authorities[0].valid_for.end = r.expires - 1; }},
      {"0 signers in force",
       [](TrustRoot& r) {
         std::erase_if(r.operators[0].parties,
                       [](const CertifiedParty& party) { return party.role == "signer"; });
       }},
      {"2 signers in force",
       [](TrustRoot& r) {
         r.operators[1].parties.push_back({"https://x.example", "signer", ""});
       }},
      {"fewer than two operators", [](TrustRoot& r) { r.operators.resize(1); }},
      {"one country",
       [](TrustRoot& r) {
         for (Operator& owner : r.operators) owner.parties[0].country = "XA";
       }},
      {"fewer than two parties witness", [](TrustRoot& r) { r.witnesses.pop_back(); }},
      {"fewer than two parties witness",
       [](TrustRoot& r) { r.witnesses[0].operator_id = r.witnesses[1].operator_id; }},
      {"is also a witness", [](TrustRoot& r) { r.witnesses[0].operator_id = "operator-0"; }},
      {"fewer than two auditors", [](TrustRoot& r) { r.auditors[1].valid_for.end = r.created; }},
      {"no monitor", [](TrustRoot& r) { r.monitors.clear(); }},
      {"no log is open",
       [](TrustRoot& r) {
         r.logs[0].end = LogEnd{1, Sha256(""), "next"};
       }},
      {"no time stamp authority", [](TrustRoot& r) { r.timestamp_authorities.clear(); }},
  };
  for (const auto& [words, bend] : kRows) EXPECT_THAT(Found(bend), Contains(HasSubstr(words)));
}

TEST_F(WeakRoot, TheBoundsThemselvesAreNotWeak) {
  EXPECT_THAT(Found([](TrustRoot& r) {
                r.expires = r.created + 3 * 366 * kDaySeconds;
                r.operators[1].valid_for.end = r.expires;
              }),
              IsEmpty());
}

}  // namespace
}  // namespace farm
