// The description of a trust root: what people write and read before they sign (protobuf text,
// farm/proto/root.proto, FORMAT.md).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/evidence/trust_root.h"

namespace farm {

constexpr std::size_t kRootDescriptionBytesMax = kTrustRootBytesMax;  // it says the same
constexpr std::size_t kDescribedFileBytesMax = 64 << 10;  // a certificate in PEM has at most 23 kB

// Reads a file that the description names, by the name as it stands there.
using DescribedFiles = std::function<Result<std::string>(const std::string& name)>;

// The root that `text` describes, version 1 and without signatures; all that ParseTrustRoot demands
// of its form holds.  `now` is when it is made, where the text does not say.
// Errors: kInvalidInput with file name and field, kLimitExceeded, those of `files`.
Result<TrustRoot> ReadRootDescription(std::string_view text, const std::string& file_name,
                                      UnixSeconds now, const DescribedFiles& files);

// The description of which ReadRootDescription makes the same root, all keys written out.
// `created` is left out: the next root is made at another time.
std::string WriteRootDescription(const TrustRoot& root);

}  // namespace farm
