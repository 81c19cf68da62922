package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/semaphore"

	"imagebatch/workflows/contract"
)

// Slices runs slices: the unit of durable work. The stages of a slice are groups
// of goroutines joined by channels: one reads lines, many fetch, as many as there
// are cores validate and featurize, one commits.
type Slices struct {
	Ledger     Ledger
	Index      Index
	Identities Identities
	Results    Results
	Imager     Imager
	Meter      Meter
	Limits     Limits
}

// Limits bound what all slices of a process use together.
type Limits struct {
	Fetchers    int                 // pictures a slice fetches at a time
	Featurizers int                 // pictures a slice decodes at a time: the cores
	CommitLines int                 // lines a commit; more are less often written to disk
	CommitAfter time.Duration       // a line waits no longer than this for its commit
	Transfer    time.Duration       // a picture that takes longer to arrive is refused
	Bytes       *semaphore.Weighted // bytes of undecoded pictures in memory
	Cores       *semaphore.Weighted // pictures being decoded, over all slices
	AllCores    int64               // the size of Cores: what a picture takes that is decoded alone
	Sheets      *semaphore.Weighted // contact sheets being drawn
	Failures    *FailureCounts      // failed lines that are not committed yet, over all slices
	Fetches     *FetchLimit         // pictures being fetched, over all slices; nil for no bound
}

// NewLimits is the limits for a process with so many cores.
func NewLimits(cores int) Limits {
	return Limits{
		Fetchers: 16, Featurizers: cores, CommitLines: 64, CommitAfter: time.Second,
		Transfer: 5 * time.Second,
		Bytes:    semaphore.NewWeighted(64 << 20),
		Cores:    semaphore.NewWeighted(int64(cores)),
		AllCores: int64(cores),
		Failures: &FailureCounts{},
		Sheets:   semaphore.NewWeighted(2), // some 25 MB each
	}
}

// Slice does the lines of a slice that are not done yet and returns what the
// ledger then has of it. Told to stop, and once more lines of the task have failed
// than may, it takes on no more lines, commits what it has in hand and returns that
// it is not whole. Safe to repeat, and safe beside
// another attempt: the ledger applies every line once.
func (s *Slices) Slice(ctx context.Context, in contract.SliceInput) (contract.SliceResult, error) {
	defer beat(ctx)()
	attempt, opened, end, err := s.openSlice(ctx, in)
	if err != nil {
		return contract.SliceResult{}, err
	}
	defer end()
	record := opened.SliceRecord
	if record.Done.Count() < in.List.LinesOf(in.Slice) && !exceeded(in, record) {
		care := cautionFor(s.Ledger, attempt, opened, activity.GetLogger(ctx))
		if record, err = s.process(ctx, in, record, care); err != nil {
			return contract.SliceResult{}, err
		}
	}
	// An operator who paused or reset the attempt wants it parked, not completed.
	if cause := context.Cause(ctx); errors.Is(cause, activity.ErrActivityPaused) || errors.Is(cause, activity.ErrActivityReset) {
		return contract.SliceResult{}, cause
	}
	return contract.SliceResult{
		Slice: in.Slice,
		Whole: record.Done.Count() == in.List.LinesOf(in.Slice),
		Tally: record.Tally, Exceeded: exceeded(in, record),
	}, nil
}

// exceeded reports whether more lines of the task have failed than may.
func exceeded(in contract.SliceInput, record SliceRecord) bool {
	return in.MaxFailures != nil && record.TaskFailed > *in.MaxFailures
}

// process does what is left of a slice. Being stopped is no error, however early
// it happens.
func (s *Slices) process(ctx context.Context, in contract.SliceInput, done SliceRecord, care *caution) (SliceRecord, error) {
	feed, stop := untilStopped(ctx)
	defer stop()
	task, err := s.Ledger.Task(feed, in.Task)
	if err != nil {
		return done, unlessEnded(feed, err)
	}
	objects, err := s.Identities.As(feed, task.RoleARN)
	if err != nil {
		return done, unlessEnded(feed, err)
	}
	return newPipeline(s, in, task, objects, done, care).run(ctx, feed)
}

// unlessEnded is the error, or nil where the end of the context explains it.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
