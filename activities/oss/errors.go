package oss

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	status  int
	request string
	remedy  string
}

func (a *answer) Error() string {
	var b strings.Builder
	if a.kind != nil {
		b.WriteString(a.kind.Error() + ": ")
	}
	if a.code != "" {
		b.WriteString(a.code)
	} else {
		b.WriteString(http.StatusText(a.status))
	}
	if a.message != "" {
		b.WriteString(": " + a.message)
	}
	fmt.Fprintf(&b, " (status %d", a.status)
	if a.request != "" {
		b.WriteString(", request " + a.request)
	}
	b.WriteByte(')')
	if a.remedy != "" {
		b.WriteString("; " + a.remedy)
	}
	return b.String()
}

func (a *answer) Unwrap() error { return a.kind }

// kinds of the codes whose status alone does not tell.
// Source: https://www.alibabacloud.com/help/en/oss/support/http-status-code
var kinds = map[string]error{
	"NoSuchKey":            activities.ErrNoSuchObject,
	"NoSuchObject":         activities.ErrNoSuchObject,
	"NotFound":             activities.ErrNoSuchObject,
	"InvalidObjectName":    activities.ErrNoSuchObject,
	"KeyTooLongError":      activities.ErrNoSuchObject,
	"NoSuchBucket":         activities.ErrNoSuchBucket,
	"InvalidBucketName":    activities.ErrNoSuchBucket,
	"PreconditionFailed":   activities.ErrChanged,
	"SlowDown":             activities.ErrThrottled,
	"TooManyRequests":      activities.ErrThrottled,
	"QpsLimitExceeded":     activities.ErrThrottled,
	"RequestTimeout":       nil, // a status of 400, but of the line, not of the request
	"ExpiredToken":         activities.ErrDenied,
	"InvalidToken":         activities.ErrDenied,
	"InvalidSecurityToken": activities.ErrDenied,
}

// remedies end the text of codes that mean one thing to an operator.
var remedies = map[string]string{
	"InvalidAccessKeyId":    "check the worker's access key id: it is wrong, disabled or deleted",
	"SignatureDoesNotMatch": "check the worker's access key secret and region",
	"SecurityTokenExpired":  "give the worker a new security token, or a role to act as",
	"RequestTimeTooSkewed":  "set the clock of the worker's machine",
	"UserDisable":           "the account is disabled or in arrears",
	"InvalidObjectState":    "restore the archived object first",
}

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
	a := &answer{kind: c.kind(e), code: clip(e.Code), message: clip(e.Message), status: e.StatusCode, request: clip(e.RequestID)}
	if strings.Contains(strings.ToLower(e.Code), "signature") {
		a.message = "" // stores quote the signature here
	}
	a.remedy = remedies[e.Code]
	switch {
	case a.remedy != "":
	case errors.Is(a.kind, activities.ErrDenied):
		a.remedy = fmt.Sprintf("the policy must allow %s on %s", c.action, strings.TrimSuffix(c.bucket+"/"+c.key, "/"))
	case a.kind == nil && e.StatusCode == http.StatusNotFound:
		a.remedy = "no object store says so: check what answers in front of it, and that the object is there"
	}
	return a
}

func (c call) kind(e oss.ServiceError) error {
	if kind, ok := kinds[e.Code]; ok {
		return kind
	}
	switch e.StatusCode {
	case http.StatusNotFound:
		switch {
		case e.Code == "" && c.verb != verbHead:
			// A store says what is missing. This is a page of whatever stands in
			// front of it, perhaps only until the store is back.
			return nil
		case c.key == "":
			return activities.ErrNoSuchBucket
		}
		return activities.ErrNoSuchObject
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return activities.ErrThrottled
	case http.StatusUnauthorized, http.StatusForbidden:
		return activities.ErrDenied
	case http.StatusPreconditionFailed:
		return activities.ErrChanged
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusConflict:
		return activities.ErrRefused
	}
	return nil
}

// staleCredentials tells whether another key pair of the same identity may do
// better.
func staleCredentials(err error) bool {
	var service oss.ServiceError
	if !errors.As(err, &service) {
		return false
	}
	switch service.Code {
	case "InvalidAccessKeyId", "SecurityTokenExpired", "ExpiredToken", "InvalidToken", "InvalidSecurityToken":
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
	var kind error
	remedy := ""
	switch code := document.Code; {
	case strings.HasPrefix(code, "Throttling"):
		kind = activities.ErrThrottled
	case code == "NoPermission":
		kind, remedy = activities.ErrDenied, "; the worker's policy must allow sts:AssumeRole on the role, and the role must trust the worker's account"
	case code == "SignatureDoesNotMatch", strings.HasPrefix(code, "InvalidAccessKeyId"), strings.HasPrefix(code, "InvalidSecurityToken"):
		kind, remedy = activities.ErrDenied, "; check the worker's access key"
	case strings.HasPrefix(code, "EntityNotExist"), strings.HasPrefix(code, "InvalidParameter"), strings.HasPrefix(code, "Forbidden"):
		kind, remedy = activities.ErrDenied, "; check the role's name and its longest session"
	default:
		return fmt.Errorf("assume role %q: %s (request %s)", arn, clip(code), clip(document.RequestID))
	}
	return fmt.Errorf("assume role %q: %w: %s (request %s)%s", arn, kind, clip(document.Code), clip(document.RequestID), remedy)
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
