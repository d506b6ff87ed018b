#include "farm/log/appender.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/epoch.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"
#include "farm/sign/doctor.h"

namespace farm {
namespace {

constexpr std::string_view kEpochsFormat = "farm-epochs/1";
constexpr std::size_t kEpochsBytesMax = 64 << 10;  // a hundred peers of 64 characters

// Whose clock it is and whether it is trusted is for those who verify; the log only refuses a token
// that cannot be over this signature, and lets no other than the root's move the time for which it
// asks (AttestedTime).  DER: OCTET STRING of 32 bytes.
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

// For what is stamped at `at` and witnessed soon, as verdicts ask; witnesses that are further
// behind this clock than a signing program's may be are not counted on.
const Revocation* FindRevocationFor(const TrustRoot& root, const std::string& key_id,
                                    UnixSeconds at, UnixSeconds now) {
  const Revocation* revoked = FindKeyRevocation(root, key_id);
  if (revoked == nullptr || !revoked->compromised_since) return revoked;
  return *revoked->compromised_since <= std::max(at, now - kClockSkewSecondsMax) ? revoked
                                                                                 : nullptr;
}

// When the leaf was used, by a time stamp authority that the root vouches for; else by this clock.
// An old leaf's key, however it was come by, makes nothing that was stamped in the leaf's days.
UnixSeconds AttestedTime(const Bundle& bundle, const TrustRoot& root, UnixSeconds now) {
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    const auto checked =
        CheckTimestampAndSigner(*bundle.timestamp, bundle.envelope.signature, authority.chain);
    if (!checked || !authority.valid_for.Contains(checked->time)) continue;
    const auto revoked = [&](const Certificate& certificate) {
      return FindRevocationFor(root, certificate.KeyId(), checked->time, now) != nullptr;
    };
    if (revoked(checked->signer) || std::ranges::any_of(authority.chain, revoked)) continue;
    return checked->time;
  }
  return now;
}

// Whoever has a leaf's key could fill the log with what monitors must heed.  The strictest rule
// that refuses nothing that a verdict takes, where clocks are right: the leaf must count for the
// time of its stamp, not for this hour, since what waited for the log while that was away is
// stamped and stays as it is.
Status CheckLeafCounts(const Bundle& bundle, const Operator& owner, const TrustRoot& root,
                       UnixSeconds now) {
  const Certificate& leaf = *bundle.certificate;
  const UnixSeconds at = AttestedTime(bundle, root, now);
  const LeafIssuer issuer = FindLeafIssuer(owner, leaf, at);
  if (issuer.authority == nullptr) {
    return Error{ErrorCode::kUntrusted, "it has a leaf that its operator's CA has not issued",
                 ExitCode::kBadSignature};
  }
  const std::string its_leaf = "its leaf of key " + leaf.KeyId().substr(0, 16) + ".. ";
  const auto check_key = [&](const std::string& what, const std::string& key_id) -> Status {
    const Revocation* revoked = FindRevocationFor(root, key_id, at, now);
    if (revoked == nullptr) return {};
    const std::string since = revoked->compromised_since
                                  ? "since " + FormatTime(*revoked->compromised_since)
                                  : "for all time";
    return Error{ErrorCode::kUntrusted,
                 its_leaf + "counts no more: " + what + " is revoked in the trust root " + since +
                     "; sign with a new leaf, of a key and a CA that are not",
                 ExitCode::kRevoked};
  };
  RETURN_IF_ERROR(check_key("that key", leaf.KeyId()));
  for (const Certificate& authority : issuer.authority->chain) {
    RETURN_IF_ERROR(
        check_key("its CA's key " + authority.KeyId().substr(0, 16) + "..", authority.KeyId()));
  }
  Status valid = issuer.status;
  if (valid && !owner.valid_for.Contains(at)) {
    valid = Error{ErrorCode::kUntrusted,
                  "the root does not vouch for operator " + Printable(owner.id, 120) + " then"};
  }
  if (valid) return {};
  return Error{ErrorCode::kUntrusted,
               its_leaf + "does not count at " + FormatTime(at) + ": " + valid.error().message +
                   "; sign with a new leaf",
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
  if (Status counts = CheckLeafCounts(bundle, *found->owner, root, now); !counts) {
    return Wrap(what + " by " + Printable(id, 120), counts.error());
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
