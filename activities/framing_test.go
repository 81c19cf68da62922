package activities_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities/index"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// What a manifest said of a picture's subject is what a dump of it says.
func TestDumpChoosesTheSubjectAsTheManifestDid(t *testing.T) {
	t.Parallel()
	whole := new(bool)
	region := &manifest.Region{X1: 0, X2: 450, Y1: 10, Y2: 460}
	for name, test := range map[string]struct {
		reason     string
		service    contract.ServiceType
		said       []string
		wantCrop   *bool
		wantRegion *manifest.Region
	}{
		"Nothing":       {"a detected subject is detected again", contract.ServiceProduct, nil, nil, nil},
		"Crop":          {"true is the default", contract.ServiceProduct, []string{`"Crop":true`}, nil, nil},
		"Whole":         {"the whole picture stays whole", contract.ServiceProduct, []string{`"Crop":false`}, whole, nil},
		"Region":        {"the region is not looked for again", contract.ServiceProduct, []string{`"Region":"0,450,10,460"`}, nil, region},
		"WholeRegion":   {"a region wins over Crop", contract.ServiceProduct, []string{`"Crop":false`, `"Region":"0,450,10,460"`}, nil, region},
		"OfNoRelevance": {"fabric is always taken whole", contract.ServiceFabric, []string{`"Crop":false`, `"Region":"0,450,10,460"`}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, test.service, func(t *testing.T, w *world) {
				w.objects.Store(bucket, folder+"/a.jpg", fakes.Picture(500, 500, "x"))
				w.runAll(w.begin(add("p", "a.jpg", append(test.said, `"CategoryId":3`)...)), 0)
				var got []manifest.Entry
				if err := index.New(w.ledger).Dump(t.Context(), "shop", func(entry manifest.Entry) error {
					entry.CategoryID, entry.Source = nil, nil
					got = append(got, entry)
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				want := []manifest.Entry{{Operation: manifest.Add, ProductID: "p", PicName: "a.jpg", Crop: test.wantCrop, Region: test.wantRegion}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", test.reason, diff)
				}
			})
		})
	}
}
