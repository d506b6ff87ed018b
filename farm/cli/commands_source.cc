// farm source import: a source into the store, printed as a manifest's source block.
#include <algorithm>
#include <array>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/cli/describe.h"
#include "farm/cli/sandbox_place.h"
#include "farm/json/json.h"
#include "farm/manifest/manifest.h"
#include "farm/source/source.h"

namespace farm {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"debian", "archive", "git", "directory"};

// The toolchain that unpacks is whichever the folder holds.
Result<SandboxPlace> OpenAnySandbox(const SandboxArguments& arguments) {
  if (arguments.toolchain.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 "--toolchain DIR is missing: what debian and archive are unpacked with, made by "
                 "`farm toolchain build`"};
  }
  ASSIGN_OR_RETURN(const std::string json,
                   ReadFile(JoinPath(arguments.toolchain, kToolchainLockFile), kLockBytesMax));
  ASSIGN_OR_RETURN(const Lock lock, ParseLockJson(json));
  return OpenSandbox(arguments, lock);
}

Result<ImportedSource> Import(const SourceImportArguments& arguments, BlobStore& store) {
  if (arguments.kind == "directory") {
    return ImportDirectory(arguments.name, arguments.path, arguments.source_date_epoch, store);
  }
  if (arguments.kind == "git") {
    return ImportGit(arguments.name, {arguments.path, arguments.commit, arguments.url},
                     arguments.source_date_epoch, store);
  }
  ASSIGN_OR_RETURN(const SandboxPlace place, OpenAnySandbox(arguments.sandbox));
  const Unpacker unpack = SandboxUnpacker(place.setup, store);
  if (arguments.kind == "debian") {
    return ImportDebian(arguments.name, arguments.path, store, unpack);
  }
  return ImportArchive(arguments.name, arguments.path, arguments.url, store, unpack);
}

Status RunImport(const SourceImportArguments& arguments, const Output& output) {
  if (std::find(kKinds.begin(), kKinds.end(), arguments.kind) == kKinds.end()) {
    return Error{ErrorCode::kInvalidInput, "kind \"" + Printable(arguments.kind, 80) +
                                               "\" is none of " +
                                               Join({kKinds.begin(), kKinds.end()}, ", ")};
  }
  RETURN_IF_ERROR(MakeDirectories(arguments.store, 0755));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobStore> store,
                   BlobStore::Open(RealFileSystem(), arguments.store));
  ASSIGN_OR_RETURN(const ImportedSource imported, Import(arguments, *store));
  Say(output, SourceText(imported.source));
  Json files = Json::array();
  for (const SourceFile& file : imported.source.files) {
    files.push_back({{"name", file.name}, {"sha256", file.digest.Hex()}, {"size", file.size}});
  }
  Answer(output, {{"name", imported.source.name},
                  {"tree", imported.source.tree},
                  {"swhid", imported.tree.Swhid()},
                  {"files", files}});
  return {};
}

}  // namespace

int RunSourceImportCommand(const SourceImportArguments& arguments, const Output& output) {
  const Status status = RunImport(arguments, output);
  if (!status) return Fail(output, "farm source import", status.error());
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace farm
