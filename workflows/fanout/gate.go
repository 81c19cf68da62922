package fanout

import "imagebatch/workflows/contract"

// Gate says whether chunks may start, and why not. Signals and updates move it;
// the engine obeys it. Stopping is final.
type Gate struct {
	state contract.State
	note  string
	shut  bool
}

// NewGate makes a gate in a state that a task can carry to its next run. The
// zero state means that chunks may start.
func NewGate(state contract.State, note string) *Gate {
	if state == "" {
		state = contract.StateProcessing
	}
	return &Gate{state: state, note: note}
}

// State is PROCESSING, SUSPENDED or STOPPING.
func (g *Gate) State() contract.State { return g.state }

// Note says who moved the gate last and why, as far as they told.
func (g *Gate) Note() string { return g.note }

// Suspended reports whether no chunk may start for now.
func (g *Gate) Suspended() bool { return g.state == contract.StateSuspended }

// Stopping reports whether no chunk may start any more.
func (g *Gate) Stopping() bool { return g.state == contract.StateStopping }

// Shut reports whether it is too late to move the gate.
func (g *Gate) Shut() bool { return g.shut }

// Close makes every later move a refused one: the task is being closed.
func (g *Gate) Close() { g.shut = true }

// Suspend holds back what has not started. It reports whether that is new.
func (g *Gate) Suspend(note string) bool {
	return g.move(contract.StateSuspended, note)
}

// Resume lets chunks start again. It reports whether that is new.
func (g *Gate) Resume(note string) bool {
	return g.Suspended() && g.move(contract.StateProcessing, note)
}

// Stop ends the task. It reports whether that is new.
func (g *Gate) Stop(note string) bool {
	return g.move(contract.StateStopping, note)
}

func (g *Gate) move(to contract.State, note string) bool {
	if g.shut || g.Stopping() || g.state == to {
		return false
	}
	g.state, g.note = to, note
	return true
}
