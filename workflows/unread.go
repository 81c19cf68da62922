package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// maxNotes is how many unreadable signals a run writes into the ledger: each
// costs some events, and anyone may send them.
const maxNotes = 20

// unread is what became of signals that could not be read.
type unread struct {
	text   string // of the last one; empty if there was none
	fresh  bool   // it is not in the ledger yet
	noting bool   // it is being written there
	notes  int
}

// readControl reads what a signal or an update carries.
func readControl(sent converter.RawValue) (contract.Control, error) {
	payload := sent.Payload()
	switch encoding := string(payload.GetMetadata()[converter.MetadataEncoding]); encoding {
	case "", converter.MetadataEncodingNil:
		return contract.Control{}, nil
	case converter.MetadataEncodingJSON:
		return contract.ReadControl(payload.GetData())
	default:
		return contract.Control{}, contract.Errorf(contract.CodeBadRequest, "it is sent as %s; send it as %s", contract.Quote(encoding), converter.MetadataEncodingJSON)
	}
}

// readLeniently reads a Control as all workers once did: unknown keys say
// nothing, and what does not fit the type is not read at all.
func readLeniently(sent converter.RawValue) (in contract.Control, ok bool) {
	payload := sent.Payload()
	if payload == nil {
		return in, true
	}
	err := converter.GetDefaultDataConverter().FromPayload(payload, &in)
	return in, err == nil
}

// read reads a signal. One that cannot be read is not obeyed, and shows wherever
// people look. A run that read one of its signals as workers once did goes on so.
func (c *controls) read(ctx workflow.Context, verb string, sent converter.RawValue) (contract.Control, bool) {
	in, err := readControl(sent)
	old, ok := readLeniently(sent)
	if err == nil && ok && in == old {
		return in, true
	}
	if workflow.GetVersion(ctx, "strict-controls", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return old, ok
	}
	if err == nil {
		return in, true
	}
	_, why := refusal(err)
	text := verb + noteOf(contract.Control{By: in.By}) + " was not obeyed: " + why
	workflow.GetLogger(ctx).Warn("signal not read", "taskId", c.task, "signal", verb, "by", in.By, "error", why)
	if !c.gate.Shut() {
		c.unread.text, c.unread.fresh = text, true
		c.changed(ctx)
	}
	return contract.Control{}, false
}

// noteUnread writes unreadable signals into the ledger, the latest of those that
// came meanwhile. What could not be written there is still in the status.
func (c *controls) noteUnread(ctx workflow.Context) {
	for c.unread.notes < maxNotes {
		_ = workflow.Await(ctx, func() bool { return c.unread.fresh && c.task != 0 })
		if c.gate.Shut() {
			return
		}
		c.unread.fresh, c.unread.noting = false, true
		c.unread.notes++
		note := contract.UnreadSignal{Task: c.task, Text: c.unread.text}
		if _, err := call(bookkeeping(ctx, "note a signal that could not be read"), contract.NoteUnread, note); err != nil {
			workflow.GetLogger(ctx).Warn("signal not noted", "taskId", c.task, "error", err)
		}
		c.unread.noting = false
	}
}

// settled reports whether no handler and no note is under way: a run may end.
func (c *controls) settled(ctx workflow.Context) bool {
	return !c.unread.noting && workflow.AllHandlersFinished(ctx)
}
