module farm.example/primes

go 1.19
