// usage: make_release DIRECTORY
// Writes a release of the evidence maker as other verifiers take it: bundle, trusted root, keyring;
// the same bundle bent once per kind of evidence, under bent/; chains of roots, under roots/.
#include <cstdio>
#include <functional>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

// Each is refused by @sigstore/verify too.
const std::pair<std::string, std::function<void(Bundle&)>> kBends[] = {
    {"payload", [](Bundle& line) { line.envelope.payload[20] ^= 1; }},
    {"payload-type", [](Bundle& line) { line.envelope.payload_type = "text/plain"; }},
    {"signature", [](Bundle& line) { line.envelope.signature.back() ^= 1; }},
    {"proof", [](Bundle& line) { line.log_entry->hashes[0] = Digest(); }},
    {"index", [](Bundle& line) { --line.log_entry->index; }},
    {"checkpoint",
     [](Bundle& line) {
       Note note = *ParseNote(line.log_entry->checkpoint);
       note.signatures[0].signature.back() ^= 1;
       note.signatures.resize(1);
       line.log_entry->checkpoint = WriteNote(note);
     }},
    {"token", [](Bundle& line) { line.timestamp->back() ^= 1; }},
    {"no-token", [](Bundle& line) { line.timestamp.reset(); }},
    {"no-log-entry", [](Bundle& line) { line.log_entry.reset(); }},
};

Json Hashes(const std::vector<Digest>& hashes) {
  Json list = Json::array();
  for (const Digest& hash : hashes) list.push_back(Base64Encode(hash.bytes()));
  return list;
}

// What check_log.go reads: notes and proofs, with the log's key as the Go library writes keys.
std::string LogJson(const EvidenceMaker& maker, const std::vector<Bundle>& lines) {
  const PublicKey& key = maker.Key("log").public_key();
  Json entries = Json::array();
  for (const Bundle& line : lines) {
    const LogEntry& entry = *line.log_entry;
    entries.push_back({{"body", Base64Encode(entry.canonicalized_body)},
                       {"hashes", Hashes(entry.hashes)},
                       {"index", entry.index},
                       {"note", entry.checkpoint},
                       {"root", Base64Encode(entry.root.bytes())},
                       {"size", entry.tree_size}});
  }
  const Note note = *ParseNote(lines[kReleaseLine].log_entry->checkpoint);
  Json proofs = Json::array();
  for (const ConsistencyProof& proof : ConsistencyProofsOf(note)) {
    proofs.push_back({{"hashes", Hashes(proof.hashes)},
                      {"oldRoot", Base64Encode(maker.TreeRoot(proof.old_size).bytes())},
                      {"oldSize", proof.old_size}});
  }
  const std::string verifier_key = maker.Log() + "+" + HexEncode(NoteKeyHint(maker.Log(), key)) +
                                   "+" + Base64Encode("\x01" + key.raw_ed25519());
  return WriteReadableJson({{"consistency", std::move(proofs)},
                            {"lines", std::move(entries)},
                            {"verifierKey", verifier_key}});
}

// Chains of roots as a TUF client fetches them, each in a folder of its own: a good one, and what
// must not be followed.  Two of three keys sign; the second root has a new key in place of one.
class RootChains {
 public:
  explicit RootChains(const EvidenceMaker& maker) : first_(maker.root()) {
    first_.root_keys.clear();
    for (int i = 0; i < 4; ++i) {
      keys_.push_back(PrivateKey::Generate(i == 0 ? KeyKind::kP256 : KeyKind::kEd25519));
      if (i < 3) first_.root_keys.push_back(keys_.back().public_key());
    }
    first_.threshold = 2;
    first_.expires =
        first_.created + 100 * std::int64_t{366} * 86400;  // tuf-js has the day's clock
  }

  Status Write(FileSystem& files, const std::string& directory) const {
    TrustRoot second = first_;
    second.version = 2;
    second.root_keys[1] = keys_[3].public_key();
    TrustRoot stale = second;
    stale.version = 1;
    std::string changed = Signed(second, {0, 2, 3});
    changed.replace(changed.find("operator-0"), 10, "operator-9");
    const std::pair<std::string, std::string> kSeconds[] = {
        {"good", Signed(second, {0, 2, 3})},
        {"below-the-old-threshold", Signed(second, {0, 3})},
        {"below-its-own-threshold", Signed(second, {1, 2})},
        {"rollback", Signed(stale, {0, 2, 3})},
        {"changed", changed},
    };
    for (const auto& [name, bytes] : kSeconds) {
      const std::string folder = JoinPath(directory, name);
      RETURN_IF_ERROR(MakeDirectories(folder, 0755));
      RETURN_IF_ERROR(WriteDurably(files, JoinPath(folder, "1.root.json"), Signed(first_, {0, 1})));
      RETURN_IF_ERROR(WriteDurably(files, JoinPath(folder, "2.root.json"), bytes));
    }
    return {};
  }

 private:
  std::string Signed(const TrustRoot& root, const std::vector<std::size_t>& signers) const {
    std::vector<PrivateKey> keys;
    for (const std::size_t signer : signers) keys.push_back(keys_[signer]);
    return WriteTrustRoot(root, keys);
  }

  TrustRoot first_;
  std::vector<PrivateKey> keys_;
};

Status Run(const std::string& directory) {
  FileSystem& files = RealFileSystem();
  EvidenceMaker maker({.development = false});
  const MadeRelease made = maker.Make();
  const auto write = [&](const std::string& name, const std::string& bytes) {
    return WriteDurably(files, JoinPath(directory, name), bytes);
  };
  RETURN_IF_ERROR(write("release.sigstore.jsonl", made.FileText()));
  RETURN_IF_ERROR(write("trusted_root.json", WriteSigstoreTrustedRoot(maker.root())));
  RETURN_IF_ERROR(write("keyring.json", WriteSigstoreKeyring(maker.root())));
  RETURN_IF_ERROR(write("log.json", LogJson(maker, made.lines)));
  RETURN_IF_ERROR(RootChains(maker).Write(files, JoinPath(directory, "roots")));
  RETURN_IF_ERROR(MakeDirectories(JoinPath(directory, "bent"), 0755));
  for (const auto& [name, bend] : kBends) {
    for (const std::size_t line : {kReleaseLine, kRequestLine}) {
      Bundle bent = made.lines[line];
      bend(bent);
      const std::string file = (line == kReleaseLine ? "release-" : "request-") + name;
      RETURN_IF_ERROR(write("bent/" + file + ".jsonl", WriteBundleLine(bent) + "\n"));
    }
  }
  return {};
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const farm::Status status = farm::Run(argv[1]);
  if (status) return 0;
  std::fprintf(stderr, "make_release: %s\n", status.error().message.c_str());
  return 1;
}
