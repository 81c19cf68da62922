package activities

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"imagebatch/workflows/contract"
)

// Results is the bucket that everything we write goes to. The user's bucket is
// only read.
type Results struct {
	Objects Objects
	Bucket  string
	// Installation is the id of the ledger: other installations may write to the
	// same bucket, and number their tasks alike.
	Installation string
}

// linkValid is how long a link that we hand out can be used.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-increaselist
const linkValid = 2 * time.Hour

// sign makes a link to one of our own objects.
func (r Results) sign(ctx context.Context, key string) (string, time.Time, error) {
	return r.Objects.SignGet(ctx, r.Bucket, key, linkValid)
}

// put writes one of our own objects. A worker that is turned away gives up: what
// it would write is not waited for.
func (r Results) put(ctx context.Context, key, contentType string, body io.Reader) error {
	err := r.Objects.Put(ctx, r.Bucket, key, contentType, body)
	if errors.Is(err, ErrTurnedAway) {
		return contract.Errorf(contract.CodeConsoleNoPermission, "write %s/%s: the object store turned the worker away: %s", r.Bucket, key,
			told(err, "check the worker's access key and endpoint"))
	}
	return r.explain("write", key, err)
}

// explain makes a contract.Error of what only a change of settings can mend: a
// task does not wait for it. Being turned away is none of it when reading, see
// manifestError.
func (r Results) explain(doing, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrDenied):
		return contract.Errorf(contract.CodeConsoleNoPermission, "%s %s/%s: denied: %s", doing, r.Bucket, key,
			told(err, fmt.Sprintf("grant oss:PutObject and oss:GetObject on %s/* to the worker", r.Bucket)))
	case errors.Is(err, ErrNoSuchBucket):
		return contract.Errorf(contract.CodeNoSuchBucket, "there is no results bucket %q; make it, or name another in IMAGEBATCH_RESULTS_BUCKET", r.Bucket)
	case errors.Is(err, ErrTooLarge):
		return contract.Errorf(contract.CodeBadRequest, "%s/%s is too large for the object store: %s", r.Bucket, key,
			told(err, "raise the limit of the object store, or of what stands in front of it"))
	case errors.Is(err, ErrRefused):
		return contract.Errorf(contract.CodeBadRequest, "the object store does not take %s/%s: %s", r.Bucket, key,
			told(err, "check the worker's endpoint, region and results bucket"))
	}
	return fmt.Errorf("%s %s/%s: %w", doing, r.Bucket, key, err)
}

// taskKey is where the objects of a task lie. Its run is in the key, because
// copies of a ledger have the same id and go on with the same numbers.
func (r Results) taskKey(task contract.Task, name string) string {
	run := sha256.Sum256([]byte(task.RunID))
	return path.Join("tasks", r.Installation, fmt.Sprintf("%d-%x", task.ID, run[:4]), name)
}

// reportOf is where the report of a task is, or will be.
func (r Results) reportOf(task contract.Task) contract.ReportResult {
	if task.ReportKey != "" {
		return contract.ReportResult{Key: task.ReportKey, CSVKey: task.CSVKey}
	}
	return contract.ReportResult{Key: r.taskKey(task, "report.ndjson"), CSVKey: r.taskKey(task, "report.csv")}
}

// offsetSize is the size of one entry of an offset table, in bytes.
const offsetSize = 8

// encodeOffsets writes an offset table: the position of the first byte of each
// slice, 8 bytes each, big endian.
func encodeOffsets(offsets []int64) []byte {
	table := make([]byte, 0, len(offsets)*offsetSize)
	for _, offset := range offsets {
		table = binary.BigEndian.AppendUint64(table, uint64(offset))
	}
	return table
}

// offsets reads some entries of an offset table. CodePlanLost where it is gone.
func (r Results) offsets(ctx context.Context, key string, from, to int) ([]int64, error) {
	body, _, err := r.Objects.Open(ctx, r.Bucket, key, Want{From: int64(from) * offsetSize, To: int64(to) * offsetSize})
	if errors.Is(err, ErrNoSuchObject) {
		return nil, contract.Errorf(contract.CodePlanLost,
			"there is no %s/%s any more, by which the task finds its lines; start the batch again, and let the lifecycle rule for tasks/ keep objects longer than a task may run", r.Bucket, key)
	}
	if err != nil {
		return nil, r.explain("read offset table", key, err)
	}
	defer body.Close()
	table := make([]byte, (to-from)*offsetSize)
	if _, err := io.ReadFull(body, table); err != nil {
		return nil, fmt.Errorf("read offset table %s/%s: %w", r.Bucket, key, err)
	}
	offsets := make([]int64, to-from)
	for n := range offsets {
		offsets[n] = int64(binary.BigEndian.Uint64(table[n*offsetSize:]))
	}
	return offsets, nil
}

// sliceRange reads from the offset table which bytes of the work list a slice is.
func (r Results) sliceRange(ctx context.Context, list contract.WorkList, slice int) (from, to int64, err error) {
	last := min(slice+2, list.Slices)
	offsets, err := r.offsets(ctx, list.OffsetsKey, slice, last)
	if err != nil {
		return 0, 0, err
	}
	if len(offsets) == 1 {
		return offsets[0], list.Size, nil
	}
	return offsets[0], offsets[1], nil
}
