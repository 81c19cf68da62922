package store

import (
	"encoding/json"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

// Operation is a change that is no task, such as the update of one picture, as
// a transaction of it finds it.
type Operation struct {
	Number   int64    // newer than every task that has begun
	Instance Instance // that it changes, as it is; not read once it is done
	Fresh    bool     // nothing is recorded of it
	Done     bool     // nothing is left to do, the recorded result is the answer

	tx    *Tx
	runID string
}

// operationKept is how long the result of an operation is remembered for an
// attempt that repeats it. Attempts follow each other for an hour at most.
const operationKept = 7 * 24 * time.Hour

// Operate takes the number of an operation, once per run id, in the transaction
// of its effect: when that is undone, so is this. Of one that is known already,
// what it has recorded is read into result; nil when it records nothing.
// CodeInstanceNotFound, unless the operation is done.
func (t *Tx) Operate(runID, instance string, result any) (*Operation, error) {
	o := &Operation{tx: t, runID: runID}
	var owner int64
	var recorded string
	found, err := t.Row([]any{&o.Number, &owner, &o.Done, &recorded},
		"SELECT id, instance, done, result FROM operation WHERE run_id = ?", runID)
	if err != nil {
		return nil, err
	}
	if found && result != nil {
		if err := json.Unmarshal([]byte(recorded), result); err != nil {
			return nil, fmt.Errorf("read the result of operation %d: %w", o.Number, err)
		}
	}
	if o.Done {
		return o, nil
	}
	if o.Instance, err = t.Instance(instance); err != nil {
		return nil, err
	}
	switch {
	case !found:
		o.Fresh = true
		o.Number, err = t.next()
	case o.Instance.Number != owner:
		err = contract.Errorf(contract.CodeInstanceNotFound, "the instance %q that operation %d was for is gone, and there is another of that name; ask again if you mean that one", instance, o.Number)
	}
	return o, err
}

// Record writes the result of an operation, so far or in the end. Every
// transaction that changes something must do so, and the first in any case.
func (o *Operation) Record(result any, done bool) error {
	text, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write the result of operation %d: %w", o.Number, err)
	}
	now := time.Now()
	if _, err := o.tx.Exec(`INSERT INTO operation (id, run_id, instance, taken, done, result) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET done = excluded.done, result = excluded.result`,
		o.Number, o.runID, o.Instance.Number, now.UnixNano(), done, string(text)); err != nil || !o.Fresh {
		return err
	}
	// Two for one, so that what has accumulated shrinks. What a clock that was ahead
	// has dated must not keep the rest from it.
	_, err = o.tx.Exec("DELETE FROM operation WHERE id IN (SELECT id FROM operation ORDER BY id LIMIT 2) AND taken NOT BETWEEN ? AND ?",
		now.Add(-operationKept).UnixNano(), now.Add(operationKept).UnixNano())
	return err
}
