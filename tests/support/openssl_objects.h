// What tests need to make with OpenSSL what others would have made.
#pragma once

#include <openssl/crypto.h>

#include <memory>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

template <auto kFree>
struct FreeOpenssl {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <typename T, auto kFree>
using Owned = std::unique_ptr<T, FreeOpenssl<kFree>>;

inline const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <auto kEncode, typename T>
std::string ToDer(T* object) {
  unsigned char* bytes = nullptr;
  const int size = kEncode(object, &bytes);
  CHECK(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace farm
