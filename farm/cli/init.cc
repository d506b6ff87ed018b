#include "farm/cli/init.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/ports.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/key.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "farm/verify/policy.h"

namespace farm {
namespace {

constexpr std::int64_t kYearSeconds = 366LL * 24 * 3600;
constexpr std::string_view kOrganization = "Farm development";
constexpr std::string_view kOrigin = "log.farm.example";

struct SiteFacts {
  const char* name;
  const char* operator_id;
  const char* country;
};
constexpr SiteFacts kSites[] = {
    {"site-xa", "dev-a", "XA"}, {"site-xb", "dev-b", "XB"}, {"site-xc", "dev-c", "XC"}};
constexpr const char* kWitnesses[] = {"witness-1", "witness-2"};
constexpr const char* kPersons[] = {"requester-1", "auditor-1", "auditor-2", "replayer-1",
                                    "certifier-1"};

std::string PartyUri(std::string_view name) {
  return "https://farm.example/" + std::string(name.starts_with("site-") ? "sites/" : "parties/") +
         std::string(name);
}

// Who says how the log stands, of the witness that reads it: "monitor-1" of "witness-1".
std::string MonitorOf(std::string_view witness) {
  return "monitor-" + std::string(witness.substr(witness.rfind('-') + 1));
}

// An operator's CA with the key that signs its leaves' SCTs.
struct Authority {
  PrivateKey key;
  PrivateKey transparency_key;
  Certificate certificate;
};

Authority MakeAuthority(const std::string& common_name, UnixSeconds now) {
  PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  Certificate certificate =
      IssueAuthority(key, std::string(kOrganization), common_name, now, 10 * kYearSeconds);
  return Authority{std::move(key), PrivateKey::Generate(KeyKind::kP256), std::move(certificate)};
}

// Everything that is made, before anything is written.
class Maker {
 public:
  Maker(const InitOptions& options, UnixSeconds now) : options_(options), now_(now) {}

  Result<std::vector<Party>> Run();

 private:
  void AddParty(const std::string& name, const std::string& program);
  std::string Folder(const std::string& party) const {
    return JoinPath(options_.directory, "parties/" + party);
  }
  Status MakeFolders();
  Status WritePrivate(const std::string& party, const std::string& name, std::string_view bytes);
  Status WritePublic(const std::string& name, std::string_view bytes);
  Status WriteConfig(const std::string& party, Json config);
  Status WriteTls(const std::string& party);
  Status WriteAuthority(const std::string& party, const Authority& authority);
  Status MakePersons();
  Status MakeLogAndWitnesses();
  Result<Json> MakeMonitor(const std::string& witness);
  Status MakeTimestamp();
  Status MakeSites();
  Status MakeSigner();
  Status MakeCoordinator();
  Status WriteRoot();
  Json Certified(const std::string& party, const std::string& operator_id, const std::string& role,
                 const std::string& country, Status& status);
  std::string Address(const std::string& port_name) {
    return "127.0.0.1:" + std::to_string(ports_.at(port_name));
  }
  Json LogJson() {
    return {{"address", Address("log")},
            {"serverName", "log"},
            {"url", "http://" + Address("log-http")}};
  }
  Json TimestampJson() { return {{"url", "http://" + Address("timestamp")}}; }

