// What gRPC's own code has to say goes through spdlog, not to standard error in a form of its own.
#pragma once

namespace farm {

// Servers want to read of strangers (warnings); in a client the call's own error says all (debug).
// Once a server has asked, it stays so.
void QuietGrpcLog();
void ServerGrpcLog();

}  // namespace farm
