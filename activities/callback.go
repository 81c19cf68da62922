package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
)

// Callbacks tells other services that a task has ended.
type Callbacks struct {
	Ledger    Ledger
	Results   Results
	Transport http.RoundTripper // see NewCallbackTransport
	Zone      *time.Location    // of the times in the payload
	Keys      CallbackKeys      // without any, callbacks are not signed
	// Credentials are for receivers that ask for an Authorization header.
	Credentials CallbackCredentials
}

// callbackTimeout is how long a receiver has to answer.
const callbackTimeout = 10 * time.Second

// NewCallbackTransport does not connect to private, loopback, link-local and
// other special addresses, but for the allowed prefixes. The address is checked
// when it is dialled, after names are resolved. It follows no redirects and
// knows no proxies: either would be a way around the check.
func NewCallbackTransport(allowed []netip.Prefix) *http.Transport {
	var v4, v6 []netip.Prefix
	for _, prefix := range allowed {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	guard := ssrf.New(ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...), ssrf.WithAnyPort())
	dialer := &net.Dialer{Timeout: callbackTimeout, Control: guard.Safe}
	return &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: callbackTimeout,
		MaxIdleConns: 16, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
}

// Deliver posts the callback of a closed task once. Every answer but 2xx is
// worth another attempt; the id in the header is the same in each. What an
// attempt met is noted in the ledger, for whoever asks while it is tried again.
// Errors name the host only: path and query may hold the receiver's secrets.
func (c *Callbacks) Deliver(ctx context.Context, in contract.CallbackDelivery) (contract.CallbackResult, error) {
	task, err := c.Ledger.Task(ctx, in.Task)
	if err != nil {
		return contract.CallbackResult{}, err
	}
	if !task.State.Final() {
		return contract.CallbackResult{}, notEnded(task, "callback")
	}
	result, err := c.attempt(ctx, task, in.ID)
	if activity.IsActivity(ctx) {
		result.Attempts = int(activity.GetInfo(ctx).Attempt)
		if err != nil && ctx.Err() == nil {
			c.note(ctx, task.ID, err)
		}
	}
	return result, err
}

// attempt posts the callback.
func (c *Callbacks) attempt(ctx context.Context, task contract.Task, id string) (contract.CallbackResult, error) {
	body, err := c.payload(ctx, task)
	if err != nil {
		return contract.CallbackResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, task.Callback, bytes.NewReader(body))
	if err != nil || request.URL.Host == "" || request.URL.Scheme != "http" && request.URL.Scheme != "https" {
		return contract.CallbackResult{}, contract.Errorf(contract.CodeBadRequest, "the callback of task %d is not an http:// or https:// URL", task.ID)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "imagebatch")
	if err := c.Keys.sign(request.Header, id, time.Now(), body); err != nil {
		return contract.CallbackResult{}, err
	}
	c.authorize(request)
	response, err := c.Transport.RoundTrip(request)
	if err != nil {
		return contract.CallbackResult{}, callbackError(request.URL.Host, err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // what is read lets the connection be used again; an error costs only that
	switch response.StatusCode / 100 {
	case 2:
		return contract.CallbackResult{Status: response.StatusCode}, nil
	case 3:
		return contract.CallbackResult{}, contract.Errorf(contract.CodeCallbackRefused,
			"%s answered the callback with a redirect (%d), which is not followed; start tasks with the address it leads to", request.URL.Host, response.StatusCode)
	}
	return contract.CallbackResult{}, fmt.Errorf("post callback to %s: the receiver answered %d %s", request.URL.Host, response.StatusCode, http.StatusText(response.StatusCode))
}

// authorize shows the receiver who is calling. Only tasks that were started by
// earlier versions still have a user in their address.
func (c *Callbacks) authorize(request *http.Request) {
	if header, named := c.Credentials.header(request.URL); named {
		request.Header.Set("Authorization", header)
	} else if user := request.URL.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
	}
}

// payload is the documented body, with a link that is signed afresh: to where the
// report will be, if it is not written yet. A task that isolated lines has
// succeeded all the same: its report tells.
// Source: https://www.alibabacloud.com/help/en/image-search/user-guide/batch-operations
func (c *Callbacks) payload(ctx context.Context, task contract.Task) ([]byte, error) {
	payload := contract.CallbackPayload{
		FinishTime: task.EndedAt.In(c.Zone).Format(time.DateTime),
		InstanceID: task.InstanceID, InstanceName: task.Instance,
		Message: contract.SuccessMessage, Status: "NORMAL", TaskID: task.ID,
	}
	if task.State != contract.StateSuccess {
		payload.Message, payload.Status = task.Message, "FAIL"
	}
	link, _, err := c.Results.sign(ctx, c.Results.reportOf(task).Key)
	if err != nil {
		return nil, fmt.Errorf("sign report: %w", err)
	}
	payload.ProcessResultURL = link
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // the link stays readable
	err = encoder.Encode(payload)
	return bytes.TrimSpace(body.Bytes()), err
}

// Record notes in the ledger what became of a delivery. A task that runs has
// none: CodeIncrementStatusError.
func (c *Callbacks) Record(ctx context.Context, outcome contract.CallbackOutcome) (contract.Nothing, error) {
	task, err := c.Ledger.Task(ctx, outcome.Task)
	if err != nil {
		return contract.Nothing{}, err
	}
	if !task.State.Final() {
		return contract.Nothing{}, notEnded(task, "callback")
	}
	return contract.Nothing{}, c.Ledger.SetCallback(ctx, outcome)
}
