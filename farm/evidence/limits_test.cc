// Every limit of the readers of our formats: what has exactly that size is read, or refused for
// something else; one more is refused, and the message says by which field.
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/dsse_json.h"
#include "farm/evidence/facts_json.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/limit_case.h"

namespace farm {
namespace {

class Limits : public testing::TestWithParam<Limit> {};

TEST_P(Limits, HoldOnBothSides) { ExpectBothSidesOf(GetParam()); }

const EvidenceMaker& Maker() {
  static const EvidenceMaker maker;
  return maker;
}

const MadeRelease& Made() {
  static const MadeRelease made = [] {
    EvidenceMaker maker = Maker();
    return maker.Make();
  }();
  return made;
}

std::string Text(std::size_t size) { return std::string(size, 'a'); }

// `count` strings of equal length that are all different.
std::vector<std::string> Names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(std::to_string(100'000 + i));
  return names;
}

std::vector<Digest> Digests(std::size_t count) {
  std::vector<Digest> digests;
  for (const std::string& name : Names(count)) digests.push_back(Sha256(name));
  return digests;
}

// A statement of the made release with one thing changed, written and read.
template <typename T>
std::function<Status(std::size_t)> Bent(std::size_t line,
                                        const std::function<void(T&, std::size_t)>& bend) {
  return [line, bend](std::size_t size) {
    T statement = *ParseStatementAs<T>(Made().lines[line].envelope.payload, "line");
    bend(statement, size);
    return StatusOf(ParseStatement(WriteStatement(statement), "line"));
  };
}

std::vector<Limit> OfBundles() {
  const auto line = [] { return WriteBundleLine(Made().lines[kReleaseLine]); };
  const auto json = [=] { return *ParseForeignJson(line(), "line"); };
  return {
      {"line_bytes", 8 << 20, "at most 8388608 are read",
       [=](std::size_t size) {
         std::string text = line();
         text.resize(size, ' ');
         return StatusOf(ParseBundleLine(text, "line"));
       }},
      {"lines", 256, "more than 256 lines",
       [=](std::size_t size) {
         std::string text;
         for (std::size_t i = 0; i < size; ++i) text += line() + "\n";
         return StatusOf(ParseBundleFile(text, "file"));
       }},
      {"file_bytes", 64 << 20, "more than 64 MiB",
       [=](std::size_t size) {
         // Eight lines, each as long as a line may be with its newline.
         std::string text;
         while (text.size() < (64 << 20)) {
           text += line();
           text.resize(text.size() / (8 << 20) * (8 << 20) + (8 << 20) - 1, ' ');
           text += '\n';
         }
         text.resize(size, '\n');
         return StatusOf(ParseBundleFile(text, "file"));
       }},
      {"proof_hashes_of_a_line", 64, "hashes: has 65 elements",
       [=](std::size_t size) {
         Json bent = json();
         Json& hashes = bent["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["hashes"];
         hashes = std::vector<std::string>(size, Base64Encode(std::string(32, 'h')));
         return StatusOf(ParseBundleLine(bent.dump(), "line"));
       }},
      {"time_stamp_bytes", 64 << 10, "signedTimestamp",
       [=](std::size_t size) {
         Json bent = json();
         bent["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"][0]
             ["signedTimestamp"] = Base64Encode(Text(size));
         return StatusOf(ParseBundleLine(bent.dump(), "line"));
       }},
      {"leaf_bytes", 65535, "at most 65535 are read",
       [](std::size_t size) { return StatusOf(ParseCanonicalizedBody(Text(size))); }, false},
      {"inclusion_hashes", 64, "more than 64 hashes",
       [](std::size_t size) {
         return CheckInclusion(Digest(), 1, UINT64_MAX, std::vector<Digest>(size), Digest());
       },
       false},
      {"consistency_hashes", 64, "more than 64 hashes",
       [](std::size_t size) {
         return CheckConsistency(3, Digest(), UINT64_MAX, Digest(), std::vector<Digest>(size));
       },
       false},
      {"origin_bytes", 255, "origin is longer than 255",
       [](std::size_t size) {
         return StatusOf(ParseCheckpoint(CheckpointText({Text(size), 1, Digest()})));
       }},
  };
}

std::vector<Limit> OfEnvelopes() {
  const auto envelope = [](const std::function<void(Envelope&, std::size_t)>& bend) {
    return [bend](std::size_t size) {
      Envelope bent{"type", "payload", "key", "signature"};
      bend(bent, size);
      return StatusOf(EnvelopeFromJson(EnvelopeToJson(bent), "line"));
    };
  };
  return {
      {"payload_bytes", 4 << 20, "more than 4 MiB",
       envelope([](Envelope& e, std::size_t size) { e.payload = Text(size); })},
      {"payload_type_bytes", 256, "payloadType: too long",
       envelope([](Envelope& e, std::size_t size) { e.payload_type = Text(size); })},
      {"key_id_bytes", 256, "keyid: too long",
       envelope([](Envelope& e, std::size_t size) { e.key_id = Text(size); })},
      {"signature_bytes", 1024, "want 1 to 1024",
       envelope([](Envelope& e, std::size_t size) { e.signature = Text(size); })},
      {"facts", 256, "more than 256 facts",
       [](std::size_t size) {
         Json facts = Json::object();
         for (const std::string& name : Names(size)) facts[name] = true;
         return StatusOf(FactsFromJson(facts, "sandbox"));
       }},
  };
}

std::vector<Limit> OfStatements() {
  using Size = std::size_t;
  const std::size_t record = kFirstRecordLine;
  const std::size_t approval = kFirstRecordLine + 3;
  return {
      {"product_bytes", 1024, "product: want 1 to 1024",
       Bent<Request>(kRequestLine, [](Request& r, Size size) { r.product = Text(size); })},
      {"sites", 64, "sites: has 65",
       Bent<Intent>(kIntentLine, [](Intent& i, Size size) { i.sites = Names(size); })},
      {"earlier_intents", 64, "earlier: has 65",
       Bent<Intent>(kIntentLine, [](Intent& i, Size size) { i.earlier = Digests(size); })},
      {"attempts", 64, "attempt: found 65",
       Bent<Intent>(kIntentLine,
                    [](Intent& i, Size size) { i.attempt = static_cast<std::int64_t>(size); })},
      {"records", 64, "records: has 65",
       Bent<Release>(kReleaseLine, [](Release& r, Size size) { r.records = Digests(size); })},
      {"approvals", 64, "approvals: has 65",
       Bent<Release>(kReleaseLine, [](Release& r, Size size) { r.approvals = Digests(size); })},
      {"artifacts", 4096, "more than 4096 artifacts",
       Bent<Release>(kReleaseLine,
                     [](Release& r, Size size) {
                       r.artifacts.clear();
                       for (const std::string& name : Names(size)) {
                         r.artifacts.push_back({name, Sha256(name), 1, "0644"});
                       }
                     })},
      {"subjects", 4097, "subject: has 4098",
       Bent<Approval>(approval,
                      [](Approval& a, Size size) {
                        a.sources.resize(1);
                        a.sources.resize(size - 1, a.sources.front());
                      })},
      {"artifact_name_bytes", 255, "name: want a file name: 1 to 255",
       Bent<Release>(kReleaseLine,
                     [](Release& r, Size size) { r.artifacts[0].name = Text(size); })},
      {"path_bytes_in_a_trace", 4096, "name: want a relative path of 1 to 4096",
       Bent<Record>(record, [](Record& r, Size size) { r.trace[0].outputs[0].name = Text(size); })},
      {"actions_of_a_trace", 4096, "trace: has 4097",
       Bent<Record>(record,
                    [](Record& r, Size size) {
                      r.trace[0].outputs.clear();
                      r.trace.resize(size, r.trace[0]);
                    })},
      {"sources_of_a_record", 256, "resolvedDependencies: has 260",
       Bent<Record>(record,
                    [](Record& r, Size size) { r.sources.resize(size, r.sources.front()); })},
      {"programs_of_a_record", 64, "builderDependencies: has 65",
       Bent<Record>(record,
                    [](Record& r, Size size) {
                      r.programs.clear();
                      for (const std::string& name : Names(size)) r.programs[name] = Sha256(name);
                    })},
      {"records_of_a_dissent", 64, "records: has 65",
       [](Size size) {
         const Dissent dissent{Digest(), "p", "1", Digest(), Digests(size), "s", 0};
         return StatusOf(ParseStatement(WriteStatement(dissent), "line"));
       }},
      {"summary_bytes", 64 << 10, "summary: more than 64 KiB",
       [](Size size) {
         const Dissent dissent{Digest(), "p", "1", Digest(), Digests(1), Text(size), 0};
         return StatusOf(ParseStatement(WriteStatement(dissent), "line"));
       }},
  };
}

std::vector<Limit> OfManifests() {
  const auto manifest = [](const std::function<void(Json&, std::size_t)>& bend) {
    return [bend](std::size_t size) {
      Json json = *ParseJson(Maker().manifest(), "manifest");
      bend(json, size);
      return StatusOf(ViewManifest(WriteCanonicalJson(json)));
    };
  };
  const auto repeated = [](Json& list, std::size_t size) {
    const Json first = list[0];
    list = std::vector<Json>(size, first);
  };
  std::vector<Limit> limits = {
      {"manifest_steps", 4096, "steps: has 4097",
       manifest([](Json& m, std::size_t size) { m["steps"] = std::vector<Json>(size); })},
      {"manifest_sources", 256, "sources: has 257",
       manifest([=](Json& m, std::size_t size) { repeated(m["sources"], size); })},
      {"manifest_artifacts", 4096, "artifacts: has 4097", manifest([](Json& m, std::size_t size) {
         m["artifacts"] = Json::array();
         for (const std::string& name : Names(size)) {
           m["artifacts"].push_back({{"name", name}, {"path", name}, {"step", "s"}});
         }
       })},
      {"manifest_countries", 300, "countriesAny: has 301", manifest([](Json& m, std::size_t size) {
         m["requires"]["countriesAny"] = std::vector<std::string>(size, "XA");
       })},
  };
  for (const std::string name : {"sites", "operators", "auditors", "witnesses"}) {
    limits.push_back({"manifest_requires_" + name, 1000, name + ": found 1001",
                      manifest([=](Json& m, std::size_t size) { m["requires"][name] = size; })});
  }
  return limits;
}

// A root with the list of that name as often as asked, signed anew.
std::vector<Limit> OfRoots() {
  const auto root = [](const std::function<void(TrustRoot&, std::size_t)>& bend) {
    return [bend](std::size_t size) {
      TrustRoot bent = Maker().root();
      bend(bent, size);
      return StatusOf(ParseTrustRoot(WriteTrustRoot(bent, {Maker().Key("root")}), "root"));
    };
  };
  using Size = std::size_t;
  return {
      {"root_operators", 1024, "operators: has 1025",
       root([](TrustRoot& r, Size size) { r.operators.resize(size, r.operators[0]); }), false},
      {"root_auditors", 1024, "auditors: has 1025",
       root([](TrustRoot& r, Size size) { r.auditors.resize(size, r.auditors[0]); }), false},
      {"root_requesters", 1024, "requesters: has 1025",
       root([](TrustRoot& r, Size size) { r.requesters.resize(size, r.requesters[0]); }), false},
      {"root_logs", 1024, "logs: has 1025",
       root([](TrustRoot& r, Size size) { r.logs.resize(size, r.logs[0]); }), false},
      {"root_witnesses", 1024, "witnesses: has 1025",
       root([](TrustRoot& r, Size size) { r.witnesses.resize(size, r.witnesses[0]); }), false},
      {"root_time_stamp_authorities", 1024, "timestampAuthorities: has 1025",
       root([](TrustRoot& r, Size size) {
         r.timestamp_authorities.resize(size, r.timestamp_authorities[0]);
       }),
       false},
      {"root_revocations", 1024, "revocations: has 1025", root([](TrustRoot& r, Size size) {
         r.revocations.resize(size, {"key", Sha256("key").Hex(), "lost", std::nullopt});
       })},
      {"root_transparency_keys", 64, "transparencyKeys: has 65", root([](TrustRoot& r, Size size) {
         r.transparency_keys.resize(size, r.transparency_keys[0]);
       }),
       false},
      {"root_parties", 1024, "parties: has 1025", root([](TrustRoot& r, Size size) {
         std::vector<CertifiedParty>& parties = r.operators[1].parties;
         for (const std::string& name : Names(size - parties.size())) {
           parties.push_back({name, "site", "XB"});
         }
       })},
      {"root_authorities_of_an_operator", 64, "authorities: has 65",
       root([](TrustRoot& r, Size size) {
         std::vector<DatedAuthority>& authorities = r.operators[1].authorities;
         authorities.resize(size, authorities[0]);
       })},
      {"root_chain", 8, "chain: has 9", root([](TrustRoot& r, Size size) {
         std::vector<Certificate>& chain = r.operators[1].authorities[0].chain;
         chain.resize(size, chain[0]);
       })},
      {"root_time_stamp_chain", 8, "chain: has 9", root([](TrustRoot& r, Size size) {
         std::vector<Certificate>& chain = r.timestamp_authorities[0].chain;
         chain.resize(size, chain[0]);
       })},
      {"root_machines", 1024, "machines: found 1025", root([](TrustRoot& r, Size size) {
         r.development->machines = static_cast<std::int64_t>(size);
       })},
      {"root_threshold", 64, "threshold: found 65",
       root([](TrustRoot& r, Size size) { r.threshold = static_cast<std::int64_t>(size); }), false},
      {"root_signatures", kRootSignaturesMax, "signatures: has 129",
       [](Size size) {
         Json json = *ParseJson(Maker().RootBytes(), "root");
         const Json first = json["signatures"][0];
         json["signatures"] = std::vector<Json>(size, first);
         return StatusOf(ParseTrustRoot(json.dump(), "root"));
       }},
      {"root_id_bytes", 1024, "id: want 1 to 1024",
       root([](TrustRoot& r, Size size) { r.auditors[0].id = Text(size); })},
      {"root_name_bytes", 1024, "want at most 1024",
       root([](TrustRoot& r, Size size) { r.auditors[0].name = Text(size); })},
  };
}

std::vector<Limit> All() {
  std::vector<Limit> all;
  for (const auto& limits :
       {OfBundles(), OfEnvelopes(), OfStatements(), OfManifests(), OfRoots()}) {
    all.insert(all.end(), limits.begin(), limits.end());
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(OfOurFormats, Limits, testing::ValuesIn(All()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace farm
