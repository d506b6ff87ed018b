cat >waits.go <<'CODE'
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

func check(what string, from time.Time, want time.Duration) {
	passed := time.Since(from)
	if passed >= want && passed < want+400*time.Millisecond {
		fmt.Println(what, "in time")
	} else {
		fmt.Println(what, "after", passed)
	}
}

func main() {
	from := time.Now()
	time.Sleep(300 * time.Millisecond)
	check("sleep", from, 300*time.Millisecond)
	from = time.Now()
	<-time.After(300 * time.Millisecond)
	check("after", from, 300*time.Millisecond)
	limited, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	<-limited.Done()
	fmt.Println(limited.Err())
	ticker := time.NewTicker(50 * time.Millisecond)
	for i := 0; i < 3; i++ {
		<-ticker.C
	}
	var group sync.WaitGroup
	total := make(chan int, 100)
	for i := 0; i < 100; i++ {
		group.Add(1)
		go func(n int) { defer group.Done(); time.Sleep(time.Millisecond); total <- n }(i)
	}
	group.Wait()
	sum := 0
	for i := 0; i < 100; i++ {
		sum += <-total
	}
	fmt.Println(sum)
}
CODE
HOME=$PWD go run waits.go >result
