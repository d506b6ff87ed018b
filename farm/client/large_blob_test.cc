// A blob beyond 4 GiB on its whole way: from a file into a store, over the network into another,
// and back.  Minutes of disk, so not in CI.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "farm/base/files.h"
#include "farm/client/blob_service.h"
#include "farm/client/farm_client.h"
#include "farm/client/server.h"
#include "farm/store/blob_store.h"
#include "tests/support/tls_maker.h"

namespace farm {
namespace {

constexpr std::uint64_t kSize = (std::uint64_t{4} << 30) + 4097;
constexpr long kMemoryMax =
    256 << 10;  // KiB that both sides together may take on top: buffers of gRPC

long PeakMemory() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

class LargeBlob : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  TemporaryDirectory directory_ = *TemporaryDirectory::Make("");
  TlsMaker tls_{directory_.path()};
};

TEST_F(LargeBlob, TravelsBothWaysInConstantMemory) {
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("file"), "its beginning"));
  ASSERT_EQ(truncate(Path("file").c_str(), static_cast<off_t>(kSize)), 0);
  const auto here = *BlobStore::Open(RealFileSystem(), Path("here"));
  const auto there = *BlobStore::Open(RealFileSystem(), Path("there"));
  BlobService service(*there, AdmitPeers({"requester-1"}));
  auto server = *StartServer({"127.0.0.1:0", tls_.Files("farmd"), {&service}});
  auto farm = *FarmClient::Open({server.listen(), "farmd", tls_.Files("requester-1")});
  const long before = PeakMemory();

  const auto stored = here->PutFile(Path("file"));
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->size, kSize);
  const Status put = farm->blobs().Put(stored->digest, *here, {});
  ASSERT_TRUE(put) << put.error().message;
  ASSERT_TRUE(here->Remove(stored->digest));
  const Status got = farm->blobs().Get(stored->digest, *here, {});
  ASSERT_TRUE(got) << got.error().message;
  std::uint64_t size = 0;
  ASSERT_TRUE(here->Get(stored->digest, [&](std::string_view piece) -> Status {
    size += piece.size();
    return {};
  }));
  EXPECT_EQ(size, kSize);
  EXPECT_LT(PeakMemory() - before, kMemoryMax);
  server.Stop();
}

}  // namespace
}  // namespace farm
