package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// expectation is what the import must come to.
type expectation struct {
	lines      int64
	failures   map[int64]contract.Code
	pictures   int64 // in the index at the end
	query      string
	best       catalogue.Key
	lookAlikes []catalogue.Key
}

// prepare makes the catalogue.
func (d *demo) prepare(pictures string) (expectation, error) {
	if d.images != "" {
		made, err := catalogue.FromFolder(d.images, pictures)
		if err != nil {
			return expectation{}, err
		}
		fmt.Printf("%d pictures in %s (%d other files left out)\n", made.Lines, d.images, made.Skipped)
		return expectation{lines: made.Lines, pictures: made.Lines, query: made.Query.File, best: made.Query.Picture}, nil
	}
	start := time.Now()
	plan, err := catalogue.Draw(pictures, catalogue.Options{Seed: 1})
	if err != nil {
		return expectation{}, err
	}
	fmt.Printf("drew a catalogue of %d lines, %d of them bad, in %s\n", plan.Lines, len(plan.Failures), time.Since(start).Round(100*time.Millisecond))
	return expectation{
		lines: plan.Lines, failures: plan.Failures, pictures: int64(len(plan.Keys)),
		query: plan.Query.File, best: plan.Query.Picture, lookAlikes: plan.Query.LookAlikes,
	}, nil
}

// show runs the commands that a user would type.
func (d *demo) show(ctx context.Context, want expectation) error {
	if err := d.starter(ctx, "instance", "create", instance, "--region", stack.Region, "--service-type", "product"); err != nil {
		return err
	}
	err := d.starter(ctx, "batch", "start", instance, "--bucket", stack.Bucket, "--path", "/"+folder, "--callback", d.hooks.URL, "--wait")
	if code := exitCode(err); code != 0 && !(code == stack.SomeFailed && (len(want.failures) > 0 || d.images != "")) {
		return err
	}
	if err := d.checkTask(ctx, want); err != nil {
		return err
	}
	if want.lines == 0 {
		return errors.New("the folder holds no pictures; name one with PNG, JPG, JPEG, BMP, GIF, WEBP, TIFF or PPM files")
	}
	if err := d.starter(ctx, "image", "search", instance, "--bucket", stack.Bucket, "--key", path.Join(folder, want.query), "--num", "5"); err != nil {
		return err
	}
	return d.checkSearch(ctx, want)
}

// checkTask shows the report and the callback, and holds them against the plan.
func (d *demo) checkTask(ctx context.Context, want expectation) error {
	tasks, err := ask[contract.TaskList](ctx, d, "batch", "list", "--instance", instance, "--output", "json")
	if err != nil {
		return err
	}
	task := tasks.Tasks[0]
	if err := d.starter(ctx, "batch", "report", strconv.FormatInt(task.ID, 10)); err != nil {
		return err
	}
	failures, err := d.failures(ctx, task.ID)
	if err != nil {
		return err
	}
	if d.images == "" && !maps.Equal(failures, want.failures) {
		return fmt.Errorf("the report lists %v, planted were %v", failures, want.failures)
	}
	if task.List.Lines != want.lines || task.Left() != 0 || task.Tally.Failed != int64(len(failures)) {
		return fmt.Errorf("counts do not add up: %+v of %d lines, the report lists %d", task.Tally.Counts, want.lines, len(failures))
	}
	held, err := ask[contract.Instance](ctx, d, "instance", "get", instance, "--output", "json")
	if err != nil {
		return err
	}
	if d.images == "" && held.Pictures != want.pictures {
		return fmt.Errorf("the index holds %d pictures, want %d", held.Pictures, want.pictures)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	came, err := d.hooks.Await(ctx, task.ID)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := json.Indent(&body, came[0].Body, "", "  "); err != nil {
		return fmt.Errorf("read callback: %w", err)
	}
	fmt.Printf("\nthe callback that arrived:\n%s\n", abbreviate(body.String()))
	return nil
}

// failures are the failed lines of a report with their codes.
func (d *demo) failures(ctx context.Context, task int64) (map[int64]contract.Code, error) {
	out, err := d.stack.Starter(ctx, "batch", "report", strconv.FormatInt(task, 10), "--format", "ndjson").Output()
	if err != nil {
		return nil, fmt.Errorf("fetch report: %w", err)
	}
	failures := map[int64]contract.Code{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var record struct {
			Line int64         `json:"line"`
			Code contract.Code `json:"Code"`
		}
		err := decoder.Decode(&record)
		if errors.Is(err, io.EOF) {
			return failures, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read report: %w", err)
		}
		if record.Line > 0 {
			failures[record.Line] = record.Code
		}
	}
}

// checkSearch holds the hits against the plan: the query's own picture first with
// score 1, its look-alikes next.
func (d *demo) checkSearch(ctx context.Context, want expectation) error {
	num := strconv.Itoa(1 + max(len(want.lookAlikes), 1))
	found, err := ask[contract.SearchResult](ctx, d, "image", "search", instance, "--bucket", stack.Bucket,
		"--key", path.Join(folder, want.query), "--num", num, "--output", "json")
	if err != nil {
		return err
	}
	if len(found.Hits) == 0 {
		return errors.New("the search found nothing")
	}
	best := found.Hits[0]
	if (catalogue.Key{ProductID: best.ProductID, PicName: best.PicName}) != want.best || best.Score != 1 {
		return fmt.Errorf("the best hit is %s of %s with score %v, want %v with score 1", best.PicName, best.ProductID, best.Score, want.best)
	}
	for n, hit := range found.Hits[1:] {
		if len(want.lookAlikes) > 0 && !slices.Contains(want.lookAlikes, catalogue.Key{ProductID: hit.ProductID, PicName: hit.PicName}) {
			return fmt.Errorf("hit %d is %s of %s, no look-alike of the query", n+2, hit.PicName, hit.ProductID)
		}
	}
	return nil
}

// starter shows a command and what it prints.
func (d *demo) starter(ctx context.Context, arguments ...string) error {
	fmt.Printf("\n$ starter %s\n", strings.Join(arguments, " "))
	command := d.stack.Starter(ctx, arguments...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("starter %s %s: %w", arguments[0], arguments[1], err)
	}
	return nil
}

// ask runs a command for its JSON.
func ask[V any](ctx context.Context, d *demo, arguments ...string) (value V, err error) {
	out, err := d.stack.Starter(ctx, arguments...).Output()
	if err != nil {
		return value, fmt.Errorf("starter %s %s: %w", arguments[0], arguments[1], err)
	}
	return value, json.Unmarshal(out, &value)
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return 1
}

// abbreviate cuts the query of a signed link, which is long and says nothing.
func abbreviate(text string) string {
	start := strings.Index(text, "?")
	if start < 0 {
		return text
	}
	end := strings.Index(text[start:], `"`)
	return text[:start+1] + "…" + text[start+end:]
}
