#include <array>

#include "farm/base/bytes.h"
#include "farm/client/channel.h"
#include "farm/client/error_details.pb.h"

namespace farm {
namespace {

constexpr std::size_t kMessageLineMax = 4096;

constexpr std::string_view kErrorInfoType = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr std::string_view kDomain = "farm";

constexpr std::array kErrorCodes = {
    ErrorCode::kInvalidInput,  ErrorCode::kMismatch, ErrorCode::kUntrusted, ErrorCode::kUnavailable,
    ErrorCode::kLimitExceeded, ErrorCode::kNotFound, ErrorCode::kInternal};

grpc::StatusCode GrpcCode(const Error& error) {
  if (error.exit == ExitCode::kCancelled) return grpc::StatusCode::CANCELLED;
  switch (error.code) {
    case ErrorCode::kInvalidInput:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kMismatch:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::kUntrusted:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::kUnavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::kLimitExceeded:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::kInternal:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::INTERNAL;
}

// The code and exit code that a program of ours put into the details.
std::optional<Error> FromDetails(const std::string& bytes) {
  error_details::Status status;
  if (bytes.empty() || !status.ParseFromString(bytes)) return std::nullopt;
  for (const error_details::Any& detail : status.details()) {
    error_details::ErrorInfo info;
    if (detail.type_url() != kErrorInfoType || !info.ParseFromString(detail.value()) ||
        info.domain() != kDomain) {
      continue;
    }
    const auto exit = info.metadata().find("exit");
    if (exit == info.metadata().end()) continue;
    auto number = ParseDecimal(exit->second, 255);
    if (!number || *number == 0) continue;
    for (const ErrorCode code : kErrorCodes) {
      if (Name(code) == info.reason()) return Error{code, "", static_cast<ExitCode>(*number)};
    }
  }
  return std::nullopt;
}

Error FromForeign(const grpc::Status& status) {
  const std::string said = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return {ErrorCode::kUnavailable,
              "unreachable (" + said +
                  "); check that it runs, its address, and that each side's certificate is of an "
                  "authority that the other side lists",
              ExitCode::kUnavailable};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {ErrorCode::kUnavailable, "no answer in time; ask again", ExitCode::kUnavailable};
    case grpc::StatusCode::CANCELLED:
      return {ErrorCode::kUnavailable, "cancelled", ExitCode::kCancelled};
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return {ErrorCode::kUntrusted, "refused: " + said, ExitCode::kRefused};
    case grpc::StatusCode::INVALID_ARGUMENT:
      return {ErrorCode::kInvalidInput, said, std::nullopt};
    case grpc::StatusCode::FAILED_PRECONDITION:
      return {ErrorCode::kMismatch, said, std::nullopt};
    case grpc::StatusCode::NOT_FOUND:
      return {ErrorCode::kNotFound, said, std::nullopt};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {ErrorCode::kLimitExceeded, said, std::nullopt};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {ErrorCode::kInternal, "does not know this call; is it the program meant? " + said,
              std::nullopt};
    default:
      return {ErrorCode::kInternal, said, std::nullopt};
  }
}

}  // namespace

grpc::Status ToGrpc(const Error& error) {
  error_details::ErrorInfo info;
  info.set_reason(std::string(Name(error.code)));
  info.set_domain(std::string(kDomain));
  (*info.mutable_metadata())["exit"] = std::to_string(static_cast<int>(error.Exit()));
  // gRPC metadata and proto3 strings take UTF-8 only; messages may quote foreign bytes.
  const std::string message =
      IsUtf8(error.message) ? error.message : Printable(error.message, error.message.size() * 4);
  error_details::Status status;
  status.set_code(GrpcCode(error));
  status.set_message(message);
  error_details::Any& any = *status.add_details();
  any.set_type_url(std::string(kErrorInfoType));
  any.set_value(info.SerializeAsString());
  return {GrpcCode(error), message, status.SerializeAsString()};
}

grpc::Status ToGrpc(const Status& status) {
  return status ? grpc::Status::OK : ToGrpc(status.error());
}

Error FromGrpc(const grpc::Status& status, std::string_view peer) {
  CHECK(!status.ok());
  std::optional<Error> error = FromDetails(status.error_details());
  if (error) {
    error->message = status.error_message();
  } else {
    error = FromForeign(status);
  }
  // The peer's words end up in terminals, JSON and the store, and nobody vouches for them.
  error->message = PrintableLines(error->message, kMessageLineMax);
  return Wrap(peer, std::move(*error));
}

}  // namespace farm
