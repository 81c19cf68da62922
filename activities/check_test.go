package activities_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.objects.Store(bucket, meta, strings.Join([]string{add("p", "a.jpg"), "", "bad", remove("p", ""), add("p", "b.jpg", `"Colour":1`)}, "\n"))
		got := must(w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder + "/increment.meta"})
		if got.Lines != 4 || got.Adds != 2 || got.Deletes != 1 || got.Bad != 1 || got.Warnings != 1 || got.Expires.IsZero() {
			t.Errorf("result = %+v; want 4 lines: 2 to add, 1 to delete, 1 bad, and a warning", got)
		}
		text, _ := w.objects.Text(results, strings.TrimPrefix(strings.SplitN(got.URL, "?", 2)[0], "https://store.example/results/"))
		var found []string
		for line := range strings.Lines(text) {
			var finding struct {
				Line        int64
				Level, Code string
			}
			if err := json.Unmarshal([]byte(line), &finding); err != nil {
				t.Fatal(err)
			}
			found = append(found, fmt.Sprint(finding))
		}
		if diff := cmp.Diff([]string{"{3 error InvalidMetaItem}", "{5 warning UnknownField}"}, found); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
		if _, there := w.picture("p", "a.jpg"); there {
			t.Error("a check stored a picture")
		}
	})
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in   contract.CheckInput
		code contract.Code
	}{
		"NoManifest": {contract.CheckInput{Bucket: bucket, Path: "/elsewhere"}, contract.CodeNoSuchManifest},
		"NoBucket":   {contract.CheckInput{Bucket: "nowhere", Path: "/"}, contract.CodeNoSuchBucket},
		"Bucket":     {contract.CheckInput{Bucket: "Not A Bucket", Path: "/"}, contract.CodeBadRequest},
		"Path":       {contract.CheckInput{Bucket: bucket, Path: "/a/../b"}, contract.CodeBadRequest},
		"Role":       {contract.CheckInput{Bucket: bucket, Path: "/", RoleARN: "other"}, contract.CodeRoleNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				_, err := execute(t.Context(), w, w.reports().Check, test.in)
				wantRefusal(t, err, test.code)
			})
		})
	}
}

func TestCheckTroubleIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(o *fakes.Objects){
		"BreaksOff": func(o *fakes.Objects) { o.Body = brokenBody },
		"Put":       func(o *fakes.Objects) { o.Fault = failing("Put", errDown) },
		"Sign":      func(o *fakes.Objects) { o.Fault = failing("SignGet", errors.New("no credentials")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.objects.Store(bucket, meta, "{}\n")
				change(w.objects)
				_, err := execute(t.Context(), w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder})
				wantTransient(t, err)
			})
		})
	}
}
