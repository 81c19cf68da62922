package endtoend_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"imagebatch/testsuite/answers"
	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// recordAnswers is the variable that has the book written anew, when workers
// answer differently on purpose.
const recordAnswers = "IMAGEBATCH_RECORD_ANSWERS"

// TestAnswersAreAsRecorded asks a real worker everything that the starter asks,
// in every situation whose answer looks different, and holds the book that the
// starter's fakes are checked against to what comes back. When this fails because
// answers changed on purpose, run it with IMAGEBATCH_RECORD_ANSWERS=1.
func TestAnswersAreAsRecorded(t *testing.T) {
	t.Parallel()
	const file = "../../starter/testdata/answers.json"
	s := ownStack(t, 1, nil)
	p := &questioner{T: t, stack: s, temporal: temporalClient(t, s), book: answers.Book{}}
	p.instances()
	p.pictures()
	p.tasks()
	p.book.Settle()
	got, err := p.book.Text()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv(recordAnswers) != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), string(got)); diff != "" {
		t.Errorf("workers do not answer as %s has it (-kept +answered):\n%s", file, diff)
	}
}

// questioner asks a stack's worker and writes down how it answers.
type questioner struct {
	*testing.T
	stack    *stack.Stack
	temporal client.Client
	book     answers.Book
}

// ask runs an operation as the starter does. It must be refused with that code,
// or answered where there is none.
func ask[In, Out any](p *questioner, operation contract.Operation[In, Out], in In, code contract.Code) (out Out) {
	p.Helper()
	run, err := p.temporal.ExecuteWorkflow(p.Context(), client.StartWorkflowOptions{
		ID: "ask." + uuid.NewString(), TaskQueue: contract.DefaultTaskQueue,
	}, operation.Name, in)
	if err == nil {
		err = run.Get(p.Context(), &out)
	}
	var refused *temporal.ApplicationError
	got := contract.Code("")
	if errors.As(err, &refused) {
		got = contract.Code(refused.Type())
	}
	if got != code || err != nil && got == "" {
		p.Fatalf("%s of %+v: %v; want the code %q", operation.Name, in, err, code)
	}
	if err := p.book.Enter(operation.Name, in, out, got); err != nil {
		p.Fatal(err)
	}
	return out
}

// instances asks about instances: "shop" is left behind for the others, "bare"
// without pictures.
func (p *questioner) instances() {
	ask(p, contract.ListInstances, contract.Nothing{}, "")
	in := contract.CreateInstanceInput{Name: "bare", Region: stack.Region, Capacity: 100}
	ask(p, contract.CreateInstance, in, "")
	ask(p, contract.CreateInstance, in, contract.CodeInstanceAlreadyExists)
	in.Name = "shop"
	ask(p, contract.CreateInstance, in, "")
	ask(p, contract.CreateInstance, contract.CreateInstanceInput{Name: "-", Region: stack.Region, Capacity: 100}, contract.CodeBadRequest)
	ask(p, contract.GetInstance, contract.InstanceRef{Name: "bare"}, "")
	ask(p, contract.GetInstance, contract.InstanceRef{Name: "nobody"}, contract.CodeInstanceNotFound)
	ask(p, contract.DescribeInstance, contract.InstanceRef{Name: "bare"}, "")
	ask(p, contract.DescribeInstance, contract.InstanceRef{Name: "nobody"}, contract.CodeInstanceNotFound)
	ask(p, contract.InstanceRates, contract.RatesInput{Instance: "nobody"}, contract.CodeInstanceNotFound)
	ask(p, contract.InstanceRates, contract.RatesInput{Instance: "shop", Set: []contract.Rate{{Operation: "Nothing", PerSecond: 1}}}, contract.CodeBadRequest)
	var rates []contract.Rate
	for _, operation := range []string{
		contract.RateAdd, contract.RateUpdate, contract.RateDelete, contract.RateSearch, contract.RateGet,
		contract.RateCompare, contract.RateDescribe, contract.RateDump,
	} {
		rates = append(rates, contract.Rate{Operation: operation, PerSecond: 1000})
	}
	ask(p, contract.InstanceRates, contract.RatesInput{Instance: "shop", Set: rates}, "")
	gone := in
	gone.Name = "gone"
	ask(p, contract.CreateInstance, gone, "")
	ask(p, contract.InstanceRates, contract.RatesInput{Instance: "bare", Set: []contract.Rate{{Operation: contract.RateUpdate, PerSecond: 0.001}}}, "")
	ask(p, contract.InstanceRates, contract.RatesInput{Instance: "bare"}, "")
	ask(p, contract.InstanceRates, contract.RatesInput{Instance: "gone", Set: []contract.Rate{{Operation: contract.RateDescribe, PerSecond: 0.001}}}, "")
	ask(p, contract.DescribeInstance, contract.InstanceRef{Name: "gone"}, "")
	ask(p, contract.DescribeInstance, contract.InstanceRef{Name: "gone"}, contract.CodeDeniedRequest)
	ask(p, contract.DeleteInstance, contract.InstanceRef{Name: "gone"}, "")
	ask(p, contract.DeleteInstance, contract.InstanceRef{Name: "gone"}, "")
	ask(p, contract.ListInstances, contract.Nothing{}, "")
}

