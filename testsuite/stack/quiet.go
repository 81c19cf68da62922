package stack

import workflowservicepb "go.temporal.io/api/workflowservice/v1"

// quiet is a logger for short-lived clients whose errors are handled where they
// are used.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

var listOne = &workflowservicepb.ListWorkflowExecutionsRequest{Namespace: "default", PageSize: 1}
