// An example of each wire format of farm/evidence and farm/verify: file name -> bytes.  Statements
// come out the same every time; what is signed has new keys every time.
#pragma once

#include <map>
#include <string>

namespace farm {

std::map<std::string, std::string> EvidenceExamples();

// Those that come out the same every time.
std::map<std::string, std::string> StatementExamples();

}  // namespace farm
