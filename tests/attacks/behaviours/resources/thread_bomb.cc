// Makes more threads than it may have processes.
#include <pthread.h>

#include "tests/attacks/behaviours/behaviour.h"

namespace {
void* Sleep(void*) {
  sleep(2);
  return nullptr;
}
}  // namespace
int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (long i = 0; i < wanted; ++i) {
    pthread_t thread;
    errno = pthread_create(&thread, &small, Sleep, nullptr);
    if (errno != 0) {
      behaviour::Insist();
      return behaviour::RefusedByKernel("pthread_create");
    }
  }
  sleep(1);
  return behaviour::Allowed("pthread_create");
}
