// Contradictions: statements of one log that cannot stand beside each other.  A customer sees one
// bundle; that its signer also signed something else only shows to who reads everything.  Knows no
// trust root: who may say what, the log's door asks (farm/log/appender.h), so a finding names the
// signer and is for people to look at.  Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "farm/base/digest.h"
#include "farm/evidence/statement.h"

namespace farm {

// A statement as the log holds it.
struct LoggedWord {
  std::uint64_t index = 0;
  Digest digest;       // PAE: the same statement signed again contradicts nothing
  std::string signer;  // the leaf's URI name
};

class Contradictions {
 public:
  // Statements come in any order: a payload that was missing comes late.  Says what the next one
  // cannot stand beside:
  //   two releases of a product whose sequences are the same, or fall where their entries rise
  //   two releases of one product and version by other manifests or of other bytes
  //   a release and a dissent of one manifest
  //   a release and a record of its manifest that failed or gave other bytes
  //   two records of one builder under one intent
  std::vector<std::string> Add(const LoggedWord& word, const Statement& statement);

 private:
  struct Said {
    LoggedWord word;
    Digest what;  // of the bytes: the artifacts with names and modes; absent where there are none
  };
  // Of one manifest.
  struct Build {
    std::map<Digest, Said> records;  // the first of each outcome
    std::optional<Said> release;
    std::optional<LoggedWord> dissent;
  };
  struct Released {
    Said said;
    Digest manifest;
  };
  void AddRecord(const LoggedWord& word, const Record& record, std::vector<std::string>& found);
  void AddRelease(const LoggedWord& word, const Release& release, std::vector<std::string>& found);
  void AddDissent(const LoggedWord& word, const Dissent& dissent, std::vector<std::string>& found);

  std::map<Digest, Build> builds_;  // by manifest
  std::map<std::pair<std::string, std::string>, Released> versions_;
  std::map<std::string, std::map<std::int64_t, LoggedWord>> sequences_;  // by product
  std::map<std::pair<std::string, Digest>, LoggedWord> builders_;        // builder, intent
};

}  // namespace farm
