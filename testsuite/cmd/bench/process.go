package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// clockTick is the unit of the kernel's process times, on every Linux that Go
// runs on.
const clockTick = 10 * time.Millisecond

// cpuOf is the CPU time that a process and its children have used so far, those
// included that have ended.
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	// The name, in parentheses, may hold spaces; from the twelfth field behind it
	// on come the times of the process, then of its children that have ended.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, field := range fields[11:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		ticks += n
	}
	used := time.Duration(ticks) * clockTick
	for _, child := range childrenOf(pid) {
		if more, err := cpuOf(child); err == nil { // else it has just ended
			used += more
		}
	}
	return used, nil
}

// childrenOf are the running children of a process. None can be told of one that
// has just ended.
func childrenOf(pid int) (children []int) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

// ownCPU is the CPU time of this process.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// pssOf is the share of memory of a process and its children, in bytes: pages that
// several use are divided among them.
func pssOf(pid int) (sum int64) {
	for _, child := range childrenOf(pid) {
		sum += pssOf(child)
	}
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return sum // it has ended
	}
	for line := range strings.Lines(string(rollup)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err == nil {
				sum += kilobytes << 10
			}
		}
	}
	return sum
}

// watchMemory samples the memory of processes until the returned function is
// called, which gives the largest values seen.
func watchMemory(ctx context.Context, pids map[string]int) func() map[string]int64 {
	ctx, stop := context.WithCancel(ctx)
	peaks := map[string]int64{}
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			for name, pid := range pids {
				peaks[name] = max(peaks[name], pssOf(pid))
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return func() map[string]int64 {
		stop()
		watching.Wait()
		return peaks
	}
}

// measure runs something over pictures and says how fast it was and what this
// process and others used for it.
func measure(ctx context.Context, pictures int, others map[string]int, do func() error) (Figure, error) {
	before, err := cpuOfAll(others)
	if err != nil {
		return Figure{}, err
	}
	peaks := watchMemory(ctx, others)
	start, own := time.Now(), ownCPU()
	if err := do(); err != nil {
		return Figure{}, err
	}
	took := time.Since(start)
	used := map[string]time.Duration{"bench": ownCPU() - own}
	after, err := cpuOfAll(others)
	if err != nil {
		return Figure{}, err
	}
	figure := Figure{PerSecond: float64(pictures) / took.Seconds(), CPUBy: map[string]float64{}, PeakPSS: peaks()}
	for name := range others {
		used[name] = after[name] - before[name]
	}
	for name, spent := range used {
		figure.CPUBy[name] = float64(spent.Microseconds()) / 1000 / float64(pictures)
		figure.CPUMillis += figure.CPUBy[name]
	}
	return figure, nil
}

func cpuOfAll(pids map[string]int) (map[string]time.Duration, error) {
	all := map[string]time.Duration{}
	for name, pid := range pids {
		used, err := cpuOf(pid)
		if err != nil {
			return nil, err
		}
		all[name] = used
	}
	return all, nil
}
