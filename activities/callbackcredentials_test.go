package activities_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// asked is a receiver that is not there: it notes what it would have been sent.
type asked struct{ authorization []string }

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.authorization = r.Header.Values("Authorization")
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestCallbackCredentialsAreChosenByTheReceiver(t *testing.T) {
	t.Parallel()
	const credentials = `{
		"hooks.example": "Bearer a,b=c {\"d\":1}", "HOOKS.example:8443": "Bearer other port",
		"plain.example:80": "Basic dXNlcjpzM2NyZXQ=", "[2001:db8::1]": "Bearer six", "[2001:db8::1]:8080": "Bearer six more"
	}`
	parsed, err := activities.ParseCallbackCredentials(credentials)
	if err != nil {
		t.Fatal(err)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", parsed, parsed, parsed, parsed); strings.Contains(printed, "Bearer") || strings.Contains(printed, "example") {
		t.Errorf("printed as %s", printed)
	}
	for callback, want := range map[string]string{
		"https://hooks.example/hook":             `Bearer a,b=c {"d":1}`,
		"https://Hooks.Example:443/hook?x=1":     `Bearer a,b=c {"d":1}`,
		"https://hooks.example:0443/":            `Bearer a,b=c {"d":1}`,
		"https://hooks.example:8443/":            "Bearer other port",
		"http://hooks.example:8443/":             "Bearer other port", // whose owner named the port
		"http://hooks.example/":                  "",                  // would be read on the way
		"http://hooks.example:443/":              "",
		"https://hooks.example:8080/":            "",
		"https://evil.hooks.example/":            "",
		"https://hooks.example.evil/":            "",
		"https://evil.example/hooks.example":     "",
		"http://plain.example/":                  "Basic dXNlcjpzM2NyZXQ=",
		"https://plain.example/":                 "",
		"https://[2001:db8::1]/":                 "Bearer six",
		"http://[2001:DB8::1]:8080/":             "Bearer six more",
		"https://user:s3cret@other.example/":     "Basic dXNlcjpzM2NyZXQ=", // as earlier versions took it
		"https://user:s3cret@hooks.example/hook": `Bearer a,b=c {"d":1}`,
	} {
		receiver := &asked{}
		callbacks := &activities.Callbacks{
			Ledger: closedTask{task: ended(callback)}, Results: activities.Results{Objects: &fakes.Objects{}, Bucket: results},
			Transport: receiver, Zone: time.UTC, Credentials: parsed,
		}
		w := &world{T: t, log: &strings.Builder{}, stop: make(chan struct{})}
		if _, err := execute(t.Context(), w, callbacks.Deliver, contract.CallbackDelivery{Task: 12, ID: "12-run"}); err != nil {
			t.Fatalf("%s: %v", callback, err)
		}
		if got := strings.Join(receiver.authorization, " and "); got != want {
			t.Errorf("%s is sent %q; want %q", callback, got, want)
		}
	}
}

func TestCallbackCredentialsDoNotFollowARedirect(t *testing.T) {
	t.Parallel()
	var hosts []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.URL.Path+" "+r.Header.Get("Authorization"))
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer receiver.Close()
	host := strings.TrimPrefix(receiver.URL, "http://")
	_, err := deliverWith(t, ended(receiver.URL+"/hook"), func(c *activities.Callbacks) {
		c.Credentials, _ = activities.ParseCallbackCredentials(fmt.Sprintf(`{%q: "Bearer s3cret"}`, host))
	}, loopback)
	if says := wantRefusal(t, err, contract.CodeCallbackRefused); strings.Contains(says, "s3cret") {
		t.Errorf("error = %q; want no secret", says)
	}
	if got := strings.Join(hosts, ", "); got != "/hook Bearer s3cret" {
		t.Errorf("the receivers saw %q; want the header once", got)
	}
}

func TestParseCallbackCredentialsRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, says string }{
		"Pairs":        {"hooks.example=Bearer s3cret", "give one JSON object"},
		"Text":         {`"s3cret"`, "give one JSON object"},
		"List":         {`["hooks.example","s3cret"]`, "give one JSON object"},
		"Cut":          {`{"hooks.example":"s3cret"`, "give one JSON object"},
		"Two":          {`{"a.example":"s3cret"}{"b.example":"s3cret"}`, "give one JSON object"},
		"Rest":         {`{"a.example":"s3cret"} s3cret`, "give one JSON object"},
		"Nested":       {`{"a.example":{"s3cret":"s3cret"}}`, "give one JSON object"},
		"Number":       {`{"a.example":53}`, "give one JSON object"},
		"URL":          {`{"https://a.example/s3cret":"s3cret"}`, "receiver 1, what is no host: give a host or host:port"},
		"User":         {`{"a.example":"x","user:s3cret@b.example":"s3cret"}`, "receiver 2, what is no host"},
		"TurnedAround": {`{"Bearer s3cret":"a.example"}`, "receiver 1, what is no host"},
		"NoHost":       {`{":8080":"s3cret"}`, "what is no host"},
		"Nothing":      {`{"":"s3cret"}`, "what is no host"},
		"NoPort":       {`{"a.example:":"s3cret"}`, "what is no host"},
		"PortZero":     {`{"a.example:0":"s3cret"}`, "a port from 1 to 65535"},
		"PortTooLarge": {`{"a.example:65536":"s3cret"}`, "a port from 1 to 65535"},
		"Twice":        {`{"a.example":"s3cret","A.example":"s3cret"}`, "receiver 2 twice"},
		"SamePort":     {`{"a.example:80":"s3cret","a.example:080":"s3cret"}`, "receiver 2 twice"},
		"NoHeader":     {`{"a.example":""}`, "header for receiver 1"},
		"Null":         {`{"a.example":null}`, "header for receiver 1"},
		"LineBreak":    {`{"a.example":"s3cret\r\nX: y"}`, "header for receiver 1"},
		"Space":        {`{"a.example":" s3cret"}`, "header for receiver 1"},
		"Foreign":      {`{"a.example":"Bearer s3cret-ü"}`, "header for receiver 1"},
	} {
		_, err := activities.ParseCallbackCredentials(test.text)
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error = %v; want %q, and nothing quoted", name, err, test.says)
		}
	}
	for _, none := range []string{"", "  ", "{}"} {
		if parsed, err := activities.ParseCallbackCredentials(none); err != nil || parsed.String() != "credentials for 0 receivers" {
			t.Errorf("%q: %v, %v; want none", none, parsed, err)
		}
	}
}

// What is told of tasks stands in histories and on screens: no secret of a
// receiver is in it, also of tasks that earlier versions have let in.
func TestAnswersAboutTasksHideTheReceiversSecrets(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.spec.Callback = "https://user:s3cret@shop.example/hook?token=s3cret"
		task := w.begin("{}")
		tasks := &activities.Tasks{Ledger: w.ledger}
		const want = "https://…@shop.example/hook?…"
		if list := must(w, tasks.List, contract.ListTasksInput{ID: task}); len(list.Tasks) != 1 || list.Tasks[0].Callback != want {
			t.Errorf("listed as %+v; want the callback %q", list.Tasks, want)
		}
		must(w, tasks.End, contract.Ending{Task: task, State: contract.StateStop})
		if signed := must(w, w.reports().Sign, contract.ReportInput{Task: task}); signed.Task.Callback != want {
			t.Errorf("the report's task has the callback %q; want %q", signed.Task.Callback, want)
		}
		if kept, err := w.ledger.Task(t.Context(), task); err != nil || kept.Callback != w.spec.Callback {
			t.Errorf("the ledger has %q, %v; the callback is sent to the whole address", kept.Callback, err)
		}
	})
}
