// One bit of every byte of every binary part of the vector's bundle file flipped: certificates,
// signatures, time stamps, log entries, hashes, checkpoint and its signatures, payloads.  Of a
// release of three sites, whose verdict costs more, every seventh.
#include "farm/base/bytes.h"

#include <gtest/gtest.h>

#include "farm/json/json.h"
#include "tests/attacks/mutants/court.h"
#include "tests/attacks/mutants/json_edit.h"
#include "tests/attacks/mutants/scene.h"

namespace farm::mutants {
namespace {

using Pointer = Json::json_pointer;

const std::string kEntry = "/verificationMaterial/tlogEntries/0";
const std::string kNote = kEntry + "/inclusionProof/checkpoint/envelope";

std::vector<Row> Table() {
  return {
      // A bit of the released digest is also another file; a line that the release does not name is
      // no line of its: then too few sites and auditors are left.
      {"release payload", {2, 10, 11}, {"release", "artifact", "signatures"}},
      {"record payload", {12}, {"sites"}},
      {"approval payload", {14}, {"approvals"}},
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

// A bit that the byte's place chooses; of text not the highest, which would only be no UTF-8.
std::string Flip(std::string bytes, std::size_t at, bool text = false) {
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % (text ? 7 : 8))));
  return bytes;
}

// The mutants of one line.
class Bender {
 public:
  Bender(Court& court, std::size_t line, const std::string& text, std::size_t step)
      : court_(court),
        step_(step),
        line_(line),
        json_(*ParseForeignJson(text, "line")),
        kind_(KindOf(court.good().lines[line])) {}

  // A part that stands in base64 at `place`.
  void FlipBase64(const std::string& place, const std::string& part) {
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
      const std::string part = PartOf(note, i);
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

  std::string PartOf(const Note& note, std::size_t signature) const {
    const std::string& name = note.signatures[signature].name;
    if (name == kConsistencyName) return "consistency proof";
    if (name != court_.good().root.logs[0].origin) return "cosignature";
    return signature == 0 ? "log's signature" : "log's second signature";
  }

  void Try(const std::string& place, std::string value, const std::string& part, std::size_t at) {
    Json bent = json_;
    bent.at(Pointer(place)) = std::move(value);
    court_.TryLine(kind_ + " " + part, kind_ + ": " + part + " byte " + std::to_string(at), line_,
                   bent.dump());
  }

  Court& court_;
  std::size_t step_;  // from one byte that is flipped to the next
  std::size_t line_;
  Json json_;
  std::string kind_;
};

void FlipAll(Court& court, std::size_t line, const std::string& text, std::size_t step) {
  Bender bender(court, line, text, step);
  bender.FlipBase64("/dsseEnvelope/payload", "payload");
  bender.FlipBase64("/dsseEnvelope/signatures/0/sig", "signature");
  const std::string certificate = "/verificationMaterial/certificate/rawBytes";
  if (bender.Has(certificate)) bender.FlipBase64(certificate, "certificate");
  bender.FlipBase64(
      "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
      "time stamp");
  bender.FlipBase64(kEntry + "/canonicalizedBody", "log entry");
  bender.FlipBase64(kEntry + "/logId/keyId", "log id");
  bender.FlipBase64(kEntry + "/inclusionProof/rootHash", "root hash");
  bender.FlipHashes();
  bender.FlipCheckpoint();
}

std::string LineName(const testing::TestParamInfo<std::size_t>& info) {
  return "line_" + std::to_string(info.param + 1);
}

class OfTheVector : public testing::TestWithParam<std::size_t> {};

TEST_P(OfTheVector, EveryByteHolds) {
  const std::size_t line = GetParam();
  Court court("bytes of line " + std::to_string(line + 1) + " of the vector", Table(),
              VectorInput(), false);
  FlipAll(court, line, VectorLines()[line], 1);
}

INSTANTIATE_TEST_SUITE_P(Bytes, OfTheVector, testing::Range(std::size_t{0}, std::size_t{5}),
                         LineName);

class OfThreeSites : public testing::TestWithParam<std::size_t> {};

TEST_P(OfThreeSites, EverySeventhByteHolds) {
  const std::size_t line = GetParam();
  const Farm farm = MakeFarm();
  Court court("bytes of line " + std::to_string(line + 1) + " of three sites", Table(),
              farm.maker.Input(farm.release), false);
  FlipAll(court, line, WriteBundleLine(farm.release.lines[line]), 7);
}

INSTANTIATE_TEST_SUITE_P(Bytes, OfThreeSites, testing::Range(std::size_t{0}, std::size_t{8}),
                         LineName);

}  // namespace
}  // namespace farm::mutants
