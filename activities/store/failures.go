package store

import (
	"context"
	"iter"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Rows that an iterator reads at a time: no transaction is open while the caller
// works on them.
const (
	failurePage = 500
	slicePage   = 200
)

// Failures are the failed lines of a task, in the order of lines.
func (s *Store) Failures(ctx context.Context, id int64) iter.Seq2[activities.Failure, error] {
	return func(yield func(activities.Failure, error) bool) {
		last := int64(-1)
		for {
			page := make([]activities.Failure, 0, failurePage)
			if err := s.Read(ctx, func(t *Tx) error {
				return t.Each(func(scan func(...any) error) error {
					var f activities.Failure
					err := scan(&f.Line, &f.Offset, &f.Length, &f.Operation, &f.Product, &f.Picture, &f.Code, &f.Message, &f.Attempts)
					page = append(page, f)
					return err
				}, `SELECT line, start, length, operation, product, picture, code, message, attempts
					FROM failure WHERE task = ? AND line > ? ORDER BY line LIMIT ?`, id, last, failurePage)
			}); err != nil {
				yield(activities.Failure{}, err)
				return
			}
			for _, failure := range page {
				if !yield(failure, nil) {
					return
				}
				last = failure.Line
			}
			if len(page) < failurePage {
				return
			}
		}
	}
}

// Undone are the runs of lines without an outcome, in order, blank lines
// included, each as long as can be. A task without a plan has none.
func (s *Store) Undone(ctx context.Context, id int64) iter.Seq2[activities.LineRange, error] {
	return func(yield func(activities.LineRange, error) bool) {
		task, err := s.Task(ctx, id)
		if err != nil {
			yield(activities.LineRange{}, err)
			return
		}
		list, run := task.List, activities.LineRange{}
		for from := 0; from < list.Slices; from += slicePage {
			to := min(from+slicePage, list.Slices)
			done, err := s.doneBitmaps(ctx, id, from, to)
			if err != nil {
				yield(activities.LineRange{}, err)
				return
			}
			for slice := from; slice < to; slice++ {
				if !extendRuns(&run, list, slice, done[slice], yield) {
					return
				}
			}
		}
		if run.First > 0 {
			yield(run, nil)
		}
	}
}

// extendRuns walks over a slice: it makes the current run longer and hands out
// each that is complete.
func extendRuns(run *activities.LineRange, list contract.WorkList, slice int, done activities.Bitmap, yield func(activities.LineRange, error) bool) bool {
	first := list.FirstLine(slice)
	for n := range list.LinesOf(slice) {
		line := first + int64(n)
		switch {
		case !done.Has(n) && run.First == 0:
			*run = activities.LineRange{First: line, Last: line}
		case !done.Has(n):
			run.Last = line
		case run.First > 0:
			if !yield(*run, nil) {
				return false
			}
			*run = activities.LineRange{}
		}
	}
	return true
}

func (s *Store) doneBitmaps(ctx context.Context, task int64, from, to int) (map[int]activities.Bitmap, error) {
	done := make(map[int]activities.Bitmap, to-from)
	err := s.Read(ctx, func(t *Tx) error {
		return t.Each(func(scan func(...any) error) error {
			var slice int
			var bits []byte
			err := scan(&slice, &bits)
			done[slice] = bits
			return err
		}, "SELECT slice, done FROM slice WHERE task = ? AND slice >= ? AND slice < ?", task, from, to)
	})
	return done, err
}
