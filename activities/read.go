package activities

import (
	"context"
	"errors"
	"fmt"
	"io"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// readLines reads the slice's part of the work list and sends each line that is
// not done where it belongs.
func (p *pipeline) readLines(done Bitmap, adds chan<- addition) error {
	err := p.readSlice(p.more, done, adds)
	if p.more.Err() != nil {
		return nil // what was not read stays undone
	}
	return err
}

func (p *pipeline) readSlice(ctx context.Context, done Bitmap, adds chan<- addition) error {
	list := p.in.List
	var from, to int64
	err := p.pastStrangers(func() (err error) {
		from, to, err = p.Results.sliceRange(ctx, list, p.in.Slice)
		return err
	})
	if err != nil {
		return err
	}
	var body io.ReadCloser
	err = p.pastStrangers(func() (err error) {
		body, _, err = p.objects.Open(ctx, list.Bucket, list.Key, Want{From: from, To: to, IfMatch: list.ETag})
		return err
	})
	if err != nil {
		return manifestError(p.task, err)
	}
	defer body.Close()
	rules := rulesOf(p.task)
	scanner := manifest.NewScanner(exactly(body, to-from), manifest.Position{Line: p.first, Offset: from})
	for n := range list.LinesOf(p.in.Slice) {
		if ctx.Err() != nil {
			return nil
		}
		if !scanner.Next() {
			if err := scanner.Err(); err != nil {
				return fmt.Errorf("read manifest oss://%s/%s: %w", list.Bucket, list.Key, err)
			}
			return fmt.Errorf("read manifest oss://%s/%s: bytes %d to %d end before line %d", list.Bucket, list.Key, from, to, p.first+int64(n))
		}
		if done.Has(n) {
			continue
		}
		if !p.failing.mayGoOn(ctx) {
			return nil
		}
		line := scanner.Line()
		text := line.Text // the scanner's own, valid until its next line
		line.Text = nil
		p.isolating(addition{line: line}, NoStage, contract.CodeInvalidMetaItem, func() {
			p.dispatch(ctx, line, text, rules, adds)
		})
		p.caution.await(ctx)
	}
	return nil
}

// rulesOf is how the lines of a task are read.
func rulesOf(task contract.Task) manifest.Rules {
	return manifest.Rules{ServiceType: task.ServiceType, Sources: task.Dump}
}

// pastStrangers asks the store again while something in front of it answers. Where
// that is so for a share of all requests, an attempt would hardly ever begin.
func (p *pipeline) pastStrangers(ask func() error) error {
	for tries := (patience{}); ; {
		err := ask()
		if !errors.Is(err, ErrStranger) {
			return err
		}
		if pause, _, last := tries.spend(err); last || !p.wait(pause) {
			return err
		}
	}
}

// dispatch decides what a line asks for.
func (p *pipeline) dispatch(ctx context.Context, line manifest.Line, text []byte, rules manifest.Rules, adds chan<- addition) {
	if line.Blank {
		blank := outcomeOf(line)
		blank.Ending = Blank
		p.outcomes <- outcome{Outcome: blank}
		return
	}
	var entry manifest.Entry
	var problem *manifest.Problem
	if line.TooLong {
		problem = manifest.TooLongProblem(line.Length)
	} else {
		entry, _, problem = manifest.Parse(text, rules)
	}
	if problem != nil {
		p.refuse(addition{line: line, entry: problem.Entry}, NoStage, problem.Code, problem.Message)
		return
	}
	if p.spared(line, entry) {
		return
	}
	if entry.Operation == manifest.Delete {
		if p.caution != nil {
			free, err := p.borrowCores(line.Number)
			if err != nil {
				return // stopped, or the attempt has failed
			}
			free() // unless it is to be applied alone
		}
		p.outcomes <- deletion(line, entry)
		return
	}
	select {
	case adds <- addition{line: line, entry: entry}:
	case <-ctx.Done():
	}
}

// deletion is the outcome of a DELETE: nothing can go wrong before it is committed.
func deletion(line manifest.Line, entry manifest.Entry) outcome {
	deleted := outcomeOf(line)
	deleted.Stage = Indexed
	if entry.DeletesProduct() {
		return outcome{Outcome: deleted, product: entry.ProductID}
	}
	deleted.Delete = &DeletePicture{Product: entry.ProductID, Picture: entry.PicName}
	return outcome{Outcome: deleted}
}
