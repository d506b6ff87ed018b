// Book: the states of all releases in memory, always what the ledger's rows say.  Every change goes
// through Update, which looks at the state, inserts rows and reads the new state under one lock: so
// a cancellation and a decision cannot both happen.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/release/ledger.h"
#include "farm/release/state.h"

namespace farm {

// Thread-safe.
class Book {
 public:
  // Reads all rows.  `ledger` outlives this.  Errors: those of the ledger and of StateOf.
  static Result<std::unique_ptr<Book>> Read(Ledger& ledger);

  std::optional<ReleaseState> Find(const std::string& release) const;
  std::map<std::string, ReleaseState> All() const;
  // Submitted and not at an end.
  std::vector<std::string> Open() const;

  // Rows to add, from the state as it is; an error adds nothing and is returned.
  using Change = std::function<Result<std::vector<NewEffect>>(const ReleaseState&)>;
  // The state afterwards.
  Result<ReleaseState> Update(const std::string& release, const Change& change);

 private:
  explicit Book(Ledger& ledger) : ledger_(ledger) {}

  Ledger& ledger_;
  mutable Mutex mutex_;
  std::map<std::string, ReleaseState> states_ GUARDED_BY(mutex_);
};

}  // namespace farm
