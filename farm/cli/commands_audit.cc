// farm audit show, checkout, approve; farm source identify: an auditor looks and hashes for
// himself.
#include "farm/base/amount.h"
#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/cli/approved_manifest.h"
#include "farm/cli/audit_base.h"
#include "farm/cli/audit_checks.h"
#include "farm/cli/commands.h"
#include "farm/cli/describe.h"
#include "farm/cli/git_repository.h"
#include "farm/cli/inputs.h"
#include "farm/cli/person.h"
#include "farm/cli/sandbox_place.h"
#include "farm/cli/signing_check.h"
#include "farm/client/farm_client.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/token_key.h"

namespace farm {
namespace {

// What an auditor works on.
struct AuditCase {
  ReadManifest read;
  std::optional<PersonConfig> config;
  std::unique_ptr<BlobStore> store;
};

Result<AuditCase> OpenCase(const AuditArguments& arguments, bool needs_store) {
  AuditCase audit;
  ASSIGN_OR_RETURN(audit.read,
                   ReadManifestFile(arguments.manifest.manifest, arguments.manifest.lock));
  if (!arguments.config.empty()) {
    ASSIGN_OR_RETURN(audit.config, ReadPersonConfig(arguments.config));
  }
  if (!needs_store) return audit;
  const std::string path = !arguments.store.empty() ? arguments.store
                           : audit.config           ? audit.config->store_path
                                                    : "";
  if (path.empty()) {
    return Error{ErrorCode::kInvalidInput, "no store; name one with --store DIR or --config FILE"};
  }
  ASSIGN_OR_RETURN(audit.store, BlobStore::Open(RealFileSystem(), path));
  return audit;
}

// Unpacks each source in the sandbox.
Result<std::vector<TreeIdentity>> IdentifyInSandbox(const AuditCase& audit,
                                                    const SandboxPlace& place) {
  return IdentifySources(audit.read.manifest.sources, SandboxUnpacker(place.setup, *audit.store));
}

// What a manifest is compared with.
struct Comparison {
  ReadManifest read;
  std::string what;  // for people: which one that is, and who says so
};

// Errors: kNotFound (there is nothing to compare with, and why).
Result<Comparison> PreviousManifest(const AuditArguments& arguments, const AuditCase& audit) {
  const auto digest = Digest::Parse(arguments.previous);
  if (!arguments.previous.empty() && !digest) {
    ASSIGN_OR_RETURN(ReadManifest read, ReadManifestFile(arguments.previous, ""));
    return Comparison{std::move(read), arguments.previous + ", named by --previous"};
  }
  if (!audit.config) {
    return Error{ErrorCode::kNotFound, "no earlier manifest was named (--previous or --config)"};
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<FarmClient> client, FarmClient::Open(audit.config->farm));
  if (digest) {
    ASSIGN_OR_RETURN(ReadManifest read, FetchReadManifest(*client, *digest));
    return Comparison{std::move(read), digest->Text() + ", named by --previous"};
  }
  ASSIGN_OR_RETURN(const ApprovedManifest approved, LastApprovedManifest(*client, audit.read));
  ASSIGN_OR_RETURN(ReadManifest read,
                   FetchReadManifest(*client, ManifestDigest(approved.manifest)));
  return Comparison{std::move(read),
                    "release " + approved.release_id +
                        ", the last one of this product whose manifest has been approved at the "
                        "farm " +
                        audit.config->farm.address};
}

// Who approves, found before any work is done.
struct Approver {
  std::unique_ptr<Signer> signer;
  std::string auditor;
  std::optional<Endpoint> farm;  // where the approval goes
};

// A key in a token has no folder in which other files could lie.
Status WantFolder(const std::string& key, std::string_view what) {
  if (!IsTokenKey(key)) return {};
  return Error{ErrorCode::kInvalidInput,
               "nothing lies beside a key in a token; " + std::string(what)};
}

// The auditor's trust root: --root, else the configuration's, else root.json beside the key.
std::string RootPathOf(const AuditArguments& arguments, const AuditCase& audit,
                       const std::string& key_place) {
  if (!arguments.root.empty()) return arguments.root;
  return audit.config ? audit.config->root_path : JoinPath(DirectoryName(key_place), "root.json");
}

// The auditor's id: --auditor, else the one who has this key in the root.
Result<std::string> FindAuditor(const AuditArguments& arguments, const AuditCase& audit,
                                const std::string& key_place, const PublicKey& key) {
  if (!arguments.auditor.empty()) return arguments.auditor;
  if (arguments.root.empty() && !audit.config) {
    RETURN_IF_ERROR(WantFolder(key_place, "name the trust root with --root FILE"));
  }
  const std::string path = RootPathOf(arguments, audit, key_place);
  const auto bytes = ReadFile(path, kTrustRootBytesMax);
  if (!bytes) {
    return Error{ErrorCode::kInvalidInput,
                 bytes.error().message +
                     "; who has this key stands in the trust root: name it "
                     "with --root FILE, or yourself with --auditor ID"};
  }
  ASSIGN_OR_RETURN(const TrustRoot root, ParseTrustRoot(*bytes, path));
  auto auditor = AuditorOfKey(root, key);
  if (!auditor) return Wrap(key_place, auditor.error());
  return auditor;
}

Result<Approver> OpenApprover(const AuditArguments& arguments, const AuditCase& audit,
                              const Output& output) {
  const std::string key = !arguments.key.empty() ? arguments.key
                          : audit.config         ? audit.config->key
                                                 : "";
  if (key.empty()) {
    return Error{ErrorCode::kInvalidInput, "no key; name yours with --key KEY or --config FILE"};
  }
  Approver approver;
  const bool configured = arguments.key.empty() && audit.config;
  ASSIGN_OR_RETURN(approver.signer,
                   OpenConfiguredSigner(key, configured ? audit.config->owner : std::nullopt));
  ASSIGN_OR_RETURN(approver.auditor, FindAuditor(arguments, audit, key, approver.signer->key()));
  if (audit.config) approver.farm = audit.config->farm;
  if (!arguments.farm.empty()) {
    if (!audit.config) {
      RETURN_IF_ERROR(WantFolder(key, "name your TLS files in a configuration, --config FILE"));
    }
    ASSIGN_OR_RETURN(approver.farm, FarmOfUrl(arguments.farm, audit.config ? audit.config->farm.tls
                                                                           : TlsFilesBeside(key)));
  }
  // Without a farm the approval goes into a file, to somebody who stamps it: there is no log to
  // compare the clock with.
  const OwnTrust trust{RootPathOf(arguments, audit, key),
                       audit.config ? audit.config->policy_path : ""};
  RETURN_IF_ERROR(CheckReadyToSign(*approver.signer, approver.farm, trust, SystemClock(), output));
  return approver;
}

// `base`: of an approval by diff.
Result<Bundle> SignApproval(const Approver& approver, const AuditCase& audit,
                            const std::optional<ReadManifest>& base) {
  Approval approval{.manifest = audit.read.digest,
                    .product = audit.read.manifest.product,
                    .version = audit.read.manifest.version,
                    .sources = {},
                    .auditor = approver.auditor,
                    .scope = std::string(base ? kScopeDiff : kScopeTree),
                    .created = SystemClock().Now()};
  if (base) approval.base = base->digest;
  for (const ManifestSource& source : audit.read.manifest.sources) {
    approval.sources.push_back({source.name, source.tree});
  }
  return SignStatement(Statement(approval), *approver.signer);
}

Status SendApproval(const Endpoint& farm, const AuditCase& audit, const std::string& line,
                    const Output& output) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FarmClient> client, FarmClient::Open(farm));
  v1::ApproveRequest request;
  request.set_manifest(audit.read.canonical);
  request.set_approval_line(line);
  ASSIGN_OR_RETURN(const v1::ApproveReply reply, client->Approve(request));
  Say(output, "the farm holds " + Amount(reply.approvals(), "approval") + " of this manifest");
  return {};
}

