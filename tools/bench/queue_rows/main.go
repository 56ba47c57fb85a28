// The queue that lookout's replaces, as Go programs write it: one goroutine that selects between a channel of events and
// a ticker, gathers into a slice, and hands the slice over at each tick. The peer of //tools/bench:queue_rows.
//
//	queue_rows [EVENTS]
//
// One line a row, as queue_rows.cc prints them. The channel has 10 slots.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type event struct {
	Type            int
	ActorName       string
	ActorID         string
	ActorAttributes map[string]string
	Action          int
	Time            time.Time
}

const (
	name     = "nginx"
	id       = "4f66ad9a0b2e1c3d5f7a9b8c6d4e2f0a1b3c5d7e9f8a6b4c2d0e1f3a5b7c9d8e"
	interval = 10 * time.Millisecond
	slots    = 10
)

func makeEvent(labels bool) event {
	e := event{ActorName: name, ActorID: id, Action: 1}
	if labels {
		e.ActorAttributes = map[string]string{
			"com.docker.compose.config-hash":      "9b1e0f7c2d5a4b3e",
			"com.docker.compose.container-number": "1",
			"com.docker.compose.project":          "shop",
			"com.docker.compose.service":          "web",
			"com.docker.compose.version":          "2.40.0",
			"image":                               "nginx:1.27",
			"maintainer":                          "NGINX Docker Maintainers",
			"name":                                "shop-web-1",
		}
	}
	return e
}

// gather returns when `events` is closed and the rest of it is handed over.
func gather(events <-chan event, onFlush func([]event)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var buffer []event
	flush := func() {
		if len(buffer) > 0 {
			onFlush(buffer)
			buffer = make([]event, 0, cap(buffer))
		}
	}
	for {
		select {
		case e, more := <-events:
			if !more {
				flush()
				return
			}
			buffer = append(buffer, e)
		case <-ticker.C:
			flush()
		}
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func measure(row string, labels bool, producers, total int) {
	flushed := 0
	events := make(chan event, slots)
	done := make(chan struct{})
	go func() {
		defer close(done)
		gather(events, func(batch []event) { flushed += len(batch) })
	}()
	begin, cpuBegin := time.Now(), cpuTime()
	var all sync.WaitGroup
	for p := 0; p < producers; p++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := 0; i < total/producers; i++ {
				events <- makeEvent(labels)
			}
		}()
	}
	all.Wait()
	close(events)
	<-done
	cpu, took := cpuTime()-cpuBegin, time.Since(begin)
	fmt.Printf("%-10s %d %12.0f events/s %8.1f ns CPU an event\n", row, producers,
		float64(flushed)/took.Seconds(), float64(cpu.Nanoseconds())/float64(flushed))
}

func main() {
	total := 5_000_000
	if len(os.Args) == 2 {
		n, err := strconv.Atoi(os.Args[1])
		if err != nil || n < 4 {
			fmt.Fprintln(os.Stderr, "queue_rows: how many events? at least 4")
			os.Exit(2)
		}
		total = n
	}
	for _, producers := range []int{1, 2, 4} {
		measure("plain", false, producers, total)
	}
	for _, producers := range []int{1, 4} {
		measure("labels", true, producers, total)
	}
}
