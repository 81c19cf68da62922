package activities_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// closedTask is a ledger that knows one task.
type closedTask struct {
	activities.Ledger
	task contract.Task
}

func (c closedTask) Task(context.Context, int64) (contract.Task, error) { return c.task, nil }

func (c closedTask) NoteCallback(context.Context, contract.CallbackOutcome) error { return nil }

// deliver delivers the callback of a task over real sockets.
func deliver(t *testing.T, task contract.Task, allowed ...string) (contract.CallbackResult, error) {
	t.Helper()
	return deliverWith(t, task, func(*activities.Callbacks) {}, allowed...)
}

// deliverWith is deliver with other settings.
func deliverWith(t *testing.T, task contract.Task, change func(*activities.Callbacks), allowed ...string) (contract.CallbackResult, error) {
	t.Helper()
	var prefixes []netip.Prefix
	for _, prefix := range allowed {
		prefixes = append(prefixes, netip.MustParsePrefix(prefix))
	}
	callbacks := &activities.Callbacks{
		Ledger: closedTask{task: task}, Results: activities.Results{Objects: &fakes.Objects{}, Bucket: results},
		Transport: activities.NewCallbackTransport(prefixes), Zone: time.FixedZone("+08:00", 8*60*60),
	}
	change(callbacks)
	w := &world{T: t, log: &strings.Builder{}, stop: make(chan struct{})}
	return execute(t.Context(), w, callbacks.Deliver, contract.CallbackDelivery{Task: task.ID, ID: "12-run"})
}

// ended is a closed task whose receiver has this address.
func ended(callback string) contract.Task {
	return contract.Task{
		ID: 12, Instance: "shop", InstanceID: "imagesearch-cn-shanghai-1", State: contract.StateSuccess, Message: contract.PartialMessage,
		EndedAt: time.Date(2030, 1, 31, 18, 2, 3, 0, time.UTC), ReportKey: "tasks/12/report.ndjson", Callback: callback,
	}
}

const loopback = "127.0.0.0/8"

