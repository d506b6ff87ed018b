#include "farm/sign/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace farm {
namespace {

// A descriptor that closes with the object.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

 private:
  const int number_;
};

Error SystemError(const std::string& what) {
  const int number = errno;
  return Error{number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
               what + ": " + std::strerror(number)};
}

std::string UserText(uid_t user) { return user == 0 ? "root" : "user " + std::to_string(user); }

// Whoever owns the file chooses what stands in it, and may read it whatever its mode says now.
Status CheckOwner(uid_t owner, const std::vector<uid_t>& owners, const std::string& path,
                  const std::string& named) {
  if (std::find(owners.begin(), owners.end(), owner) != owners.end()) return {};
  std::string wanted;
  for (const uid_t user : owners) wanted += (wanted.empty() ? "" : " or ") + UserText(user);
  return Error{ErrorCode::kUntrusted,
               named + ": belongs to " + UserText(owner) + ", want " + wanted +
                   "; make a new one, or chown " + std::to_string(owners.front()) + " " + path +
                   " if its owner is to have the secret, too",
               ExitCode::kRefused};
}

Status CheckFile(int descriptor, const std::vector<uid_t>& owners, const std::string& path,
                 const std::string& named) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return SystemError(named);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalidInput, named + ": not a regular file"};
  }
  RETURN_IF_ERROR(CheckOwner(status.st_uid, owners, path, named));
  if ((status.st_mode & 077) == 0) return {};
  return Error{ErrorCode::kUntrusted,
               named + ": others than its owner may use the file; make a new one, or chmod 600 " +
                   path + " if nobody has",
               ExitCode::kRefused};
}

}  // namespace

Secret::~Secret() {
  if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
}

Result<Secret> ReadSecretFile(const std::string& path, std::size_t bytes_max,
                              std::string_view what) {
  return ReadSecretFileOf(SecretOwners(std::nullopt), path, bytes_max, what);
}

std::vector<uid_t> SecretOwners(std::optional<uid_t> configured_by) {
  std::vector<uid_t> owners = {geteuid()};
  if (owners.front() != 0) owners.push_back(0);
  if (configured_by && std::find(owners.begin(), owners.end(), *configured_by) == owners.end()) {
    owners.push_back(*configured_by);
  }
  return owners;
}

Result<Secret> ReadSecretFileOf(const std::vector<uid_t>& owners, const std::string& path,
                                std::size_t bytes_max, std::string_view what) {
  if (path.find("-----BEGIN") != std::string::npos || path.find('\n') != std::string::npos) {
    return Error{ErrorCode::kInvalidInput,
                 std::string(what) +
                     ": want the name of a file, not what stands in it; whoever has seen this text "
                     "has the key, so make a new one"};
  }
  if (path.find("pin-value") != std::string::npos) {
    return Error{ErrorCode::kInvalidInput,
                 std::string(what) +
                     ": want the name of a file or a key in lowercase pkcs11: text, "
                     "without the PIN"};
  }
  const std::string named = std::string(what) + " " + path;
  // Else the opening of a pipe would wait for its writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.number() < 0) return SystemError(named);
  RETURN_IF_ERROR(CheckFile(file.number(), owners, path, named));
  std::vector<char> bytes(bytes_max + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = read(file.number(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError(named);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  Secret secret(std::move(bytes));
  if (size > bytes_max) {
    return Error{ErrorCode::kLimitExceeded,
                 named + " has more than " + std::to_string(bytes_max) + " bytes"};
  }
  return secret;
}

}  // namespace farm
