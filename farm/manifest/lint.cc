#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "farm/base/bytes.h"
#include "farm/manifest/problems.h"

namespace farm {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool OnlyOf(std::string_view text, std::initializer_list<std::string_view> sets) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::any_of(sets.begin(), sets.end(),
                       [&](std::string_view set) { return set.find(c) != std::string_view::npos; });
  });
}

std::string Found(std::string_view text) {
  return text.empty() ? "missing" : "found \"" + Printable(text, 80) + "\"";
}

std::string Found(std::int64_t number) { return "found " + std::to_string(number); }

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kManifestNameMax &&
         OnlyOf(text.substr(0, 1), {kLower, kDigits}) && OnlyOf(text, {kLower, kDigits, "+.-"});
}

bool IsHex(std::string_view text, std::size_t digits) {
  return text.size() == digits && OnlyOf(text, {kDigits, "abcdef"});
}

// Of a package's version, a product's version.
bool IsVersion(std::string_view text) {
  return !text.empty() && text.size() <= kManifestNameMax &&
         OnlyOf(text.substr(0, 1), {kLower, kUpper, kDigits}) &&
         OnlyOf(text, {kLower, kUpper, kDigits, ".+~:_-"});
}

// One part of a path, or a file name: nothing that a shell, tar or a terminal takes for a command.
bool IsPathPart(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text != "." && text != ".." &&
         text.front() != '-' && OnlyOf(text, {kLower, kUpper, kDigits, "._+~@%=:,-"});
}

bool IsPath(std::string_view text) {
  if (text.empty() || text.size() > kManifestPathMax) return false;
  const std::vector<std::string> parts = Split(text, '/');
  return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return IsPathPart(part); });
}

// UTF-8 of characters that a terminal obeys or does not show: an auditor would read another text
// than the one that he signs.  Pairs of first and last.
constexpr std::pair<std::string_view, std::string_view> kHidden[] = {
    {"\u0080", "\u009f"},  // C1 controls
    {"\u061c", "\u061c"}, {"\u200b", "\u200f"}, {"\u2028", "\u202e"},
    {"\u2060", "\u206f"}, {"\ufeff", "\ufeff"}, {"\ufff9", "\ufffb"},
};

// True if every character of `text`, which is UTF-8, is shown as what it is.  Newlines and tabs are
// for scripts; who shows the text escapes them.
bool IsVisible(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) return false;
    const std::size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    const std::string_view character = text.substr(i, size);
    for (const auto& [first, last] : kHidden) {
      if (character.size() == first.size() && character >= first && character <= last) return false;
    }
    i += size;
  }
  return true;
}

constexpr std::string_view kWantName = ", want a name of a-z 0-9 + . - that begins with a-z or 0-9";
constexpr std::string_view kWantPath =
    ", want a path relative to /build: parts of A-Z a-z 0-9 . _ + ~ @ % = : , - without \"..\"";
constexpr std::string_view kWantVersion = ", want a version of A-Z a-z 0-9 . + ~ : _ -";
constexpr std::string_view kWantTree = ", want a SHA-256 git tree: 64 lowercase hex digits";
constexpr std::string_view kWantSha1 = ", want 40 lowercase hex digits";

// True if `inner` is `outer` or lies in it.
bool IsIn(std::string_view inner, std::string_view outer) {
  return inner.substr(0, outer.size()) == outer &&
         (inner.size() == outer.size() || inner[outer.size()] == '/');
}

class Linter {
 public:
  Linter(const Manifest& manifest, ManifestProblems& problems)
      : manifest_(manifest), problems_(problems) {}

  void Run() {
    CheckHead();
    CheckCount("source", manifest_.sources.size(), 1, kManifestSourcesMax);
    for (std::size_t i = 0; i < manifest_.sources.size(); ++i) {
      CheckSource(At("source", i), manifest_.sources[i]);
    }
    CheckCount("step", manifest_.steps.size(), 1, kManifestStepsMax);
    for (std::size_t i = 0; i < manifest_.steps.size(); ++i) CheckStep(At("step", i), i);
    CheckArtifacts();
    CheckUse();
    CheckRequires();
  }

