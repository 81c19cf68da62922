package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"imagebatch/testsuite/remains"
)

// Figures are what a drill has to show. Times are in seconds.
type Figures struct {
	At         time.Time          `json:"at"`
	Cores      int                `json:"cores"`
	Poison     *PoisonFigures     `json:"poison,omitempty"`
	Suspension *SuspensionFigures `json:"suspension,omitempty"`
	Rolling    *RollingFigures    `json:"rolling,omitempty"`
}

// PoisonFigures compare runs over the same lines, within each round.
type PoisonFigures struct {
	Lines    int           `json:"lines"`
	Poisoned int           `json:"poisonedLines"` // that break the decoder
	Hangs    int           `json:"hangs"`
	Deadline float64       `json:"deadline"`
	Rounds   []PoisonRound `json:"rounds"`
	Ratio    float64       `json:"ratio"`     // median of broken over clean
	HungMore float64       `json:"hungMore"`  // median of hung less clean
	HungMost float64       `json:"hungBound"` // what hangs may cost: each picture is tried twice
}

// PoisonRound is how long the runs of a round took.
type PoisonRound struct {
	Clean  float64 `json:"clean"`
	Broken float64 `json:"broken"`
	Hung   float64 `json:"hung"`
}

// Bounds that the figures are held against.
const (
	poisonBound     = 1.5
	suspensionBound = 1.15
)

func (f *PoisonFigures) settle(cores int) {
	var ratios, more []float64
	for _, round := range f.Rounds {
		ratios = append(ratios, round.Broken/round.Clean)
		more = append(more, round.Hung-round.Clean)
	}
	f.Ratio, f.HungMore = median(ratios), median(more)
	f.HungMost = 2 * f.Deadline * float64(f.Hangs) / float64(cores)
}

func median(numbers []float64) float64 {
	slices.Sort(numbers)
	middle := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[middle]
	}
	return (numbers[middle-1] + numbers[middle]) / 2
}

// SuspensionFigures compare a run that was suspended with one that was not.
type SuspensionFigures struct {
	Lines  int     `json:"lines"`
	Whole  float64 `json:"uninterrupted"`
	Net    float64 `json:"suspendedWithoutPause"`
	Pause  float64 `json:"pause"`  // nothing was under way, because somebody wanted it so
	Recall float64 `json:"recall"` // from the request until then; part of Net
	WarmUp float64 `json:"warmUp"` // from the request to go on until a line was done; part of Net
	Ratio  float64 `json:"ratio"`  // Net over Whole
}

// RollingFigures are what replacing workers cost.
type RollingFigures struct {
	Lines        int     `json:"lines"`
	Seconds      float64 `json:"seconds"`
	Replacements int     `json:"replacements"`
	SlowestStop  float64 `json:"slowestStop"`
	remains.Attempts
}

func (f *Figures) print(out io.Writer) {
	fmt.Fprintln(out)
	row := func(what, figure, bound string) { fmt.Fprintf(out, "%-58s %12s   %s\n", what, figure, bound) }
	if p := f.Poison; p != nil {
		row(fmt.Sprintf("time with %d of %d lines breaking the decoder, over clean", p.Poisoned, p.Lines),
			fmt.Sprintf("%.2f", p.Ratio), fmt.Sprintf("at most %.2f", poisonBound))
		row(fmt.Sprintf("time that %d hangs with a deadline of %.0f s add", p.Hangs, p.Deadline),
			fmt.Sprintf("%.1f s", p.HungMore), fmt.Sprintf("at most %.1f s: 2 x deadline x hangs / %d cores", p.HungMost, f.Cores))
	}
	if s := f.Suspension; s != nil {
		row(fmt.Sprintf("time of a suspended run without its pause, over %.0f s", s.Whole),
			fmt.Sprintf("%.2f", s.Ratio), fmt.Sprintf("at most %.2f", suspensionBound))
		row("  of it, to come to a stand and to get going again", fmt.Sprintf("%.1f + %.1f s", s.Recall, s.WarmUp), "")
	}
	if r := f.Rolling; r != nil {
		row(fmt.Sprintf("begun attempts lost while %d workers were replaced", r.Replacements), fmt.Sprint(r.Lost), "at most 0")
		row(fmt.Sprintf("  of %d slices, timed out without having begun", r.Slices), fmt.Sprint(r.NotBegun()), "")
		row("  the slowest worker to stop", fmt.Sprintf("%.1f s", r.SlowestStop), "")
	}
}
