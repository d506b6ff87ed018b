#include <stdio.h>

int main(void) {
  puts("Hello from a package");
  return 0;
}
