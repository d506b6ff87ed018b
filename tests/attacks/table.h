#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/attacks/judge.h"

namespace attacks {

// What a column's cells come to.
struct Totals {
  int refused = 0;
  int allowed = 0;
  int errors = 0;
  int not_run = 0;
  int by_design = 0;
};

// The whole result: for each row that was run, one cell for each column.
struct Table {
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<std::vector<Cell>> cells;  // [row][column]

  Totals TotalsOf(std::size_t column) const;
};

// A table to read: one line a behaviour, the totals, and after it what each cell that is not
// "refused" in a column of ours said.
std::string ToText(const Table& table);
// farm-attack-report/1, one object.
std::string ToJson(const Table& table);

}  // namespace attacks
