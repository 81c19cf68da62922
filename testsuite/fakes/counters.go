package fakes

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Meter counts in memory. The zero value is ready.
type Meter struct {
	mu     sync.Mutex
	lines  map[string]int
	stages map[activities.Stage]int
}

var _ activities.Meter = (*Meter)(nil)

// Line implements activities.Meter.
func (m *Meter) Line(ending activities.Ending, code contract.Code) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lines == nil {
		m.lines = map[string]int{}
	}
	m.lines[fmt.Sprint(ending, " ", code)]++
}

// Stage implements activities.Meter.
func (m *Meter) Stage(stage activities.Stage, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stages == nil {
		m.stages = map[activities.Stage]int{}
	}
	m.stages[stage]++
}

// Lines is how often a line was counted with this ending and code.
func (m *Meter) Lines(ending activities.Ending, code contract.Code) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lines[fmt.Sprint(ending, " ", code)]
}

// Stages is how often each stage was timed.
func (m *Meter) Stages() map[activities.Stage]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.stages)
}

// Runs answers which workflow runs are open.
type Runs struct {
	OpenFunc func(ctx context.Context, workflowID, firstRunID string) (bool, error)
}

var _ activities.Runs = Runs{}

// Open implements activities.Runs.
func (r Runs) Open(ctx context.Context, workflowID, firstRunID string) (bool, error) {
	return r.OpenFunc(ctx, workflowID, firstRunID)
}
