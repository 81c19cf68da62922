package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

type batchCheck struct {
	File        string  `placeholder:"FILE" help:"A manifest on this machine; - is standard input."`
	Bucket      string  `placeholder:"NAME" help:"Bucket that holds the folder."`
	Path        string  `placeholder:"FOLDER" help:"Folder with increment.meta in the bucket."`
	RoleARN     string  `name:"role-arn" placeholder:"ARN" help:"RAM role to read the bucket with."`
	ServiceType service `default:"product" placeholder:"TYPE" help:"Service type of the instance it is for. Default: ${default}."`
	Dump        bool    `help:"The manifest is one that instance dump wrote, for a task that is started with --dump."`
	Strict      bool    `help:"Also refuse what only some of the vendor's pages refuse."`
}

// Validate refuses flags that do not go together.
func (c *batchCheck) Validate() error {
	switch {
	case c.File == "" && c.Bucket == "":
		return errors.New("nothing to check; give --file, or --bucket and --path")
	case c.File != "" && (c.Bucket != "" || c.Path != "" || c.RoleARN != ""):
		return errors.New("--file does not go with --bucket, --path and --role-arn")
	case c.File == "" && c.Path == "":
		return errors.New("--path is missing; give the folder of increment.meta, / for the bucket's root")
	}
	return nil
}

// checked is what a check answers.
type checked struct {
	manifest.Summary
	Findings []manifest.Finding `json:"findings"`
}

// maxFindings is how many findings JSON output holds: it is one object, and so
// is held whole.
const maxFindings = 10_000

// Run checks the manifest: every finding is printed, the exit status says
// whether a line is bad.
func (c *batchCheck) Run(a *app) error {
	result := checked{Findings: []manifest.Finding{}}
	report := func(f manifest.Finding) error {
		if !a.json {
			return a.printFinding(f)
		}
		if len(result.Findings) < maxFindings {
			result.Findings = append(result.Findings, f)
		}
		return nil
	}
	var err error
	if c.File != "" {
		result.Summary, err = c.local(a, report)
	} else {
		result.Summary, err = c.inBucket(a, report)
	}
	if err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(result)
	} else {
		s := result.Summary
		err = a.printf("%s: %s to add, %s to delete, %s bad, %s\n", plural(s.Lines, "line"),
			contract.Grouped(s.Adds), contract.Grouped(s.Deletes), contract.Grouped(s.Bad), plural(s.Warnings, "warning"))
	}
	if err == nil && result.Bad > 0 {
		return exitStatus(exitPartial)
	}
	return err
}

// local checks a file of this machine, without Temporal.
func (c *batchCheck) local(a *app, report func(manifest.Finding) error) (manifest.Summary, error) {
	from := interruptible(a.ctx, a.stdin)
	if c.File != "-" {
		f, err := openLocal(a.ctx, c.File)
		if err != nil {
			return manifest.Summary{}, fmt.Errorf("check manifest: %w", err)
		}
		defer f.Close()
		from = f
	}
	return manifest.Check(from, manifest.Rules{ServiceType: contract.ServiceType(c.ServiceType), Strict: c.Strict, Sources: c.Dump}, report)
}

// inBucket has a worker check a manifest and prints what it found.
func (c *batchCheck) inBucket(a *app, report func(manifest.Finding) error) (manifest.Summary, error) {
	in := contract.CheckInput{Bucket: c.Bucket, Path: c.Path, RoleARN: c.RoleARN, ServiceType: contract.ServiceType(c.ServiceType), Strict: c.Strict, Dump: c.Dump}
	if err := in.Validate(); err != nil {
		return manifest.Summary{}, invalid(err)
	}
	r, err := operate(a.ctx, a, contract.CheckManifest, longLimit, in)
	if err != nil {
		return manifest.Summary{}, err
	}
	summary := manifest.Summary{Lines: r.Lines, Adds: r.Adds, Deletes: r.Deletes, Bad: r.Bad, Warnings: r.Warnings}
	body, err := fetch(a.ctx, "findings", r.URL)
	if err != nil {
		return summary, err
	}
	defer body.Close()
	findings := json.NewDecoder(body)
	for {
		var f manifest.Finding
		switch err := findings.Decode(&f); {
		case errors.Is(err, io.EOF):
			return summary, nil
		case err != nil:
			return summary, fmt.Errorf("download findings: %w", err)
		}
		if err := report(f); err != nil {
			return summary, err
		}
	}
}

// printFinding shows what is wrong with a line and what to do about it.
func (a *app) printFinding(f manifest.Finding) error {
	which := ""
	if f.ProductID != "" {
		which = " (" + f.ProductID
		if f.PicName != "" {
			which += " " + f.PicName
		}
		which += ")"
	}
	return a.printf("line %d: %s %s%s: %s\n", f.Line, f.Level, printable(string(f.Code)), printable(which), printable(f.Message))
}
