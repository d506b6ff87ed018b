// Book: the states of all releases in memory, always what the ledger's rows say.  Every change goes
// through Update, which looks at the state, inserts rows and reads the new state under one lock: so
// a cancellation and a decision cannot both happen.  The ledger's copy has a change before Update
// succeeds, and before any later one: nothing is done in the world that only the ledger knows of.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/release/ledger.h"
#include "farm/release/ledger_copy.h"
#include "farm/release/state.h"

namespace farm {

// Thread-safe.
class Book {
 public:
  // Unites ledger and copy, then reads all rows.  Both outlive this.  Errors: those of ledger and
  // copy, and of StateOf.
  static Result<std::unique_ptr<Book>> Read(Ledger& ledger, LedgerCopy& copy);

  std::optional<ReleaseState> Find(const std::string& release) const;
  std::map<std::string, ReleaseState> All() const;
  // Submitted and not at an end.
  std::vector<std::string> Open() const;

  // Rows to add, from the state as it is; an error adds nothing and is returned.
  using Change = std::function<Result<std::vector<NewEffect>>(const ReleaseState&)>;
  // The state afterwards.
  Result<ReleaseState> Update(const std::string& release, const Change& change);

 private:
  Book(Ledger& ledger, LedgerCopy& copy) : ledger_(ledger), copy_(copy) {}
  Status Keep(const std::string& release, const std::vector<Effect>& rows) REQUIRES(mutex_);

  Ledger& ledger_;
  LedgerCopy& copy_;
  mutable Mutex mutex_;
  std::set<std::string> unkept_ GUARDED_BY(mutex_);  // the copy could not be written
  std::map<std::string, ReleaseState> states_ GUARDED_BY(mutex_);
};

}  // namespace farm
