#include "library.h"

#include <string.h>

void Reverse(char* text) {
  size_t size = strlen(text);
  for (size_t i = 0; i < size / 2; ++i) {
    char other = text[size - 1 - i];
    text[size - 1 - i] = text[i];
    text[i] = other;
  }
}
