#include "farm/client/grpc_log.h"

#include <grpc/support/log.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace farm {
namespace {

std::atomic<bool> server_in_this_process{false};

void PrintLine(gpr_log_func_args* line) {
  if (line->severity != GPR_LOG_SEVERITY_ERROR) return;
  const auto level = server_in_this_process ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level, "gRPC: {}", line->message);
}

}  // namespace

void QuietGrpcLog() { gpr_set_log_function(PrintLine); }

void ServerGrpcLog() {
  server_in_this_process = true;
  QuietGrpcLog();
}

}  // namespace farm
