package activities_test

import (
	"testing"

	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		same, other := w.object("a.jpg", "one"), w.object("c.jpg", "two")
		w.objects.Store(results, "uploads/b", fakes.Picture(400, 300, "one"))
		if got := must(w, w.images().Compare, contract.CompareInput{Instance: "shop", Primary: same, Secondary: contract.PicContent{Key: "uploads/b", Uploaded: true}}); got.Score != 1 {
			t.Errorf("the same bytes score %v, want exactly 1", got.Score)
		}
		if got := must(w, w.images().Compare, contract.CompareInput{Instance: "shop", Primary: same, Secondary: other}); got.Score < 0 || got.Score >= 1 {
			t.Errorf("different pictures score %v", got.Score)
		}
		if instance, err := w.index.Instance(t.Context(), "shop"); err != nil || instance.Pictures != 0 {
			t.Errorf("%d pictures are stored, %v", instance.Pictures, err)
		}
	})
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceTrademark, func(t *testing.T, w *world) {
		good := w.object("a.jpg", "one")
		w.objects.Store(bucket, "small.jpg", fakes.Picture(199, 300, "one"))
		_, err := execute(t.Context(), w, w.images().Compare, contract.CompareInput{Instance: "shop", Primary: good, Secondary: contract.PicContent{Bucket: bucket, Key: "small.jpg"}})
		wantRefusal(t, err, contract.CodeUnsupportedPicPixels)
		_, err = execute(t.Context(), w, w.images().Compare, contract.CompareInput{Instance: "shop", Primary: good})
		wantRefusal(t, err, contract.CodeNoSpecifiedPicContent)
		w.allow(contract.RateCompare, 1)
		must(w, w.images().Compare, contract.CompareInput{Instance: "shop", Primary: good, Secondary: good})
		_, err = execute(t.Context(), w, w.images().Compare, contract.CompareInput{Instance: "shop", Primary: good, Secondary: good})
		wantRefusal(t, err, contract.CodeDeniedRequest)
	})
}
