// History: what the log itself says of releases, dissents and intents, so that no manifest with a
// dissent is built again and no version released twice, even after the database was deleted.
// Counts only what a signer (or, for intents, a coordinator) of the trust root has signed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/release/world.h"

namespace farm {

template <typename T>
struct InLog {
  T statement;
  Digest digest;  // PAE
  std::uint64_t index = 0;
  std::string log = {};  // as in LoggedLeaf
};

// Not thread-safe: belongs to the driving thread.
class History {
 public:
  explicit History(const TrustRoot& root) : root_(root) {}

  // Reads what is new in the log.  Errors: those of the notary; a payload that cannot be had, or
  // not be read, is an error too (kUnavailable exit 30): it might be a dissent.  A release whose
  // manifest is none is passed over: nobody counts it.
  Status Refresh(Notary& notary);

  // nullptr if there is none.
  const InLog<Dissent>* FindDissent(const Digest& manifest) const;
  const InLog<Release>* FindRelease(const std::string& product, const std::string& version) const;
  // In the order of the logs.
  std::vector<InLog<Intent>> IntentsOf(const Digest& manifest) const;
  const std::vector<InLog<Dissent>>& dissents() const { return dissents_; }
  const std::map<std::pair<std::string, std::string>, InLog<Release>>& releases() const {
    return releases_;
  }

 private:
  Status Take(const LoggedLeaf& leaf);
  Status TakeUnread();

  const TrustRoot& root_;
  std::deque<LoggedLeaf> unread_;
  std::vector<InLog<Dissent>> dissents_;
  std::map<std::pair<std::string, std::string>, InLog<Release>> releases_;  // product, version
  std::map<Digest, std::vector<InLog<Intent>>> intents_;                    // by manifest
};

}  // namespace farm
