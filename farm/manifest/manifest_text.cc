#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/manifest/problems.h"
#include "farm/proto/manifest.pb.h"

namespace farm {
namespace {

namespace pb = google::protobuf;

constexpr int kTextDepthMax = 16;  // the deepest field has 4 levels

// ---- protobuf text -> message, with the place of every field
// --------------------------------------

class ErrorLines final : public pb::io::ErrorCollector {
 public:
  explicit ErrorLines(std::string file) : file_(std::move(file)) {}
  void AddError(int line, int column, const std::string& message) override {
    if (lines_.size() >= kProblemsMax) return;
    lines_.push_back(file_ + ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1) +
                     ": " + Printable(message, 300));
  }
  void AddWarning(int, int, const std::string&) override {}
  Error ToError() const { return Error{ErrorCode::kInvalidInput, Join(lines_, "\n")}; }

 private:
  std::string file_;
  std::vector<std::string> lines_;
};

// Index of the element of a repeated message whose field `name` is `key`; -1 if there is none.
int IndexOf(const pb::Message& message, const pb::FieldDescriptor& field, const std::string& key) {
  if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return -1;
  const pb::FieldDescriptor* name = field.message_type()->FindFieldByName("name");
  if (name == nullptr) return -1;
  const pb::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const pb::Message& element = reflection.GetRepeatedMessage(message, &field, i);
    if (element.GetReflection()->GetString(element, name) == key) return i;
  }
  return -1;
}

// Finds the line of a field path like "step[1].environment[CC]"; of the innermost enclosing field
// that is there, if the field itself is missing.
class Places {
 public:
  Places(const pb::Message& message, pb::TextFormat::ParseInfoTree& tree)
      : message_(message), tree_(tree) {}

  int LineOf(std::string_view path) const {
    const pb::Message* message = &message_;
    pb::TextFormat::ParseInfoTree* tree = &tree_;
    int line = 0;
    for (const std::string& step : Split(path, '.')) {
      if (message == nullptr || tree == nullptr) break;
      const std::size_t bracket = step.find('[');
      const pb::FieldDescriptor* field =
          message->GetDescriptor()->FindFieldByName(step.substr(0, bracket));
      if (field == nullptr) break;
      int index = -1;
      if (field->is_repeated()) {
        if (bracket == std::string::npos) break;
        const std::string key = step.substr(bracket + 1, step.size() - bracket - 2);
        const auto number = ParseDecimal(key, 1'000'000);
        index = number ? static_cast<int>(*number) : IndexOf(*message, *field, key);
        if (index < 0 || index >= message->GetReflection()->FieldSize(*message, field)) break;
      }
      const auto location = tree->GetLocation(field, index);
      if (location.line >= 0) line = location.line;
      message = Below(*message, *field, index);
      tree = message == nullptr ? nullptr : tree->GetTreeForNested(field, index);
    }
    return line + 1;
  }

 private:
  static const pb::Message* Below(const pb::Message& message, const pb::FieldDescriptor& field,
                                  int index) {
    if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return nullptr;
    const pb::Reflection& reflection = *message.GetReflection();
    return index >= 0 ? &reflection.GetRepeatedMessage(message, &field, index)
                      : &reflection.GetMessage(message, &field);
  }

  const pb::Message& message_;
  pb::TextFormat::ParseInfoTree& tree_;
};

// ---- message -> value -------------------------------------------------------------------------

class Converter {
 public:
  explicit Converter(ManifestProblems& problems) : problems_(problems) {}

  Manifest Convert(const v1::Manifest& in) {
    Manifest out;
    out.product = in.product();
    out.version = in.version();
    out.revision = in.revision();
    out.architecture = in.architecture();
    out.source_date_epoch = in.source_date_epoch();
    out.toolchain = in.toolchain().name();
    if (!in.toolchain().lock().empty()) {
      if (auto lock = Digest::Parse(in.toolchain().lock())) {
        out.lock = *lock;
      } else {
        problems_.Add("toolchain.lock", lock.error().message);
      }
    }
    for (int i = 0; i < in.source_size(); ++i) {
      out.sources.push_back(Source(At("source", i), in.source(i)));
    }
    for (int i = 0; i < in.step_size(); ++i)
      out.steps.push_back(OneStep(At("step", i), in.step(i)));
    for (const v1::Artifact& artifact : in.artifact()) {
      out.artifacts.push_back({BaseName(artifact.path()), artifact.step(), artifact.path()});
    }
    out.requirements.sites = in.require().sites();
    out.requirements.operators = in.require().operators();
    out.requirements.auditors = in.require().auditors();
    out.requirements.witnesses = in.require().witnesses();
    out.requirements.countries_any.assign(in.require().countries_any().begin(),
                                          in.require().countries_any().end());
    return out;
  }

