// BentSigner: a signer of tests, such as a broken token, some of whose signatures are wrong.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "farm/crypto/key.h"
#include "farm/sign/doctor.h"
#include "farm/sign/signer.h"

namespace farm {

// Not thread-safe.
class BentSigner final : public Signer {
 public:
  // Spoils the signatures over the messages for which `spoils` is true.
  BentSigner(PrivateKey key, std::function<bool(std::string_view)> spoils)
      : key_(std::move(key)), spoils_(std::move(spoils)) {}
  const PublicKey& key() const override { return key_.public_key(); }
  Result<std::string> Sign(std::string_view message) override {
    asked_.emplace_back(message);
    std::string signature = key_.Sign(message);
    if (spoils_(message)) signature.back() = static_cast<char>(signature.back() ^ 1);
    return signature;
  }
  // What it was to sign, in order.
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  const PrivateKey key_;
  const std::function<bool(std::string_view)> spoils_;
  std::vector<std::string> asked_;
};

inline bool IsCanary(std::string_view message) { return message.starts_with(kCanaryPrefix); }

}  // namespace farm
