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
using testing::Not;

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
    return WeakPoints(root, nullptr, root_.created + 3600);
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

// Ten years later a release is judged by a root that must still know who had a part in it.
TEST_F(WeakRoot, WhatTheNextRootDropsIsNamed) {
  root_.certifiers = {{"c", "C", Fresh(KeyKind::kP256), ValidFor{0, {}}}};
  const std::pair<const char*, std::function<void(TrustRoot&)>> kRows[] = {
      {"CA of operator operator-2, ", [](TrustRoot& r) { r.operators.pop_back(); }},
      {"CA of operator operator-0; ",
       [](TrustRoot& r) {
         r.operators[0].authorities[0].chain = r.operators[1].authorities[0].chain;
       }},
      {"signer https://",
       [](TrustRoot& r) {
         std::erase_if(r.operators[0].parties,
                       [](const CertifiedParty& party) { return party.role == "signer"; });
       }},
      {"auditor auditor-1; ", [](TrustRoot& r) { r.auditors.pop_back(); }},
      {"auditor auditor-0; ", [](TrustRoot& r) { r.auditors[0].key = Fresh(KeyKind::kP256); }},
      {"requester requester; ", [](TrustRoot& r) { r.requesters.clear(); }},
      {"monitor m; ", [](TrustRoot& r) { r.monitors.clear(); }},
      {"certifier c; ", [](TrustRoot& r) { r.certifiers.clear(); }},
      {"log log.farm.example; ", [](TrustRoot& r) { r.logs.clear(); }},
      {"log log.farm.example; ", [](TrustRoot& r) { r.logs[0].origin = "another.example"; }},
      {"log log.farm.example; ", [](TrustRoot& r) { r.logs[0].key = Fresh(KeyKind::kEd25519); }},
      {"log log.farm.example; ", [](TrustRoot& r) { r.logs[0].ecdsa_key = Fresh(KeyKind::kP256); }},
      {"witness witness.example/w1; ", [](TrustRoot& r) { r.witnesses.pop_back(); }},
      {"witness witness.example/w0; ",
       [](TrustRoot& r) { r.witnesses[0].key = Fresh(KeyKind::kEd25519); }},
      {"time stamp authority stamps; ", [](TrustRoot& r) { r.timestamp_authorities.clear(); }},
  };
  for (const auto& [words, bend] : kRows) {
    TrustRoot next = root_;
    bend(next);
    const UnixSeconds now = root_.created + 3600;
    EXPECT_THAT(WeakPoints(next, &root_, now),
                Contains(testing::AllOf(HasSubstr("drops what root 1 lists"), HasSubstr(words))));
    EXPECT_THAT(WeakPoints(next, nullptr, now), Not(Contains(HasSubstr("drops"))));  // it is first
  }
}

TEST_F(WeakRoot, WhatHasEndedOrIsRevokedIsNotDropped) {
  TrustRoot next = root_;
  ++next.version;
  next.root_keys.pop_back();  // no evidence is theirs
  next.root_keys.push_back(Fresh(KeyKind::kEd25519));
  const UnixSeconds end = root_.created + 60;
  for (Operator& owner : next.operators) {
    owner.valid_for.end = owner.authorities[0].valid_for.end = end;
  }
  for (Person& person : next.auditors) person.valid_for.end = end;
  next.logs.push_back(next.logs[0]);
  next.logs.back().origin = "next.example";
  next.logs[0].end = LogEnd{1, Sha256(""), "next.example"};
  next.logs[0].valid_for.end = end;
  for (Witness& witness : next.witnesses) witness.valid_for.end = end;
  next.timestamp_authorities[0].valid_for.end = end;
  next.revocations = {{"key", next.auditors[0].key.KeyId(), "lost", {}}};
  EXPECT_THAT(WeakPoints(next, &root_, root_.created + 3600), Not(Contains(HasSubstr("drops"))));
}

TEST_F(WeakRoot, OfManyThatAreDroppedSomeAreShown) {
  TrustRoot before = root_;
  for (int i = 0; i < 20; ++i) {
    before.witnesses.push_back(before.witnesses[0]);
    before.witnesses.back().name = "old-" + std::to_string(i);
  }
  EXPECT_THAT(WeakPoints(root_, &before, root_.created + 3600),
              Contains(HasSubstr("witness old-7 and 12 more; ")));
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