Result<std::optional<ReadManifest>> OpenBase(const AuditArguments& arguments,
                                             const AuditCase& audit, const Approver& approver) {
  if (!arguments.diff) return std::optional<ReadManifest>();
  std::unique_ptr<FarmClient> client;
  if (approver.farm) {
    ASSIGN_OR_RETURN(client, FarmClient::Open(*approver.farm));
  }
  auto base = ReadBase(arguments.base, audit.read, client.get());
  if (!base) return Wrap("--base", base.error());
  return std::optional<ReadManifest>(*std::move(base));
}

// Everything that an approval by diff is about.
Result<Json> ShowChanges(const ReadManifest& base, const AuditCase& audit,
                         const SandboxPlace& place, const Output& output) {
  Say(output, "changed since " + base.manifest.product + " " + base.manifest.version +
                  " revision " + std::to_string(base.manifest.revision) + ", manifest " +
                  base.digest.Text() + ":");
  Json changes = Json::array();
  const auto say = [&](const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      Say(output, "  " + line);
      changes.push_back(line);
    }
  };
  say(DescribeChanges(base, audit.read));
  ASSIGN_OR_RETURN(const std::vector<std::string> files,
                   ChangedFiles(base, audit.read,
                                [&](const ManifestSource& source, const std::string& directory) {
                                  return UnpackSource(place.setup, source, *audit.store, directory);
                                }));
  say(files);
  return changes;
}