  const InitOptions& options_;
  UnixSeconds now_;
  std::vector<Party> parties_;
  std::map<std::string, int> ports_;
  PrivateKey tls_key_ = PrivateKey::Generate(KeyKind::kP256);
  Certificate tls_authority_ = IssueAuthority(tls_key_, std::string(kOrganization),
                                              "Farm development TLS", now_, 10 * kYearSeconds);
  TrustRoot root_;
};

void Maker::AddParty(const std::string& name, const std::string& program) {
  Party party;
  party.name = name;
  party.program = program;
  if (options_.first_uid != 0) {
    party.uid = options_.first_uid + static_cast<std::uint32_t>(parties_.size());
    // Each site has a range; the commands of persons, who unpack sources, share the next one.
    std::uint32_t sites = 0;
    for (const Party& other : parties_) sites += other.program == "farm-site" ? 1 : 0;
    if (program == "farm-site" || program.empty()) {
      party.first_subordinate_id = options_.first_subordinate_id + sites * kSubordinateIds;
    }
  } else {
    party.uid = getuid();
  }
  parties_.push_back(party);
}

Status Chown(const std::string& path, std::uint32_t uid) {
  if (chown(path.c_str(), uid, uid) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "giving " + path + " to uid " + std::to_string(uid) + ": " + std::strerror(errno)};
  }
  return {};
}

Status Maker::MakeFolders() {
  for (const char* folder : {"", "parties", "public", "published", "kits", "status"}) {
    RETURN_IF_ERROR(MakeDirectories(JoinPath(options_.directory, folder), 0755));
  }
  const std::string authority = JoinPath(options_.directory, "authority");
  RETURN_IF_ERROR(MakeDirectories(authority, 0700));
  for (const Party& party : parties_) {
    RETURN_IF_ERROR(MakeDirectories(Folder(party.name), 0700));
    if (options_.first_uid != 0) RETURN_IF_ERROR(Chown(Folder(party.name), party.uid));
    if (party.name == "farmd" && options_.first_uid != 0) {
      RETURN_IF_ERROR(Chown(JoinPath(options_.directory, "published"), party.uid));
    }
    if (party.program != "farm-witness") continue;
    const std::string status = JoinPath(options_.directory, "status/" + MonitorOf(party.name));
    RETURN_IF_ERROR(MakeDirectories(status, 0755));
    if (options_.first_uid != 0) RETURN_IF_ERROR(Chown(status, party.uid));
  }
  return {};
}

Status Maker::WritePrivate(const std::string& party, const std::string& name,
                           std::string_view bytes) {
  const std::string path = JoinPath(Folder(party), name);
  RETURN_IF_ERROR(WriteSecretDurably(*options_.files, path, bytes));
  if (options_.first_uid == 0) return {};
  for (const Party& one : parties_) {
    if (one.name == party) return Chown(path, one.uid);
  }
  return {};
}

Status Maker::WritePublic(const std::string& name, std::string_view bytes) {
  return WriteDurably(*options_.files, JoinPath(options_.directory, "public/" + name), bytes);
}

Status Maker::WriteConfig(const std::string& party, Json config) {
  config["format"] = "farm-config/1";
  return WritePrivate(party, "config.json", WriteReadableJson(config));
}

Status Maker::WriteTls(const std::string& party) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const TlsLeafRequest request{.key = key.public_key(),
                               .common_name = party,
                               .dns_names = {"localhost", party},
                               .ip_addresses = {"127.0.0.1"},
                               .not_before = now_ - 60};
  RETURN_IF_ERROR(WritePrivate(party, "tls.key.pem", key.Pem()));
  RETURN_IF_ERROR(
      WritePrivate(party, "tls.pem", IssueTlsLeaf(tls_key_, tls_authority_, request).Pem()));
  return WritePrivate(party, "tls-authority.pem", tls_authority_.Pem());
}

Json TlsJson() {
  return {{"certificate", "tls.pem"}, {"key", "tls.key.pem"}, {"authority", "tls-authority.pem"}};
}

Status Maker::WriteAuthority(const std::string& party, const Authority& authority) {
  RETURN_IF_ERROR(WritePrivate(party, "authority.pem", authority.certificate.Pem()));
  RETURN_IF_ERROR(WritePrivate(party, "authority.key.pem", authority.key.Pem()));
  return WritePrivate(party, "transparency.key.pem", authority.transparency_key.Pem());
}

