// Any bytes are a bundle, judged to the end, or an error; under the root of the corpus no other
// artifact than that of the corpus is ever proved, and none by anybody else.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/verify/sigstore.h"
#include "tests/fuzz/sigstore_root.h"

namespace {

constexpr std::string_view kKey =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEU7isew2rdA1zqm9h/go9TvFGI3ZHlN+C7VdcBRdkUVfwNZ3jtWnmObcu"
    "sliOkdoLmKfAaA8XgXkGMAD8nK34ug==";

// What all verdicts share.
struct Common {
  farm::SigstoreTrust trust = farm::ParseSigstoreTrust(farm::SigstoreRoot(), "root").value();
  farm::VerifyingKey key = farm::VerifyingKey::FromSpki(*farm::Base64Decode(kKey)).value();
};

bool IsProved(const farm::ForeignBundle& bundle, const Common& common, std::string_view artifact,
              const std::string& identity) {
  farm::SigstoreInput input;
  input.bundle = bundle;
  input.trust = common.trust;
  if (bundle.certificates.empty()) input.key = common.key;
  input.identity = identity;
  input.issuer = "https://issuer.example";
  for (const farm::HashAlgorithm hash : farm::WantedDigests(bundle, input.key)) {
    input.artifact.digests[hash] = farm::HashOf(hash, artifact);
  }
  const farm::SigstoreVerdict verdict = farm::JudgeSigstore(input);
  CHECK(verdict.proved() == verdict.headline.starts_with("VERIFIED (sigstore)  "));
  return verdict.proved();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Common common;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto bundle = farm::ParseForeignBundle(bytes, "fuzz");
  if (!bundle) return 0;
  const std::string whom = "https://builder.example/workflow@main";
  const bool certified = !bundle->certificates.empty();
  (void)IsProved(*bundle, common, "the artifact\n", whom);
  CHECK(!IsProved(*bundle, common, "another\n", whom));
  CHECK(!certified || !IsProved(*bundle, common, "the artifact\n", whom + "x"));
  return 0;
}
