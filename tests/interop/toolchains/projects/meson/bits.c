#include "bits.h"

int CountBits(unsigned number) {
  int count = 0;
  for (; number != 0; number &= number - 1) ++count;
  return count;
}