// Keys and CA of a party that signs with leaves; its entry in the root; the common part of its
// configuration.
Json Maker::Certified(const std::string& party, const std::string& operator_id,
                      const std::string& role, const std::string& country, Status& status) {
  const Authority authority = MakeAuthority("Farm development CA of " + operator_id, now_);
  Operator owner;
  owner.id = operator_id;
  owner.name = "development operator " + operator_id;
  owner.valid_for.start = now_ - 60;
  owner.authorities = {{{authority.certificate}, owner.valid_for}};
  owner.parties = {CertifiedParty{PartyUri(party), role, country}};
  root_.operators.push_back(std::move(owner));
  root_.transparency_keys.push_back(authority.transparency_key.public_key());
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  status = WriteAuthority(party, authority);
  if (status) status = WritePrivate(party, "key.pem", key.Pem());
  if (status) status = WriteTls(party);
  return Json{{"tls", TlsJson()},
              {"key", "key.pem"},
              {"id", PartyUri(party)},
              {"authority",
               {{"certificate", "authority.pem"},
                {"key", "authority.key.pem"},
                {"transparencyKey", "transparency.key.pem"}}},
              {"root", "root.json"},
              {"policy", "policy.json"}};
}

Status Maker::MakePersons() {
  for (const char* name : kPersons) {
    const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
    RETURN_IF_ERROR(WritePrivate(name, "key.pem", key.Pem()));
    RETURN_IF_ERROR(WriteTls(name));
    Person person{name, "development " + std::string(name), key.public_key(),
                  ValidFor{now_ - 60, {}}};
    if (std::string_view(name).starts_with("auditor")) root_.auditors.push_back(person);
    if (std::string_view(name).starts_with("requester")) root_.requesters.push_back(person);
    if (std::string_view(name).starts_with("certifier")) root_.certifiers.push_back(person);
    RETURN_IF_ERROR(
        WriteConfig(name, {{"tls", TlsJson()},
                           {"key", "key.pem"},
                           {"id", name},
                           {"root", "root.json"},
                           {"policy", "policy.json"},
                           {"farm", {{"address", Address("farmd")}, {"serverName", "farmd"}}},
                           {"store", JoinPath(options_.directory, "inputs")}}));
  }
  return {};
}

Status Maker::MakeLogAndWitnesses() {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey ecdsa_key = PrivateKey::Generate(KeyKind::kP256);
  root_.logs.push_back(
      Log{std::string(kOrigin), key.public_key(), ecdsa_key.public_key(), ValidFor{now_ - 60, {}}});
  Json witnesses = Json::array();
  for (const char* name : kWitnesses) {
    const PrivateKey witness_key = PrivateKey::Generate(KeyKind::kEd25519);
    root_.witnesses.push_back(Witness{name, "dev-" + std::string(name), witness_key.public_key(),
                                      ValidFor{now_ - 60, {}}});
    witnesses.push_back({{"name", name},
                         {"url", "http://" + Address(name)},
                         {"publicKey", std::string(name) + ".pem"}});
    RETURN_IF_ERROR(
        WritePrivate("log", std::string(name) + ".pem", witness_key.public_key().Pem()));
    RETURN_IF_ERROR(WritePrivate(name, "key.pem", witness_key.Pem()));
    Json config = {{"listen", Address(name)},
                   {"name", name},
                   {"key", "key.pem"},
                   {"directory", "state"},
                   {"root", "root.json"},
                   {"logs", Json::array({{{"origin", kOrigin},
                                          {"url", "http://" + Address("log-http")},
                                          {"publicKey", "log.pem"}}})}};
    ASSIGN_OR_RETURN(config["status"], MakeMonitor(name));
    config["monitorSeconds"] = 5;  // who tries it out does not wait for a minute
    RETURN_IF_ERROR(WriteConfig(name, std::move(config)));
    RETURN_IF_ERROR(WritePrivate(name, "log.pem", key.public_key().Pem()));
  }
  RETURN_IF_ERROR(WritePrivate("log", "key.pem", key.Pem()));
  RETURN_IF_ERROR(WritePrivate("log", "ecdsa.key.pem", ecdsa_key.Pem()));
  RETURN_IF_ERROR(WriteTls("log"));
  Json peers = {"farmd"};
  for (const SiteFacts& site : kSites) peers.push_back(site.name);
  return WriteConfig("log", {{"listen", Address("log")},
                             {"httpListen", Address("log-http")},
                             {"tls", TlsJson()},
                             {"directory", "data"},
                             {"root", "root.json"},
                             {"origin", kOrigin},
                             {"key", "key.pem"},
                             {"ecdsaKey", "ecdsa.key.pem"},
                             {"witnesses", witnesses},
                             {"cosignatures", 2},
                             {"peers", peers}});
}

