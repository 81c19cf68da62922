package contract

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Control is what the cancel, suspend and resume signals and updates carry. All
// fields are optional.
type Control struct {
	Task   int64  `json:"taskId,omitempty"` // a signal that names another task is ignored
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`
}

// Signals that anyone may send to a running task. They are idempotent.
var (
	Cancel  = Signal[Control]{Name: "cancel"}
	Suspend = Signal[Control]{Name: "suspend"}
	Resume  = Signal[Control]{Name: "resume"}
)

// Updates do what the signals of the same name do, and answer with the state.
var (
	CancelUpdate  = Update[Control, State]{Name: "cancel"}
	SuspendUpdate = Update[Control, State]{Name: "suspend"}
	ResumeUpdate  = Update[Control, State]{Name: "resume"}
)

// ReadControl reads what people and services write for a Control: the number of
// the task may be text, spaces around it included. Nothing at all is a Control
// without fields. What is misspelt is refused and not taken for absent: a signal
// that names no task is meant for every one. As far as it could be read, who
// sent it is in the answer all the same.
func ReadControl(text []byte) (Control, error) {
	var c Control
	if text = bytes.TrimSpace(text); len(text) == 0 || string(text) == "null" {
		return c, nil
	}
	if text[0] != '{' || !json.Valid(text) {
		return c, unreadable("it is no JSON object")
	}
	var wrong error
	seen := map[string]bool{}
	fields := json.NewDecoder(bytes.NewReader(text)) // of valid JSON: it has no errors
	fields.UseNumber()
	_, _ = fields.Token() //workflowcheck:ignore the brace; what is read depends on the text alone
	for fields.More() {
		key, _ := fields.Token() //workflowcheck:ignore fields come in the order of the text
		var value any
		_ = fields.Decode(&value) //workflowcheck:ignore the same value for the same text
		name, _ := key.(string)
		err := c.set(name, value)
		if field := strings.ToLower(name); seen[field] {
			err = unreadable(Quote(name) + " is there twice")
		} else {
			seen[field] = true
		}
		if wrong == nil { // what comes later may still tell who sent it
			wrong = err
		}
	}
	if wrong != nil {
		return Control{By: c.By}, wrong
	}
	return c, nil
}

// set reads one field. null is as good as absent.
func (c *Control) set(name string, value any) error {
	text, isText := value.(string)
	switch strings.ToLower(name) {
	case "taskid":
		number, ok := taskNumber(value)
		if !ok {
			return unreadable(Quote(name) + " is no number of a task")
		}
		c.Task = number
	case "reason":
		if !isText && value != nil {
			return unreadable(Quote(name) + " is no text")
		}
		c.Reason = text
	case "by":
		if !isText && value != nil {
			return unreadable(Quote(name) + " is no text")
		}
		c.By = text
	default:
		return unreadable("the key " + Quote(name) + " is unknown")
	}
	return nil
}

// taskNumber reads 11, 11.0, "11" and " 11 ".
func taskNumber(value any) (number int64, ok bool) {
	var digits string
	switch value := value.(type) {
	case nil:
		return 0, true
	case string:
		digits = strings.TrimSpace(value)
	case json.Number:
		digits = value.String()
		if float, err := value.Float64(); err == nil && strings.ContainsAny(digits, ".eE") {
			return int64(float), float == math.Trunc(float) && float >= 0 && float < 1<<53
		}
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, err == nil
}

// unreadable says why a Control cannot be read, and how to write one.
func unreadable(why string) error {
	return Errorf(CodeBadRequest, `%s; send {"taskId": 11, "reason": "…", "by": "…"}, of which every field may be left out`, why)
}
