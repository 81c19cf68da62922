// Package receiver is a service that task callbacks are sent to: it keeps what
// arrives and answers as it is told. Only commands and tests below testsuite
// may import it.
package receiver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"imagebatch/workflows/contract"
)

// Delivery is a callback that arrived.
type Delivery struct {
	ID      string // of the delivery: the same on every attempt
	Header  http.Header
	Answer  int    // the HTTP status it was answered with
	Body    []byte // as it came
	Payload contract.CallbackPayload
}

// Receiver listens on a loopback address.
type Receiver struct {
	URL string

	server *http.Server
	mu     sync.Mutex
	answer func(attempt int) int
	came   []Delivery
	news   chan struct{} // closed and replaced whenever something arrives
}

// Start starts a receiver that answers 200, or what answer says for the n-th
// delivery, counted from 1.
func Start(answer func(attempt int) int) (*Receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start callback receiver: %w", err)
	}
	if answer == nil {
		answer = func(int) int { return http.StatusOK }
	}
	r := &Receiver{URL: "http://" + listener.Addr().String() + "/hooks/imagebatch", answer: answer, news: make(chan struct{})}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	go r.server.Serve(listener) // ends with Close
	return r, nil
}

// Close stops listening.
func (r *Receiver) Close() error { return r.server.Close() }

// ServeHTTP keeps a delivery.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	delivery := Delivery{ID: request.Header.Get(contract.DeliveryIDHeader), Header: request.Header, Body: body}
	if err := json.Unmarshal(body, &delivery.Payload); err != nil || request.Method != http.MethodPost {
		http.Error(w, "want a POST with JSON", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delivery.Answer = r.answer(len(r.came) + 1)
	r.came = append(r.came, delivery)
	close(r.news)
	r.news = make(chan struct{})
	w.WriteHeader(delivery.Answer)
}

// Deliveries is what has arrived so far.
func (r *Receiver) Deliveries() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery(nil), r.came...)
}

// Await waits until a task's callback has been answered with 2xx, and returns
// everything that arrived for the task.
func (r *Receiver) Await(ctx context.Context, task int64) ([]Delivery, error) {
	for {
		r.mu.Lock()
		var came []Delivery
		delivered := false
		for _, d := range r.came {
			if d.Payload.TaskID == task {
				came = append(came, d)
				delivered = delivered || d.Answer/100 == 2
			}
		}
		news := r.news
		r.mu.Unlock()
		if delivered {
			return came, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return came, fmt.Errorf("await the callback of task %d: %w", task, context.Cause(ctx))
		}
	}
}
