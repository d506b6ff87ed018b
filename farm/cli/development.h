// `farm development run`: runs all daemons of a development farm on this machine, each under its
// own uid, until it is told to stop or one of them ends.
#pragma once

#include <string>
#include <vector>

#include "farm/base/result.h"

namespace farm {

struct DevelopmentOptions {
  std::string directory;  // the farm's state, made by InitDevelopment
  std::string programs;   // folder of farmd, farm-site, farm-sandbox, ...
  bool detached = false;  // outlive the caller; else end with it
  bool restart = false;   // start a daemon that ends by itself again, at most once a second
  std::vector<std::string> without;  // parties that stay away, e.g. a site that is "down"
};

// Starts time stamp, witnesses, log, signer, sites, farmd in this order, each when the one before
// said that it is ready; prints {"ready":true} on standard output; ends everything when SIGTERM or
// SIGINT comes or, without `restart`, a daemon ends by itself.  Log lines go to
// <directory>/run/<party>.log, the own pid to <directory>/run/supervisor.pid. Errors: kUnavailable
// exit 30 (which daemon, the end of its log, or its port that is taken; or a farm that runs
// already).
Status RunDevelopment(const DevelopmentOptions& options);

// Ends a running farm and waits until it has ended.  A farm that does not run is success.
Status StopDevelopment(const std::string& directory);

}  // namespace farm
