package ossserver

import (
	"io"
	"maps"
	"net/http"
	"sync"
)

// Stats count what the object store answered.
type Stats struct {
	Requests map[string]int64 `json:"requests"` // by method
	Statuses map[int]int64    `json:"statuses"` // by status; 0 when the connection was broken
	BytesOut int64            `json:"bytesOut"` // of bodies
	Faults   int64            `json:"faults"`   // requests that a fault was applied to

	Connections int64 `json:"connections"` // that clients opened to a started server
}

type stats struct {
	mu sync.Mutex
	Stats
}

func (st *stats) done(method string, status int, bytes int64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.Requests == nil {
		st.Requests, st.Statuses = map[string]int64{}, map[int]int64{}
	}
	st.Requests[method]++
	st.Statuses[status]++
	st.BytesOut += bytes
}

func (st *stats) fault() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.Faults++
}

func (st *stats) connection() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.Connections++
}

func (st *stats) reset() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.Stats = Stats{}
}

func (st *stats) snapshot() Stats {
	st.mu.Lock()
	defer st.mu.Unlock()
	copied := st.Stats
	copied.Requests, copied.Statuses = maps.Clone(st.Requests), maps.Clone(st.Statuses)
	return copied
}

// countingWriter sees what is answered.
type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *countingWriter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom lets files go out without passing through memory of ours.
func (c *countingWriter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, r)
	c.bytes += n
	return n, err
}
