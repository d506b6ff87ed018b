// corpus/sigstore_trust/root, the trusted root of the bundles in corpus/sigstore_bundle.
#pragma once

#include <string_view>

namespace farm {

std::string_view SigstoreRoot();

}  // namespace farm
