package activities

import "imagebatch/workflows/contract"

// TaskKey is taskKey.
func (r Results) TaskKey(task contract.Task, name string) string { return r.taskKey(task, name) }

// NextAttempt is nextAttempt.
var NextAttempt = nextAttempt
