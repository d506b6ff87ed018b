// A greeting for a name: the smallest library that has something to link.
#ifndef GREETING_H
#define GREETING_H

#include <stddef.h>

// Writes "Hello, NAME!" (or "Hello!" if `name` is empty) into `buffer` of `size` bytes, cut to fit and
// always ended with a zero byte if `size` is not 0. Returns the length the whole greeting has.
size_t greeting_for(const char *name, char *buffer, size_t size);

#endif
