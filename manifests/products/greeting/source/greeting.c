#include "greeting.h"

#include <stdio.h>

size_t greeting_for(const char *name, char *buffer, size_t size) {
  const char *separator = name[0] == '\0' ? "" : ", ";
  int length = snprintf(buffer, size, "Hello%s%s!", separator, name);
  return length < 0 ? 0 : (size_t)length;
}
