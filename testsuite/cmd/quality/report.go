package main

import (
	"fmt"
	"io"
	"strings"
)

// Figures are what was measured; shares are in percent.
type Figures struct {
	FeatureVersion string           `json:"featureVersion"`
	Photos         int              `json:"photos"`  // stored
	Queries        int              `json:"queries"` // searched for after each edit
	Edits          []EditFigures    `json:"edits"`
	Mean           EditFigures      `json:"mean"` // of those that are not stress
	Category       *CategoryFigures `json:"category,omitempty"`
	Subject        []SubjectFigures `json:"subject"`
	Seconds        float64          `json:"seconds"`
}

// EditFigures say how often the original was found first, and among the first
// ten, by each method.
type EditFigures struct {
	Edit     string             `json:"edit"`
	Stress   bool               `json:"stress,omitempty"`
	First    map[string]float64 `json:"recallAt1"`
	FirstTen map[string]float64 `json:"recallAt10"`
	Expanded float64            `json:"expanded"` // of the searches: those in which nothing was plainly the same
}

// CategoryFigures are about photos of one category.
type CategoryFigures struct {
	Queries       int     `json:"queries"`
	PrecisionAt10 float64 `json:"precisionAt10"`
	Predicted     float64 `json:"predicted"` // rightly
}

// SubjectFigures are about finding the subject on one kind of ground.
type SubjectFigures struct {
	Ground   string  `json:"ground"`
	Pictures int     `json:"pictures"`
	IoU      float64 `json:"meanIoU"` // intersection over union
	OverHalf float64 `json:"overHalf"`
}

// average computes the mean of the first edits.
func (f *Figures) average(counted int) {
	f.Mean = EditFigures{Edit: "mean", First: map[string]float64{}, FirstTen: map[string]float64{}}
	for _, line := range f.Edits[:counted] {
		for _, method := range methods {
			f.Mean.First[method] += line.First[method] / float64(counted)
			f.Mean.FirstTen[method] += line.FirstTen[method] / float64(counted)
		}
		f.Mean.Expanded += line.Expanded / float64(counted)
	}
}

func (f *Figures) print(out io.Writer) {
	fmt.Fprintf(out, "\n%d photos after each edit, among %d; found first / among the first ten, %%\n", f.Queries, f.Photos)
	fmt.Fprintf(out, "%-22s", "")
	for _, method := range methods {
		fmt.Fprintf(out, " %14s", method)
	}
	fmt.Fprintf(out, " %10s\n", "needed it")
	rule := strings.Repeat("-", 22+15*len(methods)+11)
	stress := false
	for _, line := range f.Edits {
		if line.Stress && !stress {
			stress = true
			fmt.Fprintln(out, rule)
		}
		line.print(out)
	}
	fmt.Fprintln(out, rule)
	f.Mean.print(out)
	fmt.Fprintln(out)
	if c := f.Category; c != nil {
		fmt.Fprintf(out, "category: %.1f %% of the ten nearest are of the same, %.1f %% predicted, %d photos\n", c.PrecisionAt10, c.Predicted, c.Queries)
	}
	for _, s := range f.Subject {
		fmt.Fprintf(out, "subject, %-9s mean IoU %.2f, above a half %3.0f %%, %d pictures\n", s.Ground+":", s.IoU, s.OverHalf, s.Pictures)
	}
	fmt.Fprintf(out, "%s, %.0f s\n", f.FeatureVersion, f.Seconds)
}

func (e *EditFigures) print(out io.Writer) {
	fmt.Fprintf(out, "%-22s", e.Edit)
	for _, method := range methods {
		fmt.Fprintf(out, "  %5.1f / %5.1f", e.First[method], e.FirstTen[method])
	}
	fmt.Fprintf(out, " %9.0f%%\n", e.Expanded)
}
