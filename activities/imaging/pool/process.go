package pool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"imagebatch/activities"
)

// process is a child as its parent sees it. Requests come from one goroutine at
// a time.
type process struct {
	handle   *os.Process
	in, out  *os.File // parent's ends: requests, answers
	answers  *bufio.Reader
	journal  *journal
	deadline time.Duration
	served   int // pictures
	shortage *shortage
	kills    int64 // for want of memory, when it started, or got its picture

	ended  chan struct{}    // closed when the process is gone and its last words are read
	state  *os.ProcessState // then: how it ended
	retire func()           // lets go of it and waits until it is gone

	request []byte // small frames in the making
	content []byte // of the last answer
}

func newProcess(handle *os.Process, in, out, words *os.File, config Config, memory *shortage) *process {
	p := &process{
		handle: handle, in: in, out: out, answers: bufio.NewReader(out), journal: &journal{logger: config.Logger},
		deadline: config.Deadline, ended: make(chan struct{}), state: new(os.ProcessState), shortage: memory,
	}
	p.journal.pid = handle.Pid
	p.kills, _ = memory.kills()
	p.retire = sync.OnceFunc(p.end)
	go func() {
		_, _ = io.Copy(p.journal, words) // a pipe that ends with the child
		words.Close()
		if state, err := handle.Wait(); err == nil {
			p.state = state
		}
		close(p.ended)
	}()
	return p
}

// over reports whether the process is gone.
func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill ends the process; an error would mean that it is gone.
func (p *process) kill() { _ = p.handle.Kill() }

// grace is how long a child may take to notice that nobody needs it any more.
const grace = 2 * time.Second

// end takes its requests away from the child, which makes it leave.
func (p *process) end() {
	p.in.Close() // of a pipe: nothing can be lost
	select {
	case <-p.ended:
	case <-time.After(grace):
		p.kill()
		<-p.ended
	}
	p.out.Close()
}

// open sends a picture and returns what its header says.
func (p *process) open(data []byte) (activities.Header, error) {
	p.served++
	p.kills, _ = p.shortage.kills()
	kind, content, err := p.exchange(frameOpen, data)
	if err != nil {
		return activities.Header{}, err
	}
	if kind != frameHeader {
		return activities.Header{}, p.lost(fmt.Errorf("frame %q is no header", kind))
	}
	header, err := parseHeader(content)
	if err != nil {
		return activities.Header{}, p.lost(err)
	}
	return header, nil
}

// featurize asks for a feature of the picture that was opened last.
func (p *process) featurize(view activities.View) (activities.Feature, error) {
	p.request = appendView(p.request[:0], view)
	kind, content, err := p.exchange(frameFeaturize, p.request)
	if err != nil {
		return activities.Feature{}, err
	}
	if kind != frameFeature {
		return activities.Feature{}, p.lost(fmt.Errorf("frame %q is no feature", kind))
	}
	feature, err := parseFeature(content)
	if err != nil {
		return activities.Feature{}, p.lost(err)
	}
	return feature, nil
}

// exchange sends a request and reads its answer, which is valid until the next.
// A refusal is the error that the child had; a death is that of the child.
func (p *process) exchange(request byte, content []byte) (kind byte, answer []byte, err error) {
	// Pipes have deadlines; only a closed one would not take it.
	limit := time.Now().Add(p.deadline)
	_, _ = p.in.SetWriteDeadline(limit), p.out.SetReadDeadline(limit)
	if err := p.send(request, content); err != nil {
		return 0, nil, p.lost(err)
	}
	kind, answer, err = p.receive()
	if err != nil {
		return 0, nil, p.lost(err)
	}
	if kind == frameRefusal {
		return 0, nil, parseRefusal(answer)
	}
	return kind, answer, nil
}

func (p *process) receive() (kind byte, answer []byte, err error) {
	return readFrame(p.answers, func(byte) *[]byte { return &p.content }, longestAnswer)
}

// send writes head and content by one call where the pipe takes them, so that
// the child wakes once and nothing is copied together first.
func (p *process) send(kind byte, content []byte) error {
	var head [frameHead]byte
	putHead(&head, kind, len(content))
	raw, err := p.in.SyscallConn()
	if err != nil {
		return err
	}
	rest := [][]byte{head[:], content}
	var failure error
	err = raw.Write(func(fd uintptr) (done bool) {
		for len(rest) > 0 {
			n, err := unix.Writev(int(fd), rest)
			switch {
			case errors.Is(err, unix.EAGAIN):
				return false
			case errors.Is(err, unix.EINTR):
			case err != nil:
				failure = err
				return true
			default:
				rest = unsent(rest, n)
			}
		}
		return true
	})
	return errors.Join(err, failure)
}

// unsent is what remains when n bytes have gone.
func unsent(parts [][]byte, n int) [][]byte {
	for len(parts) > 0 && n >= len(parts[0]) {
		n -= len(parts[0])
		parts = parts[1:]
	}
	if n > 0 {
		parts[0] = parts[0][n:]
	}
	return parts
}
