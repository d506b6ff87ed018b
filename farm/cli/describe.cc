#include "farm/cli/describe.h"

#include <algorithm>
#include <set>

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
  if (const auto* archive = std::get_if<ArchiveOrigin>(&origin)) return "archive " + archive->url;
  if (const auto* git = std::get_if<GitOrigin>(&origin)) {
    return "git " + git->url + " commit " + git->commit + " tree " + git->tree_sha1;
  }
  return "directory " + std::get<DirectoryOrigin>(origin).path;
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
  if (step.loopback) lines.push_back(prefix + "has a loopback device of its own");
  if (step.determinism != "off") lines.push_back(prefix + "determinism " + step.determinism);
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
    lines.push_back("publishes " + artifact.name + " from step " + artifact.step);
  }
  DescribeRequires(manifest.requirements, lines);
  return lines;
}

std::vector<std::string> DescribeManifestDifference(const Manifest& before, const Manifest& after) {
  const std::vector<std::string> old_lines = DescribeManifest(before);
  const std::vector<std::string> new_lines = DescribeManifest(after);
  const std::set<std::string> old_set(old_lines.begin(), old_lines.end());
  const std::set<std::string> new_set(new_lines.begin(), new_lines.end());
  std::vector<std::string> difference;
  for (const std::string& line : old_lines) {
    if (!new_set.contains(line)) difference.push_back("- " + line);
  }
  for (const std::string& line : new_lines) {
    if (!old_set.contains(line)) difference.push_back("+ " + line);
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
  return std::to_string(lock.packages.size()) + " packages of " +
         (lock.requested.suites.empty() ? "no suite" : lock.requested.suites.front()) + ", image " +
         lock.image.Text() + " (" + std::to_string(lock.image_size) + " bytes)";
}

}  // namespace farm
