// Names that a file system may take for the same: Unicode case folding and normalisation.
#pragma once

#include <string>
#include <string_view>

namespace farm {

// A key that is equal for two UTF-8 names exactly if they are a canonical caseless match
// (Unicode 3.13, D145): case folded (full, not Turkic) and decomposed (NFD).  The tables are
// Unicode 14's; characters assigned later stand for themselves.
// `name` must be well-formed UTF-8 (CHECKed).
std::string NameKey(std::string_view name);

}  // namespace farm
