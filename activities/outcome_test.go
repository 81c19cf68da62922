package activities_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// badLine is a line that fails, and what its failure has to say.
type badLine struct {
	name    string
	line    string
	picture string // the object's content, if there is one
	code    contract.Code
	says    []string // the actual value, the limit, the remedy
	reached contract.Stages
}

var (
	fetched   = contract.Stages{Fetched: 1}
	validated = contract.Stages{Fetched: 1, Validated: 1}
)

// badLines are one line for each way in which a line can fail.
func badLines() []badLine {
	long := func(n int) string { return strings.Repeat("é", n) }
	pic := func(name string, more ...string) string { return add("p", name, more...) }
	return []badLine{
		{"NotJSON", "nonsense", "", contract.CodeInvalidMetaItem, []string{"nonsense", "one object a line"}, contract.Stages{}},
		{"TooLongLine", strings.Repeat("x", manifest.MaxLine+1), "", contract.CodeInvalidMetaItem, []string{"262145", "262144"}, contract.Stages{}},
		{"Operation", `{"OperationType":"MOVE","ProductId":"p","PicName":"a.jpg"}`, "", contract.CodeInvalidMetaItem, []string{"MOVE", "ADD"}, contract.Stages{}},
		{"NoProduct", `{"OperationType":"ADD","PicName":"a.jpg"}`, "", contract.CodeNoSpecifiedProductID, []string{"ProductId"}, contract.Stages{}},
		{"LongProduct", add(long(513), "a.jpg"), "", contract.CodeInvalidProductID, []string{"513", "512"}, contract.Stages{}},
		{"NoPicture", `{"OperationType":"ADD","ProductId":"p"}`, "", contract.CodeNoSpecifiedPicName, []string{"PicName"}, contract.Stages{}},
		{"PictureOutside", pic("../a.jpg"), "", contract.CodeInvalidPicName, []string{".."}, contract.Stages{}},
		{"LongContent", pic("a.jpg", `"CustomContent":"`+long(4097)+`"`), "", contract.CodeInvalidCustomContent, []string{"4097", "4096"}, contract.Stages{}},
		{"Category", pic("a.jpg", `"CategoryId":999`), "", contract.CodeInvalidCategory, []string{"999", "88888888"}, contract.Stages{}},
		{"Crop", pic("a.jpg", `"Crop":"maybe"`), "", contract.CodeInvalidCrop, []string{"maybe", "true"}, contract.Stages{}},
		{"Region", pic("a.jpg", `"Region":"1,2,3"`), "", contract.CodeInvalidRegion, []string{"1,2,3", "x1,x2,y1,y2"}, contract.Stages{}},
		{"IntAttr", pic("a.jpg", `"IntAttr":1.5`), "", contract.CodeInvalidIntAttr, []string{"1.5", "2147483647"}, contract.Stages{}},
		{"IntAttr4", pic("a.jpg", `"IntAttr4":3000000000`), "", contract.InvalidIntAttrCode(4), []string{"3000000000"}, contract.Stages{}},
		{"StrAttr", pic("a.jpg", `"StrAttr":"`+long(129)+`"`), "", contract.CodeInvalidStrAttr, []string{"129", "128"}, contract.Stages{}},
		{"StrAttr3", pic("a.jpg", `"StrAttr3":"`+long(129)+`"`), "", contract.InvalidStrAttrCode(3), []string{"StrAttr3"}, contract.Stages{}},
		{"Missing", pic("missing.jpg"), "", contract.CodeInvalidPicURL, []string{"oss://photos/catalogue/missing.jpg", "upload"}, contract.Stages{}},
		{"Denied", pic("denied.jpg"), "", contract.CodeNoPermission, []string{"oss://photos/catalogue/denied.jpg", "oss:GetObject"}, contract.Stages{}},
		{"StoreError", pic("error.jpg"), "", contract.CodePictureError, []string{"oss://photos/catalogue/error.jpg", "status 500", "try again"}, contract.Stages{}},
		{"Refused", pic("refused.jpg"), "", contract.CodePictureError, []string{"oss://photos/catalogue/refused.jpg", "request refused"}, contract.Stages{}},
		{"Throttled", pic("throttled.jpg"), "", contract.CodePictureError, []string{"throttled"}, contract.Stages{}},
		{"Reset", pic("reset.jpg"), fakes.Picture(400, 300, "x"), contract.CodePictureError, []string{"connection reset"}, contract.Stages{}},
		{"Slow", pic("slow.jpg"), fakes.Picture(400, 300, "x"), contract.CodeTimeoutForTransferImage, []string{"5s"}, contract.Stages{}},
		{"TooLarge", pic("large.jpg"), strings.Repeat("x", contract.MaxPictureBytes+1), contract.CodeInvalidPicContent, []string{"4194305", "4194304", "compress"}, contract.Stages{}},
		{"TooLargeOfUnknownLength", pic("sizeless.jpg"), strings.Repeat("x", contract.MaxPictureBytes+9), contract.CodeInvalidPicContent, []string{"at least 4194305", "4194304"}, contract.Stages{}},
		{"EmptyFile", pic("empty.jpg"), "", contract.CodeUnsupportedPicFormat, []string{"empty", "upload it again"}, fetched},
		{"NoPictureAtAll", pic("text.jpg"), "just text", contract.CodeUnsupportedPicFormat, []string{"just"}, fetched},
		{"Damaged", pic("damaged.jpg"), fakes.Picture(400, 300, "damaged"), contract.CodeUnsupportedPicFormat, []string{"cut short", "upload it again"}, validated},
		{"Small", pic("small.jpg"), fakes.Picture(99, 300, "x"), contract.CodeUnsupportedPicPixels, []string{"99 × 300", "100 to 4096"}, fetched},
		{"Large", pic("wide.jpg"), fakes.Picture(4097, 300, "x"), contract.CodeUnsupportedPicPixels, []string{"4097 × 300", "100 to 4096"}, fetched},
		{"Rotated", pic("rotated.jpg"), "JPEG 400x300 o6 x", contract.CodeIncorrectOrientation, []string{"orientation 6", "turn the pixels"}, fetched},
		{"RegionOutside", pic("region.jpg", `"Region":"0,401,0,300"`), fakes.Picture(400, 300, "x"), contract.CodeInvalidRegion, []string{"0,401,0,300", "400 × 300"}, fetched},
		{"Panic", pic("panic.jpg"), fakes.Picture(400, 300, "panic"), contract.CodePictureError, []string{"report it"}, fetched},
		{"PanicInTheStore", pic("storepanic.jpg"), fakes.Picture(400, 300, "x"), contract.CodePictureError, []string{"report it"}, contract.Stages{}},
	}
}

