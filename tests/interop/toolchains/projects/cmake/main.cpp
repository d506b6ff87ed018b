#include <cstdio>

#include "shapes.hpp"

int main() {
  std::printf("%d\n", AreaOfSquare(12));
  return AreaOfSquare(2) == 4 ? 0 : 1;
}
