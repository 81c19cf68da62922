package contract

import "time"

// CallbackInput asks for the callback of a finished task to be delivered.
type CallbackInput struct {
	Task int64 `json:"taskId"`
	// FirstRetry is the pause before the second attempt; it doubles from there
	// up to ten minutes. Zero means one second.
	FirstRetry time.Duration `json:"firstRetry,omitempty"`
}

// CallbackDelivery is one attempt's order. Its ID stays the same on every
// attempt, so that a receiver can tell a repeat from a second task.
type CallbackDelivery struct {
	Task int64  `json:"taskId"`
	ID   string `json:"id"`
}

// CallbackResult says how the receiver answered.
type CallbackResult struct {
	Status int `json:"status"` // HTTP status, 2xx
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

// DeliveryIDHeader carries CallbackDelivery.ID.
const DeliveryIDHeader = "webhook-id"

// Callback delivers a task's callback. It is a workflow of its own, so that a
// dead receiver holds neither the task nor the instance.
var Callback = Workflow[CallbackInput, CallbackResult]{Name: "Callback"}

// The activities of a callback.
var (
	DeliverCallback = Activity[CallbackDelivery, CallbackResult]{Name: "DeliverCallback"}
	RecordCallback  = Activity[CallbackOutcome, Nothing]{Name: "RecordCallback"}
)

// CallbackOutcome is what became of a delivery.
type CallbackOutcome struct {
	Task  int64         `json:"taskId"`
	State CallbackState `json:"state"`
	Error string        `json:"error,omitempty"`
}

// CallbackState is where the delivery of a callback stands.
type CallbackState string

// The states of a callback.
const (
	CallbackNone      CallbackState = ""
	CallbackPending   CallbackState = "pending"
	CallbackDelivered CallbackState = "delivered"
	CallbackFailed    CallbackState = "failed"
)

// Nothing is the result of a step that has none.
type Nothing struct{}
