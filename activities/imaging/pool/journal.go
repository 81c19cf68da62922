package pool

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"unicode"
)

// journal takes what a child writes to standard error: each line goes to the
// log, and what it died of is remembered. A child that writes without end is not
// listened to for ever.
type journal struct {
	logger *slog.Logger
	pid    int // of the child

	mu     sync.Mutex
	line   []byte // as far as it has come
	lines  int
	why    string
	memory bool
}

const (
	longestLine = 300 // bytes; the rest is dropped
	mostLines   = 40
)

// Write takes some of the child's output. It never fails: that would end the child.
func (j *journal) Write(text []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	whole := len(text)
	for len(text) > 0 {
		part, rest, ended := bytes.Cut(text, []byte("\n"))
		j.line = append(j.line, part[:min(len(part), longestLine-len(j.line))]...)
		if text = rest; ended {
			j.note()
		}
	}
	return whole, nil
}

// note is called at the end of a line.
func (j *journal) note() {
	line := printable(string(j.line))
	j.line = j.line[:0]
	if line == "" || j.lines >= mostLines {
		return
	}
	j.lines++
	if j.why == "" && reasonLine(line) {
		j.why = line
	}
	j.memory = j.memory || memoryLine(line)
	j.logger.Warn("imaging process says", "pid", j.pid, "text", line)
}

// reason is what the child died of, in its own words, or nothing.
func (j *journal) reason() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.note() // the last line may not have come to its end
	return j.why
}

func (j *journal) mentionsMemory() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.note()
	return j.memory
}

// printable drops what could disturb a log or a report.
func printable(line string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, line))
}
