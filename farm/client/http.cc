#include "farm/client/http.h"

#include "farm/base/bytes.h"

namespace farm {

Result<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon > 0) {
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
    }
    auto port = ParseDecimal(text.substr(colon + 1), 65535);
    if (port) return HostPort{std::string(host), static_cast<int>(*port)};
  }
  return Error{ErrorCode::kInvalidInput,
               "not an address: " + Printable(text, 80) + ", want host:port"};
}

}  // namespace farm
