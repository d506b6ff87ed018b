#include "farm/cli/bundle_export.h"

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/bundle_view.h"
#include "farm/crypto/timestamp.h"

namespace farm {
namespace {

constexpr char kReadmeTop[] =
    "Evidence of a release, as files that openssl alone can check (OpenSSL 3.0 or later).\n"
    "Every indented line is a command, to be run in this folder. A sound line makes each of them\n"
    "succeed; whether a release may be trusted asks for more (who signed, how many, in which "
    "order),\n"
    "which farm-verify judges. The authorities and keys of log and witnesses come from the trust\n"
    "root that was given; nothing here shows that it is the right one. That leaf.json is in the "
    "log\n"
    "under checkpoint.txt takes the proof in the bundle (RFC 9162 section 2.1.3.2): openssl has "
    "no\n"
    "command for it.\n"
    "\n"
    "Files of a line:\n"
    "  payload.json      the statement\n"
    "  pae.bin           what is signed: DSSE's encoding of the statement and its type\n"
    "  signature.der     the signature over pae.bin; the time stamp is over these bytes\n"
    "  key.pem           the signer's public key; certificate.pem its certificate, if it has one\n"
    "  issuers.pem, issuers-root.pem   the CA of the operator that the root lists for that signer\n"
    "  time-stamp.tsr    the time stamp (RFC 3161); stamps.pem, stamps-root.pem its authority\n"
    "  leaf.json         the entry of the log; checkpoint.txt the state of the log that has it\n"
    "  log.sig, log.pem  the log's signature over checkpoint.txt, and its key (Ed25519)\n"
    "  witness-N.*       what a witness signed, its signature, its key (Ed25519)\n";

// One line on its way out.
struct LineExport {
  const Bundle& line;
  const TrustRoot& root;
  std::string folder;
  std::vector<ExportedFile>& files;
  std::string& readme;

