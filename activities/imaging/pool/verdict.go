package pool

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"imagebatch/workflows/contract"
)

// death is how a child ended that had a picture in hand.
type death struct {
	how      string // one line, fit for a report
	hung     bool   // it was killed for taking longer than the deadline
	memory   bool   // it could not get memory
	killed   bool   // neither of itself nor by its parent
	starved  bool   // and that because the memory of the machine, or of its control group, was used up
	held     int64  // bytes of memory that it had at most
	deadline time.Duration
}

func (d *death) Error() string { return "imaging process ended: " + d.how }

// tries is how many deaths of that kind a picture gets. One that is killed may
// have been in the wrong place only.
func (d *death) tries() int {
	if d.killed && !d.starved {
		return 4
	}
	return 2
}

// verdict says what the picture did, in every process that had it in hand, as a
// contract.Error. A child that was starved although nothing else was decoded is
// the picture's doing if it had more than its part of the memory: there is too
// little for such pictures here. With less than that others have used it up, which
// may pass.
func (d *death) verdict(part int64) error {
	switch {
	case d.hung:
		return contract.Errorf(contract.CodeExtractFeatureTimeout,
			"decoding the picture takes longer than %s; re-encode it or make it smaller", d.deadline)
	case d.memory:
		return contract.Errorf(contract.CodeUnsupportedPicFormat,
			"the picture makes the decoder run out of memory (%s); re-encode it or make it smaller", d.how)
	case d.starved && d.held <= part:
		return fmt.Errorf("decode a picture while no other is: imaging process %s, which is little: others use the memory up; give the worker more, or run less beside it", d.how)
	case d.starved:
		return contract.Errorf(contract.CodeUnsupportedPicFormat,
			"decoding the picture needs more memory than the worker has (%s); make it smaller, or give the worker more", d.how)
	}
	return contract.Errorf(contract.CodeUnsupportedPicFormat, "the picture crashes the decoder (%s); re-encode it", d.how)
}

// lost kills a child that did not answer as it should and tells how it ended.
func (p *process) lost(cause error) *death {
	d := &death{deadline: p.deadline, hung: errors.Is(cause, os.ErrDeadlineExceeded)}
	// A child that is dying of itself shuts its pipes first and shall tell why; one
	// that lives on and talks nonsense has no more to say.
	if !d.hung && !p.diesWithin(grace) {
		d.how = "broken answer: " + cause.Error()
	}
	gone := p.over()
	p.kill()
	<-p.ended
	status, _ := p.state.Sys().(syscall.WaitStatus) // of another system: zero
	d.memory = p.journal.mentionsMemory()
	d.killed = gone && !d.memory && status.Signaled() && status.Signal() == syscall.SIGKILL
	if usage, ok := p.state.SysUsage().(*syscall.Rusage); ok {
		d.held = usage.Maxrss << 10 // Linux counts KiB
	}
	// The kernel counts before it kills.
	kills, known := p.shortage.kills()
	d.starved = d.killed && known && kills > p.kills
	switch reason := p.journal.reason(); {
	case d.how != "":
	case d.hung:
		d.how = fmt.Sprintf("no answer within %s", p.deadline)
	case d.starved:
		d.how = fmt.Sprintf("killed for want of memory with %d MiB in use", d.held>>20)
	case reason != "":
		d.how = reason
	default:
		d.how = p.state.String()
	}
	p.journal.logger.Warn("imaging process lost", "pid", p.handle.Pid, "how", d.how, "pictures", p.served)
	return d
}

func (p *process) diesWithin(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.ended:
		return true
	case <-timer.C:
		return false
	}
}

// reasonLine reports whether a line is how a Go program says what it died of.
func reasonLine(line string) bool {
	return strings.HasPrefix(line, "SIG") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ")
}

// memoryLine reports whether a line tells that memory was refused, in the words
// of Go, C++, GLib or the C library.
func memoryLine(line string) bool {
	line = strings.ToLower(line)
	for _, words := range []string{"out of memory", "allocate", "bad_alloc"} {
		if strings.Contains(line, words) {
			return true
		}
	}
	return false
}
