#include "farm/witness/contradictions.h"

#include <algorithm>
#include <iterator>
#include <variant>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/manifest_view.h"

namespace farm {
namespace {

std::string Entry(const LoggedWord& word) {
  return "entry " + std::to_string(word.index) + " by " + Printable(word.signer, 160);
}

// Of files with their names, sizes and modes, in any order.
Digest FingerprintOf(std::vector<Artifact> files) {
  std::sort(files.begin(), files.end());
  std::string text;
  for (const Artifact& file : files) {
    text += file.name + '\0' + file.digest.Hex() + '\0' + std::to_string(file.size) + '\0' +
            file.mode + '\n';
  }
  return Sha256(text);
}

}  // namespace

void Contradictions::AddRecord(const LoggedWord& word, const Record& record,
                               std::vector<std::string>& found) {
  const auto [first, is_new] = builders_.emplace(std::pair{record.builder, record.intent}, word);
  if (!is_new && first->second.digest != word.digest) {
    found.push_back("a second record of " + Printable(record.builder, 160) + " under intent " +
                    record.intent.Short() + ", beside " + Entry(first->second));
  }
  const Digest what =
      record.result == BuildResult::kSucceeded ? FingerprintOf(record.outputs) : Digest();
  Build& build = builds_[record.manifest];
  build.records.emplace(what, Said{word, what});
  if (build.release && build.release->what != what) {
    found.push_back("a record of manifest " + record.manifest.Short() +
                    " that says something else than its release, " + Entry(build.release->word));
  }
}

void Contradictions::AddRelease(const LoggedWord& word, const Release& release,
                                std::vector<std::string>& found) {
  const auto manifest = ViewManifest(release.manifest);
  if (!manifest) {
    found.push_back("a release whose manifest does not read: " +
                    Printable(manifest.error().message, 400));
    return;
  }
  const Said said{word, FingerprintOf(release.artifacts)};
  const std::string name = Printable(manifest->product + " " + manifest->version, 160);
  const auto too_low = [&](const LoggedWord& other, std::int64_t sequence) {
    found.push_back("a release of " + name + " with sequence " + std::to_string(release.sequence) +
                    ", though " + Entry(other) + " has " + std::to_string(sequence));
  };
  std::map<std::int64_t, LoggedWord>& numbers = sequences_[manifest->product];
  const auto [number, is_new] = numbers.emplace(release.sequence, word);
  if (!is_new && number->second.digest != word.digest) too_low(number->second, number->first);
  if (is_new) {
    const auto above = std::next(number);
    if (above != numbers.end() && above->second.index < word.index) {
      too_low(above->second, above->first);
    } else if (number != numbers.begin() && std::prev(number)->second.index > word.index) {
      too_low(std::prev(number)->second, std::prev(number)->first);
    }
  }
  const auto [version, first_of_version] = versions_.emplace(
      std::pair{manifest->product, manifest->version}, Released{said, manifest->digest});
  if (!first_of_version &&
      (version->second.manifest != manifest->digest || version->second.said.what != said.what)) {
    found.push_back("another release of " + name + ", beside " + Entry(version->second.said.word));
  }
  Build& build = builds_[manifest->digest];
  if (!build.release) build.release = said;
  if (build.dissent) {
    found.push_back("a release of manifest " + manifest->digest.Short() +
                    ", of which there is a dissent, " + Entry(*build.dissent));
  }
  for (const auto& [what, record] : build.records) {
    if (what == said.what) continue;
    found.push_back("a release of manifest " + manifest->digest.Short() +
                    ", of which a record says something else, " + Entry(record.word));
  }
}

void Contradictions::AddDissent(const LoggedWord& word, const Dissent& dissent,
                                std::vector<std::string>& found) {
  Build& build = builds_[dissent.manifest];
  if (!build.dissent) build.dissent = word;
  if (build.release) {
    found.push_back("a dissent of manifest " + dissent.manifest.Short() +
                    ", of which there is a release, " + Entry(build.release->word));
  }
}

std::vector<std::string> Contradictions::Add(const LoggedWord& word, const Statement& statement) {
  std::vector<std::string> found;
  if (const auto* record = std::get_if<Record>(&statement)) AddRecord(word, *record, found);
  if (const auto* release = std::get_if<Release>(&statement)) AddRelease(word, *release, found);
  if (const auto* dissent = std::get_if<Dissent>(&statement)) AddDissent(word, *dissent, found);
  return found;
}

}  // namespace farm