 private:
  void Add(const std::string& field, const std::string& message) { problems_.Add(field, message); }
  void Want(bool good, const std::string& field, std::string_view text, std::string_view wanted) {
    if (!good) Add(field, Found(text) + std::string(wanted));
  }
  void CheckRange(const std::string& field, std::int64_t value, std::int64_t min,
                  std::int64_t max) {
    if (value >= min && value <= max) return;
    Add(field, Found(value) + ", want " + std::to_string(min) + " to " + std::to_string(max));
  }
  void CheckCount(const std::string& field, std::size_t count, std::size_t min, std::size_t max) {
    if (count >= min && count <= max) return;
    Add(field, "found " + std::to_string(count) + " of them, want " + std::to_string(min) + " to " +
                   std::to_string(max));
  }
  void CheckUnique(const std::string& field, std::string_view name, std::set<std::string>& names) {
    if (names.insert(std::string(name)).second) return;
    Add(field, Found(name) + " a second time, want each name once");
  }

  void CheckHead() {
    Want(IsName(manifest_.product), "product", manifest_.product, kWantName);
    Want(IsVersion(manifest_.version), "version", manifest_.version, kWantVersion);
    CheckRange("revision", manifest_.revision, 1, 1'000'000'000);
    Want(manifest_.architecture == "amd64", "architecture", manifest_.architecture,
         ", want amd64, the only architecture there is");
    CheckRange("source_date_epoch", manifest_.source_date_epoch, 1, 4'102'444'800);  // year 2100
    Want(IsName(manifest_.toolchain), "toolchain.name", manifest_.toolchain, kWantName);
    if (manifest_.lock.IsZero()) {
      Add("toolchain.lock", "missing, want sha256:<64 lowercase hex digits>");
    }
  }

  void CheckSource(const std::string& field, const ManifestSource& source) {
    Want(IsName(source.name), field + ".name", source.name, kWantName);
    CheckUnique(field + ".name", source.name, source_names_);
    Want(IsHex(source.tree, 64), field + ".tree", source.tree, kWantTree);
    const bool debian = std::holds_alternative<DebianOrigin>(source.origin);
    CheckCount(field + ".file", source.files.size(), 1, debian ? kManifestFilesMax : 1);
    std::set<std::string> names;
    for (std::size_t i = 0; i < source.files.size(); ++i) {
      const SourceFile& file = source.files[i];
      const std::string here = At(field + ".file", i);
      Want(IsPathPart(file.name), here + ".name", file.name,
           ", want a file name of A-Z a-z 0-9 . _ + ~ @ % = : , -");
      CheckUnique(here + ".name", file.name, names);
      if (file.digest.IsZero()) Add(here + ".sha256", "missing, want 64 lowercase hex digits");
      if (file.size > std::uint64_t{1} << 40) Add(here + ".size", "more than 1 TiB");
      if (debian) {
        const bool is_dsc = file.name.size() > 4 && file.name.ends_with(".dsc");
        Want(is_dsc == (i == 0), here + ".name", file.name,
             ", want the .dsc as the first file and no other");
      }
    }
    CheckOrigin(field, source.origin);
  }

  void CheckOrigin(const std::string& field, const SourceOrigin& origin) {
    if (const auto* debian = std::get_if<DebianOrigin>(&origin)) {
      Want(IsName(debian->package), field + ".debian.package", debian->package, kWantName);
      Want(IsVersion(debian->version), field + ".debian.version", debian->version, kWantVersion);
    } else if (const auto* archive = std::get_if<ArchiveOrigin>(&origin)) {
      CheckText(field + ".archive.url", archive->url);
    } else if (const auto* git = std::get_if<GitOrigin>(&origin)) {
      CheckText(field + ".git.url", git->url);
      Want(IsHex(git->commit, 40), field + ".git.commit", git->commit, kWantSha1);
      Want(IsHex(git->tree_sha1, 40), field + ".git.tree_sha1", git->tree_sha1, kWantSha1);
    } else if (const auto* directory = std::get_if<DirectoryOrigin>(&origin)) {
      CheckText(field + ".directory.path", directory->path);
    }
  }

  void CheckText(const std::string& field, const std::string& text) {
    if (text.size() > kManifestTextMax) Add(field, "longer than 64 KiB");
    if (text.find('\0') != std::string::npos) Add(field, "has a zero byte");
    if (!IsUtf8(text)) {
      Add(field, "not UTF-8");
    } else if (!IsVisible(text)) {
      Add(field, "found " + Printable(text, 80) +
                     ", want no characters that a terminal obeys or hides (newline and tab are "
                     "allowed)");
    }
  }

  // A word of a command or a variable's value: nothing in it may make the result depend on the
  // machine, the time or the network.
  void CheckWord(const std::string& field, const std::string& word) {
    CheckText(field, word);
    for (const char* native : {"-march=native", "-mtune=native", "-mcpu=native"}) {
      if (word.find(native) != std::string::npos) {
        Add(field, std::string("found ") + native +
                       ", want a named processor: the result would depend on the site's");
      }
    }
    for (const char* clock : {"__DATE__", "__TIME__", "__TIMESTAMP__"}) {
      if (word.find(clock) != std::string::npos) {
        Add(field, std::string("found ") + clock +
                       ", want no time of the build; $SOURCE_DATE_EPOCH is the release's time");
      }
    }
    std::string lower = word;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* scheme : {"http://", "https://", "ftp://", "git://", "ssh://", "rsync://"}) {
      if (lower.find(scheme) != std::string::npos) {
        Add(field, std::string("found ") + scheme +
                       ", want no network: declare what the step needs as a source");
      }
    }
  }

  void CheckStep(const std::string& field, std::size_t index) {
    const Step& step = manifest_.steps[index];
    Want(IsName(step.name), field + ".name", step.name, kWantName);
    CheckUnique(field + ".name", step.name, step_names_);
    CheckInputs(field, index);
    CheckCount(field + ".argv", step.argv.size(), 1, kManifestArgvMax);
    if (!step.argv.empty() && step.argv[0].empty()) Add(At(field + ".argv", 0), "empty");
    for (std::size_t i = 0; i < step.argv.size(); ++i) {
      CheckWord(At(field + ".argv", i), step.argv[i]);
    }
    CheckCount(field + ".environment", step.environment.size(), 0, kManifestArgvMax);
    for (const auto& [name, value] : step.environment) {
      CheckVariable(field + ".environment[" + name + "]", name, value);
    }
    CheckDirectory(field + ".directory", step);
    CheckOutputs(field, step);
    CheckLimits(field + ".limits", step.limits);
    Want(step.determinism == "off" || step.determinism == "fixed" || step.determinism == "full",
         field + ".determinism", step.determinism, ", want \"off\", \"fixed\" or \"full\"");
  }

  void CheckVariable(const std::string& field, const std::string& name, const std::string& value) {
    const bool good = !name.empty() && name.size() <= kManifestNameMax &&
                      !OnlyOf(name.substr(0, 1), {kDigits}) &&
                      OnlyOf(name, {kLower, kUpper, kDigits, "_"});
    Want(good, field, name, ", want a name of A-Z a-z 0-9 _");
    if (name == "SOURCE_DATE_EPOCH") {
      Add(field, "want it set by the manifest's source_date_epoch only");
    }
    CheckWord(field, value);
  }

  void CheckInputs(const std::string& field, std::size_t index) {
    const Step& step = manifest_.steps[index];
    CheckCount(field + ".input", step.inputs.size(), 0, kManifestInputsMax);
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const StepInput& input = step.inputs[i];
      const std::string here = At(field + ".input", i);
      Want(IsPath(input.at), here + ".at", input.at, kWantPath);
      if (IsIn(input.at, "inputs")) {
        Add(here + ".at", Found(input.at) + ", want another place: raw files lie in inputs/");
      }
      for (std::size_t k = 0; k < i; ++k) {
        const std::string& other = step.inputs[k].at;
        if (IsIn(input.at, other) || IsIn(other, input.at)) {
          Add(here + ".at", Found(input.at) + ", want no place in another input (" + other + ")");
        }
      }
      CheckReference(here, input, index);
    }
  }

