// A bundle of corpus/sigstore_bundle whose certificate has a transparency log's promise.
#pragma once

#include <string_view>

namespace farm {

std::string_view PromisedBundle();

}  // namespace farm
