package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

func fetchPage(t *testing.T, url string) (status int, text string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestListen(t *testing.T) {
	t.Parallel()
	m, err := newMetrics()
	if err != nil {
		t.Fatal(err)
	}
	where, stop, err := listen("127.0.0.1:0", m, func(context.Context) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()

	if status, text := fetchPage(t, "http://"+where+"/healthz"); status != 200 || text != "ok\n" {
		t.Errorf("healthz = %d %q; want ok", status, text)
	}
	sick := func(context.Context) error { return errors.New("database: disk I/O error") }
	ward, discharge, err := listen("127.0.0.1:0", m, sick)
	if err != nil {
		t.Fatal(err)
	}
	defer discharge()
	if status, text := fetchPage(t, "http://"+ward+"/healthz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "disk I/O error") {
		t.Errorf("healthz = %d %q; want what is wrong", status, text)
	}

	m.Line(activities.Failed, contract.CodeInvalidPicURL)
	m.Line(activities.Succeeded, "")
	m.Line(activities.Succeeded, "")
	m.Stage(activities.Featurized, 30*time.Millisecond)
	m.fetchLimit(28)
	m.temporal().Counter("temporal_requests").Inc(5)
	_, text := fetchPage(t, "http://"+where+"/metrics")
	for _, want := range []string{
		`imagebatch_lines_total{code="InvalidPicUrl",outcome="failed"} 1`,
		`imagebatch_lines_total{code="",outcome="succeeded"} 2`,
		`imagebatch_stage_seconds_bucket{stage="featurize",le="0.02"} 0`,
		`imagebatch_stage_seconds_bucket{stage="featurize",le="0.05"} 1`,
		`imagebatch_stage_seconds_count{stage="featurize"} 1`,
		`imagebatch_fetch_limit 28`,
		`temporal_requests 5`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("metrics do not tell %s:\n%s", want, text)
		}
	}
	if status, _ := fetchPage(t, "http://"+where+"/"); status != http.StatusNotFound {
		t.Errorf("any other page = %d; want none", status)
	}

	_, _, err = listen(where, m, nil)
	if err == nil || !strings.Contains(err.Error(), where) || !strings.Contains(err.Error(), "IMAGEBATCH_LISTEN") {
		t.Errorf("error for a taken address = %v; want the address and the setting", err)
	}
}

func TestListenOff(t *testing.T) {
	t.Parallel()
	where, stop, err := listen("off", nil, nil)
	if err != nil || where != "off" {
		t.Errorf("listening at %q, %v; want nowhere", where, err)
	}
	stop()
}

func TestEveryOutcomeAndStageHasAName(t *testing.T) {
	t.Parallel()
	for ending := activities.Succeeded; ending <= activities.Blank; ending++ {
		if outcomeNames[ending] == "" {
			t.Errorf("ending %d has no name in the metrics", ending)
		}
	}
	for stage := activities.Fetched; stage <= activities.Indexed; stage++ {
		if stageOptions[stage] == nil {
			t.Errorf("stage %d has no name in the metrics", stage)
		}
	}
}
