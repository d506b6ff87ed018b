// Whose signature it is: the key given, or a certificate of a trusted authority for the name given.
#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/crypto/foreign_chain.h"
#include "farm/crypto/transparency.h"
#include "farm/verify/sigstore_case.h"

namespace farm {
namespace {

constexpr std::size_t kNameCharactersMax = 400;  // of workflow addresses and their like

std::string Shown(std::string_view text) { return Printable(text, kNameCharactersMax); }

// The issuer of the leaf by one authority of the root, good at each time.
Result<Certificate> FindIssuer(const Certificate& leaf, const SigstoreAuthority& authority,
                               const std::vector<UnixSeconds>& times) {
  std::optional<Certificate> issuer;
  for (const UnixSeconds at : times) {
    ASSIGN_OR_RETURN(issuer, FindForeignIssuer(leaf, authority.chain, at));
    if (!authority.valid_for.Contains(at)) {
      return Error{ErrorCode::kUntrusted,
                   "the root does not vouch for authority " + Shown(authority.name) + " at " +
                       FormatTime(at),
                   ExitCode::kNotValidThen};
    }
  }
  return issuer.value();
}

// Why no authority has issued the leaf: of all reasons the one that went furthest, which is that of
// an authority that has, at another time.
void AddRefusal(const std::vector<Error>& refusals, SigstoreCase& facts) {
  if (refusals.empty()) {
    facts.Add(SigstoreRule::kCertificate, ExitCode::kBadSignature,
              "the root lists no certificate authority");
    return;
  }
  const auto dated = std::find_if(refusals.begin(), refusals.end(), [](const Error& refusal) {
    return refusal.Exit() == ExitCode::kNotValidThen;
  });
  facts.Add(SigstoreRule::kCertificate, dated != refusals.end() ? *dated : refusals.front());
}

void JudgeTransparency(const std::vector<Certificate>& issuers, SigstoreCase& facts) {
  const Certificate& leaf = facts.input.bundle.certificates.front();
  std::optional<Error> refused;
  for (const Certificate& issuer : issuers) {
    const auto count = CountTransparencyPromises(leaf, issuer, facts.input.trust.transparency_logs);
    if (!count) {
      refused = count.error();
    } else if (*count > 0) {
      facts.Found(SigstoreRule::kTransparency,
                  "promises of " + std::to_string(*count) + " known logs");
      return;
    }
  }
  if (refused) {
    facts.Add(SigstoreRule::kTransparency, *refused);
  } else {
    facts.Add(SigstoreRule::kTransparency, ExitCode::kLogProof,
              "no embedded promise of a transparency log that the root lists for that time");
  }
}

void JudgeIdentity(const Certificate& leaf, SigstoreCase& facts) {
  const std::vector<std::string> names = SubjectNames(leaf);
  if (std::find(names.begin(), names.end(), facts.input.identity) == names.end()) {
    facts.Add(SigstoreRule::kIdentity, ExitCode::kBadSignature,
              names.empty() ? "the certificate names nobody"
                            : "the certificate is for " + Shown(Join(names, " ")));
  }
  const std::string issuer = NameIssuer(leaf);
  if (issuer != facts.input.issuer) {
    facts.Add(SigstoreRule::kIdentity, ExitCode::kBadSignature,
              "the name is vouched for by " + (issuer.empty() ? "nobody" : Shown(issuer)));
  }
  facts.Found(SigstoreRule::kIdentity, Shown(facts.input.identity) + " by " + Shown(issuer));
}

}  // namespace

void JudgeSigner(SigstoreCase& facts) {
  constexpr SigstoreRule kRule = SigstoreRule::kSigner;
  const SigstoreInput& input = facts.input;
  if (input.key) {
    if (facts.IsCertified()) {
      facts.Add(kRule, ExitCode::kBadSignature,
                "the bundle is signed with a certificate; name its identity and issuer instead");
    }
    facts.key = input.key;
  } else if (!facts.IsCertified()) {
    facts.Add(kRule, ExitCode::kBadSignature,
              "the bundle is signed with a key that you have to know: give it with --key");
  } else if (auto key = VerifyingKey::OfCertificate(input.bundle.certificates.front()); !key) {
    facts.Add(kRule, ExitCode::kBadSignature, key.error().message);
  } else {
    facts.key = *std::move(key);
  }
  if (facts.key) facts.Found(kRule, facts.key->Kind());
}

void JudgeCertificate(SigstoreCase& facts) {
  if (facts.input.key) {
    for (const SigstoreRule rule :
         {SigstoreRule::kIdentity, SigstoreRule::kCertificate, SigstoreRule::kTransparency}) {
      facts.Found(rule, "not asked: the key is given");
    }
    return;
  }
  if (!facts.IsCertified()) {
    for (const SigstoreRule rule :
         {SigstoreRule::kIdentity, SigstoreRule::kCertificate, SigstoreRule::kTransparency}) {
      facts.Skip(rule, "there is no certificate");
    }
    return;
  }
  const Certificate& leaf = facts.input.bundle.certificates.front();
  JudgeIdentity(leaf, facts);
  const std::vector<UnixSeconds> times = facts.Times();
  if (times.empty()) {
    facts.Skip(SigstoreRule::kCertificate, "no time is attested");
    facts.Skip(SigstoreRule::kTransparency, "no time is attested");
    return;
  }
  std::vector<Certificate> issuers;
  std::vector<Error> refusals;
  for (const SigstoreAuthority& authority : facts.input.trust.authorities) {
    auto issuer = FindIssuer(leaf, authority, times);
    if (issuer) {
      issuers.push_back(*std::move(issuer));
      facts.Found(SigstoreRule::kCertificate, "by " + Shown(authority.name));
    } else {
      refusals.push_back(issuer.error());
    }
  }
  if (issuers.empty()) {
    AddRefusal(refusals, facts);
    facts.Skip(SigstoreRule::kTransparency, "no known authority issued the certificate");
    return;
  }
  JudgeTransparency(issuers, facts);
}

}  // namespace farm
