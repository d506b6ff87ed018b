#include "config.h"

#include <stdio.h>

#include "library.h"

int main(void) {
  char text[] = "sdrawkcab";
  Reverse(text);
  puts(text);
  return 0;
}
