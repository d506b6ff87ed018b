#include "farm/release/book.h"

#include <utility>

namespace farm {

Result<std::unique_ptr<Book>> Book::Read(Ledger& ledger, LedgerCopy& copy) {
  RETURN_IF_ERROR(copy.Unite(ledger));
  std::unique_ptr<Book> book(new Book(ledger, copy));
  ASSIGN_OR_RETURN(const std::vector<std::string> releases, ledger.Releases());
  MutexLock lock(book->mutex_);
  for (const std::string& release : releases) {
    ASSIGN_OR_RETURN(const std::vector<Effect> rows, ledger.Rows(release));
    auto state = StateOf(rows);
    if (!state) return Wrap("reading the rows of " + release, state.error());
    book->states_.emplace(release, *std::move(state));
  }
  return book;
}

std::optional<ReleaseState> Book::Find(const std::string& release) const {
  MutexLock lock(mutex_);
  const auto found = states_.find(release);
  if (found == states_.end()) return std::nullopt;
  return found->second;
}

std::map<std::string, ReleaseState> Book::All() const {
  MutexLock lock(mutex_);
  return states_;
}

std::vector<std::string> Book::Open() const {
  MutexLock lock(mutex_);
  std::vector<std::string> open;
  for (const auto& [release, state] : states_) {
    if (state.submitted && !IsEnd(state.stage())) open.push_back(release);
  }
  return open;
}

Status Book::Keep(const std::string& release, const std::vector<Effect>& rows) {
  unkept_.insert(release);
  RETURN_IF_ERROR(copy_.Keep(release, rows, ledger_));
  unkept_.erase(release);
  return {};
}

Result<ReleaseState> Book::Update(const std::string& release, const Change& change) {
  MutexLock lock(mutex_);
  if (unkept_.contains(release)) {
    ASSIGN_OR_RETURN(const std::vector<Effect> rows, ledger_.Rows(release));
    RETURN_IF_ERROR(Keep(release, rows));
  }
  const auto found = states_.find(release);
  const ReleaseState before = found == states_.end() ? ReleaseState() : found->second;
  ASSIGN_OR_RETURN(const std::vector<NewEffect> effects, change(before));
  if (effects.empty()) return before;
  RETURN_IF_ERROR(ledger_.Insert(release, effects));
  ASSIGN_OR_RETURN(const std::vector<Effect> rows, ledger_.Rows(release));
  ASSIGN_OR_RETURN(const ReleaseState state, StateOf(rows));
  states_.insert_or_assign(release, state);
  RETURN_IF_ERROR(Keep(release, rows));
  return state;
}

}  // namespace farm
