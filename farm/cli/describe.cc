#include "farm/cli/describe.h"

#include <algorithm>
#include <cstdint>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/json/json.h"

namespace farm {
namespace {

std::string ShellWord(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  // A newline would begin a line of its own, which an auditor reads as another fact.
  const bool lines = word.find_first_of("\n\t") != std::string::npos;
  std::string quoted = lines ? "$'" : "'";
  for (const char c : word) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (c == '\'') {
      quoted += lines ? "\\'" : "'\\''";
    } else if (c == '\\' && lines) {
      quoted += "\\\\";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string DescribeOrigin(const SourceOrigin& origin) {
  if (const auto* debian = std::get_if<DebianOrigin>(&origin)) {
    return "Debian source package " + debian->package + " " + debian->version;
  }
  if (const auto* archive = std::get_if<ArchiveOrigin>(&origin))
    return "archive " + ShellWord(archive->url);
  if (const auto* git = std::get_if<GitOrigin>(&origin)) {
    return "git " + ShellWord(git->url) + " commit " + git->commit + " tree " + git->tree_sha1;
  }
  return "directory " + ShellWord(std::get<DirectoryOrigin>(origin).path);
}

void DescribeSource(const ManifestSource& source, std::vector<std::string>& lines) {
  const std::string prefix = "source " + source.name + ": ";
  lines.push_back(prefix + DescribeOrigin(source.origin));
  lines.push_back(prefix + "tree " + source.tree + " (SHA-256 git tree)");
  for (const SourceFile& file : source.files) {
    lines.push_back(prefix + "file " + file.name + " " + file.digest.Text() + " (" +
                    std::to_string(file.size) + " bytes)");
  }
}

void DescribeLimits(const std::string& prefix, const StepLimits& limits,
                    std::vector<std::string>& lines) {
  const StepLimits usual;
  const auto say = [&](const char* name, std::int64_t value, std::int64_t usual_value) {
    if (value != usual_value) {
      lines.push_back(prefix + "limit " + name + " " + std::to_string(value));
    }
  };
  say("wall seconds", limits.wall_seconds, usual.wall_seconds);
  say("cpu seconds", limits.cpu_seconds, usual.cpu_seconds);
  say("memory bytes", limits.memory_bytes, usual.memory_bytes);
  say("processes", limits.processes, usual.processes);
  say("disk bytes", limits.disk_bytes, usual.disk_bytes);
  say("disk inodes", limits.disk_inodes, usual.disk_inodes);
  say("log bytes", limits.log_bytes, usual.log_bytes);
  say("output bytes", limits.output_bytes, usual.output_bytes);
  say("silence seconds", limits.silence_seconds, usual.silence_seconds);
}

std::string DescribeDeterminism(const std::string& level) {
  if (level == "fixed") return "determinism fixed: sees one order of files and one machine";
  if (level == "full") {
    return "determinism full: sees the time shown to builds, and predictable randomness: keys that "
           "it makes are no secret";
  }
  return "determinism " + level;
}

void DescribeStep(const Step& step, std::vector<std::string>& lines) {
  const std::string prefix = "step " + step.name + ": ";
  for (const StepInput& input : step.inputs) {
    lines.push_back(prefix + "takes " +
                    (input.source.empty() ? "output " + input.path + " of step " + input.step
                                          : "source " + input.source) +
                    " at /build/" + input.at);
  }
  lines.push_back(prefix + "runs in /build/" + step.directory + ": " + ShellWords(step.argv));
  for (const auto& [name, value] : step.environment) {
    lines.push_back(prefix + "environment " + name + "=" + ShellWord(value));
  }
  if (step.loopback) {
    lines.push_back(prefix +
                    "has a loopback device of its own: may talk to itself, to nobody else");
  }
  if (step.determinism != "off") lines.push_back(prefix + DescribeDeterminism(step.determinism));
  DescribeLimits(prefix, step.limits, lines);
  for (const std::string& output : step.outputs) lines.push_back(prefix + "gives " + output);
}

void DescribeRequires(const Requires& demands, std::vector<std::string>& lines) {
  const auto say = [&](const char* name, std::int64_t value) {
    if (value > 0) lines.push_back("requires " + std::to_string(value) + " " + name);
  };
  say("sites", demands.sites);
  say("operators", demands.operators);
  say("auditors", demands.auditors);
  say("witnesses", demands.witnesses);
  if (!demands.countries_any.empty()) {
    lines.push_back("requires a site in one of " + Join(demands.countries_any, " "));
  }
}

using Lines = std::vector<std::string>;

// 16 MB of lengths: descriptions of 2000 lines each, of which ours have 100.
constexpr std::size_t kLengthsMax = 4 << 20;

// Lengths of the longest common subsequences of what follows each pair of lines; row by row, each
// of new_lines.size() + 1.  Empty, as if nothing were common, where that would be too many.
std::vector<std::uint32_t> CommonLengths(const Lines& old_lines, const Lines& new_lines) {
  const std::size_t width = new_lines.size() + 1;
  if (width > kLengthsMax / (old_lines.size() + 1)) return {};
  std::vector<std::uint32_t> lengths((old_lines.size() + 1) * width);
  for (std::size_t i = old_lines.size(); i-- > 0;) {
    for (std::size_t k = new_lines.size(); k-- > 0;) {
      lengths[i * width + k] = old_lines[i] == new_lines[k] ? lengths[(i + 1) * width + k + 1] + 1
                                                            : std::max(lengths[(i + 1) * width + k],
                                                                       lengths[i * width + k + 1]);
    }
  }
  return lengths;
}

// A line difference: empty only if the lines are equal, order and repetition included.
Lines LineDifference(Lines old_lines, Lines new_lines) {
  // What both begin and end with is never told, however long they are.
  const auto [old_end, new_end] =
      std::mismatch(old_lines.rbegin(), old_lines.rend(), new_lines.rbegin(), new_lines.rend());
  old_lines.erase(old_end.base(), old_lines.end());
  new_lines.erase(new_end.base(), new_lines.end());
  const auto [old_begin, new_begin] =
      std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
  old_lines.erase(old_lines.begin(), old_begin);
  new_lines.erase(new_lines.begin(), new_begin);

  const std::vector<std::uint32_t> lengths = CommonLengths(old_lines, new_lines);
  const std::size_t width = new_lines.size() + 1;
  Lines difference;
  std::size_t i = 0;
  std::size_t k = 0;
  while (i < old_lines.size() || k < new_lines.size()) {
    const bool both = i < old_lines.size() && k < new_lines.size();
    if (both && !lengths.empty() && old_lines[i] == new_lines[k]) {
      ++i;
      ++k;
    } else if (k == new_lines.size() ||
               (both &&
                (lengths.empty() || lengths[(i + 1) * width + k] >= lengths[i * width + k + 1]))) {
      difference.push_back("- " + old_lines[i++]);
    } else {
      difference.push_back("+ " + new_lines[k++]);
    }
  }
  return difference;
}

}  // namespace

std::string ShellWords(const std::vector<std::string>& argv) {
  std::vector<std::string> words;
  for (const std::string& word : argv) words.push_back(ShellWord(word));
  return Join(words, " ");
}

std::vector<std::string> DescribeManifest(const Manifest& manifest) {
  std::vector<std::string> lines;
  lines.push_back("product " + manifest.product + " " + manifest.version + " revision " +
                  std::to_string(manifest.revision) + " for " + manifest.architecture);
  lines.push_back("time shown to builds " + FormatTime(manifest.source_date_epoch));
  for (const ManifestSource& source : manifest.sources) DescribeSource(source, lines);
  lines.push_back("toolchain " + manifest.toolchain + " " + manifest.lock.Text());
  for (const Step& step : manifest.steps) DescribeStep(step, lines);
  for (const ManifestArtifact& artifact : manifest.artifacts) {
    lines.push_back("publishes " + artifact.name + " from step " + artifact.step + ": output " +
                    artifact.path);
  }
  DescribeRequires(manifest.requirements, lines);
  return lines;
}

std::vector<std::string> DescribeManifestDifference(const Manifest& before, const Manifest& after) {
  std::vector<std::string> difference =
      LineDifference(DescribeManifest(before), DescribeManifest(after));
  const Digest old_digest = ManifestDigest(before);
  const Digest new_digest = ManifestDigest(after);
  if (difference.empty() && old_digest != new_digest) {
    // A field that no line tells of is a bug of ours, and still no reason to say that nothing
    // changed.
    difference = {"- manifest " + old_digest.Text(), "+ manifest " + new_digest.Text()};
  }
  return difference;
}

std::string SourceText(const ManifestSource& source) {
  const auto quoted = [](const std::string& text) { return Json(text).dump(); };
  std::string text =
      "source {\n  name: " + quoted(source.name) + "\n  tree: " + quoted(source.tree) + "\n";
  for (const SourceFile& file : source.files) {
    text += "  file {\n    name: " + quoted(file.name) +
            "\n    sha256: " + quoted(file.digest.Hex()) +
            "\n    size: " + std::to_string(file.size) + "\n  }\n";
  }
  if (const auto* debian = std::get_if<DebianOrigin>(&source.origin)) {
    text += "  debian { package: " + quoted(debian->package) +
            " version: " + quoted(debian->version) + " }\n";
  } else if (const auto* archive = std::get_if<ArchiveOrigin>(&source.origin)) {
    text += "  archive { url: " + quoted(archive->url) + " }\n";
  } else if (const auto* git = std::get_if<GitOrigin>(&source.origin)) {
    text += "  git { url: " + quoted(git->url) + " commit: " + quoted(git->commit) +
            " tree_sha1: " + quoted(git->tree_sha1) + " }\n";
  } else {
    text += "  directory { path: " + quoted(std::get<DirectoryOrigin>(source.origin).path) + " }\n";
  }
  return text + "}";
}

std::string DescribeLock(const Lock& lock) {
  return Amount(lock.packages.size(), "package") + " of " +
         (lock.requested.suites.empty() ? "no suite" : lock.requested.suites.front()) + ", image " +
         lock.image.Text() + " (" + std::to_string(lock.image_size) + " bytes)";
}

}  // namespace farm
