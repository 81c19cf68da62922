package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Workers that share a database forget by themselves, until they stop.
func TestWorkersForgetOldTasks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	databases := make([]*store.Store, 2)
	for n := range databases {
		database, err := store.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer database.Close()
		databases[n] = database
	}
	ledger := databases[0]
	if _, err := index.New(ledger).CreateInstance(t.Context(), contract.CreateInstanceInput{Name: "shop", Region: "cn-shanghai", Capacity: 10}, "create"); err != nil {
		t.Fatal(err)
	}
	begun, err := ledger.Begin(t.Context(), contract.BeginInput{Kind: contract.KindBatchTask, RunID: "run", Instance: "shop"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.End(t.Context(), contract.Ending{Task: begun.Task, State: contract.StateStop}); err != nil {
		t.Fatal(err)
	}
	if err := ledger.SetReport(t.Context(), begun.Task, contract.ReportResult{Key: "report"}); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	for _, database := range databases {
		workers.Go(func() {
			forgetOld(ctx, database, time.Nanosecond, 10*time.Millisecond, slog.New(slog.DiscardHandler))
		})
	}
	for {
		task, err := ledger.Task(t.Context(), begun.Task)
		if err != nil {
			t.Fatal(err)
		}
		if !task.ForgottenAt.IsZero() {
			break
		}
	}
	stop()
	workers.Wait() // they end when they are told to
}

func TestClocksThatJumpAgeNoTask(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct{ now, want time.Time }{
		"Steady":            {began.Add(time.Hour), began.Add(time.Hour)},
		"SetAhead":          {began.AddDate(7, 0, 0), began.Add(time.Hour)},
		"SetBack":           {began.AddDate(0, 0, -3), began.AddDate(0, 0, -3)},
		"AheadWhenItBegan":  {began.AddDate(-7, 0, 0), began.AddDate(-7, 0, 0)},
		"SetAheadByALittle": {began.Add(time.Hour + time.Millisecond), began.Add(time.Hour)},
	} {
		if got := surely(began, time.Hour, test.now); !got.Equal(test.want) {
			t.Errorf("%s: %s; want %s", name, got, test.want)
		}
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"": 90 * 24 * time.Hour, "7d": 7 * 24 * time.Hour, "off": 0} {
		c, err := readConfig(settings(map[string]string{"IMAGEBATCH_RETENTION": text}))
		if err != nil || c.Retention != want {
			t.Errorf("%q is %v, %v; want %v", text, c.Retention, err, want)
		}
	}
	for _, text := range []string{"90", "-1d", "1.5d", "90h", "d", "99999999d", "never"} {
		if _, err := readConfig(settings(map[string]string{"IMAGEBATCH_RETENTION": text})); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
