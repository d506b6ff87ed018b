#include "farm/evidence/trust_root.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

// Monitors and certifiers, new persons with keys of their own.
void AddWatchers(TrustRoot& root) {
  const auto key = [] { return PrivateKey::Generate(KeyKind::kP256).public_key(); };
  const ValidFor valid_for = root.auditors[0].valid_for;
  root.monitors = {{"monitor", "Monitor", key(), valid_for}};
  root.certifiers = {{"certifier", "Certifier", key(), valid_for}};
}

class Root : public testing::Test {
 protected:
  // What reading says of `root_` signed anew.
  Result<TrustRoot> Signed(const std::function<void(TrustRoot&)>& bend) const {
    TrustRoot root = maker_.root();
    bend(root);
    return ParseTrustRoot(WriteTrustRoot(root, {maker_.Key("root")}), "root.json");
  }
  // What reading says of the file's `signed` bent and signed anew.
  Result<TrustRoot> SignedJson(const std::function<void(Json&)>& bend, int format = 2) const {
    TrustRoot root = maker_.root();
    root.format = format;
    Json json = *ParseJson(WriteTrustRoot(root, {maker_.Key("root")}), "root.json");
    bend(json["signed"]);
    const std::string signature = maker_.Key("root").Sign(WriteCanonicalJson(json["signed"]));
    json["signatures"][0]["sig"] = format == 1 ? Base64Encode(signature) : HexEncode(signature);
    return ParseTrustRoot(json.dump(), "root.json");
  }
  EvidenceMaker maker_;
};

