// An envelope as JSON.  Private to this folder.
#pragma once

#include <string_view>

#include "farm/evidence/dsse.h"
#include "farm/json/json.h"

namespace farm {

// The JSON object {"payload","payloadType","signatures":[{"keyid","sig"}]}.  Reading takes standard
// and URL-safe base64, exactly one signature.  Errors: kInvalidInput, kLimitExceeded.
Json EnvelopeToJson(const Envelope& envelope);
Result<Envelope> EnvelopeFromJson(const Json& json, std::string_view where);

}  // namespace farm
