package activities

import (
	"fmt"
	"runtime/debug"

	"go.temporal.io/sdk/log"
)

// caught is the error of do, or its panic as one. A defect that one hostile
// picture brings to light must not end the process with every slice in it, and
// Temporal's own net does not reach into the goroutines of a pipeline.
func caught(logger log.Logger, do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			logger.Error("panic in a stage", "panic", value, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", value)
		}
	}()
	return do()
}
