// usage: make_log DIRECTORY
// Writes a real log of 700 entries with tiles of every width, DIRECTORY/log, for check_tiles.go: a
// published checkpoint with the log's two signatures and a cosignature, and the key it is read by.
#include <cstdio>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/log/tile_log.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";
constexpr UnixSeconds kWitnessed = 1'800'000'000;

Status Run(const std::string& directory) {
  FileSystem& files = RealFileSystem();
  const DiskLimits no_limits = {
      0, 0, [](const std::string&) -> Result<std::uint64_t> { return std::uint64_t{1} << 40; }};
  ASSIGN_OR_RETURN(const std::unique_ptr<TileLog> log,
                   TileLog::Open(files, JoinPath(directory, "log"), {kOrigin, no_limits, {}}));
  Checkpoint head;
  for (const std::uint64_t size : {3u, 256u, 513u, 700u}) {
    std::vector<std::string> leaves;
    for (std::uint64_t i = head.size; i < size; ++i) {
      leaves.push_back("{\"leaf\":" + std::to_string(i) + "}");
    }
    ASSIGN_OR_RETURN(head, log->Commit(leaves));
  }
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey ecdsa_key = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey witness_key = PrivateKey::Generate(KeyKind::kEd25519);
  Note note;
  note.text = CheckpointText(head);
  note.signatures = {SignNote(note.text, kOrigin, key), SignNote(note.text, kOrigin, ecdsa_key),
                     Cosign(note.text, "witness.example/w0", witness_key, kWitnessed)};
  RETURN_IF_ERROR(log->Publish(head, WriteNote(note)));
  const std::string verifier_key = std::string(kOrigin) + "+" +
                                   HexEncode(NoteKeyHint(kOrigin, key.public_key())) + "+" +
                                   Base64Encode("\x01" + key.public_key().raw_ed25519());
  return WriteDurably(files, JoinPath(directory, "log.vkey"), verifier_key);
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const farm::Status status = farm::Run(argv[1]);
  if (status) return 0;
  std::fprintf(stderr, "make_log: %s\n", status.error().message.c_str());
  return 1;
}
