package contract

import (
	"strconv"
	"time"
)

// CallbackInput asks for the callback of a finished task to be delivered.
type CallbackInput struct {
	Task int64 `json:"taskId"`
	// FirstRetry is the pause before the second attempt; it doubles from there
	// up to ten minutes. Zero means one second.
	FirstRetry time.Duration `json:"firstRetry,omitempty"`
	// ID is the delivery's, see DeliveryID. Empty means one that is made of the
	// workflow run.
	ID string `json:"id,omitempty"`
	// Again says that the callback was delivered or given up before, so that the
	// ledger must show it as pending first.
	Again bool `json:"again,omitempty"`
}

// DeliveryID is the id of every delivery of a task's callback, however often it
// is sent: the run is the task's first, so that no two tasks have the same one.
func DeliveryID(task int64, runID string) string {
	return strconv.FormatInt(task, 10) + "-" + runID
}

// Resent says what became of the wish to send a callback again.
type Resent struct {
	Task int64  `json:"taskId"`
	ID   string `json:"id"` // of the delivery: that of the first one
	// Started is false when a delivery is still being tried: it goes on as it is.
	Started bool `json:"started"`
}

// ResendCallback sends the callback of a closed task once more.
// CodeTaskNotFound, CodeIncrementStatusError, CodeBadRequest.
var ResendCallback = Workflow[TaskRef, Resent]{Name: "ResendCallback"}

// CallbackDelivery is one attempt's order. Its ID stays the same on every
// attempt, so that a receiver can tell a repeat from a second task.
type CallbackDelivery struct {
	Task int64  `json:"taskId"`
	ID   string `json:"id"`
}

// CallbackResult says how the receiver answered.
type CallbackResult struct {
	Status   int `json:"status"`             // HTTP status, 2xx
	Attempts int `json:"attempts,omitempty"` // up to this answer
}

// CallbackPayload is the JSON body that the receiver gets.
// Source: https://www.alibabacloud.com/help/en/image-search/user-guide/batch-operations
type CallbackPayload struct {
	FinishTime       string `json:"finishTime"` // yyyy-MM-dd HH:mm:ss
	InstanceID       string `json:"instanceId"`
	InstanceName     string `json:"instanceName"`
	Message          string `json:"message"`
	ProcessResultURL string `json:"processResultUrl"` // signed link to the report
	Status           string `json:"status"`           // NORMAL or FAIL
	TaskID           int64  `json:"taskId"`
}

// The headers of a delivery. The id is in every one; the other two are there
// when the worker has a secret to sign with.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const (
	DeliveryIDHeader        = "webhook-id"        // CallbackDelivery.ID
	DeliveryTimestampHeader = "webhook-timestamp" // of the attempt, in seconds since 1970
	DeliverySignatureHeader = "webhook-signature" // one for each secret, separated by spaces
)

// Callback delivers a task's callback. It is a workflow of its own, so that a
// dead receiver holds neither the task nor the instance.
var Callback = Workflow[CallbackInput, CallbackResult]{Name: "Callback"}

// The activities of a callback.
var (
	DeliverCallback = Activity[CallbackDelivery, CallbackResult]{Name: "DeliverCallback"}
	RecordCallback  = Activity[CallbackOutcome, Nothing]{Name: "RecordCallback"}
)

// CallbackOutcome is what became of a delivery, or, while that is pending, of its
// last attempt.
type CallbackOutcome struct {
	Task     int64         `json:"taskId"`
	State    CallbackState `json:"state"`
	Error    string        `json:"error,omitempty"`
	Attempts int           `json:"attempts,omitempty"` // so far; 0 in a final state: as many as were noted
	Next     time.Time     `json:"next,omitzero"`      // when the next one is due, while pending
}

// CallbackState is where the delivery of a callback stands.
type CallbackState string

// The states of a callback.
const (
	CallbackPending   CallbackState = "pending"
	CallbackDelivered CallbackState = "delivered"
	CallbackFailed    CallbackState = "failed"
)

// Nothing is the result of a step that has none.
type Nothing struct{}
