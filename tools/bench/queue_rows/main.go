// The queue that lookout's replaces, as Go programs write it: one goroutine that selects between a channel of events and
// a ticker, gathers into a slice, and hands the slice over at each tick. The peer of //tools/bench:queue_rows.
//
//	queue_rows [EVENTS [ROW PRODUCERS]]
//
// One line a row, as queue_rows.cc prints them, all rows or the one that is named. The channel has 10 slots.
// As many events go through the same queue before those that are measured. "moved": the events exist before
// the clock starts.
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

type row struct {
	name      string
	kind      kind
	producers int
}

type kind int

const (
	plain kind = iota
	labels
	moved
)

var rows = []row{
	{"plain", plain, 1}, {"plain", plain, 2}, {"plain", plain, 4},
	{"labels", labels, 1}, {"labels", labels, 4},
	{"moved", moved, 1}, {"moved", moved, 4},
}

// makeAll makes each producer's events, of a row where they exist before.
func makeAll(r row, share int) [][]event {
	made := make([][]event, r.producers)
	if r.kind == moved {
		for p := range made {
			for i := 0; i < share; i++ {
				made[p] = append(made[p], makeEvent(false))
			}
		}
	}
	return made
}

// run returns when all is sent.
func run(r row, share int, made [][]event, events chan<- event) {
	var all sync.WaitGroup
	for _, own := range made {
		own := own
		all.Add(1)
		go func() {
			defer all.Done()
			for i := 0; i < share; i++ {
				if r.kind == moved {
					events <- own[i]
				} else {
					events <- makeEvent(r.kind == labels)
				}
			}
		}()
	}
	all.Wait()
}

func measure(r row, total int) {
	flushed := 0
	events := make(chan event, slots)
	done := make(chan struct{})
	go func() {
		defer close(done)
		gather(events, func(batch []event) { flushed += len(batch) })
	}()
	share := total / r.producers
	before, made := makeAll(r, share), makeAll(r, share)
	run(r, share, before, events)
	time.Sleep(3 * interval) // they are handed over

	begin, cpuBegin := time.Now(), cpuTime()
	run(r, share, made, events)
	close(events)
	<-done
	cpu, took := cpuTime()-cpuBegin, time.Since(begin)
	count := share * r.producers
	if flushed != 2*count {
		panic("not all came through")
	}
	fmt.Printf("%-10s %d %12.0f events/s %8.1f ns CPU an event\n", r.name, r.producers,
		float64(count)/took.Seconds(), float64(cpu.Nanoseconds())/float64(count))
}

func main() {
	total := 5_000_000
	one := len(os.Args) == 4
	known := len(os.Args) <= 2 || one
	if known && len(os.Args) > 1 {
		var err error
		total, err = strconv.Atoi(os.Args[1])
		known = err == nil && total >= 20
	}
	found := false
	for _, r := range rows {
		if !known || one && (r.name != os.Args[2] || strconv.Itoa(r.producers) != os.Args[3]) {
			continue
		}
		measure(r, total)
		found = true
	}
	if !found {
		fmt.Fprintln(os.Stderr, "usage: queue_rows [EVENTS (at least 20) [ROW PRODUCERS]], a row that exists")
		os.Exit(2)
	}
}
