// Any bytes are a kit or an error; a kit that was read can be written, and that one holds the same
// with no text but ours.
#include "farm/replay/kit.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "farm/base/files.h"

namespace {

// Raw members of every input gather here.
class Store {
 public:
  Store()
      : directory_(*farm::TemporaryDirectory::Make("")),
        blobs_(*farm::BlobStore::Open(farm::RealFileSystem(), directory_.path() + "/store")) {}
  farm::BlobStore& blobs() { return *blobs_; }

 private:
  farm::TemporaryDirectory directory_;
  std::unique_ptr<farm::BlobStore> blobs_;
};

farm::Result<farm::Kit> Read(std::string_view bytes, farm::BlobStore& blobs) {
  const int file = memfd_create("kit", MFD_CLOEXEC);
  CHECK(file >= 0 && write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  auto kit = farm::ReadKit("/proc/self/fd/" + std::to_string(file), blobs);
  close(file);
  return kit;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Store store;
  const auto kit = Read({reinterpret_cast<const char*>(data), size}, store.blobs());
  if (!kit) return 0;
  std::string bytes;
  const auto written =
      farm::WriteKit(kit->input, store.blobs(), [&](std::string_view piece) -> farm::Status {
        bytes += piece;
        return {};
      });
  CHECK(written.has_value());
  const auto again = Read(bytes, store.blobs());
  CHECK(again && again->digest == written->digest && again->other_texts.empty());
  CHECK(again->input.manifest == kit->input.manifest && again->input.lock == kit->input.lock);
  CHECK(again->input.bundle_file == kit->input.bundle_file);
  CHECK(again->input.root == kit->input.root);
  return 0;
}
