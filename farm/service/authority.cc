#include "farm/service/authority.h"

#include <utility>

#include "farm/base/bytes.h"
#include "farm/client/server.h"

namespace farm {
namespace {

std::string_view Name(Role role) {
  switch (role) {
    case Role::kRead:
      return "read";
    case Role::kSubmit:
      return "submit";
    case Role::kApprove:
      return "approve";
    case Role::kCertify:
      return "certify";
  }
  return "read";
}

}  // namespace

Result<std::string> Authority::RequireName(const std::string& name, std::initializer_list<Role> any,
                                           std::string_view action) const {
  const auto found = roles_.find(name);
  std::string wanted;
  for (const Role role : any) {
    if (found != roles_.end() && found->second.contains(role)) return name;
    wanted += (wanted.empty() ? "\"" : " or \"") + std::string(Name(role)) + "\"";
  }
  return Error{ErrorCode::kUntrusted,
               "\"" + Printable(name, 64) + "\" may not " + std::string(action) +
                   "; farmd's operator gives the role " + wanted + " (configuration, \"roles\")",
               ExitCode::kRefused};
}

Result<std::string> Authority::Require(const grpc::ServerContext& context,
                                       std::initializer_list<Role> any,
                                       std::string_view action) const {
  return RequireName(PeerName(context), any, action);
}

BlobAdmission AdmitByRole(const Authority& authority, std::function<Status()> check_disk) {
  return [&authority, check_disk = std::move(check_disk)](const grpc::ServerContext& context,
                                                          BlobCall call) -> Status {
    const std::string_view action = ActionOf(call);
    switch (call) {
      case BlobCall::kMissing:
        RETURN_IF_ERROR(authority.Require(context, {Role::kRead, Role::kSubmit}, action));
        return {};
      case BlobCall::kGet:
        RETURN_IF_ERROR(authority.Require(context, {Role::kRead}, action));
        return {};
      case BlobCall::kPut:
        RETURN_IF_ERROR(authority.Require(context, {Role::kSubmit}, action));
        return check_disk();
    }
    return Error{ErrorCode::kInternal, "a call without a name"};
  };
}

}  // namespace farm
