package main

import "testing"

func TestCountPrimes(t *testing.T) {
	if found := countPrimes(100, 3); found != 25 {
		t.Errorf("found %d primes below 100, want 25", found)
	}
}