// spoil makes the store and the imager as bad as badLines need them.
func (w *world) spoil(bad []badLine) {
	for _, b := range bad {
		if name := pictureOf(b.line); b.picture != "" || name == "empty.jpg" {
			w.objects.Store(bucket, folder+"/"+name, b.picture)
		}
	}
	faults := map[string]error{
		folder + "/denied.jpg": activities.ErrDenied, folder + "/refused.jpg": activities.ErrRefused,
		folder + "/error.jpg": errors.New("status 500"), folder + "/throttled.jpg": activities.ErrThrottled,
	}
	w.objects.Fault = func(_ context.Context, verb, _, key string) error { return faults[key] }
	w.objects.Sizeless = func(key string) bool { return strings.Contains(key, "sizeless") }
	w.objects.Body = func(ctx context.Context, key string, body io.Reader) io.Reader {
		switch key {
		case folder + "/slow.jpg":
			return fakes.Stalled(ctx)
		case folder + "/reset.jpg":
			return brokenBody(ctx, key, body)
		case folder + "/large.jpg":
			return unread{w}
		case folder + "/storepanic.jpg":
			return panicking{}
		}
		return body
	}
	w.imager.Featurize = func(_ context.Context, seed string) error {
		if seed == "panic" {
			panic("index out of range")
		}
		return nil
	}
}

// pictureOf is the PicName of a line that add made.
func pictureOf(line string) string {
	_, name, _ := strings.Cut(line, `"PicName":"`)
	name, _, _ = strings.Cut(name, `"`)
	return name
}

// unread is a body that must not be read.
type unread struct{ w *world }

func (u unread) Read([]byte) (int, error) {
	u.w.Error("the body of a picture was read although its length is over the limit")
	return 0, io.EOF
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("nil map") }

