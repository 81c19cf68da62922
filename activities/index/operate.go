package index

import (
	"context"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// operate makes a change of its own, in the transaction that takes its number
// and records it. Repeated with the same run id it changes nothing. What is
// refused is recorded nowhere.
func (x *Index) operate(ctx context.Context, runID, instance string, change func(a *applier, at version) error) error {
	return x.store.Write(ctx, func(t *store.Tx) error {
		operation, err := t.Operate(runID, instance, nil)
		if err != nil || operation.Done {
			return err
		}
		a, at, err := applierOf(t, operation)
		if err != nil {
			return err
		}
		if err := change(a, at); err != nil {
			return err
		}
		if err := a.save(); err != nil {
			return err
		}
		return operation.Record(contract.Nothing{}, true)
	})
}

// applierOf applies the effects of an operation. They have line 0 of its number.
func applierOf(t *store.Tx, operation *store.Operation) (*applier, version, error) {
	busy, err := t.Busy(operation.Instance.Number)
	return &applier{tx: t, instance: operation.Instance, newest: !busy}, version{operation.Number, 0}, err
}