TEST_F(Root, ComesBackAsWritten) {
  TrustRoot root = maker_.root();
  root.revocations = {{"key", maker_.Key("site-0").public_key().KeyId(), "lost", 1'800'000'000},
                      {"release", Sha256("x").Text(), "withdrawn", std::nullopt}};
  root.operators[0].valid_for.end = std::nullopt;
  const std::string bytes = WriteTrustRoot(root, {maker_.Key("root")});
  const auto read = ParseTrustRoot(bytes, "root.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteTrustRootSigned(*read), WriteTrustRootSigned(root));
  EXPECT_EQ(read->digest, Sha256(bytes));
  ASSERT_TRUE(read->FindParty(EvidenceMaker::SiteId(1)).has_value());
  EXPECT_EQ(read->FindParty(EvidenceMaker::SiteId(1))->owner->id, "operator-1");
  EXPECT_FALSE(read->FindParty("nobody").has_value());
  EXPECT_EQ(read->FindAuditor(maker_.Key("auditor-1").public_key())->id, "auditor-1");
  EXPECT_EQ(read->FindAuditor(maker_.Key("requester").public_key()), nullptr);
  EXPECT_EQ(read->FindRequester(maker_.Key("requester").public_key())->id, "requester");
  for (const std::string id : {"auditor-1", "requester"}) {
    EXPECT_EQ(read->FindWhoMayWithdraw(maker_.Key(id).public_key())->id, id);
  }
  EXPECT_EQ(read->FindWhoMayWithdraw(maker_.Key("site-0").public_key()), nullptr);
}

TEST_F(Root, TheFirstFormatIsStillRead) {
  TrustRoot root = maker_.root();
  root.format = 1;
  const auto read = ParseTrustRoot(WriteTrustRoot(root, {maker_.Key("root")}), "root.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->format, 1);
  EXPECT_EQ(WriteTrustRootSigned(*read), WriteTrustRootSigned(root));
  EXPECT_EQ(read->operators[0].authorities[0].valid_for.start, root.operators[0].valid_for.start);
}

TEST_F(Root, TheFirstFormatCannotSayWhatIsNew) {
  const auto refused = [&](const std::function<void(Json&)>& bend) {
    const auto read = SignedJson(bend, 1);
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(refused([](Json&) {}), "");
  EXPECT_NE(refused([](Json& s) {
              s["logs"][0]["end"] = {
                  {"rootHash", Sha256("").Text()}, {"size", 1}, {"successor", "log.farm.example"}};
            }).find("end"),
            std::string::npos);
  EXPECT_NE(refused([](Json& s) {
              s["operators"][0]["authorities"] = {{{"chain", s["operators"][0]["authority"]},
                                                   {"validFor", s["operators"][0]["validFor"]}}};
              s["operators"][0].erase("authority");
            }).find("authority"),
            std::string::npos);
}

// Spec: TUF 1.0.31 section 4.3.
TEST_F(Root, IsATufRoot) {
  const Json json = *ParseJson(maker_.RootBytes(), "root.json");
  const Json& root = json["signed"];
  EXPECT_EQ(root["_type"], "root");
  EXPECT_EQ(root["version"], 1);
  EXPECT_EQ(root["expires"], "2028-01-16T08:00:00Z");
  const PublicKey key = maker_.Key("root").public_key();
  EXPECT_EQ(root["roles"]["root"]["keyids"], Json::array({key.KeyId()}));
  EXPECT_EQ(root["roles"]["root"]["threshold"], 1);
  EXPECT_EQ(root["keys"][key.KeyId()]["keyval"]["public"], HexEncode(key.raw_p256()));
  for (const char* role : {"snapshot", "targets", "timestamp"}) {
    EXPECT_TRUE(root["roles"][role]["keyids"].empty());
  }
  const std::string signature = json["signatures"][0]["sig"];
  EXPECT_TRUE(key.Verify(WriteCanonicalJson(root), *HexDecode(signature)));
}

TEST_F(Root, TufsFieldsHaveOneForm) {
  const std::pair<std::string, std::function<void(Json&)>> kRows[] = {
      {"_type", [](Json& s) { s["_type"] = "targets"; }},
      {"spec_version", [](Json& s) { s["spec_version"] = "1.0.30"; }},
      {"consistent_snapshot", [](Json& s) { s["consistent_snapshot"] = true; }},
      {"keys", [](Json& s) { s["keys"]["another"] = s["keys"].front(); }},
      {"keyids", [](Json& s) { s["roles"]["root"]["keyids"].push_back("another"); }},
      {"keytype", [](Json& s) { s["keys"].front()["keytype"] = "rsa"; }},
      {"scheme", [](Json& s) { s["keys"].front()["scheme"] = "ed25519"; }},
      {"public", [](Json& s) { s["keys"].front()["keyval"]["public"] = "04ab"; }},
      {"private", [](Json& s) { s["keys"].front()["keyval"]["private"] = ""; }},
      {"roles",
       [](Json& s) { s["roles"]["targets"]["keyids"].push_back(s["keys"].begin().key()); }},
      {"roles", [](Json& s) { s["roles"]["snapshot"]["threshold"] = 2; }},
      {"mirrors", [](Json& s) { s["roles"]["mirrors"] = s["roles"]["targets"]; }},
      {"version", [](Json& s) { s["farm"]["version"] = 1; }},
      {"format", [](Json& s) { s["farm"]["format"] = "farm-root/1"; }},
      {"extra", [](Json& s) { s["extra"] = 1; }},
  };
  EXPECT_TRUE(SignedJson([](Json&) {}));
  for (const auto& [field, bend] : kRows) {
    const auto read = SignedJson(bend);
    ASSERT_FALSE(read.has_value()) << field;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << field;
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
}

// TUF's canonical JSON and ours write such text in two ways.
TEST_F(Root, NoTextHasControlCharacters) {
  const std::pair<std::string, std::function<void(TrustRoot&)>> kRows[] = {
      {"operator-0", [](TrustRoot& r) { r.operators[0].name = "a\nb"; }},
      {"auditor-0", [](TrustRoot& r) { r.auditors[0].name = "a\x7f"; }},
      {"requester", [](TrustRoot& r) { r.requesters[0].name = std::string(1, '\0'); }},
      {"monitor",
       [](TrustRoot& r) {
         AddWatchers(r);
         r.monitors[0].name = "a\nb";
       }},
      {"certifier",
       [](TrustRoot& r) {
         AddWatchers(r);
         r.certifiers[0].name = "a\nb";
       }},
      {"revocation",
       [](TrustRoot& r) {
         r.revocations = {{"release", Sha256("").Text(), "a\tb", {}}};
       }},
  };
  for (const auto& [name, bend] : kRows) {
    const auto read = Signed(bend);
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_NE(read.error().message.find(name), std::string::npos) << read.error().message;
  }
}

TEST_F(Root, APersonRenewsHisKey) {
  const PublicKey renewed = PrivateKey::Generate(KeyKind::kP256).public_key();
  const auto renew = [&](UnixSeconds from) {
    return [&renewed, from](TrustRoot& r) {
      Person person = r.auditors[0];
      r.auditors[0].valid_for.end = 1'800'000'000;
      person.key = renewed;
      person.valid_for.start = from;
      r.auditors.push_back(person);
    };
  };
  const auto read = Signed(renew(1'800'000'001));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->FindAuditor(renewed)->id, "auditor-0");
  EXPECT_EQ(read->FindAuditor(maker_.Key("auditor-0").public_key())->valid_for.end, 1'800'000'000);
  EXPECT_FALSE(Signed(renew(1'800'000'000)));  // two keys for one second
}

TEST_F(Root, MonitorsAndCertifiersComeBackAsWritten) {
  const auto read = Signed(AddWatchers);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(read->monitors.size(), 1u);
  ASSERT_EQ(read->certifiers.size(), 1u);
  EXPECT_EQ(read->FindMonitor(read->monitors[0].key)->id, "monitor");
  EXPECT_EQ(read->FindMonitor(read->certifiers[0].key), nullptr);
  EXPECT_EQ(read->FindCertifier(read->certifiers[0].key)->id, "certifier");
  EXPECT_EQ(read->FindCertifier(read->auditors[0].key), nullptr);
  const Json keyring = *ParseForeignJson(WriteSigstoreKeyring(*read), "keyring");
  EXPECT_TRUE(keyring.contains(read->monitors[0].key.KeyId()));
  EXPECT_TRUE(keyring.contains(read->certifiers[0].key.KeyId()));
}

TEST_F(Root, WithoutMonitorsAndCertifiersItIsWhatItWas) {
  const std::string bytes = maker_.RootBytes();
  EXPECT_EQ(bytes.find("monitors"), std::string::npos);
  EXPECT_EQ(bytes.find("certifiers"), std::string::npos);
  for (const char* name : {"monitors", "certifiers"}) {
    const auto empty = SignedJson([&](Json& s) { s["farm"][name] = Json::array(); });
    ASSERT_FALSE(empty.has_value()) << name;
    EXPECT_NE(empty.error().message.find(name), std::string::npos) << empty.error().message;
    const auto first = SignedJson([&](Json& s) { s[name] = s["auditors"]; }, 1);
    ASSERT_FALSE(first.has_value()) << name;
    EXPECT_NE(first.error().message.find(name), std::string::npos) << first.error().message;
  }
}

TEST_F(Root, AMonitorOrCertifierIsNoOperator) {
  for (const bool monitor : {true, false}) {
    const auto read = Signed([&](TrustRoot& r) {
      AddWatchers(r);
      (monitor ? r.monitors : r.certifiers)[0].id = r.operators[0].id;
    });
    ASSERT_FALSE(read.has_value());
    EXPECT_NE(read.error().message.find("is an operator"), std::string::npos)
        << read.error().message;
  }
}

TEST_F(Root, AnOperatorRenewsHisAuthority) {
  const MadeRelease made = maker_.Make();
  const Certificate& leaf = *made.lines[kFirstRecordLine].certificate;
  const UnixSeconds at = leaf.not_before();
  const TrustRoot root = maker_.root();
  Operator owner = root.operators[0];
  owner.authorities.insert(owner.authorities.begin(), root.operators[1].authorities[0]);
  LeafIssuer issuer = FindLeafIssuer(owner, leaf, at);
  EXPECT_TRUE(issuer.status);
  EXPECT_EQ(issuer.authority, &owner.authorities[1]);
  // Its CA's time ended before the leaf was used: it is known, and does not count.
  owner.authorities[1].valid_for.end = at - 1;
  issuer = FindLeafIssuer(owner, leaf, at);
  EXPECT_EQ(issuer.authority, &owner.authorities[1]);
  EXPECT_EQ(issuer.status.error().Exit(), ExitCode::kNotValidThen);
  owner.authorities.pop_back();
  issuer = FindLeafIssuer(owner, leaf, at);
  EXPECT_EQ(issuer.authority, nullptr);
  EXPECT_EQ(issuer.status.error().Exit(), ExitCode::kBadSignature);
}

TEST_F(Root, AClosedLogHasASuccessor) {
  const auto close = [](const std::string& successor) {
    return [successor](TrustRoot& r) {
      Log next = r.logs[0];
      next.origin = "log2.farm.example";
      next.key = PrivateKey::Generate(KeyKind::kEd25519).public_key();
      next.ecdsa_key = PrivateKey::Generate(KeyKind::kP256).public_key();
      r.logs[0].end = LogEnd{12, Sha256("tree"), successor};
      r.logs[0].valid_for.end = 1'800'000'000;
      r.logs.push_back(next);
    };
  };
  const auto read = Signed(close("log2.farm.example"));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_TRUE(read->logs[0].end.has_value());
  EXPECT_EQ(read->logs[0].end->size, 12u);
  EXPECT_EQ(read->logs[0].end->root_hash, Sha256("tree"));
  EXPECT_FALSE(Signed(close("log.farm.example")));  // itself
  EXPECT_FALSE(Signed(close("log3.farm.example")));
  EXPECT_FALSE(Signed([&](TrustRoot& r) {
    close("log2.farm.example")(r);
    r.logs[0].valid_for.end = std::nullopt;
  }));
}

TEST_F(Root, HasALimitThatEveryReaderTakes) {
  std::string bytes = maker_.RootBytes();
  bytes.resize(kTrustRootBytesMax, ' ');
  EXPECT_TRUE(ParseTrustRoot(bytes, "root.json"));
  const auto read = ParseTrustRoot(bytes + " ", "root.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kLimitExceeded) << read.error().message;
}

TEST_F(Root, NeedsTheThresholdOfItsOwnKeys) {
  TrustRoot root = maker_.root();
  const PrivateKey second = PrivateKey::Generate(KeyKind::kEd25519);
  root.root_keys.push_back(second.public_key());
  root.threshold = 2;
  const auto exit_of = [&](const std::vector<PrivateKey>& keys) {
    const auto read = ParseTrustRoot(WriteTrustRoot(root, keys), "root.json");
    return read ? ExitCode::kProved : read.error().Exit();
  };
  const PrivateKey& first = maker_.Key("root");
  EXPECT_EQ(exit_of({first, second}), ExitCode::kProved);
  EXPECT_EQ(exit_of({first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({first, first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({first, PrivateKey::Generate(KeyKind::kP256)}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({}), ExitCode::kBadSignature);
}

TEST_F(Root, ASuccessorIsSignedByTheKeysBeforeIt) {
  const PrivateKey second = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey next_key = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey& first = maker_.Key("root");
  const RootKeys before{{first.public_key(), second.public_key()}, 2};
  TrustRoot next = maker_.root();
  ++next.version;
  next.root_keys = {next_key.public_key()};
  const auto exit_of = [&](const std::vector<PrivateKey>& keys) {
    const auto read = ParseTrustRoot(WriteTrustRoot(next, keys), "root.json");
    const Status status = read ? CheckSuccessor(*read, before) : Status(read.error());
    return status ? ExitCode::kProved : status.error().Exit();
  };
  EXPECT_EQ(exit_of({next_key, first, second}), ExitCode::kProved);
  EXPECT_EQ(exit_of({next_key, first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({next_key, first, first}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({next_key}), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of({first, second}), ExitCode::kBadSignature);  // its own is missing
}

TEST(Revocation, LeavesLessFromEarlierAndLeastFromTheBeginning) {
  EXPECT_TRUE(LeavesLess(1, 2));
  EXPECT_FALSE(LeavesLess(2, 1));
  EXPECT_FALSE(LeavesLess(1, 1));
  EXPECT_TRUE(LeavesLess({}, 0));
  EXPECT_FALSE(LeavesLess(0, {}));
  EXPECT_FALSE(LeavesLess({}, {}));
}

TEST(Revocation, OfAKeyTheOneThatLeavesLeastIsFound) {
  TrustRoot root;
  EXPECT_EQ(FindKeyRevocation(root, "a"), nullptr);
  root.revocations = {{"release", "a", "no key", {}}, {"key", "b", "another key", {}}};
  EXPECT_EQ(FindKeyRevocation(root, "a"), nullptr);
  const auto reason = [&] {
    const Revocation* found = FindKeyRevocation(root, "a");
    return found == nullptr ? "" : found->reason;
  };
  root.revocations.push_back({"key", "a", "from 3", 3});
  EXPECT_EQ(reason(), "from 3");
  root.revocations.push_back({"key", "a", "from 2", 2});
  root.revocations.push_back({"key", "a", "from 2 again", 2});
  root.revocations.push_back({"key", "a", "from 4", 4});
  EXPECT_EQ(reason(), "from 2");
  root.revocations.push_back({"key", "a", "from the beginning", {}});
  root.revocations.push_back({"key", "a", "from 1", 1});
  EXPECT_EQ(reason(), "from the beginning");
}

TEST_F(Root, IsRefusedWhenChangedAfterSigning) {
  Json json = *ParseJson(maker_.RootBytes(), "root.json");
  EXPECT_TRUE(ParseTrustRoot(json.dump(), "root.json").has_value());  // white space is not signed
  json["signed"]["version"] = 2;
  EXPECT_EQ(ParseTrustRoot(json.dump(), "root.json").error().Exit(), ExitCode::kBadSignature);
}

TEST_F(Root, NobodyStandsThereTwice) {
  const std::pair<std::string, std::function<void(TrustRoot&)>> kRows[] = {
      {"issuer_under_two_operators",
       [](TrustRoot& r) { r.operators[1].authorities = r.operators[0].authorities; }},
      {"operator_id", [](TrustRoot& r) { r.operators[1].id = r.operators[0].id; }},
      {"builder_id",
       [](TrustRoot& r) { r.operators[1].parties[0].id = r.operators[0].parties[0].id; }},
      {"auditor_key", [](TrustRoot& r) { r.auditors[1].key = r.auditors[0].key; }},
      {"auditor_id", [](TrustRoot& r) { r.auditors[1].id = r.auditors[0].id; }},
      {"auditor_is_requester_with_another_key",
       [](TrustRoot& r) { r.auditors[1].id = r.requesters[0].id; }},
      {"auditor_is_requester", [](TrustRoot& r) { r.auditors[1].key = r.requesters[0].key; }},
      {"auditor_is_authority",
       [](TrustRoot& r) {
         r.auditors[1].key = r.operators[0].authorities[0].chain[0].public_key();
       }},
      {"witness_key", [](TrustRoot& r) { r.witnesses[1].key = r.witnesses[0].key; }},
      {"witness_name", [](TrustRoot& r) { r.witnesses[1].name = r.witnesses[0].name; }},
      {"log_is_witness", [](TrustRoot& r) { r.logs[0].key = r.witnesses[0].key; }},
      {"log_key_is_root_key", [](TrustRoot& r) { r.logs[0].ecdsa_key = r.root_keys[0]; }},
      {"time_stamp_is_authority",
       [](TrustRoot& r) {
         r.timestamp_authorities[0].chain = r.operators[0].authorities[0].chain;
       }},
      {"monitor_is_requester",
       [](TrustRoot& r) {
         AddWatchers(r);
         r.monitors[0].id = r.requesters[0].id;
       }},
      {"monitor_key_is_auditors",
       [](TrustRoot& r) {
         AddWatchers(r);
         r.monitors[0].key = r.auditors[0].key;
       }},
      {"certifier_is_monitor",
       [](TrustRoot& r) {
         AddWatchers(r);
         r.certifiers[0].id = r.monitors[0].id;
       }},
      {"certifier_key_is_witness_operators_ca",
       [](TrustRoot& r) {
         AddWatchers(r);
         r.certifiers[0].key = r.operators[0].authorities[0].chain[0].public_key();
       }},
      {"log_origin", [](TrustRoot& r) { r.logs.push_back(r.logs[0]); }},
  };
  EXPECT_TRUE(Signed([](TrustRoot&) {}).has_value());
  for (const auto& [name, bend] : kRows) {
    const auto read = Signed(bend);
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << name;
    EXPECT_NE(read.error().message.find("twice"), std::string::npos) << read.error().message;
  }
}

TEST_F(Root, RefusesWhatMakesNoSense) {
  const PublicKey ed25519 = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  const PublicKey p256 = PrivateKey::Generate(KeyKind::kP256).public_key();
  const std::pair<std::string, std::function<void(TrustRoot&)>> kRows[] = {
      {"threshold", [](TrustRoot& r) { r.root_keys.clear(); }},
      {"threshold", [](TrustRoot& r) { r.threshold = 2; }},
      {"threshold", [](TrustRoot& r) { r.threshold = 0; }},
      {"expires", [](TrustRoot& r) { r.expires = r.created; }},
      {"version", [](TrustRoot& r) { r.version = 0; }},
      {"role", [](TrustRoot& r) { r.operators[0].parties[0].role = "king"; }},
      {"country", [](TrustRoot& r) { r.operators[0].parties[0].country = ""; }},
      {"country", [](TrustRoot& r) { r.operators[0].parties[1].country = "XA"; }},
      {"authority", [](TrustRoot& r) { r.operators[0].authorities.clear(); }},
      {"end", [](TrustRoot& r) { r.operators[0].valid_for.end = 0; }},
      {"origin", [](TrustRoot& r) { r.logs[0].origin = "log.example/path"; }},
      {"logs[0].key", [&](TrustRoot& r) { r.logs[0].key = p256; }},
      {"ecdsaKey", [&](TrustRoot& r) { r.logs[0].ecdsa_key = ed25519; }},
      {"witnesses[0].key", [&](TrustRoot& r) { r.witnesses[0].key = p256; }},
      {"name", [&](TrustRoot& r) { r.witnesses[0].name = "w 1"; }},
      {"auditors[0].key", [&](TrustRoot& r) { r.auditors[0].key = ed25519; }},
      {"kind",
       [](TrustRoot& r) {
         r.revocations = {{"hat", "", "", {}}};
       }},
      {"subject",
       [](TrustRoot& r) {
         r.revocations = {{"key", "sha256:ab", "", {}}};
       }},
      {"compromisedSince",
       [](TrustRoot& r) {
         r.revocations = {{"release", Sha256("").Text(), "", 1}};
       }},
  };
  for (const auto& [field, bend] : kRows) {
    const auto read = Signed(bend);
    ASSERT_FALSE(read.has_value()) << field;
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
}

// They know of no operator who left, only of authorities.
TEST_F(Root, SigstoreFormVouchesNoLongerThanTheRoot) {
  TrustRoot root = maker_.root();
  root.operators[0].valid_for.end = 1'800'000'000;
  root.operators[1].authorities[0].valid_for.start = *root.operators[1].valid_for.end + 1;
  const Json json = *ParseForeignJson(WriteSigstoreTrustedRoot(root), "root");
  ASSERT_EQ(json["certificateAuthorities"].size(), 2u);
  EXPECT_EQ(json["certificateAuthorities"][0]["validFor"]["end"], "2027-01-15T08:00:00Z");
}

TEST_F(Root, SigstoreFormHasWhatItsVerifiersAskFor) {
  const Json json = *ParseForeignJson(WriteSigstoreTrustedRoot(maker_.root()), "root");
  EXPECT_EQ(json["mediaType"], "application/vnd.dev.sigstore.trustedroot.v0.2+json");
  ASSERT_EQ(json["tlogs"].size(), 2u);
  for (const Json& log : json["tlogs"]) {
    EXPECT_EQ(log["logId"], log["checkpointKeyId"]);
    EXPECT_EQ(Base64Decode(log["logId"]["keyId"].get<std::string>())->size(), 32u);
    EXPECT_EQ(log["baseUrl"], "https://log.farm.example");
    EXPECT_TRUE(log["publicKey"]["validFor"].contains("start"));
  }
  EXPECT_EQ(json["certificateAuthorities"].size(), 3u);
  EXPECT_EQ(json["timestampAuthorities"].size(), 1u);
  EXPECT_EQ(json["ctlogs"].size(), 1u);
  const Json keyring = *ParseForeignJson(WriteSigstoreKeyring(maker_.root()), "keyring");
  EXPECT_EQ(keyring.size(), 3u);
  EXPECT_TRUE(keyring.contains(maker_.Key("auditor-0").public_key().KeyId()));
}

}  // namespace
}  // namespace farm
