// The peer of //adapters/docker:decoder_benchmark: Go's encoding/json, as every Go client of Docker uses it, over the
// same recording, into a struct of the shape of moby's events.Message.
//
//	docker_decode FILE MAX_LINE SECONDS
//
// Lines longer than MAX_LINE bytes are left out; 0 for none. Prints the CPU time of an object in nanoseconds (user and
// system, of the whole process: the garbage collector too) and how many objects were decoded in a second of it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"
)

// The fields and their tags are those of an engine's answer (API 1.51).
type actor struct {
	ID         string
	Attributes map[string]string
}

type message struct {
	Status   string `json:"status,omitempty"`
	ID       string `json:"id,omitempty"`
	From     string `json:"from,omitempty"`
	Type     string
	Action   string
	Actor    actor
	Scope    string `json:"scope,omitempty"`
	Time     int64  `json:"time,omitempty"`
	TimeNano int64  `json:"timeNano,omitempty"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "docker_decode:", err)
		os.Exit(1)
	}
}

func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func recording(file string, maxLine int) []byte {
	all, err := os.ReadFile(file)
	check(err)
	var kept []byte
	for _, line := range bytes.SplitAfter(all, []byte("\n")) {
		if maxLine == 0 || len(line) <= maxLine {
			kept = append(kept, line...)
		}
	}
	return kept
}

// Returns how many objects there were.
func decode(stream []byte) int {
	decoder := json.NewDecoder(bytes.NewReader(stream))
	for objects := 0; ; objects++ {
		var m message
		err := decoder.Decode(&m)
		if err == io.EOF {
			return objects
		}
		check(err)
	}
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: docker_decode FILE MAX_LINE SECONDS")
		os.Exit(2)
	}
	maxLine, err := strconv.Atoi(os.Args[2])
	check(err)
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	check(err)
	stream := recording(os.Args[1], maxLine)
	decode(stream)

	objects := 0
	begin := cpu()
	for float64(cpu()-begin) < seconds*1e9 {
		objects += decode(stream)
	}
	each := float64(cpu()-begin) / float64(objects)
	fmt.Printf("%.1f %.0f\n", each, 1e9/each)
}
