#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

long SumOf(const std::vector<int>& numbers) {
  if (numbers.empty()) throw std::invalid_argument("no numbers");
  return std::accumulate(numbers.begin(), numbers.end(), 0L);
}

}  // namespace

int main() {
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);
  long sums[4] = {};
  std::vector<std::thread> threads;
  for (long& sum : sums) threads.emplace_back([&] { sum = SumOf(numbers); });
  for (std::thread& thread : threads) thread.join();
  std::printf("%ld\n", sums[0] + sums[1] + sums[2] + sums[3]);
  try {
    SumOf({});
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
  }
}
