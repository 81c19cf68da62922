package index_test

import (
	"path/filepath"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/testsuite/indextest"
)

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	indextest.Run(t, func(t *testing.T) (activities.Ledger, indextest.Index) {
		s := openStore(t, filepath.Join(t.TempDir(), "index.db"))
		return s, index.New(s)
	})
}

func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	var sides []indextest.Side
	for range 3 {
		s := openStore(t, path)
		sides = append(sides, indextest.Side{Ledger: s, Index: index.New(s)})
	}
	indextest.Concurrency(t, sides...)
	indextest.Attempts(t, sides...)
}