// Its key, its entry in the root, its part of the witness' configuration.
Result<Json> Maker::MakeMonitor(const std::string& witness) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const std::string monitor = MonitorOf(witness);
  root_.monitors.push_back(
      Person{monitor, "development " + monitor, key.public_key(), ValidFor{now_ - 60, {}}});
  RETURN_IF_ERROR(WritePrivate(witness, "monitor.key.pem", key.Pem()));
  return Json{{"id", monitor},
              {"key", "monitor.key.pem"},
              {"file", JoinPath(options_.directory, "status/" + monitor + "/status.json")},
              {"cosignatures", 2},
              {"timestamp", TimestampJson()}};
}

Status Maker::MakeTimestamp() {
  const PrivateKey authority_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority =
      IssueAuthority(authority_key, std::string(kOrganization), "Farm development time stamp root",
                     now_, 10 * kYearSeconds);
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate leaf =
      IssueTimestampLeaf(authority_key, authority, key.public_key(), "Farm development time stamp",
                         now_, 5 * kYearSeconds);
  root_.timestamp_authorities.push_back(
      TimestampAuthority{"timestamp", {leaf, authority}, ValidFor{now_ - 60, {}}});
  RETURN_IF_ERROR(WritePrivate("timestamp", "key.pem", key.Pem()));
  RETURN_IF_ERROR(WritePrivate("timestamp", "certificate.pem", leaf.Pem()));
  RETURN_IF_ERROR(WritePrivate("timestamp", "authority.pem", authority.Pem()));
  return WriteConfig("timestamp", {{"listen", Address("timestamp")},
                                   {"key", "key.pem"},
                                   {"certificate", "certificate.pem"},
                                   {"authority", "authority.pem"}});
}

Status Maker::MakeSites() {
  for (const SiteFacts& site : kSites) {
    Status status;
    Json config = Certified(site.name, site.operator_id, "site", site.country, status);
    RETURN_IF_ERROR(status);
    config["listen"] = Address(site.name);
    config["country"] = site.country;
    config["store"] = "store";
    config["work"] = "work";
    config["launcher"] = JoinPath(options_.programs, "farm-sandbox");
    config["log"] = LogJson();
    config["timestamp"] = TimestampJson();
    config["peers"] = Json::array({"farmd"});
    config["limits"] = options_.first_uid != 0 ? "kernel" : "observed";
    RETURN_IF_ERROR(WriteConfig(site.name, config));
  }
  return {};
}

Status Maker::MakeSigner() {
  Status status;
  Json config = Certified("signer", "dev-signer", "signer", "", status);
  RETURN_IF_ERROR(status);
  config["listen"] = Address("signer");
  config["state"] = "state";
  config["log"] = {{"url", "http://" + Address("log-http")}};
  config["peers"] = Json::array({"farmd"});
  return WriteConfig("signer", config);
}

