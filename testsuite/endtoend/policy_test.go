package endtoend_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"imagebatch/workflows/contract"
)

func TestTooManyFailuresStopTheTask(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "fails-early")
	planted := map[int]string{}
	for n := 1; n <= 60; n++ {
		planted[n*4] = fmt.Sprintf(`{"OperationType":"ADD","ProductId":"x%d","PicName":"absent.jpg"}`, n)
	}
	planted[2] = `no JSON`
	shelf(t, shared, "fails-early", 2000, planted)
	h := hooks(t, nil)
	sizes := []string{"--slice-lines", "16", "--chunk-slices", "4", "--window", "2", "--slices-in-flight", "1", "--callback", h.URL}
	result := start(t, shared, exitError, "fails-early", "fails-early", append(sizes, "--max-failures", "1%")...)
	if result.State != contract.StateFail || result.Code != contract.CodeTooManyFailures {
		t.Errorf("ended as %s with code %q: %s", result.State, result.Code, result.Message)
	}
	for _, says := range []string{"of 2,000 lines failed", "the limit of 20", "most of them " + string(contract.CodeInvalidPicURL), "is kept"} {
		if !strings.Contains(result.Message, says) {
			t.Errorf("message %q does not say %q", result.Message, says)
		}
	}
	conserved(t, result)
	if result.Tally.Failed <= 20 || result.Tally.Canceled == 0 {
		t.Errorf("counts %+v; want more failures than allowed, and lines that were not run", result.Tally.Counts)
	}
	must(t, shared, exitDone, "image", "get", "fails-early", "product-1", "p1.jpg") // kept
	records := report(t, shared, result.ID)
	if got := canceledLines(records); got != result.Tally.Canceled {
		t.Errorf("the report has %d lines that were not run, the task %d", got, result.Tally.Canceled)
	}
	if came := await(t, h, result.ID); came[0].Payload.Status != "FAIL" || came[0].Payload.Message != result.Message {
		t.Errorf("callback %+v", came[0].Payload)
	}

	again := start(t, shared, exitSomeFailed, "fails-early", "fails-early", append(small, "--max-failures", "61")...)
	if again.State != contract.StateSuccess || again.Tally.Failed != 61 {
		t.Errorf("with exactly as many allowed: %s, %+v", again.State, again.Tally.Counts)
	}
}

func TestDeleteGuardCountsPicturesNotLines(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "guarded")
	fill(t, shared, "guarded")
	var stock strings.Builder
	for n := range distinct {
		fmt.Fprintf(&stock, "{\"OperationType\":\"ADD\",\"ProductId\":\"all\",\"PicName\":\"p%d.jpg\"}\n", n)
	}
	manifest := "guarded/" + contract.ManifestName
	put(t, shared, manifest, []byte(stock.String()))
	start(t, shared, exitDone, "guarded", "guarded")

	// One innocent line, after another that adds something.
	put(t, shared, manifest, []byte(`{"OperationType":"ADD","ProductId":"new","PicName":"p1.jpg"}`+"\n"+`{"OperationType":"DELETE","ProductId":"all"}`+"\n"))
	pictures := func() int64 {
		return decode[contract.Instance](t, must(t, shared, exitDone, "instance", "get", "guarded", "--output", "json")).Pictures
	}
	for limit, says := range map[string]string{"5": "limit of 5;", "50%": "limit of 12 (50%);"} {
		result := start(t, shared, exitError, "guarded", "guarded", "--max-deletes", limit)
		if result.State != contract.StateFail || result.Code != contract.CodeTooManyDeletes {
			t.Errorf("ended as %s with code %q: %s", result.State, result.Code, result.Message)
		}
		if want := fmt.Sprintf("delete %d of the %d pictures", distinct, distinct); !strings.Contains(result.Message, want) || !strings.Contains(result.Message, says) {
			t.Errorf("message %q does not say %q and %q", result.Message, want, says)
		}
		if got := pictures(); got != distinct {
			t.Errorf("the instance has %d pictures after the refusal, want %d", got, distinct)
		}
		must(t, shared, exitError, "image", "get", "guarded", "new", "p1.jpg")
		report(t, shared, result.ID)
	}
	start(t, shared, exitDone, "guarded", "guarded", "--max-deletes", "100%")
	if got := pictures(); got != 1 {
		t.Errorf("the instance has %d pictures, want the new one", got)
	}
}

