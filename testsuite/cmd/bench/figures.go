package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Figure is what one measurement showed.
type Figure struct {
	PerSecond         float64            `json:"picturesPerSecond"`
	CPUMillis         float64            `json:"cpuMillisPerPicture"` // of all processes that took part
	CPUBy             map[string]float64 `json:"cpuMillisByProcess,omitempty"`
	PeakPSS           map[string]int64   `json:"peakPssBytes,omitempty"`
	EventsPerThousand float64            `json:"eventsPerThousand,omitempty"`
}

// Figures are all rounds of all measurements.
type Figures struct {
	Rounds map[string][]Figure `json:"rounds"`
	Median map[string]Figure   `json:"median"`
	Ratios map[string]float64  `json:"ratios"` // medians over the rounds of the ratio within each
	Scale  *Scale              `json:"scale,omitempty"`
	Search *Search             `json:"search,omitempty"`
	At     time.Time           `json:"at"`
}

// ratios are pictures a second, one over the other.
var ratios = [][2]string{{"c", "b"}, {"c", "d"}, {"c", "a"}, {"b", "a"}}

func (f *Figures) add(name string, figure Figure) {
	if f.Rounds == nil {
		f.Rounds = map[string][]Figure{}
	}
	f.Rounds[name] = append(f.Rounds[name], figure)
}

// settle computes the medians. A ratio is taken within each round, where the
// machine was in one mood.
func (f *Figures) settle() {
	f.Median, f.Ratios = map[string]Figure{}, map[string]float64{}
	for name, rounds := range f.Rounds {
		figure := Figure{
			PerSecond:         median(rounds, func(f Figure) float64 { return f.PerSecond }),
			CPUMillis:         median(rounds, func(f Figure) float64 { return f.CPUMillis }),
			CPUBy:             map[string]float64{},
			EventsPerThousand: median(rounds, func(f Figure) float64 { return f.EventsPerThousand }),
			PeakPSS:           map[string]int64{},
		}
		for _, round := range rounds {
			for process, bytes := range round.PeakPSS {
				figure.PeakPSS[process] = max(figure.PeakPSS[process], bytes)
			}
		}
		for process := range rounds[0].CPUBy {
			figure.CPUBy[process] = median(rounds, func(f Figure) float64 { return f.CPUBy[process] })
		}
		f.Median[name] = figure
	}
	for _, pair := range ratios {
		var quotients []float64
		if len(f.Rounds[pair[0]]) == 0 || len(f.Rounds[pair[1]]) == 0 {
			continue
		}
		for n, over := range f.Rounds[pair[0]] {
			quotients = append(quotients, over.PerSecond/f.Rounds[pair[1]][n].PerSecond)
		}
		f.Ratios[pair[0]+"/"+pair[1]] = median(quotients, func(q float64) float64 { return q })
	}
}

func median[V any](values []V, of func(V) float64) float64 {
	numbers := make([]float64, 0, len(values))
	for _, value := range values {
		numbers = append(numbers, of(value))
	}
	slices.Sort(numbers)
	middle := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[middle]
	}
	return (numbers[middle-1] + numbers[middle]) / 2
}

var names = map[string]string{
	"a": "a  libvips load only", "b": "b  plain loop", "c": "c  whole system", "d": "d  four activities a picture",
}

func (f *Figures) print(out io.Writer) {
	fmt.Fprintf(out, "\n%-30s %12s %12s %14s   %s\n", "median", "pictures/s", "CPU-ms/pic", "events/1000", "CPU and peak PSS by process")
	for _, name := range slices.Sorted(maps.Keys(f.Median)) {
		figure := f.Median[name]
		fmt.Fprintf(out, "%-30s %12.1f %12.2f %14.1f  ", names[name], figure.PerSecond, figure.CPUMillis, figure.EventsPerThousand)
		for _, process := range slices.Sorted(maps.Keys(figure.CPUBy)) {
			fmt.Fprintf(out, " %s %.2f ms", process, figure.CPUBy[process])
			if peak, ok := figure.PeakPSS[process]; ok {
				fmt.Fprintf(out, " %d MiB", peak>>20)
			}
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out)
	for _, name := range slices.Sorted(maps.Keys(f.Ratios)) {
		fmt.Fprintf(out, "%s %6.2f\n", name, f.Ratios[name])
	}
	if s := f.Search; s != nil {
		fmt.Fprintf(out, "\nsearch of %d pictures: p50 %.1f ms, p99 %.1f ms; through Temporal p50 %.1f ms, p99 %.1f ms\n",
			s.Pictures, s.Index.P50, s.Index.P99, s.Temporal.P50, s.Temporal.P99)
	}
	if f.Scale == nil {
		return
	}
	fmt.Fprintln(out)
	for _, lines := range slices.Sorted(maps.Keys(f.Scale.EventsAt)) {
		fmt.Fprintf(out, "%7d lines without imaging: %5d events, worker %d MiB\n", lines, f.Scale.EventsAt[lines], f.Scale.WorkerPSSAt[lines]>>20)
	}
	fmt.Fprintf(out, "%.2f events for each 1,000 lines more; largest event %d bytes\n", f.Scale.EventSlope, f.Scale.LargestEvent)
	fmt.Fprintf(out, "planning and running %d lines grew the worker by %d MiB\n", f.Scale.PlannedLines, f.Scale.PlanningGrowth>>20)
}
