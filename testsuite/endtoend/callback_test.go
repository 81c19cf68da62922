package endtoend_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/receiver"
	"imagebatch/workflows/contract"
)

func hooks(t *testing.T, answer func(int) int) *receiver.Receiver {
	t.Helper()
	r, err := receiver.Start(answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// await waits for the callback of a task.
func await(t *testing.T, r *receiver.Receiver, task int64) []receiver.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	came, err := r.Await(ctx, task)
	if err != nil {
		t.Fatal(err)
	}
	return came
}

func TestCallbackArrivesOnceWithTheDocumentedBody(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "calls-once")
	shelf(t, shared, "calls-once", 20, nil)
	h := hooks(t, nil)
	result := start(t, shared, exitDone, "calls-once", "calls-once", "--callback", h.URL)
	came := await(t, h, result.ID)
	if len(came) != 1 {
		t.Errorf("%d deliveries", len(came))
	}
	got := came[0].Payload
	finished, err := time.ParseInLocation(time.DateTime, got.FinishTime, time.FixedZone("", 8*3600))
	if err != nil || time.Since(finished).Abs() > 10*time.Minute {
		t.Errorf("finishTime %q", got.FinishTime)
	}
	link := got.ProcessResultURL
	got.FinishTime, got.ProcessResultURL = "", ""
	instance := decode[contract.Instance](t, must(t, shared, exitDone, "instance", "get", "calls-once", "--output", "json"))
	want := contract.CallbackPayload{InstanceID: instance.ID, InstanceName: "calls-once", Message: "success", Status: "NORMAL", TaskID: result.ID}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	response, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("processResultUrl answers %s", response.Status)
	}
	eventually(t, "the delivery is on record", func() bool {
		return task(t, shared, result.ID).CallbackState == contract.CallbackDelivered
	})
}

func TestCallbackIsRepeatedUnderTheSameIDWhileTheNextBatchRuns(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "calls-again")
	shelf(t, shared, "calls-again", 20, nil)
	recovered := make(chan struct{})
	h := hooks(t, func(attempt int) int {
		if attempt <= 5 {
			return http.StatusInternalServerError
		}
		<-recovered
		return http.StatusOK
	})
	first := start(t, shared, exitDone, "calls-again", "calls-again", "--callback", h.URL, "--callback-retry", "50ms")
	// The receiver has not taken the callback yet: the instance is free all the same.
	second := start(t, shared, exitDone, "calls-again", "calls-again")
	if second.Tally.Succeeded != 20 {
		t.Errorf("second batch %+v", second)
	}
	close(recovered)
	came := await(t, h, first.ID)
	if len(came) != 6 {
		t.Errorf("%d deliveries, want the sixth to be taken", len(came))
	}
	for n, delivery := range came {
		if delivery.ID == "" || delivery.ID != came[0].ID {
			t.Errorf("delivery %d has id %q, the first %q", n+1, delivery.ID, came[0].ID)
		}
	}
}

func TestCallbackToForbiddenAddressesIsRefused(t *testing.T) {
	t.Parallel()
	guarded := ownStack(t, 1, map[string]string{"IMAGEBATCH_CALLBACK_ALLOW": "127.0.0.2/32"})
	h := hooks(t, nil)
	port := h.URL[strings.LastIndex(h.URL, ":"):]
	redirect := httptest.NewUnstartedServer(http.RedirectHandler(h.URL, http.StatusTemporaryRedirect))
	listenOn(t, redirect, "127.0.0.2:0")
	redirect.Start()
	t.Cleanup(redirect.Close)
	put(t, guarded, "refused/"+contract.ManifestName, nil)
	for name, target := range map[string]string{
		"metadata":  "http://169.254.169.254/latest",
		"loopback":  "http://127.0.0.1" + port,
		"loopback6": "http://[::1]" + port,
		"name":      "http://localhost" + port,
		"private":   "http://10.0.0.1/",
		"mapped":    "http://[::ffff:10.0.0.1]/",
		"redirect":  redirect.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			createInstance(t, guarded, name)
			result := start(t, guarded, exitDone, name, "refused", "--callback", target)
			eventually(t, "the refusal is on record", func() bool {
				return task(t, guarded, result.ID).CallbackState == contract.CallbackFailed
			})
			if got := task(t, guarded, result.ID).CallbackError; !strings.Contains(got, "not allowed") && !strings.Contains(got, "not followed") {
				t.Errorf("recorded reason %q", got)
			}
		})
	}
	t.Cleanup(func() {
		if came := h.Deliveries(); len(came) > 0 {
			t.Errorf("a refused address was reached: %s", fmt.Sprint(came))
		}
	})
}