// Secrets of a rotation, which protect nothing.
const (
	newSecret = "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBubyB1c2UgYXQgYWxs"
	oldSecret = "whsec_YW5vdGhlciB0aGlydHktdHdvIGJ5dGVzIG9mIG5vIHVzZQ=="
)

func TestSignedCallbackAndResend(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, map[string]string{"IMAGEBATCH_CALLBACK_SECRET": newSecret + "," + oldSecret})
	createInstance(t, s, "signs")
	put(t, s, "signs/"+contract.ManifestName, nil)
	h := hooks(t, func(attempt int) int {
		if attempt == 1 {
			return http.StatusFound // refused for good: redirects are not followed
		}
		return http.StatusOK
	})
	result := start(t, s, exitDone, "signs", "signs", "--callback", h.URL)
	stands := func(want contract.CallbackState) {
		t.Helper()
		eventually(t, "the callback is "+string(want), func() bool { return task(t, s, result.ID).CallbackState == want })
	}
	stands(contract.CallbackFailed)
	id := fmt.Sprint(result.ID)
	if a := must(t, s, exitDone, "batch", "callback", id); !strings.Contains(a.stdout, "not followed") {
		t.Errorf("batch callback says %q", a.stdout)
	}

	resent := decode[contract.Resent](t, must(t, s, exitDone, "batch", "callback", id, "--resend", "--output", "json"))
	await(t, h, result.ID)
	stands(contract.CallbackDelivered)
	must(t, s, exitDone, "batch", "callback", id, "--resend") // also what was delivered
	eventually(t, "it is delivered again", func() bool { return len(h.Deliveries()) == 3 })
	stands(contract.CallbackDelivered)

	came := h.Deliveries()
	for n, delivery := range came {
		if delivery.ID == "" || delivery.ID != came[0].ID || delivery.ID != resent.ID {
			t.Errorf("delivery %d has the id %q; want that of the first, %q, which the resend told: %q", n+1, delivery.ID, came[0].ID, resent.ID)
		}
		for _, secret := range []string{newSecret, oldSecret} {
			verifier, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := verifier.Verify(delivery.Body, delivery.Header); err != nil {
				t.Errorf("delivery %d: %v", n+1, err)
			}
		}
	}
}

func TestResendIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "resends")
	put(t, shared, "resends/"+contract.ManifestName, nil)
	silent := start(t, shared, exitDone, "resends", "resends")
	a := must(t, shared, exitError, "batch", "callback", fmt.Sprint(silent.ID), "--resend")
	if !strings.Contains(a.stderr, "without a callback") {
		t.Errorf("without an address it says %q", a.stderr)
	}
	must(t, shared, exitError, "batch", "callback", "999999", "--resend")

	h := hooks(t, func(int) int { return http.StatusInternalServerError })
	tried := start(t, shared, exitDone, "resends", "resends", "--callback", h.URL, "--callback-retry", "1h")
	eventually(t, "the first attempt has failed", func() bool { return len(h.Deliveries()) == 1 })
	a = must(t, shared, exitDone, "batch", "callback", fmt.Sprint(tried.ID), "--resend")
	if !strings.Contains(a.stdout, "still being tried") {
		t.Errorf("during the retries it says %q", a.stdout)
	}

	shelf(t, shared, "resends", 3000, nil)
	open := begun(t, shared, "resends", "resends", "--callback", h.URL)
	a = must(t, shared, exitError, "batch", "callback", fmt.Sprint(open), "--resend")
	if !strings.Contains(a.stderr, string(contract.CodeIncrementStatusError)) {
		t.Errorf("of an open task it says %q", a.stderr)
	}
	must(t, shared, exitDone, "batch", "cancel", fmt.Sprint(open))
}
