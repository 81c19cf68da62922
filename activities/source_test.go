package activities_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

const aRole = "acs:ram::1:role/reader"

// sourcedWorld has pictures in every place that a source can name.
func (w *world) sourcedWorld() (lines []string) {
	theirs := &fakes.Objects{}
	theirs.Store("private", "a.jpg", fakes.Picture(401, 300, "role"))
	w.identities.Roles = map[string]activities.Objects{aRole: theirs}
	w.objects.Store("elsewhere", "deep/b.jpg", fakes.Picture(402, 300, "bucket"))
	w.objects.Store("elsewhere", "c.jpg", fakes.Picture(403, 300, "root"))
	w.objects.Store(results, "uploads/run", fakes.Picture(404, 300, "uploaded"))
	w.objects.Store(bucket, folder+"/e.jpg", fakes.Picture(405, 300, "folder"))
	source := func(format string, args ...any) string {
		return `"CategoryId":9,"Source":` + fmt.Sprintf(format, args...)
	}
	return []string{
		add("p", "a.jpg", source(`{"Bucket":"private","Key":"a.jpg","RoleArn":%q}`, aRole)),
		add("p", "b.jpg", source(`{"Bucket":"elsewhere","Key":"deep/b.jpg"}`)),
		add("p", "c.jpg", source(`{"Bucket":"elsewhere","Key":"gone/c.jpg","OrKey":"c.jpg"}`)),
		add("p", "d.jpg", source(`{"Key":"uploads/run","Uploaded":true}`)),
		add("p", "e.jpg"),
	}
}

func TestLinesOfADumpAreFetchedFromTheirSources(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		lines := w.sourcedWorld()
		w.spec.Dump = true
		task := w.begin(lines...)
		if tally := w.runAll(task, 2); tally.Succeeded != 5 {
			t.Fatalf("tally %+v, failures %+v", tally, w.failures(task))
		}
		for n, name := range []string{"a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"} {
			if got, _ := w.picture("p", name); got.Width != 401+n {
				t.Errorf("%s has width %d; want %d", name, got.Width, 401+n)
			}
		}
		var dumped []*manifest.Source
		if err := index.New(w.ledger).Dump(t.Context(), "shop", func(entry manifest.Entry) error {
			dumped = append(dumped, entry.Source)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want := []*manifest.Source{
			{Bucket: "private", Key: "a.jpg", RoleARN: aRole}, {Bucket: "elsewhere", Key: "deep/b.jpg"},
			{Bucket: "elsewhere", Key: "gone/c.jpg", OrKey: "c.jpg"}, {Key: "uploads/run", Uploaded: true}, {Bucket: bucket, Key: folder + "/e.jpg"},
		}
		if diff := cmp.Diff(want, dumped); diff != "" {
			t.Errorf("sources of the next dump (-want +got):\n%s", diff)
		}
	})
}

// What a manifest says of buckets and roles counts for nothing unless whoever
// starts the task vouches for it.
func TestSourcesOfAStrangersManifestAreNotFollowed(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.sourcedWorld()...)
		if tally := w.runAll(task, 0); tally.Succeeded != 1 || tally.Codes[contract.CodeInvalidPicURL] != 4 {
			t.Errorf("tally %+v, failures %+v; want the folder's own picture alone", tally, w.failures(task))
		}
	})
}

func TestSourcesReachNoFurtherThanTheWorkerMay(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.objects.Store(results, "tasks/1/report.jpg", fakes.Picture(400, 300, "ours"))
		w.spec.Dump = true
		task := w.begin(
			add("p", "a.jpg", `"Source":{"Bucket":"private","Key":"a.jpg","RoleArn":"acs:ram::1:role/other"}`),
			add("p", "b.jpg", `"Source":{"Key":"tasks/1/report.jpg","Uploaded":true}`),
			add("p", "c.jpg", `"Source":{"Key":"uploads/../tasks/1/report.jpg","Uploaded":true}`),
			add("p", "d.jpg", `"Source":{"Bucket":"photos","Key":"gone/d.jpg","OrKey":"d.jpg"}`),
		)
		tally := w.runAll(task, 0)
		failures := w.failures(task)
		for line, code := range map[int64]contract.Code{
			1: contract.CodeRoleNotAllowed, 2: contract.CodeInvalidPicURL, 3: contract.CodeInvalidPicURL, 4: contract.CodeInvalidPicURL,
		} {
			if failures[line].Code != code {
				t.Errorf("line %d: %+v; want %s", line, failures[line], code)
			}
		}
		if tally.Failed != 4 || failures[4].Message != "there is neither oss://photos/gone/d.jpg nor oss://photos/d.jpg; upload the picture or correct PicName" {
			t.Errorf("tally %+v, %q", tally, failures[4].Message)
		}
	})
}

// A category that was guessed stays one that was guessed: no other is guessed by it.
func TestPredictedCategoryOfADumpIsNotTakenForAGivenOne(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.pictures(2)
		lines := []string{
			add("p", "0.jpg", `"CategoryId":3,"CategoryPredicted":true`, inFolder("0.jpg")),
			add("p", "1.jpg", `"CategoryId":3`, inFolder("1.jpg")),
		}
		w.spec.Dump = true
		w.runAll(w.begin(lines...), 0)
		var got []string
		if err := index.New(w.ledger).Dump(t.Context(), "shop", func(entry manifest.Entry) error {
			got = append(got, string(manifest.Append(nil, entry)))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lines, got); diff != "" {
			t.Errorf("the next dump (-want +got):\n%s", diff)
		}
	})
}
