package workflows

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// topCodes is how many failure codes the details show.
const topCodes = 4

// show brings what people see up to date: the details at no cost, the search
// attributes on a change of state and every five percent, for one event each.
func (t *task) show(ctx workflow.Context) {
	if t.gate.State() == contract.StateProcessing {
		t.meter.See(workflow.Now(ctx), t.tally().Done())
	} else {
		t.meter.Forget()
	}
	status := t.status()
	workflow.SetCurrentDetails(ctx, detailsOf(status))
	if part := status.Percent() / 5; status.State != t.shown.state || part != t.shown.part {
		t.shown.state, t.shown.part = status.State, part
		t.upsert(ctx, t.stateAttributes(status)...)
	}
}

// announce makes the task findable, from the first moment of every run.
func (t *task) announce(ctx workflow.Context) {
	status := t.status()
	t.shown.state, t.shown.part = status.State, status.Percent()/5
	keyword := func(name, value string) temporal.SearchAttributeUpdate {
		return temporal.NewSearchAttributeKeyKeyword(name).ValueSet(contract.Keyword(value))
	}
	updates := append(t.stateAttributes(status),
		keyword(contract.SearchInstance, t.spec.Instance),
		keyword(contract.SearchBucket, t.spec.Bucket),
		keyword(contract.SearchPath, t.spec.Path))
	if t.number != 0 {
		updates = append(updates, temporal.NewSearchAttributeKeyInt64(contract.SearchTaskID).ValueSet(t.number))
	}
	t.upsert(ctx, updates...)
}

func (t *task) stateAttributes(status contract.Status) []temporal.SearchAttributeUpdate {
	return []temporal.SearchAttributeUpdate{
		temporal.NewSearchAttributeKeyKeyword(contract.SearchState).ValueSet(string(status.State)),
		temporal.NewSearchAttributeKeyInt64(contract.SearchPercent).ValueSet(int64(status.Percent())),
	}
}

// upsert sets search attributes. They are a convenience: the task goes on without.
func (t *task) upsert(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Warn("search attributes not set", "taskId", t.number, "error", err)
	}
}

// tally is what the task has to show: the ledger's word once the fence is closed.
func (t *task) tally() contract.Tally {
	switch {
	case t.ended != nil:
		return t.ended.Tally
	case t.engine != nil:
		return t.engine.Tally()
	}
	return contract.Tally{}
}

// answerStatus answers the status query. An answer is no part of history: it may
// look at the worker's clock, and has to, because the workflow's stands still
// while nothing happens, and a rate of then would be promised for ever.
func (t *task) answerStatus() (contract.Status, error) {
	status := t.status()
	now := time.Now() //workflowcheck:ignore a query is not replayed
	if status.Planned && t.meter.Stands(now) {
		status.Rate, status.ETA = 0, -1
	}
	return status, nil
}

// status is where the task stands, by the workflow's clock.
func (t *task) status() contract.Status {
	status := contract.Status{
		Task: t.number, Instance: t.spec.Instance, Bucket: t.spec.Bucket, Path: t.spec.Path,
		State: t.gate.State(), Tally: t.tally(), ETA: -1, StartedAt: t.startedAt, ReportKey: t.reportKey,
	}
	if t.engine != nil {
		status.Planned, status.Total, status.Slices = true, t.list.Lines, t.list.Slices
		status.Chunks, status.Open = t.engine.Chunks(), t.engine.OpenChunks()
	}
	status.Unread = t.controls.unread.text
	switch {
	case t.ended != nil:
		status.State, status.Message = t.ended.State, t.ended.Message
	case t.gate.Suspended():
		status.Message = "suspended" + t.gate.Note()
	case t.gate.Stopping():
		status.Message = "stopping" + t.gate.Note()
	}
	status.Vendor = status.State.Vendor()
	if status.Planned {
		status.Left = max(0, status.Total-status.Done())
		status.Rate = t.meter.Rate()
		status.ETA = t.meter.ETA(status.Left)
		status.Moved = t.meter.Moved()
	}
	return status
}

// detailsOf is what the web UI shows of a task, in Markdown. Its box is low: what
// a person asks first comes first.
func detailsOf(s contract.Status) string {
	var table strings.Builder
	if s.Task != 0 {
		table.WriteString("task " + strconv.FormatInt(s.Task, 10) + " ")
	}
	table.WriteString(fmt.Sprintf("**%s** %d%% %s", s.State, s.Percent(), escaped(s.Message)))
	table.WriteString("\n\n| | |\n|---|---|\n")
	row := func(name, format string, args ...any) {
		table.WriteString("| " + name + " | " + fmt.Sprintf(format, args...) + " |\n")
	}
	if s.Unread != "" {
		row("not read", "%s", escaped(s.Unread))
	}
	if !s.Planned {
		row("lines", "not counted yet")
		return table.String()
	}
	row("lines", "%s of %s%s", contract.Grouped(s.Done()), contract.Grouped(s.Total), outcomes(s.Counts))
	if len(s.Codes) > 0 {
		row("failures", "%s", failures(s.Tally))
	}
	if s.ReportKey != "" {
		row("report", "starter batch report %d", s.Task)
	}
	if s.Rate > 0 && !s.State.Final() {
		// Details stay as they are while nothing happens: a reader has to see how old they are.
		at := ""
		if !s.Moved.IsZero() {
			at = " at " + s.Moved.UTC().Format("15:04:05") + " UTC"
		}
		row("rate", "%.0f lines/s%s, about %s left", s.Rate, at, (time.Duration(s.ETA) * time.Second).String())
	}
	row("stages", "fetched %s → validated %s → featurized %s → indexed %s",
		contract.Grouped(s.Fetched), contract.Grouped(s.Validated), contract.Grouped(s.Featurized), contract.Grouped(s.Indexed))
	row("cut into", "%d slices, %d chunks, %d of them open", s.Slices, s.Chunks, len(s.Open))
	return table.String()
}

// outcomes are the counts that are not zero.
func outcomes(counts contract.Counts) string {
	var text strings.Builder
	for _, c := range []struct {
		n    int64
		name string
	}{{counts.Succeeded, "succeeded"}, {counts.Failed, "failed"}, {counts.Skipped, "skipped"}, {counts.Canceled, "canceled"}} {
		if c.n > 0 {
			text.WriteString(" · " + contract.Grouped(c.n) + " " + c.name)
		}
	}
	return text.String()
}

// failures are the most frequent codes, the most frequent first.
func failures(tally contract.Tally) string {
	codes := tally.CodesByCount()
	var parts []string
	for _, code := range codes[:min(len(codes), topCodes)] {
		parts = append(parts, fmt.Sprintf("%s %s", escaped(string(code)), contract.Grouped(tally.Codes[code])))
	}
	if more := len(codes) - topCodes; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more codes", more))
	}
	return strings.Join(parts, " · ")
}

// escaped keeps a stranger's text from being read as Markdown.
func escaped(text string) string {
	var out strings.Builder
	for _, r := range text {
		if strings.ContainsRune("\\`*_{}[]()<>#|!~", r) {
			out.WriteByte('\\')
		}
		if r < ' ' {
			r = ' '
		}
		out.WriteRune(r)
	}
	return out.String()
}
