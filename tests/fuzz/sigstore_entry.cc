// Any bytes are the body of a log's entry, or an in-toto statement, or an error; a body that was
// read has a digest of its algorithm's size.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "farm/evidence/foreign_entry.h"
#include "farm/evidence/foreign_statement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr std::array<std::pair<const char*, const char*>, 5> kKinds = {{{"hashedrekord", "0.0.1"},
                                                                          {"hashedrekord", "0.0.2"},
                                                                          {"dsse", "0.0.1"},
                                                                          {"dsse", "0.0.2"},
                                                                          {"intoto", "0.0.2"}}};
  int readers = 0;
  for (const auto& [kind, version] : kKinds) {
    farm::ForeignLogEntry entry;
    entry.where = "fuzz";
    entry.kind = kind;
    entry.version = version;
    entry.body = bytes;
    const auto facts = farm::ParseForeignEntry(entry);
    if (!facts) continue;
    ++readers;
    CHECK(facts->digest.size() == farm::HashSize(facts->algorithm));
  }
  CHECK(readers <= 1);  // a body says itself what it is
  farm::Envelope envelope;
  envelope.payload_type = farm::kInTotoPayloadType;
  envelope.payload = bytes;
  const auto statement = farm::ParseForeignStatement(envelope);
  CHECK(!statement || !statement->subjects.empty());
  return 0;
}
