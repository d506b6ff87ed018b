// What became of mutants: held row by row against a table of what may, and counted.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "farm/base/result.h"

namespace farm::mutants {

// What may happen to a mutant that is accepted.  Nothing else is.
enum class Accepted {
  kNever,
  kSame,      // it says the same as the original: the parsed values are compared
  kLess,      // it has lost a signature that no rule demands: the parsed values are compared
  kOwnWords,  // a party's own words that nobody else can contradict, and that prove nothing
  kNoBetter,  // the release is accepted without all that comes after it, too: nobody asks for it
};

// What a mutant that is accepted says beside the original.
enum class Likeness {
  kOther,
  kSame,
  kLess,  // the same with fewer signatures
};

// One row of the table: mutants of these kinds break one of these rules.
struct Row {
  // An fnmatch(3) pattern over the kind of a mutant; the first row that fits counts.
  std::string kinds;
  std::set<int> codes;
  // One of them must not hold, with the verdict's code; none where no verdict is asked.
  std::set<std::string> rules;
  Accepted accepted = Accepted::kNever;
  // Refused while the file was read: code 2, no rule.  Such a rejection is called unnamed.
  bool unnamed = false;
};

// The rows as README.md has them, without figures: "| `kinds` | codes | rules | accepted |".
std::vector<std::string> TableLines(const std::vector<Row>& table);

class Ledger {
 public:
  // README.md has the table (checked).  `whole`: every row must be met by a mutant.
  Ledger(std::string title, std::vector<Row> table, bool whole);
  // Prints the figures and fails the test for whatever was not as the table says.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // A mutant whose refusal needs no rule's name: refused, or accepted with this likeness.
  void Enter(const std::string& kind, const std::string& name, const Result<Likeness>& outcome);

  // Steps, for a judge with rules.
  // Counts one more mutant of the kind.  Its row; null where the table has none, which is a fault.
  const Row* Count(const std::string& kind, const std::string& name);
  // Refused by an error before any rule was asked.
  void Refuse(const Row& row, const std::string& kind, const Error& error);
  void CountUnnamed(const Row& row) { ++FiguresOf(row).unnamed; }
  void CountAccepted(const Row& row) { ++FiguresOf(row).accepted; }
  // By the row's word: a fault where it must say the same, or nearly, and does not.
  void HoldToLikeness(const Row& row, const std::string& kind, const std::string& name,
                      Likeness likeness, const std::function<std::string()>& kept);
  // `kept`: what is kept of the mutant among the test's outputs, for keys are new in every run; may
  // be empty.
  void AddFault(const std::string& kind, const std::string& what, const std::string& example,
                const std::function<std::string()>& kept);

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
  Figures& FiguresOf(const Row& row) {
    return figures_[static_cast<std::size_t>(&row - table_.data())];
  }

  const std::string title_;
  const std::vector<Row> table_;
  const bool whole_;
  std::vector<Figures> figures_;               // of each row
  std::map<std::string, std::size_t> row_of_;  // by kind
  std::map<std::string, Fault> faults_;
};

}  // namespace farm::mutants
