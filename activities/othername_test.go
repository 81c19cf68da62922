package activities_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/text/unicode/norm"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

const accented = "réglage/été 1.jpg"

// A missing picture that is there under a name like it is told with that name.
func TestMissingUnderAnotherName(t *testing.T) {
	t.Parallel()
	nfc, nfd := norm.NFC.String(accented), norm.NFD.String(accented)
	for name, test := range map[string]struct{ asked, stored, says string }{
		"Decomposed":    {nfc, nfd, "another form of Unicode, NFD"},
		"Composed":      {nfd, nfc, "another form of Unicode, NFC"},
		"Extension":     {"a.jpg", "a.JPG", "capital letters"},
		"ExtensionDown": {"a.JPG", "a.jpg", "capital letters"},
		"Capitals":      {"img_1.jpg", "IMG_1.JPG", "capital letters"},
		"CapitalStem":   {"img_1.jpg", "IMG_1.jpg", "capital letters"},
		"Small":         {"IMG_1.JPG", "img_1.jpg", "capital letters"},
		"First":         {"girl.jpg", "Girl.jpg", "capital letters"},
		"SmallFolder":   {"Girl/A.jpg", "girl/a.jpg", "capital letters"},
		"Encoded":       {"girl cloth/图 1.jpg", "girl%20cloth/%E5%9B%BE%201.jpg", "is percent-encoded"},
		"EncodedSpace":  {"图 1.jpg", "图%201.jpg", "spaces of its name are percent-encoded"},
		"Decoded":       {"girl%20cloth/%E5%9B%BE.jpg", "girl cloth/图.jpg", "not percent-encoded"},
		"Plus":          {"a b.jpg", "a+b.jpg", "+ for each space"},
		"Space":         {"a+b.jpg", "a b.jpg", "a space for each +"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(add("p", test.asked))
				w.objects.Store(bucket, folder+"/"+test.stored, "seed")
				w.runAll(task, 10)
				failure := w.failures(task)[1]
				there := "but there is oss://" + bucket + "/" + folder + "/" + test.stored
				if failure.Code != contract.CodeInvalidPicURL || !strings.Contains(failure.Message, there+": ") ||
					!strings.Contains(failure.Message, test.says) || strings.Count(failure.Message, "; ") != 1 {
					t.Errorf("failure %+v; want that %q, for %q, and one remedy", failure, there, test.says)
				}
				if _, stored := w.picture("p", test.asked); stored {
					t.Error("a picture of another name was taken")
				}
				in := contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/" + test.asked}}
				_, err := execute(t.Context(), w, w.images().Add, in)
				if says := wantRefusal(t, err, contract.CodeInvalidPicURL); !strings.Contains(says, there) {
					t.Errorf("operation: %q; want that %q", says, there)
				}
			})
		})
	}
}

// What is looked for costs a bounded number of questions, and one a line where
// all names are written otherwise in the same way.
func TestOtherNamesAreBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stored bool
		hints  int
		most   int64
	}{
		"Nothing": {false, 0, 64},
		"All":     {true, 200, 200 + 24},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				var lines []string
				for n := range 200 {
					lines = append(lines, add("p", fmt.Sprintf("Été %d.jpg", n)))
					if test.stored {
						w.objects.Store(bucket, fmt.Sprintf("%s/Été %d.JPG", folder, n), "seed")
					}
				}
				task := w.begin(lines...)
				var asked atomic.Int64
				w.objects.Fault = func(_ context.Context, verb, _, _ string) error {
					if verb == "Head" {
						asked.Add(1)
					}
					return nil
				}
				w.runAll(task, 1000)
				hints := 0
				for _, failure := range w.failures(task) {
					if strings.Contains(failure.Message, "but there is") {
						hints++
					}
				}
				if hints != test.hints || asked.Load() > test.most {
					t.Errorf("%d hints by %d questions; want %d by %d at most", hints, asked.Load(), test.hints, test.most)
				}
			})
		})
	}
}

// The search is a courtesy: trouble in it changes nothing.
func TestOtherNamesThatMayNotBeAsked(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(add("p", "a.jpg"))
		w.objects.Store(bucket, folder+"/a.JPG", "seed")
		w.objects.Fault = failing("Head", activities.ErrDenied)
		w.runAll(task, 10)
		if failure := w.failures(task)[1]; failure.Code != contract.CodeInvalidPicURL || strings.Contains(failure.Message, "but there is") {
			t.Errorf("failure %+v; want it missing, without a hint", failure)
		}
	})
}

func TestMissingManifestUnderAnotherName(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.open()
		w.objects.Drop(bucket, meta)
		w.objects.Store(bucket, folder+"/Increment.META", "{}\n")
		_, planned := execute(t.Context(), w, w.plans().Plan, contract.PlanInput{Task: task})
		_, checked := execute(t.Context(), w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder})
		for what, err := range map[string]error{"plan": planned, "check": checked} {
			if says := wantRefusal(t, err, contract.CodeNoSuchManifest); !strings.Contains(says, "but there is oss://photos/catalogue/Increment.META") {
				t.Errorf("%s: %q; want which name is there", what, says)
			}
		}
	})
}

// An address in place of a name is told as that, and what to write instead.
func TestMissingAddress(t *testing.T) {
	t.Parallel()
	for picture, says := range map[string]string{
		"oss://photos/catalogue/x/a.jpg": `address of an object, oss://…; write "x/a.jpg"`,
		"oss://archive/a.jpg":            "a task reads pictures of its own bucket",
		"https://cdn.example/a.jpg":      "PicName is a web address; pictures are read from the bucket",
	} {
		inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
			task := w.begin(add("p", picture))
			w.runAll(task, 10)
			if failure := w.failures(task)[1]; failure.Code != contract.CodeInvalidPicURL || !strings.Contains(failure.Message, says) || strings.Count(failure.Message, "; ") != 1 {
				t.Errorf("%s: failure %+v; want %q, and one remedy", picture, failure, says)
			}
		})
	}
}
