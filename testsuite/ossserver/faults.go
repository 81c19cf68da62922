package ossserver

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Fault makes requests go wrong. A request suffers the first rule that matches
// it and whose chance comes up; within one rule the delay comes first.
type Fault struct {
	Pattern     string  `json:"pattern,omitempty"`     // of "bucket/key", with * and ?; empty matches all
	Method      string  `json:"method,omitempty"`      // empty matches all
	Probability float64 `json:"probability,omitempty"` // above 0 up to 1; 0 means 1
	Seed        uint64  `json:"seed,omitempty"`        // of the chance: the same seed, the same sequence
	Times       int     `json:"times,omitempty"`       // how often it applies at most; 0 means for ever

	DelayMS  int    `json:"delayMs,omitempty"`  // wait this long first
	Status   int    `json:"status,omitempty"`   // answer with this status instead of serving
	Code     string `json:"code,omitempty"`     // and this code; default "InternalError"
	Message  string `json:"message,omitempty"`  // and these words; default "Injected fault."
	CutAfter *int64 `json:"cutAfter,omitempty"` // break off after so many bytes of the body
	Reset    bool   `json:"reset,omitempty"`    // reset the connection instead of answering
	Page     bool   `json:"page,omitempty"`     // answer with a page of HTML, as what stands in front of a store does; Status is 200 unless given

	Applied int64 `json:"applied"` // how often it did; not read from rules that are set
}

func (f Fault) validate() error {
	switch {
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("set fault: probability %g is not between 0 and 1", f.Probability)
	case f.Status != 0 && (f.Status < f.leastStatus() || f.Status > 599):
		return fmt.Errorf("set fault: status %d is not between %d and 599", f.Status, f.leastStatus())
	case f.DelayMS < 0 || f.Times < 0 || f.CutAfter != nil && *f.CutAfter < 0:
		return fmt.Errorf("set fault: delayMs, times and cutAfter are not negative")
	}
	return nil
}

// leastStatus is 300, but for a page, which may pretend success.
func (f Fault) leastStatus() int {
	if f.Page {
		return 200
	}
	return 300
}

type faults struct {
	mu    sync.Mutex
	rules []*faultRule
}

type faultRule struct {
	Fault
	chance *rand.Rand
}

func (fs *faults) set(rules []Fault) error {
	made := make([]*faultRule, 0, len(rules))
	for _, f := range rules {
		if err := f.validate(); err != nil {
			return err
		}
		f.Applied = 0
		made = append(made, &faultRule{Fault: f, chance: rand.New(rand.NewPCG(f.Seed, 0))})
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.rules = made
	return nil
}

func (fs *faults) list() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	rules := make([]Fault, 0, len(fs.rules))
	for _, rule := range fs.rules {
		rules = append(rules, rule.Fault)
	}
	return rules
}

func (fs *faults) pick(r *request) (Fault, bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, rule := range fs.rules {
		switch {
		case rule.Method != "" && rule.Method != r.Method:
		case rule.Pattern != "" && !glob(rule.Pattern, r.bucket+"/"+r.key):
		case rule.Times > 0 && rule.Applied >= int64(rule.Times):
		case rule.Probability > 0 && rule.chance.Float64() >= rule.Probability:
		default:
			rule.Applied++
			return rule.Fault, true
		}
	}
	return Fault{}, false
}

// apply lets the request suffer. It returns the writer to serve it with, or
// true when it has been dealt with.
func (fs *faults) apply(w http.ResponseWriter, r *request, st *stats) (http.ResponseWriter, bool) {
	f, ok := fs.pick(r)
	if !ok {
		return w, false
	}
	st.fault()
	if f.DelayMS > 0 {
		timer := time.NewTimer(time.Duration(f.DelayMS) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return w, true
		}
	}
	switch {
	case f.Reset:
		resetConnection(w)
		return w, true
	case f.Page:
		writePage(w, f.Status)
		return w, true
	case f.Status != 0:
		code := f.Code
		if code == "" {
			code = errInternal.code
		}
		message := f.Message
		if message == "" {
			message = "Injected fault."
		}
		writeError(w, r, refuse(f.Status, code, message))
		return w, true
	case f.CutAfter != nil:
		return &cuttingWriter{ResponseWriter: w, left: *f.CutAfter}, false
	}
	return w, false
}

const maintenancePage = "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body><p>We are back in a minute.</p></body></html>\n"

// writePage answers without a mark of a store and without reading what was sent.
func writePage(w http.ResponseWriter, status int) {
	if status == 0 {
		status = http.StatusOK
	}
	w.Header().Del("X-Oss-Request-Id")
	w.Header().Set("Server", "nginx")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(maintenancePage)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, maintenancePage) // to a HEAD it is not sent, and the client may be gone
}

// resetConnection closes so that the peer sees a reset rather than an end.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 or a recorder: the nearest thing
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// cuttingWriter lets so many bytes of a body through and breaks off.
type cuttingWriter struct {
	http.ResponseWriter
	left int64
}

func (c *cuttingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *cuttingWriter) Write(p []byte) (int, error) {
	if int64(len(p)) <= c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}
