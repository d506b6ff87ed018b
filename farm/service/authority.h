// Who may call what: the common name of the client's certificate, against the roles of the
// configuration.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/client/blob_service.h"
#include "farm/service/config.h"

namespace farm {

// Immutable; safe from any thread.
class Authority {
 public:
  explicit Authority(std::map<std::string, std::set<Role>> roles) : roles_(std::move(roles)) {}
  // The caller's name if it has one of `any`.  Errors: kUntrusted exit 25, naming caller, action
  // and what is missing.
  Result<std::string> Require(const grpc::ServerContext& context, std::initializer_list<Role> any,
                              std::string_view action) const;
  // The same for a name.
  Result<std::string> RequireName(const std::string& name, std::initializer_list<Role> any,
                                  std::string_view action) const;

 private:
  const std::map<std::string, std::set<Role>> roles_;
};

// Who may do what with farmd's blobs: kRead asks and gets, kSubmit asks and puts.  An error of
// `check_disk` refuses what comes in.  `authority` outlives the answer.
BlobAdmission AdmitByRole(const Authority& authority, std::function<Status()> check_disk);

}  // namespace farm
