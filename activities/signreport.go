package activities

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"imagebatch/workflows/contract"
)

// Sign makes links to the report of a closed task, and on request writes the
// rest: a manifest of the lines that failed or were not run. Where there are none
// there is no link to them. A task that had to be closed without its report, or
// whose report is gone or another's, gets it now.
func (r *Reports) Sign(ctx context.Context, in contract.ReportInput) (_ contract.SignedReport, err error) {
	defer beat(ctx)()
	ctx, end := yielding(ctx)
	defer end(&err)
	task, err := r.Ledger.Task(ctx, in.Task)
	if err != nil {
		return contract.SignedReport{}, err
	}
	if !task.State.Final() {
		return contract.SignedReport{}, notEnded(task, "report")
	}
	if task, err = r.reported(ctx, task); err != nil {
		return contract.SignedReport{}, err
	}
	signed := contract.SignedReport{Task: task}
	signed.Task.Callback = contract.ShownURL(task.Callback)
	if signed.URL, signed.Expires, err = r.Results.sign(ctx, task.ReportKey); err != nil {
		return contract.SignedReport{}, fmt.Errorf("sign report: %w", err)
	}
	if signed.CSVURL, _, err = r.Results.sign(ctx, task.CSVKey); err != nil {
		return contract.SignedReport{}, fmt.Errorf("sign report: %w", err)
	}
	if in.Rest && (!task.Planned || task.Tally.Failed+task.Tally.Canceled > 0) {
		key := r.Results.taskKey(task, "rest-"+contract.ManifestName)
		if err := r.writeRest(ctx, task, key); err != nil {
			return contract.SignedReport{}, err
		}
		if signed.RestURL, _, err = r.Results.sign(ctx, key); err != nil {
			return contract.SignedReport{}, fmt.Errorf("sign rest: %w", err)
		}
	}
	signed.NoLink, err = conceal(&signed, in.LinksFor)
	return signed, err
}

// writeRest copies the lines of the manifest that failed or were not run, byte
// for byte.
func (r *Reports) writeRest(ctx context.Context, task contract.Task, key string) error {
	if !task.Planned {
		return contract.Errorf(contract.CodeIncrementStatusError, "task %d never read its manifest: all of it is left; start it again as it is", task.ID)
	}
	if !task.ForgottenAt.IsZero() {
		return forgotten(task, "take the lines that are left from your own copy of the manifest, by the numbers in the report")
	}
	lines, err := r.lines(ctx, task)
	if err != nil {
		return err
	}
	if lines == nil {
		return contract.Errorf(contract.CodeManifestChanged,
			"oss://%s/%s is no longer there as task %d read it, or may not be read; take the lines that are left from your own copy of it, by the numbers in the report",
			task.List.Bucket, task.List.Key, task.ID)
	}
	defer lines.close()
	return r.Results.stream(ctx, key, "application/x-ndjson", func(out io.Writer) error {
		rest := bufio.NewWriter(out)
		err := r.unfinished(ctx, task, func(failure *Failure, run LineRange) error {
			if failure != nil {
				run = LineRange{First: failure.Line, Last: failure.Line}
			}
			for number := run.First; number <= run.Last; number++ {
				line, err := lines.line(ctx, number)
				if err != nil {
					return err
				}
				if line.Blank {
					continue
				}
				if err := lines.copyLine(ctx, line, rest); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := r.remembered(ctx, task.ID); err != nil {
			return err
		}
		return rest.Flush()
	})
}
