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

struct Row {
  const char* name;
  std::string words;  // of what is found
  std::function<void(TrustRoot&)> bend;
};

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
  const Row kRows[] = {
      {"development", "a development root", [](TrustRoot& r) { r.development = Development{}; }},
      {"threshold_one", "one root key alone", [](TrustRoot& r) { r.threshold = 1; }},
      {"threshold_all", "every root key is needed", [](TrustRoot& r) { r.threshold = 3; }},
      {"shared_keys", "the keys of targets are those of timestamp",
       [](TrustRoot& r) {
         r.timestamp = r.snapshot = r.targets = {{Fresh(KeyKind::kEd25519)}, 1};
       }},
      {"lasts_long", "lasts more than",
       [](TrustRoot& r) { r.expires = r.created + 3 * 366 * kDaySeconds + 1; }},
      {"ends_soon", "expires in less than",
       [](TrustRoot& r) { r.expires = r.created + 59 * kDaySeconds; }},
      {"operator_ends", "ends before the root does: operator operator-1",
       [](TrustRoot& r) { r.operators[1].valid_for.end = r.expires - 1; }},
      {"ca_ends", "CA of operator-1",
       [](TrustRoot& r) { r.operators[1].authorities[0].valid_for.end = r.expires - 1; }},
      {"log_ends", "log log.farm.example",
       [](TrustRoot& r) { r.logs[0].valid_for.end = r.expires - 1; }},
      {"stamps_end", "time stamp authority stamps",
       [](TrustRoot& r) { r.timestamp_authorities[0].valid_for.end = r.expires - 1; }},
      {"no_signer", "0 signers in force",
       [](TrustRoot& r) {
         std::erase_if(r.operators[0].parties,
                       [](const CertifiedParty& party) { return party.role == "signer"; });
       }},
      {"two_signers", "2 signers in force",
       [](TrustRoot& r) {
         r.operators[1].parties.push_back({"https://x.example", "signer", ""});
       }},
      {"one_operator", "fewer than two operators", [](TrustRoot& r) { r.operators.resize(1); }},
      {"one_country", "one country",
       [](TrustRoot& r) {
         for (Operator& owner : r.operators) owner.parties[0].country = "XA";
       }},
      {"one_witness", "fewer than two parties witness",
       [](TrustRoot& r) { r.witnesses.pop_back(); }},
      {"witnesses_of_one", "fewer than two parties witness",
       [](TrustRoot& r) { r.witnesses[0].operator_id = r.witnesses[1].operator_id; }},
      {"site_is_witness", "is also a witness",
       [](TrustRoot& r) { r.witnesses[0].operator_id = "operator-0"; }},
      {"one_auditor", "fewer than two auditors",
       [](TrustRoot& r) { r.auditors[1].valid_for.end = r.created; }},
      {"no_monitor", "no monitor", [](TrustRoot& r) { r.monitors.clear(); }},
      {"log_closed", "no log is open",
       [](TrustRoot& r) {
         r.logs[0].end = LogEnd{1, Sha256(""), "next"};
       }},
      {"no_stamps", "no time stamp authority",
       [](TrustRoot& r) { r.timestamp_authorities.clear(); }},
  };
  for (const auto& [name, words, bend] : kRows) {
    EXPECT_THAT(Found(bend), Contains(HasSubstr(words))) << name;
  }
}

// Ten years later a release is judged by a root that must still know who had a part in it.
TEST_F(WeakRoot, WhatTheNextRootDropsIsNamed) {
  root_.certifiers = {{"c", "C", Fresh(KeyKind::kP256), ValidFor{0, {}}}};
  const auto without = [](const std::string& role) {
    return [role](TrustRoot& r) {
      std::erase_if(r.operators[0].parties,
                    [&](const CertifiedParty& party) { return party.role == role; });
    };
  };
  const Row kRows[] = {
      {"operator_gone", "CA of operator operator-2, ",
       [](TrustRoot& r) { r.operators.pop_back(); }},
      {"other_ca", "CA of operator operator-0; ",
       [](TrustRoot& r) {
         r.operators[0].authorities[0].chain = r.operators[1].authorities[0].chain;
       }},
      {"site_gone", "site " + EvidenceMaker::SiteId(0) + "; ", without("site")},
      {"signer_gone", "signer https://farm.example/signer; ", without("signer")},
      {"coordinator_gone", "coordinator https://farm.example/coordinator; ",
       without("coordinator")},
      {"auditor_gone", "auditor auditor-1; ", [](TrustRoot& r) { r.auditors.pop_back(); }},
      {"auditor_other_key", "auditor auditor-0; ",
       [](TrustRoot& r) { r.auditors[0].key = Fresh(KeyKind::kP256); }},
      {"requester_gone", "requester requester; ", [](TrustRoot& r) { r.requesters.clear(); }},
      {"monitor_gone", "monitor m; ", [](TrustRoot& r) { r.monitors.clear(); }},
      {"certifier_gone", "certifier c; ", [](TrustRoot& r) { r.certifiers.clear(); }},
      {"log_gone", "log log.farm.example; ", [](TrustRoot& r) { r.logs.clear(); }},
      {"log_other_origin", "log log.farm.example; ",
       [](TrustRoot& r) { r.logs[0].origin = "another.example"; }},
      {"log_other_key", "log log.farm.example; ",
       [](TrustRoot& r) { r.logs[0].key = Fresh(KeyKind::kEd25519); }},
      {"log_other_second_key", "log log.farm.example; ",
       [](TrustRoot& r) { r.logs[0].ecdsa_key = Fresh(KeyKind::kP256); }},
      {"witness_gone", "witness witness.example/w1; ",
       [](TrustRoot& r) { r.witnesses.pop_back(); }},
      {"witness_other_key", "witness witness.example/w0; ",
       [](TrustRoot& r) { r.witnesses[0].key = Fresh(KeyKind::kEd25519); }},
      {"stamps_gone", "time stamp authority stamps; ",
       [](TrustRoot& r) { r.timestamp_authorities.clear(); }},
  };
  for (const auto& [name, words, bend] : kRows) {
    TrustRoot next = root_;
    bend(next);
    const UnixSeconds now = root_.created + 3600;
    EXPECT_THAT(WeakPoints(next, &root_, now),
                Contains(testing::AllOf(HasSubstr("drops what root 1 lists"), HasSubstr(words))))
        << name;
    // It is first.
    EXPECT_THAT(WeakPoints(next, nullptr, now), Not(Contains(HasSubstr("drops")))) << name;
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
