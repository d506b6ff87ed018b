// Hooks for EvidenceMaker that bend the drafts of one kind, or of one party, and what is left of a
// line to bend when it is made.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "farm/evidence/note.h"
#include "tests/support/evidence_maker.h"

namespace farm {

// Drafts of one kind only.
template <typename T>
DraftHook On(std::function<void(T&, LineDraft&)> bend) {
  return [bend](LineDraft& draft) {
    if (T* statement = std::get_if<T>(&draft.statement)) bend(*statement, draft);
  };
}

// Of one kind and one party.
template <typename T>
DraftHook OnParty(const std::string& party, std::function<void(T&, LineDraft&)> bend) {
  return [party, bend](LineDraft& draft) {
    T* statement = std::get_if<T>(&draft.statement);
    if (statement != nullptr && draft.party == party) bend(*statement, draft);
  };
}

// Nothing where the line is in no log.
inline void ReplaceNote(Bundle& line, const std::function<void(Note&)>& bend) {
  if (!line.log_entry) return;
  Note note = *ParseNote(line.log_entry->checkpoint);
  bend(note);
  line.log_entry->checkpoint = WriteNote(note);
}

inline void DropSignatures(Bundle& line, const std::string& name) {
  ReplaceNote(line, [&](Note& note) {
    std::erase_if(note.signatures, [&](const NoteSignature& s) { return s.name == name; });
  });
}

}  // namespace farm
