// A SHA-256 git repository made of plain directories, so that any git viewer shows an auditor
// exactly the trees that he approves.
#pragma once

#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"

namespace farm {

// An empty bare-less repository with SHA-256 objects at `path` (must not exist or be empty).
// Errors: kUnavailable (git's words), kNotFound (no git 2.29 or newer).
Status MakeGitRepository(const std::string& path);

struct GitBranch {
  std::string name;      // "dropbear"
  std::string message;   // of the one commit
  UnixSeconds time = 0;  // of the commit
  std::string tree;      // what the tree must be; "" for any
};
// Puts what lies in `directory` (modes, links, empty directories; no filters, no attributes) into
// the repository as the one commit of a new branch.  Returns the tree's id, 64 hex.
// Errors: kMismatch exit 22 (another tree than wanted: no branch), kUnavailable (git's words),
// kInvalidInput (a name with a newline: git's batch format
// cannot carry it).
Result<std::string> AddGitBranch(const std::string& repository, const std::string& directory,
                                 const GitBranch& branch);

// The files that differ between two branches, each as "M path" (git's letters: A, D, M, T; no
// renames), a path with other than printable ASCII in it as git quotes it.  before: "" for the
// empty tree.  Errors: kUnavailable (git's words).
Result<std::vector<std::string>> DifferingFiles(const std::string& repository,
                                                const std::string& before,
                                                const std::string& after);

}  // namespace farm
