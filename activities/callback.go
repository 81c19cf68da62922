package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"

	"imagebatch/workflows/contract"
)

// Callbacks tells other services that a task has ended.
type Callbacks struct {
	Ledger  Ledger
	Results Results
	Client  *http.Client // see NewCallbackClient
	Zone    *time.Location
}

// callbackTimeout is how long a receiver has to answer.
const callbackTimeout = 10 * time.Second

// NewCallbackClient is a client that does not connect to private, loopback,
// link-local and other special addresses, but for the allowed prefixes. The
// address is checked when it is dialled: after names are resolved, and again for
// each redirect.
func NewCallbackClient(allowed []netip.Prefix) *http.Client {
	var options []ssrf.Option
	var v4, v6 []netip.Prefix
	for _, prefix := range allowed {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	options = append(options, ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...), ssrf.WithAnyPort())
	dialer := &net.Dialer{Timeout: callbackTimeout, Control: ssrf.New(options...).Safe}
	return &http.Client{
		Timeout:   callbackTimeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: callbackTimeout, MaxIdleConns: 16, IdleConnTimeout: time.Minute},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			// A redirect that turns the POST into a GET would deliver nothing.
			if len(via) > 3 || next.Method != http.MethodPost {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// Deliver posts the callback of a closed task once. Every answer but 2xx is
// worth another attempt; the id in the header is the same in each.
func (c *Callbacks) Deliver(ctx context.Context, in contract.CallbackDelivery) (contract.CallbackResult, error) {
	task, err := c.Ledger.Task(ctx, in.Task)
	if err != nil {
		return contract.CallbackResult{}, err
	}
	body, err := c.payload(ctx, task)
	if err != nil {
		return contract.CallbackResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, task.Callback, bytes.NewReader(body))
	if err != nil {
		return contract.CallbackResult{}, contract.Errorf(contract.CodeBadRequest, "the callback of task %d is not a URL", task.ID)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "imagebatch")
	request.Header.Set(contract.DeliveryIDHeader, in.ID)
	response, err := c.Client.Do(request)
	if err != nil {
		return contract.CallbackResult{}, callbackError(request.URL.Host, err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // what is read lets the connection be used again; an error costs only that
	if response.StatusCode/100 != 2 {
		return contract.CallbackResult{}, fmt.Errorf("post callback to %s: the receiver answered %s", request.URL.Host, response.Status)
	}
	return contract.CallbackResult{Status: response.StatusCode}, nil
}

// payload is the documented body, with a link that is signed afresh.
func (c *Callbacks) payload(ctx context.Context, task contract.Task) ([]byte, error) {
	payload := contract.CallbackPayload{
		FinishTime: task.EndedAt.In(c.Zone).Format(time.DateTime),
		InstanceID: task.InstanceID, InstanceName: task.Instance,
		Message: task.Message, Status: "NORMAL", TaskID: task.ID,
	}
	if task.State != contract.StateSuccess {
		payload.Status = "FAIL"
	}
	if task.ReportKey != "" {
		link, _, err := c.Results.sign(ctx, task.ReportKey)
		if err != nil {
			return nil, fmt.Errorf("sign report: %w", err)
		}
		payload.ProcessResultURL = link
	}
	return json.Marshal(payload)
}

// callbackError says why a receiver was not reached, without the URL, whose path
// and query may hold the receiver's secrets.
func callbackError(host string, err error) error {
	for _, prohibited := range []error{ssrf.ErrProhibitedIP, ssrf.ErrProhibitedNetwork, ssrf.ErrProhibitedPort, ssrf.ErrInvalidHostPort} {
		if errors.Is(err, prohibited) {
			return contract.Errorf(contract.CodeCallbackRefused,
				"the callback to %s leads to an address that is not allowed; use a public one, or add its network to IMAGEBATCH_CALLBACK_ALLOW", host)
		}
	}
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		err = outer.Err
	}
	return fmt.Errorf("post callback to %s: %w", host, err)
}

// Record notes in the ledger what became of a delivery.
func (c *Callbacks) Record(ctx context.Context, outcome contract.CallbackOutcome) (contract.Nothing, error) {
	return contract.Nothing{}, c.Ledger.SetCallback(ctx, outcome)
}