Status Approve(const AuditArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const AuditCase audit, OpenCase(arguments, true));
  ASSIGN_OR_RETURN(const Approver approver, OpenApprover(arguments, audit, output));
  ASSIGN_OR_RETURN(const std::optional<ReadManifest> base, OpenBase(arguments, audit, approver));
  RETURN_IF_ERROR(HashInputs(audit.read, *audit.store, output));
  Json changes = nullptr;
  {  // ^C in here means that nothing is signed
    ASSIGN_OR_RETURN(const SandboxPlace place, OpenSandbox(arguments.sandbox, audit.read.lock));
    RETURN_IF_ERROR(IdentifyInSandbox(audit, place));
    if (base) {
      ASSIGN_OR_RETURN(changes, ShowChanges(*base, audit, place, output));
    }
  }
  ASSIGN_OR_RETURN(const Bundle bundle, SignApproval(approver, audit, base));
  const std::string line = WriteBundleLine(bundle);
  if (!arguments.out.empty()) {
    RETURN_IF_ERROR(WriteDurably(RealFileSystem(), arguments.out, line + "\n"));
  }
  if (approver.farm) RETURN_IF_ERROR(SendApproval(*approver.farm, audit, line, output));
  if (arguments.out.empty() && !approver.farm) Say(output, line);
  Say(output, approver.auditor + " approved manifest " + audit.read.digest.Text() +
                  (base ? " by diff since " + base->digest.Text() : ""));
  Answer(output, {{"manifest", audit.read.digest.Text()},
                  {"approval", bundle.PaeDigest().Text()},
                  {"auditor", approver.auditor},
                  {"base", base ? Json(base->digest.Text()) : Json()},
                  {"changes", changes}});
  return {};
}

Status Checkout(const AuditArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const AuditCase audit, OpenCase(arguments, true));
  ASSIGN_OR_RETURN(const SandboxPlace place, OpenSandbox(arguments.sandbox, audit.read.lock));
  RETURN_IF_ERROR(MakeGitRepository(arguments.git));
  Json branches = Json::array();
  for (const ManifestSource& source : audit.read.manifest.sources) {
    ASSIGN_OR_RETURN(const TemporaryDirectory scratch, TemporaryDirectory::Make(""));
    ASSIGN_OR_RETURN(const std::string unpacked,
                     UnpackSource(place.setup, source, *audit.store, scratch.path()));
    const GitBranch branch{source.name,
                           audit.read.manifest.product + " " + audit.read.manifest.version +
                               ": source " + source.name + "\n\nManifest " +
                               audit.read.digest.Text() + "\n",
                           audit.read.manifest.source_date_epoch, source.tree};
    ASSIGN_OR_RETURN(const std::string tree, AddGitBranch(arguments.git, unpacked, branch));
    Say(output, "branch " + source.name + "  tree " + tree + "  (the one to be approved)");
    branches.push_back({{"name", source.name}, {"tree", tree}});
  }
  Say(output, "look at it with: git -C " + arguments.git + " log --stat --branches");
  Answer(output, {{"repository", arguments.git}, {"branches", branches}});
  return {};
}