  std::string Add(const std::string& name, std::string bytes) {
    files.push_back({JoinPath(folder, name), std::move(bytes)});
    return files.back().name;
  }
  void Run(const std::string& command) { readme += "    openssl " + command + "\n"; }
  void Say(const std::string& sentence) { readme += "  " + sentence + "\n"; }
};

std::string PemOf(const std::vector<Certificate>& chain, std::size_t begin, std::size_t end) {
  std::string pem;
  for (std::size_t i = begin; i < end; ++i) pem += chain[i].Pem();
  return pem;
}

// Writes a chain as root and the rest; the options by which openssl takes both.
std::string AddChain(const std::string& name, const std::vector<Certificate>& chain,
                     LineExport& out) {
  const std::size_t rest = chain.size() - 1;
  const std::string root = out.Add(name + "-root.pem", PemOf(chain, rest, chain.size()));
  std::string options = " -CAfile " + root;
  if (rest > 0) options += " -untrusted " + out.Add(name + ".pem", PemOf(chain, 0, rest));
  return options;
}

void ExportSignature(LineExport& out) {
  const Envelope& envelope = out.line.envelope;
  const std::string payload = out.Add("payload.json", envelope.payload);
  const std::string pae = out.Add("pae.bin", envelope.PaeBytes());
  if (envelope.payload_type == kInTotoPayloadType) {
    const std::string before =
        Pae(envelope.payload_type, "");  // ends in the length, 0, and a space
    out.readme += "    printf '" + before.substr(0, before.size() - 2) +
                  std::to_string(envelope.payload.size()) + " ' | cat - " + payload + " | cmp - " +
                  pae + "\n";
  } else {
    out.Say("Its payload type is " + Printable(envelope.payload_type, 200) + ".");
  }
  const std::string signature = out.Add("signature.der", envelope.signature);
  const std::string key = out.Add("key.pem", out.line.key().Pem());
  if (out.line.key().kind() == KeyKind::kP256) {
    out.Run("dgst -sha256 -verify " + key + " -signature " + signature + " " + pae);
  } else {
    out.Run("pkeyutl -verify -pubin -inkey " + key + " -rawin -in " + pae + " -sigfile " +
            signature);
  }
}

void ExportCertificate(std::optional<UnixSeconds> at, LineExport& out) {
  if (!out.line.certificate) return;
  const Certificate& certificate = *out.line.certificate;
  const std::string file = out.Add("certificate.pem", certificate.Pem());
  const auto uri = certificate.UriName();
  const auto found = uri ? out.root.FindParty(*uri) : std::nullopt;
  if (!found) return out.Say("The root does not know the name in certificate.pem.");
  const UnixSeconds then = at.value_or(certificate.not_before());
  const LeafIssuer issuer = FindLeafIssuer(*found->owner, certificate, then);
  if (issuer.authority == nullptr) {
    return out.Say("No CA of operator " + Printable(found->owner->id, 160) +
                   " issued certificate.pem.");
  }
  out.Run("verify -x509_strict -check_ss_sig -attime " + std::to_string(then) +
          AddChain("issuers", issuer.authority->chain, out) + " " + file);
  out.Run("x509 -in " + file + " -noout -pubkey | cmp - " + JoinPath(out.folder, "key.pem"));
}

// The authority whose chain the token fits; the first of the root if none does.
const TimestampAuthority* FindAuthority(const Bundle& line, const TrustRoot& root) {
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    if (CheckTimestamp(*line.timestamp, line.envelope.signature, authority.chain)) {
      return &authority;
    }
  }
  return root.timestamp_authorities.empty() ? nullptr : &root.timestamp_authorities.front();
}

void ExportTimestamp(std::optional<UnixSeconds> at, LineExport& out) {
  if (!out.line.timestamp) return out.Say("There is no time stamp.");
  const std::string file = out.Add("time-stamp.tsr", *out.line.timestamp);
  const TimestampAuthority* authority = FindAuthority(out.line, out.root);
  if (authority == nullptr || !at) {
    return out.Say("The time stamp cannot be read, or the root lists no authority for it.");
  }
  out.Run("ts -verify -check_ss_sig -attime " + std::to_string(*at) + " -data " +
          JoinPath(out.folder, "signature.der") + " -in " + file +
          AddChain("stamps", authority->chain, out));
}

std::string Ed25519Command(const std::string& key, const std::string& message,
                           const std::string& signature) {
  return "pkeyutl -verify -pubin -inkey " + key + " -rawin -in " + message + " -sigfile " +
         signature;
}

void ExportCheckpoint(LineExport& out) {
  if (!out.line.log_entry) return out.Say("There is no log entry.");
  const LogEntry& entry = *out.line.log_entry;
  out.Add("leaf.json", entry.canonicalized_body);
  const auto note = ParseNote(entry.checkpoint);
  const auto head = note ? ParseCheckpoint(note->text) : Result<Checkpoint>(note.error());
  if (!head) return out.Say("The checkpoint cannot be read.");
  const std::string text = out.Add("checkpoint.txt", note->text);
  const auto signature_of = [&](const std::string& name, const std::string& hint) {
    for (const NoteSignature& line : note->signatures) {
      if (line.name == name && line.key_hint == hint) return line.signature;
    }
    return std::string();
  };
  for (const Log& log : out.root.logs) {
    const std::string signature = signature_of(log.origin, NoteKeyHint(log.origin, log.key));
    if (log.origin != head->origin || signature.empty()) continue;
    out.Run(Ed25519Command(out.Add("log.pem", log.key.Pem()), text, out.Add("log.sig", signature)));
  }
  std::size_t number = 0;
  for (const Witness& witness : out.root.witnesses) {
    const std::string line =
        signature_of(witness.name, CosignatureKeyHint(witness.name, witness.key));
    if (line.size() <= 8) continue;
    const std::string name = "witness-" + std::to_string(++number);
    const std::string message = "cosignature/v1\ntime " +
                                std::to_string(ReadBigEndian64(line.substr(0, 8))) + "\n" +
                                note->text;
    out.Run(Ed25519Command(out.Add(name + ".pem", witness.key.Pem()),
                           out.Add(name + ".txt", message),
                           out.Add(name + ".sig", line.substr(8))));
  }
}

}  // namespace

std::vector<ExportedFile> ExportBundle(const std::vector<Bundle>& lines, const TrustRoot& root) {
  std::vector<ExportedFile> files = {{"README", ""}};
  std::string readme = kReadmeTop;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const LineView view = ViewBundleLine(lines[i]);
    const std::string kind = view.kind.empty() ? "unreadable" : view.kind;
    std::string word = kind.substr(0, kind.find(' '));  // "kit entry": kit
    LineExport out{lines[i], root, std::to_string(i + 1) + "-" + word, files, readme};
    readme += "\nLine " + std::to_string(i + 1) + ": " + kind + " by " +
              Printable(view.uri.empty() ? "key " + view.key_id : view.uri, 200) +
              (view.token ? ", stamped " + FormatTime(*view.token) : "") + "\n";
    ExportSignature(out);
    ExportCertificate(view.token, out);
    ExportTimestamp(view.token, out);
    ExportCheckpoint(out);
  }
  files.front().bytes = readme;
  return files;
}

}  // namespace farm
