// Changes a file of the root whose mode lets everybody write.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  return behaviour::JudgeOpen(behaviour::Word(argc, argv, 1), O_WRONLY | O_APPEND);
}
