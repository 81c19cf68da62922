package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// planned is how far a plan has come. The largest manifest takes more than an
// hour to read, longer than workers stay between two rollouts: an attempt that
// is given up because its worker stops keeps it in the results bucket, and marks
// in its heartbeat that it did. One that is killed keeps nothing.
type planned struct {
	etag   string // version of the manifest, the only one that may be gone on with
	size   int64  // of the manifest; -1 where the store does not tell
	at     manifest.Position
	digest hash.Hash // of the bytes before hashed, which the scanner is ahead of
	hashed int64
	lines  int64 // that are not blank
	cuts   cutter
	guard  *deleteGuard
}

// planMark is what a heartbeat says of a plan that was kept.
type planMark struct {
	Line int64  `json:"line"` // that comes next
	Sum  string `json:"sum"`  // SHA-256 of the object, so that none but the last counts
}

// keptPlan is planned as it is kept.
type keptPlan struct {
	ETag         string
	Size         int64
	At           manifest.Position
	Digest       []byte
	Hashed       int64
	Lines        int64
	RawLines     int64
	Every        []int64
	Coarse       []int64
	Deleted      map[int64]*[guardPage / 64]uint64
	DeletedCount int64
	Pending      []DeletePicture
}

func (p *Plans) begin(task contract.Task, in contract.PlanInput) *planned {
	return &planned{size: -1, digest: sha256.New(), cuts: cutter{sizes: in.Sizes}, guard: p.guard(task, in.MaxDeletes)}
}

// hashing is content, which begins at the plan's position, with its bytes counted
// in the digest. Those that the scanner had read ahead are counted already.
func (s *planned) hashing(content io.Reader) io.Reader {
	ahead := s.hashed - s.at.Offset
	return io.TeeReader(content, writerFunc(func(read []byte) (int, error) {
		known := min(ahead, int64(len(read)))
		ahead -= known
		s.digest.Write(read[known:]) // never fails
		s.hashed += int64(len(read)) - known
		return len(read), nil
	}))
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// see takes the scanner's line into the plan. After an error the plan stands
// before the line.
func (s *planned) see(ctx context.Context, scanner *manifest.Scanner) error {
	line := scanner.Line()
	if err := s.guard.see(ctx, line); err != nil {
		return err
	}
	s.cuts.add(line.Offset)
	if !line.Blank {
		s.lines++
	}
	s.at = scanner.Position()
	return nil
}

// lastMark is what an attempt before this one kept, and the details with which to
// beat until there is more to say.
func lastMark(ctx context.Context) (mark planMark, details []any) {
	if !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &mark) != nil || mark.Sum == "" {
		return planMark{}, nil
	}
	return mark, []any{mark}
}

// planKey is where a plan that has not ended is kept.
func (r Results) planKey(task contract.Task) string { return r.taskKey(task, "plan-so-far") }

// keep puts a plan where the next attempt finds it. Where that fails, the next
// one begins anew.
func (p *Plans) keep(ctx context.Context, task contract.Task, soFar *planned) {
	if soFar.etag == "" || soFar.at.Offset == 0 {
		return
	}
	log := activity.GetLogger(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	content, err := soFar.encode()
	if err == nil {
		err = p.Results.put(ctx, p.Results.planKey(task), "application/octet-stream", bytes.NewReader(content))
	}
	if err != nil {
		log.Warn("plan begins anew on another worker", "taskId", task.ID, "line", soFar.at.Line, "error", err)
		return
	}
	activity.RecordHeartbeat(ctx, planMark{Line: soFar.at.Line, Sum: sumOf(content)})
}

// resume is the plan that was marked or, where there is none, its beginning.
func (p *Plans) resume(ctx context.Context, task contract.Task, in contract.PlanInput, mark planMark) *planned {
	if mark.Sum == "" {
		return p.begin(task, in)
	}
	log := activity.GetLogger(ctx)
	soFar, err := p.kept(ctx, task, in, mark)
	if err != nil {
		log.Warn("plan begins anew", "taskId", task.ID, "line", mark.Line, "error", err)
		return p.begin(task, in)
	}
	log.Info("plan goes on where another worker stopped", "taskId", task.ID, "line", mark.Line)
	return soFar
}

func (p *Plans) kept(ctx context.Context, task contract.Task, in contract.PlanInput, mark planMark) (*planned, error) {
	body, _, err := p.Results.Objects.Open(ctx, p.Results.Bucket, p.Results.planKey(task), Want{})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if sumOf(content) != mark.Sum {
		return nil, fmt.Errorf("it is not the plan that was kept last")
	}
	soFar := p.begin(task, in)
	return soFar, soFar.decode(content)
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func (s *planned) encode() ([]byte, error) {
	digest, err := s.digest.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("keep plan: %w", err)
	}
	kept := keptPlan{
		ETag: s.etag, Size: s.size, At: s.at, Digest: digest, Hashed: s.hashed, Lines: s.lines,
		RawLines: s.cuts.lines, Every: s.cuts.every, Coarse: s.cuts.coarse,
	}
	if s.guard != nil {
		kept.Deleted, kept.DeletedCount, kept.Pending = s.guard.seen, s.guard.count, s.guard.pending
	}
	var content bytes.Buffer
	if err := gob.NewEncoder(&content).Encode(kept); err != nil {
		return nil, fmt.Errorf("keep plan: %w", err)
	}
	return content.Bytes(), nil
}

func (s *planned) decode(content []byte) error {
	var kept keptPlan
	if err := gob.NewDecoder(bytes.NewReader(content)).Decode(&kept); err != nil {
		return fmt.Errorf("read kept plan: %w", err)
	}
	if err := s.digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(kept.Digest); err != nil {
		return fmt.Errorf("read kept plan: %w", err)
	}
	s.etag, s.size, s.at, s.hashed, s.lines = kept.ETag, kept.Size, kept.At, kept.Hashed, kept.Lines
	s.cuts.lines, s.cuts.every, s.cuts.coarse = kept.RawLines, kept.Every, kept.Coarse
	if s.guard != nil {
		s.guard.count, s.guard.pending = kept.DeletedCount, kept.Pending
		if kept.Deleted != nil {
			s.guard.seen = kept.Deleted
		}
	}
	return nil
}
