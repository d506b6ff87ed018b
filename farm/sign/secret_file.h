// A file that only its owner may read: a private key, the PIN of a token.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"

namespace farm {

// Bytes that are wiped when they go.  Never in a message, never in a log line.
class Secret {
 public:
  explicit Secret(std::vector<char> bytes) : bytes_(std::move(bytes)) {}
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) = delete;
  ~Secret();
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> bytes_;  // not a string, which would leave a short one behind when it moves
};

// Reads a regular file of at most `bytes_max`.  It is opened once: what is looked at is what is
// read.  `what` is the thing in messages: "private key".
// Errors: kNotFound, kLimitExceeded, kUnavailable; kInvalidInput (not a regular file, or `path` is
// a key instead of a file's name, and then not repeated); kUntrusted exit 25 if others than its
// owner may use the file (remedy: chmod 600), or the owner is neither this process's effective user
// nor root (remedy: chown).
Result<Secret> ReadSecretFile(const std::string& path, std::size_t bytes_max,
                              std::string_view what);
// The users who may own a secret: this process's effective one, root, and, where the secret is
// named by a person's configuration, whoever owns that: it is his to say what is taken.  (Root
// tries out a development farm with the configurations of its persons, who have uids of their own.)
std::vector<uid_t> SecretOwners(std::optional<uid_t> configured_by);
// The same as ReadSecretFile where one of `owners`, not empty, must own the file.
Result<Secret> ReadSecretFileOf(const std::vector<uid_t>& owners, const std::string& path,
                                std::size_t bytes_max, std::string_view what);

}  // namespace farm
