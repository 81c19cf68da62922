package activities

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Check reads a manifest and writes every problem and warning of it, one JSON
// object a line, to the results bucket. It touches nothing else. What is no
// manifest at all is refused, CodeInvalidManifest.
func (r *Reports) Check(ctx context.Context, in contract.CheckInput) (_ contract.CheckResult, err error) {
	defer beat(ctx)()
	ctx, end := yielding(ctx)
	defer end(&err)
	if err := in.Validate(); err != nil {
		return contract.CheckResult{}, err
	}
	path, err := contract.NormalizePath(in.Path)
	if err != nil {
		return contract.CheckResult{}, err
	}
	objects, err := r.Identities.As(ctx, in.RoleARN)
	if err != nil {
		return contract.CheckResult{}, err
	}
	body, _, err := objects.Open(ctx, in.Bucket, contract.ManifestKey(path), Want{})
	if err != nil {
		return contract.CheckResult{}, firstReadError(ctx, objects, contract.Task{Bucket: in.Bucket, Path: path}, err)
	}
	defer body.Close()
	content, foreign := manifest.Recognize(body)
	if foreign != "" {
		return contract.CheckResult{}, contract.Errorf(contract.CodeInvalidManifest, "oss://%s/%s %s", in.Bucket, contract.ManifestKey(path), foreign)
	}

	var summary manifest.Summary
	key := "checks/" + activity.GetInfo(ctx).WorkflowExecution.RunID + ".ndjson"
	err = r.Results.stream(ctx, key, "application/x-ndjson", func(out io.Writer) (err error) {
		findings := bufio.NewWriter(out)
		encoder := json.NewEncoder(findings)
		encoder.SetEscapeHTML(false)
		rules := manifest.Rules{ServiceType: in.ServiceType, Strict: in.Strict, Sources: in.Dump}
		if summary, err = manifest.Check(content, rules, func(f manifest.Finding) error { return encoder.Encode(f) }); err != nil {
			return err
		}
		return findings.Flush()
	})
	if err != nil {
		return contract.CheckResult{}, fmt.Errorf("check oss://%s/%s: %w", in.Bucket, contract.ManifestKey(path), err)
	}
	result := contract.CheckResult{
		Lines: summary.Lines, Adds: summary.Adds, Deletes: summary.Deletes, Bad: summary.Bad, Warnings: summary.Warnings,
	}
	if result.URL, result.Expires, err = r.Results.sign(ctx, key); err != nil {
		return contract.CheckResult{}, fmt.Errorf("sign findings: %w", err)
	}
	result.NoLink, err = conceal(&result, in.LinksFor)
	return result, err
}
