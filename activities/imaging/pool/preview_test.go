package pool_test

import (
	"context"
	"errors"
	"image"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// Preview does what the data tells it to, as Featurize does.
func (p *obedientPicture) Preview(ctx context.Context, side int) (*image.RGBA, error) {
	obey(p.data, "pixels:")
	return p.OpenPicture.Preview(ctx, side)
}

func preview(t *testing.T, imager activities.Imager, data string, side int) (*image.RGBA, error) {
	t.Helper()
	picture, err := imager.Open(t.Context(), []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	return picture.Preview(t.Context(), side)
}

func TestPreviewIsTheSameInAChild(t *testing.T) {
	t.Parallel()
	own, err := imaging.New(imaging.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := realPool(t)
	data := string(drawn(t))
	for _, side := range []int{1, 100, activities.MaxPreview} {
		want, err := preview(t, own, data, side)
		if err != nil {
			t.Fatal(err)
		}
		got, err := preview(t, p, data, side)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("side %d (-in process +pool):\n%s", side, diff)
		}
	}
	if _, err := preview(t, p, data, 0); err == nil {
		t.Error("a preview without pixels was made")
	}
	if _, err := preview(t, p, data[:len(data)/2], 100); !errors.Is(err, activities.ErrUndecodable) {
		t.Errorf("a cut picture: %v", err)
	}
}

func TestPreviewSurvivesCrashes(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	once := filepath.Join(t.TempDir(), "once")
	if _, err := preview(t, p, fakes.Picture(300, 300, "pixels:abort@"+once), 50); err != nil {
		t.Errorf("a picture that crashes once: %v", err)
	}
	_, err := preview(t, p, fakes.Picture(300, 300, "pixels:abort"), 50)
	var refusal *contract.Error
	if !errors.As(err, &refusal) {
		t.Errorf("a picture that always crashes: %v; want a refusal", err)
	}
	if got, err := preview(t, p, fakes.Picture(300, 150, "fine"), 50); err != nil || got.Bounds().Size() != image.Pt(50, 25) {
		t.Errorf("the next picture: %v, %v", got, err)
	}
}

// Whatever a child sends, the parent lives and asks for no more memory than the
// frame has.
func TestBrokenPreviewsAreErrors(t *testing.T) {
	t.Parallel()
	whole := pool.AppendImage(nil, image.NewRGBA(image.Rect(0, 0, 4, 3)))
	if _, err := pool.ParseImage(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := pool.ParseImage(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were read", n, len(whole))
		}
	}
	for n := range 8 { // width and height
		changed := append([]byte(nil), whole...)
		changed[n] ^= 0x81
		if _, err := pool.ParseImage(changed); err == nil {
			t.Errorf("with byte %d changed it was read", n)
		}
	}
}
