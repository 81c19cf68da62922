package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Once enough pictures were given a category, others are stored with a guess,
// whether they come by a manifest or alone; a guess teaches nothing.
func TestCategoryIsGuessed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service  contract.ServiceType
		labelled int
		want     int
	}{
		"Enough":  {contract.ServiceProduct, 20, 3},
		"TooFew":  {contract.ServiceProduct, 19, contract.CategoryOthers},
		"Generic": {contract.ServiceGeneric, 20, contract.CategoryOthers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, test.service, func(t *testing.T, w *world) {
				w.pictures(test.labelled + 2)
				var lines []string
				for n := range test.labelled {
					lines = append(lines, add("p", fmt.Sprintf("%d.jpg", n), `"CategoryId":3`))
				}
				w.runAll(w.begin(lines...), 0)
				batch, single := fmt.Sprintf("%d.jpg", test.labelled), fmt.Sprintf("%d.jpg", test.labelled+1)
				w.runAll(w.begin(add("p", batch)), 0)
				got := must(w, w.images().Add, contract.AddImageInput{PictureRef: ref("p", single), PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/" + single}})
				if got.PicInfo.CategoryID != test.want || (got.PicInfo.Confidence > 0) != (test.want == 3) {
					t.Errorf("added as %+v, want category %d", got.PicInfo, test.want)
				}
				for _, name := range []string{batch, single} {
					if stored, _ := w.picture("p", name); stored.CategoryID != test.want {
						t.Errorf("%s is stored with category %d, want %d", name, stored.CategoryID, test.want)
					}
				}
			})
		})
	}
}

// clueless cannot read the pictures that it should guess by.
type clueless struct{ activities.Index }

func (clueless) Category(context.Context, string, []byte, string) (activities.CategoryGuess, error) {
	return activities.CategoryGuess{}, errors.New("database is locked")
}

// Trouble with the guess is the store's, not the line's: nothing is isolated.
func TestTroubleWithAGuessIsTriedAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(3)...)
		list := w.plan(task, 0)
		real := w.index
		w.index = clueless{real}
		in := contract.SliceInput{Task: task, Slice: 0, List: list}
		_, err := execute(t.Context(), w, w.slices().Slice, in)
		wantTransient(t, err)
		w.index = real
		if got := must(w, w.slices().Slice, in); got.Tally.Succeeded != 3 || got.Tally.Failed != 0 {
			t.Errorf("counts %+v after the trouble; want 3 succeeded", got.Tally.Counts)
		}
	})
}
