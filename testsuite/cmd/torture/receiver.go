package main

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"imagebatch/testsuite/receiver"
)

// mood is how the callback receiver treats whoever calls.
type mood int32

const (
	well    mood = iota
	failing      // answers 500
	hanging      // answers nothing
	away         // closes the connection
	moods
)

// moody is a callback receiver that is not always well.
type moody struct {
	*receiver.Receiver // what arrived while it was well
	address            string
	now                atomic.Int32
	front              *http.Server
}

func startMoody() (*moody, error) {
	kept, err := receiver.Start(nil)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start callback receiver: %w", err)
	}
	m := &moody{Receiver: kept, address: "http://" + listener.Addr().String() + "/hook"}
	m.front = &http.Server{Handler: http.HandlerFunc(m.serve), ReadHeaderTimeout: 5 * time.Second}
	go m.front.Serve(listener) // ends with close
	return m, nil
}

func (m *moody) serve(w http.ResponseWriter, r *http.Request) {
	switch mood(m.now.Load()) {
	case failing:
		http.Error(w, "not now", http.StatusInternalServerError)
	case hanging:
		select {
		case <-r.Context().Done():
		case <-time.After(30 * time.Second): // the caller is long gone
		}
	case away:
		panic(http.ErrAbortHandler)
	default:
		m.ServeHTTP(w, r)
	}
}

func (m *moody) set(to mood) { m.now.Store(int32(to)) }

func (m *moody) close() {
	m.front.Close() // nobody listens to what it has to say
	m.Receiver.Close()
}
