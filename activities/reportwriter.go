package activities

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"imagebatch/workflows/contract"
)

// reportWriter writes the records of a report in both forms at once.
type reportWriter struct {
	buffer *bufio.Writer
	ndjson *json.Encoder
	csv    *csv.Writer
	note   string
}

// failureRecord is a failed line in a report.
type failureRecord struct {
	Line      int64         `json:"line"`
	Operation string        `json:"OperationType"`
	Product   string        `json:"ProductId"`
	Picture   string        `json:"PicName"`
	Code      contract.Code `json:"Code"`
	Message   string        `json:"Message"`
	Attempts  int           `json:"attempts"`
	Raw       string        `json:"raw,omitempty"`
}

// canceledRecord is a run of lines that were not run.
type canceledRecord struct {
	From int64 `json:"canceledFrom"`
	To   int64 `json:"canceledTo"`
}

// summaryRecord is the last record of a report.
type summaryRecord struct {
	Summary reportSummary `json:"summary"`
}

type reportSummary struct {
	Task      int64                   `json:"taskId"`
	Instance  string                  `json:"instance"`
	Source    string                  `json:"source"`
	State     contract.State          `json:"state"`
	Code      contract.Code           `json:"code,omitempty"`
	Message   string                  `json:"message"`
	Total     int64                   `json:"total"`
	Succeeded int64                   `json:"succeeded"`
	Failed    int64                   `json:"failed"`
	Skipped   int64                   `json:"skipped"`
	Canceled  int64                   `json:"canceled"`
	Codes     map[contract.Code]int64 `json:"codes,omitempty"`
	StartedAt time.Time               `json:"startedAt"`
	EndedAt   time.Time               `json:"endedAt"`
	Note      string                  `json:"note,omitempty"`
}

func newReportWriter(ndjson, table io.Writer) *reportWriter {
	buffer := bufio.NewWriter(ndjson)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	w := &reportWriter{buffer: buffer, ndjson: encoder, csv: csv.NewWriter(table)}
	w.csv.Write([]string{"line", "OperationType", "ProductId", "PicName", "Code", "Message", "attempts", "raw"}) // its errors show in finish
	return w
}

func (w *reportWriter) failure(f Failure, raw []byte) error {
	record := failureRecord{
		Line: f.Line, Operation: f.Operation, Product: f.Product, Picture: f.Picture,
		Code: f.Code, Message: f.Message, Attempts: f.Attempts, Raw: strings.ToValidUTF8(string(raw), "\uFFFD"),
	}
	return w.both(record, strconv.FormatInt(f.Line, 10), f.Operation, f.Product, f.Picture,
		string(f.Code), f.Message, strconv.Itoa(f.Attempts), record.Raw)
}

// canceled writes a run of lines that were not run, cut where blank lines lie in
// it, so that the lengths of all ranges add up to the number of canceled lines.
func (w *reportWriter) canceled(ctx context.Context, lines *lineReader, run LineRange) error {
	if list := lines.task.List; list.Lines == list.RawLines {
		return w.canceledRange(run)
	}
	from := run.First
	for number := run.First; number <= run.Last; number++ {
		line, err := lines.line(ctx, number)
		if err != nil {
			return err
		}
		if !line.Blank {
			continue
		}
		if from < number {
			if err := w.canceledRange(LineRange{First: from, Last: number - 1}); err != nil {
				return err
			}
		}
		from = number + 1
	}
	if from > run.Last {
		return nil
	}
	return w.canceledRange(LineRange{First: from, Last: run.Last})
}

func (w *reportWriter) canceledRange(run LineRange) error {
	return w.both(canceledRecord{From: run.First, To: run.Last},
		fmt.Sprintf("%d-%d", run.First, run.Last), "", "", "", "Canceled", "not run: the task ended before", "", "")
}

// finish writes the totals and everything that is still buffered.
func (w *reportWriter) finish(task contract.Task) error {
	summary := reportSummary{
		Task: task.ID, Instance: task.Instance, Source: "oss://" + task.Bucket + "/" + contract.ManifestKey(task.Path),
		State: task.State, Code: task.Code, Message: task.Message, Total: task.List.Lines,
		Succeeded: task.Tally.Succeeded, Failed: task.Tally.Failed, Skipped: task.Tally.Skipped, Canceled: task.Tally.Canceled,
		Codes: task.Tally.Codes, StartedAt: task.StartedAt, EndedAt: task.EndedAt, Note: w.note,
	}
	totals := fmt.Sprintf("%d lines: %d succeeded, %d failed, %d skipped, %d canceled",
		summary.Total, summary.Succeeded, summary.Failed, summary.Skipped, summary.Canceled)
	if err := w.both(summaryRecord{summary}, "summary", "", "", "", string(task.State), totals, "", ""); err != nil {
		return err
	}
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return err
	}
	return w.buffer.Flush()
}

func (w *reportWriter) both(record any, fields ...string) error {
	for n, field := range fields {
		fields[n] = inert(field)
	}
	if err := w.ndjson.Encode(record); err != nil {
		return err
	}
	return w.csv.Write(fields)
}

// inert keeps a spreadsheet from taking a stranger's text for a formula.
func inert(field string) string {
	if field != "" && strings.ContainsRune("=+-@\t\r", rune(field[0])) {
		return "'" + field
	}
	return field
}

// pull turns a sequence that may fail into a function that gives the next value.
func pull[V any](seq iter.Seq2[V, error]) (next func() (V, bool, error), stop func()) {
	pulled, stop := iter.Pull2(seq)
	return func() (V, bool, error) {
		value, err, more := pulled()
		return value, more && err == nil, err
	}, stop
}
