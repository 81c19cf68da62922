package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zone names work on machines without the database

	"imagebatch/activities"
)

// environment reads settings and collects every problem, so that an operator
// sees all of them at once.
type environment struct {
	lookup   func(string) (string, bool)
	problems []error
	wrong    []string // names of the variables that have a problem
}

func (e *environment) problem(name, format string, args ...any) {
	e.problems = append(e.problems, fmt.Errorf("%s %s", name, fmt.Sprintf(format, args...)))
	e.wrong = append(e.wrong, name)
}

// adopt takes over what a package has against its configuration. Its texts begin
// with the name of a field; operators know the variable.
func (e *environment) adopt(err error, variables map[string]string) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return // nil: packages join even a single problem
	}
	for _, problem := range joined.Unwrap() {
		field, rest, _ := strings.Cut(problem.Error(), " ")
		name, known := variables[strings.TrimSuffix(field, ":")]
		switch {
		case !known:
			e.problems = append(e.problems, problem)
		case !slices.Contains(e.wrong, name):
			e.problem(name, "%s", rest)
		}
	}
}

// err is every problem, one a line.
func (e *environment) err() error {
	if len(e.problems) == 0 {
		return nil
	}
	return fmt.Errorf("read settings from the environment:\n%w", errors.Join(e.problems...))
}

func (e *environment) text(name, standard string) string {
	if value, ok := e.lookup(name); ok && value != "" {
		return value
	}
	return standard
}

// required is a setting without a standard value; what says what it is.
func (e *environment) required(name, what string) string {
	value := e.text(name, "")
	if value == "" {
		e.problem(name, "is not set: %s", what)
	}
	return value
}

// flag is true or false, and false when it is not set.
func (e *environment) flag(name string) bool {
	text := e.text(name, "false")
	value, err := strconv.ParseBool(text)
	if err != nil {
		e.problem(name, "is %q: give true or false", text)
	}
	return value
}

func (e *environment) number(name string, standard, low, high int64) int64 {
	text := e.text(name, "")
	if text == "" {
		return standard
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < low || value > high {
		e.problem(name, "is %q: give a number from %d to %d", text, low, high)
		return standard
	}
	return value
}

func (e *environment) duration(name string, standard time.Duration) time.Duration {
	text := e.text(name, "")
	if text == "" {
		return standard
	}
	value, err := time.ParseDuration(text)
	if err != nil || value <= 0 {
		e.problem(name, "is %q: give a duration such as 30s or 2m", text)
		return standard
	}
	return value
}

// retention is a number of days, or off for ever, which is 0.
func (e *environment) retention(name string, standard int) time.Duration {
	const day = 24 * time.Hour
	text := e.text(name, strconv.Itoa(standard)+"d")
	if text == "off" {
		return 0
	}
	days, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || !strings.HasSuffix(text, "d") || days < 1 || days > 36500 {
		e.problem(name, "is %q: give a number of days such as 90d, or off", text)
		return time.Duration(standard) * day
	}
	return time.Duration(days) * day
}

func (e *environment) list(name string) []string {
	var items []string
	for item := range strings.SplitSeq(e.text(name, ""), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func (e *environment) prefixes(name string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, item := range e.list(name) {
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			e.problem(name, "holds %q: give networks such as 10.1.0.0/16 or ::1/128", item)
			continue
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes
}

// callbackKeys are one or two secrets; what is wrong with them is told without
// them.
func (e *environment) callbackKeys(name string) activities.CallbackKeys {
	keys, err := activities.ParseCallbackKeys(e.text(name, ""))
	if err != nil {
		e.problem(name, "%s", err)
	}
	return keys
}

// callbackCredentials are headers by receiver; what is wrong with them is told
// without them.
func (e *environment) callbackCredentials(name string) activities.CallbackCredentials {
	credentials, err := activities.ParseCallbackCredentials(e.text(name, ""))
	if err != nil {
		e.problem(name, "%s", err)
	}
	return credentials
}

// zone is a name of the time zone database or an offset such as +08:00.
func (e *environment) zone(name, standard string) *time.Location {
	text := e.text(name, standard)
	if at, err := time.Parse("-07:00", text); err == nil {
		_, seconds := at.Zone()
		return time.FixedZone(text, seconds)
	}
	zone, err := time.LoadLocation(text)
	if err != nil {
		e.problem(name, "is %q: give an offset such as +08:00 or a name such as Asia/Shanghai", text)
		return time.UTC
	}
	return zone
}
