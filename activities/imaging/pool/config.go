package pool

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config describes a pool. Fields without a default must be set.
type Config struct {
	// Command is the program of the children and its arguments. It imports package
	// template and calls Confine and Serve.
	Command []string
	// Environment of the children, "NAME=value". They are given no other: what
	// decodes pictures of strangers must not know credentials.
	Environment []string
	// FeatureVersion is that of the imager in the children; one that greets with
	// another is of no use.
	FeatureVersion string
	// Processes that decode at once.
	Processes int
	// MaxPixelsInFlight bounds what is decoded at once, by the sizes in the
	// headers. By default nothing does but Processes and the memory of each.
	MaxPixelsInFlight int64
	// Deadline of one request about a picture, by default 10 seconds.
	Deadline time.Duration
	// Recycle is the number of pictures after which a child is replaced, by
	// default 5,000: what leaks, leaks no further.
	Recycle int
	// Logger is told what children write to standard error and how they end; by
	// default slog's own.
	Logger *slog.Logger
}

// Tuning are variables for children that decode by libvips. A second thread of Go
// keeps the first from being taken out of every call into C; a crash is told in
// one line. Large pages make memory that is touched for the first time cost half
// as much. libvips looks for its modules below VIPSHOME and finds none: they are
// loaders of formats that nobody asked for, and bring so many libraries along that
// loading them takes twice as long. It compiles no code as it runs: children may
// not have memory that is both written and run.
func Tuning() []string {
	return []string{"GOMAXPROCS=2", "GOTRACEBACK=none", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1", "VIPSHOME=/nonexistent", "VIPS_NOVECTOR=1"}
}

// Defaults of Config.
const (
	DefaultDeadline = 10 * time.Second
	DefaultRecycle  = 5000
)

func (c Config) withDefaults() Config {
	if c.Deadline == 0 {
		c.Deadline = DefaultDeadline
	}
	if c.Recycle == 0 {
		c.Recycle = DefaultRecycle
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var problems []error
	if len(c.Command) == 0 {
		problems = append(problems, errors.New("field Command is empty: give the program of a child and its arguments"))
	}
	if c.FeatureVersion == "" {
		problems = append(problems, errors.New("field FeatureVersion is empty: give that of the imager in the children"))
	}
	if c.Processes < 1 {
		problems = append(problems, fmt.Errorf("field Processes is %d: give at least one", c.Processes))
	}
	if c.MaxPixelsInFlight < 0 {
		problems = append(problems, fmt.Errorf("field MaxPixelsInFlight is %d: give 0 for no limit, or more", c.MaxPixelsInFlight))
	}
	if c.Deadline < 0 {
		problems = append(problems, fmt.Errorf("field Deadline is %s: give a time that a picture may take", c.Deadline))
	}
	if c.Recycle < 0 {
		problems = append(problems, fmt.Errorf("field Recycle is %d: give a number of pictures", c.Recycle))
	}
	return errors.Join(problems...)
}
