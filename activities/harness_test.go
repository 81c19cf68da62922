package activities_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	sdktest "go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/semaphore"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// Where the tests' work lies.
const (
	bucket   = "photos"
	folder   = "catalogue"
	results  = "results"
	meta     = folder + "/" + contract.ManifestName
	memory   = 16 << 20 // bytes of undecoded pictures
	fetchers = 4
)

// world is everything that activities stand on: the real ledger and index on a
// temporary file, the rest fake. It lives in a synctest bubble: time passes when
// everybody waits, and a goroutine that is left behind fails the test.
type world struct {
	*testing.T
	objects    *fakes.Objects
	imager     *fakes.Imager
	meter      *fakes.Meter
	identities *fakes.Identities
	ledger     *store.Store
	index      activities.Index
	single     activities.Pictures // the same index
	limits     activities.Limits
	log        *strings.Builder
	stop       chan struct{} // closed when the worker stops
	beats      chan struct{} // if set, gets a value for each heartbeat that is sent
	hang       bool          // deletions take until they are told to stop
	mark       any           // what the heartbeats of the attempt before said last; kept up to date where it is set
	spec       contract.BeginInput
}

// inWorld runs a test in a world with the instance "shop" of that service type.
func inWorld(t *testing.T, service contract.ServiceType, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, service, filepath.Join(t.TempDir(), "index.db"))
		defer w.ledger.Close()
		test(t, w)
		w.checkReturned()
	})
}

// newWorld is a world on that database file. The test closes the ledger.
func newWorld(t *testing.T, service contract.ServiceType, file string) *world {
	t.Helper()
	ledger, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	pictures := index.New(ledger)
	w := &world{
		T: t, objects: &fakes.Objects{}, imager: &fakes.Imager{}, meter: &fakes.Meter{},
		ledger: ledger, index: pictures, single: pictures, limits: activities.NewLimits(2), log: &strings.Builder{}, stop: make(chan struct{}),
		spec: contract.BeginInput{Kind: contract.KindBatchTask, Instance: "shop", Bucket: bucket, Path: "/" + folder},
	}
	w.identities = &fakes.Identities{Own: w.objects}
	w.limits.Fetchers = fetchers
	w.limits.Bytes = semaphore.NewWeighted(memory)
	w.objects.Store(bucket, "", "")
	w.objects.Store(results, "", "")
	in := contract.CreateInstanceInput{Name: "shop", Region: "cn-shanghai", ServiceType: service, Capacity: 100_000}
	if _, err := w.index.CreateInstance(t.Context(), in, "create"); err != nil {
		t.Fatal(err)
	}
	return w
}

// checkReturned checks that everything that was borrowed has been given back.
func (w *world) checkReturned() {
	w.Helper()
	if n := w.objects.Unclosed(); n != 0 {
		w.Errorf("%d bodies are not closed", n)
	}
	if n := w.imager.Unclosed(); n != 0 {
		w.Errorf("%d pictures are not closed", n)
	}
	if !w.limits.Bytes.TryAcquire(memory) {
		w.Error("memory for pictures is still taken")
	}
	if !w.limits.Cores.TryAcquire(2) {
		w.Error("a core is still taken")
	}
}

// execute runs an activity the way a worker does.
func execute[In, Out any](ctx context.Context, w *world, step activities.Step[In, Out], in In) (out Out, err error) {
	w.Helper()
	suite := &sdktest.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(w.log, nil))))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	env.SetWorkerStopChannel(w.stop)
	if w.mark != nil {
		env.SetHeartbeatDetails(w.mark)
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			if details.HasValues() {
				if err := details.Get(&w.mark); err != nil {
					w.Error(err)
				}
			}
		})
	}
	if w.beats != nil {
		env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { w.beats <- struct{}{} })
	}
	env.RegisterActivityWithOptions(activities.Final(step), activity.RegisterOptions{Name: "Step"})
	value, err := env.ExecuteActivity("Step", in)
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

