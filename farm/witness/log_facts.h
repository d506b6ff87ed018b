// What one log has said that belongs into a status: releases, withdrawals, dissents; and what of it
// could not be read.  Pure values; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/witness/contradictions.h"

namespace farm {

// Of a release, what a status says of it.
struct ReleaseInLog {
  std::string product;
  std::string version;
  std::int64_t sequence = 1;
  Digest manifest;
};

// Its signature was checked by the key in its own leaf.  Whether that key is anybody's is for the
// root of the day to say.
struct SpokenInLog {
  std::uint64_t index = 0;
  Digest digest;  // PAE
  std::optional<Certificate> certificate;
  std::optional<PublicKey> public_key;
  std::variant<ReleaseInLog, Withdrawal, Dissent> said;
};

// Of what its own leaf's key did not sign.
constexpr std::string_view kUnsignedKind = "unsigned";
// Of what that key signed and this program does not know: it will know no more when asked again.
constexpr std::string_view kUnknownKind = "unknown";

// Of whom something of kUnknownKind is remembered; a certificate takes some kilobytes.
constexpr std::size_t kUnknownSignersMax = 10'000;

// An entry of kUnknownKind.  Whether it matters is for the root of the day to say.
struct UnknownEntry {
  std::uint64_t index = 0;
  std::string why;
  std::optional<Certificate> certificate;
  std::optional<PublicKey> public_key;
};

// An entry that could be read, or that will never be.
struct TakenEntry {
  std::string kind;                         // of its statement: "record"; or one of those above
  std::vector<std::string> contradictions;  // what it cannot stand beside, for people to look at
};

class LogFacts {
 public:
  // Reads an entry: its exact leaf bytes, and the payload with the digest that the leaf names (or
  // why there is none).  An entry that could not be read may be given again.
  // Errors: why it could not be read: the leaf, or there is no such payload.
  Result<TakenEntry> Take(std::uint64_t index, const std::string& leaf,
                          const Result<std::string>& pae);

  const std::vector<SpokenInLog>& spoken() const { return spoken_; }
  // By digest of the leaf's certificate or key: of each the first, however many there are, and of
  // at most kUnknownSignersMax.
  const std::map<Digest, UnknownEntry>& unknown() const { return unknown_; }
  // Nothing is unread or unknown that could be a withdrawal, a dissent or a release by somebody of
  // the root.
  // Errors: kMismatch exit 15 naming the entry, kLimitExceeded exit 15 (it is of one signer more
  // than are remembered).
  Status CheckReadable(const TrustRoot& root) const;

 private:
  std::vector<SpokenInLog> spoken_;
  Contradictions contradictions_;
  std::map<std::uint64_t, std::string> unread_;  // index -> why
  std::map<Digest, UnknownEntry> unknown_;
  std::optional<std::uint64_t> beyond_;  // the first entry of a signer who is not remembered
};

}  // namespace farm
