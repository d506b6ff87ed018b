#include "farm/crypto/hash.h"

#include <openssl/rand.h>

#include <array>
#include <functional>
#include <utility>

#include "farm/base/files.h"
#include "farm/base/found_file.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

// Looked up once: OpenSSL 3 otherwise searches its providers for every hash.  Lives as long as the
// program.
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

const EVP_MD* Sha1Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

class Hasher {
 public:
  explicit Hasher(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
    CHECK(context_ && EVP_DigestInit_ex2(context_.get(), algorithm, nullptr) == 1);
  }

  void Update(std::string_view bytes) {
    CHECK(context_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }

  std::string Finish() {
    CHECK(context_);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    context_.reset();
    return std::string(reinterpret_cast<const char*>(digest.data()), size);
  }

 private:
  OpensslOwned<EVP_MD_CTX, EVP_MD_CTX_free> context_;
};

using ReadPieces = Status(const std::string& path,
                          const std::function<Status(std::string_view)>& sink);

Result<FileDigest> DigestOfPieces(const std::string& path, ReadPieces& read) {
  Sha256Stream stream;
  FileDigest file;
  RETURN_IF_ERROR(read(path, [&](std::string_view piece) -> Status {
    stream.Update(piece);
    file.size += piece.size();
    return {};
  }));
  file.digest = stream.Finish();
  return file;
}

}  // namespace

Digest Sha256(std::string_view bytes) {
  Hasher hasher(Sha256Algorithm());
  hasher.Update(bytes);
  return Digest::FromBytes(hasher.Finish());
}

struct Sha256Stream::State {
  Hasher hasher{Sha256Algorithm()};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;
void Sha256Stream::Update(std::string_view bytes) { state_->hasher.Update(bytes); }
Digest Sha256Stream::Finish() { return Digest::FromBytes(state_->hasher.Finish()); }

struct Sha1Stream::State {
  Hasher hasher{Sha1Algorithm()};
};

Sha1Stream::Sha1Stream() : state_(std::make_unique<State>()) {}
Sha1Stream::~Sha1Stream() = default;
Sha1Stream::Sha1Stream(Sha1Stream&&) noexcept = default;
Sha1Stream& Sha1Stream::operator=(Sha1Stream&&) noexcept = default;
void Sha1Stream::Update(std::string_view bytes) { state_->hasher.Update(bytes); }
std::string Sha1Stream::Finish() { return state_->hasher.Finish(); }

Result<FileDigest> DigestOfFile(const std::string& path) {
  return DigestOfPieces(path, ReadFileInPieces);
}

Result<FileDigest> DigestOfFoundFile(const std::string& path) {
  return DigestOfPieces(path, ReadFoundFileInPieces);
}

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  CHECK(RAND_bytes_ex(nullptr, reinterpret_cast<unsigned char*>(bytes.data()), count, 256) == 1);
  return bytes;
}

}  // namespace farm
