// The signer's door: gRPC `farm.v1.Signer`, for the configured peers only.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/gate/gate.h"
#include "farm/proto/farm.grpc.pb.h"

namespace farm {

// Thread-safe.
class SignerService final : public v1::Signer::Service {
 public:
  // `peers`: common names that may ask.  `on_broken` is told when the journal could not be written:
  // end the program.  `gate` outlives this.
  SignerService(Gate& gate, std::vector<std::string> peers, std::function<void(Status)> on_broken);
  grpc::Status Decide(grpc::ServerContext* context, const v1::DecideRequest* request,
                      v1::DecideReply* reply) override;

 private:
  Gate& gate_;
  const std::vector<std::string> peers_;
  const std::function<void(Status)> on_broken_;
};

}  // namespace farm
