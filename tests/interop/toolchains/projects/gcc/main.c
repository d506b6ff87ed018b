#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

int main(int argc, char** argv) {
  char* text = strdup(argc > 1 ? argv[1] : "");
  printf("%zu words\n", CountWords(text));
  free(text);
  return 0;
}
