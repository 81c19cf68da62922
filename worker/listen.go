package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// listen serves /healthz and /metrics until stop is called, and tells where. The
// address "off" serves nothing. Healthy is not asked any more after stop.
func listen(address string, m *metrics, healthy func(context.Context) error) (where string, stop func(), err error) {
	if address == "off" {
		return address, func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("listen for /healthz and /metrics: %w; set IMAGEBATCH_LISTEN to a free address or to off", err)
	}
	health := newCheckup(healthy)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := health.ask(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener) // ends with Close
	return listener.Addr().String(), func() {
		server.Close()
		health.stop()
	}, nil
}
