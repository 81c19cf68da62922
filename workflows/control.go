package workflows

import (
	"fmt"
	"strings"
	"unicode"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

// maxNote bounds what a stranger's reason can put into state and messages, in
// characters.
const maxNote = 200

// maxHeld bounds the signals of each name that wait for the task's number.
const maxHeld = 100

// controls is what can be asked of a running task: the signals and updates
// cancel, suspend and resume, and Temporal's own cancel. All of them move the
// gate and nothing else.
type controls struct {
	gate    *fanout.Gate
	task    int64                         // 0 until it is known
	held    map[string][]contract.Control // signals that name a task, until it is known
	signals map[string]workflow.ReceiveChannel
	changed func(workflow.Context)
	unread  unread
}

// The names of the controls, shared by signals and updates. Stopping is final,
// so that it may always be looked at first.
var verbs = []string{contract.Cancel.Name, contract.Suspend.Name, contract.Resume.Name}

// listen registers the handlers and starts listening. It does not block, and
// nothing may block before it.
func listen(ctx workflow.Context, gate *fanout.Gate, changed func(workflow.Context)) (*controls, error) {
	c := &controls{
		gate: gate, changed: changed,
		held:    map[string][]contract.Control{},
		signals: map[string]workflow.ReceiveChannel{},
	}
	for _, verb := range verbs {
		c.signals[verb] = workflow.GetSignalChannel(ctx, verb)
		err := workflow.SetUpdateHandlerWithOptions(ctx, verb,
			func(ctx workflow.Context, sent, _ converter.RawValue) (contract.State, error) {
				in, err := readControl(sent)
				if err != nil { // it was accepted by a worker that read it less strictly
					in, _ = readLeniently(sent)
				}
				return c.update(ctx, verb, in)
			},
			workflow.UpdateHandlerOptions{
				Validator: func(sent, surplus converter.RawValue) error {
					in, err := readControl(sent)
					if surplus.Payload() != nil {
						err = errSurplus
					}
					if err != nil {
						return asFailure(err)
					}
					return c.refuse(verb, in)
				},
				Description: verb + " the task, and answer with its state",
			})
		if err != nil {
			return nil, err
		}
	}
	live, _ := workflow.NewDisconnectedContext(ctx)
	workflow.GoNamed(live, "signals", func(live workflow.Context) {
		for {
			_ = workflow.Await(live, c.pending)
			c.takeSignal(live)
		}
	})
	workflow.GoNamed(live, "unread", c.noteUnread)
	workflow.GoNamed(ctx, "cancel", func(ctx workflow.Context) {
		ctx.Done().Receive(ctx, nil)
		c.canceled(live)
	})
	return c, nil
}

// know tells which task this is, and obeys the signals that were held for it.
func (c *controls) know(ctx workflow.Context, task int64) {
	c.task = task
	for _, verb := range verbs {
		for _, in := range c.held[verb] {
			c.signaled(ctx, verb, in)
		}
		delete(c.held, verb)
	}
}

// drain obeys the signals that have arrived but were not looked at, before the
// run ends. It does not block, and nothing may block after it.
func (c *controls) drain(root, ctx workflow.Context) {
	if root.Err() != nil {
		c.canceled(ctx)
	}
	for c.pending() {
		c.takeSignal(ctx)
	}
}

func (c *controls) pending() bool {
	for _, verb := range verbs {
		if c.signals[verb].Len() > 0 {
			return true
		}
	}
	return false
}

// takeSignal obeys one signal. Signals of different names that arrived together
// have lost their order; the one that would change something is taken to be the
// earlier one, because the other would have been pointless.
func (c *controls) takeSignal(ctx workflow.Context) {
	order := verbs
	if c.gate.Suspended() {
		order = []string{contract.Cancel.Name, contract.Resume.Name, contract.Suspend.Name}
	}
	for _, verb := range order {
		var sent converter.RawValue
		if c.signals[verb].ReceiveAsync(&sent) {
			if in, ok := c.read(ctx, verb, sent); ok {
				c.signaled(ctx, verb, in)
			}
			return
		}
	}
}

// signaled obeys a signal if it is meant for this task. A late retry must never
// stop the next task of the instance.
func (c *controls) signaled(ctx workflow.Context, verb string, in contract.Control) {
	switch log := workflow.GetLogger(ctx); {
	case c.gate.Shut():
		log.Info("signal ignored: the task has finished", "signal", verb, "taskId", c.task)
	case in.Task != 0 && c.task == 0:
		if len(c.held[verb]) < maxHeld {
			c.held[verb] = append(c.held[verb], in)
		}
	case in.Task != 0 && in.Task != c.task:
		log.Warn("signal ignored: it names another task", "signal", verb, "taskId", c.task, "named", in.Task)
	default:
		c.obey(ctx, verb, in)
	}
}

// update obeys an update and answers with the state. One that names a task waits
// until the number of this one is known.
func (c *controls) update(ctx workflow.Context, verb string, in contract.Control) (contract.State, error) {
	live, _ := workflow.NewDisconnectedContext(ctx)
	_ = workflow.Await(live, func() bool { return in.Task == 0 || c.task != 0 || c.gate.Shut() })
	if err := c.refuse(verb, in); err != nil {
		return "", err
	}
	c.obey(live, verb, in)
	return c.gate.State(), nil
}

// refuse says why an update cannot be obeyed.
func (c *controls) refuse(verb string, in contract.Control) error {
	refused := func(format string, args ...any) error {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), string(contract.CodeIncrementStatusError), nil)
	}
	switch {
	case c.gate.Shut():
		return refused("already finished")
	case in.Task != 0 && c.task != 0 && in.Task != c.task:
		return refused("task %d is not the running one, which is %d", in.Task, c.task)
	case verb == contract.Suspend.Name && c.gate.Stopping():
		return refused("already stopping")
	}
	return nil
}

func (c *controls) obey(ctx workflow.Context, verb string, in contract.Control) {
	var moved bool
	switch verb {
	case contract.Cancel.Name:
		moved = c.gate.Stop(noteOf(in))
	case contract.Suspend.Name:
		moved = c.gate.Suspend(noteOf(in))
	case contract.Resume.Name:
		moved = c.gate.Resume(noteOf(in))
	}
	if moved {
		c.changed(ctx)
	}
}

// canceled obeys Temporal's own cancel.
func (c *controls) canceled(ctx workflow.Context) {
	if c.gate.Stop(" by Temporal's cancel") {
		c.changed(ctx)
	}
}

// noteOf is what follows the verb in a sentence such as "stopped by ops: too
// many errors".
func noteOf(in contract.Control) string {
	var note strings.Builder
	if by := printable(in.By, maxNote); by != "" {
		note.WriteString(" by " + by)
	}
	if reason := printable(in.Reason, maxNote); reason != "" {
		note.WriteString(": " + reason)
	}
	return note.String()
}

// printable is a stranger's text on one line, cut to so many characters.
func printable(text string, most int) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
