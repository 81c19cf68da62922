package activities_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	sdktest "go.temporal.io/sdk/testsuite"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

// noted is a ledger that knows one task and collects what attempts met.
type noted struct {
	closedTask
	attempts *[]contract.CallbackOutcome
}

func (n noted) NoteCallback(ctx context.Context, attempt contract.CallbackOutcome) error {
	*n.attempts = append(*n.attempts, attempt)
	return nil
}

// What an attempt met is told in words that lead somewhere.
func TestCallbackSaysWhatItMet(t *testing.T) {
	t.Parallel()
	serve := func(t *testing.T, answer http.HandlerFunc) string {
		receiver := httptest.NewServer(answer)
		t.Cleanup(receiver.Close)
		return receiver.URL
	}
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			connection.Close()
		}
	}
	for name, test := range map[string]struct {
		receiver func(t *testing.T) string
		says     []string
	}{
		"Status": {func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
		}, []string{"answered 503 Service Unavailable"}},
		"Untrusted": {func(t *testing.T) string {
			receiver := httptest.NewTLSServer(http.NotFoundHandler())
			t.Cleanup(receiver.Close)
			return receiver.URL
		}, []string{"TLS: its certificate is not to be trusted", "x509: certificate signed by unknown authority"}},
		"NotTLS": {func(t *testing.T) string {
			return strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http:", "https:", 1)
		}, []string{"TLS: no secure connection", "does not look like a TLS handshake"}},
		"NoSuchHost": {func(*testing.T) string { return "http://no-such-host.invalid" }, []string{"there is no such host; check its name"}},
		"Refused": {func(t *testing.T) string {
			port, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer port.Close()
			return "http://" + port.Addr().String()
		}, []string{"nobody listens there", "connection refused"}},
		"HangsUp": {func(t *testing.T) string { return serve(t, hangUp) }, []string{"closed the connection without an answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts []contract.CallbackOutcome
			task := ended(test.receiver(t) + "/secret-path?secret-query")
			_, err := deliverWith(t, task, func(c *activities.Callbacks) { c.Ledger = noted{closedTask{task: task}, &attempts} }, loopback)
			says := wantTransient(t, err)
			for _, want := range test.says {
				if !strings.Contains(says, want) {
					t.Errorf("error = %q; want %q in it", says, want)
				}
			}
			if strings.Contains(says, "secret") {
				t.Errorf("error = %q; want neither path nor query", says)
			}
			if len(attempts) != 1 || attempts[0].Error != says || attempts[0].Attempts != 1 || attempts[0].State != contract.CallbackPending {
				t.Errorf("noted %+v; want the first attempt, with %q", attempts, says)
			}
		})
	}
}

// While a callback is tried, the ledger knows how often, what the last attempt
// met, and when the next is due; at the end, how many it took.
func TestCallbackNotesEveryAttempt(t *testing.T) {
	t.Parallel()
	ledger := newWorld(t, contract.ServiceProduct, t.TempDir()+"/index.db")
	defer ledger.ledger.Close()
	tries := 0
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries < 4 {
			w.WriteHeader(500)
		}
	}))
	defer receiver.Close()
	ledger.spec.Callback, ledger.spec.RunID, ledger.spec.WorkflowID = receiver.URL+"/hook", "run", contract.BatchTaskWorkflowID("shop")
	begun, err := ledger.ledger.Begin(t.Context(), ledger.spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.ledger.End(t.Context(), contract.Ending{Task: begun.Task, State: contract.StateStop}); err != nil {
		t.Fatal(err)
	}
	callbacks := &activities.Callbacks{
		Ledger: ledger.ledger, Results: activities.Results{Objects: &fakes.Objects{}, Bucket: results},
		Transport: activities.NewCallbackTransport([]netip.Prefix{netip.MustParsePrefix(loopback)}), Zone: time.UTC,
	}
	var seen []contract.Task
	env := (&sdktest.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	workflows.Register(env)
	workflows.Bind(env, contract.DeliverCallback, activities.Final(func(ctx context.Context, in contract.CallbackDelivery) (contract.CallbackResult, error) {
		result, err := callbacks.Deliver(ctx, in)
		if task, asked := ledger.ledger.Task(ctx, begun.Task); asked == nil {
			seen = append(seen, task)
		}
		return result, err
	}))
	workflows.Bind(env, contract.RecordCallback, activities.Final(callbacks.Record))
	env.ExecuteWorkflow(contract.Callback.Name, contract.CallbackInput{Task: begun.Task, FirstRetry: time.Minute})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	for n, task := range seen[:3] {
		if task.CallbackAttempts != n+1 || task.CallbackState != contract.CallbackPending || !strings.Contains(task.CallbackError, "answered 500") {
			t.Errorf("after attempt %d the ledger has %d attempts, %s: %q", n+1, task.CallbackAttempts, task.CallbackState, task.CallbackError)
		}
	}
	last, err := ledger.ledger.Task(t.Context(), begun.Task)
	if err != nil || last.CallbackState != contract.CallbackDelivered || last.CallbackAttempts != 4 || last.CallbackError != "" || !last.CallbackNext.IsZero() {
		t.Errorf("at the end the ledger has %d attempts, %s: %q, next %v, %v; want it delivered by the fourth", last.CallbackAttempts, last.CallbackState, last.CallbackError, last.CallbackNext, err)
	}
}

func TestNextAttempt(t *testing.T) {
	t.Parallel()
	began := time.Date(2030, 1, 31, 18, 0, 0, 0, time.UTC)
	policy := temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute}
	for name, test := range map[string]struct {
		reason  string
		attempt int32
		change  func(*activity.Info)
		after   time.Duration // of the beginning
		want    time.Duration // 0 for none
	}{
		"First":      {attempt: 1, want: time.Second},
		"Second":     {attempt: 2, want: 2 * time.Second},
		"Tenth":      {attempt: 10, want: 512 * time.Second},
		"Largest":    {attempt: 11, want: 10 * time.Minute},
		"Thousandth": {reason: "no number is too large", attempt: 1 << 30, want: 10 * time.Minute},
		"NoLargest":  {reason: "Temporal's own is a hundred times the first", attempt: 20, change: func(i *activity.Info) { i.RetryPolicy.MaximumInterval = 0 }, want: 100 * time.Second},
		"Unknown":    {attempt: 1, change: func(i *activity.Info) { i.RetryPolicy = nil }},
		"Exhausted":  {attempt: 3, change: func(i *activity.Info) { i.RetryPolicy.MaximumAttempts = 3 }},
		"Late":       {reason: "three days after the first attempt nobody tries again", attempt: 400, after: 72*time.Hour - time.Minute},
		"InTime":     {attempt: 400, after: 71 * time.Hour, want: 10 * time.Minute},
	} {
		info := activity.Info{Attempt: test.attempt, RetryPolicy: new(policy), ScheduledTime: began, ScheduleToCloseTimeout: 72 * time.Hour}
		if test.change != nil {
			test.change(&info)
		}
		want := time.Time{}
		if test.want > 0 {
			want = began.Add(test.after + test.want)
		}
		if got := activities.NextAttempt(info, began.Add(test.after)); !got.Equal(want) {
			t.Errorf("%s: next attempt at %v; want %v, %s", name, got, want, test.reason)
		}
	}
}
