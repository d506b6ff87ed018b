// Any words, encoded for actions.txt, are one line of blanks and plain characters that decodes to
// exactly these words.
#include "farm/replay/actions.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/bytes.h"

namespace {

// As replay.sh does with printf %b.
std::string Decode(std::string_view encoded) {
  if (encoded == "%") return "";
  std::string word;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      word += encoded[i];
      continue;
    }
    const auto byte = farm::HexDecode(encoded.substr(i + 1, 2));
    CHECK(byte.has_value());
    word += *byte;
    i += 2;
  }
  return word;
}

}  // namespace

// Words are separated by zero bytes in the input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& word : farm::Split(bytes, '\0')) {
    const std::string encoded = farm::EncodeActionWord(word);
    CHECK(!encoded.empty());
    CHECK(encoded.find_first_not_of(
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/=+:,@~-%") ==
          std::string::npos);
    CHECK(Decode(encoded) == word);
  }
  return 0;
}
