package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagebatch/workflows/contract"
)

type instanceRates struct {
	Name string             `arg:"" help:"Name of the instance."`
	Set  map[string]float64 `placeholder:"OPERATION=N" help:"Allow so many a second of an operation, such as UpdateImage=50; 0 brings back the usual rate. May be repeated."`
}

// Run changes the rates that are named and shows all.
func (c *instanceRates) Run(a *app) error {
	in := contract.RatesInput{Instance: c.Name}
	for _, operation := range slices.Sorted(maps.Keys(c.Set)) {
		in.Set = append(in.Set, contract.Rate{Operation: operation, PerSecond: c.Set[operation]})
	}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	list, err := operate(a.ctx, a, contract.InstanceRates, operationLimit, in)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(list)
	}
	t := newTable("OPERATION", "A SECOND", "")
	for _, rate := range list.Rates {
		how := ""
		if rate.Adjusted {
			how = "set"
		}
		t.add(rate.Operation, perSecond(rate), how)
	}
	return t.writeTo(a.stdout)
}

// rates is all rates in one line.
func rates(list []contract.Rate) string {
	var words []string
	for _, rate := range list {
		words = append(words, rate.Operation+" "+perSecond(rate))
	}
	return strings.Join(words, ", ")
}

func perSecond(rate contract.Rate) string { return strconv.FormatFloat(rate.PerSecond, 'g', -1, 64) }

// Whoever asks what an instance is like waits for its turn: a person who asks
// twice should not have to learn of rates first.
const (
	describeTries = 4
	describePause = time.Second
)

// describe is an instance with its rates.
func (a *app) describe(name string) (contract.InstanceDetail, error) {
	for try := 1; ; try++ {
		detail, err := operate(a.ctx, a, contract.DescribeInstance, operationLimit, contract.InstanceRef{Name: name})
		if try == describeTries || !contract.IsCode(err, contract.CodeDeniedRequest) {
			return detail, err
		}
		if err := pause(a.ctx, describePause); err != nil {
			return detail, fmt.Errorf("describe instance: %w", err)
		}
	}
}