  void CheckReference(const std::string& field, const StepInput& input, std::size_t index) {
    if (!input.source.empty()) {
      Want(FindSource(manifest_, input.source) != nullptr, field + ".source", input.source,
           ", want the name of a source");
      used_sources_.insert(input.source);
      return;
    }
    if (input.step.empty()) {
      return Add(field, "missing, want a source or an output of an earlier step");
    }
    const auto begin = manifest_.steps.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(index);
    const auto earlier =
        std::find_if(begin, end, [&](const Step& s) { return s.name == input.step; });
    if (earlier == end) {
      return Add(field + ".output.step", Found(input.step) + ", want the name of an earlier step");
    }
    CheckOutputOf(field + ".output.path", *earlier, input.path);
  }

  void CheckOutputOf(const std::string& field, const Step& step, const std::string& path) {
    const bool declared =
        std::find(step.outputs.begin(), step.outputs.end(), path) != step.outputs.end();
    Want(declared, field, path, ", want an output that step \"" + step.name + "\" declares");
    used_outputs_.insert({step.name, path});
  }

  void CheckDirectory(const std::string& field, const Step& step) {
    if (step.directory.empty()) return;
    Want(IsPath(step.directory), field, step.directory, kWantPath);
    const bool there =
        std::any_of(step.inputs.begin(), step.inputs.end(), [&](const StepInput& input) {
          return (!input.source.empty() && IsIn(step.directory, input.at)) ||
                 (input.at != step.directory && IsIn(input.at, step.directory));
        });
    Want(there, field, step.directory, ", want a directory that the step's inputs bring");
  }

