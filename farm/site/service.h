// The site's doors: gRPC `farm.v1.Site` and `farm.v1.Blobs`, for the configured peers only.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/proto/farm.grpc.pb.h"
#include "farm/site/site.h"

namespace farm {

// What the site says of itself to whoever may ask.
struct SiteDescription {
  std::string builder;
  std::string country;
  std::string limits;        // "kernel", "observed"
  std::string root_backend;  // "image", "directory"
};

// Thread-safe.
class SiteService final : public v1::Site::Service {
 public:
  // `peers`: common names that may ask.  `on_broken` is told when a record could not be kept: end
  // the program.  `site` outlives this.
  SiteService(Site& site, SiteDescription description, std::vector<std::string> peers,
              std::function<void(Status)> on_broken);
  grpc::Status Build(grpc::ServerContext* context, const v1::BuildRequest* request,
                     grpc::ServerWriter<v1::BuildEvent>* writer) override;
  grpc::Status Describe(grpc::ServerContext* context, const v1::DescribeSiteRequest* request,
                        v1::DescribeSiteReply* reply) override;

 private:
  Site& site_;
  const SiteDescription description_;
  const std::vector<std::string> peers_;
  const std::function<void(Status)> on_broken_;
};

}  // namespace farm
