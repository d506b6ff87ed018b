package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
)

func isPrime(number int) bool {
	for divisor := 2; divisor*divisor <= number; divisor++ {
		if number%divisor == 0 {
			return false
		}
	}
	return number > 1
}

func countPrimes(limit, workers int) int {
	var wait sync.WaitGroup
	counts := make(chan int, workers)
	for worker := 0; worker < workers; worker++ {
		wait.Add(1)
		go func(first int) {
			defer wait.Done()
			count := 0
			for number := first; number < limit; number += workers {
				if isPrime(number) {
					count++
				}
			}
			counts <- count
		}(worker)
	}
	wait.Wait()
	close(counts)
	total := 0
	for count := range counts {
		total += count
	}
	return total
}

func main() {
	fmt.Println(countPrimes(10000, 8))
	output, err := exec.Command("/bin/echo", "from a child").Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(string(output))
}
