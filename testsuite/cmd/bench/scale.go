package main

import (
	"context"
	"fmt"

	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"imagebatch/testsuite/remains"
	"imagebatch/testsuite/workload"
)

// Scale is what must not grow with the number of lines.
type Scale struct {
	EventsAt       map[int]int   `json:"eventsAt"`       // lines to events, over all workflows of the task
	EventSlope     float64       `json:"eventSlope"`     // events for each 1,000 lines more
	LargestEvent   int           `json:"largestEvent"`   // bytes; no payload is larger
	WorkerPSSAt    map[int]int64 `json:"workerPssAt"`    // lines to the peak of the worker's memory, in bytes
	PlanningGrowth int64         `json:"planningGrowth"` // of the worker's memory while it plans, in bytes
	PlannedLines   int           `json:"plannedLines"`
}

// Sizes of the tasks that events are counted for, and of the one that is only
// planned.
const (
	fewLines  = 100_000
	manyLines = 200_000
	planLines = 1_000_000
)

// measureScale runs tasks whose lines skip imaging: they delete pictures that
// are not there.
func (b *bench) measureScale(ctx context.Context) (*Scale, error) {
	scale := &Scale{EventsAt: map[int]int{}, WorkerPSSAt: map[int]int64{}, PlannedLines: planLines}
	const instance = "bench-scale"
	if err := b.stack.CreateInstance(ctx, instance); err != nil {
		return nil, err
	}
	for _, lines := range []int{fewLines, manyLines} {
		folder := fmt.Sprintf("scale-%d", lines)
		if err := b.putManifest(ctx, folder, lines, deleteLine); err != nil {
			return nil, err
		}
		var events histories
		figure, err := measure(ctx, lines, b.processes(), func() error {
			task, err := b.batch(ctx, instance, folder)
			if err != nil {
				return err
			}
			events, err = b.events(ctx, task.WorkflowID, task.RunID)
			return err
		})
		if err != nil {
			return nil, err
		}
		scale.EventsAt[lines] = events.count
		scale.WorkerPSSAt[lines] = figure.PeakPSS["worker-1"]
		scale.LargestEvent = max(scale.LargestEvent, events.largest)
	}
	scale.EventSlope = float64(scale.EventsAt[manyLines]-scale.EventsAt[fewLines]) * 1000 / (manyLines - fewLines)

	if err := b.putManifest(ctx, "plan", planLines, deleteLine); err != nil {
		return nil, err
	}
	before := pssOf(b.stack.Workers[0].PID())
	figure, err := measure(ctx, planLines, b.processes(), func() error {
		_, err := b.batch(ctx, instance, "plan")
		return err
	})
	scale.PlanningGrowth = max(0, figure.PeakPSS["worker-1"]-before)
	return scale, err
}

func deleteLine(line int) any {
	return map[string]any{"OperationType": "DELETE", "ProductId": fmt.Sprintf("product-%07d", line), "PicName": "absent.jpg"}
}

// histories are what a workflow, the runs it continued as and their children
// have written.
type histories struct {
	count   int // events
	largest int // bytes of the largest one
}

// events reads every history of a task.
func (b *bench) events(ctx context.Context, workflowID, runID string) (sum histories, err error) {
	temporal, err := b.stack.Dial(ctx)
	if err != nil {
		return histories{}, err
	}
	defer temporal.Close()
	err = remains.Histories(ctx, temporal, workflowID, runID, func(event *historypb.HistoryEvent) {
		sum.count++
		sum.largest = max(sum.largest, proto.Size(event))
	})
	return sum, err
}

// putManifest writes a manifest of so many lines.
func (b *bench) putManifest(ctx context.Context, folder string, lines int, entry func(int) any) error {
	manifest, err := workload.Manifest(lines, entry)
	if err != nil {
		return err
	}
	return b.stack.PutManifest(ctx, folder, manifest)
}
