package ossserver

import (
	"encoding/json"
	"net/http"
)

const maxAdminBody = 1 << 20

// Admin is the door for whoever runs the server:
//
//	GET, PUT, DELETE /-/faults   the fault rules, a JSON list of Fault
//	GET, DELETE      /-/stats    the counters; DELETE sets them to zero
//	GET, POST        /           AssumeRole, as at STS
//
// Listen on loopback only: it asks nobody who they are.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Faults()) })
	mux.HandleFunc("PUT /-/faults", s.putFaults)
	mux.HandleFunc("DELETE /-/faults", func(w http.ResponseWriter, _ *http.Request) {
		_ = s.SetFaults() // no rule, nothing to refuse
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /-/stats", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Stats()) })
	mux.HandleFunc("DELETE /-/stats", func(w http.ResponseWriter, _ *http.Request) {
		s.ResetStats()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("/{$}", s.STS())
	return mux
}

func (s *Server) putFaults(w http.ResponseWriter, r *http.Request) {
	var rules []Fault
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&rules); err != nil {
		http.Error(w, "read fault rules: "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.SetFaults(rules...); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
