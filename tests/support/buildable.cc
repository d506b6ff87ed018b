#include "tests/support/buildable.h"

#include "farm/crypto/hash.h"
#include "farm/manifest/manifest.h"

namespace farm {

std::string BuildableLock() {
  Lock lock;
  lock.requested.architecture = "amd64";
  lock.requested.source_date_epoch = 1735689600;
  lock.requested.suites = {"bookworm"};
  lock.requested.names = {"gcc"};
  lock.packages = {{"gcc", "4:12.2.0-3", "amd64", Sha256("the package"), 11,
                    "pool/main/g/gcc/gcc_12.2.0-3_amd64.deb"}};
  lock.root_tar = Sha256("root.tar");
  lock.image = Sha256("image");
  lock.image_size = 4096;
  return CanonicalLockJson(lock);
}

std::string BuildableManifest(const BuildableOptions& options) {
  const std::string text = R"(product: "hello" version: ")" + options.version + R"(" revision: )" +
                           std::to_string(options.revision) + R"( architecture: "amd64"
source_date_epoch: 1735689600
source { name: "hello" tree: ")" +
                           kBuildableTree + R"("
  file { name: "hello.tar" sha256: ")" +
                           kBuildableTree + R"(" size: 10 } directory { path: "source" } }
toolchain { name: "cc" lock: ")" +
                           Sha256(BuildableLock()).Text() + R"(" }
step { name: "build" input { source: "hello" at: "hello" } argv: "cc" argv: ")" +
                           options.word + R"("
  output: "greet" }
artifact { step: "build" path: "greet" })";
  const auto manifest = ParseManifestText(text, "test");
  CHECK(manifest.has_value());
  return CanonicalManifest(*manifest);
}

}  // namespace farm
