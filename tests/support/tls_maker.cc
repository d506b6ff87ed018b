#include "tests/support/tls_maker.h"

#include <utility>

#include "farm/base/clock.h"
#include "farm/base/files.h"

namespace farm {

TlsMaker::TlsMaker(std::string directory)
    : directory_(std::move(directory)),
      key_(PrivateKey::Generate(KeyKind::kP256)),
      authority_(IssueAuthority(key_, "test", "test TLS", SystemClock().Now(), 3600)) {}

TlsFiles TlsMaker::Files(const std::string& party) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate leaf = IssueTlsLeaf(key_, authority_,
                                        {.key = key.public_key(),
                                         .common_name = party,
                                         .dns_names = {party},
                                         .ip_addresses = {},
                                         .not_before = SystemClock().Now() - 60});
  const TlsFiles files{Write(party + ".tls.pem", leaf.Pem()),
                       JoinPath(directory_, party + ".tls.key.pem"),
                       Write("tls-authority.pem", authority_.Pem())};
  CHECK(WriteSecretDurably(RealFileSystem(), files.key, key.Pem()).has_value());
  return files;
}

std::string TlsMaker::Write(const std::string& name, const std::string& pem) {
  std::string path = JoinPath(directory_, name);
  CHECK(WriteDurably(RealFileSystem(), path, pem).has_value());
  return path;
}

}  // namespace farm
