#include "farm/compare/compare.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::string_view kAbsent = "absent";

std::string ResultText(BuildResult result) {
  return result == BuildResult::kSucceeded ? "succeeded" : "failed";
}

std::string ArtifactText(const Artifact& artifact) {
  return artifact.digest.Text() + " (" + std::to_string(artifact.size) + " bytes, " +
         artifact.mode + ")";
}

const Artifact* FindArtifact(const std::vector<Artifact>& artifacts, std::string_view name) {
  const auto found = std::find_if(artifacts.begin(), artifacts.end(),
                                  [&](const Artifact& artifact) { return artifact.name == name; });
  return found == artifacts.end() ? nullptr : &*found;
}

// Groups the records by what `value` says of each; the largest group first, ties in record order.
std::vector<Saying> Group(const std::vector<Record>& records,
                          const std::function<std::string(const Record&)>& value) {
  std::vector<Saying> sayings;
  for (const Record& record : records) {
    const std::string text = value(record);
    const auto found = std::find_if(sayings.begin(), sayings.end(),
                                    [&](const Saying& saying) { return saying.value == text; });
    if (found != sayings.end()) {
      found->builders.push_back(record.builder);
    } else {
      sayings.push_back({text, {record.builder}});
    }
  }
  std::stable_sort(sayings.begin(), sayings.end(), [](const Saying& a, const Saying& b) {
    return a.builders.size() > b.builders.size();
  });
  return sayings;
}

std::set<std::string> NamesOf(const std::vector<std::vector<Artifact>>& lists) {
  std::set<std::string> names;
  for (const std::vector<Artifact>& list : lists) {
    for (const Artifact& artifact : list) names.insert(artifact.name);
  }
  return names;
}

std::string ValueOf(const std::vector<Artifact>& artifacts, std::string_view name) {
  const Artifact* artifact = FindArtifact(artifacts, name);
  return artifact != nullptr ? ArtifactText(*artifact) : std::string(kAbsent);
}

std::vector<Difference> DifferencesOf(const std::vector<Record>& records) {
  std::vector<Difference> differences;
  const auto compare = [&](std::string field,
                           const std::function<std::string(const Record&)>& value) {
    std::vector<Saying> sayings = Group(records, value);
    if (sayings.size() > 1) differences.push_back({std::move(field), std::move(sayings)});
  };
  compare("intent", [](const Record& record) { return record.intent.Text(); });
  compare("manifest", [](const Record& record) { return record.manifest.Text(); });
  compare("plan", [](const Record& record) { return record.plan.Text(); });
  compare("lock", [](const Record& record) { return record.lock.Text(); });
  compare("root tar", [](const Record& record) { return record.root_tar.Text(); });
  compare("image", [](const Record& record) { return record.image.Text(); });
  compare("result", [](const Record& record) { return ResultText(record.result); });
  std::vector<std::vector<Artifact>> lists;
  for (const Record& record : records) {
    // A failed build has no artifacts to miss; its result is the difference.
    if (record.result == BuildResult::kSucceeded) lists.push_back(record.outputs);
  }
  std::vector<Record> succeeded;
  std::copy_if(records.begin(), records.end(), std::back_inserter(succeeded),
               [](const Record& record) { return record.result == BuildResult::kSucceeded; });
  for (const std::string& name : NamesOf(lists)) {
    std::vector<Saying> sayings =
        Group(succeeded, [&](const Record& record) { return ValueOf(record.outputs, name); });
    if (sayings.size() > 1) differences.push_back({"artifact " + name, std::move(sayings)});
  }
  return differences;
}

