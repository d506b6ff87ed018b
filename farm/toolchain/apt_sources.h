// Which archives this machine gets Debian from: its own apt entries, nothing of ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"

namespace farm {

// One archive and suite that the machine's apt knows.
struct AptEntry {
  std::string uri;    // "http://archive.example/debian"
  std::string suite;  // "bookworm"
  std::string
      signed_by;  // as it stands there: paths, or an armored key of many lines; may be empty

  friend bool operator==(const AptEntry&, const AptEntry&) = default;
};

// The enabled binary entries with component main, of the deb822 form (`.sources`) and of the
// one-line form (`.list`); one AptEntry for each pair of URI and suite.  What cannot be read is
// skipped: apt itself complains about it.
std::vector<AptEntry> ParseSourcesFile(std::string_view text);
std::vector<AptEntry> ParseListFile(std::string_view text);

// The entries below `etc_apt` (sources.list, sources.list.d) for `suites`, in the order of
// `suites`. Taken is what is signed by a Debian archive key, or by apt's common trust.
// `[trusted=yes]` is not carried over: an unsigned archive fails later. Errors: kNotFound, naming
// the suite without an entry.
Result<std::vector<AptEntry>> HostDebianEntries(const std::string& etc_apt,
                                                const std::vector<std::string>& suites);

// The deb822 text of the entries, binary and source packages, component main.
std::string SourcesText(const std::vector<AptEntry>& entries);

}  // namespace farm
