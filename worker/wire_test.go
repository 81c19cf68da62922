package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// temporal is a server that answers two questions.
type temporal struct {
	client.Client
	health    error
	described *workflowpb.WorkflowExecutionInfo
	refuses   error
}

func (s temporal) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, s.health
}

func (s temporal) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: s.described}, s.refuses
}

func TestWire(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "index.db")
	c, err := readConfig(settings(map[string]string{"IMAGEBATCH_DATABASE": database, "IMAGEBATCH_FETCHERS": "7", "IMAGEBATCH_CORES": "3"}))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics()
	if err != nil {
		t.Fatal(err)
	}
	p, err := wire(t.Context(), c, temporal{}, m)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.healthy(t.Context()); err != nil {
		t.Errorf("health = %v; want good", err)
	}
	if limits := p.slices.Limits; limits.Fetchers != 7 || limits.Fetches == nil || limits.Featurizers != 3 || limits.Cores != p.images.Limits.Cores || limits.Bytes != p.images.Limits.Bytes {
		t.Errorf("limits = %+v; want those that are set, and one budget for slices and searches", limits)
	}
	p.temporal = temporal{health: errors.New("no route to host")}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	err = p.healthy(t.Context())
	if err == nil || !strings.Contains(err.Error(), "temporal: no route to host") || !strings.Contains(err.Error(), "database: ") {
		t.Errorf("health = %v; want both troubles", err)
	}

	c.Database = filepath.Join(t.TempDir(), "nowhere", "index.db")
	if _, err := wire(t.Context(), c, temporal{}, m); err == nil || !strings.Contains(err.Error(), "open database") {
		t.Errorf("error = %v; want that the database cannot be opened", err)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	run := func(status enumspb.WorkflowExecutionStatus, first string) *workflowpb.WorkflowExecutionInfo {
		return &workflowpb.WorkflowExecutionInfo{Status: status, FirstRunId: first, Execution: &commonpb.WorkflowExecution{RunId: "latest"}}
	}
	const running = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	for name, test := range map[string]struct {
		server temporal
		want   bool
		fails  bool
	}{
		"Open":       {temporal{described: run(running, "first")}, true, false},
		"Another":    {temporal{described: run(running, "other")}, false, false},
		"Terminated": {temporal{described: run(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, "first")}, false, false},
		"OldServer":  {temporal{described: run(running, "")}, false, false},
		"Gone":       {temporal{refuses: serviceerror.NewNotFound("no such workflow")}, false, false},
		"Down":       {temporal{refuses: serviceerror.NewUnavailable("down")}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open, err := runs{test.server}.Open(t.Context(), "batch-task.shop", "first")
			if open != test.want || (err != nil) != test.fails {
				t.Errorf("open = %t, %v; want %t, and an error: %t", open, err, test.want, test.fails)
			}
		})
	}
}

func TestRunRefusesBadSettingsBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	err := run(t.Context(), func(string) (string, bool) { return "", false }, &logs)
	if err == nil || !strings.Contains(err.Error(), "IMAGEBATCH_DATABASE") || logs.Len() > 0 {
		t.Errorf("error = %v, logs %q; want the settings and nothing else", err, logs.String())
	}
}

func TestDialGivesUpWhenToldTo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := dial(ctx, client.Options{HostPort: "127.0.0.1:1"}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "connect to Temporal at 127.0.0.1:1") {
		t.Errorf("error = %v; want the address", err)
	}
}
