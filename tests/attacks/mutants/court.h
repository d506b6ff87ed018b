// Judges mutants of what is at hand about a release with the verifier's library.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "farm/verify/verify.h"
#include "tests/attacks/mutants/ledger.h"

namespace farm::mutants {

class Court {
 public:
  // The input `good` is accepted (checked).  The others: of the ledger.
  Court(std::string title, std::vector<Row> table, VerdictInput good, bool whole);
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
  // The same under another policy, by its text.
  void TryPolicy(const std::string& kind, const std::string& name, const std::string& text);

 private:
  void Accept(const Row& row, const std::string& kind, const std::string& name,
              const VerdictInput& mutant, const Verdict& verdict);

  VerdictInput good_;
  Verdict verdict_;
  Ledger ledger_;
};

}  // namespace farm::mutants
