#include <stdio.h>

#include "bits.h"

int main(void) {
  printf("%d\n", CountBits(255));
  return CountBits(8) == 1 ? 0 : 1;
}
