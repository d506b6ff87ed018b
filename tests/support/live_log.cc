#include "tests/support/live_log.h"

#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"

namespace farm {
namespace {

Envelope EnvelopeOf(std::uint64_t number) {
  Envelope envelope;
  envelope.payload_type = std::string(kInTotoPayloadType);
  envelope.payload = "{\"number\":" + std::to_string(number) + "}";
  envelope.signature = "signature " + std::to_string(number);
  return envelope;
}

}  // namespace

std::string LiveLog::Leaf(std::uint64_t number) {
  static const PublicKey key = PrivateKey::Generate(KeyKind::kP256).public_key();
  return CanonicalizedBody(EnvelopeOf(number), std::nullopt, key);
}

std::string LiveLog::Pae(std::uint64_t number) { return EnvelopeOf(number).PaeBytes(); }

Status LiveLog::Start() {
  Stop();
  ASSIGN_OR_RETURN(
      log_,
      TileLog::Open(
          RealFileSystem(), directory_,
          {kOrigin, {0, 0, [](const std::string&) -> Result<std::uint64_t> { return 1; }}, {}}));
  SequencerOptions options;
  options.key = NewMemorySigner(key_);
  options.ecdsa_key = NewMemorySigner(ecdsa_key_);
  options.witnesses = {first_.Configured(), second_.Configured()};
  options.cosignatures_needed = 2;
  options.retry_after = std::chrono::milliseconds(1);
  ASSIGN_OR_RETURN(sequencer_, Sequencer::Start(*log_, std::move(options)));
  return {};
}

void LiveLog::Stop() {
  sequencer_.reset();
  log_.reset();
}

Result<std::vector<Placement>> LiveLog::Append(std::uint64_t begin, std::uint64_t end) {
  if (!sequencer_) RETURN_IF_ERROR(Start());
  std::vector<std::string> leaves;
  for (std::uint64_t number = begin; number < end; ++number) {
    const std::string pae = Pae(number);
    RETURN_IF_ERROR(log_->PutPayload(Sha256(pae), pae));
    leaves.push_back(Leaf(number));
  }
  return sequencer_->AppendAll(leaves);
}

LogTrust LiveLog::trust() {
  return {
      kOrigin, key_.public_key(), {first_.Configured().identity, second_.Configured().identity}, 2};
}

}  // namespace farm
