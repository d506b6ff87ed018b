// Any words, quoted for bash, are one line that bash reads as exactly these words.
#include "farm/replay/actions.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/bytes.h"

namespace {

// bash(1) "QUOTING", as far as QuoteForBash uses it: '...', \', $'...'.
class Reader {
 public:
  explicit Reader(std::string_view line) : line_(line) {}

  std::vector<std::string> Words() {
    std::vector<std::string> words;
    while (!line_.empty()) {
      words.emplace_back();
      while (!line_.empty() && line_.front() != ' ') Part(words.back());
      if (!line_.empty()) line_.remove_prefix(1);
    }
    return words;
  }

 private:
  char Next() {
    CHECK(!line_.empty());
    const char c = line_.front();
    line_.remove_prefix(1);
    return c;
  }
  void Part(std::string& word) {
    const char c = Next();
    if (c == '\'') {
      for (char inside; (inside = Next()) != '\'';) word += inside;
    } else if (c == '\\') {
      word += Next();
    } else {
      CHECK(c == '$' && Next() == '\'');
      for (char inside; (inside = Next()) != '\'';) word += inside == '\\' ? Escape() : inside;
    }
  }
  char Escape() {
    const char c = Next();
    if (c != 'x') {
      CHECK(c == '\\' || c == '\'');
      return c;
    }
    const std::string digits = {Next(), Next()};
    return farm::HexDecode(digits)->front();
  }

  std::string_view line_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A word of a process has no zero byte.
  const std::vector<std::string> words =
      farm::Split(std::string_view(reinterpret_cast<const char*>(data), size), '\0');
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(farm::QuoteForBash(word));
  const std::string line = farm::Join(quoted, " ");
  CHECK(line.find('\n') == std::string::npos && line.find('\0') == std::string::npos);
  CHECK(Reader(line).Words() == words);
  return 0;
}