func TestCallbackPayload(t *testing.T) {
	t.Parallel()
	const link = `https://store.example/results/tasks/12/report.ndjson?sign=get&for=2h0m0s`
	for name, test := range map[string]struct {
		reason string
		change func(task *contract.Task)
		want   string
	}{
		"Success": {"lines that failed are told by the report, not by the message", func(*contract.Task) {},
			`{"finishTime":"2030-02-01 02:02:03","instanceId":"imagesearch-cn-shanghai-1","instanceName":"shop","message":"success","processResultUrl":"` + link + `","status":"NORMAL","taskId":12}`},
		"Stop": {"a stopped task did not succeed", func(task *contract.Task) { task.State, task.Message = contract.StateStop, "stopped" },
			`{"finishTime":"2030-02-01 02:02:03","instanceId":"imagesearch-cn-shanghai-1","instanceName":"shop","message":"stopped","processResultUrl":"` + link + `","status":"FAIL","taskId":12}`},
		"ReportToCome": {"the link leads to where the report of this run will be", func(task *contract.Task) {
			task.State, task.Message, task.ReportKey = contract.StateFail, "there is no manifest", ""
		}, `{"finishTime":"2030-02-01 02:02:03","instanceId":"imagesearch-cn-shanghai-1","instanceName":"shop","message":"there is no manifest","processResultUrl":"` + strings.Replace(link, "/12/", "/12-e3b0c442/", 1) + `","status":"FAIL","taskId":12}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan *http.Request, 1)
			var body []byte
			receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ = io.ReadAll(r.Body)
				got <- r
			}))
			defer receiver.Close()
			task := ended(strings.Replace(receiver.URL, "http://", "http://user:pass@", 1) + "/hook?key=1")
			test.change(&task)
			result, err := deliver(t, task, loopback)
			if err != nil || result.Status != 200 {
				t.Fatalf("result = %+v, %v; want it delivered", result, err)
			}
			request := <-got
			if diff := cmp.Diff(test.want, string(body)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
			if request.Method != http.MethodPost || request.URL.String() != "/hook?key=1" || request.Header.Get("Content-Type") != "application/json; charset=utf-8" ||
				request.Header.Get(contract.DeliveryIDHeader) != "12-run" {
				t.Errorf("request = %s %s %v; want a POST of JSON with the delivery's id", request.Method, request.URL, request.Header)
			}
			if user, password, _ := request.BasicAuth(); user != "user" || password != "pass" {
				t.Errorf("authorization = %q %q; want what the address holds", user, password)
			}
		})
	}
}

func TestCallbackNotDelivered(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"Error": 500, "NotFound": 404, "Throttled": 429} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
			defer receiver.Close()
			_, err := deliver(t, ended(receiver.URL+"/secret-path?secret-query"), loopback)
			says := wantTransient(t, err)
			if !strings.Contains(says, http.StatusText(status)) || strings.Contains(says, "secret") {
				t.Errorf("error = %q; want the status, and neither path nor query", says)
			}
		})
	}
}

func TestCallbackRefusesTargets(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer inside.Close()
	address, err := url.Parse(inside.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"Metadata": "169.254.169.254", "Loopback": "127.0.0.1:" + address.Port(), "Loopback6": "[::1]:" + address.Port(), "Mapped": "[::ffff:127.0.0.1]:" + address.Port(),
		"Name": "localhost:" + address.Port(), "Private": "10.1.2.3", "AnyHost": "0.0.0.0:" + address.Port(),
		"LinkLocal6": "[fe80::1]", "UniqueLocal": "[fd00::1]", "SharedSpace": "100.64.0.1", "Alibaba": "100.100.100.200",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := deliver(t, ended("http://"+target+"/secret-path?secret-query"))
			says := wantRefusal(t, err, contract.CodeCallbackRefused)
			if strings.Contains(says, "secret") || !strings.Contains(says, "IMAGEBATCH_CALLBACK_ALLOW") {
				t.Errorf("message = %q; want the remedy, and neither path nor query", says)
			}
		})
	}
	t.Cleanup(func() {
		if reached.Load() {
			t.Error("a target inside was reached")
		}
	})
}

func TestCallbackFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			var reached atomic.Bool
			inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
			defer inside.Close()
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", inside.URL+"/secret-path?secret-query")
				w.WriteHeader(status)
			}))
			defer receiver.Close()
			_, err := deliver(t, ended(receiver.URL), loopback)
			if says := wantRefusal(t, err, contract.CodeCallbackRefused); !strings.Contains(says, "not followed") || strings.Contains(says, "secret") {
				t.Errorf("error = %q; want why, without the address", says)
			}
			if reached.Load() {
				t.Error("the redirect was followed")
			}
		})
	}
}

func TestCallbackAllowedNetworkIsNotMore(t *testing.T) {
	t.Parallel()
	_, err := deliver(t, ended("http://127.0.0.1:1/"), "10.0.0.0/8", "::1/128")
	wantRefusal(t, err, contract.CodeCallbackRefused)
	_, err = deliver(t, ended("http://127.0.0.1:1/secret-path"), "127.0.0.1/32")
	if says := wantTransient(t, err); !strings.Contains(says, "connection refused") || strings.Contains(says, "secret") {
		t.Errorf("error = %q; want that nobody listens there", says)
	}
}

func TestCallbackBadAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "ftp://files.example/secret", "http://", "://secret", "http://exa mple/secret", "secret"} {
		_, err := deliver(t, ended(address))
		if says := wantRefusal(t, err, contract.CodeBadRequest); strings.Contains(says, "secret") {
			t.Errorf("message = %q; want the address left out", says)
		}
	}
}

func TestCallbackWaitsNoLongerThanItMust(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-stuck }))
	defer receiver.Close()
	defer close(stuck)
	callbacks := &activities.Callbacks{
		Ledger: closedTask{task: ended(receiver.URL)}, Results: activities.Results{Objects: &fakes.Objects{}, Bucket: results},
		Transport: activities.NewCallbackTransport([]netip.Prefix{netip.MustParsePrefix(loopback)}), Zone: time.UTC,
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := callbacks.Deliver(ctx, contract.CallbackDelivery{Task: 12}); err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("error = %v; want that the time is up", err)
	}
}

func TestCallbackIsRecorded(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}")
		callbacks := &activities.Callbacks{Ledger: w.ledger}
		for _, state := range []contract.CallbackState{contract.CallbackPending, contract.CallbackFailed} {
			_, err := execute(t.Context(), w, callbacks.Record, contract.CallbackOutcome{Task: task, State: state})
			wantRefusal(t, err, contract.CodeIncrementStatusError)
		}
		_, err := execute(t.Context(), w, callbacks.Deliver, contract.CallbackDelivery{Task: task, ID: "1-run"})
		wantRefusal(t, err, contract.CodeIncrementStatusError)
		if got, _ := w.ledger.Task(t.Context(), task); got.CallbackState != "" {
			t.Errorf("a task that runs has the callback state %q", got.CallbackState)
		}
		w.close(task, contract.StateStop, "stopped")
		must(w, callbacks.Record, contract.CallbackOutcome{Task: task, State: contract.CallbackFailed, Error: "nobody listens"})
		if got, err := w.ledger.Task(t.Context(), task); err != nil || got.CallbackState != contract.CallbackFailed || got.CallbackError != "nobody listens" {
			t.Errorf("ledger has %q %q, %v; want the failure", got.CallbackState, got.CallbackError, err)
		}
	})
}

func TestCallbackOfAnUnknownTask(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		_, err := execute(t.Context(), w, (&activities.Callbacks{Ledger: w.ledger}).Deliver, contract.CallbackDelivery{Task: 9})
		wantRefusal(t, err, contract.CodeTaskNotFound)
	})
}
