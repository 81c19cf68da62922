package activities_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// Two secrets that protect nothing.
var (
	standardSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("thirty-two bytes of no use at all"))
	rawSecret      = "a secret that is long enough"
)

func TestParseCallbackKeys(t *testing.T) {
	t.Parallel()
	long := base64.StdEncoding.EncodeToString(make([]byte, 65))
	for name, test := range map[string]struct {
		reason  string
		secrets string
		count   int
		wrong   bool
	}{
		"None":         {reason: "callbacks are then not signed", secrets: " "},
		"Standard":     {secrets: standardSecret, count: 1},
		"Raw":          {secrets: rawSecret, count: 1},
		"Rotation":     {secrets: standardSecret + ", " + rawSecret, count: 2},
		"RawTooShort":  {secrets: "0123456789abcdef0123456", wrong: true},
		"ShortDecoded": {reason: "the length that counts is that of the key", secrets: "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", wrong: true},
		"TooLong":      {secrets: "whsec_" + long, wrong: true},
		"NoBase64":     {reason: "a typing error must not become another secret", secrets: "whsec_not base64, but long enough!", wrong: true},
		"EmptyAmong":   {secrets: standardSecret + ",", wrong: true},
		"Three":        {secrets: strings.Join([]string{standardSecret, rawSecret, rawSecret}, ","), wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := activities.ParseCallbackKeys(test.secrets)
			if (err != nil) != test.wrong || keys.Count() != test.count {
				t.Errorf("%d keys, error %v; want %d, refused %t. %s", keys.Count(), err, test.count, test.wrong, test.reason)
			}
			for secret := range strings.SplitSeq(test.secrets, ",") {
				secret = strings.TrimSpace(strings.TrimPrefix(secret, "whsec_"))
				said := fmt.Sprintf("%v %+v %#v %v", keys, keys, keys, err)
				if len(secret) > 8 && strings.Contains(said, secret) {
					t.Errorf("%q holds the secret", said)
				}
			}
		})
	}
}

// arrival is a delivery as it arrived.
type arrival struct {
	header http.Header
	body   []byte
}

// deliverSigned delivers a callback and returns what arrived.
func deliverSigned(t *testing.T, secrets string) arrival {
	t.Helper()
	keys, err := activities.ParseCallbackKeys(secrets)
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan arrival, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body) // a body cut short has no good signature
		came <- arrival{request.Header, body}
	}))
	defer receiver.Close()
	callbacks := &activities.Callbacks{
		Ledger: closedTask{task: ended(receiver.URL)}, Results: activities.Results{Objects: &fakes.Objects{}, Bucket: results},
		Transport: activities.NewCallbackTransport([]netip.Prefix{netip.MustParsePrefix(loopback)}), Zone: time.UTC, Keys: keys,
	}
	w := &world{T: t, log: &strings.Builder{}, stop: make(chan struct{})}
	must(w, callbacks.Deliver, contract.CallbackDelivery{Task: 12, ID: "12-run"})
	return <-came
}

func TestCallbackIsSigned(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secrets  string
		accepted []string // secrets that a receiver may have
		refused  []string
	}{
		"Standard": {standardSecret, []string{standardSecret}, []string{rawSecret}},
		"Raw":      {rawSecret, []string{rawSecret}, []string{standardSecret}},
		"Rotation": {standardSecret + "," + rawSecret, []string{standardSecret, rawSecret}, []string{"another secret, long enough"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			came := deliverSigned(t, test.secrets)
			if got := came.header.Get("webhook-id"); got != "12-run" {
				t.Errorf("webhook-id = %q", got)
			}
			for _, secret := range test.accepted {
				if err := receiverWith(t, secret).Verify(came.body, came.header); err != nil {
					t.Errorf("a receiver with a secret of the worker refuses it: %v", err)
				}
			}
			for _, secret := range test.refused {
				if receiverWith(t, secret).Verify(came.body, came.header) == nil {
					t.Error("a receiver with another secret accepts it")
				}
			}
			changed := append([]byte(" "), came.body...)
			if receiverWith(t, test.accepted[0]).Verify(changed, came.header) == nil {
				t.Error("a body that was changed is accepted")
			}
			seconds, err := strconv.ParseInt(came.header.Get("webhook-timestamp"), 10, 64)
			if age := time.Since(time.Unix(seconds, 0)); err != nil || age.Abs() > time.Minute {
				t.Errorf("webhook-timestamp %q is not that of the attempt", came.header.Get("webhook-timestamp"))
			}
		})
	}
}

func TestCallbackWithoutSecretIsNotSigned(t *testing.T) {
	t.Parallel()
	came := deliverSigned(t, "")
	if came.header.Get("webhook-id") != "12-run" {
		t.Errorf("webhook-id = %q", came.header.Get("webhook-id"))
	}
	for _, name := range []string{"webhook-timestamp", "webhook-signature"} {
		if value, there := came.header[http.CanonicalHeaderKey(name)]; there {
			t.Errorf("%s = %q", name, value)
		}
	}
}

// receiverWith verifies as receivers do.
func receiverWith(t *testing.T, secret string) *standardwebhooks.Webhook {
	t.Helper()
	webhook, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if strings.HasPrefix(secret, "whsec_") {
		webhook, err = standardwebhooks.NewWebhook(secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	return webhook
}
