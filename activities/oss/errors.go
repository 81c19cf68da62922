package oss

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/activities"
)

// answer is what a store said when it refused, kept to what an operator needs.
// The SDK's own error carries the whole document, and a document about a bad
// signature quotes what was signed.
type answer struct {
	kind    error // of activities/ports.go, or nil for what is worth another try
	code    string
	message string
	status  int // 0 where the answer was not of HTTP
	request string
	remedy  string // what the code calls for, whatever was asked
	advice  string // what to do where nobody knows better
}

var _ activities.Answer = (*answer)(nil)

// Error is the whole story, with one remedy at most.
func (a *answer) Error() string {
	text := a.Said()
	if a.kind != nil {
		text = a.kind.Error() + ": " + text
	}
	switch {
	case a.remedy != "":
		text += "; " + a.remedy
	case a.advice != "":
		text += "; " + a.advice
	}
	return text
}

// Said implements activities.Answer.
func (a *answer) Said() string {
	parts := make([]string, 0, 2)
	for _, part := range []string{a.code, a.message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		parts = append(parts, http.StatusText(a.status))
	}
	text := strings.Join(parts, ": ")
	switch {
	case a.status != 0 && a.request != "":
		return fmt.Sprintf("%s (status %d, request %s)", text, a.status, a.request)
	case a.status != 0:
		return fmt.Sprintf("%s (status %d)", text, a.status)
	case a.request != "":
		return fmt.Sprintf("%s (request %s)", text, a.request)
	}
	return text
}

// Remedy implements activities.Answer.
func (a *answer) Remedy() string { return a.remedy }

func (a *answer) Unwrap() error { return a.kind }

// call says what was asked of the store, for its error's text.
type call struct {
	verb, bucket, key string
	action            string // the right it takes
}

// verbHead is the one call whose answer never has a body, and so often no code.
const verbHead = "head"

func (c call) String() string {
	if c.key == "" {
		return fmt.Sprintf("%s %q", c.verb, "oss://"+c.bucket)
	}
	return fmt.Sprintf("%s %q", c.verb, "oss://"+c.bucket+"/"+c.key)
}

// wrap gives an error of the SDK its meaning.
func (c call) wrap(err error) error {
	var service oss.ServiceError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &service):
		return fmt.Errorf("%s: %w", c, c.explain(service))
	}
	return fmt.Errorf("%s: %w", c, withoutURL(err))
}

func (c call) explain(e oss.ServiceError) *answer {
	means := c.meaningOf(e)
	a := &answer{
		kind: means.kind, remedy: means.remedy,
		code: clip(e.Code), message: clip(e.Message), status: e.StatusCode, request: clip(e.RequestID),
	}
	if strings.Contains(strings.ToLower(e.Code), "signature") {
		a.message = "" // stores quote the signature here
	}
	switch {
	case errors.Is(a.kind, activities.ErrDenied):
		a.advice = fmt.Sprintf("the policy must allow %s on %s", c.action, strings.TrimSuffix(c.bucket+"/"+c.key, "/"))
	case a.kind == nil && e.StatusCode == http.StatusNotFound:
		a.advice = "no object store says so: check what answers in front of it, and that the object is there"
	}
	return a
}

// staleCredentials tells whether another key pair of the same identity may do
// better.
func staleCredentials(err error) bool {
	var service oss.ServiceError
	if !errors.As(err, &service) {
		return false
	}
	switch service.Code {
	case "InvalidAccessKeyId", "SecurityTokenExpired", "ExpiredToken", "TokenRefreshRequired", "InvalidToken", "InvalidSecurityToken",
		"AccessKeyIdAndSecurityTokenNotMatch":
		return true
	}
	return false
}

func isInvalidRange(err error) bool {
	var a *answer
	return errors.As(err, &a) && a.status == http.StatusRequestedRangeNotSatisfiable
}

// withoutURL drops the address that net/http puts into its errors: of STS it
// holds the signature and the token.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// stsError gives an error of AssumeRole its meaning. The provider puts the
// answer, a JSON document, behind a sentence of its own.
func stsError(arn string, err error) error {
	var document struct{ Code, RequestID string }
	text := err.Error()
	at := strings.IndexByte(text, '{')
	if at < 0 || json.Unmarshal([]byte(text[at:]), &document) != nil || document.Code == "" {
		var u *url.Error
		if errors.As(err, &u) {
			return fmt.Errorf("assume role %q: %w", arn, u.Err)
		}
		// Whatever answered was not STS; its words may hold what we sent.
		return fmt.Errorf("assume role %q: the answer is not one of STS; check the STS endpoint", arn)
	}
	means := meaningOfSTS(document.Code)
	return fmt.Errorf("assume role %q: %w", arn, &answer{
		kind: means.kind, remedy: means.remedy, code: clip(document.Code), request: clip(document.RequestID),
	})
}

// meaningOfSTS is what a code of STS means.
// Source: https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
func meaningOfSTS(code string) meaning {
	begins := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(code, prefix) })
	}
	switch {
	case begins("Throttling"):
		return meaning{kind: activities.ErrThrottled}
	case begins("InvalidSecurityToken.Expired"):
		return meaning{remedy: newToken}
	case begins("InvalidTimeStamp", "IllegalTimestamp"):
		return meaning{remedy: setClock}
	case begins("SignatureDoesNotMatch", "IncompleteSignature"):
		return meaning{activities.ErrTurnedAway, "check the worker's access key secret"}
	case begins("InvalidAccessKeyId"):
		return meaning{activities.ErrTurnedAway, checkKey}
	case begins("InvalidSecurityToken"):
		return meaning{activities.ErrTurnedAway, oneSession}
	case begins("NoPermission"):
		return meaning{activities.ErrDenied, "the worker's policy must allow sts:AssumeRole on the role, and the role must trust the worker's account"}
	case begins("EntityNotExist", "InvalidParameter", "Forbidden"):
		return meaning{activities.ErrDenied, "check the role's name and its longest session"}
	}
	return meaning{}
}

// clip keeps a store's words short and on one line.
func clip(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
