#pragma once

#include <string>
#include <vector>

namespace sandbox {

// One thing that this machine gives or does not give.
struct Finding {
  std::string name;
  bool needed = false;  // without it nothing can run; else only something cannot
  bool present = false;
  std::string detail;
  std::string remedy;  // empty if present
};

// Tries things out rather than reading version numbers. Changes nothing that outlives the call.
std::vector<Finding> Examine();

// `farm-sandbox doctor`: prints Examine(), and returns 0 if all that is needed is there, else 70.
int Doctor(bool json);

}  // namespace sandbox
