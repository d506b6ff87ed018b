#include "tests/attacks/mutants/bend.h"

#include "farm/base/bytes.h"
#include "farm/json/json.h"
#include "tests/attacks/mutants/json_edit.h"

namespace farm::mutants {
namespace {

using Pointer = Json::json_pointer;

const std::string kPayload = "/dsseEnvelope/payload";
const std::string kEntry = "/verificationMaterial/tlogEntries/0";
const std::string kBody = kEntry + "/canonicalizedBody";
const std::string kNote = kEntry + "/inclusionProof/checkpoint/envelope";

// A bit that the byte's place chooses; of text not the highest, which would only be no UTF-8.
std::string Flip(std::string bytes, std::size_t at, bool text = false) {
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % (text ? 7 : 8))));
  return bytes;
}

Json JsonOf(const Bundle& line) { return *ParseForeignJson(WriteBundleLine(line), "line"); }

Json InsideOf(const Json& line, const std::string& part) {
  const auto text = Base64Decode(line.at(Pointer(part)).get<std::string>());
  return *ParseJson(*text, "part");
}

class Bender {
 public:
  Bender(const std::string& line, std::string what, std::size_t step, const Attempt& attempt)
      : json_(*ParseForeignJson(line, "line")),
        what_(std::move(what)),
        step_(step),
        attempt_(attempt) {}

  // A part that stands in base64 at `place`, if it is there.
  void FlipBase64(const std::string& place, const std::string& part) {
    if (!Has(place)) return;
    const std::string bytes = *Base64Decode(At(place));
    for (std::size_t at = 0; at < bytes.size(); at += step_) {
      Try(place, Base64Encode(Flip(bytes, at)), part, at);
    }
  }

  // The note: its text, and each signature with its hint.
  void FlipCheckpoint() {
    const std::string whole = At(kNote);
    const Note note = *ParseNote(whole);
    for (std::size_t at = 0; at < note.text.size() + 1; at += step_) {
      Try(kNote, Flip(whole, at, true), "checkpoint text", at);
    }
    for (std::size_t i = 0; i < note.signatures.size(); ++i) {
      const NoteSignature& signature = note.signatures[i];
      const std::string part = PartOfNote(note, i);
      for (std::size_t at = 0; at < signature.name.size(); at += step_) {
        Note bent = note;
        bent.signatures[i].name = Flip(signature.name, at, true);
        // A space or a plus would end the name: that is the form's business, not this part's.
        if (bent.signatures[i].name.find_first_of(" +") != std::string::npos) continue;
        Try(kNote, WriteNote(bent), part, at);
      }
      const std::string bytes = signature.key_hint + signature.signature;
      for (std::size_t at = 0; at < bytes.size(); at += step_) {
        Note bent = note;
        const std::string flipped = Flip(bytes, at);
        bent.signatures[i].key_hint = flipped.substr(0, signature.key_hint.size());
        bent.signatures[i].signature = flipped.substr(signature.key_hint.size());
        Try(kNote, WriteNote(bent), part, at);
      }
    }
  }

  void FlipHashes() {
    const std::string hashes = kEntry + "/inclusionProof/hashes";
    for (std::size_t i = 0; i < json_.at(Pointer(hashes)).size(); ++i) {
      FlipBase64(hashes + "/" + std::to_string(i), "proof hash");
    }
  }

  bool Has(const std::string& place) const { return json_.contains(Pointer(place)); }

 private:
  std::string At(const std::string& place) const {
    return json_.at(Pointer(place)).get<std::string>();
  }

  void Try(const std::string& place, std::string value, const std::string& part, std::size_t at) {
    Json bent = json_;
    bent.at(Pointer(place)) = std::move(value);
    const std::string kind = what_ + " " + part;
    attempt_(kind, kind + " byte " + std::to_string(at), bent.dump());
  }

  Json json_;
  std::string what_;
  std::size_t step_;  // from one byte that is flipped to the next
  const Attempt& attempt_;
};

// Each edit at each place of what stands in base64 at `part`.
void EditInside(const LineToEdit& fields, const std::string& part, const std::string& name,
                const Attempt& attempt) {
  const Json line = JsonOf(fields.line);
  const std::string what = fields.what + " " + name + " ";
  ForEachEdit(InsideOf(line, part), InsideOf(JsonOf(fields.other), part),
              [&](const std::string& kind, const std::string& where, const std::string& text) {
                Json bent = line;
                bent.at(Pointer(part)) = Base64Encode(text);
                attempt(what + kind, what + where, bent.dump());
              });
}

}  // namespace

std::string PartOfNote(const Note& note, std::size_t signature) {
  const std::string& name = note.signatures[signature].name;
  if (name == kConsistencyName) return "consistency proof";
  if (name != ParseCheckpoint(note.text)->origin) return "cosignature";
  return signature == 0 ? "log's signature" : "log's second signature";
}

void FlipBytes(const std::string& line, const std::string& what, std::size_t step,
               const Attempt& attempt) {
  Bender bender(line, what, step, attempt);
  bender.FlipBase64(kPayload, "payload");
  bender.FlipBase64("/dsseEnvelope/signatures/0/sig", "signature");
  bender.FlipBase64("/verificationMaterial/certificate/rawBytes", "certificate");
  bender.FlipBase64("/verificationMaterial/publicKey/rawBytes", "key");
  bender.FlipBase64(
      "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
      "time stamp");
  if (!bender.Has(kEntry)) return;
  bender.FlipBase64(kBody, "log entry");
  bender.FlipBase64(kEntry + "/logId/keyId", "log id");
  bender.FlipBase64(kEntry + "/inclusionProof/rootHash", "root hash");
  bender.FlipHashes();
  bender.FlipCheckpoint();
}

void EditLine(const LineToEdit& fields, const Attempt& attempt) {
  const std::string what = fields.what + " ";
  ForEachEdit(JsonOf(fields.line), JsonOf(fields.other),
              [&](const std::string& kind, const std::string& where, const std::string& text) {
                attempt(what + kind, what + where, text);
              });
}

void EditStatement(const LineToEdit& fields, const Attempt& attempt) {
  EditInside(fields, kPayload, "statement", attempt);
}

void EditLeaf(const LineToEdit& fields, const Attempt& attempt) {
  EditInside(fields, kBody, "leaf", attempt);
}

std::vector<Row> BytesTable() {
  return {
      // A bit of the released digest is also another file; a line that the release does not name is
      // no line of its: then too few sites and auditors are left.
      {"release payload", {2, 10, 11}, {"release", "artifact", "signatures"}},
      {"record payload", {12}, {"sites"}},
      {"approval* payload", {14}, {"approvals"}},
      {"* payload", {22}, {"lines"}},
      {"* certificate", {11}, {"identities"}, Accepted::kNever, true},
      {"* time stamp", {11}, {"time-stamps"}},
      {"* log entry", {15}, {"log"}, Accepted::kNever, true},
      {"* proof hash", {15}, {"log"}},
      {"* root hash", {}, {}, Accepted::kNever, true},
      {"* log id", {15}, {"log"}},
      {"* checkpoint text", {15}, {"log"}, Accepted::kNever, true},
      {"* log's signature", {15}, {"log"}},
      {"* log's second signature", {15}, {"log"}},
      {"* signature", {11}, {"signatures"}},
      {"* cosignature", {16}, {"witnesses"}},
      {"* consistency proof", {15}, {"consistency"}},
  };
}

}  // namespace farm::mutants