// upload puts a picture where the worker says.
func (p *questioner) upload(number int) contract.PicContent {
	p.Helper()
	place := ask(p, contract.NewUpload, contract.UploadInput{}, "")
	request, err := http.NewRequestWithContext(p.Context(), http.MethodPut, place.URL, bytes.NewReader(picture(p.T, number)))
	if err != nil {
		p.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	if said, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		p.Fatalf("upload: %s: %s", response.Status, said)
	}
	return contract.PicContent{Key: place.Key, Uploaded: true}
}

// pictures asks about single pictures of the shop.
func (p *questioner) pictures() {
	fill(p.T, p.stack, "single")
	ref := func(product, name string) contract.PictureRef {
		return contract.PictureRef{Instance: "shop", ProductID: product, PicName: name}
	}
	object := func(n int) contract.PicContent {
		return contract.PicContent{Bucket: stack.Bucket, Key: fmt.Sprintf("single/p%d.jpg", n)}
	}
	ask(p, contract.DumpMeta, contract.DumpMetaInput{Instance: "shop"}, "")
	search := contract.SearchInput{Instance: "shop", PicContent: object(1)}
	ask(p, contract.SearchImage, search, "")

	full := contract.Attributes{CustomContent: new("a shirt"), IntAttrs: [4]*int32{new(int32(7)), new(int32(8)), new(int32(9)), new(int32(10))},
		StrAttrs: [4]*string{new("a"), new("b"), new("c"), new("d")}}
	ask(p, contract.AddImage, contract.AddImageInput{PictureRef: ref("a", "1.jpg"), PicContent: object(1), Attributes: full, CategoryID: new(0), Region: "0,100,0,100"}, "")
	ask(p, contract.AddImage, contract.AddImageInput{PictureRef: ref("b", "2.jpg"), PicContent: p.upload(2), Crop: new(false)}, "")
	ask(p, contract.AddImage, contract.AddImageInput{PictureRef: ref("b", "3.jpg"), PicContent: object(3)}, "")
	ask(p, contract.AddImage, contract.AddImageInput{PictureRef: ref("b", "absent.jpg"), PicContent: contract.PicContent{Bucket: stack.Bucket, Key: "single/absent.jpg"}}, contract.CodeInvalidPicURL)
	ask(p, contract.AddImage, contract.AddImageInput{PictureRef: ref("b", "3.jpg"), PicContent: object(3), CategoryID: new(19)}, contract.CodeInvalidCategory)
	ask(p, contract.UpdateImage, contract.UpdateImageInput{PictureRef: ref("b", "3.jpg"), Attributes: contract.Attributes{CustomContent: new("x")}}, "")
	ask(p, contract.UpdateImage, contract.UpdateImageInput{PictureRef: ref("nobody", "3.jpg"), Attributes: full}, contract.CodePicNotExist)
	limited := contract.UpdateImageInput{PictureRef: contract.PictureRef{Instance: "bare", ProductID: "p", PicName: "1.jpg"}, Attributes: full}
	ask(p, contract.UpdateImage, limited, contract.CodePicNotExist)
	ask(p, contract.UpdateImage, limited, contract.CodeDeniedRequest)
	for _, picture := range []contract.PictureRef{ref("a", "1.jpg"), ref("b", "2.jpg"), ref("b", "3.jpg")} {
		ask(p, contract.GetImage, picture, "")
		ask(p, contract.CheckImageExists, picture, "")
	}
	ask(p, contract.GetImage, ref("nobody", "1.jpg"), contract.CodePicNotExist)
	ask(p, contract.CheckImageExists, ref("nobody", "1.jpg"), "")

	for _, change := range []func(*contract.SearchInput){
		func(*contract.SearchInput) {},
		func(in *contract.SearchInput) { in.Sheet = true },
		func(in *contract.SearchInput) { in.Expand = contract.ExpandAlways },
		func(in *contract.SearchInput) { in.Crop = new(false) },
		func(in *contract.SearchInput) { in.PicContent, in.Filter = contract.PicContent{}, "int_attr = 7" },
		func(in *contract.SearchInput) { in.PicContent, in.Filter = contract.PicContent{}, "int_attr = 8" },
		func(in *contract.SearchInput) {
			in.PicContent, in.Filter, in.Sheet = contract.PicContent{}, "int_attr = 7", true
		},
		func(in *contract.SearchInput) {
			in.PicContent, in.ProductID, in.PicName = contract.PicContent{}, "a", "1.jpg"
		},
	} {
		in := search
		change(&in)
		ask(p, contract.SearchImage, in, "")
	}
	nobody := search
	nobody.PicContent, nobody.ProductID, nobody.PicName = contract.PicContent{}, "nobody", "1.jpg"
	ask(p, contract.SearchImage, nobody, contract.CodePicNotExist)
	ask(p, contract.CompareSimilarByImage, contract.CompareInput{Instance: "shop", Primary: object(1), Secondary: p.upload(2)}, "")
	ask(p, contract.DumpMeta, contract.DumpMetaInput{Instance: "shop"}, "")
	ask(p, contract.DescribeInstance, contract.InstanceRef{Name: "shop"}, "")
	ask(p, contract.GetInstance, contract.InstanceRef{Name: "shop"}, "")
	ask(p, contract.ListInstances, contract.Nothing{}, "")
	ask(p, contract.DeleteImage, contract.DeleteImageInput{PictureRef: ref("a", "1.jpg")}, "")
	ask(p, contract.DeleteImage, contract.DeleteImageInput{PictureRef: ref("b", "")}, "")
	ask(p, contract.DeleteImage, contract.DeleteImageInput{PictureRef: ref("b", "")}, "")
	ask(p, contract.DeleteImage, contract.DeleteImageInput{PictureRef: ref("b", "/x")}, contract.CodeInvalidPicName)
}

