// Reads the disk under all files.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  return behaviour::JudgeOpen(behaviour::Word(argc, argv, 1), O_RDONLY);
}
