// The files that make a mutual TLS connection of the farm, and where it leads.  No gRPC here.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/json/json_fwd.h"

namespace farm {

constexpr std::size_t kPemFileBytesMax = 1 << 20;  // an authority file with a CA of every operator

// Paths of PEM files.  `authority` may hold several certificates: whoever may be at the other end.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string authority;
  // Of a client: who beside this process's user and root may own the key's file (SecretOwners in
  // farm/sign/secret_file.h).
  std::optional<uid_t> configured_by = std::nullopt;
};

// A gRPC server as a client knows it.
struct Endpoint {
  std::string address;      // "host:port"
  std::string server_name;  // must be a DNS name in the server's certificate: "log", "site-xa"
  TlsFiles tls;             // the client's own
};

// {"certificate","key","authority"}; relative paths are relative to `directory`.
Result<TlsFiles> ParseTlsFiles(const Json& object, const std::string& where,
                               const std::string& directory);
// Whether the certificate is valid at `now`: nobody would take it otherwise.
// Errors: unreadable (kNotFound, kUnavailable, kInvalidInput); kUntrusted exit 18; naming the file.
Status CheckTlsFiles(const TlsFiles& files, UnixSeconds now);
// {"address","serverName"}; `tls` is the program's own.
Result<Endpoint> ParseEndpoint(const Json& object, const std::string& where, const TlsFiles& tls);

}  // namespace farm
