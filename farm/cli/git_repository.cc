#include "farm/cli/git_repository.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"

namespace farm {
namespace {

constexpr std::size_t kShownPathMax = 4400;  // the longest path there is, and git's quotes

// Everything of one directory tree that git wants to know, deepest directories first.
struct Entry {
  std::string path;  // relative
  char kind = 'f';   // f file, x executable, l link, d directory
};

Result<std::string> Git(const std::string& repository, const std::vector<std::string>& words,
                        const std::string& input, UnixSeconds time) {
  ProcessSpec spec;
  spec.argv = {"git", "-C", repository};
  spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  const std::string date = "@" + std::to_string(time) + " +0000";  // any number, even a small one
  spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin",
                      "HOME=/nonexistent",
                      "GIT_CONFIG_NOSYSTEM=1",
                      "GIT_CONFIG_GLOBAL=/dev/null",
                      "GIT_AUTHOR_NAME=farm audit",
                      "GIT_AUTHOR_EMAIL=audit@farm.example",
                      "GIT_COMMITTER_NAME=farm audit",
                      "GIT_COMMITTER_EMAIL=audit@farm.example",
                      "GIT_AUTHOR_DATE=" + date,
                      "GIT_COMMITTER_DATE=" + date};
  spec.standard_input = input;
  ASSIGN_OR_RETURN(ProcessResult result, RunProcess(spec));
  if (!result.ok()) {
    return Error{ErrorCode::kUnavailable,
                 "git " + words.front() + ": " + Printable(result.error_output, 400)};
  }
  return std::move(result.output);
}

Status List(const std::string& directory, const std::string& below, std::vector<Entry>& entries) {
  // An explicit stack: foreign trees are deep.
  std::vector<std::string> open = {below};
  std::vector<std::string> found_directories;
  while (!open.empty()) {
    const std::string current = open.back();
    open.pop_back();
    found_directories.push_back(current);
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     ListDirectory(current.empty() ? directory : JoinPath(directory, current)));
    for (const std::string& name : names) {
      const std::string path = current.empty() ? name : JoinPath(current, name);
      if (path.find('\n') != std::string::npos) {
        return Error{ErrorCode::kInvalidInput, Printable(path, 200) + ": a newline in a name"};
      }
      struct stat status {};
      if (lstat(JoinPath(directory, path).c_str(), &status) != 0) {
        return Error{ErrorCode::kUnavailable, "reading " + path};
      }
      if (S_ISDIR(status.st_mode)) {
        open.push_back(path);
      } else {
        entries.push_back({path, S_ISLNK(status.st_mode)        ? 'l'
                                 : (status.st_mode & 0100) != 0 ? 'x'
                                                                : 'f'});
      }
    }
  }
  // Parents were found before their children.
  for (auto path = found_directories.rbegin(); path != found_directories.rend(); ++path) {
    entries.push_back({*path, 'd'});
  }
  return {};
}

Result<std::string> LinkTarget(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return Error{ErrorCode::kUnavailable, "reading link " + path};
  target.resize(static_cast<std::size_t>(size));
  return target;
}

// Writes blobs of all files and links; returns path -> "mode blob id".
Result<std::map<std::string, std::string>> WriteBlobs(const std::string& repository,
                                                      const std::string& directory,
                                                      const std::vector<Entry>& entries,
                                                      UnixSeconds time) {
  ASSIGN_OR_RETURN(const TemporaryDirectory links, TemporaryDirectory::Make(""));
  std::string list;
  std::vector<const Entry*> listed;
  for (const Entry& entry : entries) {
    if (entry.kind == 'd') continue;
    std::string path = JoinPath(directory, entry.path);
    if (entry.kind == 'l') {
      ASSIGN_OR_RETURN(const std::string target, LinkTarget(path));
      path = JoinPath(links.path(), std::to_string(listed.size()));
      RETURN_IF_ERROR(WriteDurably(RealFileSystem(), path, target));
    }
    list += path + "\n";
    listed.push_back(&entry);
  }
  ASSIGN_OR_RETURN(
      const std::string output,
      Git(repository, {"hash-object", "-w", "--no-filters", "--stdin-paths"}, list, time));
  const std::vector<std::string> ids = Split(output, '\n');
  if (ids.size() != listed.size() + 1) {
    return Error{ErrorCode::kUnavailable, "git hash-object gave another number of ids"};
  }
  std::map<std::string, std::string> blobs;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    const char kind = listed[i]->kind;
    blobs[listed[i]->path] = std::string(kind == 'l'   ? "120000"
                                         : kind == 'x' ? "100755"
                                                       : "100644") +
                             " blob " + ids[i];
  }
  return blobs;
}

// Lines of `git mktree -z` for what lies directly in `directory`.
std::string TreeLines(const std::string& directory,
                      const std::map<std::string, std::string>& objects) {
  const std::string prefix = directory.empty() ? "" : directory + "/";
  std::string lines;
  for (auto object = objects.lower_bound(prefix);
       object != objects.end() && object->first.starts_with(prefix); ++object) {
    const std::string name = object->first.substr(prefix.size());
    if (name.empty() || name.find('/') != std::string::npos) continue;
    lines += object->second + "\t" + name + '\0';
  }
  return lines;
}

}  // namespace

Status MakeGitRepository(const std::string& path) {
  RETURN_IF_ERROR(MakeDirectories(path, 0755));
  RETURN_IF_ERROR(
      Git(path, {"init", "--quiet", "--object-format=sha256", "--initial-branch=main"}, "", 0));
  return {};
}

Result<std::string> AddGitBranch(const std::string& repository, const std::string& directory,
                                 const GitBranch& branch) {
  std::vector<Entry> entries;
  RETURN_IF_ERROR(List(directory, "", entries));
  ASSIGN_OR_RETURN(auto objects, WriteBlobs(repository, directory, entries, branch.time));
  std::string tree;
  for (const Entry& entry : entries) {
    if (entry.kind != 'd') continue;
    ASSIGN_OR_RETURN(const std::string id, Git(repository, {"mktree", "-z"},
                                               TreeLines(entry.path, objects), branch.time));
    tree = Split(id, '\n')[0];
    if (!entry.path.empty()) objects[entry.path] = "040000 tree " + tree;
  }
  if (!branch.tree.empty() && tree != branch.tree) {
    return Error{ErrorCode::kMismatch, "source " + branch.name + " is git tree " + tree +
                                           ", the manifest says " + branch.tree};
  }
  ASSIGN_OR_RETURN(const std::string commit,
                   Git(repository, {"commit-tree", tree, "-m", branch.message}, "", branch.time));
  RETURN_IF_ERROR(Git(repository,
                      {"update-ref", "refs/heads/" + branch.name, Split(commit, '\n')[0]}, "",
                      branch.time));
  return tree;
}

Result<std::vector<std::string>> DifferingFiles(const std::string& repository,
                                                const std::string& before,
                                                const std::string& after) {
  std::string old_tree = before;
  if (before.empty()) {
    ASSIGN_OR_RETURN(const std::string empty, Git(repository, {"mktree"}, "", 0));
    old_tree = Split(empty, '\n')[0];
  }
  ASSIGN_OR_RETURN(
      const std::string output,
      Git(repository, {"diff-tree", "-r", "--name-status", "--no-renames", old_tree, after, "--"},
          "", 0));
  std::vector<std::string> lines;
  for (std::string& line : Split(output, '\n')) {
    if (line.empty()) continue;
    std::replace(line.begin(), line.end(), '\t', ' ');  // git quotes a tab in a path
    lines.push_back(Printable(line, kShownPathMax));
  }
  return lines;
}

}  // namespace farm
