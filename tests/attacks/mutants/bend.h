// The mutants of one line of evidence, wherever it belongs: of its bytes and of its fields.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "farm/evidence/bundle.h"
#include "farm/evidence/note.h"
#include "tests/attacks/mutants/court.h"

namespace farm::mutants {

// What becomes of a mutant: its kind, its name for messages, the line's text.
using Attempt =
    std::function<void(const std::string& kind, const std::string& name, const std::string& text)>;

// One bit of every `step`-th byte of every binary part: certificate or key, signature, time stamp,
// log entry, hashes, checkpoint and its signatures, payload.  Kinds: "WHAT PART".
void FlipBytes(const std::string& line, const std::string& what, std::size_t step,
               const Attempt& attempt);

// What a signature of a checkpoint is called among those parts.
std::string PartOfNote(const Note& note, std::size_t signature);

// What else a mutant of fields is made of.
struct LineToEdit {
  std::string what;  // kinds: "WHAT PLACE EDIT"
  const Bundle& line;
  const Bundle& other;  // where kSwapped takes from
};
// Of the line itself, at every depth.
void EditLine(const LineToEdit& fields, const Attempt& attempt);
// Of the statement in its payload, of its leaf in the log.  Kinds: "WHAT statement PLACE EDIT".
void EditStatement(const LineToEdit& fields, const Attempt& attempt);
void EditLeaf(const LineToEdit& fields, const Attempt& attempt);

// The rows of bytes of a line of the bundle.
std::vector<Row> BytesTable();

}  // namespace farm::mutants