// tasks asks about tasks that ended in every way, and one that runs.
func (p *questioner) tasks() {
	h := hooks(p.T, func(attempt int) int {
		if attempt == 1 {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	run := func(exit int, folder string, more ...string) contract.Task {
		p.Helper()
		createInstance(p.T, p.stack, folder)
		return start(p.T, p.stack, exit, folder, folder, more...)
	}
	shelf(p.T, p.stack, "whole", 20, nil)
	shelf(p.T, p.stack, "partly", 20, map[int]string{7: "bad", 9: ""})
	put(p.T, p.stack, "packed/"+contract.ManifestName, []byte("\x1f\x8b\x08\x00\n\n\n"))
	whole := run(exitDone, "whole", "--callback", h.URL, "--max-failures", "5%", "--max-deletes", "10", "--callback-retry", "1s")
	partly := run(exitSomeFailed, "partly")
	packed := run(exitError, "packed")
	await(p.T, h, whole.ID)
	list := func(in contract.ListTasksInput) contract.TaskList {
		p.Helper()
		return ask(p, contract.ListTasks, in, "")
	}
	eventually(p.T, "the delivery is on record", func() bool {
		found := list(contract.ListTasksInput{ID: whole.ID})
		return found.Tasks[0].CallbackState == contract.CallbackDelivered
	})
	p.callbacks(packed)
	list(contract.ListTasksInput{Limit: 1})
	list(contract.ListTasksInput{})
	list(contract.ListTasksInput{ID: 1 << 40})
	ask(p, contract.ListTasks, contract.ListTasksInput{ID: -1}, contract.CodeBadRequest)

	for _, task := range []contract.Task{whole, partly, packed} {
		ask(p, contract.SignReport, contract.ReportInput{Task: task.ID}, "")
	}
	for _, task := range []contract.Task{whole, partly} {
		ask(p, contract.SignReport, contract.ReportInput{Task: task.ID, Rest: true}, "")
	}
	ask(p, contract.SignReport, contract.ReportInput{Task: packed.ID, Rest: true}, contract.CodeIncrementStatusError)
	for _, rest := range []bool{false, true} {
		ask(p, contract.SignReport, contract.ReportInput{Task: 1 << 40, Rest: rest}, contract.CodeTaskNotFound)
	}

	held := p.held()
	for _, rest := range []bool{false, true} {
		ask(p, contract.SignReport, contract.ReportInput{Task: held, Rest: rest}, contract.CodeIncrementStatusError)
	}
	list(contract.ListTasksInput{ID: held})
	p.unread(held)
	p.unreported()
	resend := contract.Operation[contract.TaskRef, contract.Resent](contract.ResendCallback)
	ask(p, resend, contract.TaskRef{Task: whole.ID}, "")
	ask(p, resend, contract.TaskRef{Task: partly.ID}, contract.CodeBadRequest)
	ask(p, resend, contract.TaskRef{Task: 1 << 40}, contract.CodeTaskNotFound)
	eventually(p.T, "the callback was sent again", func() bool {
		found := list(contract.ListTasksInput{ID: whole.ID})
		return len(h.Deliveries()) == 3 && found.Tasks[0].CallbackState == contract.CallbackDelivered
	})
	must(p.T, p.stack, exitDone, "batch", "cancel", fmt.Sprint(held))
	must(p.T, p.stack, exitStopped, "batch", "watch", fmt.Sprint(held))
	list(contract.ListTasksInput{ID: held})
	ask(p, contract.SignReport, contract.ReportInput{Task: held}, "")
	ask(p, contract.SignReport, contract.ReportInput{Task: held, Rest: true}, "")

	check := contract.CheckInput{Bucket: stack.Bucket, Path: "/whole"}
	ask(p, contract.CheckManifest, check, "")
	for folder, code := range map[string]contract.Code{"/partly": "", "/packed": contract.CodeInvalidManifest, "/nowhere": contract.CodeNoSuchManifest} {
		check.Path = folder
		ask(p, contract.CheckManifest, check, code)
	}
}

// callbacks leaves two behind that did not arrive: one is given up, one waits.
func (p *questioner) callbacks(packed contract.Task) {
	p.Helper()
	for status, state := range map[int]contract.CallbackState{
		http.StatusFound: contract.CallbackFailed, http.StatusServiceUnavailable: contract.CallbackPending,
	} {
		h := hooks(p.T, func(int) int { return status })
		task := start(p.T, p.stack, exitError, packed.Instance, packed.Instance, "--callback", h.URL, "--callback-retry", "1h")
		eventually(p.T, "the attempt is on record", func() bool {
			found := ask(p, contract.ListTasks, contract.ListTasksInput{ID: task.ID}, "").Tasks[0]
			return found.CallbackAttempts == 1 && found.CallbackState == state
		})
		ask(p, contract.SignReport, contract.ReportInput{Task: task.ID}, "")
	}
}

// unread sends a task a signal that it cannot read.
func (p *questioner) unread(task int64) {
	p.Helper()
	workflowID := ask(p, contract.ListTasks, contract.ListTasksInput{ID: task}, "").Tasks[0].WorkflowID
	if err := p.temporal.SignalWorkflow(p.Context(), workflowID, "", contract.Cancel.Name, map[string]any{"task_id": task}); err != nil {
		p.Fatal(err)
	}
	eventually(p.T, "the signal is noted", func() bool {
		return ask(p, contract.ListTasks, contract.ListTasksInput{ID: task}, "").Tasks[0].Unread != ""
	})
}

// unreported leaves a task behind whose report comes late.
func (p *questioner) unreported() {
	p.Helper()
	fault := ossserver.Fault{Pattern: stack.ResultsBucket + "/*report*", Method: http.MethodPut, Status: http.StatusForbidden, Code: "AccessDenied"}
	if _, err := p.stack.OSS.SetFaults(p.Context(), fault); err != nil {
		p.Fatal(err)
	}
	must(p.T, p.stack, exitDone, "batch", "start", "whole", "--bucket", stack.Bucket, "--path", "whole")
	newest := func() contract.Task {
		return ask(p, contract.ListTasks, contract.ListTasksInput{Instance: "whole", Limit: 1}, "").Tasks[0]
	}
	eventually(p.T, "the report has failed", func() bool { return newest().ReportError != "" })
	ask(p, contract.SignReport, contract.ReportInput{Task: newest().ID}, contract.CodeConsoleNoPermission)
	if _, err := p.stack.OSS.SetFaults(p.Context()); err != nil {
		p.Fatal(err)
	}
	eventually(p.T, "the report is written", func() bool { return newest().ReportKey != "" })
}

// held is a task that is suspended with lines left.
func (p *questioner) held() int64 {
	p.Helper()
	createInstance(p.T, p.stack, "held")
	shelf(p.T, p.stack, "held", 2000, nil)
	begun := decode[struct {
		Task int64 `json:"taskId"`
	}](p.T, must(p.T, p.stack, exitDone, "batch", "start", "held", "--bucket", stack.Bucket, "--path", "/held", "--slice-lines", "16", "--output", "json"))
	must(p.T, p.stack, exitDone, "batch", "suspend", fmt.Sprint(begun.Task))
	return begun.Task
}
