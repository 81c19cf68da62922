package index

import (
	"context"
	"errors"
	"slices"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Commit applies the outcomes of lines that have none yet, and records them, in
// one transaction. It is safe to repeat and to overlap, because the transaction
// itself reads which lines are done. CodeFenceClosed.
func (x *Index) Commit(ctx context.Context, batch activities.Batch) (record activities.SliceRecord, err error) {
	outcomes := slices.Clone(batch.Outcomes)
	slices.SortStableFunc(outcomes, func(a, b activities.Outcome) int { return int(a.Line - b.Line) })
	err = x.store.Write(ctx, func(t *store.Tx) error {
		progress, err := t.Progress(batch)
		if err != nil {
			return err
		}
		a := &applier{tx: t}
		if a.instance, err = t.InstanceByNumber(progress.Instance); err != nil {
			return err
		}
		for _, outcome := range outcomes {
			if progress.Done(outcome.Line) {
				continue
			}
			settled, err := a.apply(batch.Task, outcome)
			if err != nil {
				return err
			}
			progress.Record(settled)
		}
		if err := a.save(); err != nil {
			return err
		}
		record, err = progress.Save()
		return err
	})
	return record, err
}

// applier applies effects to an instance within a transaction.
type applier struct {
	tx       *store.Tx
	instance store.Instance
	changed  bool // the instance's own row
	// newest is set when nothing older can come after what is applied, so that it
	// need not be remembered: no task is open.
	newest bool
}

// apply applies the effect of an outcome, and returns the outcome as it turned
// out: a put may be refused.
func (a *applier) apply(task int64, outcome activities.Outcome) (activities.Outcome, error) {
	at := version{task, outcome.Line}
	switch {
	case outcome.Ending != activities.Succeeded:
		outcome.Put, outcome.Delete = nil, nil // a line that did not succeed has no effect
	case outcome.Put != nil:
		err := a.put(at, *outcome.Put)
		var refusal *contract.Error
		if errors.As(err, &refusal) {
			return refused(outcome, refusal), nil
		}
		return outcome, err
	case outcome.Delete != nil:
		_, err := a.delete(at, key{a.instance.Number, outcome.Delete.Product, outcome.Delete.Picture})
		return outcome, err
	}
	return outcome, nil
}

// refused is a put that the index has turned down: the fault of its line.
func refused(outcome activities.Outcome, refusal *contract.Error) activities.Outcome {
	return activities.Outcome{
		Line: outcome.Line, Ending: activities.Failed, Stage: min(outcome.Stage, activities.Featurized),
		Failure: &activities.Failure{
			Line: outcome.Line, Offset: outcome.Offset, Length: outcome.Length, Operation: "ADD",
			Product: outcome.Put.Picture.ProductID, Picture: outcome.Put.Picture.PicName,
			Code: refusal.Code, Message: refusal.Message, Attempts: 1,
		},
	}
}

// save writes what changed of the instance itself.
func (a *applier) save() error {
	if !a.changed {
		return nil
	}
	_, err := a.tx.Exec("UPDATE instance SET pictures = ?, next_picture = ?, features = ?, dimensions = ? WHERE id = ?",
		a.instance.Pictures, a.instance.NextPicture, a.instance.Features, a.instance.Dimensions, a.instance.Number)
	return err
}
