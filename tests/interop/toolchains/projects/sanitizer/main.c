#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  char* text = malloc(8);
  strcpy(text, "one two");
  printf("%s\n", text);
  if (argc > 1) text[8] = argv[1][0];  // what the sanitizer is to find
  if (argc < 3) free(text);
  return 0;
}
