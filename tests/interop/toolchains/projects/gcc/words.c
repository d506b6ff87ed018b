#include "words.h"

#include <ctype.h>

size_t CountWords(const char* text) {
  size_t count = 0;
  for (int inside = 0; *text != '\0'; ++text) {
    int is_letter = isgraph((unsigned char)*text);
    if (is_letter && !inside) ++count;
    inside = is_letter;
  }
  return count;
}
