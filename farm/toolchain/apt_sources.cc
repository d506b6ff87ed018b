#include "farm/toolchain/apt_sources.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/toolchain/control.h"

namespace farm {
namespace {

constexpr std::uint64_t kSourcesBytesMax = 1 << 20;  // with keys inside; ordinary ones have 1 kB

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void AddPairs(const std::vector<std::string>& uris, const std::vector<std::string>& suites,
              const std::string& signed_by, std::vector<AptEntry>& out) {
  for (const std::string& uri : uris) {
    for (const std::string& suite : suites) out.push_back({uri, suite, signed_by});
  }
}

std::string WithoutComments(std::string_view text) {
  std::string kept;
  for (const std::string& line : Split(text, '\n')) {
    if (!line.starts_with('#')) kept += line + "\n";
  }
  return kept;
}

// "deb [signed-by=/a arch=amd64] URI SUITE COMPONENT..."
void ParseListLine(std::string_view line, std::vector<AptEntry>& out) {
  line = line.substr(0, line.find('#'));
  std::string options;
  std::string plain(line);
  const std::size_t open = line.find('[');
  if (open != std::string_view::npos) {
    const std::size_t close = line.find(']', open);
    if (close == std::string_view::npos) return;
    options = line.substr(open + 1, close - open - 1);
    plain = std::string(line.substr(0, open)) + " " + std::string(line.substr(close + 1));
  }
  const std::vector<std::string> words = Words(plain);
  if (words.size() < 4 || words[0] != "deb") return;
  if (!Contains({words.begin() + 3, words.end()}, "main")) return;
  std::string signed_by;
  for (const std::string& option : Words(options)) {
    if (option.starts_with("signed-by=")) signed_by = option.substr(10);
  }
  AddPairs({words[1]}, {words[2]}, signed_by, out);
}

// A key that Debian's own packages install, or none of its own.  A key written out in the entry
// cannot be told by its name; such an entry must be for an archive called debian.
bool IsDebian(const AptEntry& entry) {
  if (entry.signed_by.empty() || entry.signed_by.find("BEGIN PGP") != std::string::npos) {
    const std::size_t end = entry.uri.find_last_not_of('/');
    const std::string name = BaseName(entry.uri.substr(0, end + 1));
    return name == "debian" || name == "debian-security" || name == "security.debian.org";
  }
  return entry.signed_by.find("debian-archive") != std::string::npos;
}

Result<std::vector<AptEntry>> AllEntries(const std::string& etc_apt) {
  std::vector<std::string> files = {JoinPath(etc_apt, "sources.list")};
  const std::string parts = JoinPath(etc_apt, "sources.list.d");
  if (FileExists(parts)) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(parts));
    for (const std::string& name : names) files.push_back(JoinPath(parts, name));
  }
  std::vector<AptEntry> entries;
  for (const std::string& file : files) {
    const bool list = file.ends_with(".list");
    if ((!list && !file.ends_with(".sources")) || !FileExists(file)) continue;
    ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kSourcesBytesMax));
    const std::vector<AptEntry> more = list ? ParseListFile(text) : ParseSourcesFile(text);
    entries.insert(entries.end(), more.begin(), more.end());
  }
  return entries;
}

}  // namespace

std::vector<AptEntry> ParseSourcesFile(std::string_view text) {
  std::vector<AptEntry> entries;
  StanzaReader reader([&entries](std::string_view stanza) {
    const std::string enabled = ControlField(stanza, "Enabled");
    if (enabled == "no" || enabled == "false" || enabled == "0") return;
    if (!Contains(Words(ControlField(stanza, "Types")), "deb")) return;
    if (!Contains(Words(ControlField(stanza, "Components")), "main")) return;
    AddPairs(Words(ControlField(stanza, "URIs")), Words(ControlField(stanza, "Suites")),
             ControlField(stanza, "Signed-By"), entries);
  });
  reader.Add(WithoutComments(text));
  if (!reader.Finish()) entries.clear();
  return entries;
}

std::vector<AptEntry> ParseListFile(std::string_view text) {
  std::vector<AptEntry> entries;
  for (const std::string& line : Split(text, '\n')) ParseListLine(line, entries);
  return entries;
}

Result<std::vector<AptEntry>> HostDebianEntries(const std::string& etc_apt,
                                                const std::vector<std::string>& suites) {
  ASSIGN_OR_RETURN(const std::vector<AptEntry> all, AllEntries(etc_apt));
  std::vector<AptEntry> chosen;
  for (const std::string& suite : suites) {
    const std::size_t before = chosen.size();
    for (const AptEntry& entry : all) {
      if (entry.suite != suite || !IsDebian(entry)) continue;
      if (std::find(chosen.begin(), chosen.end(), entry) == chosen.end()) chosen.push_back(entry);
    }
    if (chosen.size() == before) {
      return Error{ErrorCode::kNotFound,
                   etc_apt + ": no entry for Debian's suite " + suite +
                       " with component main; add one to sources.list.d",
                   ExitCode::kInputMissing};
    }
  }
  return chosen;
}

std::string SourcesText(const std::vector<AptEntry>& entries) {
  std::string text;
  for (const AptEntry& entry : entries) {
    text += "Types: deb deb-src\nURIs: " + entry.uri + "\nSuites: " + entry.suite +
            "\nComponents: main\n";
    if (!entry.signed_by.empty()) {
      text += "Signed-By: " + Join(Split(entry.signed_by, '\n'), "\n ") + "\n";
    }
    text += "\n";
  }
  return text;
}

}  // namespace farm
