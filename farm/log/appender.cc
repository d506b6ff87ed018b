#include "farm/log/appender.h"

#include "farm/base/bytes.h"
#include "farm/base/epoch.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::string_view kEpochsFormat = "farm-epochs/1";
constexpr std::size_t kEpochsBytesMax = 64 << 10;  // a hundred peers of 64 characters

// Whose clock it is and whether it is trusted is for those who verify; the log only refuses a token
// that cannot be over this signature.  DER: OCTET STRING of 32 bytes.
bool HoldsImprintOf(std::string_view token, std::string_view signature) {
  const std::string imprint = std::string("\x04\x20", 2) + std::string(Sha256(signature).bytes());
  return token.find(imprint) != std::string_view::npos;
}

// Of a kind that only a party of this role may say; "" for what persons say.
std::string_view RoleThatSays(const Statement& statement) {
  if (std::holds_alternative<Record>(statement)) return "site";
  if (std::holds_alternative<Intent>(statement)) return "coordinator";
  if (std::holds_alternative<KitEntry>(statement)) return "coordinator";
  if (std::holds_alternative<Release>(statement)) return "signer";
  if (std::holds_alternative<Dissent>(statement)) return "signer";
  return "";
}

// What is logged stands for ever, whatever becomes of the key: so the log asks before.
Status CheckIsGoodNow(const Person& person, const TrustRoot& root, UnixSeconds now) {
  const std::string whose = "by the key of " + Printable(person.id, 120) + ", which ";
  const Revocation* revoked = FindKeyRevocation(root, person.key.KeyId());
  if (revoked != nullptr && (!revoked->compromised_since || *revoked->compromised_since <= now)) {
    return Error{ErrorCode::kUntrusted, whose + "is revoked in the trust root", ExitCode::kRevoked};
  }
  if (person.valid_for.Contains(now)) return {};
  return Error{ErrorCode::kUntrusted, whose + "is not valid now by the trust root",
               ExitCode::kNotValidThen};
}

// What persons say that not every person may: a withdrawal, where a site stands.  Nobody's status
// is logged: it is about the log.
Status CheckPersonSpeaks(const Bundle& bundle, const Statement& statement, const TrustRoot& root,
                         UnixSeconds now) {
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::kUntrusted, "a " + std::string(KindName(statement)) + " " + why,
                 ExitCode::kBadSignature};
  };
  const Person* person = nullptr;
  std::string says;
  if (const auto* withdrawal = std::get_if<Withdrawal>(&statement)) {
    says = withdrawal->by;
    person = root.FindWhoMayWithdraw(bundle.key());
  } else if (const auto* location = std::get_if<SiteLocation>(&statement)) {
    says = location->certifier;
    person = root.FindCertifier(bundle.key());
  } else if (std::holds_alternative<FarmStatus>(statement)) {
    return refused("is about the log and does not go into it");
  } else {
    return {};
  }
  if (!bundle.certificate && person != nullptr && person->id == says) {
    return CheckIsGoodNow(*person, root, now);
  }
  return refused("by " + Printable(says, 120) +
                 ", under whose name the root does not list this key as one that may say it");
}

// Whoever reads the whole log reads what is in a release, too.
Status CheckManifestReads(const Statement& statement) {
  const auto* release = std::get_if<Release>(&statement);
  if (release == nullptr) return {};
  const auto manifest = ViewManifest(release->manifest);
  return manifest ? Status() : manifest.error();
}

Status CheckSpeaker(const Bundle& bundle, const Statement& statement, const TrustRoot& root,
                    UnixSeconds now) {
  const std::string_view role = RoleThatSays(statement);
  if (role.empty()) return CheckPersonSpeaks(bundle, statement, root, now);
  const std::string what = "a " + std::string(KindName(statement));
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::kUntrusted, what + " " + why, ExitCode::kBadSignature};
  };
  if (!bundle.certificate) return refused("must be signed with a certificate");
  ASSIGN_OR_RETURN(const std::string id, bundle.certificate->UriName());
  const auto found = root.FindParty(id);
  if (!found || found->party->role != role) {
    return refused("by " + Printable(id, 120) + ", whom the root does not list as a " +
                   std::string(role));
  }
  // Whether it was good when it was used is for those to judge who know the time.
  const LeafIssuer issuer =
      FindLeafIssuer(*found->owner, *bundle.certificate, bundle.certificate->not_before());
  if (issuer.authority == nullptr) {
    return refused("by " + Printable(id, 120) +
                   " with a leaf that its operator's CA has not issued");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Epochs>> Epochs::Open(FileSystem& files, const std::string& path,
                                             const Clock& clock) {
  std::unique_ptr<Epochs> epochs(new Epochs(files, path, clock));
  if (!FileExists(path)) return epochs;
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kEpochsBytesMax));
  ASSIGN_OR_RETURN(const Json json, ParseJson(text, path, kEpochsBytesMax));
  JsonFields fields(json, path);
  fields.Format(kEpochsFormat);
  const Json seen = fields.Object("epochs");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields by_peer(seen, path + ".epochs");
  MutexLock lock(epochs->mutex_);
  for (const auto& item : seen.items()) {
    epochs->seen_[item.key()] =
        static_cast<std::uint64_t>(by_peer.Integer(item.key(), 0, kJsonIntegerMax));
  }
  RETURN_IF_ERROR(by_peer.Finish());
  return epochs;
}