func TestSliceIsolatesEveryKindOfBadLine(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		bad := badLines()
		var lines []string
		for n, good := range w.pictures(len(bad)) {
			lines = append(lines, good, bad[n].line)
		}
		w.spoil(bad)
		task := w.begin(lines...)
		tally := w.runAll(task, 0)

		var want contract.Tally
		n := int64(len(bad))
		want.Counts = contract.Counts{Succeeded: n, Failed: n}
		want.Stages = contract.Stages{Fetched: n, Validated: n, Featurized: n, Indexed: n}
		failures := w.failures(task)
		for i, b := range bad {
			want.Add(contract.Tally{Stages: b.reached, Codes: map[contract.Code]int64{b.code: 1}})
			got, failed := failures[int64(2*i+2)]
			if !failed || got.Code != b.code {
				t.Errorf("%s: failure %t %s %q; want %s", b.name, failed, got.Code, got.Message, b.code)
				continue
			}
			for _, says := range b.says {
				if !strings.Contains(got.Message, says) {
					t.Errorf("%s: message %q does not tell %q", b.name, got.Message, says)
				}
			}
			if got.Length != len(b.line) || got.Attempts < 1 {
				t.Errorf("%s: length %d, %d attempts; want length %d and at least an attempt", b.name, got.Length, got.Attempts, len(b.line))
			}
		}
		if diff := cmp.Diff(want, tally); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
		for i := range bad {
			if _, ok := w.picture(fmt.Sprint("p", i), fmt.Sprintf("%d.jpg", i)); !ok {
				t.Errorf("the good line before %s is not in the index", bad[i].name)
			}
		}
		if got := w.meter.Lines(activities.Failed, contract.CodeUnsupportedPicPixels); got != 2 {
			t.Errorf("meter counted %d lines of bad size; want 2", got)
		}
		if log := w.log.String(); !strings.Contains(log, "index out of range") || !strings.Contains(log, "picture=panic.jpg") {
			t.Errorf("log does not tell of the panic:\n%s", log)
		}
	})
}

func TestSliceBoundsDependOnTheServiceType(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service contract.ServiceType
		size    int
		code    contract.Code
	}{
		"ProductSmallest":   {contract.ServiceProduct, 100, ""},
		"TrademarkTooSmall": {contract.ServiceTrademark, 199, contract.CodeUnsupportedPicPixels},
		"TrademarkSmallest": {contract.ServiceTrademark2, 200, ""},
		"FabricTooSmall":    {contract.ServiceFabric, 447, contract.CodeUnsupportedPicPixels},
		"FabricSmallest":    {contract.ServiceFabric, 448, ""},
		"Largest":           {contract.ServiceGeneric, 4096, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, test.service, func(t *testing.T, w *world) {
				w.objects.Store(bucket, folder+"/a.jpg", fakes.Picture(test.size, test.size, "x"))
				task := w.begin(add("p", "a.jpg"))
				w.runAll(task, 0)
				if got := w.failures(task)[1].Code; got != test.code {
					t.Errorf("%d pixels: code = %q; want %q", test.size, got, test.code)
				}
			})
		})
	}
}

func TestSliceInAFullInstance(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		small := contract.CreateInstanceInput{Name: "small", Region: "cn-shanghai", Capacity: 3}
		if _, err := w.index.CreateInstance(t.Context(), small, "small"); err != nil {
			t.Fatal(err)
		}
		w.spec.Instance = "small"
		task := w.begin(w.pictures(5)...)
		if tally := w.runAll(task, 0); tally.Succeeded != 3 || tally.Codes[contract.CodeInstanceOverQuota] != 2 {
			t.Errorf("tally = %+v; want 3 stored and 2 refused for want of room", tally)
		}
		for line, failure := range w.failures(task) {
			if failure.Offset == 0 && line > 1 || failure.Length == 0 {
				t.Errorf("failure of line %d is at %d, %d bytes; want where the line is", line, failure.Offset, failure.Length)
			}
		}
	})
}

func TestSliceTriesAPictureAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		left := 3 // refusals before it works
		w.objects.Fault = func(_ context.Context, verb, _, key string) error {
			if verb == "Open" && key == folder+"/0.jpg" && left > 0 {
				left--
				return activities.ErrThrottled
			}
			return nil
		}
		start := time.Now()
		if tally := w.runAll(w.begin(w.pictures(1)...), 0); tally.Succeeded != 1 {
			t.Errorf("tally = %+v; want the picture, which came at the fourth attempt", tally)
		}
		if took := time.Since(start); took < 2*time.Second {
			t.Errorf("the fourth attempt came after %s; a store that throttles needs longer pauses", took)
		}
	})
}

func TestSliceTransferClockStopsWhileWaitingForMemory(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		if err := w.limits.Bytes.Acquire(t.Context(), memory); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, func() { w.limits.Bytes.Release(memory) })
		if tally := w.runAll(w.begin(w.pictures(1)...), 0); tally.Succeeded != 1 {
			t.Errorf("tally = %+v; want the picture: it was our memory that was slow", tally)
		}
	})
}

func TestSliceKnowsNoLengthBeforehand(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.objects.Sizeless = func(key string) bool { return strings.HasSuffix(key, ".jpg") }
		if tally := w.runAll(w.begin(w.pictures(20)...), 0); tally.Succeeded != 20 {
			t.Errorf("tally = %+v; want 20 pictures", tally)
		}
	})
}
