package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"imagebatch/workflows/contract"
)

type batchReport struct {
	Task   int64  `arg:"" help:"Number of the task."`
	Format string `enum:"ndjson,csv," default:"" placeholder:"FORMAT" help:"Print the report as ndjson or csv, with control characters escaped; or what to save: ndjson or csv."`
	Out    string `type:"path" placeholder:"FILE" help:"Save the report to this file byte for byte, as ndjson unless --format or the file's name says csv."`
	Rest   string `type:"path" placeholder:"FILE" help:"Also save an increment.meta of the failed and not-run lines, ready to be corrected and started again."`
}

// reportLine is a line of a stored report: a failed line of the manifest, a run
// of lines that were not run, or, at the end, the summary.
type reportLine struct {
	Line      int64          `json:"line"`
	Operation string         `json:"OperationType"`
	ProductID string         `json:"ProductId"`
	PicName   string         `json:"PicName"`
	Code      contract.Code  `json:"Code"`
	Message   string         `json:"Message"`
	From      int64          `json:"canceledFrom"`
	To        int64          `json:"canceledTo"`
	Summary   *reportSummary `json:"summary"`
}

// reportSummary is what the report says of itself; its counts are the task's.
type reportSummary struct {
	Task      int64     `json:"taskId"`
	Instance  string    `json:"instance"`
	StartedAt time.Time `json:"startedAt"`
	Note      string    `json:"note"`
}

// of tells whether a report says that it is this task's, as far as it says.
func (s reportSummary) of(task contract.Task) bool {
	return (s.Task == 0 || s.Task == task.ID) && (s.Instance == "" || s.Instance == task.Instance) &&
		(s.StartedAt.IsZero() || s.StartedAt.Equal(task.StartedAt))
}

// Run fetches the report. With --output json and nothing else it prints the
// links instead, for a program to follow.
func (c *batchReport) Run(a *app) error {
	if c.Task < 1 {
		return usagef("%d is not the number of a task; see: starter batch list", c.Task)
	}
	signed, err := operate(a.ctx, a, contract.SignReport, longLimit, contract.ReportInput{Task: c.Task, Rest: c.Rest != ""})
	if err != nil {
		return err
	}
	signed.Task.Callback = contract.ShownURL(signed.Task.Callback)
	if since := forgotten(a, signed.Task); since != "" {
		a.notef("task %d was forgotten at %s; its report stays", c.Task, since)
	}
	if c.Rest != "" {
		if err := a.saveRest(c.Rest, signed); err != nil {
			return err
		}
	}
	link := signed.URL
	if c.csv() {
		link = signed.CSVURL
	}
	if c.Out == "" && c.Format == "" && a.json {
		return a.printJSON(signed)
	}
	body, err := fetch(a.ctx, "report", link)
	if err != nil {
		return err
	}
	defer body.Close()
	switch {
	case c.Out != "":
		if err := save(a.ctx, c.Out, body); err != nil {
			return err
		}
		a.notef("report of task %d saved to %s", c.Task, c.Out)
		if a.json {
			return a.printJSON(signed)
		}
		return nil
	case c.Format != "":
		how := escape(asJSON)
		if c.csv() {
			how = spelled
		}
		return a.pour("report", body, how)
	}
	return a.printReport(body, signed.Task)
}

func (c *batchReport) csv() bool {
	return c.Format == "csv" || c.Format == "" && strings.HasSuffix(strings.ToLower(c.Out), ".csv")
}

func (a *app) saveRest(name string, signed contract.SignedReport) error {
	if signed.RestURL == "" {
		a.notef("nothing is left of task %d: no line failed, and none was left out; %s is not written", signed.Task.ID, name)
		return nil
	}
	rest, err := fetch(a.ctx, "the rest", signed.RestURL)
	if err != nil {
		return err
	}
	defer rest.Close()
	if err := save(a.ctx, name, rest); err != nil {
		return err
	}
	a.notef("failed and not-run lines of task %d saved to %s", signed.Task.ID, name)
	return nil
}

// printReport shows a report as a table. Columns have fixed widths, so that a
// report of any length passes through without being held.
func (a *app) printReport(body io.Reader, task contract.Task) error {
	row := func(line, code, operation, product, picture, message string) error {
		return a.printf("%s  %s  %s  %s  %s  %s\n", pad(line, 9), pad(printable(code), 23), pad(dash(printable(operation)), 9),
			pad(cut(dash(printable(product)), mostColumns), 20), pad(cut(dash(printable(picture)), mostColumns), 28), printable(message))
	}
	records := bufio.NewReaderSize(body, 1<<20)
	decoder := json.NewDecoder(records)
	heading := false
	for {
		var r reportLine
		err := decoder.Decode(&r)
		if errors.Is(err, io.EOF) {
			return errors.New("download report: it ends without its summary; repeat the command")
		}
		if err != nil {
			return fmt.Errorf("download report: %w", err)
		}
		if r.Summary != nil {
			if !r.Summary.of(task) {
				return fmt.Errorf("download report: what is stored for task %d of instance %q is the report of task %d of instance %q; repeat the command, and it is written anew",
					task.ID, task.Instance, r.Summary.Task, printable(r.Summary.Instance))
			}
			if r.Summary.Note != "" {
				a.notef("note: %s", printable(r.Summary.Note))
			}
			break
		}
		if r.From > 0 {
			if err := a.printf("lines %s to %s were not run\n", contract.Grouped(r.From), contract.Grouped(r.To)); err != nil {
				return err
			}
			continue
		}
		if !heading {
			heading = true
			if err := row("LINE", "CODE", "OPERATION", "PRODUCT", "PICTURE", "MESSAGE"); err != nil {
				return err
			}
		}
		if err := row(contract.Grouped(r.Line), string(r.Code), r.Operation, r.ProductID, r.PicName, r.Message); err != nil {
			return err
		}
	}
	return a.printf("task %d %s, %s: %s\n", task.ID, task.State, plural(task.List.Lines, "line"), outcomes(task.Tally.Counts))
}