 private:
  ManifestSource Source(const std::string& field, const v1::Source& in) {
    ManifestSource out;
    out.name = in.name();
    out.tree = in.tree();
    for (int i = 0; i < in.file_size(); ++i) {
      out.files.push_back(File(At(field + ".file", i), in.file(i)));
    }
    switch (in.kind_case()) {
      case v1::Source::kDebian:
        out.origin = DebianOrigin{in.debian().package(), in.debian().version()};
        break;
      case v1::Source::kArchive:
        out.origin = ArchiveOrigin{in.archive().url()};
        break;
      case v1::Source::kGit:
        out.origin = GitOrigin{in.git().url(), in.git().commit(), in.git().tree_sha1()};
        break;
      case v1::Source::kDirectory:
        out.origin = DirectoryOrigin{in.directory().path()};
        break;
      case v1::Source::KIND_NOT_SET:
        problems_.Add(field, "its kind is missing, want debian, archive, git or directory");
    }
    return out;
  }

  SourceFile File(const std::string& field, const v1::File& in) {
    SourceFile out;
    out.name = in.name();
    if (!in.sha256().empty()) {
      if (auto digest = Digest::ParseHex(in.sha256())) {
        out.digest = *digest;
      } else {
        problems_.Add(field + ".sha256", digest.error().message);
      }
    }
    if (in.size() < 0) {
      problems_.Add(field + ".size", "found " + std::to_string(in.size()) + ", want 0 or more");
    } else {
      out.size = static_cast<std::uint64_t>(in.size());
    }
    return out;
  }

  Step OneStep(const std::string& field, const v1::Step& in) {
    Step out;
    out.name = in.name();
    for (const v1::Input& input : in.input()) {
      StepInput to;
      to.at = input.at();
      to.source = input.source();
      to.step = input.output().step();
      to.path = input.output().path();
      out.inputs.push_back(std::move(to));
    }
    out.argv.assign(in.argv().begin(), in.argv().end());
    for (int i = 0; i < in.environment_size(); ++i) {
      const v1::Variable& variable = in.environment(i);
      if (!out.environment.emplace(variable.name(), variable.value()).second) {
        problems_.Add(At(field + ".environment", i) + ".name",
                      "found \"" + Printable(variable.name(), 80) +
                          "\" a second time, want each variable once");
      }
    }
    out.directory = in.directory();
    out.outputs.assign(in.output().begin(), in.output().end());
    out.limits = Limits(in.limits());
    out.loopback = in.loopback();
    if (!in.determinism().empty()) out.determinism = in.determinism();
    return out;
  }

  static StepLimits Limits(const v1::Limits& in) {
    StepLimits out;
    const auto set = [](std::int64_t& limit, std::int64_t value) {
      if (value != 0) limit = value;
    };
    set(out.wall_seconds, in.wall_seconds());
    set(out.cpu_seconds, in.cpu_seconds());
    set(out.memory_bytes, in.memory_bytes());
    set(out.processes, in.processes());
    set(out.disk_bytes, in.disk_bytes());
    set(out.disk_inodes, in.disk_inodes());
    set(out.log_bytes, in.log_bytes());
    set(out.output_bytes, in.output_bytes());
    set(out.silence_seconds, in.silence_seconds());
    return out;
  }

  ManifestProblems& problems_;
};

// ---- value -> message -------------------------------------------------------------------------

void WriteSource(const ManifestSource& in, v1::Source& out) {
  out.set_name(in.name);
  out.set_tree(in.tree);
  for (const SourceFile& file : in.files) {
    v1::File& to = *out.add_file();
    to.set_name(file.name);
    to.set_sha256(file.digest.Hex());
    to.set_size(static_cast<std::int64_t>(file.size));
  }
  if (const auto* debian = std::get_if<DebianOrigin>(&in.origin)) {
    out.mutable_debian()->set_package(debian->package);
    out.mutable_debian()->set_version(debian->version);
  } else if (const auto* archive = std::get_if<ArchiveOrigin>(&in.origin)) {
    out.mutable_archive()->set_url(archive->url);
  } else if (const auto* git = std::get_if<GitOrigin>(&in.origin)) {
    out.mutable_git()->set_url(git->url);
    out.mutable_git()->set_commit(git->commit);
    out.mutable_git()->set_tree_sha1(git->tree_sha1);
  } else if (const auto* directory = std::get_if<DirectoryOrigin>(&in.origin)) {
    out.mutable_directory()->set_path(directory->path);
  }
}