Status Maker::MakeCoordinator() {
  Status status;
  const Json common = Certified("farmd", "dev-coordinator", "coordinator", "", status);
  RETURN_IF_ERROR(status);
  Json sites = Json::array();
  for (const SiteFacts& site : kSites) {
    sites.push_back(
        {{"id", PartyUri(site.name)}, {"address", Address(site.name)}, {"serverName", site.name}});
  }
  Json monitors = Json::array();
  for (const char* witness : kWitnesses) monitors.push_back("http://" + Address(witness));
  return WriteConfig(
      "farmd", {{"listen", Address("farmd")},
                {"tls", common["tls"]},
                {"root", "root.json"},
                {"policy", "policy.json"},
                {"store", "store"},
                {"database", "state"},
                {"published", JoinPath(options_.directory, "published")},
                {"coordinator",
                 {{"id", common["id"]}, {"key", "key.pem"}, {"authority", common["authority"]}}},
                {"log", LogJson()},
                {"timestamp", TimestampJson()},
                {"signer", {{"address", Address("signer")}, {"serverName", "signer"}}},
                {"sites", sites},
                {"monitors", monitors},
                {"roles",
                 {{"requester-1", {"submit", "read"}},
                  {"auditor-1", {"approve", "read"}},
                  {"auditor-2", {"approve", "read"}},
                  {"replayer-1", {"read"}},
                  {"certifier-1", {"certify", "read"}}}}});
}

Status Maker::WriteRoot() {
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kP256);
  root_.version = 1;
  root_.created = now_;
  root_.expires = now_ + kYearSeconds;
  root_.development = Development{1, 1};
  root_.root_keys = {root_key.public_key()};
  root_.threshold = 1;
  const std::string root = WriteTrustRoot(root_, {root_key});
  RETURN_IF_ERROR(ParseTrustRoot(root, "the new development root"));
  Policy policy;
  policy.countries = 3;
  const std::string policy_text = WritePolicy(policy);
  for (const Party& party : parties_) {
    RETURN_IF_ERROR(WritePrivate(party.name, "root.json", root));
    RETURN_IF_ERROR(WritePrivate(party.name, "policy.json", policy_text));
  }
  RETURN_IF_ERROR(WritePublic("root.json", root));
  RETURN_IF_ERROR(WritePublic("policy.json", policy_text));
  RETURN_IF_ERROR(WritePublic("trusted_root.json", WriteSigstoreTrustedRoot(root_)));
  RETURN_IF_ERROR(WritePublic("keyring.json", WriteSigstoreKeyring(root_)));
  const std::string authority = JoinPath(options_.directory, "authority");
  for (const auto& [name, key] : {std::pair{"/root.key.pem", &root_key},
                                  std::pair{"/tls.key.pem", &std::as_const(tls_key_)}}) {
    RETURN_IF_ERROR(WriteSecretDurably(*options_.files, authority + name, key->Pem()));
  }
  return WriteDurably(*options_.files, authority + "/tls.pem", tls_authority_.Pem());
}

Result<std::vector<Party>> Maker::Run() {
  AddParty("farmd", "farmd");
  for (const SiteFacts& site : kSites) AddParty(site.name, "farm-site");
  AddParty("signer", "farm-signer");
  AddParty("log", "farm-log");
  for (const char* name : kWitnesses) AddParty(name, "farm-witness");
  AddParty("timestamp", "farm-tsa");
  for (const char* name : kPersons) AddParty(name, "");

  const std::vector<std::string> listeners = {"farmd",     "site-xa",  "site-xb",  "site-xc",
                                              "signer",    "log",      "log-http", "witness-1",
                                              "witness-2", "timestamp"};
  // Anywhere in the range: farms that do not run just now have ports, too.
  const std::string random = RandomBytes(2);
  const int start = kFirstPort + (static_cast<unsigned char>(random[0]) * 256 +
                                  static_cast<unsigned char>(random[1])) %
                                     (kLastPort - kFirstPort + 1);
  ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(listeners.size(), start));
  for (std::size_t i = 0; i < listeners.size(); ++i) ports_[listeners[i]] = ports[i];

  RETURN_IF_ERROR(MakeFolders());
  RETURN_IF_ERROR(MakePersons());
  RETURN_IF_ERROR(MakeLogAndWitnesses());
  RETURN_IF_ERROR(MakeTimestamp());
  RETURN_IF_ERROR(MakeSites());
  RETURN_IF_ERROR(MakeSigner());
  RETURN_IF_ERROR(MakeCoordinator());
  RETURN_IF_ERROR(WriteRoot());
  Json list = Json::array();
  for (const Party& party : parties_) {
    list.push_back({{"name", party.name},
                    {"program", party.program},
                    {"uid", party.uid},
                    {"firstSubordinateId", party.first_subordinate_id}});
  }
  // Last: its presence says that the farm is complete.
  RETURN_IF_ERROR(
      WriteDurably(*options_.files, JoinPath(options_.directory, "parties.json"),
                   WriteReadableJson({{"format", "farm-parties/1"}, {"parties", list}})));
  return parties_;
}

}  // namespace

