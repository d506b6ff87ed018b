# The processor's number, by instructions that do not fault.
cat >processor.c <<'CODE'
#include <cpuid.h>
#include <stdio.h>
int main(void) {
  unsigned a, b, c, d, limit;
  __get_cpuid(1, &a, &b, &c, &d);
  __asm__("lsl %1, %0" : "=r"(limit) : "r"(0x7b));
  printf("%u %u\n", b >> 24, limit & 0xfff);
}
CODE
gcc -o processor processor.c
./processor >result
