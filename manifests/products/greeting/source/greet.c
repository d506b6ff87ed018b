// greet [NAME...]: one greeting a line.
#include <stdio.h>

#include "greeting.h"

static int greet(const char *name) {
  char line[256];
  if (greeting_for(name, line, sizeof line) >= sizeof line) {
    fprintf(stderr, "greet: this name is too long\n");
    return 2;
  }
  return puts(line) < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
  if (argc == 1) return greet("");
  for (int i = 1; i < argc; i++) {
    int status = greet(argv[i]);
    if (status != 0) return status;
  }
  return 0;
}
