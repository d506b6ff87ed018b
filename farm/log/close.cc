#include "farm/log/close.h"

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/log/errors.h"
#include "farm/log/tile_log.h"

namespace farm {
namespace {

Status CheckSuccessorName(const Closing& closing, const std::string& origin) {
  const std::string& successor = closing.successor;
  const bool is_name = !successor.empty() && successor.size() < kClosedBytesMax &&
                       successor.find('\n') == std::string::npos;
  if (!is_name || successor == origin) {
    return Error{ErrorCode::kInvalidInput, "successor " + Printable(successor, 80) +
                                               ": want the origin of another log than " + origin};
  }
  ASSIGN_OR_RETURN(const std::string before, ReadSuccessor(closing.store));
  if (before.empty() || before == successor) return {};
  return Error{ErrorCode::kInvalidInput,
               closing.store + ": was closed before, and " + before + " goes on from it"};
}

// Where everything that it has committed is published, and no witness has shown another history.
Result<Checkpoint> LastTreeOf(const Closing& closing) {
  ASSIGN_OR_RETURN(const LogCheck found,
                   RequireWholeLog(closing.store, closing.check, closing.progress));
  const Checkpoint& published = found.heads.front().tree;
  const Checkpoint& committed = found.heads.back().tree;
  if (found.heads.size() != 2) {
    return Error{ErrorCode::kInvalidInput,
                 closing.store + ": is not the directory of a log: it has no file \"head\""};
  }
  if (FileExists(JoinPath(closing.store, "diverged"))) {
    return DivergedLog(published.origin, "it has a file \"diverged\"");
  }
  if (published.size == committed.size) return published;
  return LogUnavailable(closing.store + ": has " + std::to_string(committed.size) +
                        " entries and has published " + std::to_string(published.size) +
                        "; start farm-log until its checkpoint has all of them, then close it");
}

}  // namespace

Result<ClosingReport> CloseLog(FileSystem& files, const Closing& closing) {
  if (!closing.check) return Error{ErrorCode::kInvalidInput, "nobody says whose log this is"};
  TreeToConfirm last{"this log", {}, {}, {}};
  ASSIGN_OR_RETURN(last.read, OpenLogSource(closing.store));
  ASSIGN_OR_RETURN(const FileLock lock, FileLock::Take(JoinPath(closing.store, "lock"),
                                                       "a server has this log; stop it first"));
  ASSIGN_OR_RETURN(last.tree, LastTreeOf(closing));
  RETURN_IF_ERROR(CheckSuccessorName(closing, last.tree.origin));
  ASSIGN_OR_RETURN(last.note, last.read("checkpoint", kNoteBytesMax));
  auto asked = ConfirmTree(last, closing.witnesses, closing.absent);
  if (!asked) return Wrap("not closed", asked.error());
  RETURN_IF_ERROR(
      WriteDurably(files, JoinPath(closing.store, kClosedFile), closing.successor + "\n"));
  return ClosingReport{last.tree, last.note, *std::move(asked)};
}

}  // namespace farm
