#include "tests/support/log_of_maker.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "farm/base/files.h"
#include "farm/client/witness_client.h"
#include "farm/crypto/hash.h"
#include "farm/log/close.h"
#include "farm/log/tile_log.h"

namespace farm {
namespace {

template <typename T>
T Need(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  CHECK(result.has_value());
  return *std::move(result);
}

void Need(const Status& status) {
  if (!status) std::fprintf(stderr, "%s\n", status.error().message.c_str());
  CHECK(status.has_value());
}

// Signed by the log and by all its witnesses.
std::string HeadNote(const LogToClose& log) {
  LineDraft draft;
  draft.witnessed = log.witnessed;
  for (int i = 0; i < log.maker.options().witnesses; ++i) draft.witnesses.push_back(i);
  return log.maker.CheckpointNote(log.maker.Head().size, draft);
}

// As a running farm-log would leave it.
void WriteLog(const LogToClose& log) {
  const TileLogOptions options{
      log.maker.Log(), {0, 0, [](const std::string&) -> Result<std::uint64_t> { return 1; }}, {}};
  const auto tiles = Need(TileLog::Open(RealFileSystem(), log.directory, options));
  std::vector<std::string> leaves;
  for (std::uint64_t index = 0; index < log.maker.Head().size; ++index) {
    const EvidenceMaker::LogLine line = log.maker.EntryAt(index);
    leaves.push_back(line.leaf);
    if (!line.pae.empty()) Need(tiles->PutPayload(Sha256(line.pae), line.pae));
  }
  const Checkpoint head = Need(tiles->Commit(leaves));
  CHECK(head.root == log.maker.Head().root);
  Need(tiles->Publish(head, HeadNote(log)));
}

// A witness that has seen the whole log, and no more.
WitnessToAsk WitnessOf(const LogToClose& log, std::size_t number) {
  const Witness& witness = log.maker.root().witnesses[number];
  const PrivateKey& key = log.maker.Key("witness-" + std::to_string(number));
  const auto post = [&log, &witness, &key](const std::string& body) -> Result<HttpReply> {
    ASSIGN_OR_RETURN(const AddCheckpointRequest request, ParseAddCheckpoint(body));
    ASSIGN_OR_RETURN(const Note note, ParseNote(request.note));
    RETURN_IF_ERROR(CheckNoteSignature(note, log.maker.Log(), log.maker.Key("log").public_key()));
    const std::uint64_t size = log.maker.Head().size;
    if (request.old_size != size) {
      return HttpReply{409, "text/x.tlog.size", std::to_string(size) + "\n", false};
    }
    const NoteSignature line = Cosign(note.text, witness.name, key, log.witnessed);
    return HttpReply{200, "text/plain", WriteNote({"x\n", {line}}).substr(3), false};
  };
  return {{witness.name, witness.key}, post};
}

}  // namespace

LogEnd CloseLogOf(const LogToClose& log) {
  WriteLog(log);
  const auto witnesses = log.maker.root().witnesses.size();
  Closing closing;
  closing.store = log.directory;
  closing.successor = log.successor;
  closing.check = CheckNoteBy(Need(LogTrustOf(log.maker.root(), log.maker.Log(), witnesses)));
  for (std::size_t i = 0; i < witnesses; ++i) closing.witnesses.push_back(WitnessOf(log, i));
  const ClosingReport report = Need(CloseLog(RealFileSystem(), closing));
  CHECK(report.asked.size() == witnesses);
  CHECK(Need(ReadSuccessor(log.directory)) == log.successor);
  return {report.tree.size, report.tree.root, closing.successor};
}

}  // namespace farm
