package fanout_test

import (
	"errors"
	"time"

	"go.temporal.io/sdk/converter"
	sdktest "go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

// hosted is one run of the engine inside a workflow that does nothing else.
type hosted struct {
	Job   fanout.Job
	State fanout.State
	Gate  contract.State
	Taken int // workflow ids of chunk 0 that are in use already
}

// squatter is the chunk number of a workflow that sits on a chunk's id.
const squatter = -1

// stand is how a run of the engine ended.
type stand struct {
	hosted
	Verdict fanout.Verdict
	Failure string
	Tally   contract.Tally
}

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// bench runs the engine against chunks that a test makes up, in virtual time.
type bench struct {
	t     tester
	job   fanout.Job
	chunk func(workflow.Context, contract.ChunkInput) (contract.ChunkResult, error)
	// script is called at the start of every run, to plan what happens in it.
	script func(run int, env *sdktest.TestWorkflowEnvironment)
	seen   func(engine *fanout.Engine) // at every change

	open, mostOpen int
	inputs         []contract.ChunkInput
}

func jobOf(slices int, sizes contract.Sizes) fanout.Job {
	return fanout.Job{Task: 7, Instance: "shop", Sizes: sizes, List: contract.WorkList{
		Lines: int64(slices) * 16, RawLines: int64(slices) * 16, SliceLines: 16, Slices: slices,
	}}
}

// host is the workflow around the engine. Its signals move the gate.
func (b *bench) host(ctx workflow.Context, in hosted) (stand, error) {
	gate := fanout.NewGate(in.Gate, "")
	var engine *fanout.Engine
	engine = fanout.New(in.Job, in.State, gate, func(workflow.Context) {
		if b.seen != nil {
			b.seen(engine)
		}
	})
	moves := workflow.GetSignalChannel(ctx, "gate")
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var to contract.State
			moves.Receive(ctx, &to)
			switch to {
			case contract.StateSuspended:
				gate.Suspend("")
			case contract.StateProcessing:
				gate.Resume("")
			case contract.StateStopping:
				gate.Stop("")
			}
		}
	})
	for run := range in.Taken {
		ctx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: contract.ChunkWorkflowID(workflow.GetInfo(ctx).WorkflowExecution.ID, in.Job.Task, 0, run+1),
		})
		if err := workflow.ExecuteChildWorkflow(ctx, contract.Chunk.Name, contract.ChunkInput{Chunk: squatter}).GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return stand{}, err
		}
	}
	verdict := engine.Run(ctx)
	result := stand{
		hosted:  hosted{Job: in.Job, State: engine.State(), Gate: gate.State()},
		Verdict: verdict, Tally: engine.Tally(),
	}
	if engine.Failure() != nil {
		result.Failure = engine.Failure().Error()
	}
	return result, nil
}

// counted wraps the test's chunk, to see how many are open at a time.
func (b *bench) counted(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
	b.inputs = append(b.inputs, in)
	if in.Chunk == squatter {
		return b.chunk(ctx, in)
	}
	b.open++
	b.mostOpen = max(b.mostOpen, b.open)
	defer func() { b.open-- }()
	return b.chunk(ctx, in)
}

// once runs the engine until a verdict.
func (b *bench) once(run int, in hosted) stand {
	b.t.Helper()
	var suite sdktest.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(b.host, workflow.RegisterOptions{Name: "host"})
	env.RegisterWorkflowWithOptions(b.counted, workflow.RegisterOptions{Name: contract.Chunk.Name})
	if b.script != nil {
		b.script(run, env)
	}
	env.ExecuteWorkflow("host", in)
	var result stand
	if err := errors.Join(env.GetWorkflowError(), env.GetWorkflowResult(&result)); err != nil {
		b.t.Fatalf("run %d: %v", run, err)
	}
	if b.open != 0 {
		b.t.Fatalf("run %d ended with verdict %d while %d chunks were open", run, result.Verdict, b.open)
	}
	return result
}

// toTheEnd runs the engine, continuing as new as often as it asks.
func (b *bench) toTheEnd() (end stand, runs int) {
	b.t.Helper()
	end.hosted = hosted{Job: b.job}
	for runs = 1; ; runs++ {
		end = b.once(runs, end.hosted)
		if end.Verdict != fanout.Rolling {
			return end, runs
		}
		end.State = overTheWire(b.t, end.State)
		if runs > 1000 {
			b.t.Fatal("the task does not get on: 1,000 runs and no end")
		}
	}
}

// overTheWire is a state as the next run reads it.
func overTheWire(t tester, state fanout.State) (read fanout.State) {
	t.Helper()
	payload, err := converter.GetDefaultDataConverter().ToPayload(state)
	if err != nil {
		t.Fatal(err)
	}
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// whole is what so many slices of 16 lines have to show.
func whole(slices int) contract.Tally {
	lines := int64(slices) * 16
	return contract.Tally{
		Counts: contract.Counts{Succeeded: lines},
		Stages: contract.Stages{Fetched: lines, Validated: lines, Featurized: lines, Indexed: lines},
	}
}

// steady is a chunk that takes a second a slice and obeys recalls.
func steady(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
	recalls := workflow.GetSignalChannel(ctx, contract.RecallChunk.Name)
	for at := range in.Slices {
		var recall contract.Recall
		if ok, _ := recalls.ReceiveWithTimeout(ctx, time.Second, &recall); ok {
			return contract.ChunkResult{Whole: whole(at), Unfinished: in.Slices[at:]}, nil
		}
	}
	return contract.ChunkResult{Whole: whole(len(in.Slices))}, nil
}

// at sends the host a new state for its gate.
func at(env *sdktest.TestWorkflowEnvironment, when time.Duration, to contract.State) {
	env.RegisterDelayedCallback(func() { env.SignalWorkflow("gate", to) }, when)
}

// quiet keeps the test environment's log out of the way.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
