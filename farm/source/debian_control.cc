#include "farm/source/debian_control.h"

#include <map>
#include <set>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::size_t kFieldsMax = 200;  // the largest seen has 40
constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 40;

Error Bad(std::string_view what, std::size_t line, const std::string& why) {
  return Error{ErrorCode::kInvalidInput,
               std::string(what) + ":" + std::to_string(line) + ": " + why};
}

struct Field {
  std::size_t line = 0;           // where it begins, from 1
  std::string value;              // first line
  std::vector<std::string> more;  // continuation lines, without the leading blank
};
using Fields = std::map<std::string, Field, std::less<>>;

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string::npos; }

std::string Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string& word : Split(text, ' ')) {
    if (!Trimmed(word).empty()) words.push_back(Trimmed(word));
  }
  return words;
}

// The lines that are the paragraph: all of them, or what a clear signature covers (RFC 4880
// section 7: after the armour's headers and a blank line, before the signature; "- " undone).
// Nothing may stand before or after a signed text: somebody could take it for signed.
struct Body {
  std::size_t first = 0;  // index of its first line
  std::vector<std::string> lines;
};
Result<Body> BodyOf(const std::vector<std::string>& lines, std::string_view what) {
  Body body;
  std::size_t i = 0;
  while (i < lines.size() && IsBlank(lines[i])) ++i;
  if (i == lines.size() || Trimmed(lines[i]) != "-----BEGIN PGP SIGNED MESSAGE-----") {
    body.first = i;
    body.lines.assign(lines.begin() + static_cast<std::ptrdiff_t>(i), lines.end());
    return body;
  }
  while (++i < lines.size() && !IsBlank(lines[i])) {
  }
  body.first = ++i;
  for (; i < lines.size() && Trimmed(lines[i]) != "-----BEGIN PGP SIGNATURE-----"; ++i) {
    const bool escaped = lines[i].starts_with("- ");
    if (!escaped && lines[i].starts_with("-")) {
      return Bad(what, i + 1, "a line of a signed text begins with \"-\"");
    }
    body.lines.push_back(escaped ? lines[i].substr(2) : lines[i]);
  }
  if (i == lines.size()) return Bad(what, i, "the signature is missing");
  while (i < lines.size() && Trimmed(lines[i]) != "-----END PGP SIGNATURE-----") ++i;
  if (i == lines.size()) return Bad(what, i, "the signature has no end");
  for (++i; i < lines.size(); ++i) {
    if (!IsBlank(lines[i])) return Bad(what, i + 1, "text after the signature");
  }
  return body;
}

Result<Fields> ReadFields(const Body& body, std::string_view what) {
  Fields fields;
  Field* current = nullptr;
  for (std::size_t i = 0; i < body.lines.size(); ++i) {
    const std::string& line = body.lines[i];
    const std::size_t number = body.first + i + 1;
    if (IsBlank(line)) {
      for (std::size_t k = i; k < body.lines.size(); ++k) {
        if (!IsBlank(body.lines[k])) {
          return Bad(what, body.first + k + 1, "a second paragraph, want one");
        }
      }
      break;
    }
    if (line.front() == '#') continue;
    if (line.front() == ' ' || line.front() == '\t') {
      if (current == nullptr) return Bad(what, number, "a continuation line without a field");
      current->more.push_back(Trimmed(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      return Bad(what, number, "found \"" + Printable(line, 80) + "\", want FIELD: VALUE");
    }
    if (fields.size() == kFieldsMax) return Bad(what, number, "more than 200 fields");
    const auto [place, fresh] =
        fields.emplace(line.substr(0, colon), Field{number, Trimmed(line.substr(colon + 1)), {}});
    if (!fresh) return Bad(what, number, "field " + place->first + " a second time");
    current = &place->second;
  }
  return fields;
}

Result<Field> Find(const Fields& fields, std::string_view name, std::string_view what) {
  const auto found = fields.find(name);
  if (found == fields.end()) {
    return Error{ErrorCode::kInvalidInput,
                 std::string(what) + ": no field " + std::string(name) + ", want a .dsc"};
  }
  return found->second;
}

Result<std::string> FindOneLine(const Fields& fields, std::string_view name,
                                std::string_view what) {
  ASSIGN_OR_RETURN(const Field field, Find(fields, name, what));
  if (field.value.empty() || !field.more.empty()) {
    return Bad(what, field.line, std::string(name) + ": want one line");
  }
  return field.value;
}

// A file name in a .dsc: no path, and nothing that is a control file of its own.
bool IsFileName(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.front() != '-' &&
         name.find('/') == std::string::npos && IsUtf8(name) && Printable(name, 1 << 16) == name &&
         !name.ends_with(".dsc");
}

}  // namespace

Result<DebianControl> ParseDsc(std::string_view text, std::string_view what) {
  if (text.size() > kDscBytesMax) {
    return Error{ErrorCode::kLimitExceeded, std::string(what) + ": more than 1 MiB for a .dsc"};
  }
  ASSIGN_OR_RETURN(const Body body, BodyOf(Split(text, '\n'), what));
  ASSIGN_OR_RETURN(const Fields fields, ReadFields(body, what));
  DebianControl control;
  ASSIGN_OR_RETURN(control.source, FindOneLine(fields, "Source", what));
  ASSIGN_OR_RETURN(control.version, FindOneLine(fields, "Version", what));
  ASSIGN_OR_RETURN(control.format, FindOneLine(fields, "Format", what));
  ASSIGN_OR_RETURN(const Field checksums, Find(fields, "Checksums-Sha256", what));
  std::set<std::string> names;
  for (std::size_t i = 0; i < checksums.more.size(); ++i) {
    const std::size_t line = checksums.line + i + 1;
    const std::vector<std::string> words = Words(checksums.more[i]);
    if (words.size() != 3) return Bad(what, line, "want SHA256 SIZE FILE");
    auto digest = Digest::ParseHex(words[0]);
    if (!digest) return Bad(what, line, digest.error().message);
    const auto size = ParseDecimal(words[1], kFileBytesMax);
    if (!size) return Bad(what, line, "size: " + size.error().message);
    if (!IsFileName(words[2]) || !names.insert(words[2]).second) {
      return Bad(what, line, "file name \"" + Printable(words[2], 80) + "\": not a name, or twice");
    }
    control.files.push_back({words[2], *digest, *size});
  }
  if (control.files.empty()) return Bad(what, checksums.line, "Checksums-Sha256 lists no file");
  return control;
}

}  // namespace farm