Result<std::vector<Party>> InitDevelopment(const InitOptions& options, const Clock& clock) {
  if (FileExists(JoinPath(options.directory, "parties.json"))) {
    return Error{ErrorCode::kInvalidInput,
                 options.directory + " holds a farm already; choose another --state, or remove it"};
  }
  return Maker(options, clock.Now()).Run();
}

Result<std::vector<Party>> ReadParties(const std::string& directory) {
  const std::string path = JoinPath(directory, "parties.json");
  auto text = ReadFile(path, 1 << 20);
  if (!text) {
    return Error{ErrorCode::kNotFound, "no farm in " + directory +
                                           ": make one with `farm init --development --state " +
                                           directory + "`"};
  }
  ASSIGN_OR_RETURN(const Json json, ParseJson(*text, path));
  JsonFields fields(json, path);
  fields.Format("farm-parties/1");
  std::vector<Party> parties;
  for (const Json& entry : fields.Array("parties", 100)) {
    JsonFields party_fields(entry, fields.Where("parties"));
    Party party;
    party.name = party_fields.String("name");
    party.program = party_fields.String("program");
    party.uid = static_cast<std::uint32_t>(party_fields.Integer("uid", 0, 0xffffffffLL));
    party.first_subordinate_id =
        static_cast<std::uint32_t>(party_fields.Integer("firstSubordinateId", 0, 0xffffffffLL));
    RETURN_IF_ERROR(party_fields.Finish());
    parties.push_back(party);
  }
  RETURN_IF_ERROR(fields.Finish());
  return parties;
}

Result<std::uint32_t> FreePartyUids(const std::function<bool(std::uint32_t)>& is_taken) {
  constexpr std::uint32_t kNobody = 65534;
  std::uint32_t first = kFirstPartyUid;
  for (std::uint32_t uid = first; uid < kNobody; ++uid) {
    if (is_taken(uid)) first = uid + 1;
    if (uid + 1 - first == kPartyUids) return first;
  }
  return Error{ErrorCode::kUnavailable,
               "no " + std::to_string(kPartyUids) + " uids in a row from " +
                   std::to_string(kFirstPartyUid) + " up that no account or group has"};
}

Result<std::uint32_t> FreeSubordinateIds(const std::vector<std::string>& range_files,
                                         std::uint64_t count) {
  constexpr std::uint64_t kFirst = 1ULL << 30;
  constexpr std::uint64_t kLast = 0xfffe0000ULL;
  std::uint64_t candidate = kFirst;
  bool moved = true;
  while (moved) {
    moved = false;
    for (const std::string& file : range_files) {
      auto text = ReadFile(file, 16 << 20);
      if (!text) continue;  // no such file: nobody has a range
      for (const std::string& line : Split(*text, '\n')) {
        const std::vector<std::string> fields = Split(line, ':');
        if (fields.size() != 3) continue;
        const auto first = ParseDecimal(fields[1], kLast);
        const auto length = ParseDecimal(fields[2], kLast);
        if (!first || !length || candidate + count <= *first || candidate >= *first + *length) {
          continue;
        }
        candidate = *first + *length;
        moved = true;
      }
    }
  }
  if (candidate + count > kLast) {
    return Error{ErrorCode::kUnavailable, "no free range of " + std::to_string(count) +
                                              " subordinate ids in " + Join(range_files, ", ")};
  }
  return static_cast<std::uint32_t>(candidate);
}

}  // namespace farm
