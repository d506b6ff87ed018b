// SHA-256 (everything) and SHA-1 (git's old identities only), streaming.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "farm/base/digest.h"
#include "farm/base/result.h"

namespace farm {

Digest Sha256(std::string_view bytes);

// Not thread-safe.  Nothing may be called after Finish() (CHECKed).
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void Update(std::string_view bytes);
  Digest Finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// 20 bytes out, for SHA-1 git objects and SWHIDs, never for trust.  As Sha256Stream.
class Sha1Stream {
 public:
  Sha1Stream();
  ~Sha1Stream();
  Sha1Stream(Sha1Stream&&) noexcept;
  Sha1Stream& operator=(Sha1Stream&&) noexcept;
  void Update(std::string_view bytes);
  std::string Finish();  // 20 bytes, once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Digest and size of a file, in constant memory.  Errors: kNotFound, kUnavailable.
struct FileDigest {
  Digest digest;
  std::uint64_t size = 0;
};
Result<FileDigest> DigestOfFile(const std::string& path);
// The same of a file that nobody has named (farm/base/found_file.h).
// Errors: as DigestOfFile; kInvalidInput (no regular file).
Result<FileDigest> DigestOfFoundFile(const std::string& path);

// `count` unpredictable bytes of the operating system.
std::string RandomBytes(std::size_t count);

}  // namespace farm