// What differs of action `index`, if anything: checked from its inputs to what came of it.
std::optional<Divergence> DivergenceAt(const std::vector<Record>& records, std::size_t index) {
  const auto divergence = [&](const std::string& what,
                              const std::function<std::string(const ActionTrace&)>& value)
      -> std::optional<Divergence> {
    std::vector<Saying> sayings = Group(records, [&](const Record& record) {
      return index < record.trace.size() ? value(record.trace[index]) : std::string(kAbsent);
    });
    if (sayings.size() < 2) return std::nullopt;
    Divergence found;
    found.number = index + 1;
    for (const Record& record : records) {
      if (index < record.trace.size()) found.step = record.trace[index].step;
    }
    found.what = what;
    found.sayings = std::move(sayings);
    return found;
  };
  if (auto found = divergence("trace", [](const ActionTrace&) { return std::string("present"); })) {
    return found;
  }
  if (auto found = divergence("step", [](const ActionTrace& trace) { return trace.step; })) {
    return found;
  }
  if (auto found =
          divergence("action", [](const ActionTrace& trace) { return trace.action.Text(); })) {
    return found;
  }
  if (auto found = divergence(
          "exit code", [](const ActionTrace& trace) { return std::to_string(trace.exit_code); })) {
    return found;
  }
  std::vector<std::vector<Artifact>> lists;
  for (const Record& record : records) lists.push_back(record.trace[index].outputs);
  for (const std::string& path : NamesOf(lists)) {
    if (auto found = divergence("output " + path, [&](const ActionTrace& trace) {
          return ValueOf(trace.outputs, path);
        })) {
      return found;
    }
  }
  return std::nullopt;
}

std::optional<Divergence> FirstDivergence(const std::vector<Record>& records) {
  std::size_t actions = 0;
  for (const Record& record : records) actions = std::max(actions, record.trace.size());
  for (std::size_t index = 0; index < actions; ++index) {
    if (auto found = DivergenceAt(records, index)) return found;
  }
  return std::nullopt;
}

AllFailed WhereAllFailed(const std::vector<Record>& records) {
  AllFailed failed;
  for (const Record& record : records) {
    if (record.trace.empty()) return {};
    const ActionTrace& last = record.trace.back();
    if (&record == &records.front()) failed = {last.step, last.exit_code};
    if (last.step != failed.step) return {};
  }
  return failed;
}

// "site-xa, site-xc say sha256:..; site-xb says .."
std::string SayingsText(const std::vector<Saying>& sayings) {
  std::vector<std::string> parts;
  for (const Saying& saying : sayings) {
    parts.push_back(Join(saying.builders, ", ") +
                    (saying.builders.size() == 1 ? " says " : " say ") + saying.value);
  }
  return Join(parts, "; ");
}

std::string DisagreementText(const Disagreement& disagreement) {
  std::string text;
  std::size_t shown = 0;
  for (const Difference& difference : disagreement.differences) {
    if (shown++ == kWordsDifferencesMax) break;
    text += difference.field + ": " + SayingsText(difference.sayings) + "\n";
  }
  if (disagreement.differences.size() > kWordsDifferencesMax) {
    text += "and " + std::to_string(disagreement.differences.size() - kWordsDifferencesMax) +
            " more differences\n";
  }
  if (disagreement.first_divergence) {
    const Divergence& first = *disagreement.first_divergence;
    text += "first difference: action " + std::to_string(first.number) + " (" + first.step + "), " +
            first.what + ": " + SayingsText(first.sayings) + "\n";
  } else {
    text += "the traces do not differ: the sites tell the same of every action\n";
  }
  text.pop_back();
  return text;
}

}  // namespace

Comparison CompareStatements(const std::vector<Record>& records) {
  CHECK(!records.empty());
  std::vector<Difference> differences = DifferencesOf(records);
  if (!differences.empty()) return Disagreement{std::move(differences), FirstDivergence(records)};
  if (records.front().result == BuildResult::kFailed) return WhereAllFailed(records);
  return Agreement{records.front().outputs};
}

Comparison Compare(const std::vector<VerifiedRecord>& records) {
  std::vector<Record> statements;
  for (const VerifiedRecord& record : records) statements.push_back(record.statement());
  return CompareStatements(statements);
}

std::string Words(const Comparison& comparison) {
  std::string text;
  if (const auto* agreement = std::get_if<Agreement>(&comparison)) {
    text = "all records agree: " + Amount(agreement->artifacts.size(), "artifact");
  } else if (const auto* failed = std::get_if<AllFailed>(&comparison)) {
    text = failed->step.empty() ? "the build failed at every site"
                                : "the build failed at every site, in step " + failed->step +
                                      " (exit code " + std::to_string(failed->exit_code) + ")";
  } else {
    text = DisagreementText(std::get<Disagreement>(comparison));
  }
  if (text.size() > kWordsBytesMax) {
    std::size_t end = kWordsBytesMax - 3;
    // Never in the middle of a character.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  return text;
}

}  // namespace farm
