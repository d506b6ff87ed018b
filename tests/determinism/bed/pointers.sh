cat >order.cc <<'CODE'
#include <cstdio>
#include <set>
int a, b, c;
int main() {
  std::set<int*> pointers = {new int, new int, &a, &b, &c};
  for (int* pointer : pointers) std::printf("%p\n", static_cast<void*>(pointer));
}
CODE
g++ -o order order.cc
./order >result