Status Epochs::Admit(const std::string& peer, std::uint64_t epoch) {
  RETURN_IF_ERROR(CheckEpochHasCome(epoch, clock_.Now()));
  MutexLock lock(mutex_);
  const auto found = seen_.find(peer);
  const std::uint64_t seen = found == seen_.end() ? 0 : found->second;
  if (epoch < seen) {
    return Error{ErrorCode::kUntrusted,
                 Printable(peer, 64) + " asks with epoch " + std::to_string(epoch) + ", epoch " +
                     std::to_string(seen) + " has been seen: a newer one has taken its place",
                 ExitCode::kRefused};
  }
  if (epoch == seen) return {};
  Json epochs = Json::object();
  for (const auto& [name, number] : seen_) epochs[name] = number;
  epochs[peer] = epoch;
  RETURN_IF_ERROR(WriteDurably(files_, path_,
                               WriteReadableJson({{"format", kEpochsFormat}, {"epochs", epochs}})));
  seen_[peer] = epoch;
  return {};
}

Result<std::string> CheckForAppend(const Bundle& bundle, const TrustRoot& root, UnixSeconds now) {
  const Envelope& envelope = bundle.envelope;
  const std::string name = "bundle " + bundle.PaeDigest().Short();
  if (!bundle.certificate && !bundle.public_key) {
    return Error{ErrorCode::kInvalidInput, name + ": has neither a certificate nor a public key"};
  }
  RETURN_IF_ERROR(CheckLoggable(bundle, name));
  if (!bundle.timestamp) {
    return Error{ErrorCode::kInvalidInput, name + ": has no time stamp; have it stamped first"};
  }
  if (!HoldsImprintOf(*bundle.timestamp, envelope.signature)) {
    return Error{ErrorCode::kInvalidInput, name + ": its time stamp is over something else"};
  }
  ASSIGN_OR_RETURN(const Statement statement, ParseStatement(envelope.payload, name));
  if (Status speaker = CheckSpeaker(bundle, statement, root, now); !speaker) {
    return Wrap(name, speaker.error());
  }
  if (Status whole = CheckManifestReads(statement); !whole) return Wrap(name, whole.error());
  return CanonicalizedBody(envelope, bundle.certificate, bundle.key());
}

Result<std::string> Appender::Append(const std::string& peer, std::uint64_t epoch,
                                     std::string_view bundle_line) {
  RETURN_IF_ERROR(epochs_.Admit(peer, epoch));
  ASSIGN_OR_RETURN(Bundle bundle, ParseBundleLine(bundle_line, "bundle"));
  ASSIGN_OR_RETURN(const TrustRoot root, root_());
  ASSIGN_OR_RETURN(std::string leaf, CheckForAppend(bundle, root, clock_.Now()));
  RETURN_IF_ERROR(log_.CheckWritable());
  RETURN_IF_ERROR(log_.PutPayload(bundle.PaeDigest(), bundle.envelope.PaeBytes()));
  ASSIGN_OR_RETURN(Placement placement, sequencer_.Append(leaf));
  bundle.log_entry = LogEntry{.index = placement.index,
                              .tree_size = placement.checkpoint.size,
                              .root = placement.checkpoint.root,
                              .hashes = std::move(placement.inclusion),
                              .checkpoint = std::move(placement.note),
                              .canonicalized_body = std::move(leaf),
                              .log_id = sequencer_.log_id()};
  return WriteBundleLine(bundle);
}

}  // namespace farm
