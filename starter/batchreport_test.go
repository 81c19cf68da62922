package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imagebatch/workflows/contract"
)

const storedReport = `{"line":7,"OperationType":"ADD","ProductId":"1007","PicName":"裙子/7.jpg","Code":"InvalidPicUrl","Message":"no such picture; check PicName","attempts":1,"raw":"{}"}
{"line":1009,"OperationType":"","ProductId":"","PicName":"","Code":"InvalidMetaItem","Message":"not JSON\u001b[31m","attempts":1,"raw":"x"}
{"canceledFrom":1200,"canceledTo":2000}
{"summary":{"taskId":12,"note":"the manifest has changed since; lines are not quoted"}}
`

const shownReport = `LINE       CODE                     OPERATION  PRODUCT               PICTURE                       MESSAGE
7          InvalidPicUrl            ADD        1007                  裙子/7.jpg                    no such picture; check PicName
1,009      InvalidMetaItem          -          -                     -                             not JSON·[31m
lines 1,200 to 2,000 were not run
task 12 SUCCESS, 2,000 lines: 1,987 succeeded, 13 failed
`

// bucket serves objects by path and refuses requests that carry credentials.
func bucket(t *testing.T, objects map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		object, ok := objects[r.URL.Path]
		switch {
		case r.Header.Get("Authorization") != "":
			w.WriteHeader(http.StatusBadRequest)
		case !ok || r.URL.Query().Get("Signature") != "s3cret":
			w.WriteHeader(http.StatusForbidden)
		default:
			fmt.Fprint(w, object)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func signedReport(url string) contract.SignedReport {
	return contract.SignedReport{
		Task: aTask(withFailures), URL: url + "/12.ndjson?Signature=s3cret", CSVURL: url + "/12.csv?Signature=s3cret",
		RestURL: url + "/12.meta?Signature=s3cret", Expires: began,
	}
}

// signing answers SignReport as a worker does: the rest only where it is asked for.
func signing(signed contract.SignedReport, got *any) func(context.Context, string, time.Duration, any) (any, error) {
	return func(_ context.Context, operation string, _ time.Duration, in any) (any, error) {
		asked, ok := in.(contract.ReportInput)
		if !ok || operation != contract.SignReport.Name {
			return nil, fmt.Errorf("%s: %w", operation, errUnexpected)
		}
		if got != nil {
			*got = in
		}
		answer := signed
		if !asked.Rest {
			answer.RestURL = ""
		}
		return answer, nil
	}
}

// at is a report at another address.
func at(url string) contract.SignedReport {
	signed := signedReport("https://results.example")
	signed.URL = url
	return signed
}

func TestReportAsTableAndRaw(t *testing.T) {
	t.Parallel()
	url := bucket(t, map[string]string{"/12.ndjson": storedReport, "/12.csv": "line,Code\n7,InvalidPicUrl\n"})
	var sent any
	f := &fakeServer{operate: signing(signedReport(url), &sent)}
	try(t, f, "batch report 12").want(t, exitDone, shownReport, "note: the manifest has changed since; lines are not quoted\n")
	if sent != (contract.ReportInput{Task: 12}) {
		t.Errorf("input = %+v", sent)
	}
	try(t, f, "batch report 12 --format ndjson").want(t, exitDone, storedReport, "")
	try(t, f, "batch report 12 --format csv -o json").want(t, exitDone, "line,Code\n7,InvalidPicUrl\n", "")
	if got := try(t, f, "batch report 12 -o json"); got.status != exitDone || !strings.Contains(got.stdout, `/12.csv?Signature=s3cret"`) {
		t.Errorf("exit status = %d, standard output = %s; want the links", got.status, got.stdout)
	}
}

func TestReportToFiles(t *testing.T) {
	t.Parallel()
	url := bucket(t, map[string]string{"/12.ndjson": storedReport, "/12.csv": "line\n", "/12.meta": "{}\n"})
	var sent any
	f := &fakeServer{operate: signing(signedReport(url), &sent)}
	folder := t.TempDir()
	for flag, want := range map[string]string{"a.ndjson": storedReport, "a.CSV": "line\n", "old": storedReport} {
		name := filepath.Join(folder, flag)
		if err := os.WriteFile(name, []byte("what was there before"), 0o600); err != nil {
			t.Fatal(err)
		}
		tryArgs(t, t.Context(), f, []string{"batch", "report", "12", "--out", name}).want(t, exitDone, "", "report of task 12 saved to "+name+"\n")
		if got, _ := os.ReadFile(name); string(got) != want {
			t.Errorf("%s holds %q, want %q", flag, got, want)
		}
	}
	rest := filepath.Join(folder, "increment.meta")
	got := tryArgs(t, t.Context(), f, []string{"batch", "report", "12", "--rest", rest})
	if data, _ := os.ReadFile(rest); string(data) != "{}\n" || got.stdout != shownReport || sent != (contract.ReportInput{Task: 12, Rest: true}) {
		t.Errorf("rest = %q, input = %+v, standard output:\n%s", data, sent, got.stdout)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestReportWithoutRest(t *testing.T) {
	t.Parallel()
	url := bucket(t, map[string]string{"/12.ndjson": `{"summary":{}}`})
	signed := signedReport(url)
	signed.Task, signed.RestURL = aTask(), ""
	name := filepath.Join(t.TempDir(), "rest")
	f := &fakeServer{operate: signing(signed, nil)}
	got := tryArgs(t, t.Context(), f, []string{"batch", "report", "12", "--rest", name})
	if _, err := os.Stat(name); !os.IsNotExist(err) || got.status != exitDone || got.stderr != "nothing is left of task 12: no line failed, and none was left out; "+name+" is not written\n" {
		t.Errorf("exit status = %d, standard error = %q, stat: %v", got.status, got.stderr, err)
	}
}

func TestReportFailures(t *testing.T) {
	t.Parallel()
	url := bucket(t, map[string]string{"/cut": `{"line":7,"Code":"InvalidPicUrl"}` + "\n", "/odd": "<html>"})
	host := strings.TrimPrefix(url, "http://")
	for name, test := range map[string]struct {
		signed contract.SignedReport
		stderr string
	}{
		"Refused":    {at(url + "/12.ndjson?Signature=wrong"), "error: download report: " + host + " answered 403 Forbidden; repeat the command for a fresh link\n"},
		"CutShort":   {at(url + "/cut?Signature=s3cret"), "error: download report: it ends without its summary; repeat the command\n"},
		"NotAReport": {at(url + "/odd?Signature=s3cret"), "error: download report: " + host + " answered 200 OK with a page and not as an object store does; check what stands in between (HTTP_PROXY and HTTPS_PROXY, a login page, a filter), and repeat the command\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeServer{operate: signing(test.signed, nil)}
			if got := try(t, f, "batch report 12"); got.status != exitError || got.stderr != test.stderr {
				t.Errorf("exit status = %d, standard error = %q, want %q", got.status, got.stderr, test.stderr)
			}
		})
	}
}

func TestReportOfAnUnfinishedTask(t *testing.T) {
	t.Parallel()
	refusal := contract.Errorf(contract.CodeIncrementStatusError, "task 12 is PROCESSING and has no report yet; wait until it has ended")
	for _, line := range []string{"batch report 12", "batch report 12 --rest rest.meta"} {
		f := &fakeServer{operate: answering(t, "SignReport", nil, nil, refusal)}
		try(t, f, line).want(t, exitError, "", refusal.Error()+"\n")
	}
}

func TestFailedDownloadLeavesTheFile(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "part of it")
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	name := filepath.Join(folder, "report")
	if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fakeServer{operate: signing(at(server.URL), nil)}
	got := tryArgs(t, t.Context(), f, []string{"batch", "report", "12", "--out", name})
	if data, _ := os.ReadFile(name); got.status != exitError || string(data) != "before" {
		t.Errorf("exit status = %d, file holds %q; want 1 and what was there", got.status, data)
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestTransfersAreTriedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, storedReport)
	}))
	t.Cleanup(server.Close)
	f := &fakeServer{operate: signing(at(server.URL), nil)}
	if got := try(t, f, "batch report 12"); got.stdout != shownReport || asked.Load() != 2 {
		t.Errorf("asked %d times, standard error %q", asked.Load(), got.stderr)
	}
}

