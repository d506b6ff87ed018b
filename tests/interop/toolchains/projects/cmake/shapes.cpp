#include "shapes.hpp"

int AreaOfSquare(int side) { return side * side; }
