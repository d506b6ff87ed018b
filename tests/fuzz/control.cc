// Control text cut into pieces gives the stanzas that the whole text gives; what apt says and its
// source lists are read without harm.
#include "farm/toolchain/control.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/toolchain/apt.h"
#include "farm/toolchain/apt_sources.h"

namespace {

std::vector<std::string> Stanzas(std::string_view text, std::size_t piece_size) {
  std::vector<std::string> stanzas;
  farm::StanzaReader reader([&](std::string_view stanza) { stanzas.emplace_back(stanza); });
  for (std::size_t at = 0; at < text.size(); at += piece_size) {
    reader.Add(text.substr(at, piece_size));
  }
  CHECK(reader.Finish().has_value());
  return stanzas;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size > (1 << 16)) return 0;
  const std::vector<std::string> stanzas = Stanzas(bytes, bytes.size() + 1);
  CHECK(Stanzas(bytes, 1) == stanzas);
  CHECK(Stanzas(bytes, 7) == stanzas);
  for (const std::string& stanza : stanzas) {
    CHECK(!stanza.empty() && stanza.find("\n\n") == std::string::npos);
    for (const char* name : {"Package", "SHA256", "Files"}) (void)farm::ControlField(stanza, name);
  }
  std::vector<farm::AptEntry> entries = farm::ParseSourcesFile(bytes);
  for (const farm::AptEntry& entry : farm::ParseListFile(bytes)) entries.push_back(entry);
  (void)farm::SourcesText(entries);
  (void)farm::ParsePrintUris(bytes);
  (void)farm::ParseFetchErrors(bytes);
  return 0;
}
