// Admission: what farmd checks before it takes a request or an approval, each from its bytes.
// Pure but for the store that is looked into.  The signer and every site check all of it again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/trust_root.h"
#include "farm/manifest/manifest.h"
#include "farm/release/state.h"
#include "farm/store/blob_store.h"
#include "farm/verify/policy.h"

namespace farm {

// Whom this farm trusts, what it demands, whom it asks.
struct Rules {
  TrustRoot root;
  std::string root_bytes;  // the file, as published
  Policy policy;
  std::vector<std::string> sites;  // builder ids
};

struct Submission {
  std::string manifest;      // canonical
  std::string lock;          // canonical
  std::string request_line;  // no time stamp yet
  std::string text;          // the manifest as it was written; may be empty
};

struct AdmittedManifest {
  std::string id;  // of the release
  Manifest manifest;
  ManifestView view;
  Policy policy;  // tightened by what the manifest requires
};
// Errors: kInvalidInput (malformed, lint, names that the published tree needs for itself).
Result<AdmittedManifest> AdmitManifest(const std::string& canonical, const Rules& rules);

// Errors: kMismatch exit 22 (another lock than the manifest's), kInvalidInput, kNotFound exit 22
// (inputs missing, named).
Status AdmitInputs(const Manifest& manifest, const std::string& lock, const BlobStore& store);

// A source's file or a package.
struct RawInput {
  std::string name;
  Digest digest;
  std::uint64_t size = 0;
};
// Every raw input once.  Errors: kInvalidInput (the lock).
Result<std::vector<RawInput>> RawInputsOf(const Manifest& manifest, const std::string& lock);
// Those of `inputs` that are not in `store` with their size.
std::vector<RawInput> MissingOf(const std::vector<RawInput>& inputs, const BlobStore& store);

// A line as a person hands it in, brought into the form in which it is kept: `keyid`, which no
// signature covers, is the hex id of its key, however it was written; time stamp and log entry are
// gone, they are farmd's to get.  Errors: those of ParseBundleLine.
Result<Bundle> ReadPersonLine(std::string_view text, std::string_view where);

// Both take a line as ReadPersonLine gives it and refuse whatever the log would refuse of it
// (CheckLoggable), and a certificate: a row stays, and one that the log never takes would hold up
// its manifest for good.
// Errors: kUntrusted exit 11 (unknown requester, certificate, bad signature), exit 17 (key
// revoked), exit 18 (key not valid now), kMismatch (of another manifest), kInvalidInput.
Result<Request> AdmitRequest(const Bundle& line, const AdmittedManifest& manifest,
                             const Rules& rules, UnixSeconds now);
// Errors: as above; exit 14 for a requester's key, a certificate, another manifest or other
// sources.
Result<Approval> AdmitApproval(const Bundle& line, const AdmittedManifest& manifest,
                               const Rules& rules, UnixSeconds now);

// A person's statement that belongs to no release on its way: a withdrawal by an auditor or
// requester, a site location by a certifier.  `release` is the line of the release that a
// withdrawal names, which the signer must have logged: of what else one may withdraw there is no
// end.  Errors: as of AdmitRequest; kUntrusted exit 18 (also a withdrawal of a time when the key
// was not valid), kInvalidInput (another kind, no release line), kMismatch exit 22 (of another
// release), those of VerifyReleaseAlone.
Status AdmitEntry(const Bundle& line, const std::optional<Bundle>& release, const Rules& rules,
                  UnixSeconds now);

// Whether the sites that are asked could meet `policy` at all.  Errors: kUntrusted exit 12 (sites),
// 13 (operators, countries).
Status CheckSitesSuffice(const Rules& rules, const Policy& policy);

}  // namespace farm