  void CheckOutputs(const std::string& field, const Step& step) {
    CheckCount(field + ".output", step.outputs.size(), 1, kManifestOutputsMax);
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      const std::string here = At(field + ".output", i);
      Want(IsPath(step.outputs[i]), here, step.outputs[i], kWantPath);
      for (std::size_t k = 0; k < i; ++k) {
        if (IsIn(step.outputs[i], step.outputs[k]) || IsIn(step.outputs[k], step.outputs[i])) {
          Add(here,
              Found(step.outputs[i]) + ", want no output in another (" + step.outputs[k] + ")");
        }
      }
    }
  }

  void CheckLimits(const std::string& field, const StepLimits& limits) {
    CheckRange(field + ".wall_seconds", limits.wall_seconds, 1, 172'800);
    CheckRange(field + ".cpu_seconds", limits.cpu_seconds, 1, std::int64_t{172'800} * 64);
    CheckRange(field + ".memory_bytes", limits.memory_bytes, 16 << 20, std::int64_t{1} << 40);
    CheckRange(field + ".processes", limits.processes, 1, 65'536);
    CheckRange(field + ".disk_bytes", limits.disk_bytes, 1 << 20, std::int64_t{1} << 42);
    CheckRange(field + ".disk_inodes", limits.disk_inodes, 100, 100'000'000);
    CheckRange(field + ".log_bytes", limits.log_bytes, 1024, std::int64_t{1} << 32);
    CheckRange(field + ".output_bytes", limits.output_bytes, 1, std::int64_t{1} << 40);
    CheckRange(field + ".silence_seconds", limits.silence_seconds, 1, 172'800);
  }

  void CheckArtifacts() {
    CheckCount("artifact", manifest_.artifacts.size(), 1, 4096);
    std::set<std::string> names;
    for (std::size_t i = 0; i < manifest_.artifacts.size(); ++i) {
      const ManifestArtifact& artifact = manifest_.artifacts[i];
      const std::string here = At("artifact", i);
      const Step* step = FindStep(manifest_, artifact.step);
      if (step == nullptr) {
        Add(here + ".step", Found(artifact.step) + ", want the name of a step");
      } else {
        CheckOutputOf(here + ".path", *step, artifact.path);
      }
      const std::size_t slash = artifact.path.rfind('/');
      const std::string base =
          slash == std::string::npos ? artifact.path : artifact.path.substr(slash + 1);
      Want(artifact.name == base, here + ".name", artifact.name, ", want the path's file name");
      CheckUnique(here + ".path", artifact.name, names);
    }
  }

  // What nobody uses is a mistake, and would be approved or built for nothing.
  void CheckUse() {
    for (std::size_t i = 0; i < manifest_.sources.size(); ++i) {
      if (used_sources_.contains(manifest_.sources[i].name)) continue;
      Add(At("source", i), "no step uses \"" + Printable(manifest_.sources[i].name, 80) +
                               "\", want it as a step's input or not at all");
    }
    for (std::size_t i = 0; i < manifest_.steps.size(); ++i) {
      const Step& step = manifest_.steps[i];
      for (std::size_t k = 0; k < step.outputs.size(); ++k) {
        if (used_outputs_.contains({step.name, step.outputs[k]})) continue;
        Add(At(At("step", i) + ".output", k),
            "\"" + Printable(step.outputs[k], 80) +
                "\" is used by no later step and is no artifact, want one of both");
      }
    }
  }

  void CheckRequires() {
    const Requires& demands = manifest_.requirements;
    CheckRange("require.sites", demands.sites, 0, 1000);
    CheckRange("require.operators", demands.operators, 0, 1000);
    CheckRange("require.auditors", demands.auditors, 0, 1000);
    CheckRange("require.witnesses", demands.witnesses, 0, 1000);
    CheckCount("require.countries_any", demands.countries_any.size(), 0, 249);
    std::set<std::string> names;
    for (std::size_t i = 0; i < demands.countries_any.size(); ++i) {
      const std::string here = At("require.countries_any", i);
      const std::string& country = demands.countries_any[i];
      Want(country.size() == 2 && OnlyOf(country, {kUpper}), here, country,
           ", want two capital letters (ISO 3166-1)");
      CheckUnique(here, country, names);
    }
  }

  const Manifest& manifest_;
  ManifestProblems& problems_;
  std::set<std::string> source_names_;
  std::set<std::string> step_names_;
  std::set<std::string> used_sources_;
  std::set<std::pair<std::string, std::string>> used_outputs_;
};

}  // namespace

void FindProblems(const Manifest& manifest, ManifestProblems& problems) {
  Linter(manifest, problems).Run();
}

Status LintManifest(const Manifest& manifest) {
  ManifestProblems problems;
  FindProblems(manifest, problems);
  if (problems.empty()) return {};
  std::vector<std::string> lines;
  for (const ManifestProblem& problem : problems.list()) {
    if (lines.size() < kProblemsMax) lines.push_back(problem.field + ": " + problem.message);
  }
  return Error{ErrorCode::kInvalidInput, Join(lines, "\n")};
}

std::vector<std::string> ManifestWarnings(const Manifest& manifest) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < manifest.steps.size(); ++i) {
    if (manifest.steps[i].determinism != "full") continue;
    warnings.push_back(At("step", i) +
                       ".determinism: under \"full\" randomness is a function of the manifest: "
                       "anybody can make the keys again that this step makes");
  }
  return warnings;
}

}  // namespace farm
