package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"imagebatch/testsuite/stack"
)

// figures are what a run has to show. They are safe for concurrent use.
type figures struct {
	mu    sync.Mutex
	begun time.Time
	shown struct {
		Seed         uint64           `json:"seed"`
		Duration     string           `json:"duration"`
		Seconds      float64          `json:"seconds"`
		Tasks        int              `json:"tasks"`
		Lines        int64            `json:"lines"` // that were run
		WorkerKills  int              `json:"workerKills"`
		ServerKills  int              `json:"serverKills"`
		Faults       int64            `json:"faults"` // beside the kills
		FaultsByKind map[string]int64 `json:"faultsByKind"`
		Endings      map[string]int   `json:"endings"` // tasks by state
		Violations   []string         `json:"violations"`
	}
}

func (f *figures) start(seed uint64, duration time.Duration) {
	f.begun = time.Now()
	f.shown.Seed, f.shown.Duration = seed, duration.String()
	f.shown.FaultsByKind, f.shown.Endings, f.shown.Violations = map[string]int64{}, map[string]int{}, []string{}
}

// tell prints a line about what happens.
func (f *figures) tell(format string, args ...any) {
	fmt.Printf("%7.1fs  %s\n", time.Since(f.begun).Seconds(), fmt.Sprintf(format, args...))
}

// fault counts faults of a kind.
func (f *figures) fault(kind string, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown.Faults += n
	f.shown.FaultsByKind[kind] += n
}

func (f *figures) workerKill() { f.mu.Lock(); f.shown.WorkerKills++; f.mu.Unlock() }

func (f *figures) serverKill() { f.mu.Lock(); f.shown.ServerKills++; f.mu.Unlock() }

// task counts a task that was judged.
func (f *figures) task(ending string, lines int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown.Tasks++
	f.shown.Lines += lines
	f.shown.Endings[ending]++
}

// judged is how many tasks there were.
func (f *figures) judged() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.shown.Tasks
}

// violation notes a broken promise.
func (f *figures) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	f.tell("VIOLATION  %s", text)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown.Violations = append(f.shown.Violations, text)
}

func (f *figures) violated() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.shown.Violations) > 0
}

func (f *figures) print(to io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown.Seconds = time.Since(f.begun).Seconds()
	s := f.shown
	fmt.Fprintf(to, "\nseed %d, %.0f seconds\n", s.Seed, s.Seconds)
	fmt.Fprintf(to, "  kills       %d of workers with a slice in hand, %d of the Temporal server\n", s.WorkerKills, s.ServerKills)
	fmt.Fprintf(to, "  faults      %d", s.Faults)
	for _, kind := range slices.Sorted(maps.Keys(s.FaultsByKind)) {
		fmt.Fprintf(to, " · %d %s", s.FaultsByKind[kind], kind)
	}
	fmt.Fprintf(to, "\n  tasks       %d", s.Tasks)
	for _, state := range slices.Sorted(maps.Keys(s.Endings)) {
		fmt.Fprintf(to, " · %d %s", s.Endings[state], state)
	}
	fmt.Fprintf(to, "\n  lines       %d\n  violations  %d\n", s.Lines, len(s.Violations))
	for _, violation := range s.Violations {
		fmt.Fprintf(to, "    %s\n", violation)
	}
}

// save writes the figures as JSON, unless the file has no name.
func (f *figures) save(file string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return stack.Save(file, f.shown)
}