void WriteLimits(const StepLimits& limits, v1::Step& out) {
  const StepLimits defaults;
  if (limits == defaults) return;
  v1::Limits& to = *out.mutable_limits();
  const auto value = [](std::int64_t limit, std::int64_t of_default) {
    return limit == of_default ? 0 : limit;
  };
  to.set_wall_seconds(value(limits.wall_seconds, defaults.wall_seconds));
  to.set_cpu_seconds(value(limits.cpu_seconds, defaults.cpu_seconds));
  to.set_memory_bytes(value(limits.memory_bytes, defaults.memory_bytes));
  to.set_processes(value(limits.processes, defaults.processes));
  to.set_disk_bytes(value(limits.disk_bytes, defaults.disk_bytes));
  to.set_disk_inodes(value(limits.disk_inodes, defaults.disk_inodes));
  to.set_log_bytes(value(limits.log_bytes, defaults.log_bytes));
  to.set_output_bytes(value(limits.output_bytes, defaults.output_bytes));
  to.set_silence_seconds(value(limits.silence_seconds, defaults.silence_seconds));
}

void WriteStep(const Step& in, v1::Step& out) {
  out.set_name(in.name);
  for (const StepInput& input : in.inputs) {
    v1::Input& to = *out.add_input();
    if (!input.source.empty()) {
      to.set_source(input.source);
    } else {
      to.mutable_output()->set_step(input.step);
      to.mutable_output()->set_path(input.path);
    }
    to.set_at(input.at);
  }
  for (const std::string& word : in.argv) out.add_argv(word);
  for (const auto& [name, value] : in.environment) {
    v1::Variable& to = *out.add_environment();
    to.set_name(name);
    to.set_value(value);
  }
  out.set_directory(in.directory);
  for (const std::string& output : in.outputs) out.add_output(output);
  WriteLimits(in.limits, out);
  out.set_loopback(in.loopback);
  if (in.determinism != "off") out.set_determinism(in.determinism);
}

}  // namespace

Result<Manifest> ParseManifestText(std::string_view text, std::string_view file_name) {
  const std::string file(file_name);
  if (text.size() > kManifestBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 file + ": more than " + std::to_string(kManifestBytesMax) + " bytes"};
  }
  v1::Manifest message;
  ErrorLines errors(file);
  pb::TextFormat::ParseInfoTree tree;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&tree);
  parser.SetRecursionLimit(kTextDepthMax);
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &message)) return errors.ToError();

  ManifestProblems problems;
  Manifest manifest = Converter(problems).Convert(message);
  FindProblems(manifest, problems);
  if (!problems.empty()) {
    const Places places(message, tree);
    std::map<int, std::vector<std::string>> by_line;
    std::size_t count = 0;
    for (const ManifestProblem& problem : problems.list()) {
      if (++count > kProblemsMax) break;
      const int line = places.LineOf(problem.field);
      by_line[line].push_back(file + ":" + std::to_string(line) + ": " + problem.field + ": " +
                              problem.message);
    }
    std::vector<std::string> lines;
    for (const auto& [line, messages] : by_line) {
      lines.insert(lines.end(), messages.begin(), messages.end());
    }
    return Error{ErrorCode::kInvalidInput, Join(lines, "\n")};
  }
  std::sort(manifest.artifacts.begin(), manifest.artifacts.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return manifest;
}

std::string WriteManifestText(const Manifest& manifest) {
  v1::Manifest message;
  message.set_product(manifest.product);
  message.set_version(manifest.version);
  message.set_revision(static_cast<std::int32_t>(manifest.revision));
  message.set_architecture(manifest.architecture);
  message.set_source_date_epoch(manifest.source_date_epoch);
  for (const ManifestSource& source : manifest.sources) WriteSource(source, *message.add_source());
  message.mutable_toolchain()->set_name(manifest.toolchain);
  message.mutable_toolchain()->set_lock(manifest.lock.Text());
  for (const Step& step : manifest.steps) WriteStep(step, *message.add_step());
  for (const ManifestArtifact& artifact : manifest.artifacts) {
    v1::Artifact& to = *message.add_artifact();
    to.set_step(artifact.step);
    to.set_path(artifact.path);
  }
  const Requires& demands = manifest.requirements;
  v1::Requires& to = *message.mutable_require();
  to.set_sites(demands.sites);
  to.set_operators(demands.operators);
  to.set_auditors(demands.auditors);
  to.set_witnesses(demands.witnesses);
  for (const std::string& country : demands.countries_any) to.add_countries_any(country);
  pb::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  CHECK(printer.PrintToString(message, &text));
  return text;
}

}  // namespace farm
