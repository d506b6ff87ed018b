// usage: make_release DIRECTORY
// Writes a release of the evidence maker as other verifiers take it: bundle, trusted root, keyring;
// the same lines with log entries of Sigstore's older kind; what check_log.go reads.
#include <cstdio>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

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

// The leaf that Sigstore's log made of an envelope until 2026, dsse 0.0.2: it has the digest of the
// payload where hashedrekord 0.0.2 has that of the PAE.
std::string DsseLeaf(const Bundle& line) {
  Json raw = Json::object();
  raw["rawBytes"] = Base64Encode(line.certificate ? line.certificate->der() : line.key().spki());
  Json verifier = {{"keyDetails", "PKIX_ECDSA_P256_SHA_256"}};
  verifier[line.certificate ? "x509Certificate" : "publicKey"] = std::move(raw);
  const Json signature = {{"content", Base64Encode(line.envelope.signature)},
                          {"verifier", std::move(verifier)}};
  Json spec = Json::object();
  spec["dsseV002"] = {{"payloadHash",
                       {{"algorithm", "SHA2_256"},
                        {"digest", Base64Encode(Sha256(line.envelope.payload).bytes())}}},
                      {"signatures", Json::array({signature})}};
  return WriteCanonicalJson({{"apiVersion", "0.0.2"}, {"kind", "dsse"}, {"spec", std::move(spec)}});
}

// The lines as they are, but logged as `dsse`: for verifiers that know no other entry of an
// envelope.  Envelope, certificate, time stamp, checkpoint and proof are of the farm's own making.
std::string LinesLoggedAsDsse(EvidenceMaker& maker, std::vector<Bundle> lines) {
  LineDraft draft;
  draft.witnessed = maker.options().start + 500;
  for (int i = 0; i < maker.options().witnesses; ++i) draft.witnesses.push_back(i);
  std::string text;
  for (Bundle& line : lines) {
    maker.EnterAs(DsseLeaf(line), line, draft);
    Json json = *ParseJson(WriteBundleLine(line), "line", kBundleLineBytesMax);
    json["verificationMaterial"]["tlogEntries"][0]["kindVersion"]["kind"] = "dsse";
    text += json.dump() + "\n";
  }
  return text;
}

Status Run(const std::string& directory) {
  FileSystem& files = RealFileSystem();
  EvidenceMaker maker({.development = false});
  const MadeRelease made = maker.Make();
  const auto write = [&](const std::string& name, const std::string& bytes) {
    return WriteDurably(files, JoinPath(directory, name), bytes);
  };
  RETURN_IF_ERROR(write("release.sigstore.jsonl", made.FileText()));
  RETURN_IF_ERROR(write("root.json", maker.RootBytes()));
  RETURN_IF_ERROR(write("trusted_root.json", WriteSigstoreTrustedRoot(maker.root())));
  RETURN_IF_ERROR(write("keyring.json", WriteSigstoreKeyring(maker.root())));
  RETURN_IF_ERROR(write("log.json", LogJson(maker, made.lines)));
  RETURN_IF_ERROR(write("dsse.sigstore.jsonl", LinesLoggedAsDsse(maker, made.lines)));
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
