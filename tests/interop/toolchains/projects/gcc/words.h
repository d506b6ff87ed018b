// Counts words.
#pragma once
#include <stddef.h>

size_t CountWords(const char* text);
