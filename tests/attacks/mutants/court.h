// Judges mutants with the verifier's library, holds each verdict against a table, and counts.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "farm/verify/verify.h"

namespace farm::mutants {

// What may happen to a mutant that is accepted.  Nothing else is.
enum class Accepted {
  kNever,
  kSame,      // it says the same as the original: meaning.h compares the parsed values
  kLess,      // it has lost a signature that no rule demands: meaning.h compares
  kOwnWords,  // a party's own words that nobody else can contradict, and that prove nothing
  kNoBetter,  // the release is accepted without all that comes after it, too: nobody asks for it
};

// One row of the table: mutants of these kinds break one of these rules.
struct Row {
  // An fnmatch(3) pattern over the kind of a mutant; the first row that fits counts.
  std::string kinds;
  std::set<int> codes;
  std::set<std::string> rules;  // one of them must not hold, with the verdict's code
  Accepted accepted = Accepted::kNever;
  // Refused while the file was read: code 2, no rule.  Such a rejection is called unnamed.
  bool unnamed = false;
};

class Court {
 public:
  // The input `good` is accepted, and README.md has the table (both checked).  `whole`: every row
  // must be met by a mutant.
  Court(std::string title, std::vector<Row> table, VerdictInput good, bool whole);
  // Prints the figures and fails the test for whatever was not as the table says.
  ~Court();
  Court(const Court&) = delete;
  Court& operator=(const Court&) = delete;

  const VerdictInput& good() const { return good_; }

  // A mutant of the kind: what reading it gave.  `name` for messages.
  void Try(const std::string& kind, const std::string& name, const Result<VerdictInput>& mutant);
  // The same with other lines only.
  void TryLines(const std::string& kind, const std::string& name,
                Result<std::vector<Bundle>> lines);
  // The same with one line, by its text.
  void TryLine(const std::string& kind, const std::string& name, std::size_t line,
               const std::string& text);
  // The same with what is no line of the bundle, put where it belongs.
  using Put = std::function<void(VerdictInput&, Bundle)>;
  void TryText(const std::string& kind, const std::string& name, const std::string& text,
               const Put& put);

 private:
  struct Figures {
    std::size_t mutants = 0;
    std::size_t unnamed = 0;
    std::size_t accepted = 0;
    std::string example;  // of an unnamed rejection
  };
  struct Fault {
    std::size_t count = 0;
    std::string example;
  };
  std::size_t RowOf(const std::string& kind);
  void Accept(const Row& row, const std::string& kind, const std::string& name,
              const VerdictInput& mutant, const Verdict& verdict);
  // Keeps `mutant`, if it could be read, among the test's outputs: most keys are new in every run.
  void AddFault(const std::string& kind, const std::string& what, const std::string& example,
                const VerdictInput* mutant);

  std::string title_;
  std::vector<Row> table_;
  VerdictInput good_;
  Verdict verdict_;
  bool whole_;
  std::vector<Figures> figures_;
  std::map<std::string, std::size_t> row_of_;  // by kind
  std::map<std::string, Fault> faults_;
};

// The rows as README.md has them, without figures: "| `kinds` | rules and codes | accepted |".
std::vector<std::string> TableLines(const std::vector<Row>& table);

}  // namespace farm::mutants
