package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func TestDumpIsAManifest(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.pictures(4)
		w.runAll(w.begin(
			add("b", "0.jpg", `"CustomContent":"k\n\"v\"","CategoryId":3,"IntAttr2":-5`),
			add("a", "1.jpg", `"CategoryId":0,"Crop":false`),
			add("a", "2.jpg", `"CategoryId":1,"Region":"10,20,30,40","StrAttr4":""`),
			add("gone", "3.jpg"), remove("gone", ""), add("b", "3.jpg"),
		), 0)
		got := must(w, w.images().Dump, contract.DumpMetaInput{Instance: "shop"})
		key, _, _ := strings.Cut(strings.TrimPrefix(got.URL, "https://store.example/"+results+"/"), "?")
		text, ok := w.objects.Text(results, key)
		want := strings.Join([]string{
			add("a", "1.jpg", `"CategoryId":0,"Crop":false`, inFolder("1.jpg")),
			add("a", "2.jpg", `"CategoryId":1,"StrAttr4":"","Region":"10,20,30,40"`, inFolder("2.jpg")),
			add("b", "0.jpg", `"CustomContent":"k\u000a\"v\"","CategoryId":3,"IntAttr2":-5`, inFolder("0.jpg")),
			add("b", "3.jpg", `"CategoryId":88888888,"CategoryPredicted":true`, inFolder("3.jpg")),
		}, "\n") + "\n"
		if !ok || text != want || got.Pictures != 4 || got.Expires.IsZero() || !strings.HasPrefix(key, "dumps/") ||
			got.Bucket != results || contract.ManifestKey(got.Path) != key {
			t.Errorf("%+v\n%s\nwant\n%s", got, text, want)
		}
		w.allow(contract.RateDump, 1)
		must(w, w.images().Dump, contract.DumpMetaInput{Instance: "shop"})
		_, err := execute(t.Context(), w, w.images().Dump, contract.DumpMetaInput{Instance: "shop"})
		wantRefusal(t, err, contract.CodeDeniedRequest)
	})
}

// inFolder is the Source of a picture in the manifest's folder.
func inFolder(name string) string {
	return fmt.Sprintf(`"Source":{"Bucket":%q,"Key":%q}`, bucket, folder+"/"+name)
}

// endless dumps until the activity is told to stop.
type endless struct {
	activities.Pictures
	visited func()
}

func (e endless) Dump(ctx context.Context, _ string, visit func(manifest.Entry) error) error {
	for ctx.Err() == nil {
		if err := visit(manifest.Entry{Operation: manifest.Add, ProductID: "p", PicName: "a.jpg"}); err != nil {
			return err
		}
		e.visited()
	}
	return ctx.Err()
}

func TestDumpStopsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		images := w.images()
		images.Pictures = endless{visited: cancel}
		if _, err := execute(ctx, w, images.Dump, contract.DumpMetaInput{Instance: "shop"}); err == nil {
			t.Error("the dump ended")
		}
		if _, ok := w.objects.Text(results, "dumps/default-test-run-id/increment.meta"); ok {
			t.Error("half a dump was written")
		}
	})
}
