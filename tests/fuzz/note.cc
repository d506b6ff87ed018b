// A note that was read is written as the same bytes; a checkpoint too, and memories of JSON can
// hold its size.
#include "farm/evidence/note.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/evidence/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto note = farm::ParseNote(bytes);
  if (!note) return 0;
  CHECK(farm::WriteNote(*note) == bytes);
  for (const farm::ConsistencyProof& proof : farm::ConsistencyProofsOf(*note)) {
    const farm::NoteSignature line = farm::ConsistencyLine(proof);
    CHECK(line.name == farm::kConsistencyName);
  }
  const auto checkpoint = farm::ParseCheckpoint(note->text);
  if (checkpoint) {
    CHECK(note->text.starts_with(farm::CheckpointText(*checkpoint)));
    CHECK(checkpoint->size <= farm::kTreeSizeMax);
  }
  return 0;
}
