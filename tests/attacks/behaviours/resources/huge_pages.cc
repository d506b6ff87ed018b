// Takes huge pages, which the host has reserved for others and no cgroup for memory counts. Without
// a reservation of its own, so that the kernel says yes even where there are none just now.
#include <sys/mman.h>
#include <sys/shm.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  constexpr std::size_t kPage = 2 << 20;
  void* memory = mmap(nullptr, kPage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) return behaviour::Allowed("MAP_HUGETLB");
  int id = shmget(IPC_PRIVATE, kPage, IPC_CREAT | SHM_HUGETLB | SHM_NORESERVE | 0600);
  if (id < 0) return behaviour::RefusedByKernel("MAP_HUGETLB, SHM_HUGETLB");
  shmctl(id, IPC_RMID, nullptr);
  return behaviour::Allowed("SHM_HUGETLB");
}