Status Show(const AuditArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const AuditCase audit, OpenCase(arguments, false));
  Json lines = Json::array();
  for (const std::string& line : DescribeManifest(audit.read.manifest)) {
    Say(output, line);
    lines.push_back(line);
  }
  const std::vector<std::string> warnings = ManifestWarnings(audit.read.manifest);
  for (const std::string& line : warnings) Say(output, "warning: " + line);
  Say(output, "toolchain has " + DescribeLock(audit.read.lock));
  for (const LockedPackage& package : audit.read.lock.packages) {
    Say(output, "  " + package.name + " " + package.version + " " + package.architecture + " " +
                    package.sha256.Text());
  }
  Say(output, "manifest " + audit.read.digest.Text());
  Json changes = Json::array();
  Json compared = nullptr;
  const auto previous = PreviousManifest(arguments, audit);
  if (previous) {
    const Manifest& before = previous->read.manifest;
    Say(output, "compared with " + before.product + " " + before.version + " revision " +
                    std::to_string(before.revision) + ": " + previous->what);
    for (const std::string& line : DescribeChanges(previous->read, audit.read)) {
      Say(output, "  " + line);
      changes.push_back(line);
    }
    if (changes.empty()) Say(output, "  nothing has changed");
    compared = {{"product", before.product},
                {"version", before.version},
                {"revision", before.revision},
                {"manifest", previous->read.digest.Text()},
                {"what", previous->what}};
  } else if (!arguments.previous.empty() || previous.error().code != ErrorCode::kNotFound) {
    return previous.error();
  } else {
    Say(output, "compared with nothing: " + previous.error().message);
  }
  Answer(output, {{"manifest", audit.read.digest.Text()},
                  {"description", lines},
                  {"warnings", warnings},
                  {"comparedWith", compared},
                  {"changes", changes}});
  return {};
}

Status Identify(const AuditArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const AuditCase audit, OpenCase(arguments, true));
  ASSIGN_OR_RETURN(const SandboxPlace place, OpenSandbox(arguments.sandbox, audit.read.lock));
  ASSIGN_OR_RETURN(const std::vector<TreeIdentity> trees, IdentifyInSandbox(audit, place));
  Json sources = Json::array();
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const ManifestSource& source = audit.read.manifest.sources[i];
    Say(output, source.name + " " + audit.read.manifest.version + "   tree " +
                    trees[i].sha256.substr(0, 12) + "..   " + trees[i].Swhid() + "   files " +
                    std::to_string(source.files.size()));
    sources.push_back({{"name", source.name},
                       {"tree", trees[i].sha256},
                       {"treeSha1", trees[i].sha1},
                       {"swhid", trees[i].Swhid()}});
  }
  Answer(output, {{"sources", sources}});
  return {};
}

int Finish(const Output& output, std::string_view command, const Status& status) {
  if (!status) return Fail(output, command, status.error());
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace

int RunAuditShowCommand(const AuditArguments& arguments, const Output& output) {
  return Finish(output, "farm audit show", Show(arguments, output));
}
int RunAuditCheckoutCommand(const AuditArguments& arguments, const Output& output) {
  return Finish(output, "farm audit checkout", Checkout(arguments, output));
}
int RunAuditApproveCommand(const AuditArguments& arguments, const Output& output) {
  return Finish(output, "farm audit approve", Approve(arguments, output));
}
int RunSourceIdentifyCommand(const AuditArguments& arguments, const Output& output) {
  return Finish(output, "farm source identify", Identify(arguments, output));
}

}  // namespace farm
