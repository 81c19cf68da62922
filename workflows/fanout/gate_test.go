package fanout_test

import (
	"testing"
	"time"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

func TestGate(t *testing.T) {
	t.Parallel()
	const (
		suspend = iota
		resume
		stop
		shut
	)
	cases := map[string]struct {
		reason string
		from   contract.State
		moves  []int
		moved  bool // by the last move
		want   contract.State
	}{
		"Fresh":           {want: contract.StateProcessing},
		"Suspend":         {moves: []int{suspend}, moved: true, want: contract.StateSuspended},
		"SuspendTwice":    {moves: []int{suspend, suspend}, want: contract.StateSuspended},
		"Resume":          {moves: []int{suspend, resume}, moved: true, want: contract.StateProcessing},
		"ResumeRunning":   {moves: []int{resume}, want: contract.StateProcessing},
		"Stop":            {moves: []int{stop}, moved: true, want: contract.StateStopping},
		"StopSuspended":   {moves: []int{suspend, stop}, moved: true, want: contract.StateStopping},
		"StopIsFinal":     {moves: []int{stop, resume}, want: contract.StateStopping},
		"SuspendStopping": {moves: []int{stop, suspend}, want: contract.StateStopping},
		"Shut":            {reason: "a task that is being closed cannot be stopped any more", moves: []int{shut, stop}, want: contract.StateProcessing},
		"CarriedSuspend":  {reason: "a suspended task stays so in its next run", from: contract.StateSuspended, want: contract.StateSuspended},
		"CarriedStop":     {from: contract.StateStopping, moves: []int{resume}, want: contract.StateStopping},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := fanout.NewGate(tc.from, "")
			var moved bool
			for _, move := range tc.moves {
				switch move {
				case suspend:
					moved = gate.Suspend("who")
				case resume:
					moved = gate.Resume("who")
				case stop:
					moved = gate.Stop("who")
				case shut:
					gate.Close()
				}
			}
			if gate.State() != tc.want || moved != tc.moved {
				t.Errorf("state %s, moved %t, want %s, %t: %s", gate.State(), moved, tc.want, tc.moved, tc.reason)
			}
			if moved && gate.Note() != "who" {
				t.Errorf("note %q does not say who moved it", gate.Note())
			}
		})
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	type seen struct {
		second int
		done   int64
	}
	cases := map[string]struct {
		reason string
		seen   []seen
		rate   float64
		eta    float64 // of 100 lines
	}{
		"Nothing":  {eta: -1},
		"Once":     {seen: []seen{{0, 50}}, eta: -1},
		"Steady":   {seen: []seen{{0, 0}, {10, 100}, {20, 200}}, rate: 10, eta: 10},
		"Recent":   {reason: "an hour ago says nothing", seen: []seen{{0, 0}, {3600, 100}, {3610, 600}}, rate: 50, eta: 2},
		"Burst":    {reason: "what happens within a second is one moment", seen: []seen{{0, 0}, {10, 50}, {10, 100}}, rate: 10, eta: 10},
		"Standing": {seen: []seen{{0, 40}, {10, 40}}, eta: -1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var meter fanout.Meter
			for _, s := range tc.seen {
				meter.See(time.Unix(int64(s.second), 0), s.done)
			}
			if rate, eta := meter.Rate(), meter.ETA(100); rate != tc.rate || eta != tc.eta {
				t.Errorf("%v lines/s and %v s left, want %v and %v: %s", rate, eta, tc.rate, tc.eta, tc.reason)
			}
			meter.Forget()
			if meter.Rate() != 0 || meter.ETA(0) != 0 {
				t.Errorf("it remembers %v lines/s", meter.Rate())
			}
		})
	}
}

func TestMeterKnowsWhenNothingMoves(t *testing.T) {
	t.Parallel()
	type seen struct {
		second int
		done   int64
	}
	for name, test := range map[string]struct {
		reason string
		seen   []seen
		moved  int // second, -1 for never
		stands int // from this second on
	}{
		"Once":    {reason: "the first look is a beginning", seen: []seen{{100, 50}}, moved: -1, stands: 131},
		"Steady":  {seen: []seen{{0, 0}, {2, 100}, {4, 200}}, moved: 4, stands: 35},
		"Slow":    {reason: "what takes 40 seconds each time is not late after 100", seen: []seen{{0, 0}, {40, 64}, {80, 128}}, moved: 80, stands: 201},
		"Looks":   {reason: "looking is no progress", seen: []seen{{0, 0}, {2, 100}, {20, 100}, {30, 100}}, moved: 2, stands: 33},
		"Stalled": {reason: "nothing ever was", seen: []seen{{0, 7}, {20, 7}}, moved: -1, stands: 31},
	} {
		var meter fanout.Meter
		for _, s := range test.seen {
			meter.See(time.Unix(int64(s.second), 0), s.done)
		}
		if before, after := meter.Stands(time.Unix(int64(test.stands-1), 0)), meter.Stands(time.Unix(int64(test.stands), 0)); before || !after {
			t.Errorf("%s: it stands after %d seconds: %t, a second later: %t; %s", name, test.stands-1, before, after, test.reason)
		}
		want := time.Time{}
		if test.moved >= 0 {
			want = time.Unix(int64(test.moved), 0)
		}
		if got := meter.Moved(); !got.Equal(want) {
			t.Errorf("%s: it moved at %v, want %v", name, got, want)
		}
	}
	if new(fanout.Meter).Stands(time.Unix(1, 0)) {
		t.Error("a meter that has seen nothing says that nothing moves")
	}
}