func TestErrorsHideSignedLinks(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	f := &fakeServer{operate: signing(at(url+"/12?Signature=s3cret"), nil)}
	got := try(t, f, "batch report 12")
	if got.status != exitError || strings.Contains(got.stderr, "s3cret") || !strings.Contains(got.stderr, "connection refused") {
		t.Errorf("exit status = %d, standard error = %q; want the cause without the signature", got.status, got.stderr)
	}
}

// A link may lead to what another installation has written under the same key.
func TestReportOfAnotherTaskIsNotShownAsThisOne(t *testing.T) {
	t.Parallel()
	task := aTask(withFailures)
	start := task.StartedAt.Format(time.RFC3339Nano)
	for name, test := range map[string]struct {
		summary string
		exit    int
	}{
		"Own":           {`{"taskId":12,"instance":"shop","startedAt":"` + start + `"}`, exitDone},
		"SaysNothing":   {`{}`, exitDone},
		"OtherTask":     {`{"taskId":13,"instance":"shop","startedAt":"` + start + `"}`, exitError},
		"OtherInstance": {`{"taskId":12,"instance":"toys","startedAt":"` + start + `"}`, exitError},
		"OtherStart":    {`{"taskId":12,"instance":"shop","startedAt":"2001-02-03T04:05:06Z"}`, exitError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := bucket(t, map[string]string{"/12.ndjson": `{"summary":` + test.summary + "}\n"})
			got := try(t, &fakeServer{operate: signing(signedReport(url), nil)}, "batch report 12")
			if got.status != test.exit || (test.exit == exitError) != strings.Contains(got.stderr, "is the report of task") {
				t.Errorf("exit status %d, %q; want %d", got.status, got.stderr, test.exit)
			}
		})
	}
}

func TestForgottenTaskSaysSinceWhen(t *testing.T) {
	t.Parallel()
	task := aTask(withFailures, func(task *contract.Task) { task.ForgottenAt = task.EndedAt.AddDate(0, 3, 0) })
	says := task.ForgottenAt.Format("2006-01-02")
	if got := try(t, &fakeServer{unrecorded: true, operate: ledger(task)}, "batch get 12"); !strings.Contains(got.stdout, "forgotten  "+says) {
		t.Errorf("batch get says %q; want since when", got.stdout)
	}
	signed := signedReport(bucket(t, map[string]string{"/12.ndjson": `{"summary":{}}`}))
	signed.Task = task
	if got := try(t, &fakeServer{unrecorded: true, operate: signing(signed, nil)}, "batch report 12"); got.status != exitDone || !strings.Contains(got.stderr, "task 12 was forgotten at "+says) {
		t.Errorf("batch report: exit status %d, %q; want its report, and since when", got.status, got.stderr)
	}
}
