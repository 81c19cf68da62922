package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// listen serves /healthz and /metrics until stop is called, and tells where. The
// address "off" serves nothing.
func listen(address string, m *metrics, healthy func(context.Context) error) (where string, stop func(), err error) {
	if address == "off" {
		return address, func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("listen for /healthz and /metrics: %w; set IMAGEBATCH_LISTEN to a free address or to off", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if err := healthy(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener) // ends with Close
	return listener.Addr().String(), func() { server.Close() }, nil
}
