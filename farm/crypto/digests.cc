#include "farm/crypto/digests.h"

#include <array>
#include <utility>
#include <vector>

#include "farm/base/files.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

struct Algorithm {
  HashAlgorithm algorithm;
  std::string_view name;
  const char* openssl_name;
  std::size_t size;
};

constexpr std::array<Algorithm, 3> kAlgorithms = {{
    {HashAlgorithm::kSha256, "sha256", "SHA256", 32},
    {HashAlgorithm::kSha384, "sha384", "SHA384", 48},
    {HashAlgorithm::kSha512, "sha512", "SHA512", 64},
}};

const Algorithm& Of(HashAlgorithm algorithm) {
  return kAlgorithms[static_cast<std::size_t>(algorithm)];
}

using OwnedContext = OpensslOwned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedMd = OpensslOwned<EVP_MD, EVP_MD_free>;

OwnedContext Begin(HashAlgorithm algorithm) {
  const OwnedMd md(EVP_MD_fetch(nullptr, Of(algorithm).openssl_name, nullptr));
  OwnedContext context(EVP_MD_CTX_new());
  CHECK(md && context && EVP_DigestInit_ex2(context.get(), md.get(), nullptr) == 1);
  return context;
}

std::string Finish(HashAlgorithm algorithm, EVP_MD_CTX* context) {
  std::string digest(HashSize(algorithm), '\0');
  CHECK(EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
  return digest;
}

}  // namespace

std::string_view HashName(HashAlgorithm algorithm) { return Of(algorithm).name; }
std::size_t HashSize(HashAlgorithm algorithm) { return Of(algorithm).size; }

std::optional<HashAlgorithm> HashNamed(std::string_view name) {
  for (const Algorithm& known : kAlgorithms) {
    if (known.name == name) return known.algorithm;
  }
  return std::nullopt;
}

std::string HashOf(HashAlgorithm algorithm, std::string_view bytes) {
  const ErrorQueueScope scope;
  const OwnedContext context = Begin(algorithm);
  CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  return Finish(algorithm, context.get());
}

Result<ArtifactDigests> DigestsOfFile(const std::string& path,
                                      const std::set<HashAlgorithm>& wanted) {
  const ErrorQueueScope scope;
  std::vector<std::pair<HashAlgorithm, OwnedContext>> running;
  for (const HashAlgorithm algorithm : wanted) running.emplace_back(algorithm, Begin(algorithm));
  RETURN_IF_ERROR(ReadFileInPieces(path, [&](std::string_view piece) -> Status {
    for (const auto& [algorithm, context] : running) {
      CHECK(EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1);
    }
    return {};
  }));
  ArtifactDigests digests;
  for (const auto& [algorithm, context] : running) {
    digests.emplace(algorithm, Finish(algorithm, context.get()));
  }
  return digests;
}

}  // namespace farm
