package activities

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Dump writes all that is stored beside the vectors as a manifest of ADD lines,
// each with where its picture is, to a folder of the results bucket, from which a
// task can be started. Safe to repeat: the object is written whole.
func (i *Images) Dump(ctx context.Context, in contract.DumpMetaInput) (_ contract.DumpMetaResult, err error) {
	if err := in.Validate(); err != nil {
		return contract.DumpMetaResult{}, err
	}
	if err := admit(ctx, i.Rates, in.Instance, contract.RateDump); err != nil {
		return contract.DumpMetaResult{}, err
	}
	defer beat(ctx, contract.RateDump)()
	ctx, end := yielding(ctx)
	defer end(&err)
	result := contract.DumpMetaResult{Bucket: i.Results.Bucket, Path: "/dumps/" + runOf(ctx)}
	key := contract.ManifestKey(result.Path)
	err = i.Results.stream(ctx, key, "application/x-ndjson", func(out io.Writer) error {
		lines := bufio.NewWriterSize(out, 64<<10)
		var line []byte
		if err := i.Pictures.Dump(ctx, in.Instance, func(entry manifest.Entry) error {
			result.Pictures++
			line = append(manifest.Append(line[:0], entry), '\n')
			_, err := lines.Write(line)
			return err
		}); err != nil {
			return err
		}
		return lines.Flush()
	})
	if err != nil {
		return contract.DumpMetaResult{}, fmt.Errorf("dump instance %q: %w", in.Instance, err)
	}
	if result.URL, result.Expires, err = i.Results.sign(ctx, key); err != nil {
		return contract.DumpMetaResult{}, fmt.Errorf("sign dump: %w", err)
	}
	result.NoLink, err = conceal(&result, in.LinksFor)
	return result, err
}