// must is the result of a step that has to succeed.
func must[In, Out any](w *world, step activities.Step[In, Out], in In) Out {
	w.Helper()
	out, err := execute(w.Context(), w, step, in)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// wantRefusal checks that an error is final and has this code, and returns its
// message.
func wantRefusal(t testing.TB, err error, code contract.Code) string {
	t.Helper()
	var refusal *temporal.ApplicationError
	if !errors.As(err, &refusal) || refusal.Type() != string(code) || !refusal.NonRetryable() {
		t.Fatalf("error = %v; want a final %s", err, code)
	}
	return refusal.Message()
}

// wantTransient checks that an error is worth another attempt.
func wantTransient(t testing.TB, err error) string {
	t.Helper()
	var failure *temporal.ApplicationError
	if !errors.As(err, &failure) || failure.NonRetryable() {
		t.Fatalf("error = %v; want one that is tried again", err)
	}
	return failure.Message()
}

// begin opens a task over these lines.
func (w *world) begin(lines ...string) int64 {
	w.Helper()
	w.objects.Store(bucket, meta, strings.Join(lines, "\n")+"\n")
	return w.open()
}

// open opens a task over the manifest that is there.
func (w *world) open() int64 {
	w.Helper()
	spec := w.spec
	spec.RunStarted = time.Now()
	spec.RunID = fmt.Sprint("run-", spec.RunStarted.UnixNano())
	spec.WorkflowID = contract.BatchTaskWorkflowID(spec.Instance)
	time.Sleep(time.Second) // virtual: every run starts at a time of its own
	tasks := &activities.Tasks{Ledger: w.ledger, Runs: onlyRun(spec.RunID)}
	return must(w, tasks.Begin, spec).Task
}

// onlyRun says that this first run is open and every other is over.
func onlyRun(runID string) fakes.Runs {
	return fakes.Runs{OpenFunc: func(_ context.Context, _, first string) (bool, error) { return first == runID, nil }}
}

func (w *world) plans() *activities.Plans {
	return &activities.Plans{Ledger: w.ledger, Index: w.index, Identities: w.identities, Results: w.results()}
}

func (w *world) results() activities.Results {
	return activities.Results{Objects: w.objects, Bucket: results, Installation: w.ledger.Installation()}
}

func (w *world) slices() *activities.Slices {
	return &activities.Slices{
		Ledger: w.ledger, Index: w.index, Identities: w.identities, Results: w.results(),
		Imager: w.imager, Meter: w.meter, Limits: w.limits,
	}
}

func (w *world) reports() *activities.Reports {
	return &activities.Reports{Ledger: w.ledger, Identities: w.identities, Results: w.results()}
}

// plan plans a task in slices of so many lines.
func (w *world) plan(task int64, sliceLines int) contract.WorkList {
	w.Helper()
	return must(w, w.plans().Plan, contract.PlanInput{Task: task, Sizes: contract.Sizes{SliceLines: sliceLines}})
}

// runAll plans a task and runs every slice of it.
func (w *world) runAll(task int64, sliceLines int) (tally contract.Tally) {
	w.Helper()
	list := w.plan(task, sliceLines)
	for slice := range list.Slices {
		result := must(w, w.slices().Slice, contract.SliceInput{Task: task, Slice: slice, List: list})
		if !result.Whole || result.Slice != slice {
			w.Fatalf("slice %d = %+v; want it whole", slice, result)
		}
		tally.Add(result.Tally)
	}
	return tally
}

// failures are the failed lines of a task, by line.
func (w *world) failures(task int64) map[int64]activities.Failure {
	w.Helper()
	failures := map[int64]activities.Failure{}
	for failure, err := range w.ledger.Failures(w.Context(), task) {
		if err != nil {
			w.Fatal(err)
		}
		failures[failure.Line] = failure
	}
	return failures
}

// picture is a stored picture of the instance, and whether there is one.
func (w *world) picture(product, name string) (contract.Picture, bool) {
	w.Helper()
	picture, err := w.index.Picture(w.Context(), contract.PictureRef{Instance: "shop", ProductID: product, PicName: name})
	if errors.Is(err, &contract.Error{Code: contract.CodePicNotExist}) {
		return contract.Picture{}, false
	}
	if err != nil {
		w.Fatal(err)
	}
	return picture, true
}

// add is an ADD line; more is further JSON fields, if any.
func add(product, picture string, more ...string) string {
	fields := append([]string{fmt.Sprintf(`"OperationType":"ADD","ProductId":%q,"PicName":%q`, product, picture)}, more...)
	return "{" + strings.Join(fields, ",") + "}"
}

// remove is a DELETE line, of a product where no picture is named.
func remove(product, picture string) string {
	if picture == "" {
		return fmt.Sprintf(`{"OperationType":"DELETE","ProductId":%q}`, product)
	}
	return fmt.Sprintf(`{"OperationType":"DELETE","ProductId":%q,"PicName":%q}`, product, picture)
}

// pictures stores n good pictures, 0.jpg and so on, and returns their ADD lines.
func (w *world) pictures(n int) (lines []string) {
	for i := range n {
		name := fmt.Sprintf("%d.jpg", i)
		w.objects.Store(bucket, folder+"/"+name, fakes.Picture(400, 300, fmt.Sprint("seed", i)))
		lines = append(lines, add(fmt.Sprint("p", i), name))
	}
	return lines
}
